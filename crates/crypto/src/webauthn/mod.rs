//! Passkeys (WebAuthn level 3): what browsers and authenticators answer, read and held against keys.
//!
//! What an answer must say is decided elsewhere; here is what it says, and whose signature it bears. No
//! statement about the maker of an authenticator is asked for or believed.

mod answer;
mod cbor;
mod data;
mod key;
#[cfg(test)]
mod tests;

pub use answer::{Assertion, Registration};
pub use data::{AuthenticatorData, Made};
pub use key::COSE_ALGORITHMS;

/// Why an answer is not read. Never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebauthnError {
    /// Not what a browser answers, or more than is read.
    #[error("not the answer of a browser to a wish for a passkey")]
    Malformed,
    /// The key is of a kind that was not asked for, or protects nothing.
    #[error("not a key that signs with ES256, EdDSA or RS256")]
    Key,
}
