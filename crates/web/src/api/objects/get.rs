//! `GET /api/{resource}/{uid}` and `/api/{resource}/{uid}/{property}`.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use kibali_metadata::Kind;
use kibali_metadata::language::Fields;
use kibali_metadata::read::resolve_fields;
use kibali_model::Principal;
use serde_json::{Map, Value};

use super::list::{Form, List, Part, root};
use super::read::{Ask, everything, field, require_kind};
use super::tree;
use super::verbs::{Pairs, kind};
use crate::api::answer;
use crate::identity::Caller;
use crate::speech::{Speech, Spoken};
use crate::{App, Refusal};

/// `GET /api/{resource}/{uid}`. Parameters that ask for a part of the tree make a list of it.
pub(super) async fn one(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &resource)?;
    require_kind(&caller, &kind)?;
    let ask = Ask::new(&app, &caller, &query).await?;
    if let Some(around) = tree::Around::of_parameters(&kind, &query)? {
        return around_one(&ask, (&caller, &kind, &uid), around, speech, query.0.clone()).await;
    }
    let shape = ask.shape(&kind, &everything())?;
    let mut reading = ask.reading().await?;
    let found = reading.one(&shape, &uid).await?;
    let level = found.ok_or_else(|| missing(&kind, &uid))?;
    let object = ask.project(&mut reading, &shape, &level).await?.pop();
    Ok(answer::rooted(kind.singular, &object.ok_or_else(|| missing(&kind, &uid))?))
}

/// `GET /api/{resource}/{uid}/{property}`: `fields` says what is shown inside the property.
pub(super) async fn property(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property)): Path<(String, String, String)>,
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    show_property(app, &caller, (&resource, &uid, &property), speech, query).await
}

/// `GET /api/{resource}/{uid}/sharing`, whose path has other verbs of its own.
pub(super) async fn sharing(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    show_property(app, &caller, (&resource, &uid, "sharing"), speech, query).await
}

/// `GET /api/{resource}/{uid}/translations`, likewise.
pub(super) async fn translations(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    show_property(app, &caller, (&resource, &uid, "translations"), speech, query).await
}

/// Kinds of which DHIS2 exports an object with its dependencies, at `/metadata` below it (web-api reference
/// 5.5).
const WITH_DEPENDENCIES: [&str; 4] = ["categoryCombos", "dataElementGroups", "dataSets", "optionSets"];

async fn show_property(
    app: App,
    caller: &Arc<Principal>,
    (resource, uid, property): (&str, &str, &str),
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    let kind = kind(&app, resource)?;
    require_kind(caller, &kind)?;
    let ask = Ask::new(&app, caller, &query).await?;
    if let Some(around) = tree::Around::of_path(&kind, property) {
        return around_one(&ask, (caller, &kind, uid), around, speech, query.0.clone()).await;
    }
    if property == "metadata" && WITH_DEPENDENCIES.contains(&kind.plural) {
        return Err(Refusal::NotServed("an object with all it depends on"));
    }
    if kind.property(property).is_none_or(|property| !property.readable) {
        let message = format!("Property {property} does not exist on {}", kind.display_name);
        return Err(Refusal::Missing(message));
    }
    let inner = ask.query.fields.clone().unwrap_or_else(everything);
    let fields = Fields(vec![field(property, Some(inner))]);
    let shape = resolve_fields(&app.registry, &kind, &fields, !ask.query.untranslated)?;
    let mut reading = ask.reading().await?;
    let found = reading.one(&shape, uid).await?;
    let level = found.ok_or_else(|| missing(&kind, uid))?;
    let object = ask.project(&mut reading, &shape, &level).await?.pop();
    Ok(answer::json(&object.unwrap_or_else(|| Value::Object(Map::new()))))
}

async fn around_one(
    ask: &Ask<'_>,
    (caller, kind, uid): (&Arc<Principal>, &Arc<Kind>, &str),
    around: tree::Around,
    speech: Speech,
    pairs: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let path = Fields(vec![field("path", None)]);
    let shape = resolve_fields(&ask.app.registry, kind, &path, false)?;
    let found = ask.reading().await?.one(&shape, uid).await?;
    let position = found
        .as_ref()
        .and_then(|level| level.records.first()?.more.as_ref()?.tree.clone())
        .ok_or_else(|| missing(kind, uid))?;
    let part = Part::Of(around.view(uid, &position));
    let app = ask.app.clone();
    let address =
        app.settings.absolute(&format!("{}/{}/{uid}{}", root(speech), kind.plural, around.suffix()));
    let (caller, kind, form) = (Arc::clone(caller), Arc::clone(kind), Form::Json { address });
    List { app, caller, kind, part, form, pairs }.answer().await
}

/// The same answer whether the object is not there or not readable (web-api reference 1.8).
fn missing(kind: &Kind, uid: &str) -> Refusal {
    Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.to_owned() }
}
