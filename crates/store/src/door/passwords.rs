//! A password changed by its holder, and what that ends (rules of the door 6).

use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::grants::{self, EndedWhy};
use super::sessions;
use super::tokens::Hash;
use crate::{Statement, StoreError, Tx, Write, values};

const CHANGE: Statement = Statement::new(
    "password.change",
    "update account
     set password_hash = $2, password_updated = $3, credential_version = credential_version + 1
     where object = $1 and credential_version = $4",
);
const KEEP_SESSION: Statement =
    Statement::new("password.keep_session", "update session set credential_version = $2 where hash = $1");

pub(crate) const STATEMENTS: &[Statement] = &[CHANGE, KEEP_SESSION];

/// Stores the password a user chose. The user's other sessions and the grants obtained with the old
/// password end; the session that made the change, and grants of other kinds, live on.
#[derive(Debug, Clone)]
pub struct ChangeOwnPassword {
    /// Whose.
    pub user: ObjectId,
    /// bcrypt of the new password.
    pub password_hash: String,
    /// The account's credential version when the old password was checked.
    pub credential_version: i64,
    /// The session that makes the change, if one does.
    pub session: Option<Hash>,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for ChangeOwnPassword {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let row = values![self.user, self.password_hash.as_str(), self.now, self.credential_version];
        if tx.run(CHANGE, row).await? == 0 {
            return Err(StoreError::Stale);
        }
        sessions::end_others(tx, self.user, self.session, self.now).await?;
        if let Some(session) = self.session {
            tx.run(KEEP_SESSION, values![session, self.credential_version + 1]).await?;
        }
        grants::end_password_grants(tx, self.user, EndedWhy::PasswordChanged, self.now).await?;
        let who = Who { user: Some(self.user), client: None, address: Some(&self.address) };
        audit::record(tx, "password.changed", who, json!({}), self.now).await?;
        changes::record(tx, Topic::User, Some(self.user), self.now).await
    }
}
