//! Hashing, signing, sealing, randomness and [`Secret`]: the only user of cryptographic libraries.
//!
//! This crate never touches a runtime, a database or a socket. Random bytes come from a [`Random`] that is
//! handed in, so that tests repeat.

mod api_token;
mod base32;
mod der;
mod digest;
pub mod jose;
mod mailed;
mod master;
mod password;
mod pkcs12;
mod random;
mod recovery;
mod seal;
mod secret;
mod token;
mod totp;
pub mod webauthn;

pub use api_token::{api_token_type, new_api_token};
pub use digest::{Digest, MacKey, equal_in_constant_time, half_hash, sha256};
pub use mailed::MailedCode;
pub use master::{MasterKey, MasterKeyError, Purpose};
pub use password::{PasswordError, dummy_hash, hash_password, verify_password};
pub use pkcs12::{Pkcs12Error, read_pkcs12};
pub use random::{Random, SystemRandom};
pub use recovery::{new_recovery_code, recovery_hash};
pub use seal::{SealError, SealKey};
pub use secret::Secret;
pub use token::{ClientSecrets, new_client_secret, new_token, pkce_s256};
pub use totp::{TotpSeed, step_at, step_ends, typed_code};
