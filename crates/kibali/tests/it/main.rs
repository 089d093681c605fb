//! The promises of the application, on SQLite and PostgreSQL. A module per area.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // tests
#![allow(clippy::disallowed_methods)] // tests may look at the clock

mod account;
mod accounts;
mod api_tokens;
mod appends;
mod audit;
mod bad_input;
mod between;
mod binary;
mod clients;
mod code;
mod documents;
mod durability;
mod families;
mod foundation;
mod freshness;
mod grants;
mod guard;
mod house;
mod identity;
mod mail;
mod me;
mod metadata_import;
mod metadata_read;
mod metadata_write;
mod oauth2;
mod pages;
mod purge;
mod quiet;
mod refused;
mod registration;
mod registry;
mod schemas;
mod sealed;
mod seeing;
mod settings;
mod sharing;
mod shut_out;
mod signing_keys;
mod spent;
mod statements;
mod store;
mod token;
mod two_factor;
mod why;
