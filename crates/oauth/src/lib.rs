//! Protocol decisions of OAuth2: pure functions of a request, the facts and the time.
//!
//! Both generations of DHIS2's authorization server are here, over one model (legacy reference 3, 4, modern
//! reference 1, 3, under rules of the door 2, 3, 5): what differs between them is told by a `Dialect`. This
//! crate reads parameters and decides; it hashes nothing, stores nothing, and answers nobody. No refusal
//! repeats a value that was sent.

pub mod assertion;
mod authorize;
mod binding;
pub mod claims;
mod client;
pub mod client_keys;
mod code;
mod credential;
pub mod device;
pub mod dpop;
mod error;
mod exchange;
pub mod family;
pub mod keys;
mod lifetimes;
pub mod logout;
mod parameters;
pub mod passkey;
mod redirect;
pub mod registration;
mod resource;
mod scopes;
pub mod token_exchange;

pub use authorize::{
    Answer, Approval, Authorization, AuthorizeRefusal, Challenge, Endpoint, Hinted, Next, Present, Prompt,
    ResponseMode, authorize, client_id,
};
pub use binding::{Standing, act_as};
pub use client::{JWT_BEARER, Proof, proof, takes_secret};
pub use code::{CodeFacts, Redeemer, redeem};
pub use credential::{BasicPair, CredentialFault, SentCredential};
pub use error::OAuthError;
pub use exchange::{TokenGrant, token_request};
pub use lifetimes::{ID_TOKEN_SECONDS, Lifetimes, algorithm, code_seconds, format};
pub use parameters::Parameters;
pub use redirect::{matches, with_parameters};
pub use resource::{as_granted, resource};
pub use scopes::{narrowed, requested};
