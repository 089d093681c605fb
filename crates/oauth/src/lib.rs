//! Protocol decisions of OAuth2: pure functions of a request, the facts and the time.
//!
//! Here stands the legacy dialect of DHIS2 up to 2.41 (legacy reference 3, 4, 7, under rules of the door
//! 2, 3, 5). This crate reads parameters and decides; it hashes nothing, stores nothing, and answers
//! nobody. No refusal repeats a value that was sent.

mod authorize;
mod client;
mod code;
mod error;
mod exchange;
mod parameters;
mod redirect;

pub use authorize::{Approval, Authorization, AuthorizeRefusal, Challenge, authorize, client_id};
pub use client::{Claim, claim};
pub use code::{CodeFacts, redeem};
pub use error::OAuthError;
pub use exchange::{RefreshFacts, TokenGrant, refresh, scopes, token_request};
pub use parameters::Parameters;
pub use redirect::{matches, with_parameters};
