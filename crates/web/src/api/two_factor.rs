//! `/api/2fa`: the caller's own second factor (modern reference 5.5).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use kibali_crypto::TotpSeed;
use kibali_model::Principal;
use serde_json::{Value, json};

use super::{WebMessage, answer};
use crate::body::Json;
use crate::factor::{self, FactorRefusal, Own};
use crate::identity::{Caller, ClientAddress, Given, ProofRefusal, is_mailed, require_person};
use crate::speech::cors;
use crate::system_settings::Stored;
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/2fa/enrollTOTP2FA", post(enroll_totp))
        .route("/2fa/enrollEmail2FA", post(enroll_email))
        .route("/2fa/qrCodeJson", get(qr_json))
        .route("/2fa/qrCodePng", get(qr_png))
        .route("/2fa/qrCode", get(enroll_and_show))
        .route("/2fa/enabled", get(is_enabled).post(enable))
        .route("/2fa/enable", post(enable))
        .route("/2fa/disabled", post(disable))
        .route("/2fa/disable", post(disable))
}

/// The caller's own second factor, where a person is calling.
fn own(caller: &Principal, address: ClientAddress) -> Result<Own<'_>, Refusal> {
    require_person(caller)?;
    Ok(Own::new(caller, address))
}

async fn enroll_totp(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
) -> Result<WebMessage, Refusal> {
    own(&caller, address)?.begin_totp(&app).await?;
    Ok(WebMessage::ok("The user has enrolled in TOTP 2FA, call the QR code endpoint to continue the process"))
}

async fn enroll_email(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
) -> Result<WebMessage, Refusal> {
    own(&caller, address)?.begin_mailed(&app).await?.required(&app)?;
    let message = "The user has enrolled in email-based 2FA, a code was generated and sent successfully to the user's \
                   email";
    Ok(WebMessage::ok(message))
}

async fn qr_json(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
) -> Result<Response, Refusal> {
    let seed = own(&caller, address)?.enrolling(&app).await?;
    let image = image(&app, &caller, &seed).await?;
    let body = json!({ "base32Secret": seed.base32().expose(), "base64QRImage": STANDARD.encode(image) });
    Ok(answer::no_store(answer::json(&body)))
}

async fn qr_png(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
) -> Result<Response, Refusal> {
    let seed = own(&caller, address)?.enrolling(&app).await?;
    shown(image(&app, &caller, &seed).await?)
}

/// The old way: enrols and shows, by a GET; so that no other site's page does it, it is held to what a POST is.
async fn enroll_and_show(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let own = own(&caller, address)?;
    if own.session.is_some() {
        cors::require_known_site(&app, &Method::POST, &headers).await?;
    }
    own.begin_totp(&app).await?;
    let seed = own.enrolling(&app).await?;
    shown(image(&app, &caller, &seed).await?)
}

async fn image(app: &App, caller: &Principal, seed: &TotpSeed) -> Result<Vec<u8>, Refusal> {
    let issuer = Stored::read(&mut app.store.reader().await?).await?.application_title();
    factor::png(factor::address(&issuer, &caller.username, seed).expose())
}

fn shown(image: Vec<u8>) -> Result<Response, Refusal> {
    let headers = [(CONTENT_TYPE, "application/octet-stream")];
    Ok(answer::no_store((StatusCode::ACCEPTED, headers, image).into_response()))
}

async fn is_enabled(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
) -> Result<Response, Refusal> {
    let found = Own::new(&caller, address).find(&app).await?;
    let enabled = found.is_some_and(|found| found.state.is_enabled());
    Ok(answer::no_store(answer::json(&Value::Bool(enabled))))
}

async fn enable(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let code = code(&body).ok_or_else(no_code)?;
    let done = own(&caller, address)?.confirm(&app, &code, false).await;
    done.map_err(|refusal| told(refusal, |seconds| Refusal::TooManyAttempts { seconds }))?;
    Ok(WebMessage::ok("2FA was enabled successfully"))
}

async fn disable(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let own = own(&caller, address)?;
    own.require_enabled(&app).await?;
    let code = match code(&body) {
        Some(code) => code,
        None if is_mailed(&app, caller.user).await? => {
            own.mail_code(&app).await?.required(&app)?;
            return Err(Refusal::conflict_code("E3051", "2FA code was sent to the users email"));
        }
        None => return Err(no_code()),
    };
    let locked =
        |_| Refusal::conflict_code("E3042", "Too many failed disable attempts. Please try again later");
    own.switch_off(&app, &Given::Code(&code)).await.map_err(|refusal| told(refusal, locked))?;
    Ok(WebMessage::ok("2FA was disabled successfully"))
}

/// The code of a body; clients send it as a text, and some as a number.
fn code(body: &Value) -> Option<String> {
    match body.get("code") {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(format!("{number:0>6}")),
        _ => None,
    }
}

fn no_code() -> Refusal {
    Refusal::conflict_code("E3050", "2FA code can not be null or empty")
}

fn told(refusal: FactorRefusal, throttled: impl FnOnce(u32) -> Refusal) -> Refusal {
    match refusal {
        FactorRefusal::Proof(ProofRefusal::Wrong) => {
            Refusal::Forbidden { code: Some("E3023"), message: "Invalid 2FA code".to_owned() }
        }
        FactorRefusal::Proof(ProofRefusal::Throttled(seconds)) => throttled(seconds),
        FactorRefusal::Proof(refusal) => refusal.into(),
        FactorRefusal::Other(refusal) => refusal,
    }
}
