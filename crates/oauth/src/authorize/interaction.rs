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
    /// They proved a second factor.
    pub second_factor: bool,
    /// Are they whom the client expects?
    pub hinted: Hinted,
}

/// Who is there, held against `id_token_hint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hinted {
    /// Whom it names; or there is none.
    #[default]
    Fits,
    /// Somebody else.
    Another,
    /// Nobody can tell: it is no ID token of this installation, or its key is gone.
    Unknown,
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
        let sign_in = |why| match silent || self.answered {
            true => Next::Refuse(self.refused("login_required", why)),
            false => Next::SignIn,
        };
        let fresh = present.filter(|present| {
            let recent = |age| self.answered || now.seconds_since(present.since) <= age;
            !self.wants_sign_in() && self.max_age.is_none_or(recent)
        });
        let Some(present) = fresh else {
            return match silent {
                true => sign_in("Nobody is signed in, or not recently enough"),
                false => Next::SignIn,
            };
        };
        match present.hinted {
            Hinted::Another => return sign_in("Somebody else is signed in than id_token_hint names"),
            Hinted::Unknown if silent => return sign_in("id_token_hint is no ID token of this server"),
            Hinted::Fits | Hinted::Unknown => {}
        }
        // Whoever has a factor proved it when they signed in: asking again brings nothing.
        if self.second_factor && !present.second_factor {
            let why = "The user signed in without a second factor";
            return Next::Refuse(self.refused("unmet_authentication_requirements", why));
        }
        let remembered = present.consented.is_some_and(|consented| self.scopes.is_within(consented));
        let only_identity = self.scopes.asks_for_identity() && self.scopes.iter().count() == 1;
        let known = self.reaches_nobody_else(client) && (remembered || only_identity);
        let asks = dialect == Dialect::Legacy
            || self.prompt == Some(Prompt::Consent)
            || (client.settings.require_consent && !known);
        match (asks, silent) {
            (false, _) => Next::Grant,
            (true, false) => Next::Ask,
            (true, true) => Next::Refuse(self.refused("consent_required", "The user has to be asked")),
        }
    }

    /// Is a code of no use to any other program on the person's machine? One that goes to a port or to a scheme there may
    /// be caught, and a client without a proof of itself be played (RFC 8252 section 8.6).
    fn reaches_nobody_else(&self, client: &Client) -> bool {
        !client.is_public() || self.redirect_uri.starts_with("https://")
    }
}
