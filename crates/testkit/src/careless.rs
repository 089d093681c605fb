//! A database connection as it must not be, to show that tests of durability see the difference.

use std::path::Path;

use rusqlite::Connection;

/// Opens an SQLite file with `synchronous=OFF`.
pub fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).expect("it opens");
    run(&connection, "pragma journal_mode = wal; pragma synchronous = off;");
    connection
}

/// Runs statements without values.
pub fn run(connection: &Connection, sql: &str) {
    connection.execute_batch(sql).expect("it obeys");
}
