//! Seals of the audit trail: a row for each batch of events that was closed (rules of the door 11). What a seal
//! says is made where the key is; here it is kept.

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Row, Statement, StoreError, Tx, Value, Write, values};

const NEWEST: Statement = Statement::new(
    "audit_seal.newest",
    "select number, events, ids, missing, up_to, newest, at, mac, cut from audit_seal
     where number > $1 order by number desc limit 1",
);
const AFTER: Statement = Statement::new(
    "audit_seal.after",
    "select number, events, ids, missing, up_to, newest, at, mac, cut from audit_seal
     where number > $1 order by number limit $2",
);
const INSERT: Statement = Statement::new(
    "audit_seal.insert",
    "insert into audit_seal (number, events, ids, missing, up_to, newest, at, mac)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (number) do nothing",
);
const EVENTS: Statement = Statement::new(
    "audit_seal.events",
    "select id, at, event, user_object, client, address, detail from audit
     where id >= $1 and id <= $2 order by id limit $3",
);
const COUNT_AFTER: Statement =
    Statement::new("audit_seal.count_after", "select count(*) from audit where id > $1");
const TAKE_AWAY: Statement =
    Statement::new("audit_seal.take_away", "delete from audit where id >= $1 and id <= $2");
const DELETE_BEFORE: Statement =
    Statement::new("audit_seal.delete_before", "delete from audit_seal where number < $1");
const CUT: Statement = Statement::new("audit_seal.cut", "update audit_seal set cut = $2 where number = $1");
const STRAYS: Statement = Statement::new(
    "audit_seal.strays",
    "delete from audit where id in (select id from audit where at < $1 order by at limit $2)",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[NEWEST, AFTER, INSERT, EVENTS, COUNT_AFTER, TAKE_AWAY, DELETE_BEFORE, CUT, STRAYS];

/// Numbers of events, from the first to the last of them.
pub type Range = (i64, i64);

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its place in the chain, from 1.
    pub number: i64,
    /// How many events it closes.
    pub events: i64,
    /// Which.
    pub ids: String,
    /// Numbers that were left out below the greatest, with when that was seen first.
    pub missing: String,
    /// The greatest number closed by this seal or one before.
    pub up_to: i64,
    /// When the last of its events happened.
    pub newest: Timestamp,
    /// When it was made.
    pub at: Timestamp,
    /// What proves it.
    pub mac: Vec<u8>,
    /// What proves that Kibali took away the events up to this one.
    pub cut: Option<Vec<u8>>,
}

impl Seal {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.int(0)?,
            events: row.int(1)?,
            ids: row.text(2)?,
            missing: row.text(3)?,
            up_to: row.int(4)?,
            newest: row.time(5)?,
            at: row.time(6)?,
            mac: row.bytes_opt(7)?.unwrap_or_default(),
            cut: row.bytes_opt(8)?,
        })
    }
}

/// An event as it is sealed: as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SealedEvent {
    pub id: i64,
    pub at: Timestamp,
    pub event: String,
    pub user: Option<ObjectId>,
    pub client: Option<ObjectId>,
    pub address: Option<String>,
    pub detail: String,
}

fn events(rows: &[Row]) -> Result<Vec<SealedEvent>, StoreError> {
    let read = |row: &Row| {
        Ok(SealedEvent {
            id: row.int(0)?,
            at: row.time(1)?,
            event: row.text(2)?,
            user: row.id_opt(3)?,
            client: row.id_opt(4)?,
            address: row.text_opt(5)?,
            detail: row.text(6)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The newest seal.
///
/// # Errors
/// The database failed.
pub async fn newest(reader: &mut Reader) -> Result<Option<Seal>, StoreError> {
    reader.row(NEWEST, values![0_i64]).await?.as_ref().map(Seal::read).transpose()
}

/// The seals after this number, at most `limit`.
///
/// # Errors
/// The database failed.
pub async fn after(reader: &mut Reader, number: i64, limit: i64) -> Result<Vec<Seal>, StoreError> {
    reader.rows(AFTER, values![number, limit]).await?.iter().map(Seal::read).collect()
}

/// The events of a range, in their order, at most `limit`.
///
/// # Errors
/// The database failed.
pub async fn events_of(
    reader: &mut Reader,
    (first, last): Range,
    limit: i64,
) -> Result<Vec<SealedEvent>, StoreError> {
    events(&reader.rows(EVENTS, values![first, last, limit]).await?)
}

/// The events of any of these ranges, in their order, at most `limit`. One question, however many ranges.
///
/// # Errors
/// The database failed.
pub async fn events_among(
    reader: &mut Reader,
    ranges: &[Range],
    limit: i64,
) -> Result<Vec<SealedEvent>, StoreError> {
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = Vec::with_capacity(ranges.len() * 2 + 1);
    let mut among = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        values.extend(values![*first, *last]);
        among.push(format!("id between ${} and ${}", values.len() - 1, values.len()));
    }
    values.extend(values![limit]);
    let sql = format!(
        "select id, at, event, user_object, client, address, detail from audit where {} order by id limit ${}",
        among.join(" or "),
        values.len()
    );
    events(&reader.rows_composed(&sql, values).await?)
}

/// How many events came after this number.
///
/// # Errors
/// The database failed.
pub async fn count_after(reader: &mut Reader, id: i64) -> Result<i64, StoreError> {
    reader.row(COUNT_AFTER, values![id]).await?.map_or(Ok(0), |row| row.int(0))
}

/// Keeps a seal. False where another node was faster: its seal counts.
#[derive(Debug, Clone)]
pub struct InsertSeal(pub Seal);

impl Write for InsertSeal {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let seal = &self.0;
        let row = values![
            seal.number,
            seal.events,
            seal.ids.as_str(),
            seal.missing.as_str(),
            seal.up_to,
            seal.newest,
            seal.at,
            seal.mac.clone(),
        ];
        Ok(tx.run(INSERT, row).await? > 0)
    }
}

/// Takes away the events of a seal, which is the oldest from now on, and the seals before it.
#[derive(Debug, Clone)]
pub struct CutAt {
    /// Its number.
    pub number: i64,
    /// Its events.
    pub events: Vec<Range>,
    /// What proves that this was done by Kibali.
    pub proof: Vec<u8>,
}

impl Write for CutAt {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (first, last) in &self.events {
            gone += tx.run(TAKE_AWAY, values![*first, *last]).await?;
        }
        tx.run(CUT, values![self.number, self.proof.clone()]).await?;
        tx.run(DELETE_BEFORE, values![self.number]).await?;
        Ok(gone)
    }
}

/// Takes away events that no seal holds, a day after those around them went.
#[derive(Debug, Clone)]
pub struct TakeStrays {
    /// Those of before.
    pub before: Timestamp,
    /// At most.
    pub most: i64,
}

impl Write for TakeStrays {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        tx.run(STRAYS, values![self.before, self.most]).await
    }
}
