//! The two engines behind one set of types: connections, statements, rows, and the single writer.

mod append;
mod appends;
mod batches;
mod connection;
mod error;
mod pool;
mod postgres;
mod queue;
mod row;
mod sqlite;
mod statement;
mod store;
mod told;
mod writer;

pub use append::Append;
pub use connection::{Engine, Reader, Tx};
pub use error::StoreError;
pub use row::Row;
pub use statement::{Statement, Value};
pub(crate) use store::Readers;
pub use store::{Location, Store, StoreOptions};
pub use writer::Write;
