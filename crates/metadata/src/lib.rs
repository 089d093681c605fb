//! The metadata engine's decisions: which kinds exist and what their properties are, the language of
//! `fields`, `filter` and `order`, what a read needs, and what an import would change.
//!
//! Everything here is a pure function of its arguments. This crate never touches a database, a socket,
//! a clock or a source of randomness; `store` runs the plans made here.

pub mod acl;
pub mod client;
pub mod document;
mod fold;
pub mod import;
pub mod kind;
pub mod kinds;
pub mod language;
pub mod read;
mod registry;
pub mod schema;

pub use fold::fold;
pub use kind::Kind;
pub use registry::{Edge, EdgeEnd, Registry, RegistryError};
