//! Opening a store and handing out its readers.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use super::connection::{Held, Length};
use super::pool::{PATIENCE, Pool};
use super::postgres::Postgres;
use super::sqlite::{Reads, Sqlite};
use super::told::Told;
use super::writer::Writer;
use super::{Append, Engine, Reader, Row, StoreError, Tx, Write};
use crate::door::changes;
use crate::fresh::{Feed, follow};
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
    /// Connections that read, at most; one more watches the change log. On PostgreSQL as many again write.
    pub connections: u32,
    /// Listen to PostgreSQL's notices of changes; without, the log is read twice a second.
    pub notices: bool,
    /// How long SQLite waits for a lock that another process has on the file.
    pub lock_patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 8, notices: true, lock_patience: Duration::from_secs(10) }
    }
}

/// Everything Kibali keeps. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Store {
    readers: Readers,
    writer: Writer,
    told: Told,
    /// Tells the follower of the change log to end; it lets go of its own end when it has.
    closing: watch::Sender<bool>,
}

/// Where readers come from.
#[derive(Clone)]
pub(crate) enum Readers {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>),
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
        let sequence = changes::last(&mut store.reader().await?).await?;
        for setting in store.doubts().await? {
            tracing::warn!(setting, "PostgreSQL has it off: what is acknowledged may be lost with the power");
        }
        let (readers, feed) = (store.readers.clone(), store.told.feed.clone());
        let closing = store.closing.subscribe();
        tokio::spawn(follow::follow(readers, feed, sequence, options.notices, closing));
        Ok(store)
    }

    async fn connect(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => Self::connect_sqlite(path, options).await,
            Location::Postgres(url) => Self::connect_postgres(url, options),
        }
    }

    async fn connect_sqlite(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        // The writer connects first: it makes the file and sets the journal mode.
        let mut held = Held::SqliteWriter(Box::new(Sqlite::writer(path, options.lock_patience)?));
        require_durable(&mut held).await?;
        let reads = Reads { path: path.to_owned(), lock_patience: options.lock_patience };
        let pool = Pool::new(reads, options.connections.saturating_add(1));
        let told = Told::default();
        let writer = Writer::sqlite(Tx::new(held), told.clone())?;
        Ok(Self { readers: Readers::Sqlite(pool), writer, told, closing: watch::channel(false).0 })
    }

    fn connect_postgres(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let writes = Pool::new(connect.clone(), options.connections);
        let reads = connect.options([("default_transaction_read_only", "on")]);
        let reads = Pool::new(reads, options.connections);
        let told = Told::default();
        let writer = Writer::postgres(writes, told.clone());
        Ok(Self { readers: Readers::Postgres(reads), writer, told, closing: watch::channel(false).0 })
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
        self.readers.reader().await
    }

    /// A connection that reads; all its statements see one state.
    ///
    /// # Errors
    /// As [`Store::reader`].
    pub async fn snapshot(&self) -> Result<Reader, StoreError> {
        let held = match &self.readers {
            Readers::Sqlite(pool) => {
                let mut lent = pool.lend().await?;
                lent.connection()?.hold_still()?;
                Held::SqliteReader(lent)
            }
            Readers::Postgres(pool) => {
                let mut lent = pool.lend().await?;
                lent.connection()?.begin("begin isolation level repeatable read read only").await?;
                Held::Postgres(lent)
            }
        };
        Ok(Reader { held })
    }

    /// The settings of the server by which it may lose what it acknowledged; none on SQLite, where opening
    /// refuses instead.
    ///
    /// # Errors
    /// The database failed.
    pub async fn doubts(&self) -> Result<Vec<String>, StoreError> {
        if self.engine() == Engine::Sqlite {
            return Ok(Vec::new());
        }
        let sql = "select name from pg_settings
                   where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'
                   order by name";
        let rows = self.reader().await?.rows_composed(sql, Vec::new()).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// What changes, for caches.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.told.feed
    }

    /// How many transactions of this store wrote since it was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.told.commits.load(Ordering::Relaxed)
    }

    /// Makes a change and answers once it is durable.
    ///
    /// # Errors
    /// What the change itself refuses, or the database.
    pub async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        self.writer.write(write).await
    }

    /// Adds rows that rest on nothing else, and answers once they are durable with what the first statement returns. On
    /// PostgreSQL all of it is one message, which those who come meanwhile share, where a [`Write`] takes one for each
    /// statement and two for its transaction.
    ///
    /// # Errors
    /// The database failed or a unique index refused.
    pub async fn append(&self, rows: Append) -> Result<Vec<Row>, StoreError> {
        self.writer.append(rows).await
    }

    /// Finishes the writes already accepted and closes every connection. Later calls are refused as
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        self.closing.send_replace(true);
        self.closing.closed().await;
        match &self.readers {
            Readers::Sqlite(pool) => pool.close(PATIENCE).await,
            Readers::Postgres(pool) => pool.close(PATIENCE).await,
        }
        self.writer.close().await;
    }
}

impl Readers {
    pub(crate) async fn reader(&self) -> Result<Reader, StoreError> {
        let held = match self {
            Self::Sqlite(pool) => Held::SqliteReader(pool.lend().await?),
            Self::Postgres(pool) => Held::Postgres(pool.lend().await?),
        };
        Ok(Reader { held })
    }
}

/// Reads back what the writer's connection promises (rules of the door 8).
async fn require_durable(held: &mut Held) -> Result<(), StoreError> {
    for (pragma, wanted) in [("journal_mode", "wal"), ("synchronous", "2")] {
        let sql = format!("select cast({pragma} as text) from pragma_{pragma}");
        let rows = held.rows(&sql, Vec::new(), Length::Short).await?;
        let found = rows.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
        if found != wanted {
            return Err(StoreError::NotDurable(format!("{pragma} is {found}, not {wanted}")));
        }
    }
    Ok(())
}
