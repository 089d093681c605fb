//! Who is calling: credentials in, a principal out (rules of the door 1, 9, 10).

mod address;
mod again;
mod api_token;
mod authorization;
mod basic;
mod bearer;
mod caller;
pub(crate) mod dpop;
mod gathered;
mod half;
mod hashing;
pub(crate) mod known;
mod lately;
mod mailed;
mod making;
mod origin;
mod passkey;
mod pending;
mod polls;
mod refused;
mod sealed;
mod second_factor;
mod session;
mod sign_in;
mod throttle;

pub use address::{ClientAddress, Network};
pub(crate) use again::{demand_sign_in, forget_demand};
pub(crate) use authorization::sent_credential;
pub(crate) use bearer::{client_here, standing};
pub use caller::{Caller, MaybeCaller};
pub(crate) use dpop::SentProof;
pub use gathered::{Flushed, flush};
pub(crate) use half::{ask_for_code, half_signed_in};
pub use hashing::Priority;
pub(crate) use lately::{require_proof, unproved};
pub(crate) use mailed::{Mailed, is_mailed, mail_code, mailed_before};
pub(crate) use making::{may_make_api_tokens, require_person};
pub(crate) use origin::require_own_site;
pub use passkey::PasskeyRefusal;
pub(crate) use passkey::{
    Answered, Holding, MadePasskey, Question, ask_to_make, ask_to_use, made as made_passkey,
};
pub use pending::remember_return;
pub(crate) use pending::remember_return_of;
pub(crate) use pending::returned;
pub(crate) use second_factor::{
    Given, Holder, ProofRefusal, check_first_code, check_proof, open_seed, seal_seed,
};
pub(crate) use session::sent_cookie as sent_session;
pub(crate) use session::session_name;
pub use session::{Session, SetCookie, check_csrf, end_session, start_session};
pub(crate) use sign_in::sign_in_by_passkey;
pub use sign_in::{HalfSignedIn, Opened, SignInRefusal, SignedIn, sign_in, sign_in_by_password};

use http::HeaderMap;
use kibali_crypto::{ClientSecrets, MacKey, Purpose, SealKey};

use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::marks::Used;
use kibali_store::door::password_uses::Caller as PasswordCaller;

use self::throttle::{Patience, Throttle};
use crate::guard::Over;
use crate::state::new_key;
use crate::{Parts, Refusal};

/// What one process remembers of callers. All of it is bounded, and all of it may be lost.
pub struct Identity {
    /// Verifiers of client secrets.
    pub client_secrets: ClientSecrets,
    /// The pool that hashes passwords.
    pub passwords: hashing::HashPool,
    throttle: Throttle,
    pub(crate) client_throttle: Throttle,
    request_throttle: Throttle,
    code_throttle: Throttle,
    /// For user codes of devices.
    pub(crate) device_throttle: Throttle,
    pub(crate) device_polls: polls::DevicePolls,
    basic: basic::BasicCache,
    bearer: bearer::BearerCache,
    api_tokens: api_token::ApiTokenCache,
    standings: bearer::StandingCache,
    known: known::Known,
    forms: MacKey,
    cookies: SealKey,
    pub(crate) gathered: gathered::Gathered,
}

impl Identity {
    /// Counts a refusal that no write goes with.
    pub(crate) fn note_refused(
        &self,
        event: &'static str,
        refusal: &Refusal,
        client: Option<ObjectId>,
        address: ClientAddress,
        at: Timestamp,
    ) {
        self.gathered.happened(event, &refusal.name(), None, client, address, at);
    }

    /// Counts a request that was one more than a limit allows.
    pub(crate) fn note_over(&self, over: Over, address: ClientAddress, at: Timestamp) {
        self.gathered.happened("limit.reached", &over.key(), None, None, address, at);
    }

    /// Counts a request that anybody may make, and refuses one too many of its kind from an address.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`].
    pub(crate) fn count_request(
        &self,
        kind: &str,
        address: ClientAddress,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        Ok(self.request_throttle.count(kind, address.network(), now)?)
    }

    /// Notes that a client proved itself.
    pub(crate) fn note_client(&self, client: ObjectId, at: Timestamp) {
        self.gathered.used(&[Used::Client(client)], at);
        self.gathered.asked(client, at);
    }

    /// Notes that a client sent a user's password for a token.
    pub(crate) fn note_password_grant(
        &self,
        client: ObjectId,
        address: ClientAddress,
        headers: &HeaderMap,
        at: Timestamp,
    ) {
        let user_agent = session::user_agent(headers).unwrap_or_default();
        self.gathered.by_password(PasswordCaller { client, address: address.to_string(), user_agent }, at);
    }

    /// When something was last used, if that is not written yet.
    pub(crate) fn last_use(&self, thing: &Used) -> Option<Timestamp> {
        self.gathered.last_use(thing)
    }

    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            client_secrets: ClientSecrets::new(&parts.master_key),
            passwords: hashing::HashPool::start(parts),
            throttle: Throttle::new(Patience::USERS),
            client_throttle: Throttle::new(Patience::CLIENTS),
            request_throttle: Throttle::new(Patience::REQUESTS),
            code_throttle: Throttle::new(Patience::CODES),
            device_throttle: Throttle::new(Patience::USERS),
            device_polls: polls::DevicePolls::default(),
            basic: basic::BasicCache::new(new_key(&*parts.random)),
            bearer: bearer::BearerCache::new(parts.store.feed(), bearer::REMEMBERED),
            api_tokens: api_token::ApiTokenCache::new(parts.store.feed(), bearer::REMEMBERED),
            standings: bearer::StandingCache::new(parts.store.feed(), bearer::STANDINGS),
            known: known::Known::new(parts.store.feed()),
            gathered: gathered::Gathered::default(),
            forms: parts.master_key.mac_key(Purpose::Form),
            cookies: parts.master_key.cookie_key(),
        }
    }
}
