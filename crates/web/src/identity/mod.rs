//! Who is calling: credentials in, a principal out (rules of the door 1, 9, 10).

mod address;
mod authorization;
mod basic;
mod bearer;
mod caller;
mod hashing;
mod origin;
mod session;
mod sign_in;
mod throttle;

pub use address::ClientAddress;
pub(crate) use authorization::{Authorization, BasicPair};
pub use caller::{Caller, MaybeCaller};
pub(crate) use origin::require_own_site;
pub use session::{Session, SetCookie, check_csrf, end_session, remember_return, start_session};
pub use sign_in::{SignInRefusal, SignedIn, sign_in};

use kibali_crypto::{ClientSecrets, MacKey, Purpose};

use crate::Parts;
use crate::state::new_key;

/// What one process remembers of callers. All of it is bounded, and all of it may be lost.
pub struct Identity {
    /// Verifiers of client secrets.
    pub client_secrets: ClientSecrets,
    /// The pool that hashes passwords.
    pub passwords: hashing::HashPool,
    throttle: throttle::Throttle,
    basic: basic::BasicCache,
    bearer: bearer::BearerCache,
    forms: MacKey,
}

impl Identity {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            client_secrets: ClientSecrets::new(&parts.master_key),
            passwords: hashing::HashPool::start(parts),
            throttle: throttle::Throttle::default(),
            basic: basic::BasicCache::new(new_key(&*parts.random)),
            bearer: bearer::BearerCache::new(parts.store.feed(), bearer::REMEMBERED),
            forms: parts.master_key.mac_key(Purpose::Form),
        }
    }
}
