//! The change log: what every node must forget (rules of the door 7).

use kibali_model::{ObjectId, Timestamp};

use crate::fresh::Change;
use crate::{Engine, Reader, Statement, StoreError, Tx, values};

const RECORD: Statement =
    Statement::new("change.record", "insert into change (topic, subject, at) values ($1, $2, $3)");
const SINCE: Statement = Statement::new(
    "change.since",
    "select seq, topic, subject from change where seq > $1 order by seq limit $2",
);
const LAST: Statement = Statement::new("change.last", "select coalesce(max(seq), 0) from change");

pub(crate) const STATEMENTS: &[Statement] = &[RECORD, SINCE, LAST];

/// Rows read at once.
pub(crate) const PAGE: usize = 1000;
/// Where PostgreSQL tells that the log moved.
pub(crate) const CHANNEL: &str = "kibali_change";
/// Whoever appends on PostgreSQL waits for the one before to commit, so that numbers appear in their order
/// and a reader misses none; then leaves word.
const IN_ORDER: &str = "select pg_advisory_xact_lock(7462)";
const LEAVE_WORD: &str = "select pg_notify('kibali_change', '')";

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A grant: it ended.
    Grant,
    /// Tokens of a grant that itself stands: some are gone.
    Token,
    /// A session.
    Session,
    /// A system setting.
    Setting,
    /// A user: its account, roles, groups, organisation units or personal access tokens.
    User,
    /// A role.
    Role,
    /// A user group.
    Group,
    /// A client.
    Client,
    /// An organisation unit.
    Unit,
    /// A data set, or who may see it.
    DataSet,
    /// A key that tokens are signed with.
    Key,
}

impl Topic {
    const EVERY: [Self; 11] = [
        Self::Grant,
        Self::Token,
        Self::Session,
        Self::Setting,
        Self::User,
        Self::Role,
        Self::Group,
        Self::Client,
        Self::Unit,
        Self::DataSet,
        Self::Key,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Token => "token",
            Self::Session => "session",
            Self::Setting => "setting",
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Client => "client",
            Self::Unit => "unit",
            Self::DataSet => "dataSet",
            Self::Key => "key",
        }
    }
}

/// Appends a row, in the transaction that changes.
///
/// # Errors
/// The database failed.
pub async fn record(
    tx: &mut Tx,
    topic: Topic,
    subject: Option<ObjectId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if tx.changes.is_empty() && tx.engine() == Engine::Postgres {
        tx.rows_composed(IN_ORDER, Vec::new()).await?;
        tx.rows_composed(LEAVE_WORD, Vec::new()).await?;
    }
    tx.run(RECORD, values![topic.as_str(), subject, now]).await?;
    tx.changes.push(Change { topic, subject });
    Ok(())
}

/// A row of the log.
pub(crate) struct Logged {
    /// Its number.
    pub(crate) sequence: i64,
    /// What it says; none when it names a topic that this Kibali does not know.
    pub(crate) change: Option<Change>,
}

/// The rows after `sequence`, oldest first, at most [`PAGE`].
pub(crate) async fn read_since(reader: &mut Reader, sequence: i64) -> Result<Vec<Logged>, StoreError> {
    let rows = reader.rows(SINCE, values![sequence, i64::try_from(PAGE).unwrap_or(i64::MAX)]).await?;
    let logged = rows.iter().map(|row| {
        let name = row.text(1)?;
        let topic = Topic::EVERY.into_iter().find(|topic| topic.as_str() == name);
        let subject = row.int_opt(2)?.map(ObjectId);
        Ok(Logged { sequence: row.int(0)?, change: topic.map(|topic| Change { topic, subject }) })
    });
    logged.collect()
}

/// The number of the newest row.
pub(crate) async fn last(reader: &mut Reader) -> Result<i64, StoreError> {
    let row = reader.row(LAST, values![]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}
