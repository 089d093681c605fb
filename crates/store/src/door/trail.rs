//! Reading the audit trail: filtered, a page at a time, and never the whole table. Each question looks at a
//! bounded number of rows and says how far back it got.

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Row, Statement, StoreError, Value, values};

// The inner query is what is looked at; the filters then only choose among that.
macro_rules! looked_at {
    ($which:literal) => {
        concat!("from audit where id < $1", $which, " order by id desc limit $2")
    };
}
macro_rules! found {
    ($which:literal) => {
        concat!(
            "select e.id, e.at, e.event, a.username, c.client_id, e.address, e.detail
             from (select id, at, event, user_object, client, address, detail ",
            looked_at!($which),
            ") e left join account a on a.object = e.user_object left join client c on c.object = e.client
             where e.event = coalesce($3, e.event) and coalesce(e.address, '') = coalesce($4, e.address, '')
               and e.at >= $5 and e.at < $6
             order by e.id desc limit $7"
        )
    };
}
macro_rules! horizon {
    ($which:literal) => {
        concat!("select min(e.id), min(e.at), count(*) from (select id, at ", looked_at!($which), ") e")
    };
}

const FOUND: Statement = Statement::new("trail.found", found!(""));
const FOUND_USER: Statement = Statement::new(
    "trail.found_user",
    found!(" and user_object = $8 and coalesce(client, 0) = coalesce($9, client, 0)"),
);
const FOUND_CLIENT: Statement = Statement::new("trail.found_client", found!(" and client = $8"));
const HORIZON: Statement = Statement::new("trail.horizon", horizon!(""));
const HORIZON_USER: Statement = Statement::new(
    "trail.horizon_user",
    horizon!(" and user_object = $3 and coalesce(client, 0) = coalesce($4, client, 0)"),
);
const HORIZON_CLIENT: Statement = Statement::new("trail.horizon_client", horizon!(" and client = $3"));
const UP_TO: Statement =
    Statement::new("trail.up_to", "select id from audit where at < $1 order by at desc limit 1");

const NAMES: Statement = Statement::new(
    "trail.names",
    "select distinct e.event from (select event from audit order by id desc limit $1) e order by e.event",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[FOUND, FOUND_USER, FOUND_CLIENT, HORIZON, HORIZON_USER, HORIZON_CLIENT, UP_TO, NAMES];

/// Rows that one question looks at.
pub const LOOKED_AT: i64 = 20_000;
/// Events that are counted carry the minute in which they began, and nodes write side by side: rows may stand
/// this far from where their time belongs.
const SLACK_SECONDS: i64 = 300;

/// Which events are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this name.
    pub event: Option<String>,
    /// Done by this user, or for them.
    pub user: Option<ObjectId>,
    /// Through this client.
    pub client: Option<ObjectId>,
    /// From this address.
    pub address: Option<String>,
    /// Since then.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

/// An event as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number in the trail.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: String,
    /// The name of its user; none where there is none, or none any longer.
    pub username: Option<String>,
    /// The `client_id` of its client.
    pub client_id: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// What else is known: JSON.
    pub detail: String,
}

/// Part of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The events that were asked for, the newest first.
    pub events: Vec<Shown>,
    /// Where to go on; none at the end of what is kept, or of what was asked for.
    pub next: Option<i64>,
    /// How far back was looked.
    pub back_to: Option<Timestamp>,
}

/// The number to begin at for events before `until`.
///
/// # Errors
/// The database failed.
pub async fn beginning(reader: &mut Reader, until: Option<Timestamp>) -> Result<i64, StoreError> {
    let Some(until) = until else { return Ok(i64::MAX) };
    let row = reader.row(UP_TO, values![until.plus_seconds(SLACK_SECONDS)]).await?;
    row.map_or(Ok(0), |row| Ok(row.int(0)?.saturating_add(1)))
}

/// Events before the number `before`, at most `limit`, among the [`LOOKED_AT`] rows before it that are of the
/// filter's user or else client.
///
/// # Errors
/// The database failed.
pub async fn read(reader: &mut Reader, filter: &Filter, before: i64, limit: i64) -> Result<Part, StoreError> {
    let from = filter.from.unwrap_or(Timestamp::from_millis(0));
    let until = filter.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    let asked =
        values![before, LOOKED_AT, filter.event.as_deref(), filter.address.as_deref(), from, until, limit,];
    let (found, horizon, whose): (Statement, Statement, Vec<Value>) = match (filter.user, filter.client) {
        (Some(user), client) => (FOUND_USER, HORIZON_USER, values![user, client]),
        (None, Some(client)) => (FOUND_CLIENT, HORIZON_CLIENT, values![client]),
        (None, None) => (FOUND, HORIZON, values![]),
    };
    let rows = reader.rows(found, [asked, whose.clone()].concat()).await?;
    let events: Vec<Shown> = rows.iter().map(shown).collect::<Result<_, _>>()?;
    if i64::try_from(events.len()).is_ok_and(|count| count == limit) {
        let last = events.last();
        return Ok(Part { next: last.map(|event| event.id), back_to: last.map(|event| event.at), events });
    }
    let row = reader.row(horizon, [values![before, LOOKED_AT], whose].concat()).await?;
    let Some(row) = row else { return Ok(Part { events, ..Part::default() }) };
    let (oldest, back_to, count) = (row.int_opt(0)?, row.time_opt(1)?, row.int(2)?);
    let past = back_to.is_some_and(|at| at < from.plus_seconds(-SLACK_SECONDS));
    Ok(Part { events, next: oldest.filter(|_| count == LOOKED_AT && !past), back_to })
}

/// What the newest [`LOOKED_AT`] events are called, each name once, in order.
///
/// # Errors
/// The database failed.
pub async fn names(reader: &mut Reader) -> Result<Vec<String>, StoreError> {
    reader.rows(NAMES, values![LOOKED_AT]).await?.iter().map(|row| row.text(0)).collect()
}

fn shown(row: &Row) -> Result<Shown, StoreError> {
    Ok(Shown {
        id: row.int(0)?,
        at: row.time(1)?,
        event: row.text(2)?,
        username: row.text_opt(3)?,
        client_id: row.text_opt(4)?,
        address: row.text_opt(5)?,
        detail: row.text(6)?,
    })
}
