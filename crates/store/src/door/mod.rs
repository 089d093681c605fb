//! The door: accounts, clients, grants, tokens of every kind, codes and sessions.
//!
//! Tokens, codes and cookies arrive here as SHA-256 only; nothing in this room could give one back.

pub mod accounts;
pub mod api_tokens;
pub mod asker;
pub mod audit;
pub mod changes;
pub mod client_use;
pub mod clients;
pub mod codes;
pub mod consents;
pub mod cuts;
pub mod devices;
pub mod emails;
pub mod ends;
pub mod factors;
pub mod families;
pub mod grants;
pub mod held;
pub mod installation;
pub mod keys;
pub mod links;
pub mod live_grants;
pub mod logouts;
pub mod mailed;
pub mod marks;
pub mod passkeys;
pub mod password_uses;
pub mod passwords;
pub mod past;
pub mod principals;
pub mod protection;
pub mod purge;
pub mod pushed;
pub mod questions;
pub mod registrations;
pub mod retired;
pub mod seals;
pub mod sessions;
pub mod settings;
pub mod setup_link;
pub mod spent;
pub mod tokens;
pub mod trail;

use kibali_model::Uid;

use crate::{Row, StoreError};

/// The identifier in column `at`.
fn uid(row: &Row, at: usize) -> Result<Uid, StoreError> {
    let text = row.text(at)?;
    text.parse().map_err(|_| StoreError::Corrupt(format!("'{text}' is no identifier")))
}
