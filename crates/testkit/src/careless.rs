//! A database connection as it must not be, to show that tests of durability see the difference.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqliteConnection};

/// Opens an SQLite file with `synchronous=OFF`.
pub async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging();
    options.connect().await.expect("it opens")
}

/// Runs statements without values.
pub async fn run(connection: &mut SqliteConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.expect("it obeys");
}
