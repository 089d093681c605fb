//! The vocabulary of Kibali: the words every other room speaks.
//!
//! Plain values with their invariants, nothing else. This crate never touches a socket, a file, a
//! database, a clock or a source of randomness; times and random bytes arrive as arguments.

mod access;
mod api_token;
mod authority;
mod client;
mod closed;
mod factor;
mod hex;
mod lately;
mod password;
mod principal;
mod profile;
mod scope;
mod sign_in;
mod signing;
mod time;
mod uid;
mod version;

pub use access::{Access, AccessError, Grantee, Sharing};
pub use api_token::{ApiTokenType, LimitFault, TOKEN_METHODS, TokenLimit, TokenLimits, TokenUse};
pub use authority::Authorities;
pub use client::{
    Client, ClientAuthentication, ClientProfile, ClientSettings, GrantType, TokenFormat, TokenSettings,
};
pub use closed::Closed;
pub use factor::{Factor, TwoFactorType};
pub use hex::{hex, unhex};
pub use lately::{Lately, Unproved};
pub use password::{PasswordFault, PasswordPolicy, is_username};
pub use principal::{Credential, OrgUnitScope, Principal};
pub use profile::Rules;
pub use scope::{Scope, Scopes};
pub use sign_in::SignIn;
pub use signing::{PRIVATE_KEY_MEMBERS, SigningAlgorithm};
pub use time::{Clock, Timestamp};
pub use uid::{ObjectId, Uid, UidError};
pub use version::{ApiVersion, Dialect};
