//! Opening a store and handing out its readers.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, PgPool, SqlitePool};

use super::connection::Held;
use super::writer::Writer;
use super::{Engine, Reader, StoreError, Tx, Write};
use crate::migrate;

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file, made when it is absent.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host/database`.
    Postgres(String),
}

impl Location {
    /// The SQLite file at `path`.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_owned())
    }
}

/// How many connections a store holds.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// Connections that read, at most. PostgreSQL writes through the same.
    pub connections: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 8 }
    }
}

/// Everything Kibali keeps. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Store {
    readers: Readers,
    writer: Writer,
}

#[derive(Clone)]
enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached, was migrated by a newer Kibali, or does not keep what it
    /// acknowledges.
    pub async fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        let store = Self::connect(location, options).await?;
        migrate::up(&store).await?;
        Ok(store)
    }

    async fn connect(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => Self::connect_sqlite(path, options).await,
            Location::Postgres(url) => Self::connect_postgres(url, options).await,
        }
    }

    async fn connect_sqlite(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-4096")
            .disable_statement_logging();
        // The writer connects first: it makes the file and sets the journal mode.
        let mut held = Held::SqliteWriter(Box::new(connect.clone().connect().await?));
        require_durable(&mut held).await?;
        let pool = SqlitePoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(connect.pragma("query_only", "on"));
        Ok(Self { readers: Readers::Sqlite(pool), writer: Writer::sqlite(Tx { held }) })
    }

    async fn connect_postgres(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(connect)
            .await?;
        Ok(Self { readers: Readers::Postgres(pool.clone()), writer: Writer::Postgres(pool) })
    }

    /// Which database stands behind.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.readers {
            Readers::Sqlite(_) => Engine::Sqlite,
            Readers::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection that reads; each statement sees the newest committed state.
    ///
    /// # Errors
    /// No connection became free in ten seconds.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        let held = match &self.readers {
            Readers::Sqlite(pool) => Held::SqliteReader(pool.acquire().await?),
            Readers::Postgres(pool) => Held::PostgresReader(pool.acquire().await?),
        };
        Ok(Reader { held })
    }

    /// A connection that reads; all its statements see one state.
    ///
    /// # Errors
    /// As [`Store::reader`].
    pub async fn snapshot(&self) -> Result<Reader, StoreError> {
        let held = match &self.readers {
            Readers::Sqlite(pool) => Held::SqliteSnapshot(pool.begin().await?),
            Readers::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                transaction.execute("set transaction isolation level repeatable read read only").await?;
                Held::PostgresTransaction(transaction)
            }
        };
        Ok(Reader { held })
    }

    /// Makes a change and answers once it is durable.
    ///
    /// # Errors
    /// What the change itself refuses, or the database.
    pub async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        self.writer.write(write).await
    }

    /// Finishes the writes already accepted and closes every connection. Later calls are refused as
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        if let Readers::Sqlite(pool) = &self.readers {
            pool.close().await;
        }
        self.writer.close().await;
    }
}

/// Reads back what the writer's connection promises (rules of the door 8).
async fn require_durable(held: &mut Held) -> Result<(), StoreError> {
    for (pragma, wanted) in [("journal_mode", "wal"), ("synchronous", "2")] {
        let rows =
            held.rows(&format!("select cast({pragma} as text) from pragma_{pragma}"), Vec::new()).await?;
        let found = rows.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
        if found != wanted {
            return Err(StoreError::NotDurable(format!("{pragma} is {found}, not {wanted}")));
        }
    }
    Ok(())
}
