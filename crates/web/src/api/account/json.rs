//! `/api/auth/*` with JSON bodies.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::{Sender, not_restored, opened, wrong};
use crate::account::invitation::{self, Accepted};
use crate::account::renewal::{self, NotRenewed};
use crate::account::{Person, new_password, recovery, registration};
use crate::api::WebMessage;
use crate::body::Json;
use crate::identity::{ClientAddress, Session};
use crate::speech::cors;
use crate::{App, Refusal};

fn text<'b>(body: &'b Value, name: &str) -> &'b str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn required<'b>(body: &'b Value, name: &str, missing: &str) -> Result<&'b str, Refusal> {
    Some(text(body, name)).filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::bad_request(missing))
}

fn person(body: &Value) -> Person {
    let trimmed = |name| text(body, name).trim().to_owned();
    Person {
        username: trimmed("username"),
        first_name: trimmed("firstName"),
        surname: trimmed("surname"),
        email: trimmed("email"),
        phone: trimmed("phoneNumber"),
    }
}

/// `POST /api/auth/forgotPassword`: 200 whoever is meant.
pub(super) async fn forgot_password(
    State(app): State<App>,
    address: ClientAddress,
    Json(body): Json,
) -> Result<StatusCode, Refusal> {
    // The first servers with this path called it `username`.
    let name = ["emailOrUsername", "username"].map(|name| text(&body, name)).concat();
    recovery::ask(&app, &name, address).await?;
    Ok(StatusCode::OK)
}

/// `POST /api/auth/passwordReset`.
pub(super) async fn reset_password(
    State(app): State<App>,
    address: ClientAddress,
    Json(body): Json,
) -> Result<StatusCode, Refusal> {
    let token = required(&body, "token", "Token is required")?;
    let password = required(&body, "newPassword", "New password is required")?;
    recovery::restore(&app, token, password, address).await.map_err(not_restored)?;
    Ok(StatusCode::OK)
}

/// `POST /api/auth/updatePassword`: for passwords that are too old.
pub(super) async fn update_password(
    State(app): State<App>,
    address: ClientAddress,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let new = required(&body, "newPassword", "New password is required")?;
    let renewed =
        renewal::renew(&app, text(&body, "username"), text(&body, "oldPassword"), new, address).await;
    renewed.map(|()| WebMessage::ok("Password updated")).map_err(|why| match why {
        NotRenewed::Refused => Refusal::bad_request("The password could not be updated"),
        NotRenewed::Throttled(seconds) => Refusal::TooManyAttempts { seconds },
        NotRenewed::Password(fault) => Refusal::bad_request(new_password::told(fault)),
        NotRenewed::Undecided(refusal) => refusal,
    })
}

/// `POST /api/auth/registration`.
pub(super) async fn register(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &headers).await?;
    let (person, password) = (person(&body), text(&body, "password"));
    let mistakes = registration::register(&app, &person, password, address).await?;
    if !mistakes.is_empty() {
        return Err(wrong(&mistakes));
    }
    let mut made = WebMessage::ok("Account created");
    made.http_status = StatusCode::CREATED;
    opened(&app, &Sender { session, address, headers }, &person.username, password, made).await
}

/// `POST /api/auth/invite`.
pub(super) async fn accept_invitation(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &headers).await?;
    let password = text(&body, "password");
    match invitation::accept(&app, text(&body, "token"), &person(&body), password).await? {
        Accepted::Link => Err(Refusal::bad_request("Invitation link not valid")),
        Accepted::Wrong(mistakes) => Err(wrong(&mistakes)),
        Accepted::Yes(username) => {
            let done = WebMessage::ok("Account updated");
            Ok(opened(&app, &Sender { session, address, headers }, &username, password, done)
                .await?
                .into_response())
        }
    }
}
