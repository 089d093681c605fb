//! Personal access tokens: each of one user, with the rights of that user and what limits its use.

use kibali_model::{ApiTokenType, ObjectId, Timestamp, TokenLimits, Uid};
use serde_json::json;

use super::asker::Asker;
use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::cuts::Cutter;
use super::past::{self, EndedWhy, Ending};
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const FIND: Statement = Statement::new(
    "api_token.find",
    "select id, uid, user_object, code, type, attributes, created, updated, expires, last_used
     from api_token where hash = $1",
);
const OF_USER: Statement = Statement::new(
    "api_token.of_user",
    "select id, uid, user_object, code, type, attributes, created, updated, expires, last_used
     from api_token where user_object = $1 order by created desc, id desc",
);
const ONE: Statement = Statement::new(
    "api_token.one",
    "select id, uid, user_object, code, type, attributes, created, updated, expires, last_used
     from api_token where uid = $1 and user_object = $2",
);
const COUNT: Statement =
    Statement::new("api_token.count", "select count(*) from api_token where user_object = $1");
const OF_CODE: Statement =
    Statement::new("api_token.of_code", "select uid from api_token where user_object = $1 and code = $2");
const INSERT: Statement = Statement::new(
    "api_token.insert",
    "insert into api_token (id, uid, hash, user_object, code, type, attributes, created, updated, expires)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
);
const CHANGE: Statement = Statement::new(
    "api_token.change",
    "update api_token set code = $4, attributes = $5, expires = $6, updated = $7
     where uid = $1 and user_object = $2 and updated = $3",
);
const DELETE: Statement =
    Statement::new("api_token.delete", "delete from api_token where uid = $1 and user_object = $2");
const DELETE_OF_USER: Statement =
    Statement::new("api_token.delete_of_user", "delete from api_token where user_object = $1");
const LONG_EXPIRED: Statement = Statement::new(
    "api_token.long_expired",
    "select uid, user_object from api_token where expires < $1 order by expires limit $2",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[FIND, OF_USER, ONE, COUNT, OF_CODE, INSERT, CHANGE, DELETE, DELETE_OF_USER, LONG_EXPIRED];

/// Tokens of one user, at most.
pub const MOST: i64 = 100;

/// A personal access token, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Row number.
    pub id: ObjectId,
    /// Public identifier.
    pub uid: Uid,
    /// Whose.
    pub user: ObjectId,
    /// What its owner calls it.
    pub code: Option<String>,
    /// Its format.
    pub kind: ApiTokenType,
    /// What limits its use.
    pub limits: TokenLimits,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// When it stops working.
    pub expires: Timestamp,
    /// When it was last used, as far as it is written.
    pub last_used: Option<Timestamp>,
}

impl ApiToken {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt(format!("a personal access token: {what}"));
        let kind = row.text(4)?;
        Ok(Self {
            id: row.id(0)?,
            uid: super::uid(row, 1)?,
            user: row.id(2)?,
            code: row.text_opt(3)?,
            kind: ApiTokenType::from_name(&kind).ok_or_else(|| corrupt(kind))?,
            limits: serde_json::from_str(&row.text(5)?).map_err(|error| corrupt(error.to_string()))?,
            created: row.time(6)?,
            updated: row.time(7)?,
            expires: row.time(8)?,
            last_used: row.time_opt(9)?,
        })
    }
}

/// The token with this hash, live or not.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<ApiToken>, StoreError> {
    let row = reader.row(FIND, values![hash]).await?;
    row.as_ref().map(ApiToken::read).transpose()
}

/// The tokens of a user, the newest first.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<Vec<ApiToken>, StoreError> {
    reader.rows(OF_USER, values![user]).await?.iter().map(ApiToken::read).collect()
}

/// One token of a user.
///
/// # Errors
/// The database failed.
pub async fn one(reader: &mut Reader, user: ObjectId, uid: &str) -> Result<Option<ApiToken>, StoreError> {
    let row = reader.row(ONE, values![uid, user]).await?;
    row.as_ref().map(ApiToken::read).transpose()
}

/// What became of a token that was to be made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is there.
    Done,
    /// The token has gone.
    Gone,
    /// The user has as many as there may be.
    TooMany,
    /// Another token of the user has this code.
    CodeTaken,
}

/// Keeps a new token.
#[derive(Debug, Clone)]
pub struct InsertApiToken {
    /// SHA-256 of it.
    pub hash: Hash,
    /// What it is.
    pub token: ApiToken,
    /// Whoever makes it.
    pub by: Asker,
    /// From where.
    pub address: String,
}

impl Write for InsertApiToken {
    type Output = Kept;

    async fn apply(&self, tx: &mut Tx) -> Result<Kept, StoreError> {
        let (token, now) = (&self.token, self.token.created);
        // Taking the account's row also makes two of one user wait for each other, so that both are counted.
        self.by.still_stands(tx, now).await?;
        let count = tx.row(COUNT, values![token.user]).await?;
        if count.map_or(Ok(0), |row| row.int(0))? >= MOST {
            return Ok(Kept::TooMany);
        }
        if code_is_taken(tx, token).await? {
            return Ok(Kept::CodeTaken);
        }
        let row = values![
            token.id,
            token.uid,
            self.hash,
            token.user,
            token.code.as_deref(),
            token.kind.as_str(),
            written(&token.limits)?,
            now,
            token.expires,
        ];
        tx.run(INSERT, row).await?;
        record(tx, "api_token.made", token, &self.address, now).await?;
        Ok(Kept::Done)
    }
}

/// Changes what a token is called, what limits it and when it ends.
#[derive(Debug, Clone)]
pub struct ChangeApiToken {
    /// As it shall be; what else it holds is as it was read.
    pub token: ApiToken,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for ChangeApiToken {
    type Output = Kept;

    async fn apply(&self, tx: &mut Tx) -> Result<Kept, StoreError> {
        let token = &self.token;
        if code_is_taken(tx, token).await? {
            return Ok(Kept::CodeTaken);
        }
        let row = values![
            token.uid,
            token.user,
            token.updated,
            token.code.as_deref(),
            written(&token.limits)?,
            token.expires,
            self.now,
        ];
        if tx.run(CHANGE, row).await? == 0 {
            let exists = tx.row(ONE, values![token.uid, token.user]).await?.is_some();
            return if exists { Err(StoreError::Stale) } else { Ok(Kept::Gone) };
        }
        record(tx, "api_token.changed", token, &self.address, self.now).await?;
        Ok(Kept::Done)
    }
}

/// Deletes a token of a user. Answers whether there was one.
#[derive(Debug, Clone)]
pub struct DeleteApiToken {
    /// Whose.
    pub user: ObjectId,
    /// Which.
    pub uid: String,
    /// By whom: its owner, or an administrator.
    pub by: Cutter,
    /// When.
    pub now: Timestamp,
}

impl Write for DeleteApiToken {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.row(ONE, values![self.uid.as_str(), self.user]).await?.is_none() {
            return Ok(false);
        }
        let why = if self.by.user == self.user { EndedWhy::Deleted } else { EndedWhy::Cut };
        past::remember(tx, Ending::ApiToken(self.uid.as_str()), why, self.now).await?;
        tx.run(DELETE, values![self.uid.as_str(), self.user]).await?;
        if why == EndedWhy::Cut {
            let detail = json!({ "user": self.user.0.to_string(), "token": self.uid });
            self.by.record(tx, detail, self.now).await?;
        } else {
            let who = Who { user: Some(self.user), client: None, address: Some(&self.by.address) };
            audit::record(tx, "api_token.deleted", who, json!({ "token": self.uid }), self.now).await?;
        }
        changes::record(tx, Topic::User, Some(self.user), self.now).await?;
        Ok(true)
    }
}

/// Ends every token of a user. Part of writes that take an account from its holder; whoever calls this tells
/// the other nodes of the user.
pub(crate) async fn end_all_of_user(
    tx: &mut Tx,
    user: ObjectId,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    past::remember(tx, Ending::ApiTokensOf(user), EndedWhy::PasswordReset, now).await?;
    let ended = tx.run(DELETE_OF_USER, values![user]).await?;
    if ended > 0 {
        let who = Who { user: Some(user), ..Who::default() };
        audit::record(tx, "api_token.ended", who, json!({ "count": ended, "why": why }), now).await?;
        changes::record(tx, Topic::User, Some(user), now).await?;
    }
    Ok(())
}

/// Takes away tokens that ended before `before`, at most `limit`.
pub(super) async fn purge(
    tx: &mut Tx,
    before: Timestamp,
    limit: i64,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let expired = tx.rows(LONG_EXPIRED, values![before, limit]).await?;
    for row in &expired {
        let user = row.id(1)?;
        tx.run(DELETE, values![row.text(0)?, user]).await?;
        changes::record(tx, Topic::User, Some(user), now).await?;
    }
    Ok(u64::try_from(expired.len()).unwrap_or(0))
}

async fn code_is_taken(tx: &mut Tx, token: &ApiToken) -> Result<bool, StoreError> {
    let Some(code) = &token.code else { return Ok(false) };
    let holder = tx.row(OF_CODE, values![token.user, code.as_str()]).await?;
    Ok(holder.map(|row| super::uid(&row, 0)).transpose()?.is_some_and(|holder| holder != token.uid))
}

fn written(limits: &TokenLimits) -> Result<String, StoreError> {
    serde_json::to_string(limits).map_err(|error| StoreError::Corrupt(error.to_string()))
}

async fn record(
    tx: &mut Tx,
    event: &str,
    token: &ApiToken,
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let who = Who { user: Some(token.user), client: None, address: Some(address) };
    let detail = json!({
        "token": token.uid.as_str(), "code": token.code, "expires": token.expires.to_dhis2(),
        "attributes": token.limits,
    });
    audit::record(tx, event, who, detail, now).await?;
    changes::record(tx, Topic::User, Some(token.user), now).await
}
