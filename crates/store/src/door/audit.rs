//! The audit trail: who did what, written in the transaction that it describes (rules of the door 11).

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Statement, StoreError, Tx, Value, Write, values};

pub(super) const INSERT: Statement = Statement::new(
    "audit.insert",
    "insert into audit (at, event, user_object, client, address, detail) values ($1, $2, $3, $4, $5, $6)",
);
const INSERT_OF_GRANT: Statement = Statement::new(
    "audit.insert_of_grant",
    "insert into audit (at, event, user_object, client, address, detail)
     select cast($2 as bigint), $3, user_object, client, $4, $5 from oauth_grant where id = $1",
);
const NEWEST: Statement = Statement::new(
    "audit.newest",
    "select at, event, user_object, client, address, detail from audit order by id desc limit $1",
);

pub(crate) const STATEMENTS: &[Statement] = &[INSERT, INSERT_OF_GRANT, NEWEST];

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// `token.issued`, `sign_in.accepted` …
    pub name: String,
    /// Who did it, or whom it was done for.
    pub user: Option<ObjectId>,
    /// Through which client.
    pub client: Option<ObjectId>,
    /// From where.
    pub address: Option<String>,
    /// What else is worth knowing. Never a secret.
    pub detail: serde_json::Value,
}

/// Whom an event is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Who<'a> {
    pub(crate) user: Option<ObjectId>,
    pub(crate) client: Option<ObjectId>,
    pub(crate) address: Option<&'a str>,
}

/// Appends an event. Part of the write that it describes; `detail` never holds a secret.
pub(crate) async fn record(
    tx: &mut Tx,
    event: &str,
    who: Who<'_>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.run(INSERT, row(event, who, &detail, now)).await?;
    Ok(())
}

/// The values of [`INSERT`].
pub(super) fn row(event: &str, who: Who<'_>, detail: &serde_json::Value, now: Timestamp) -> Vec<Value> {
    values![now, event, who.user, who.client, who.address, detail.to_string()]
}

/// Appends an event about a grant: its user and its client.
pub(crate) async fn record_of_grant(
    tx: &mut Tx,
    event: &str,
    grant: i64,
    address: Option<&str>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.run(INSERT_OF_GRANT, values![grant, now, event, address, detail.to_string()]).await?;
    Ok(())
}

/// Events that no write goes with, counted in memory: refused requests, sign-ins by HTTP Basic. A row each,
/// with a `count` in its detail (rules of the door 11).
#[derive(Debug, Clone)]
pub struct RecordCounted {
    /// At most a few hundred.
    pub events: Vec<Event>,
}

impl Write for RecordCounted {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for event in &self.events {
            let who = Who { user: event.user, client: event.client, address: event.address.as_deref() };
            record(tx, &event.name, who, event.detail.clone(), event.at).await?;
        }
        Ok(())
    }
}

/// The newest events, newest first, at most `limit`.
///
/// # Errors
/// The database failed.
pub async fn newest(reader: &mut Reader, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows = reader.rows(NEWEST, values![limit]).await?;
    let events = rows.iter().map(|row| {
        Ok(Event {
            at: row.time(0)?,
            name: row.text(1)?,
            user: row.int_opt(2)?.map(ObjectId),
            client: row.int_opt(3)?.map(ObjectId),
            address: row.text_opt(4)?,
            detail: serde_json::from_str(&row.text(5)?)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?,
        })
    });
    events.collect()
}
