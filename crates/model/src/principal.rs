//! Who is calling, as authorisation sees it.

use crate::{Authorities, Factor, ObjectId, Scopes, Timestamp, Uid};

/// What proved who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A browser login.
    Session {
        /// When the browser signed in, or its user gave the password once more.
        since: Timestamp,
        /// The second factor that was proved last in it, and when.
        proved: Option<(Factor, Timestamp)>,
        /// SHA-256 of its cookie.
        hash: [u8; 32],
    },
    /// A user name and password in the `Authorization` header.
    Basic,
    /// An access token.
    Bearer {
        /// Uid of the client it was issued to.
        client: Uid,
        /// What it opens.
        scopes: Scopes,
    },
    /// A personal access token.
    ApiToken {
        /// Its uid.
        token: Uid,
    },
    /// Kibali itself, for work that no caller asked for: seeding, command line.
    System,
}

/// The organisation units of a user (web-api reference 3.7). Descendants are included wherever a
/// scope is asked; the lists hold the units themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrgUnitScope {
    /// `organisationUnits`: data entry.
    pub capture: Vec<Uid>,
    /// `dataViewOrganisationUnits`.
    pub view: Vec<Uid>,
    /// `teiSearchOrganisationUnits`.
    pub search: Vec<Uid>,
}

/// Who is calling: the user, what its roles give, and through which credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Row number of the user.
    pub user: ObjectId,
    /// Public identifier of the user.
    pub uid: Uid,
    /// Login name.
    pub username: String,
    /// Union over the user's roles.
    pub authorities: Authorities,
    /// Uids of the roles.
    pub roles: Vec<Uid>,
    /// Uids of the user groups.
    pub groups: Vec<Uid>,
    /// Where in the hierarchy the user stands.
    pub org_units: OrgUnitScope,
    /// What proved who is calling.
    pub credential: Credential,
    /// The account's credential version when it was proven: what is made on it is not made once that moved.
    pub credential_version: i64,
}

impl Credential {
    /// Was it given to a program, by a person who signs in otherwise?
    #[must_use]
    pub const fn is_token(&self) -> bool {
        match self {
            Self::Bearer { .. } | Self::ApiToken { .. } => true,
            Self::Session { .. } | Self::Basic | Self::System => false,
        }
    }

    /// SHA-256 of the cookie, where a browser session proved who is calling, and not a header beside it.
    #[must_use]
    pub const fn session(&self) -> Option<[u8; 32]> {
        match self {
            Self::Session { hash, .. } => Some(*hash),
            _ => None,
        }
    }

    /// The second factor that was proved, and when.
    #[must_use]
    pub const fn proved(&self) -> Option<(Factor, Timestamp)> {
        match self {
            Self::Session { proved, .. } => *proved,
            _ => None,
        }
    }
}

impl Principal {
    /// Does the user hold `ALL`?
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.authorities.is_superuser()
    }
}
