//! Connections: one that reads, one that writes.

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction,
};

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
    SqliteReader(PoolConnection<Sqlite>),
    SqliteSnapshot(Transaction<'static, Sqlite>),
    SqliteWriter(Box<SqliteConnection>),
    PostgresReader(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

enum Borrowed<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Held {
    fn borrow(&mut self) -> Borrowed<'_> {
        match self {
            Self::SqliteReader(connection) => Borrowed::Sqlite(connection),
            Self::SqliteSnapshot(transaction) => Borrowed::Sqlite(transaction),
            Self::SqliteWriter(connection) => Borrowed::Sqlite(connection),
            Self::PostgresReader(connection) => Borrowed::Postgres(connection),
            Self::PostgresTransaction(transaction) => Borrowed::Postgres(transaction),
        }
    }

    fn engine(&self) -> Engine {
        match self {
            Self::SqliteReader(_) | Self::SqliteSnapshot(_) | Self::SqliteWriter(_) => Engine::Sqlite,
            Self::PostgresReader(_) | Self::PostgresTransaction(_) => Engine::Postgres,
        }
    }

    pub(super) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        // A macro, because the two drivers' query types share no trait for binding.
        macro_rules! fetch {
            ($connection:expr, $row:path) => {{
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for value in values {
                    query = match value {
                        Value::Int(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                let rows = $connection.fetch_all(query).await?;
                Ok(rows.into_iter().map($row).collect())
            }};
        }
        refuse_nul(&values)?;
        match self.borrow() {
            Borrowed::Sqlite(connection) => fetch!(connection, Row::Sqlite),
            Borrowed::Postgres(connection) => fetch!(connection, Row::Postgres),
        }
    }

    pub(super) async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        macro_rules! execute {
            ($connection:expr) => {{
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for value in values {
                    query = match value {
                        Value::Int(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                Ok($connection.execute(query).await?.rows_affected())
            }};
        }
        refuse_nul(&values)?;
        match self.borrow() {
            Borrowed::Sqlite(connection) => execute!(connection),
            Borrowed::Postgres(connection) => execute!(connection),
        }
    }

    /// Runs a text of several statements, without values.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.borrow() {
            Borrowed::Sqlite(connection) => connection.execute(sql).await.map(drop)?,
            Borrowed::Postgres(connection) => connection.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteSnapshot(transaction) => Ok(transaction.commit().await?),
            Self::PostgresTransaction(transaction) => Ok(transaction.commit().await?),
            Self::SqliteReader(_) | Self::SqliteWriter(_) | Self::PostgresReader(_) => Ok(()),
        }
    }

    /// Lets go of the connection; the last one of an SQLite file empties its log into it.
    pub(super) async fn close(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteWriter(connection) => Ok(connection.close().await?),
            Self::SqliteReader(connection) => Ok(connection.close().await?),
            Self::PostgresReader(connection) => Ok(connection.close().await?),
            Self::SqliteSnapshot(transaction) => Ok(transaction.rollback().await?),
            Self::PostgresTransaction(transaction) => Ok(transaction.rollback().await?),
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
            self.held.rows(statement.sql, values).await
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
            self.held.rows(sql, values).await
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
