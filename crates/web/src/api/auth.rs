//! `/api/auth/login`: signing in for apps that bring a login page of their own (web-api reference 4.9).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, Method};
use kibali_crypto::Digest;
use kibali_model::Dialect;
use serde_json::{Value, json};

use super::answer;
use crate::body::Json;
use crate::identity::{
    ClientAddress, Given, HalfSignedIn, Mailed, Opened, ProofRefusal, Session, SignInRefusal, SignedIn,
    is_mailed, mail_code, sign_in_by_password, start_session,
};
use crate::speech::{Speech, cors};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// What versions below 42 are told of a code that is missing or wrong, whatever its kind.
const WRONG_CODE: &str = "INCORRECT_TWO_FACTOR_CODE";

pub(super) fn router() -> Router<App> {
    Router::new().route("/auth/login", post(login))
}

async fn login(
    State(app): State<App>,
    speech: Speech,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &headers).await?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let username = text("username").ok_or_else(|| Refusal::bad_request("username is missing"))?;
    let password = text("password").ok_or_else(|| Refusal::bad_request("password is missing"))?;
    let mut wrong_code = WRONG_CODE;
    let who = match sign_in_by_password(&app, username, password, address).await {
        Ok(Opened::In(who)) => who,
        Ok(Opened::Code(half)) => {
            let (code, browser) = (text("twoFactorCode"), Some(session.hash()));
            let mailed = is_mailed(&app, half.user()).await?;
            let asked = mailed && code.is_none();
            let sent = asked && mail_code(&app, half.holder(browser)).await? == Mailed::Sent;
            wrong_code = match (speech.version.dialect(), mailed) {
                (Dialect::Legacy, _) => WRONG_CODE,
                (Dialect::Modern, false) => "INCORRECT_TWO_FACTOR_CODE_TOTP",
                (Dialect::Modern, true) if sent => "EMAIL_TWO_FACTOR_CODE_SENT",
                (Dialect::Modern, true) => "INCORRECT_TWO_FACTOR_CODE_EMAIL",
            };
            match prove(&app, half, code, browser, address).await? {
                Some(who) => who,
                // The code is good in the browser that asked for it: one that has no cookie yet is given it.
                None if asked => {
                    return Ok((session.set_cookie(&app.settings), told(wrong_code)).into_response());
                }
                None => return Ok(told(wrong_code)),
            }
        }
        Ok(Opened::Enrol(_)) => return Ok(told("REQUIRES_TWO_FACTOR_ENROLMENT")),
        Err(refusal) => return refused(refusal),
    };
    let cookie = match start_session(&app, &session, &who, address, &headers).await {
        Ok(cookie) => cookie,
        // Somebody was quicker with the same code.
        Err(Refusal::SecondFactorActive) => return Ok(told(wrong_code)),
        Err(refusal) => return Err(refusal),
    };
    let page = match session.pending() {
        Some(page) => page.to_owned(),
        None => format!("/{}", start_module(&app).await?),
    };
    // DHIS2's login app opens it as it stands (modern reference 5.4).
    let redirect = format!("{}{page}", app.settings.context_path());
    let body = answer::json(&json!({ "loginStatus": "SUCCESS", "redirectUrl": redirect }));
    Ok((cookie, answer::no_store(body)).into_response())
}

/// Nobody, where the code is missing or wrong.
async fn prove(
    app: &App,
    half: HalfSignedIn,
    code: Option<&str>,
    browser: Option<Digest>,
    address: ClientAddress,
) -> Result<Option<SignedIn>, Refusal> {
    let Some(code) = code else { return Ok(None) };
    match half.prove(app, &Given::Code(code), browser, address).await {
        Ok(who) => Ok(Some(who)),
        Err(ProofRefusal::Wrong) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
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
        // An account of another provider is refused like a wrong password.
        SignInRefusal::External | SignInRefusal::BadCredentials => return Err(Refusal::WrongCredentials),
        other => return Err(other.into()),
    };
    Ok(told(status))
}

fn told(status: &'static str) -> Response {
    answer::no_store(answer::json(&json!({ "loginStatus": status })))
}
