//! What can be done with a user besides writing it whole (web-api reference 3.2).

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_metadata::import::{Edit, Given, ImportParams, ImportStrategy};
use kibali_metadata::language::{FieldItem, Fields, Preset};
use kibali_model::Timestamp;
use kibali_store::door::accounts;
use kibali_store::door::protection::ResetFactor;
use kibali_store::door::settings::{self, SetOfUser};
use serde_json::{Map, Value};

use super::inner::one;
use super::patch::{edit, may_edit};
use super::read::field;
use super::verbs::{answer_object, kind, object, require_found, run_one};
use crate::api::query::Pairs;
use crate::api::{Outcome, WebMessage};
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

const USERS: &str = "users";

/// `POST /api/users/{uid}/enabled`.
pub(super) async fn enable(
    Spoken(app): Spoken,
    caller: Caller,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    set(&app, caller, &uid, "disabled", Edit::Set(Given::Value(Value::Bool(false)))).await
}

/// `POST /api/users/{uid}/disabled`. What the user had open ends: sessions and tokens ask for an enabled
/// account at every use.
pub(super) async fn disable(
    Spoken(app): Spoken,
    caller: Caller,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    set(&app, caller, &uid, "disabled", Edit::Set(Given::Value(Value::Bool(true)))).await
}

/// `POST /api/users/{uid}/expired?date=`.
pub(super) async fn expire(
    Spoken(app): Spoken,
    caller: Caller,
    Path(uid): Path<String>,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    let date = pairs.first("date").and_then(Timestamp::from_dhis2);
    let date = date.ok_or_else(|| {
        Refusal::bad_request("Parameter `date` is needed: the day the account ends, as 2025-12-31")
    })?;
    set(&app, caller, &uid, "accountExpiry", Edit::Set(Given::Value(Value::from(date.to_dhis2())))).await
}

/// `POST /api/users/{uid}/unexpired`.
pub(super) async fn unexpire(
    Spoken(app): Spoken,
    caller: Caller,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    set(&app, caller, &uid, "accountExpiry", Edit::Clear).await
}

/// `POST /api/users/{uid}/twoFA/disabled`: takes away the second factor of somebody who lost it.
pub(super) async fn reset_second_factor(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path(uid): Path<String>,
) -> Result<WebMessage, Refusal> {
    let kind = kind(&app, USERS)?;
    let account = accounts::by_uid(&mut app.store.reader().await?, &uid).await?;
    let missing = || Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.clone() };
    let user = account.ok_or_else(missing)?.user;
    if user == caller.user {
        let message = "Not allowed to disable 2FA for current user".to_owned();
        return Err(Refusal::Forbidden { code: Some("E3021"), message });
    }
    let done = may_edit(&app, &caller, &kind, &uid).await?;
    require_found(&done, &kind, &uid)?;
    let (message, _) = answer_object(&done, &kind, StatusCode::OK)?;
    if message.http_status != StatusCode::OK {
        return Ok(message);
    }
    app.store.write(ResetFactor { user, by: caller.username.clone(), now: app.now() }).await?;
    Ok(WebMessage::new(StatusCode::OK, Outcome::Ok))
}

async fn set(
    app: &App,
    Caller(caller): Caller,
    uid: &str,
    property: &'static str,
    change: Edit,
) -> Result<Response, Refusal> {
    let kind = kind(app, USERS)?;
    let done = edit(app, &caller, &kind, uid, vec![(property, change)], Vec::new()).await?;
    require_found(&done, &kind, uid)?;
    let (message, _) = answer_object(&done, &kind, StatusCode::OK)?;
    if message.http_status == StatusCode::OK {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(message.into_response())
}

/// What a copy does not take over: what names the user or opens its account.
const OWN: [&str; 9] =
    ["id", "code", "username", "openId", "ldapId", "created", "createdBy", "lastUpdated", "lastUpdatedBy"];

/// `POST /api/users/{uid}/replica`: the same person under another name, with roles, groups, units and
/// settings.
pub(super) async fn replicate(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    Json(body): Json,
) -> Result<Response, Refusal> {
    if !caller.authorities.has("F_REPLICATE_USER") {
        return Err(Refusal::Lacks(&["F_REPLICATE_USER"]));
    }
    let wanted = object(body)?;
    let text = |name: &'static str| {
        let given = wanted.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        given.ok_or_else(|| Refusal::conflict_code("E4000", format!("Missing required property `{name}`.")))
    };
    let (username, password) = (text("username")?, text("password")?);
    let kind = kind(&app, USERS)?;
    let fields = Fields(vec![FieldItem::Preset(Preset::Owner), field("userGroups", None)]);
    let Value::Object(mut copy) = one(&app, &caller, &kind, &uid, &fields).await? else {
        return Err(Refusal::internal("a user is no object"));
    };
    copy.retain(|name, _| !OWN.contains(&name.as_str()));
    copy.extend(Map::from_iter([
        ("username".to_owned(), Value::from(username)),
        ("password".to_owned(), Value::from(password)),
    ]));
    let params = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    let done = run_one(&app, &caller, &kind, &copy, params).await?;
    let (mut message, made) = answer_object(&done, &kind, StatusCode::CREATED)?;
    if message.http_status != StatusCode::CREATED {
        return Ok(message.into_response());
    }
    if let Some(fate) = done.plan.outcomes.first() {
        copy_settings(&app, &uid, fate.id).await?;
    }
    message.message = Some("User replica created".into());
    Ok(message.at(app.settings.absolute(&format!("/api/{USERS}/{made}"))).into_response())
}

async fn copy_settings(app: &App, from: &str, to: kibali_model::ObjectId) -> Result<(), Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(account) = accounts::by_uid(&mut reader, from).await? else { return Ok(()) };
    let chosen = settings::of_user(&mut reader, account.user).await?;
    drop(reader);
    for (name, value) in chosen {
        app.store.write(SetOfUser { user: to, name, value: Some(value), now: app.now() }).await?;
    }
    Ok(())
}
