//! JOSE: signed tokens (RFC 7515), the keys that check them (RFC 7517), and the keys that sign.
//!
//! A [`Jws`] that was read is a claim and nothing more. [`Jws::verify`] is told which keys and which
//! algorithms count; the token's own header chooses among them and never beyond. Nothing here follows an
//! address or a key that a token brings along, but for [`Jws::read_proof`], which is there for that.

pub(crate) mod base64url;
mod json;
mod jwk;
mod jws;
mod roca;
mod shared;
mod signing;
#[cfg(test)]
mod tests;

pub use json::{Claims, parse_object};
pub use jwk::{JwkError, Jwks, PublicKey};
pub use jws::{Jws, JwsError};
pub use shared::{SharedKey, SharedKeyError};
pub use signing::{SigningError, SigningKey};
