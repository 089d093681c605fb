//! Having proved a short while ago who one is, where something delicate asks for it.

use crate::{Credential, Timestamp};

/// How long ago somebody may have proved who they are, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lately {
    /// By a second factor.
    pub factor: i64,
    /// By a password, where no second factor protects the account.
    pub password: i64,
}

/// What somebody proves first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproved {
    /// The second factor.
    Factor,
    /// The password.
    Password,
}

impl Lately {
    /// For whatever changes how a user signs in, or gets the account back.
    pub const WAYS_IN: Self = Self { factor: 5 * 60, password: 5 * 60 };

    /// What is still to be proved by whoever calls with this credential, where a second factor protects the account
    /// or none does. A token proves neither.
    #[must_use]
    pub fn missing(self, credential: &Credential, protected: bool, now: Timestamp) -> Option<Unproved> {
        let within = |at: Timestamp, seconds| now.seconds_since(at) < seconds;
        let by_factor = credential.proved().is_some_and(|(_, at)| within(at, self.factor));
        if by_factor || matches!(credential, Credential::System) {
            return None;
        }
        if protected {
            return Some(Unproved::Factor);
        }
        let by_password = match credential {
            Credential::Session { since, .. } => within(*since, self.password),
            Credential::Basic | Credential::System => true,
            Credential::Bearer { .. } | Credential::ApiToken { .. } => false,
        };
        (!by_password).then_some(Unproved::Password)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::Factor;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

    fn session(password: i64, factor: Option<i64>) -> Credential {
        let ago = |seconds: i64| NOW.plus_seconds(-seconds);
        Credential::Session {
            since: ago(password),
            proved: factor.map(|at| (Factor::Totp, ago(at))),
            hash: [0; 32],
        }
    }

    fn missing(credential: &Credential, protected: bool) -> Option<Unproved> {
        Lately::WAYS_IN.missing(credential, protected, NOW)
    }

    #[test]
    fn what_protects_the_account_is_what_must_have_been_proved() {
        assert_eq!(missing(&session(299, None), false), None);
        assert_eq!(missing(&session(300, None), false), Some(Unproved::Password));
        assert_eq!(missing(&session(0, None), true), Some(Unproved::Factor));
        assert_eq!(missing(&session(0, Some(300)), true), Some(Unproved::Factor));
        assert_eq!(missing(&session(9000, Some(299)), true), None);
    }

    #[test]
    fn basic_has_just_given_the_password_and_a_token_gives_nothing() {
        assert_eq!(missing(&Credential::Basic, false), None);
        assert_eq!(missing(&Credential::Basic, true), Some(Unproved::Factor));
        let token = Credential::ApiToken { token: "abcdefghijk".parse().unwrap() };
        assert_eq!(missing(&token, false), Some(Unproved::Password));
        assert_eq!(missing(&Credential::System, true), None);
    }
}
