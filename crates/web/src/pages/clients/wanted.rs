//! What somebody wants of a client, in the few sorts that the form offers.

use kibali_metadata::client::Registration;
use kibali_model::{ClientAuthentication, GrantType};

use super::super::parts::Choice;
use super::form::Typed;

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum May {
    /// What the user may.
    #[default]
    Everything,
    /// See what the user may see.
    Look,
    /// Know who the user is.
    Identity,
    /// Exactly the scopes of the field.
    Scopes,
}

impl May {
    pub(super) const EVERY: [Self; 4] = [Self::Everything, Self::Look, Self::Identity, Self::Scopes];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Look => "look",
            Self::Identity => "identity",
            Self::Scopes => "scopes",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|may| may.as_str() == name)
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Everything => "Everything that the person may do",
            Self::Look => "Look, and change nothing",
            Self::Identity => "Only know who the person is",
            Self::Scopes => "Exactly these scopes (below, under More)",
        }
    }

    /// Which of them a client has.
    pub(super) fn of(client: &Registration) -> Self {
        let mut has: Vec<&str> = client.scopes.iter().map(String::as_str).collect();
        has.sort_unstable();
        if has == ["ALL"] {
            return Self::Everything;
        }
        let usual = [Self::Everything, Self::Look, Self::Identity];
        let people =
            asks_people(client.grants(GrantType::AuthorizationCode), client.grants(GrantType::DeviceCode));
        let password = client.grants(GrantType::Password);
        let is = |may: &Self| {
            let mut scopes = may.scopes(people, password);
            scopes.sort_unstable();
            scopes == has
        };
        usual.into_iter().find(is).unwrap_or(Self::Scopes)
    }

    /// The scopes of a usual set: those of the grants that the client has.
    fn scopes(self, people: bool, password: bool) -> Vec<&'static str> {
        let mut scopes = match self {
            Self::Everything if password || !people => vec!["ALL"],
            Self::Everything | Self::Identity | Self::Scopes => Vec::new(),
            Self::Look => vec!["api:read"],
        };
        if self == Self::Everything && people {
            scopes.push("username");
        }
        if people || self == Self::Identity {
            scopes.extend(["openid", "profile", "email"]);
        }
        scopes
    }
}

const fn asks_people(code: bool, device: bool) -> bool {
    code || device
}

/// The scopes that were chosen.
pub(super) fn scopes_of(typed: &Typed) -> String {
    let people = asks_people(typed.grants(GrantType::AuthorizationCode), typed.grants(GrantType::DeviceCode));
    match typed.may {
        May::Scopes => typed.scopes.clone(),
        may => may.scopes(people, typed.grants(GrantType::Password)).join(" "),
    }
}

/// How a client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Proof {
    /// With its secret.
    #[default]
    Secret,
    /// It cannot keep one.
    Nothing,
    /// With a key of its own.
    Key,
    /// It signs with its secret.
    SignedSecret,
    /// As it is registered.
    AsIs,
}

impl Proof {
    pub(super) const EVERY: [Self; 5] =
        [Self::Secret, Self::Nothing, Self::Key, Self::SignedSecret, Self::AsIs];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Nothing => "none",
            Self::Key => "key",
            Self::SignedSecret => "signed",
            Self::AsIs => "as-is",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|proof| proof.as_str() == name)
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Secret => "With its secret",
            Self::Nothing => "Not at all: it runs in a browser or on a phone, and uses PKCE",
            Self::Key => "With a key of its own (private_key_jwt)",
            Self::SignedSecret => "By signing with its secret (client_secret_jwt)",
            Self::AsIs => "As it is registered now",
        }
    }

    /// What there is to choose from; the last only where it is so.
    pub(super) fn choices(self) -> Vec<Choice> {
        let offered = Self::EVERY.into_iter().filter(|proof| *proof != Self::AsIs || self == Self::AsIs);
        offered
            .map(|proof| Choice { value: proof.as_str(), label: proof.label(), on: proof == self })
            .collect()
    }

    /// The methods; none: those registered stay.
    pub(super) const fn methods(self) -> Option<&'static [ClientAuthentication]> {
        use ClientAuthentication::{None as Nothing, PrivateKeyJwt, SecretBasic, SecretJwt, SecretPost};
        match self {
            Self::Secret => Some(&[SecretBasic, SecretPost]),
            Self::Nothing => Some(&[Nothing]),
            Self::Key => Some(&[PrivateKeyJwt]),
            Self::SignedSecret => Some(&[SecretJwt]),
            Self::AsIs => None,
        }
    }

    /// Which of them a client has.
    pub(super) fn of(client: &Registration) -> Self {
        let is = |proof: &Self| {
            proof.methods().is_some_and(|methods| {
                methods.len() == client.authentication.len() && methods.iter().all(|by| client.proves_by(*by))
            })
        };
        Self::EVERY.into_iter().find(is).unwrap_or(Self::AsIs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_what_is_shown_again() {
        for grants in [
            &["password"][..],
            &["authorization_code"],
            &["password", "authorization_code"],
            &["client_credentials"],
        ] {
            for may in [May::Everything, May::Look, May::Identity] {
                let grant_types: Vec<String> = grants.iter().map(|name| (*name).to_owned()).collect();
                let typed = Typed { grant_types: grant_types.clone(), may, ..Typed::for_new() };
                let scopes = scopes_of(&typed).split(' ').map(str::to_owned).collect();
                let client = Registration { grant_types, scopes, ..Registration::default() };
                assert_eq!(May::of(&client), may, "{grants:?} {:?}", client.scopes);
            }
        }
        assert_eq!(Proof::of(&Registration::default()), Proof::Secret);
    }
}
