//! What has to happen before an authorization request can be answered (OpenID Connect Core section 3.1.2).

use kibali_model::{Client, Dialect, Scopes, Timestamp};

use super::{Answer, Authorization, Prompt};

/// Who sits at the browser, if anybody is signed in there.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// When they signed in.
    pub since: Timestamp,
    /// What they allowed this client before, and it was remembered.
    pub consented: Option<&'a Scopes>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// They sign in, for the first time or again.
    SignIn,
    /// They are asked.
    Ask,
    /// They allowed it before, or need not be asked.
    Grant,
    /// The client hears that it would take the user's attention, which it did not want.
    Refuse(Answer),
}

impl Authorization {
    /// What comes next for this request. DHIS2 up to 2.41 asks every time; so does `prompt=consent`.
    #[must_use]
    pub fn next(
        &self,
        client: &Client,
        present: Option<Present<'_>>,
        dialect: Dialect,
        now: Timestamp,
    ) -> Next {
        let silent = self.prompt == Some(Prompt::None);
        let fresh = present.filter(|present| {
            !self.wants_sign_in() && self.max_age.is_none_or(|age| now.seconds_since(present.since) <= age)
        });
        let Some(present) = fresh else {
            if silent {
                return Next::Refuse(
                    self.refused("login_required", "Nobody is signed in, or not recently enough"),
                );
            }
            return Next::SignIn;
        };
        let remembered = present.consented.is_some_and(|consented| self.scopes.is_within(consented));
        let only_identity = self.scopes.asks_for_identity() && self.scopes.iter().count() == 1;
        let asks = dialect == Dialect::Legacy
            || self.prompt == Some(Prompt::Consent)
            || (client.settings.require_consent && !remembered && !only_identity);
        match (asks, silent) {
            (false, _) => Next::Grant,
            (true, false) => Next::Ask,
            (true, true) => Next::Refuse(self.refused("consent_required", "The user has to be asked")),
        }
    }
}
