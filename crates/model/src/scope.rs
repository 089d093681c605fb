//! Scopes: what a token opens (rules of the door 1).

use std::collections::BTreeSet;
use std::fmt;

/// A scope a client may ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `ALL`, the only scope of the legacy dialect: the Web API with the user's full rights.
    All,
    /// `username`, the modern dialect's scope for the same.
    Username,
    /// `api:read`: GET and HEAD on the Web API only.
    ApiRead,
    /// `email`: the address, told to the application (OpenID Connect Core section 5.4).
    Email,
    /// `openid`: an ID token goes with the access token.
    OpenId,
    /// `profile`: the name, told to the application.
    Profile,
    /// A name that means nothing here.
    Other(String),
}

impl Scope {
    /// Those that mean something.
    pub const EVERY: &'static [Self] =
        &[Self::All, Self::ApiRead, Self::Email, Self::OpenId, Self::Profile, Self::Username];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Username => "username",
            Self::ApiRead => "api:read",
            Self::Email => "email",
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Scope {
    fn from(name: &str) -> Self {
        let known = Self::EVERY.iter().find(|scope| scope.as_str() == name);
        known.cloned().unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

/// A set of scopes; written as names with single spaces between, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// The legacy set: `ALL`.
    #[must_use]
    pub fn all() -> Self {
        Self(BTreeSet::from([Scope::All]))
    }

    /// Reads names parted by white space (RFC 6749 section 3.3). No name is the empty set.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().map(Scope::from).collect()
    }

    /// Does it hold no scope?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Is `scope` in the set?
    #[must_use]
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Is every scope of it in `other`?
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The scopes that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The scopes that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The scopes that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Is `openid` in the set, so that an ID token goes with the access token?
    #[must_use]
    pub fn asks_for_identity(&self) -> bool {
        self.contains(&Scope::OpenId)
    }

    /// Does it open the Web API with the user's full rights?
    #[must_use]
    pub fn opens_api(&self) -> bool {
        self.contains(&Scope::All) || self.contains(&Scope::Username)
    }

    /// Does it open the Web API for reading?
    #[must_use]
    pub fn opens_api_read(&self) -> bool {
        self.opens_api() || self.contains(&Scope::ApiRead)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}
