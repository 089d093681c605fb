//! People who are invited, and users who are asked to choose a new password (web-api reference 3.2).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_metadata::Kind;
use kibali_metadata::import::{ImportMode, ImportParams, ImportStrategy};
use kibali_model::Principal;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::emails;
use serde_json::{Map, Value};

use super::patch::may_edit;
use super::verbs::{Pairs, answer_object, kind, object, params, require_found, run_one};
use crate::account::invitation::{UNKNOWN, generated_name, send_again};
use crate::account::recovery::{require_mail, send_for};
use crate::body::Json;
use crate::identity::Caller;
use crate::mail::Place;
use crate::system_settings::Stored;
use crate::{App, Refusal};

const USERS: &str = "users";
/// People that one request may invite.
const MOST: usize = 100;

/// `POST /api/users/invite`.
pub(super) async fn invite(
    State(app): State<App>,
    Caller(caller): Caller,
    query: Pairs,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let user = prepared(&app, object(body)?).await?;
    let place = place(&app).await?;
    let params = ImportParams { strategy: ImportStrategy::Create, ..params(&query) };
    let kind = users(&app)?;
    let done = run_one(&app, &caller, &kind, &user, params).await?;
    let (message, uid) = answer_object(&done, &kind, StatusCode::CREATED)?;
    if message.http_status == StatusCode::CREATED && params.mode == ImportMode::Commit {
        deliver(&app, &caller, place, &uid).await?;
    }
    let address = app.settings.absolute(&format!("/api/{USERS}/{uid}"));
    Ok(message.at(address).into_response())
}

/// `POST /api/users/invites`: all of them, or, where something is wrong with one, none.
pub(super) async fn invite_many(
    State(app): State<App>,
    Caller(caller): Caller,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let mut body = object(body)?;
    let Some(Value::Array(given)) = body.remove(USERS) else {
        return Err(Refusal::UnreadableBody("The body has no list `users`".to_owned()));
    };
    if given.len() > MOST {
        return Err(Refusal::conflict(format!("At most {MOST} people are invited at once")));
    }
    let (mut people, mut places) = (Vec::new(), Vec::new());
    for user in given {
        people.push(prepared(&app, object(user)?).await?);
        places.push(place(&app).await?);
    }
    let kind = users(&app)?;
    for mode in [ImportMode::Validate, ImportMode::Commit] {
        let params = ImportParams { strategy: ImportStrategy::Create, mode, ..ImportParams::default() };
        for user in &people {
            let done = run_one(&app, &caller, &kind, user, params).await?;
            let (message, uid) = answer_object(&done, &kind, StatusCode::OK)?;
            if message.http_status != StatusCode::OK {
                return Ok(message.into_response());
            }
            if mode == ImportMode::Commit
                && let Some(place) = places.pop()
            {
                deliver(&app, &caller, place, &uid).await?;
            }
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/users/{uid}/invite`: once more, to somebody who has not accepted yet.
pub(super) async fn invite_again(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    let found = accounts::by_uid(&mut app.store.reader().await?, &uid).await?;
    if found.is_none() {
        return Err(Refusal::conflict(format!("User not found: {uid}")));
    }
    let (account, email) = match managed(&app, &caller, &uid).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    if !email.invitation {
        return Err(Refusal::conflict(format!("User account is not an invitation: {uid}")));
    }
    let address = require_address(&account, email.address)?;
    send_again(&app, place(&app).await?, &account, &address, Some(&caller.username)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/users/{uid}/reset`: a message with a link to choose a new password.
pub(super) async fn reset(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    let (account, email) = match managed(&app, &caller, &uid).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    let address = require_address(&account, email.address)?;
    let place = place(&app).await?;
    if email.invitation {
        send_again(&app, place, &account, &address, Some(&caller.username)).await?;
    } else {
        send_for(&app, place, &caller, &account, &address).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn users(app: &App) -> Result<std::sync::Arc<Kind>, Refusal> {
    kind(app, USERS)
}

/// The payload of somebody who is invited: what nobody knows yet is filled in, and nobody but them chooses the
/// password.
async fn prepared(app: &App, mut user: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let inner = user.get("userCredentials").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |user: &Map<String, Value>, name: &str| {
        let found = user.get(name).or_else(|| inner.get(name)).and_then(Value::as_str).map(str::trim);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let username = text(&user, "username");
    if let Some(username) = username.as_deref().filter(|name| !name.contains('\0'))
        && accounts::by_username(&mut app.store.reader().await?, username).await?.is_some()
    {
        return Err(Refusal::conflict_code("E6204", "Username is already taken"));
    }
    if text(&user, "email").is_none_or(|email| !email.contains('@')) {
        return Err(no_address());
    }
    let username = username.unwrap_or_else(|| generated_name(app.new_uid()));
    for name in ["firstName", "surname"] {
        let known = text(&user, name).unwrap_or_else(|| UNKNOWN.to_owned());
        user.insert(name.to_owned(), known.into());
    }
    if let Some(Value::Object(inner)) = user.get_mut("userCredentials") {
        inner.remove("password");
    }
    user.remove("password");
    user.insert("username".to_owned(), username.into());
    user.insert("invitation".to_owned(), Value::Bool(true));
    Ok(user)
}

fn no_address() -> Refusal {
    Refusal::conflict_code("E6202", "The user has no valid e-mail address")
}

/// Users of another provider have no password to choose.
fn require_address(account: &Account, address: Option<String>) -> Result<String, Refusal> {
    address.filter(|_| !account.external_auth).ok_or_else(no_address)
}

/// A place for the message, before anything is changed.
async fn place(app: &App) -> Result<Place, Refusal> {
    require_mail(app, &Stored::read(&mut app.store.reader().await?).await?)?;
    app.mailer().place()
}

async fn deliver(app: &App, caller: &Principal, place: Place, uid: &str) -> Result<(), Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(account) = accounts::by_uid(&mut reader, uid).await? else { return Ok(()) };
    let Some(address) = emails::of_user(&mut reader, account.user).await?.address else { return Ok(()) };
    drop(reader);
    send_again(app, place, &account, &address, Some(&caller.username)).await
}

/// The account of a user whom the caller may change, with the address; else what refuses.
async fn managed(
    app: &App,
    caller: &Principal,
    uid: &str,
) -> Result<Result<(Account, emails::Email), Response>, Refusal> {
    let kind = users(app)?;
    let done = may_edit(app, caller, &kind, uid).await?;
    require_found(&done, &kind, uid)?;
    let (message, _) = answer_object(&done, &kind, StatusCode::OK)?;
    if message.http_status != StatusCode::OK {
        return Ok(Err(message.into_response()));
    }
    let mut reader = app.store.reader().await?;
    let account = accounts::by_uid(&mut reader, uid).await?.ok_or(Refusal::NotFound)?;
    let email = emails::of_user(&mut reader, account.user).await?;
    Ok(Ok((account, email)))
}
