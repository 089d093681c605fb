//! The caller's own password: changing it, checking it, and judging a new one.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::account::new_password;
use crate::account::own_password::{self, NotChanged};
use crate::api::answer;
use crate::body::{self, Json, Raw};
use crate::identity::{Caller, ClientAddress};
use crate::{App, Refusal};

/// `PUT /api/me/changePassword`.
pub(super) async fn change(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Json(body): Json,
) -> Result<StatusCode, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(old), Some(new)) = (text("oldPassword"), text("newPassword")) else {
        return Err(Refusal::conflict("OldPassword and newPassword must be provided"));
    };
    match own_password::change(&app, &caller, caller.credential.session(), (old, new), address).await {
        Ok(()) => {}
        Err(NotChanged::WrongOld) => return Err(Refusal::conflict("OldPassword is incorrect")),
        Err(NotChanged::Same) => {
            return Err(Refusal::conflict("The new password must differ from the old one"));
        }
        Err(NotChanged::Password(fault)) => {
            return Err(Refusal::conflict_code("E4005", new_password::told(fault)));
        }
        Err(NotChanged::Undecided(refusal)) => return Err(refusal),
    }
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/me/verifyPassword`.
pub(super) async fn verify(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    raw: Raw,
) -> Result<Response, Refusal> {
    let correct = own_password::is_own(&app, &caller, &password_of(&raw)?, address).await?;
    Ok(answer::no_store(answer::json(&json!({ "isCorrectPassword": correct }))))
}

/// `POST /api/me/validatePassword`.
pub(super) async fn validate(
    State(app): State<App>,
    Caller(caller): Caller,
    raw: Raw,
) -> Result<Response, Refusal> {
    // The passwords of before are looked at when it is set: each costs a hash.
    let account = own_password::account(&app, &caller).await?;
    let verdict = match new_password::broken_rule(&app, &account, &password_of(&raw)?).await? {
        None => json!({ "isValidPassword": true }),
        Some(fault) => json!({ "isValidPassword": false, "errorMessage": new_password::told(fault) }),
    };
    Ok(answer::no_store(answer::json(&verdict)))
}

/// The password in a body: bare text, or the member `password` of a JSON object.
fn password_of(raw: &Raw) -> Result<String, Refusal> {
    let text = std::str::from_utf8(&raw.bytes)
        .map_err(|_| Refusal::UnreadableBody("The body is not UTF-8".to_owned()))?;
    if raw.media != "application/json" {
        return Ok(text.to_owned());
    }
    match body::parse(&raw.bytes)? {
        Value::String(password) => Ok(password),
        Value::Object(members) => match members.get("password") {
            Some(Value::String(password)) => Ok(password.clone()),
            _ => Err(Refusal::bad_request("password is missing")),
        },
        _ => Err(Refusal::bad_request("password is missing")),
    }
}
