//! How a user signed in, as tokens remember and tell it.

use crate::Timestamp;

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
    /// [`SignIn::amr`] of somebody who proved a second factor beside the password.
    pub const WITH_FACTOR: &str = "pwd otp mfa";

    /// Was a second factor proved?
    #[must_use]
    pub fn has_factor(&self) -> bool {
        self.amr.split_ascii_whitespace().any(|way| way == "mfa")
    }
}
