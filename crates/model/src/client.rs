//! Clients: the applications that ask for tokens.

use std::collections::BTreeSet;

use crate::{ObjectId, Scopes, Uid};

/// Defines an enumeration whose values have names on the wire.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $wire:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            /// Every value, in the order the pages show them.
            pub const EVERY: &[Self] = &[$(Self::$value),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $wire),+ }
            }

            /// The value with this name on the wire.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::EVERY.iter().copied().find(|value| value.as_str() == name)
            }
        }
    };
}

named! {
    /// A way to obtain a token.
    GrantType {
        /// `password` (RFC 6749 section 4.3), at `/uaa` only.
        Password = "password",
        /// `refresh_token` (RFC 6749 section 6).
        RefreshToken = "refresh_token",
        /// `authorization_code` (RFC 6749 section 4.1).
        AuthorizationCode = "authorization_code",
        /// `client_credentials` (RFC 6749 section 4.4), as the user the client is bound to.
        ClientCredentials = "client_credentials",
        /// A device without a browser (RFC 8628).
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// A token for a token (RFC 8693), under the rules of the door 4.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}

named! {
    /// How a client proves itself at the token endpoint (OpenID Connect Core section 9).
    ClientAuthentication {
        /// The secret in an HTTP Basic header.
        SecretBasic = "client_secret_basic",
        /// The secret in the form.
        SecretPost = "client_secret_post",
        /// An assertion under an HMAC with the secret.
        SecretJwt = "client_secret_jwt",
        /// An assertion signed by a key of the client.
        PrivateKeyJwt = "private_key_jwt",
        /// Nothing: the client is public, and PKCE stands in.
        None = "none",
    }
}

named! {
    /// Which rules a client lives under (rules of the door 3).
    ClientProfile {
        /// What DHIS2 2.41 clients do: PKCE honoured when sent and required of public clients, stable refresh
        /// tokens.
        Legacy = "legacy",
        /// PKCE with S256 for everyone.
        Standard = "standard",
        /// The FAPI 2.0 security profile.
        Fapi2 = "fapi2",
    }
}

named! {
    /// The form of an access token.
    TokenFormat {
        /// A random string that says nothing (DHIS2: `reference`).
        Opaque = "reference",
        /// A signed JWT (DHIS2: `self-contained`).
        Jwt = "self-contained",
    }
}

impl GrantType {
    /// Those that DHIS2 2.41 knows.
    pub const LEGACY: &[Self] = &[Self::Password, Self::RefreshToken, Self::AuthorizationCode];
}

/// What a client wants of authorization requests and of its own proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Every code needs a PKCE challenge.
    pub require_proof_key: bool,
    /// The user is asked; off only by somebody with `ALL`.
    pub require_consent: bool,
    /// The client's public keys as a JWK set, where they are registered inline.
    pub jwks: Option<String>,
    /// Where its public keys are; never fetched when `jwks` is there (rules of the door 9).
    pub jwks_uri: Option<String>,
    /// The algorithm its assertions are signed with (`RS256`); none: any that its keys allow.
    pub assertion_algorithm: Option<String>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            require_proof_key: false,
            require_consent: true,
            jwks: None,
            jwks_uri: None,
            assertion_algorithm: None,
        }
    }
}

/// How the tokens of a client are made; what is none follows the endpoint they are asked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// Seconds an access token lives.
    pub access_seconds: Option<i64>,
    /// Seconds a refresh token lives.
    pub refresh_seconds: Option<i64>,
    /// Seconds a code lives.
    pub code_seconds: Option<i64>,
    /// Seconds a device code lives.
    pub device_code_seconds: Option<i64>,
    /// The form of access tokens.
    pub format: Option<TokenFormat>,
    /// A refresh token stays the same when it is used.
    pub reuse_refresh_tokens: bool,
    /// The algorithm of ID tokens and JWT access tokens (`RS256`); none: the installation's.
    pub algorithm: Option<String>,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            access_seconds: None,
            refresh_seconds: None,
            code_seconds: None,
            device_code_seconds: None,
            format: None,
            reuse_refresh_tokens: true,
            algorithm: None,
        }
    }
}

/// A registered application, as the protocol sees it. Its secret stays in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Row number.
    pub object: ObjectId,
    /// Public identifier of the object.
    pub uid: Uid,
    /// What it is called on the consent page.
    pub name: String,
    /// The OAuth2 `client_id` (DHIS2's `cid`).
    pub client_id: String,
    /// The rules it lives under.
    pub profile: ClientProfile,
    /// How it may prove itself.
    pub authentication: BTreeSet<ClientAuthentication>,
    /// What it may use. The empty set allows nothing (rules of the door 2).
    pub grant_types: BTreeSet<GrantType>,
    /// Where codes may be sent, in the order registered.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after logout, in the order registered.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask for, and what it gets when it asks for nothing.
    pub scopes: Scopes,
    /// What it wants of authorization requests.
    pub settings: ClientSettings,
    /// How its tokens are made.
    pub tokens: TokenSettings,
    /// May the password grant carry a second factor (rules of the door 10)?
    pub takes_otp: bool,
    /// `client_id`s of the clients whose tokens it may exchange (rules of the door 4).
    pub exchanges_for: BTreeSet<String>,
    /// The user it acts as under `client_credentials`.
    pub acts_as: Option<ObjectId>,
    /// Who bound it to that user: their authorities are asked for again at each token (rules of the door 4).
    pub bound_by: Option<ObjectId>,
}

/// Seconds a refresh token of a public client lives unless it is used.
const PUBLIC_REFRESH_SECONDS: i64 = 30 * 86_400;
/// Seconds after which a public client asks its user again.
const PUBLIC_FAMILY_SECONDS: i64 = 365 * 86_400;

impl Client {
    /// A client as DHIS2 2.41 knows them: a secret, the scope `ALL`, and nothing allowed yet.
    #[must_use]
    pub fn legacy(object: ObjectId, uid: Uid, name: &str, client_id: &str) -> Self {
        use ClientAuthentication::{SecretBasic, SecretPost};
        Self {
            object,
            uid,
            name: name.to_owned(),
            client_id: client_id.to_owned(),
            profile: ClientProfile::Legacy,
            authentication: BTreeSet::from([SecretBasic, SecretPost]),
            grant_types: BTreeSet::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            scopes: Scopes::all(),
            settings: ClientSettings::default(),
            tokens: TokenSettings::default(),
            takes_otp: false,
            exchanges_for: BTreeSet::new(),
            acts_as: None,
            bound_by: None,
        }
    }

    /// May it prove itself like this? Its profile may allow less than is registered.
    #[must_use]
    pub fn may_prove_by(&self, by: ClientAuthentication) -> bool {
        self.rules().proofs.contains(&by) && self.authentication.contains(&by)
    }

    /// Has it nothing to prove itself with?
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.authentication.contains(&ClientAuthentication::None)
    }

    /// Does it get a new refresh token for each it presents (rules of the door 3, 5)?
    #[must_use]
    pub fn rotates_refresh_tokens(&self) -> bool {
        !self.rules().keeps_refresh_tokens && (self.is_public() || !self.tokens.reuse_refresh_tokens)
    }

    /// Seconds one of its refresh tokens lives; `otherwise`, where neither it nor its kind says so.
    #[must_use]
    pub fn refresh_seconds(&self, otherwise: i64) -> i64 {
        let of_kind = if self.is_public() { PUBLIC_REFRESH_SECONDS } else { otherwise };
        self.tokens.refresh_seconds.unwrap_or(of_kind)
    }

    /// Seconds all refresh tokens of one grant live together, however often they are refreshed.
    #[must_use]
    pub fn family_seconds(&self) -> Option<i64> {
        self.is_public().then_some(PUBLIC_FAMILY_SECONDS)
    }

    /// Must its authorization requests carry a PKCE challenge (rules of the door 3)?
    #[must_use]
    pub fn requires_proof_key(&self) -> bool {
        self.settings.require_proof_key || self.profile.asks_proof_key(self.is_public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_lead_back() {
        for grant in GrantType::EVERY {
            assert_eq!(GrantType::from_name(grant.as_str()), Some(*grant));
        }
        assert_eq!(ClientAuthentication::from_name("none"), Some(ClientAuthentication::None));
        assert_eq!(TokenFormat::from_name("opaque"), None);
    }

    #[test]
    fn refresh_tokens_rotate_for_whoever_cannot_keep_a_secret_and_whoever_wants_it() {
        let legacy = Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Demo", "demo");
        assert!(!legacy.rotates_refresh_tokens());
        assert_eq!((legacy.refresh_seconds(5), legacy.family_seconds()), (5, None));
        let public =
            Client { authentication: BTreeSet::from([ClientAuthentication::None]), ..legacy.clone() };
        assert!(public.rotates_refresh_tokens());
        assert_eq!((public.refresh_seconds(5), public.family_seconds()), (2_592_000, Some(31_536_000)));
        let tokens = TokenSettings {
            reuse_refresh_tokens: false,
            refresh_seconds: Some(7),
            ..TokenSettings::default()
        };
        let device = Client { tokens: tokens.clone(), ..legacy };
        assert!(device.rotates_refresh_tokens());
        assert_eq!((device.refresh_seconds(5), device.family_seconds()), (7, None));
        assert!(!Client { profile: ClientProfile::Fapi2, ..device }.rotates_refresh_tokens());
    }

    #[test]
    fn a_client_proves_itself_as_registered_and_under_fapi_with_its_key_alone() {
        let legacy = Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Demo", "demo");
        let every =
            Client { authentication: ClientAuthentication::EVERY.iter().copied().collect(), ..legacy };
        for profile in ClientProfile::EVERY {
            let client = Client { profile: *profile, ..every.clone() };
            for by in ClientAuthentication::EVERY {
                let key = *by == ClientAuthentication::PrivateKeyJwt;
                assert_eq!(client.may_prove_by(*by), key || *profile != ClientProfile::Fapi2, "{by:?}");
            }
        }
        assert!(
            !Client { authentication: BTreeSet::new(), ..every }.may_prove_by(ClientAuthentication::None)
        );
    }

    #[test]
    fn pkce_is_asked_of_all_but_confidential_legacy_clients() {
        let legacy = Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Demo", "demo");
        assert!(!legacy.requires_proof_key());
        let public =
            Client { authentication: BTreeSet::from([ClientAuthentication::None]), ..legacy.clone() };
        assert!(public.requires_proof_key());
        for profile in [ClientProfile::Standard, ClientProfile::Fapi2] {
            assert!(Client { profile, ..legacy.clone() }.requires_proof_key(), "{profile:?}");
        }
    }
}
