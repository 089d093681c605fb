//! Connections: one that reads, one that writes.

use super::pool::Lent;
use super::postgres::Postgres;
use super::sqlite::{Sqlite, apart};
use super::{Row, Statement, StoreError, Value};
use crate::fresh::Change;

/// Which database stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite, inside the process.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Every way a connection is held; dropping one returns it, rolled back where it was in a transaction.
pub(super) enum Held {
    SqliteReader(Lent<Sqlite>),
    SqliteWriter(Box<Sqlite>),
    Postgres(Lent<Postgres>),
}

enum Borrowed<'c> {
    Sqlite(&'c mut Sqlite),
    Postgres(&'c mut Postgres),
}

/// How long a statement may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// It stands in the catalogue, finds its rows by an index, and is done at once.
    Short,
    /// A list: who can tell?
    Unknown,
}

impl Held {
    fn borrow(&mut self) -> Result<Borrowed<'_>, StoreError> {
        Ok(match self {
            Self::SqliteReader(lent) => Borrowed::Sqlite(lent.connection()?),
            Self::SqliteWriter(connection) => Borrowed::Sqlite(connection),
            Self::Postgres(lent) => Borrowed::Postgres(lent.connection()?),
        })
    }

    fn engine(&self) -> Engine {
        match self {
            Self::SqliteReader(_) | Self::SqliteWriter(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    pub(super) async fn rows(
        &mut self,
        sql: &str,
        values: Vec<Value>,
        length: Length,
    ) -> Result<Vec<Row>, StoreError> {
        refuse_nul(&values)?;
        match self.borrow()? {
            Borrowed::Sqlite(connection) if length == Length::Short => connection.rows(sql, &values),
            Borrowed::Sqlite(connection) => apart(|| connection.rows(sql, &values)),
            Borrowed::Postgres(connection) => connection.rows(sql, values).await,
        }
    }

    pub(super) async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        refuse_nul(&values)?;
        match self.borrow()? {
            Borrowed::Sqlite(connection) => connection.run(sql, &values),
            Borrowed::Postgres(connection) => connection.run(sql, values).await,
        }
    }

    /// Runs a text of several statements, without values.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        match self.borrow()? {
            Borrowed::Sqlite(connection) => connection.script(sql),
            Borrowed::Postgres(connection) => connection.script(sql).await,
        }
    }
}

/// PostgreSQL has no text with U+0000; SQLite, which would take it, refuses it all the same.
fn refuse_nul(values: &[Value]) -> Result<(), StoreError> {
    let holds_nul = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
    if values.iter().any(holds_nul) { Err(StoreError::NulInText) } else { Ok(()) }
}

macro_rules! queries {
    () => {
        /// The rows a statement answers.
        ///
        /// # Errors
        /// The database failed.
        pub async fn rows(
            &mut self,
            statement: Statement,
            values: Vec<Value>,
        ) -> Result<Vec<Row>, StoreError> {
            self.held.rows(statement.sql, values, Length::Short).await
        }

        /// The first row a statement answers.
        ///
        /// # Errors
        /// The database failed.
        pub async fn row(
            &mut self,
            statement: Statement,
            values: Vec<Value>,
        ) -> Result<Option<Row>, StoreError> {
            Ok(self.rows(statement, values).await?.into_iter().next())
        }

        /// The rows of a text composed from typed fragments (lists; rules of the metadata 3). Values
        /// are always bound, never written into the text.
        ///
        /// # Errors
        /// The database failed.
        pub async fn rows_composed(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
            self.held.rows(sql, values, Length::Unknown).await
        }

        /// Which database stands behind.
        #[must_use]
        pub fn engine(&self) -> Engine {
            self.held.engine()
        }
    };
}

/// A connection that reads and cannot change anything.
pub struct Reader {
    pub(super) held: Held,
}

impl Reader {
    queries!();
}

/// A transaction that writes. Whatever it did is gone unless the whole [`Write`](super::Write) succeeds.
pub struct Tx {
    pub(super) held: Held,
    /// What was appended to the change log.
    pub(crate) changes: Vec<Change>,
}

impl Tx {
    pub(super) const fn new(held: Held) -> Self {
        Self { held, changes: Vec::new() }
    }

    queries!();

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// The database failed or a unique index refused.
    pub async fn run(&mut self, statement: Statement, values: Vec<Value>) -> Result<u64, StoreError> {
        self.held.run(statement.sql, values).await
    }

    /// Runs a text composed from typed fragments and says how many rows it touched.
    ///
    /// # Errors
    /// The database failed or a unique index refused.
    pub async fn run_composed(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        self.held.run(sql, values).await
    }

    /// Runs a text of several statements, for migrations.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.held.script(sql).await
    }
}
