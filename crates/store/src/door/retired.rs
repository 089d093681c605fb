//! Signing keys that were retired: a thief may have them.

use kibali_model::Timestamp;
use serde_json::json;

use super::audit::{self, Who};
use super::changes::{self, Topic};
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

/// Keys that are read at most, the newest. Each is an act of an operator.
const MOST: i64 = 1000;

const ALL: Statement = Statement::new(
    "retired_key.all",
    "select kid, algorithm, thumbprint, retired from retired_key order by retired desc, kid limit $1",
);
const FIND: Statement = Statement::new(
    "retired_key.find",
    "select kid, algorithm, thumbprint, retired from retired_key where kid = $1
     union all
     select kid, algorithm, thumbprint, retired from retired_key where thumbprint = $2
     limit 1",
);
const INSERT: Statement = Statement::new(
    "retired_key.insert",
    "insert into retired_key (kid, algorithm, thumbprint, retired) values ($1, $2, $3, $4)
     on conflict do nothing",
);
const REMOVE: Statement = Statement::new("signing_key.remove", "delete from signing_key where kid = $1");

pub(crate) const STATEMENTS: &[Statement] = &[ALL, FIND, INSERT, REMOVE];

/// A key that signs nothing any more, and whose tokens are not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredKey {
    /// What its tokens call it by.
    pub kid: String,
    /// `RS256` …
    pub algorithm: String,
    /// Of its public half (RFC 7638).
    pub thumbprint: String,
    /// Since when.
    pub retired: Timestamp,
}

/// Every one of them, the newest first.
///
/// # Errors
/// The database failed.
pub async fn all(reader: &mut Reader) -> Result<Vec<RetiredKey>, StoreError> {
    let rows = reader.rows(ALL, values![MOST]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<RetiredKey, StoreError> {
    Ok(RetiredKey {
        kid: row.text(0)?,
        algorithm: row.text(1)?,
        thumbprint: row.text(2)?,
        retired: row.time(3)?,
    })
}

/// The one that had this name, or else that is this key.
pub(super) async fn find(tx: &mut Tx, kid: &str, thumbprint: &str) -> Result<Option<RetiredKey>, StoreError> {
    tx.row(FIND, values![kid, thumbprint]).await?.as_ref().map(read).transpose()
}

/// Retires a key under every name that it has: takes it away, private half and all, and notes that its tokens are not
/// to be believed. False where it was gone already.
#[derive(Debug, Clone)]
pub struct RetireKey {
    /// Its names.
    pub kids: Vec<String>,
    /// What it signs with.
    pub algorithm: String,
    /// Of its public half.
    pub thumbprint: String,
    /// By whom.
    pub by: String,
    /// When.
    pub now: Timestamp,
}

impl Write for RetireKey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let mut any = false;
        for kid in &self.kids {
            if tx.run(REMOVE, values![kid.as_str()]).await? == 0 {
                continue;
            }
            any = true;
            let row = values![kid.as_str(), self.algorithm.as_str(), self.thumbprint.as_str(), self.now];
            tx.run(INSERT, row).await?;
            let detail = json!({ "kid": kid, "algorithm": self.algorithm, "by": self.by });
            audit::record(tx, "signing_key.retired", Who::default(), detail, self.now).await?;
        }
        if any {
            changes::record(tx, Topic::Key, None, self.now).await?;
        }
        Ok(any)
    }
}
