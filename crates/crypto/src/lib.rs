//! Hashing, signing, sealing, randomness and [`Secret`]: the only user of cryptographic libraries.
//!
//! This crate never touches a runtime, a database or a socket. Random bytes come from a [`Random`] that is
//! handed in, so that tests repeat.

mod random;
mod secret;

pub use random::{Random, SystemRandom};
pub use secret::Secret;
