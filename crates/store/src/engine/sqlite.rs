//! SQLite is called, not messaged: a statement runs on the thread that asks for it (docs/decisions/0015).
//!
//! A message to a thread of the connection and back costs several times what a short statement does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::pool::Connect;
use super::{Row, StoreError, Value};

/// Statements that a connection keeps prepared.
const PREPARED: usize = 100;

/// The one that writes: every commit reaches the disk. 4 MiB of memory for pages. The log goes back into the file after some
/// commits (`batches.rs`), and within one where it has 16 MiB.
const WRITES: &str = "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
                      pragma cache_size = -4096; pragma wal_autocheckpoint = 4000;";
/// Those that read: they are many, and a page that one lacks is one copy away in the system's cache. 1 MiB.
const READS: &str = "pragma query_only = on; pragma cache_size = -1024;";

/// A connection.
pub(crate) struct Sqlite {
    raw: Connection,
    /// It is in a transaction that reads.
    snapshot: bool,
}

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
        Ok(Self { raw: connection, snapshot: false })
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
        Ok(self.raw.changes())
    }

    /// Runs a text of several statements, without values.
    pub(super) fn script(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.raw.execute_batch(sql)?)
    }

    /// From now on all its statements see one state.
    pub(super) fn hold_still(&mut self) -> Result<(), StoreError> {
        self.run("begin", &[])?;
        self.snapshot = true;
        Ok(())
    }

    pub(super) fn leave(self) -> Result<(), StoreError> {
        self.raw.close().map_err(|(_, error)| error.into())
    }

    fn prepared(&self, sql: &str, values: &[Value]) -> Result<CachedStatement<'_>, StoreError> {
        let mut statement = self.raw.prepare_cached(sql)?;
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

/// Where connections that read lead.
pub(crate) struct Reads {
    pub(super) path: PathBuf,
    pub(super) lock_patience: Duration,
}

impl Connect for Sqlite {
    type To = Reads;

    async fn connect(to: &Reads) -> Result<Self, StoreError> {
        Self::open(&to.path, READS, to.lock_patience)
    }

    async fn lives(&mut self) -> bool {
        true
    }

    /// One that cannot leave its transaction is no use to the next.
    fn is_at_rest(&mut self) -> bool {
        self.snapshot = self.snapshot && self.run("rollback", &[]).is_err();
        !self.snapshot
    }

    async fn settle(&mut self) -> bool {
        false
    }

    async fn close(self) -> Result<(), StoreError> {
        self.leave()
    }
}
