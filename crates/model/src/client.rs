//! Clients: the applications that ask for tokens.

use std::collections::BTreeSet;

use crate::{ObjectId, Uid};

/// A way to obtain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantType {
    /// `password` (RFC 6749 section 4.3).
    Password,
    /// `refresh_token` (RFC 6749 section 6).
    RefreshToken,
    /// `authorization_code` (RFC 6749 section 4.1).
    AuthorizationCode,
}

impl GrantType {
    /// Every grant type, in the order the pages show them.
    pub const EVERY: [Self; 3] = [Self::Password, Self::RefreshToken, Self::AuthorizationCode];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::RefreshToken => "refresh_token",
            Self::AuthorizationCode => "authorization_code",
        }
    }

    /// The grant type with this name on the wire.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|grant| grant.as_str() == name)
    }
}

/// Which rules a client lives under (rules of the door 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientProfile {
    /// What DHIS2 2.41 clients do: PKCE honoured when sent, stable refresh tokens.
    #[default]
    Legacy,
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
    /// What it may use. The empty set allows nothing (rules of the door 2).
    pub grant_types: BTreeSet<GrantType>,
    /// Where codes may be sent, in the order registered.
    pub redirect_uris: Vec<String>,
    /// The rules it lives under.
    pub profile: ClientProfile,
}
