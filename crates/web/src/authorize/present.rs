//! Who sits at the browser, and whom the client expects there.

use kibali_crypto::jose::Claims;
use kibali_model::Scopes;
use kibali_oauth::{Authorization, Hinted, Present};
use serde_json::Value;

use crate::identity::Session;
use crate::{App, Refusal};

/// What `id_token_hint` says, where there is one.
pub(super) struct Hint(Option<Option<Claims>>);

impl Hint {
    /// Reads it. One that has ended tells as well as another whom the client means.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn of(app: &App, asked: &Authorization) -> Result<Self, Refusal> {
        let Some(token) = &asked.id_token_hint else { return Ok(Self(None)) };
        // Only ID tokens name the client like this.
        let claims = app.signer().own_claims(token).await?.filter(|claims| claims.contains_key("azp"));
        Ok(Self(Some(claims)))
    }

    /// Whom it names.
    pub(super) fn username(&self) -> Option<&str> {
        self.0.as_ref()?.as_ref()?.get("sub").and_then(Value::as_str)
    }

    fn fits(&self, username: &str) -> Hinted {
        match (&self.0, self.username()) {
            (None, _) => Hinted::Fits,
            (Some(_), Some(named)) if named == username => Hinted::Fits,
            (Some(_), Some(_)) => Hinted::Another,
            (Some(_), None) => Hinted::Unknown,
        }
    }
}

/// Who is signed in. A session that must set up a second factor first is nobody's yet.
pub(super) fn present<'a>(
    session: &Session,
    hint: &Hint,
    consented: Option<&'a Scopes>,
) -> Option<Present<'a>> {
    let (since, principal) = session.since().zip(session.principal())?;
    let second_factor = session.sign_in().has_factor();
    Some(Present { since, consented, second_factor, hinted: hint.fits(&principal.username) })
}
