//! What each profile holds its clients to (rules of the door 3): one row for each.

use crate::{Client, ClientAuthentication, ClientProfile, SigningAlgorithm};

/// What clients of one profile may do, and what they must.
#[derive(Debug)]
pub struct Rules {
    /// How one may prove itself, of the ways that it registered.
    pub proofs: &'static [ClientAuthentication],
    /// What may sign its assertions, its proofs of possession, and the tokens that say who it is for.
    pub algorithms: &'static [SigningAlgorithm],
    /// What signs those tokens where it names nothing that may.
    pub algorithm: SigningAlgorithm,
    /// Its assertions name the issuer and nobody else; those of others may name an endpoint, or several servers.
    pub asserts_to_issuer: bool,
    /// A user's password is never taken from it, whatever grants it registered.
    pub without_password: bool,
    /// Its authorization requests carry a PKCE challenge, also where it has something to prove itself with.
    pub proof_key: bool,
    /// Its authorization requests are pushed (RFC 9126).
    pub pushed: bool,
    /// Nobody on the way reads what is sent to its new redirect URIs.
    pub secure_redirects: bool,
    /// Seconds that one of its codes lives at most.
    pub code_seconds: Option<i64>,
    /// Its tokens are bound to a key that it holds, and its proofs of it hold a nonce of this server (RFC 9449).
    pub bound: bool,
    /// Its refresh tokens stay as they are, even where it asks for new ones.
    pub keeps_refresh_tokens: bool,
}

/// PKCE where it is sent, and everything that DHIS2 2.41 does.
const LEGACY: Rules = Rules {
    proofs: ClientAuthentication::EVERY,
    algorithms: SigningAlgorithm::EVERY,
    algorithm: SigningAlgorithm::DEFAULT,
    asserts_to_issuer: false,
    without_password: false,
    proof_key: false,
    pushed: false,
    secure_redirects: false,
    code_seconds: None,
    bound: false,
    keeps_refresh_tokens: false,
};

/// PKCE for everyone.
const STANDARD: Rules = Rules { proof_key: true, ..LEGACY };

/// The FAPI 2.0 security profile (section 5). Its refresh tokens are bound to a key and need not change.
const FAPI2: Rules = Rules {
    proofs: &[ClientAuthentication::PrivateKeyJwt],
    algorithms: SigningAlgorithm::FAPI2,
    algorithm: SigningAlgorithm::Es256,
    asserts_to_issuer: true,
    without_password: true,
    proof_key: true,
    pushed: true,
    secure_redirects: true,
    code_seconds: Some(60),
    bound: true,
    keeps_refresh_tokens: true,
};

impl ClientProfile {
    /// What it holds its clients to.
    #[must_use]
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::Legacy => &LEGACY,
            Self::Standard => &STANDARD,
            Self::Fapi2 => &FAPI2,
        }
    }

    /// Does it ask its clients for a PKCE challenge, whatever they want? One that has nothing else to prove is always
    /// asked.
    #[must_use]
    pub const fn asks_proof_key(self, public: bool) -> bool {
        self.rules().proof_key || public
    }
}

impl Client {
    /// What its profile holds it to.
    #[must_use]
    pub const fn rules(&self) -> &'static Rules {
        self.profile.rules()
    }
}
