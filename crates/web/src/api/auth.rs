//! `/api/auth/login`: signing in for apps that bring a login page of their own (web-api reference 4.9).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::answer;
use super::settings::stored::Stored;
use crate::body::Json;
use crate::identity::{ClientAddress, Session, SignInRefusal, sign_in, start_session};
use crate::speech::cors;
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new().route("/auth/login", post(login))
}

async fn login(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &headers).await?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let username = text("username").ok_or_else(|| Refusal::bad_request("username is missing"))?;
    let password = text("password").ok_or_else(|| Refusal::bad_request("password is missing"))?;
    let who = match sign_in(&app, username, password, address).await {
        Ok(who) => who,
        Err(refusal) => return refused(refusal),
    };
    let cookie = start_session(&app, &session, &who, address, &headers).await?;
    let redirect = match session.pending() {
        Some(page) => page.to_owned(),
        None => format!("/{}", start_module(&app).await?),
    };
    let body = answer::json(&json!({ "loginStatus": "SUCCESS", "redirectUrl": redirect }));
    Ok((cookie, answer::no_store(body)).into_response())
}

async fn start_module(app: &App) -> Result<String, Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    Ok(stored.named("startModule").as_str().unwrap_or_default().to_owned())
}

/// What is told after the right password stands in `loginStatus`, with status 200; everything else is a
/// refusal.
fn refused(refusal: SignInRefusal) -> Result<Response, Refusal> {
    let status = match refusal {
        SignInRefusal::Disabled => "ACCOUNT_DISABLED",
        SignInRefusal::Expired => "ACCOUNT_EXPIRED",
        SignInRefusal::Locked => "ACCOUNT_LOCKED",
        SignInRefusal::PasswordExpired => "PASSWORD_EXPIRED",
        SignInRefusal::TwoFactor => "INCORRECT_TWO_FACTOR_CODE",
        SignInRefusal::TwoFactorDemanded => "REQUIRES_TWO_FACTOR_ENROLMENT",
        // An account of another provider is refused like a wrong password.
        SignInRefusal::External | SignInRefusal::BadCredentials => return Err(Refusal::WrongCredentials),
        other @ (SignInRefusal::Throttled(_) | SignInRefusal::Undecided(_)) => return Err(other.into()),
    };
    Ok(answer::no_store(answer::json(&json!({ "loginStatus": status }))))
}
