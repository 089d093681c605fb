//! Objects of every kind: the facts a plan needs, and the rows it writes.

pub mod facts;
mod sql;
pub mod write;
pub(crate) mod write_side;
