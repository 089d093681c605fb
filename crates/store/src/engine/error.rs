//! What can go wrong with the database.

/// A database refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique index refused the row; the text is the index or column as the engine names it.
    #[error("a row with the same {0} exists")]
    Duplicate(String),
    /// The object was changed by someone else since it was read.
    #[error("the object was changed since it was read")]
    Stale,
    /// Whoever asks was shut out meanwhile: the account is closed, its password was changed, or the session has ended.
    #[error("whoever asks for the write was shut out meanwhile")]
    Gone,
    /// The reads or writes waiting in line are too many, or another process holds the database; try again.
    #[error("too many reads or writes are waiting, or another process holds the database")]
    Busy,
    /// The batch this write shared with others could not be committed; nothing of it stands.
    #[error("the write was not committed: {0}")]
    NotCommitted(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// The database was migrated by a newer Kibali.
    #[error("the database has schema {found}, this Kibali knows {known}: use a newer Kibali")]
    SchemaTooNew {
        /// Version found.
        found: i64,
        /// Newest version this binary knows.
        known: i64,
    },
    /// The engine would not keep what it acknowledges.
    #[error("the database is not durable: {0}")]
    NotDurable(String),
    /// A text holds U+0000, which PostgreSQL cannot keep or look for.
    #[error("a text holds the character U+0000")]
    NulInText,
    /// A column that is never null was null; its position.
    #[error("column {0} is null")]
    UnexpectedNull(usize),
    /// What is stored cannot be read back.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// Everything else SQLite reports.
    #[error("the database failed: {0}")]
    Sqlite(rusqlite::Error),
    /// Everything else PostgreSQL's driver reports.
    #[error("the database failed: {0}")]
    Postgres(sqlx::Error),
}

impl StoreError {
    /// Would the same write, tried again, have a chance? PostgreSQL's serialization failures and
    /// deadlocks (SQLSTATE 40001, 40P01).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let Self::Postgres(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// The database understood the statement and refused it: nothing of it stands.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Duplicate(_) | Self::Postgres(sqlx::Error::Database(_)))
    }

    /// What each of those is told whose writes failed together.
    pub(super) fn for_each(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::Closed => Self::Closed,
            Self::Duplicate(name) => Self::Duplicate(name.clone()),
            error => Self::NotCommitted(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                let name = inner.constraint().map_or_else(|| inner.message().to_owned(), str::to_owned);
                Self::Duplicate(name)
            }
            _ => Self::Postgres(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match error {
            rusqlite::Error::SqliteFailure(failure, Some(message))
                if [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY]
                    .contains(&failure.extended_code) =>
            {
                Self::Duplicate(message)
            }
            // Another process held its lock for longer than is waited.
            error if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Self::Busy,
            error => Self::Sqlite(error),
        }
    }
}
