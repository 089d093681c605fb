//! What a client wants signed with what: its tokens, and what it signs to prove itself.

use kibali_model::{ClientProfile, SigningAlgorithm};

use super::super::parts::Choice;
use super::wanted::Proof;

/// With a secret that both sides know: no token of this server is signed so, but assertions are.
const SHARED: &str = "HS256";
/// What stands in the form for a name that it does not offer.
const AS_IS: &str = "as-is";

/// An algorithm that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Signature {
    /// None: what is usual.
    #[default]
    Usual,
    /// This one, by its name on the wire.
    Named(&'static str),
    /// What is registered, by a name that the form does not offer.
    AsIs,
}

impl Signature {
    /// Those that somebody may name.
    fn names() -> impl Iterator<Item = &'static str> {
        SigningAlgorithm::EVERY.iter().map(|algorithm| algorithm.as_str())
    }

    fn of(registered: Option<&str>, mut offered: impl Iterator<Item = &'static str>) -> Self {
        match registered {
            None => Self::Usual,
            Some(name) => offered.find(|known| *known == name).map_or(Self::AsIs, Self::Named),
        }
    }

    /// What the tokens of a client are signed with.
    pub(super) fn of_tokens(registered: Option<&str>) -> Self {
        Self::of(registered, Self::names())
    }

    /// What a client signs its assertions with.
    pub(super) fn of_assertions(registered: Option<&str>) -> Self {
        Self::of(registered, Self::names().chain([SHARED]))
    }

    /// What was chosen in the form.
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            AS_IS => Self::AsIs,
            name => {
                Self::names().chain([SHARED]).find(|known| *known == name).map_or(Self::Usual, Self::Named)
            }
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "",
            Self::Named(name) => name,
            Self::AsIs => AS_IS,
        }
    }

    /// Puts what was chosen in the place of what is registered.
    pub(super) fn write(self, registered: &mut Option<String>) {
        match self {
            Self::Usual => *registered = None,
            Self::Named(name) => *registered = Some(name.to_owned()),
            Self::AsIs => {}
        }
    }

    /// Does an assertion that is signed so prove anything, of a client that proves itself so and lives under these
    /// rules? Where it signs nothing, nothing is asked.
    pub(super) fn fits(self, proof: Proof, profile: &str) -> bool {
        let Self::Named(name) = self else { return true };
        let profile = ClientProfile::from_name(profile).unwrap_or(ClientProfile::Legacy);
        let allowed = profile.rules().algorithms;
        match proof {
            Proof::Key => allowed.iter().any(|known| known.as_str() == name),
            Proof::SignedSecret => name == SHARED,
            Proof::Secret | Proof::Nothing | Proof::AsIs => true,
        }
    }

    /// The choices for tokens.
    pub(super) fn for_tokens(self) -> Vec<Choice> {
        self.choices("As is usual here", Self::names())
    }

    /// The choices for assertions.
    pub(super) fn for_assertions(self) -> Vec<Choice> {
        self.choices("Any that its keys or its secret fit", Self::names().chain([SHARED]))
    }

    fn choices(self, usual: &'static str, names: impl Iterator<Item = &'static str>) -> Vec<Choice> {
        let label = |one| match one {
            Self::Usual => usual,
            Self::Named(name) => name,
            Self::AsIs => "As it is registered now",
        };
        let offered = [Self::Usual].into_iter().chain(names.map(Self::Named));
        let every = offered.chain((self == Self::AsIs).then_some(Self::AsIs));
        every.map(|one| Choice { value: one.as_str(), label: label(one), on: one == self }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_what_is_shown_and_written_again() {
        for name in [None, Some("RS256"), Some("ES256"), Some("HS256"), Some("Ed25519"), Some("none")] {
            for shown in [Signature::of_tokens(name), Signature::of_assertions(name)] {
                let mut registered = name.map(str::to_owned);
                Signature::from_name(shown.as_str()).write(&mut registered);
                assert_eq!(registered.as_deref(), name, "{shown:?}");
                let on: Vec<_> = shown.for_assertions().into_iter().filter(|choice| choice.on).collect();
                assert_eq!(on.len(), 1, "{shown:?}");
            }
        }
    }

    #[test]
    fn an_algorithm_that_proves_nothing_does_not_fit() {
        for (name, proof, profile, fits) in [
            ("RS256", Proof::Key, "standard", true),
            ("RS256", Proof::Key, "fapi2", false),
            ("ES256", Proof::Key, "fapi2", true),
            ("HS256", Proof::Key, "standard", false),
            ("HS256", Proof::SignedSecret, "standard", true),
            ("ES256", Proof::SignedSecret, "standard", false),
            ("HS256", Proof::Secret, "", true),
            ("", Proof::Key, "fapi2", true),
        ] {
            assert_eq!(Signature::from_name(name).fits(proof, profile), fits, "{name} {proof:?} {profile}");
        }
    }
}
