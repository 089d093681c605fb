//! Authorization requests that clients pushed (RFC 9126): kept for a minute or so, spent with the code.

use kibali_model::{ObjectId, Timestamp};

use super::tokens::Hash;
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const INSERT: Statement = Statement::new(
    "pushed_request.insert",
    "insert into pushed_request (hash, client, parameters, created, expires) values ($1, $2, $3, $4, $5)",
);
const FIND: Statement = Statement::new(
    "pushed_request.find",
    "select client, parameters, expires from pushed_request where hash = $1",
);
const SPEND: Statement = Statement::new("pushed_request.spend", "delete from pushed_request where hash = $1");

const TOO_MANY: Statement = Statement::new(
    "pushed_request.too_many",
    "select 1 from pushed_request where client = $1 and expires > $2 limit 1 offset $3",
);

pub(crate) const STATEMENTS: &[Statement] = &[INSERT, FIND, SPEND, TOO_MANY];

/// Requests of one client that wait, or device codes, at most.
pub(super) const MOST_WAITING: i64 = 2000;

/// A pushed request as the store finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Who pushed it.
    pub client: ObjectId,
    /// Its parameters, `application/x-www-form-urlencoded`, without the client's credentials.
    pub parameters: String,
    /// When it stops working.
    pub expires: Timestamp,
}

/// The request with this hash.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<PushedRequest>, StoreError> {
    let Some(row) = reader.row(FIND, values![hash]).await? else { return Ok(None) };
    Ok(Some(PushedRequest { client: row.id(0)?, parameters: row.text(1)?, expires: row.time(2)? }))
}

/// Keeps a pushed request. Answers false, and keeps none, where too many of the client's wait already: anybody may
/// push for a public client.
#[derive(Debug, Clone)]
pub struct Push {
    /// SHA-256 of the random part of its `request_uri`.
    pub hash: Hash,
    /// The request.
    pub request: PushedRequest,
    /// When.
    pub now: Timestamp,
}

impl Write for Push {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let PushedRequest { client, parameters, expires } = &self.request;
        if tx.row(TOO_MANY, values![*client, self.now, MOST_WAITING - 1]).await?.is_some() {
            return Ok(false);
        }
        tx.run(INSERT, values![self.hash, *client, parameters.as_str(), self.now, *expires]).await?;
        Ok(true)
    }
}

/// Spends it. Answers false where it was spent before.
pub(super) async fn spend(tx: &mut Tx, hash: Hash) -> Result<bool, StoreError> {
    Ok(tx.run(SPEND, values![hash]).await? > 0)
}
