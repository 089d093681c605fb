//! `/api/auth/enrollDevice`: somebody signs in on a device, which then registers itself (modern reference 3.8).

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use http::request::Parts;
use kibali_model::Principal;
use kibali_oauth::registration::is_listed;
use kibali_oauth::{SentCredential, with_parameters};
use std::sync::Arc;

use super::query::Pairs;
use crate::identity::{Caller, ClientAddress, Session, sent_credential};
use crate::pages::sign_in_first;
use crate::registration::{may_enrol, mint_for_device};
use crate::system_settings::Stored;
use crate::{App, Refusal};

const NEVER_KEPT: &str = "no-cache, no-store, max-age=0, must-revalidate";

pub(super) fn router() -> Router<App> {
    Router::new().route("/auth/enrollDevice", get(enrol))
}

/// Sends the device an initial access token. Whoever is not signed in signs in first, and comes back: this address is
/// opened by people, though it lies below `/api`.
async fn enrol(State(app): State<App>, pairs: Pairs, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    let Ok(address) = ClientAddress::from_request_parts(&mut parts, &app).await;
    let user = match person(&app, &mut parts).await? {
        Ok(user) => user,
        Err(sign_in) => return Ok(sign_in),
    };
    let missing =
        |name: &str| Refusal::bad_request(format!("Required request parameter '{name}' is not present"));
    let uri = pairs.first("redirectUri").ok_or_else(|| missing("redirectUri"))?;
    let state = pairs.first("state").ok_or_else(|| missing("state"))?;
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    if !may_enrol(&stored, &user.groups) {
        let message = "forbidden_user: this account is in no group that may connect devices".to_owned();
        return Err(Refusal::Forbidden { code: None, message });
    }
    if !is_listed(&stored.allowed_redirects(), uri) {
        let why =
            "invalid_redirect_uri: the setting deviceEnrollmentRedirectAllowlist does not cover redirectUri";
        return Err(Refusal::bad_request(why));
    }
    app.identity().count_request(&format!("enrolment of {}", user.username), address, app.now())?;
    let token = mint_for_device(&app, &user, uri, &stored, address).await?;
    let to = with_parameters(uri, &[("iat", token.expose()), ("state", state)]);
    Ok((StatusCode::FOUND, [(LOCATION, to.as_str()), (CACHE_CONTROL, NEVER_KEPT)]).into_response())
}

/// Who is signed in, or the way to the login page. What was given to a program connects no device.
async fn person(app: &App, parts: &mut Parts) -> Result<Result<Arc<Principal>, Response>, Refusal> {
    if sent_credential(&parts.headers)? != SentCredential::Absent {
        let Caller(caller) = Caller::from_request_parts(parts, app).await?;
        return if caller.credential.is_token() { Err(Refusal::AccessDenied) } else { Ok(Ok(caller)) };
    }
    let session = Session::from_request_parts(parts, app).await?;
    if let Some(user) = session.principal() {
        return Ok(Ok(user.clone()));
    }
    let page = parts.uri.path_and_query().map_or("/", |page| page.as_str());
    sign_in_first(app, &session, &format!("/api{page}")).map(Err)
}
