//! `/userinfo` and `/oauth2/userinfo`: who signed in (OpenID Connect Core section 5.3). DHIS2's documentation
//! names the second, its code binds the first.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use kibali_crypto::sha256;
use kibali_oauth::claims::{self, Subject};
use kibali_store::door::accounts::{self, Contact};
use kibali_store::door::tokens;
use serde_json::Value;

use super::answer;
use crate::exchange::BodyForm;
use crate::identity::Authorization;
use crate::{App, Refusal};

/// With the token in the header.
pub(super) async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    tell(&app, &headers, None).await
}

/// With the token in the header or in the form (RFC 6750 section 2.2).
pub(super) async fn post(State(app): State<App>, BodyForm(form): BodyForm) -> Result<Response, Refusal> {
    tell(&app, &form.headers, form.parameters.get("access_token")?).await
}

async fn tell(app: &App, headers: &HeaderMap, sent: Option<&str>) -> Result<Response, Refusal> {
    let token = match (Authorization::read(headers)?, sent) {
        (Authorization::Bearer(_), Some(_)) => return Err(Refusal::TwoCredentials),
        (Authorization::Bearer(token), None) => token.expose().clone(),
        (Authorization::Absent, Some(token)) => token.to_owned(),
        _ => return Err(Refusal::NoCredentials),
    };
    let mut reader = app.store.reader().await?;
    let found = tokens::find_access(&mut reader, sha256(&token)).await?.ok_or(Refusal::InvalidToken)?;
    let now = app.now();
    if now >= found.expires {
        return Err(Refusal::ExpiredToken);
    }
    let account = accounts::by_user(&mut reader, found.user).await?;
    let account = account.filter(|account| found.stands(account, now)).ok_or(Refusal::InvalidToken)?;
    if found.resource.is_some() || found.client_uid.is_none() || found.jkt.is_some() {
        return Err(Refusal::InvalidToken);
    }
    if !found.scopes.asks_for_identity() {
        return Err(Refusal::InsufficientScope);
    }
    let Contact { name, email } = accounts::contact(&mut reader, found.user).await?;
    let subject = Subject { username: account.username, email, name, sign_in: found.sign_in };
    let told = Value::Object(claims::userinfo(&found.scopes, &subject));
    Ok(answer::private(StatusCode::OK, &told))
}
