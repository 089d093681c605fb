//! The columns of one object as a shape needs them, and reading them back.

use kibali_metadata::read::{Account, More, Needs, Record, Shape};
use kibali_model::{Access, Sharing};
use serde_json::Value;

use super::compose::Sql;
use crate::door::clients;
use crate::{Row, StoreError};

/// Appends the columns after the uid, each group that is needed.
pub(super) fn columns(sql: &mut Sql, needs: Needs) {
    if needs.columns {
        sql.push(", o.code, o.name, o.created, o.updated, o.version");
    }
    if needs.people {
        sql.push(", o.created_by, o.updated_by");
    }
    if needs.document {
        sql.push(", o.doc");
    }
    if needs.sharing {
        sql.push(", o.owner_uid, o.public_access");
    }
    if needs.account {
        sql.push(", a.username, a.disabled, a.expiry, a.external_auth, a.two_factor, a.two_factor_type");
        sql.push(", a.last_login, a.password_updated");
    }
    if needs.client {
        sql.push(", ").push(clients::COLUMNS);
    }
    if needs.tree {
        sql.push(", t.path, t.level");
    }
}

/// Appends the joins of those columns.
pub(super) fn joins(sql: &mut Sql, needs: Needs) {
    if needs.account {
        sql.push(" left join account a on a.object = o.id");
    }
    if needs.client {
        sql.push(" left join client c on c.object = o.id");
    }
    if needs.tree {
        sql.push(" left join tree t on t.object = o.id");
    }
}

/// Reads the columns back; `at` is the place of the first, the row number and the uid stand elsewhere.
pub(super) fn record(
    row: &Row,
    shape: &Shape<'_>,
    at: usize,
    mut record: Record,
) -> Result<Record, StoreError> {
    let needs = shape.needs;
    let mut at = at;
    let mut next = || {
        at += 1;
        at - 1
    };
    if needs.columns {
        record.code = row.text_opt(next())?;
        record.name = row.text_opt(next())?;
        record.created = row.time_opt(next())?;
        record.updated = row.time_opt(next())?;
        record.version = row.int(next())?;
    }
    if needs.people {
        record.created_by = row.text_opt(next())?;
        record.updated_by = row.text_opt(next())?;
    }
    if needs.document {
        record.document = document(&row.text(next())?)?;
    }
    let mut more = More::default();
    if needs.sharing {
        more.sharing = Sharing {
            owner: row.text_opt(next())?,
            public: row.int_opt(next())?.map(access),
            ..Sharing::default()
        };
    }
    if needs.account {
        more.account = row.text_opt(next())?.map(|username| Account { username, ..Account::default() });
        let flag = |at| Ok::<_, StoreError>(row.int_opt(at)?.is_some_and(|flag| flag != 0));
        let (disabled, expiry) = (flag(next())?, row.time_opt(next())?);
        let (external_auth, two_factor) = (flag(next())?, flag(next())?);
        let two_factor_type = row.text_opt(next())?.unwrap_or_default();
        let (last_login, password_updated) = (row.time_opt(next())?, row.time_opt(next())?);
        if let Some(account) = &mut more.account {
            *account = Account {
                username: std::mem::take(&mut account.username),
                disabled,
                expiry,
                external_auth,
                two_factor,
                two_factor_type,
                last_login,
                password_updated,
            };
        }
    }
    if needs.client {
        let first = next();
        for _ in 1..clients::COUNT {
            next();
        }
        more.client = clients::registration(row, first)?;
    }
    if needs.tree {
        more.tree = row.text_opt(next())?.zip(row.int_opt(next())?);
    }
    let beside = Needs { columns: false, people: false, document: false, ..needs };
    record.more = (beside != Needs::default()).then(|| Box::new(more));
    Ok(record)
}

/// The bits of a stored access.
pub(super) fn access(bits: i64) -> Access {
    Access::from_bits(u8::try_from(bits & 15).unwrap_or(0))
}

/// A stored document.
pub(super) fn document(text: &str) -> Result<serde_json::Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}
