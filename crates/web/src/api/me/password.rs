//! The caller's own password: changing it, checking it, and judging a new one.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_model::{Credential, Principal};
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::passwords::ChangeOwnPassword;
use serde_json::{Value, json};

use crate::account::new_password;
use crate::api::answer;
use crate::body::{self, Json, Raw};
use crate::identity::{Caller, ClientAddress, Session, SignInRefusal, sign_in};
use crate::{App, Refusal};

/// `PUT /api/me/changePassword`.
pub(super) async fn change(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    session: Session,
    Json(body): Json,
) -> Result<StatusCode, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(old), Some(new)) = (text("oldPassword"), text("newPassword")) else {
        return Err(Refusal::conflict("OldPassword and newPassword must be provided"));
    };
    // Read before the old password is checked: a change in between makes the write stale.
    let account = own_account(&app, &caller).await?;
    if !is_own_password(&app, &caller, old, address).await? {
        return Err(Refusal::conflict("OldPassword is incorrect"));
    }
    if old == new {
        return Err(Refusal::conflict("The new password must differ from the old one"));
    }
    if let Some(fault) = new_password::fault(&app, &account, new).await? {
        return Err(Refusal::conflict_code("E4005", new_password::told(fault)));
    }
    let password_hash = app.identity().passwords.hash(new).await?;
    let session = matches!(caller.credential, Credential::Session { .. }).then(|| session.hash());
    let write = ChangeOwnPassword {
        user: caller.user,
        password_hash,
        credential_version: account.credential_version,
        session,
        address: address.to_string(),
        now: app.now(),
    };
    app.store.write(write).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/me/verifyPassword`.
pub(super) async fn verify(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    raw: Raw,
) -> Result<Response, Refusal> {
    let correct = is_own_password(&app, &caller, &password_of(&raw)?, address).await?;
    Ok(answer::no_store(answer::json(&json!({ "isCorrectPassword": correct }))))
}

/// `POST /api/me/validatePassword`.
pub(super) async fn validate(
    State(app): State<App>,
    Caller(caller): Caller,
    raw: Raw,
) -> Result<Response, Refusal> {
    // The passwords of before are looked at when it is set: each costs a hash.
    let account = own_account(&app, &caller).await?;
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

/// Is it the caller's password? Guesses are slowed down as at sign-in.
async fn is_own_password(
    app: &App,
    caller: &Principal,
    password: &str,
    address: ClientAddress,
) -> Result<bool, Refusal> {
    match sign_in(app, &caller.username, password, address).await {
        // What else stands in the way of a sign-in is told after the right password only.
        Ok(_)
        | Err(SignInRefusal::TwoFactor | SignInRefusal::TwoFactorDemanded | SignInRefusal::PasswordExpired) => {
            Ok(true)
        }
        Err(SignInRefusal::BadCredentials) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

async fn own_account(app: &App, caller: &Principal) -> Result<Account, Refusal> {
    let account = accounts::by_user(&mut app.store.reader().await?, caller.user).await?;
    account.ok_or(Refusal::NoCredentials)
}
