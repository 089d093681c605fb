//! The only room with SQL: everything Kibali keeps, on SQLite or PostgreSQL, behind one [`Store`].
//!
//! Reads and writes are different types. A [`Reader`] cannot change anything; a change is a value that
//! implements [`Write`] and is applied whole or not at all. This crate runs plans made elsewhere: it
//! takes no protocol decisions, makes no secrets, and never reads a clock; times arrive as arguments.

pub mod catalogue;
pub mod door;
mod engine;
pub mod fresh;
mod migrate;
pub mod objects;

pub use engine::{
    Append, Engine, Location, Reader, Row, Statement, Store, StoreError, StoreOptions, Tx, Value, Write,
};
