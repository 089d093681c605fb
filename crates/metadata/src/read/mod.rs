//! Reading: what a request for objects needs, and how what was loaded looks.
//!
//! The way of a read: the parsed `fields` become a [`Shape`] (what is shown, and therefore loaded, at each
//! level), the parsed filters a [`Predicate`], the order a list of [`SortKey`]s. The store loads what they
//! ask for into a [`Loaded`] tree of the same form as the shape, and [`Projector`] writes it as JSON.
//! All of it is pure; only the store's part touches a database.

mod access;
mod choose;
mod error;
mod filter;
mod leaf;
mod loaded;
mod order;
mod page;
mod predicate;
mod project;
mod resolve;
mod shape;
mod test;
#[cfg(test)]
mod tests;
mod values;

pub use access::AccessMap;
pub use error::ReadError;
pub use filter::resolve_filters;
pub use loaded::{Account, Link, Loaded, More, People, Person, Record, Slot, Translation};
pub use order::{SortKey, SortTerm, resolve_order};
pub use page::Pager;
pub use predicate::{DocumentValue, IntKey, Predicate, Residual, Source, Step, TextKey};
pub use project::{Projector, View};
pub use resolve::resolve_fields;
pub use shape::{Entry, Need, Needs, Shape, Show, Want};
pub use test::{Comparison, How, Scalar, Test};

/// References emitted by one answer at most.
pub const MAX_REFERENCES: usize = 1_000_000;
/// Objects whose documents one request may look into for a filter or an order.
pub const MAX_RESIDUAL: usize = 300_000;
