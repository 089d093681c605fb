//! The keys that tokens are signed with. Private halves are sealed before they come here.

use kibali_model::Timestamp;
use serde_json::json;

use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::retired;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

/// Keys that are read at most; rotation keeps a handful.
const MOST: i64 = 200;

const ALL: Statement = Statement::new(
    "signing_key.all",
    "select kid, algorithm, sequence, jwk, sealed, created, active_from, needed_until
     from signing_key order by algorithm, sequence limit $1",
);
const FIND: Statement = Statement::new("signing_key.find", "select jwk from signing_key where kid = $1");
const INSERT: Statement = Statement::new(
    "signing_key.insert",
    "insert into signing_key (kid, algorithm, sequence, jwk, sealed, created, active_from, needed_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
);
const LAST: Statement = Statement::new(
    "signing_key.last",
    "select coalesce(max(sequence), 0) from signing_key where algorithm = $1",
);
const KEEP: Statement = Statement::new(
    "signing_key.keep",
    "update signing_key set needed_until = $2 where kid = $1 and needed_until < $2",
);
const DROP: Statement =
    Statement::new("signing_key.drop", "delete from signing_key where kid = $1 and needed_until < $2");

pub(crate) const STATEMENTS: &[Statement] = &[ALL, FIND, INSERT, LAST, KEEP, DROP];

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// What tokens call it by.
    pub kid: String,
    /// `RS256` …
    pub algorithm: String,
    /// Its place among the keys of the algorithm.
    pub sequence: i64,
    /// The public key as a JWK.
    pub jwk: String,
    /// The private key in PKCS #8, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
    /// When it begins to sign.
    pub active_from: Timestamp,
    /// No token it signed so far lives longer.
    pub needed_until: Timestamp,
}

/// Every key.
///
/// # Errors
/// The database failed.
pub async fn all(reader: &mut Reader) -> Result<Vec<StoredKey>, StoreError> {
    let rows = reader.rows(ALL, values![MOST]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        kid: row.text(0)?,
        algorithm: row.text(1)?,
        sequence: row.int(2)?,
        jwk: row.text(3)?,
        sealed: row.bytes_opt(4)?.unwrap_or_default(),
        created: row.time(5)?,
        active_from: row.time(6)?,
        needed_until: row.time(7)?,
    })
}

/// Keeps a key that was made. False where the algorithm has a key in this place: another node was faster,
/// and its key counts.
#[derive(Debug, Clone)]
pub struct InsertKey(pub StoredKey);

impl Write for InsertKey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        insert(tx, &self.0, self.0.sequence, "signing_key.made").await
    }
}

/// What became of a key that the operator brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is kept from now on.
    Kept,
    /// It was kept already.
    Known,
    /// Its name belongs to another key, or did.
    NameTaken,
    /// It was retired, under this name or another: it signs nothing any more.
    Retired,
    /// Another node wrote meanwhile; try again.
    Overtaken,
}

/// Keeps a key that the operator brought, under their name for it and in the next place of its algorithm.
#[derive(Debug, Clone)]
pub struct ImportKey {
    /// The key.
    pub key: StoredKey,
    /// Of its public half (RFC 7638).
    pub thumbprint: String,
}

impl Write for ImportKey {
    type Output = Imported;

    async fn apply(&self, tx: &mut Tx) -> Result<Imported, StoreError> {
        let key = &self.key;
        if let Some(retired) = retired::find(tx, &key.kid, &self.thumbprint).await? {
            let same = retired.thumbprint == self.thumbprint;
            return Ok(if same { Imported::Retired } else { Imported::NameTaken });
        }
        if let Some(row) = tx.row(FIND, values![key.kid.as_str()]).await? {
            let same = row.text(0)? == key.jwk;
            return Ok(if same { Imported::Known } else { Imported::NameTaken });
        }
        let last = tx.row(LAST, values![key.algorithm.as_str()]).await?;
        let sequence = last.map_or(Ok(0), |row| row.int(0))? + 1;
        let kept = insert(tx, key, sequence, "signing_key.imported").await?;
        Ok(if kept { Imported::Kept } else { Imported::Overtaken })
    }
}

async fn insert(tx: &mut Tx, key: &StoredKey, sequence: i64, event: &str) -> Result<bool, StoreError> {
    let row = values![
        key.kid.as_str(),
        key.algorithm.as_str(),
        sequence,
        key.jwk.as_str(),
        key.sealed.clone(),
        key.created,
        key.active_from,
        key.needed_until,
    ];
    if tx.run(INSERT, row).await? == 0 {
        return Ok(false);
    }
    told(tx, event, json!({ "kid": key.kid, "algorithm": key.algorithm }), key.created).await?;
    Ok(true)
}

/// A key is needed longer: a token it signs lives until then. False where the key is gone.
#[derive(Debug, Clone)]
pub struct KeepKey {
    /// Which.
    pub kid: String,
    /// Until when, at least.
    pub until: Timestamp,
    /// When.
    pub now: Timestamp,
}

impl Write for KeepKey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.run(KEEP, values![self.kid.as_str(), self.until]).await? > 0 {
            changes::record(tx, Topic::Key, None, self.now).await?;
            return Ok(true);
        }
        Ok(tx.row(FIND, values![self.kid.as_str()]).await?.is_some())
    }
}

/// Takes away a key whose tokens have all ended, unless one was signed with it meanwhile.
#[derive(Debug, Clone)]
pub struct DropKey {
    /// Which.
    pub kid: String,
    /// When.
    pub now: Timestamp,
}

impl Write for DropKey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.run(DROP, values![self.kid.as_str(), self.now]).await? == 0 {
            return Ok(false);
        }
        told(tx, "signing_key.dropped", json!({ "kid": self.kid }), self.now).await?;
        Ok(true)
    }
}

async fn told(tx: &mut Tx, event: &str, detail: serde_json::Value, now: Timestamp) -> Result<(), StoreError> {
    audit::record(tx, event, Who::default(), detail, now).await?;
    changes::record(tx, Topic::Key, None, now).await
}
