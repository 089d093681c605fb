//! Who still uses the password grant: counted in memory, added in batches, forgotten after a quarter of a year.

use kibali_model::{ObjectId, Timestamp};

use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const ADD: Statement = Statement::new(
    "password_use.add",
    "insert into password_grant_use (client, address, user_agent, first_seen, last_seen, times)
     values ($1, $2, $3, $4, $4, $5)
     on conflict (client, address, user_agent) do update
       set last_seen = case when excluded.last_seen > password_grant_use.last_seen
                            then excluded.last_seen else password_grant_use.last_seen end,
           times = password_grant_use.times + excluded.times",
);
const LATEST: Statement = Statement::new(
    "password_use.latest",
    "select o.uid, o.name, c.client_id, u.address, u.user_agent, u.first_seen, u.last_seen, u.times
     from password_grant_use u join client c on c.object = u.client join object o on o.id = u.client
     where u.last_seen < $1 order by u.last_seen desc limit $2",
);
const PURGE: Statement = Statement::new(
    "password_use.purge",
    "delete from password_grant_use where (client, address, user_agent) in (
       select client, address, user_agent from password_grant_use
       where last_seen < $1 order by last_seen limit $2)",
);

pub(crate) const STATEMENTS: &[Statement] = &[ADD, LATEST, PURGE];

/// How long a caller is remembered after it was last seen.
const KEPT_SECONDS: i64 = 92 * 86_400;

/// Calls of one sort: whose, from where, and what the caller names itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    /// The client.
    pub client: ObjectId,
    /// From where.
    pub address: String,
    /// What it names itself; empty where it does not.
    pub user_agent: String,
}

/// Adds what was counted in memory.
#[derive(Debug, Clone)]
pub struct AddPasswordUses {
    /// Who, how often, and when last. Sorted, so that two nodes take their rows in the same order.
    pub uses: Vec<(Caller, u64, Timestamp)>,
}

impl Write for AddPasswordUses {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (caller, times, last) in &self.uses {
            let times = i64::try_from(*times).unwrap_or(i64::MAX);
            let row =
                values![caller.client, caller.address.as_str(), caller.user_agent.as_str(), *last, times,];
            tx.run(ADD, row).await?;
        }
        Ok(())
    }
}

/// A caller that used the password grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordUse {
    /// Public identifier of the client.
    pub client_uid: String,
    /// What it is called.
    pub client_name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// From where.
    pub address: String,
    /// What it names itself.
    pub user_agent: String,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// How many tokens it got.
    pub times: i64,
}

/// Who used the password grant before `before`, the last first; at most `limit`.
///
/// # Errors
/// The database failed.
pub async fn latest(
    reader: &mut Reader,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<PasswordUse>, StoreError> {
    let rows = reader.rows(LATEST, values![before, limit]).await?;
    let read = |row: &Row| {
        Ok(PasswordUse {
            client_uid: row.text(0)?,
            client_name: row.text_opt(1)?.unwrap_or_default(),
            client_id: row.text(2)?,
            address: row.text(3)?,
            user_agent: row.text(4)?,
            first: row.time(5)?,
            last: row.time(6)?,
            times: row.int(7)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Takes away callers that were not seen for long.
pub(super) async fn purge(tx: &mut Tx, now: Timestamp, batch: i64) -> Result<u64, StoreError> {
    tx.run(PURGE, values![now.plus_seconds(-KEPT_SECONDS), batch]).await
}
