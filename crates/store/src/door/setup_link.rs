//! The one-time link by which the first administrator gets in.

use kibali_model::Timestamp;
use serde_json::json;

use super::audit::{self, Who};
use super::tokens::Hash;
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const INSERT: Statement =
    Statement::new("setup_link.insert", "insert into setup_link (hash, expires) values ($1, $2)");
const IS_LIVE: Statement = Statement::new(
    "setup_link.is_live",
    "select 1 from setup_link where hash = $1 and spent is null and expires > $2",
);
const SPEND: Statement = Statement::new(
    "setup_link.spend",
    "update setup_link set spent = $2 where hash = $1 and spent is null and expires > $2",
);
const ACCOUNTS: Statement = Statement::new("account.any", "select 1 from account limit 1");

pub(crate) const STATEMENTS: &[Statement] = &[INSERT, IS_LIVE, SPEND, ACCOUNTS];

/// Is there nobody yet who could sign in?
///
/// # Errors
/// The database failed.
pub async fn is_needed(reader: &mut Reader) -> Result<bool, StoreError> {
    Ok(reader.row(ACCOUNTS, values![]).await?.is_none())
}

/// May this link still be used?
///
/// # Errors
/// The database failed.
pub async fn is_live(reader: &mut Reader, hash: Hash, now: Timestamp) -> Result<bool, StoreError> {
    Ok(reader.row(IS_LIVE, values![hash, now]).await?.is_some())
}

/// Keeps a new link.
#[derive(Debug, Clone, Copy)]
pub struct InsertSetupLink {
    /// SHA-256 of its token.
    pub hash: Hash,
    /// When it stops working.
    pub expires: Timestamp,
    /// When.
    pub now: Timestamp,
}

impl Write for InsertSetupLink {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(INSERT, values![self.hash, self.expires]).await?;
        let detail = json!({ "expires": self.expires.to_dhis2() });
        audit::record(tx, "setup_link.made", Who::default(), detail, self.now).await
    }
}

/// Spends a link; false when it is spent, too old or unknown.
#[derive(Debug, Clone, Copy)]
pub struct SpendSetupLink {
    /// SHA-256 of its token.
    pub hash: Hash,
    /// When.
    pub now: Timestamp,
}

impl Write for SpendSetupLink {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let spent = tx.run(SPEND, values![self.hash, self.now]).await? > 0;
        if spent {
            audit::record(tx, "setup_link.spent", Who::default(), json!({}), self.now).await?;
        }
        Ok(spent)
    }
}
