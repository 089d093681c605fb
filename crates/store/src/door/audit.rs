//! The audit trail: who did what, written in the transaction that it describes (rules of the door 11).

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Statement, StoreError, Tx, values};

const INSERT: Statement = Statement::new(
    "audit.insert",
    "insert into audit (at, event, user_object, client, address, detail) values ($1, $2, $3, $4, $5, $6)",
);
const NEWEST: Statement = Statement::new(
    "audit.newest",
    "select at, event, user_object, client, address, detail from audit order by id desc limit $1",
);

pub(crate) const STATEMENTS: &[Statement] = &[INSERT, NEWEST];

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

/// Appends an event. Part of the write that it describes.
///
/// # Errors
/// The database failed.
pub async fn record(tx: &mut Tx, event: &Event) -> Result<(), StoreError> {
    let row = values![
        event.at,
        event.name.as_str(),
        event.user,
        event.client,
        event.address.as_deref(),
        event.detail.to_string(),
    ];
    tx.run(INSERT, row).await?;
    Ok(())
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
