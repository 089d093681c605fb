//! Principals: what a user is, gathered for authorisation.

use kibali_metadata::kinds::edges;
use kibali_model::{Authorities, Credential, ObjectId, OrgUnitScope, Principal, Uid};

use super::accounts::{Account, strings};
use crate::{Reader, Row, Statement, StoreError, values};

const ROLES: Statement = Statement::new(
    "principal.roles",
    "select role.uid, role.doc
     from reference r join object role on role.id = r.target
     where r.source = $1 and r.edge = $2
     order by role.uid",
);
const GROUPS: Statement = Statement::new(
    "principal.groups",
    "select g.uid
     from reference r join object g on g.id = r.source
     where r.target = $1 and r.edge = $2
     order by g.uid",
);
const UNITS: Statement = Statement::new(
    "principal.units",
    "select r.edge, unit.uid
     from reference r join object unit on unit.id = r.target
     where r.source = $1 and r.edge in ($2, $3, $4)
     order by unit.uid",
);

pub(crate) const STATEMENTS: &[Statement] = &[ROLES, GROUPS, UNITS];

/// What roles, groups and units make of a user, whatever proves who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    authorities: Authorities,
    roles: Vec<Uid>,
    groups: Vec<Uid>,
    org_units: OrgUnitScope,
}

impl Standing {
    /// What the roles give.
    #[must_use]
    pub const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The principal of `account`, whose standing this is, proven by `credential`.
    #[must_use]
    pub fn of(self, account: &Account, credential: Credential) -> Principal {
        Principal {
            user: account.user,
            uid: account.uid,
            username: account.username.clone(),
            authorities: self.authorities,
            roles: self.roles,
            groups: self.groups,
            org_units: self.org_units,
            credential,
            credential_version: account.credential_version,
        }
    }
}

/// The principal of `account`, proven by `credential`.
///
/// # Errors
/// The database failed.
pub async fn load(
    reader: &mut Reader,
    account: &Account,
    credential: Credential,
) -> Result<Principal, StoreError> {
    Ok(standing(reader, account.user).await?.of(account, credential))
}

/// The standing of a user: authorities as the union over its roles, its groups, its organisation units
/// (web-api reference 3.5, 3.7).
///
/// # Errors
/// The database failed.
pub async fn standing(reader: &mut Reader, user: ObjectId) -> Result<Standing, StoreError> {
    let role_rows = reader.rows(ROLES, values![user, edges::USER_ROLES.0]).await?;
    let mut roles = Vec::with_capacity(role_rows.len());
    let mut authorities = Vec::new();
    for row in role_rows {
        roles.push(super::uid(&row, 0)?);
        authorities.extend(strings(&row.text(1)?, "authorities"));
    }
    let group_rows = reader.rows(GROUPS, values![user, edges::USER_GROUP_USERS.0]).await?;
    let groups = group_rows.iter().map(|row| super::uid(row, 0)).collect::<Result<_, _>>()?;
    let unit_edges = [edges::USER_UNITS.0, edges::USER_DATA_VIEW_UNITS.0, edges::USER_SEARCH_UNITS.0];
    let [capture, view, search] = unit_edges;
    let unit_rows = reader.rows(UNITS, values![user, capture, view, search]).await?;
    Ok(Standing {
        authorities: Authorities::from_iter(authorities),
        roles,
        groups,
        org_units: OrgUnitScope {
            capture: units(&unit_rows, capture)?,
            view: units(&unit_rows, view)?,
            search: units(&unit_rows, search)?,
        },
    })
}

fn units(rows: &[Row], edge: i64) -> Result<Vec<Uid>, StoreError> {
    let mut units = Vec::new();
    for row in rows {
        if row.int(0)? == edge {
            units.push(super::uid(row, 1)?);
        }
    }
    Ok(units)
}
