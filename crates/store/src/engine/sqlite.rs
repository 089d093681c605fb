//! SQLite is called, not messaged: a statement runs on the thread that asks for it (docs/decisions/0015).
//!
//! A message to a thread of the connection and back costs several times what a short statement does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Row, StoreError, Value};

/// How long a caller waits for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared.
const PREPARED: usize = 100;

/// The one that writes: every commit reaches the disk. 4 MiB of memory for pages.
const WRITES: &str = "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
                      pragma cache_size = -4096;";
/// Those that read: they are many, and a page that one lacks is one copy away in the system's cache. 1 MiB.
const READS: &str = "pragma query_only = on; pragma cache_size = -1024;";

/// A connection.
pub(super) struct Sqlite(Connection);

impl Sqlite {
    /// The connection that writes; makes the file when it is absent.
    pub(super) fn writer(path: &Path, lock_patience: Duration) -> Result<Self, StoreError> {
        Self::open(path, WRITES, lock_patience)
    }

    fn open(path: &Path, pragmas: &str, lock_patience: Duration) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(lock_patience)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.execute_batch(pragmas)?;
        Ok(Self(connection))
    }

    pub(super) fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepared(sql, values)?;
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let columns: Result<_, _> = (0..width).map(|at| row.get(at)).collect();
            found.push(Row::Sqlite(columns?));
        }
        Ok(found)
    }

    pub(super) fn run(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.prepared(sql, values)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(self.0.changes())
    }

    /// Runs a text of several statements, without values.
    pub(super) fn script(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.0.execute_batch(sql)?)
    }

    pub(super) fn close(self) -> Result<(), StoreError> {
        self.0.close().map_err(|(_, error)| error.into())
    }

    fn prepared(&self, sql: &str, values: &[Value]) -> Result<CachedStatement<'_>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        for place in 1..=statement.parameter_count() {
            // SQLite takes `$2` for a name, and counts names in the order in which they appear.
            let number =
                statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
            let value = number.and_then(|number| values.get(number.checked_sub(1)?));
            let value = value.ok_or_else(|| StoreError::Corrupt("a statement lacks a value".to_owned()))?;
            statement.raw_bind_parameter(place, value)?;
        }
        Ok(statement)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => value.map_or(ValueRef::Null, ValueRef::Integer),
            Self::Text(value) => {
                value.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
            }
            Self::Bytes(value) => value.as_ref().map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes)),
        }))
    }
}

/// Runs what may take long without holding up the tasks that wait for this thread.
pub(super) fn apart<T>(call: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(call),
        _ => call(),
    }
}

/// Connections that read one file, made as they are needed.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    most: u32,
}

struct Shared {
    path: PathBuf,
    lock_patience: Duration,
    idle: Mutex<Vec<Sqlite>>,
}

impl Shared {
    fn take(&self) -> Option<Sqlite> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Pool {
    pub(super) fn new(path: &Path, most: u32, lock_patience: Duration) -> Self {
        let shared = Arc::new(Shared { path: path.to_owned(), lock_patience, idle: Mutex::default() });
        Self { shared, room: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// A connection of one's own, until it is dropped.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let place = timeout(PATIENCE, Arc::clone(&self.room).acquire_owned()).await;
        let place = place.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Closed)?;
        let connection = match self.shared.take() {
            Some(connection) => connection,
            None => Sqlite::open(&self.shared.path, READS, self.shared.lock_patience)?,
        };
        Ok(Lent {
            connection: Some(connection),
            shared: Arc::clone(&self.shared),
            snapshot: false,
            _place: place,
        })
    }

    /// Lends no more, and closes every connection when it has come back. One that does not within `patience` is not
    /// waited for: it only reads.
    pub(super) async fn close(&self, patience: Duration) {
        let all = timeout(patience, self.room.acquire_many(self.most)).await;
        self.room.close();
        drop(all);
        while let Some(connection) = self.shared.take() {
            if let Err(error) = connection.close() {
                tracing::warn!(%error, "a connection that reads did not close cleanly");
            }
        }
    }
}

/// A connection on loan; dropping it gives it back.
pub(super) struct Lent {
    connection: Option<Sqlite>,
    shared: Arc<Shared>,
    /// It is in a transaction.
    snapshot: bool,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    /// From now on all its statements see one state.
    pub(super) fn hold_still(&mut self) -> Result<(), StoreError> {
        self.connection()?.run("begin", &[])?;
        self.snapshot = true;
        Ok(())
    }

    pub(super) fn connection(&mut self) -> Result<&mut Sqlite, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Closed)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // One that cannot leave its transaction is no use to the next.
        if !self.snapshot || connection.run("rollback", &[]).is_ok() {
            self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[tokio::test]
    async fn a_reader_that_does_not_come_back_is_not_waited_for_when_the_store_closes() {
        let pool = Pool::new(Path::new("read by nobody"), 2, PATIENCE);
        let reads = Arc::clone(&pool.room).acquire_owned().await.unwrap();
        timeout(PATIENCE, pool.close(Duration::from_millis(1))).await.unwrap();
        assert!(matches!(pool.lend().await, Err(StoreError::Closed)));
        drop(reads);
        assert!(matches!(pool.lend().await, Err(StoreError::Closed)));
    }
}
