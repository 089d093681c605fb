//! `/api/sharing`: sharing in the words of older apps (web-api reference 3.6).

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use kibali_metadata::language::Fields;
use kibali_metadata::{Kind, acl, fold};
use kibali_model::{Access, Principal};
use kibali_store::objects::people;
use serde_json::{Map, Value, json};

use super::query::Pairs;
use super::{WebMessage, answer, objects};
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new().route("/sharing", get(show).post(set).put(set)).route("/sharing/search", get(search))
}

const SHOWN: &[&str] = &["id", "name", "displayName", "sharing"];

async fn show(Spoken(app): Spoken, Caller(caller): Caller, pairs: Pairs) -> Result<Response, Refusal> {
    let (kind, uid) = target(&app, &pairs)?;
    let object = objects::one(&app, &caller, &kind, uid, &Fields::names(SHOWN)).await?;
    let sharing = object.get("sharing").cloned().unwrap_or_default();
    let mut shown = Map::new();
    for name in ["id", "name", "displayName"] {
        shown.extend(object.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    shown.insert("externalAccess".to_owned(), false.into());
    shown.extend(sharing.get("public").map(|access| ("publicAccess".to_owned(), access.clone())));
    if let Some(owner) = sharing.get("owner").filter(|owner| !owner.is_null()) {
        shown.insert("user".to_owned(), json!({ "id": owner }));
    }
    shown.insert("userGroupAccesses".to_owned(), grants(&sharing, "userGroups"));
    shown.insert("userAccesses".to_owned(), grants(&sharing, "users"));
    let meta = json!({
        "allowPublicAccess": acl::may_make_public(&kind, &caller),
        "allowExternalAccess": false,
    });
    Ok(no_cache(answer::rooted("sharing", &json!({ "meta": meta, "object": shown }))))
}

/// The map of grants as a list.
fn grants(sharing: &Value, name: &str) -> Value {
    let grants = sharing.get(name).and_then(Value::as_object);
    let list = grants.into_iter().flat_map(Map::values).map(|grant| {
        let mut grant = grant.clone();
        let name = grant.get("displayName").cloned();
        if let (Some(members), Some(name)) = (grant.as_object_mut(), name) {
            members.insert("name".to_owned(), name);
        }
        grant
    });
    list.collect()
}

async fn set(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    pairs: Pairs,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let (kind, uid) = target(&app, &pairs)?;
    if kind.is_default(uid) {
        return Err(Refusal::conflict_code("E3013", "The sharing of system defaults cannot be changed"));
    }
    let asked = body.get("object").filter(|object| object.is_object());
    let asked = asked.ok_or_else(|| Refusal::UnreadableBody("The body has no member `object`".to_owned()))?;
    let present = objects::one(&app, &caller, &kind, uid, &Fields::names(&["sharing"])).await?;
    let sharing = wanted(&kind, &caller, present.get("sharing").unwrap_or(&Value::Null), asked)?;
    match objects::share(&app, &caller, &kind, uid, sharing).await? {
        Some(refused) => Ok(refused.into_response()),
        None => Ok(no_cache(WebMessage::ok("Access control set").into_response())),
    }
}

/// The sharing object that the old words ask for. The owner stays; the public part stays too where the
/// caller may not make it public.
fn wanted(kind: &Kind, caller: &Principal, present: &Value, asked: &Value) -> Result<Value, Refusal> {
    let public = match asked.get("publicAccess") {
        Some(Value::String(text)) if acl::may_make_public(kind, caller) => {
            Value::from(access(kind, text, "E3015")?)
        }
        _ => present.get("public").cloned().unwrap_or_default(),
    };
    let list = |name: &str, code: &'static str| {
        let grants = asked.get(name).and_then(Value::as_array).into_iter().flatten();
        let members = grants.map(|grant| {
            let text = |key: &str| grant.get(key).and_then(Value::as_str);
            let id =
                text("id").ok_or_else(|| Refusal::conflict(format!("{name} has an entry without id")))?;
            let access = access(kind, text("access").unwrap_or_default(), code)?;
            Ok((id.to_owned(), json!({ "id": id, "access": access })))
        });
        members.collect::<Result<Map<_, _>, Refusal>>()
    };
    Ok(json!({
        "owner": present.get("owner"),
        "external": false,
        "public": public,
        "users": list("userAccesses", "E3018")?,
        "userGroups": list("userGroupAccesses", "E3017")?,
    }))
}

/// An access string, without data bits where the kind has none.
fn access(kind: &Kind, text: &str, code: &'static str) -> Result<String, Refusal> {
    let access: Access =
        text.parse().map_err(|error| Refusal::conflict_code(code, format!("'{text}': {error}")))?;
    let kept = if kind.data_shareable { access } else { Access::from_bits(access.bits() & 3) };
    Ok(kept.to_string())
}

/// The shareable kind and the object that a request names.
fn target<'p>(app: &App, pairs: &'p Pairs) -> Result<(Arc<Kind>, &'p str), Refusal> {
    let name = pairs.first("type").ok_or_else(|| Refusal::conflict("Parameter type is missing"))?;
    let uid = pairs.first("id").ok_or_else(|| Refusal::conflict("Parameter id is missing"))?;
    let kind = app.registry.kind(name).filter(|kind| kind.singular == name && kind.shareable);
    let kind =
        kind.ok_or_else(|| Refusal::conflict("Type is not supported, or its objects are not shared"))?;
    Ok((Arc::clone(kind), uid))
}

/// Names found at most, and when the request does not say.
const MOST: i64 = 1_000;
const USUAL: i64 = 50;

async fn search(Spoken(app): Spoken, Caller(caller): Caller, pairs: Pairs) -> Result<Response, Refusal> {
    let key = pairs.first("key").ok_or_else(|| Refusal::conflict("Search key not specified"))?;
    let size = pairs.first("pageSize").and_then(|size| size.parse().ok()).unwrap_or(USUAL).clamp(1, MOST);
    let users = people::search(&mut app.store.reader().await?, &fold(key), size).await?;
    let users: Vec<Value> = users
        .into_iter()
        .map(|user| {
            json!({ "id": user.uid, "name": user.name, "displayName": user.name, "username": user.username })
        })
        .collect();
    let groups = objects::find_by_name(&app, &caller, "userGroups", key, size).await?;
    Ok(no_cache(answer::rooted("sharing", &json!({ "userGroups": groups, "users": users }))))
}

fn no_cache(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
