//! Device codes: kept for minutes, answered by a user, spent once.

use kibali_model::{ObjectId, Scopes, SignIn, Timestamp};
use serde_json::json;

use super::asker::Asker;
use super::audit::{self, Who};
use super::grants::{self, NewGrant};
use super::pushed::MOST_WAITING;
use super::tokens::{Hash, NewTokens};
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const INSERT: Statement = Statement::new(
    "device_code.insert",
    "insert into device_code (hash, user_hash, client, scope, created, expires, resource)
     values ($1, $2, $3, $4, $5, $6, $7)",
);
const FIND: Statement = Statement::new(
    "device_code.find",
    "select client, scope, expires, user_object, granted, signed_in, sid, amr, spent, resource
     from device_code where hash = $1",
);
const FIND_TYPED: Statement = Statement::new(
    "device_code.find_typed",
    "select client, scope, expires, user_object, granted, signed_in, sid, amr, spent, resource
     from device_code where user_hash = $1",
);
const ANSWER: Statement = Statement::new(
    "device_code.answer",
    "update device_code set user_object = $2, granted = $3, signed_in = $4, sid = $5, amr = $6
     where user_hash = $1 and granted is null and expires > $7",
);
const SPEND: Statement = Statement::new(
    "device_code.spend",
    "update device_code set spent = $2 where hash = $1 and spent is null and granted = 1",
);

pub(super) const DELETE_OF_USER: Statement = Statement::new(
    "device_code.delete_of_user",
    "delete from device_code where user_object = $1 and spent is null",
);

const TOO_MANY: Statement = Statement::new(
    "device_code.too_many",
    "select 1 from device_code where client = $1 and expires > $2 limit 1 offset $3",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[INSERT, FIND, FIND_TYPED, ANSWER, SPEND, DELETE_OF_USER, TOO_MANY];

/// A device code as the store finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDevice {
    /// The client it was issued to.
    pub client: ObjectId,
    /// What it asks for.
    pub scopes: Scopes,
    /// What the tokens are to be for (RFC 8707).
    pub resource: Option<String>,
    /// When it stops working.
    pub expires: Timestamp,
    /// Who answered.
    pub user: Option<ObjectId>,
    /// What they said; none: nothing yet.
    pub granted: Option<bool>,
    /// How they had signed in.
    pub sign_in: SignIn,
    /// A token was had for it.
    pub spent: bool,
}

impl FoundDevice {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            client: row.id(0)?,
            scopes: Scopes::parse(&row.text(1)?),
            expires: row.time(2)?,
            user: row.id_opt(3)?,
            granted: row.int_opt(4)?.map(|said| said != 0),
            sign_in: SignIn { at: row.time_opt(5)?, sid: row.text_opt(6)?, amr: row.text(7)? },
            spent: !row.is_null(8)?,
            resource: row.text_opt(9)?,
        })
    }
}

/// The device code with this hash.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<FoundDevice>, StoreError> {
    reader.row(FIND, values![hash]).await?.as_ref().map(FoundDevice::read).transpose()
}

/// The device code whose user code has this hash.
///
/// # Errors
/// The database failed.
pub async fn find_typed(reader: &mut Reader, user_hash: Hash) -> Result<Option<FoundDevice>, StoreError> {
    reader.row(FIND_TYPED, values![user_hash]).await?.as_ref().map(FoundDevice::read).transpose()
}

/// Keeps a new device code. Answers false, and keeps none, where too many of the client wait already.
#[derive(Debug, Clone)]
pub struct InsertDevice {
    /// SHA-256 of the device code.
    pub hash: Hash,
    /// SHA-256 of the user code.
    pub user_hash: Hash,
    /// Whose device it is.
    pub client: ObjectId,
    /// What it asks for.
    pub scopes: Scopes,
    /// What the tokens are to be for (RFC 8707).
    pub resource: Option<String>,
    /// When it stops working.
    pub expires: Timestamp,
    /// When.
    pub now: Timestamp,
}

impl Write for InsertDevice {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.row(TOO_MANY, values![self.client, self.now, MOST_WAITING - 1]).await?.is_some() {
            return Ok(false);
        }
        let (scopes, resource) = (self.scopes.to_string(), self.resource.as_deref());
        let row = values![self.hash, self.user_hash, self.client, scopes, self.now, self.expires, resource];
        tx.run(INSERT, row).await?;
        Ok(true)
    }
}

/// Keeps what a user said. Answers false where somebody answered before, or it is too late. [`StoreError::Gone`]: the
/// user was shut out meanwhile.
#[derive(Debug, Clone)]
pub struct AnswerDevice {
    /// SHA-256 of the user code.
    pub user_hash: Hash,
    /// Who answers.
    pub by: Asker,
    /// For which client.
    pub client: ObjectId,
    /// Yes or no.
    pub granted: bool,
    /// How they had signed in.
    pub sign_in: SignIn,
    /// When.
    pub now: Timestamp,
}

impl Write for AnswerDevice {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        self.by.still_stands(tx, self.now).await?;
        let (SignIn { at, sid, amr }, user) = (&self.sign_in, self.by.user);
        let row = values![self.user_hash, user, self.granted, *at, sid.as_deref(), amr.as_str(), self.now];
        if tx.run(ANSWER, row).await? == 0 {
            return Ok(false);
        }
        let event = if self.granted { "consent.given" } else { "consent.refused" };
        let who = Who { user: Some(user), client: Some(self.client), address: None };
        audit::record(tx, event, who, json!({ "by": "device" }), self.now).await?;
        Ok(true)
    }
}

/// Spends a device code, once, for a grant. Answers false where it was spent before, or the account changed
/// since it was read.
#[derive(Debug, Clone)]
pub struct SpendDevice {
    /// SHA-256 of the device code.
    pub hash: Hash,
    /// What it is spent for.
    pub grant: NewGrant,
    /// The first tokens.
    pub tokens: NewTokens,
    /// When.
    pub now: Timestamp,
}

impl Write for SpendDevice {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.run(SPEND, values![self.hash, self.now]).await? == 0 {
            return Ok(false);
        }
        grants::insert(tx, &self.grant, &self.tokens, self.now).await
    }
}
