//! What an import would change, decided without touching a database.
//!
//! The way of an import (rules of the metadata 4): a payload is parsed into items; the planner says
//! which facts it needs; the store answers with facts; the planner decides the changes and a
//! report; the store writes them. Creating, replacing, patching and deleting one object, and the verbs on
//! nested collections, are imports of one item.

mod alone;
mod changes;
mod facts;
mod fault;
mod item;
mod params;
mod parse;
mod patch;
mod plan;
mod report;
mod rules;
mod shape;
mod sharing;

pub use alone::check_alone;
pub use changes::{AccountRow, Changes, ClientRow, Keeping, ObjectRow, SecretWork, Topic, TreeMove};
pub use facts::{AccountFacts, Ask, DEPENDANTS_READ, Dependants, Detail, Facts, Head, Key, Needs, Reference};
pub use fault::{Code, Fault};
pub use item::{Batch, Edit, Element, Given, GivenSharing, GivenTranslation, Ident, Item, Sensitive};
pub use params::{AtomicMode, Identifier, ImportMode, ImportParams, ImportStrategy, MergeMode, ReportMode};
pub use parse::{Door, parse_object, parse_payload, read, read_translations};
pub use patch::{PatchError, Patched, compile};
pub use plan::{Action, Context, Outcome, Plan, plan};
pub use report::{ErrorReport, ImportReport, ObjectReport, Stats, Status, TypeReport, Warning};
pub use rules::{is_bcrypt, is_redirect, is_secure_redirect};
pub use shape::{is_absent, is_email, is_url};
pub use sharing::read_sharing;
