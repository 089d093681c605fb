//! `/userinfo` and `/oauth2/userinfo`: who signed in (OpenID Connect Core section 5.3). DHIS2's documentation
//! names the second, its code binds the first.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_oauth::SentCredential;
use kibali_oauth::claims;
use serde_json::Value;

use super::answer;
use crate::exchange::{BodyForm, subject};
use crate::identity::dpop::{self, Presented};
use crate::identity::{client_here, known, sent_credential};
use crate::{App, Refusal};

/// With the token in the header, or in the form of a POST (RFC 6750 section 2.2).
pub(super) async fn tell(State(app): State<App>, BodyForm(form): BodyForm) -> Result<Response, Refusal> {
    let sent = form.parameters.get("access_token")?;
    let (token, is_bound) = match (sent_credential(&form.headers)?, sent) {
        (SentCredential::Bearer(_) | SentCredential::Dpop(_), Some(_)) => {
            return Err(Refusal::TwoCredentials);
        }
        (SentCredential::Bearer(token), None) => (token, false),
        (SentCredential::Dpop(token), None) => (token, true),
        (SentCredential::Absent, Some(token)) => (token, false),
        _ => return Err(Refusal::NoCredentials),
    };
    let found = known::token(&app, token).await?.ok_or(Refusal::InvalidToken)?;
    let now = app.now();
    let client = client_here(&app, &found, now)?;
    let account = known::holder(&app, &found, now).await?.ok_or(Refusal::InvalidToken)?;
    let presented = match is_bound {
        true => Presented::Dpop { token, proof: form.proof.as_ref() },
        false => Presented::Bearer,
    };
    dpop::require(&app, found.jkt.as_deref(), presented, found.profile).await?;
    if let Some(passage) = &form.passage {
        app.guard().of_user(passage, found.user, Some(client), now)?;
    }
    if !found.scopes.asks_for_identity() {
        return Err(Refusal::InsufficientScope);
    }
    let person = known::person(&app, found.user).await?.ok_or(Refusal::InvalidToken)?;
    let subject = subject(&account.username, (*person.contact).clone(), found.sign_in.clone());
    let told = Value::Object(claims::userinfo(&found.scopes, &subject));
    Ok(answer::private(StatusCode::OK, &told))
}
