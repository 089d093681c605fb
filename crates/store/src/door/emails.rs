//! Addresses of users: looked up, and proved to be read.

use kibali_metadata::fold;
use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::accounts::{self, Account};
use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::links::{self, Purpose};
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const OF_USER: Statement = Statement::new(
    "account.email",
    "select o.doc, a.verified_email from account a join object o on o.id = a.object where a.object = $1",
);
const HOLDERS: Statement = Statement::new(
    "account.by_email",
    "select object from account where email_key = $1 order by object limit 2",
);
const READ_BY: Statement = Statement::new(
    "account.by_email_read",
    "select object from account where verified_email = $1 and email_key = $1",
);
const VERIFIED_BY: Statement =
    Statement::new("account.verified_by", "select object from account where verified_email = $1");
// Whoever else has this address might show at the same moment to read it.
const HOLD: Statement =
    Statement::new("account.hold_address", "update account set email_key = email_key where email_key = $1");
const VERIFY: Statement =
    Statement::new("account.verify_email", "update account set verified_email = $2 where object = $1");

pub(crate) const STATEMENTS: &[Statement] = &[OF_USER, HOLDERS, READ_BY, VERIFIED_BY, HOLD, VERIFY];

/// The address of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Email {
    /// It, as it was written.
    pub address: Option<String>,
    /// The user has shown to read it.
    pub verified: bool,
    /// The user has not accepted the invitation yet.
    pub invitation: bool,
}

/// The address of a user.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<Email, StoreError> {
    reader.row(OF_USER, values![user]).await?.map_or_else(|| Ok(Email::default()), |row| read(&row))
}

fn read(row: &Row) -> Result<Email, StoreError> {
    let doc = serde_json::from_str(&row.text(0)?).unwrap_or_default();
    Ok(in_doc(&doc, row.text_opt(1)?.as_deref()))
}

/// The address in a user's document, where `verified` is what the user has shown to read.
pub(super) fn in_doc(doc: &serde_json::Value, verified: Option<&str>) -> Email {
    let address = doc.get("email").and_then(serde_json::Value::as_str).map(str::to_owned);
    let invitation = doc.get("invitation").and_then(serde_json::Value::as_bool).unwrap_or_default();
    let verified = address.as_deref().is_some_and(|address| verified == Some(fold(address).as_str()));
    Email { address, verified, invitation }
}

/// The address that a user has shown to read: theirs, or where they changed it since, the one before.
///
/// # Errors
/// The database failed.
pub async fn verified(reader: &mut Reader, user: ObjectId) -> Result<Option<String>, StoreError> {
    let Some(row) = reader.row(OF_USER, values![user]).await? else { return Ok(None) };
    let now = read(&row)?;
    Ok(if now.verified { now.address } else { row.text_opt(1)? })
}

/// The account with this address, whatever its case: that of whoever has shown to read it; where nobody has, none where
/// several have it.
///
/// # Errors
/// The database failed.
pub async fn holder(reader: &mut Reader, address: &str) -> Result<Option<Account>, StoreError> {
    let key = fold(address);
    if let Some(row) = reader.row(READ_BY, values![key.as_str()]).await? {
        return accounts::by_user(reader, row.id(0)?).await;
    }
    let rows = reader.rows(HOLDERS, values![key]).await?;
    match rows.as_slice() {
        [row] => accounts::by_user(reader, row.id(0)?).await,
        _ => Ok(None),
    }
}

/// Has somebody else shown to read this address, and still has it?
///
/// # Errors
/// The database failed.
pub async fn is_verified_by_another(
    reader: &mut Reader,
    address: &str,
    user: ObjectId,
) -> Result<bool, StoreError> {
    let Some(row) = reader.row(VERIFIED_BY, values![fold(address)]).await? else { return Ok(false) };
    let other = row.id(0)?;
    Ok(other != user && of_user(reader, other).await?.verified)
}

/// Spends a link that shows that its user reads the address. False when the link does not work, the user has
/// another address by now, or another user has shown to read this one.
#[derive(Debug, Clone, Copy)]
pub struct VerifyEmail {
    /// SHA-256 of its token.
    pub hash: Hash,
    /// When.
    pub now: Timestamp,
}

impl Write for VerifyEmail {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Some(link) = links::take(tx, self.hash, Purpose::Verify, self.now).await? else {
            return Ok(false);
        };
        verify(tx, link.user, &link.email, self.now).await
    }
}

/// Part of writes whose link was sent to the address.
pub(super) async fn verify(
    tx: &mut Tx,
    user: ObjectId,
    sent_to: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = fold(sent_to);
    tx.run(HOLD, values![key.as_str()]).await?;
    let has = tx.row(OF_USER, values![user]).await?.map(|row| read(&row)).transpose()?.unwrap_or_default();
    if has.address.as_deref().map(fold).as_ref() != Some(&key) {
        return Ok(false);
    }
    if let Some(row) = tx.row(VERIFIED_BY, values![key.as_str()]).await?
        && row.id(0)? != user
    {
        let other = row.id(0)?;
        let theirs = tx.row(OF_USER, values![other]).await?.map(|row| read(&row)).transpose()?;
        if theirs.is_some_and(|email| email.verified) {
            return Ok(false);
        }
        tx.run(VERIFY, values![other, None::<&str>]).await?;
    }
    tx.run(VERIFY, values![user, key.as_str()]).await?;
    let who = Who { user: Some(user), ..Who::default() };
    audit::record(tx, "email.verified", who, json!({}), now).await?;
    changes::record(tx, Topic::User, Some(user), now).await?;
    Ok(true)
}
