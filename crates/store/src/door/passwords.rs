//! Passwords: changed by their holders, set by others, and what that ends (rules of the door 6).

use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::api_tokens;
use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::codes;
use super::emails;
use super::ends;
use super::links::{self, Purpose};
use super::past::EndedWhy;
use super::sessions;
use super::tokens::Hash;
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const CHANGE: Statement = Statement::new(
    "password.change",
    "update account
     set password_hash = $2, password_updated = $3, credential_version = credential_version + 1
     where object = $1 and credential_version = $4",
);
const SET: Statement = Statement::new(
    "account.set_password",
    "update account set password_hash = $2, password_updated = $3, credential_version = credential_version + 1
     where object = $1",
);
const KEEP_SESSION: Statement =
    Statement::new("password.keep_session", "update session set credential_version = $2 where hash = $1");
const REMEMBER: Statement = Statement::new(
    "old_password.insert",
    "insert into old_password (user_object, hash, replaced)
     select object, password_hash, cast($2 as bigint) from account
     where object = $1 and password_hash is not null",
);
const FORGET_OLDEST: Statement = Statement::new(
    "old_password.forget",
    "delete from old_password where id in (
       select id from old_password where user_object = $1 order by id desc limit 1000 offset $2)",
);
const OLD: Statement = Statement::new(
    "old_password.of_user",
    "select hash from old_password where user_object = $1 order by id desc limit $2",
);

pub(crate) const STATEMENTS: &[Statement] = &[CHANGE, SET, KEEP_SESSION, REMEMBER, FORGET_OLDEST, OLD];

/// Passwords remembered beside the present one: together they are DHIS2's 24 (web-api reference 3.2).
const REMEMBERED: i64 = 23;

/// bcrypt of the passwords a user had before the present one, the newest first.
///
/// # Errors
/// The database failed.
pub async fn old(reader: &mut Reader, user: ObjectId) -> Result<Vec<String>, StoreError> {
    reader.rows(OLD, values![user, REMEMBERED]).await?.iter().map(|row| row.text(0)).collect()
}

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
        remember(tx, self.user, self.now).await?;
        let row = values![self.user, self.password_hash.as_str(), self.now, self.credential_version];
        if tx.run(CHANGE, row).await? == 0 {
            return Err(StoreError::Stale);
        }
        sessions::end_others(tx, self.user, self.session, self.now).await?;
        if let Some(session) = self.session {
            tx.run(KEEP_SESSION, values![session, self.credential_version + 1]).await?;
        }
        ends::end_password_grants(tx, self.user, EndedWhy::PasswordChanged, self.now).await?;
        let who = Who { user: Some(self.user), client: None, address: Some(&self.address) };
        audit::record(tx, "password.changed", who, json!({}), self.now).await?;
        changes::record(tx, Topic::User, Some(self.user), self.now).await
    }
}

/// Stores the password that somebody set who came by a link sent to the user's address, and spends the link.
/// Everything that the account had open ends. False, and nothing changed, where the link does not work.
#[derive(Debug, Clone)]
pub struct RestorePassword {
    /// SHA-256 of the link's token.
    pub link: Hash,
    /// bcrypt of the new password.
    pub password_hash: String,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for RestorePassword {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Some(link) = links::take(tx, self.link, Purpose::Restore, self.now).await? else {
            return Ok(false);
        };
        let who = Who { user: Some(link.user), client: None, address: Some(&self.address) };
        audit::record(tx, "link.spent", who, json!({ "for": "restore" }), self.now).await?;
        replace(tx, link.user, &self.password_hash, "link", self.now).await?;
        // Whoever had the link reads the address.
        emails::verify(tx, link.user, &link.email, self.now).await?;
        changes::record(tx, Topic::User, Some(link.user), self.now).await?;
        Ok(true)
    }
}

/// Stores a password that was set by another, or by whoever recovered the account: what the account had open
/// ends, sessions, grants and personal tokens. Part of the writes that do so.
///
/// # Errors
/// The database failed.
pub(crate) async fn replace(
    tx: &mut Tx,
    user: ObjectId,
    password_hash: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    remember(tx, user, now).await?;
    tx.run(SET, values![user, password_hash, now]).await?;
    let who = Who { user: Some(user), ..Who::default() };
    audit::record(tx, "password.set", who, json!({ "by": by }), now).await?;
    sessions::end_others(tx, user, None, now).await?;
    ends::end_all_of_user(tx, user, EndedWhy::PasswordReset, now).await?;
    codes::end_all_of_user(tx, user).await?;
    api_tokens::end_all_of_user(tx, user, "password_reset", now).await
}

/// Keeps the present password among those of before.
async fn remember(tx: &mut Tx, user: ObjectId, now: Timestamp) -> Result<(), StoreError> {
    tx.run(REMEMBER, values![user, now]).await?;
    tx.run(FORGET_OLDEST, values![user, REMEMBERED]).await?;
    Ok(())
}
