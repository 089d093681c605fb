//! HTTP: the doors `uaa/`, `oauth2/` and `pages/`, the Web API `api/`, and one table that renders every refusal.
//!
//! This crate turns requests into calls of the rooms that decide and store, and their answers into
//! bytes. It holds no SQL and takes no protocol decision.

mod account;
pub mod api;
pub mod audit;
mod authorize;
pub mod body;
pub mod clients;
mod exchange;
mod factor;
pub mod guard;
pub mod identity;
pub mod keys;
pub mod logout;
pub mod mail;
mod oauth2;
pub mod outbound;
pub mod pages;
pub mod refusal;
pub mod registration;
mod rooms;
pub mod settings;
pub mod speech;
mod state;
mod system_settings;
pub mod uaa;
pub mod why;

pub use refusal::Refusal;
pub use rooms::Rooms;
pub use settings::Settings;
pub use state::{App, Parts};
