//! How a user signed in, as tokens remember and tell it.

use crate::{Factor, Timestamp};

/// A user's sign-in at a browser, behind a code, a grant or an ID token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    /// When; none where there was no browser.
    pub at: Option<Timestamp>,
    /// Names the session to clients (`sid` of OpenID Connect) and opens nothing.
    pub sid: Option<String>,
    /// How they proved who they are, with spaces between (RFC 8176): `pwd`, `pwd otp`.
    pub amr: String,
}

impl SignIn {
    /// [`SignIn::amr`] of somebody who proved a password and nothing else.
    pub const PASSWORD: &str = "pwd";

    /// [`SignIn::amr`] of somebody who proved a factor beside what `amr` tells. Nothing, where a passkey was all:
    /// one that made sure who used it is two factors in one.
    #[must_use]
    pub fn with_factor(amr: &str, factor: Factor) -> String {
        let mut ways: Vec<&str> = amr.split_ascii_whitespace().filter(|way| *way != "mfa").collect();
        let new = factor.ways().iter().filter(|way| !ways.contains(way)).copied().collect::<Vec<_>>();
        ways.extend(new);
        ways.push("mfa");
        ways.join(" ")
    }

    /// Was a second factor proved?
    #[must_use]
    pub fn has_factor(&self) -> bool {
        self.amr.split_ascii_whitespace().any(|way| way == "mfa")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_proved_adds_up() {
        let with = SignIn::with_factor;
        assert_eq!(with(SignIn::PASSWORD, Factor::Totp), "pwd otp mfa");
        assert_eq!(with("pwd otp mfa", Factor::Recovery), "pwd otp mfa");
        assert_eq!(with("pwd otp mfa", Factor::Passkey), "pwd otp hwk user mfa");
        assert_eq!(with("", Factor::Passkey), "hwk user mfa");
        assert_eq!(with("hwk user mfa", Factor::SharedPasskey), "hwk user swk mfa");
        let sign_in = |amr: &str| SignIn { amr: amr.to_owned(), ..SignIn::default() };
        assert!(sign_in("hwk user mfa").has_factor() && !sign_in(SignIn::PASSWORD).has_factor());
    }
}
