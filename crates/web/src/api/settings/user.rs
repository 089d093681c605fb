//! `/api/userSettings` (web-api reference 4.4).

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use kibali_model::{Credential, ObjectId, Principal};
use kibali_store::Reader;
use kibali_store::door::settings::{self, SetOfUser};
use kibali_store::door::{accounts, principals};
use serde_json::{Map, Value};

use super::{given, system};
use crate::api::query::Pairs;
use crate::api::{WebMessage, answer};
use crate::body::Raw;
use crate::identity::Caller;
use crate::system_settings::Stored;
use crate::system_settings::keys::{self, Key, USER};
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/userSettings", get(list))
        .route("/userSettings/{key}", get(one).post(set).delete(clear))
}

/// Every setting of a user. With `fallback`, the installation's setting of the same name and its default
/// stand in where the user chose nothing.
pub(crate) async fn of(
    reader: &mut Reader,
    user: ObjectId,
    fallback: bool,
) -> Result<Map<String, Value>, Refusal> {
    let own = settings::of_user(reader, user).await?;
    let stored = Stored::read(reader).await?;
    let value = |key: &Key| {
        let own = own.get(key.name).and_then(|text| key.ty.read(text));
        match own {
            Some(value) => value,
            None if !fallback => Value::Null,
            None => keys::system(key.name).map_or_else(|| key.value(None), |key| stored.value(key)),
        }
    };
    Ok(USER.iter().map(|key| (key.name.to_owned(), value(key))).collect())
}

async fn list(State(app): State<App>, Caller(caller): Caller, pairs: Pairs) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let user = whose(&mut reader, &caller, &pairs).await?;
    let mut members = of(&mut reader, user, pairs.first("useFallback") != Some("false")).await?;
    let asked: Vec<&str> = pairs.list("key").collect();
    if !asked.is_empty() {
        members.retain(|name, _| asked.contains(&name.as_str()));
    }
    Ok(private(answer::rooted("userSettings", &Value::Object(members))))
}

async fn one(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    known(&name)?;
    let mut reader = app.store.reader().await?;
    let user = whose(&mut reader, &caller, &pairs).await?;
    let members = of(&mut reader, user, pairs.first("useFallback") != Some("false")).await?;
    let value = members.get(&name).filter(|value| !value.is_null());
    Ok(private(answer::text(value.map_or_else(|| "null".to_owned(), system::plain))))
}

async fn set(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
    body: Raw,
) -> Result<WebMessage, Refusal> {
    let key = known(&name)?;
    let value = given(&pairs, &body)?.ok_or_else(|| Refusal::conflict("You need to specify a new value"))?;
    if key.ty.read(&value).is_none() {
        return Err(Refusal::conflict(format!("Setting {name} takes {}", key.ty.hint())));
    }
    let user = whose(&mut app.store.reader().await?, &caller, &pairs).await?;
    app.store.write(SetOfUser { user, name, value: Some(value), now: app.now() }).await?;
    Ok(WebMessage::ok("User setting saved"))
}

async fn clear(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Result<WebMessage, Refusal> {
    known(&name)?;
    let user = whose(&mut app.store.reader().await?, &caller, &pairs).await?;
    app.store.write(SetOfUser { user, name, value: None, now: app.now() }).await?;
    Ok(WebMessage::ok("User setting deleted"))
}

fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

fn known(name: &str) -> Result<&'static Key, Refusal> {
    keys::user(name).ok_or_else(|| Refusal::Missing(format!("Key is not supported: {name}")))
}

/// Whose settings are meant: the caller's, or those of the user named by `user` or `userId`, whom the
/// caller must be allowed to manage.
async fn whose(reader: &mut Reader, caller: &Principal, pairs: &Pairs) -> Result<ObjectId, Refusal> {
    let account = match (pairs.first("userId"), pairs.first("user")) {
        (Some(uid), _) => accounts::by_uid(reader, uid).await?,
        (None, Some(username)) => accounts::by_username(reader, username).await?,
        (None, None) => return Ok(caller.user),
    };
    // Who may not manage users learns nothing about which exist.
    const MANAGE: &[&str] = &["F_USER_ADD", "F_USER_ADD_WITHIN_MANAGED_GROUP"];
    let manages = caller.authorities.has_any(MANAGE);
    if account.as_ref().is_some_and(|account| account.user == caller.user) {
        return Ok(caller.user);
    }
    if !manages {
        return Err(Refusal::Lacks(MANAGE));
    }
    let account = account.ok_or_else(|| Refusal::conflict("The user does not exist"))?;
    let target = principals::load(reader, &account, Credential::System).await?;
    if !caller.authorities.includes(&target.authorities) {
        return Err(Refusal::AccessDenied);
    }
    Ok(account.user)
}
