//! What an import would change, decided without touching a database.
//!
//! The way of an import (rules of the metadata 4): a payload is parsed into items; the planner says
//! which facts it needs; the store answers with facts; the planner decides the changes and a
//! report; the store writes them. Creating, replacing, patching and deleting one object, and the verbs on
//! nested collections, are imports of one item.

mod fault;
mod params;
mod report;

pub use fault::{Code, Fault};
pub use params::{AtomicMode, Identifier, ImportMode, ImportParams, ImportStrategy, MergeMode, ReportMode};
pub use report::{ErrorReport, ImportReport, ObjectReport, Stats, Status, TypeReport, Warning};
