//! How clients are used: when last, how many tokens live, how often they asked, day by day.

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Statement, StoreError, Tx, Write, values};

const LAST: Statement = Statement::new("client.last_used", "select last_used from client where object = $1");
// More are not counted: nobody reads the difference.
const LIVE: Statement = Statement::new(
    "client.live_tokens",
    "select count(*) from (
       select 1 as one from oauth_grant g join access_token t on t.grant_id = g.id
       where g.client = $1 and g.ended is null and t.expires > $2 limit 1001) live",
);
const COUNT: Statement = Statement::new(
    "client_day.count",
    "insert into client_day (client, day, requests) select object, cast($2 as bigint), cast($3 as bigint) from client where object = $1
     on conflict (client, day) do update set requests = client_day.requests + excluded.requests",
);
const DAYS: Statement = Statement::new(
    "client_day.of_client",
    "select day, requests from client_day where client = $1 and day >= $2 order by day",
);
const PURGE: Statement = Statement::new(
    "client_day.purge",
    "delete from client_day where (client, day) in (
       select client, day from client_day where day < $1 order by day limit $2)",
);

pub(crate) const STATEMENTS: &[Statement] = &[LAST, LIVE, COUNT, DAYS, PURGE];

/// Days that are kept and shown.
pub const DAYS_KEPT: i64 = 30;

/// How a client is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// When it was used last, as far as that is written.
    pub last: Option<Timestamp>,
    /// Its access tokens that work; 1,001 stands for more than a thousand.
    pub live_tokens: i64,
}

/// How a client is used.
///
/// # Errors
/// The database failed.
pub async fn of_client(reader: &mut Reader, client: ObjectId, now: Timestamp) -> Result<Use, StoreError> {
    let last = reader.row(LAST, values![client]).await?.map(|row| row.time_opt(0)).transpose()?.flatten();
    let live = reader.row(LIVE, values![client, now]).await?.map(|row| row.int(0)).transpose()?;
    Ok(Use { last, live_tokens: live.unwrap_or_default() })
}

/// The day of a time, counted from 1970 in UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> i64 {
    at.seconds().div_euclid(86_400)
}

/// How often a client asked for tokens on each of the last [`DAYS_KEPT`] days, today last.
///
/// # Errors
/// The database failed.
pub async fn days(reader: &mut Reader, client: ObjectId, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    let first = day_of(now) - DAYS_KEPT + 1;
    let mut days = vec![0; usize::try_from(DAYS_KEPT).unwrap_or_default()];
    for row in reader.rows(DAYS, values![client, first]).await? {
        let place = usize::try_from(row.int(0)? - first).ok();
        if let Some(day) = place.and_then(|place| days.get_mut(place)) {
            *day = row.int(1)?;
        }
    }
    Ok(days)
}

/// Adds what was counted in memory.
#[derive(Debug, Clone)]
pub struct CountRequests {
    /// Client, day, how often. Sorted, so that two nodes take their rows in the same order.
    pub counts: Vec<(ObjectId, i64, i64)>,
}

impl Write for CountRequests {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (client, day, requests) in &self.counts {
            tx.run(COUNT, values![*client, *day, *requests]).await?;
        }
        Ok(())
    }
}

/// Takes away days that are shown no more.
pub(super) async fn purge(tx: &mut Tx, now: Timestamp, batch: i64) -> Result<u64, StoreError> {
    tx.run(PURGE, values![day_of(now) - DAYS_KEPT, batch]).await
}
