//! `/api/systemSettings` (web-api reference 4.2).

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, StatusCode};
use kibali_model::Principal;
use kibali_store::door::settings::{ClearSystem, SetSystem, SystemSetting};
use serde_json::{Map, Value};

use super::{given, require_all, require_manager};
use crate::api::query::Pairs;
use crate::api::{WebMessage, answer};
use crate::body::{Json, Raw};
use crate::identity::Caller;
use crate::system_settings::keys::{self, Key, SYSTEM};
use crate::system_settings::{Stored, sealed};
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/systemSettings", get(list).post(import))
        .route("/systemSettings/{key}", get(one).post(set).delete(clear))
}

async fn list(State(app): State<App>, _: Caller, pairs: Pairs) -> Result<Response, Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    let locale = pairs.first("locale");
    let asked: Vec<&str> = pairs.list("key").collect();
    let shown = SYSTEM.iter().filter(|key| !key.confidential);
    let members: Map<String, Value> = shown
        .filter(|key| asked.is_empty() || asked.contains(&key.name))
        .map(|key| (key.name.to_owned(), stored.translated(key, locale)))
        .filter(|(_, value)| !value.is_null() || !asked.is_empty())
        .collect();
    if members.is_empty() {
        return Err(Refusal::Missing("None of these settings exists".to_owned()));
    }
    let mut response = answer::rooted("systemSettings", &Value::Object(members));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate"));
    Ok(response)
}

async fn one(
    State(app): State<App>,
    _: Caller,
    Path(name): Path<String>,
    pairs: Pairs,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key = keys::system(&name).filter(|key| !key.confidential).ok_or_else(|| {
        Refusal::Missing(format!("Setting does not exist or is marked as confidential: {name}"))
    })?;
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    let value = stored.translated(key, pairs.first("locale"));
    if wants_text(&headers) {
        return Ok(answer::text(plain(&value)));
    }
    Ok(answer::rooted("systemSettings", &Value::Object(Map::from_iter([(name, value)]))))
}

/// `Accept: text/plain` asks for the bare value.
fn wants_text(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"))
}

/// A value as bare text; nothing for null.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn set(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
    body: Raw,
) -> Result<WebMessage, Refusal> {
    require_manager(&caller)?;
    let key = changed(&caller, &name)?;
    let value = given(&pairs, &body)?.ok_or_else(|| Refusal::conflict("Value must be specified"))?;
    let locale = pairs.first("locale").unwrap_or_default();
    let setting = checked(&app, key, locale, &value)?;
    write(&app, &caller, vec![setting]).await?;
    Ok(WebMessage::ok(match (key.confidential, locale) {
        (true, _) => format!("System setting '{name}' set."),
        (false, "") => format!("System setting '{name}' set to value '{value}'."),
        (false, locale) => {
            format!("Translation for system setting '{name}' and locale '{locale}' set to: '{value}'")
        }
    }))
}

async fn import(
    State(app): State<App>,
    Caller(caller): Caller,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    require_manager(&caller)?;
    let Value::Object(members) = body else {
        return Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned()));
    };
    let settings = members.iter();
    let settings = settings.map(|(name, value)| checked(&app, changed(&caller, name)?, "", &plain(value)));
    write(&app, &caller, settings.collect::<Result<Vec<_>, _>>()?).await?;
    Ok(WebMessage::ok("System settings imported"))
}

async fn clear(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Result<StatusCode, Refusal> {
    require_manager(&caller)?;
    let key = changed(&caller, &name)?;
    let locale = pairs.first("locale").unwrap_or_default().to_owned();
    let forgets = key.forgets.map(str::to_owned);
    app.store.write(ClearSystem { name, locale, forgets, by: caller.user, now: app.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The setting of this name, for a caller who may change it.
fn changed(caller: &Principal, name: &str) -> Result<&'static Key, Refusal> {
    let key = keys::system(name);
    let key = key.ok_or_else(|| Refusal::conflict(format!("Key is not supported: {name}")))?;
    if key.opens_accounts {
        require_all(caller)?;
    }
    Ok(key)
}

/// Stores settings, and forgets the secrets that were given for what they replace and are not among them.
async fn write(app: &App, caller: &Principal, settings: Vec<SystemSetting>) -> Result<(), Refusal> {
    let sent = |name: &str| settings.iter().any(|setting| setting.name == name);
    let forgets =
        settings.iter().filter_map(|setting| Some((setting, keys::system(&setting.name)?.forgets?)));
    let forgets = forgets.filter(|(_, secret)| !sent(secret));
    let forgets = forgets.map(|(setting, secret)| (setting.name.clone(), secret.to_owned())).collect();
    Ok(app.store.write(SetSystem { settings, forgets, by: caller.user, now: app.now() }).await?)
}

/// The setting as it is stored: of its type, and sealed where it is a secret.
fn checked(app: &App, key: &Key, locale: &str, value: &str) -> Result<SystemSetting, Refusal> {
    if !locale.is_empty() && !key.translatable {
        return Err(Refusal::conflict(format!("Setting {} is not translatable", key.name)));
    }
    let plausible =
        locale.len() <= 16 && locale.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if !plausible {
        return Err(Refusal::bad_request("locale is not one, write it like fr or pt_BR"));
    }
    if key.ty.read(value).is_none() {
        return Err(Refusal::conflict(format!("Setting {} takes {}", key.name, key.ty.hint())));
    }
    let value = match key.confidential {
        true => sealed(key.name, value, &app.master_key, &*app.random).map_err(Refusal::internal)?,
        false => value.to_owned(),
    };
    Ok(SystemSetting { name: key.name.to_owned(), locale: locale.to_owned(), value })
}

/// Any of these changes the installation's settings.
pub(super) const MANAGERS: &[&str] = &["F_SYSTEM_SETTING"];

/// May the caller change settings?
pub(super) fn is_manager(caller: &Principal) -> bool {
    caller.authorities.has_any(MANAGERS)
}
