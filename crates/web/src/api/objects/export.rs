//! `GET /api/metadata`: what the caller may read, as a payload that can be imported (web-api reference 5.5).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use kibali_metadata::Kind;
use kibali_metadata::language::{FieldItem, Fields, Paging, Preset};
use kibali_metadata::read::Predicate;
use kibali_model::Principal;
use kibali_store::door::installation::{self, Fact};
use kibali_store::objects::exportable_by;
use serde_json::{Map, Value, json};

use super::read::Ask;
use super::verbs::Pairs;
use crate::api::answer;
use crate::identity::Caller;
use crate::{App, Refusal};

/// Opens an export of everything.
const EXPORT: &str = "F_METADATA_EXPORT";
/// Parameters that may be given for one kind, as `dataElements:fields`.
const PER_KIND: [&str; 3] = ["fields", "filter", "order"];

/// `GET /api/metadata`.
pub(super) async fn export(
    State(app): State<App>,
    Caller(caller): Caller,
    query: Pairs,
) -> Result<Response, Refusal> {
    let kinds = selected(&app, &caller, &query)?;
    let skip_sharing = is_true(&query, "skipSharing");
    let mut body = Map::new();
    body.insert("system".to_owned(), system(&app).await?);
    for kind in kinds {
        let mut ask = Ask::new(&app, &caller, &parameters(kind, &query)).await?;
        ask.query.paging = Paging::Off;
        let mut fields = ask.query.fields.take().unwrap_or_else(owner);
        if skip_sharing {
            fields.0.push(FieldItem::Exclude(vec!["sharing".to_owned()]));
        }
        let shape = ask.shape(kind, &fields)?;
        let listing = ask.listing(kind, shape.clone(), Predicate::All(Vec::new()), None)?;
        let mut reading = ask.reading_through(exportable_by(&caller)).await?;
        let listed = reading.list(listing).await?;
        let objects = ask.project(&mut reading, &shape, &listed.level).await?;
        if !objects.is_empty() {
            body.insert(kind.plural.to_owned(), Value::Array(objects));
        }
    }
    let mut answer = answer::json(&Value::Object(body));
    if is_true(&query, "download") {
        let file = HeaderValue::from_static("attachment; filename=\"metadata.json\"");
        answer.headers_mut().insert(CONTENT_DISPOSITION, file);
    }
    Ok(answer)
}

/// The kinds that are named, or all; in the order of an import. What the caller may not export is a
/// conflict, as DHIS2 has it, and not a refusal of access.
fn selected<'a>(
    app: &'a App,
    caller: &Principal,
    pairs: &[(String, String)],
) -> Result<Vec<&'a Kind>, Refusal> {
    let named: BTreeSet<&str> = pairs
        .iter()
        .filter_map(|(name, value)| match name.split_once(':') {
            Some((plural, parameter)) => PER_KIND.contains(&parameter).then_some(plural),
            None => value.eq_ignore_ascii_case("true").then_some(name.as_str()),
        })
        .collect();
    let kinds = || app.registry.kinds().map(AsRef::as_ref);
    let chosen: Vec<&Kind> = kinds().filter(|kind| named.contains(kind.plural)).collect();
    if chosen.is_empty() {
        return match caller.authorities.has(EXPORT) {
            true => Ok(kinds().filter(|kind| exportable_by(caller).may_read_kind(kind)).collect()),
            false => {
                Err(Refusal::conflict("Unfiltered access to metadata export requires F_METADATA_EXPORT"))
            }
        };
    }
    let closed = chosen.iter().find(|kind| !exportable_by(caller).may_read_kind(kind));
    match closed {
        Some(kind) => {
            let needed = kind.authorities.read.join(" or ");
            Err(Refusal::conflict(format!("Exporting {} requires {needed} or {EXPORT}", kind.plural)))
        }
        None => Ok(chosen),
    }
}

/// The parameters that hold for one kind: its own before those for all.
fn parameters(kind: &Kind, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let own: Vec<(String, String)> = pairs
        .iter()
        .filter_map(|(name, value)| {
            let (plural, parameter) = name.split_once(':')?;
            (plural == kind.plural).then(|| (parameter.to_owned(), value.clone()))
        })
        .collect();
    let for_all = pairs.iter().filter(|(name, _)| {
        let read =
            PER_KIND.contains(&name.as_str()) || ["defaults", "translate", "locale"].contains(&name.as_str());
        read && !own.iter().any(|(parameter, _)| parameter == name)
    });
    for_all.cloned().chain(own.clone()).collect()
}

async fn system(app: &App) -> Result<Value, Refusal> {
    let mut reader = app.store.reader().await?;
    let id = installation::find(&mut reader, Fact::SystemId).await?;
    let mut system = json!({
        "rev": env!("CARGO_PKG_VERSION"),
        "version": app.settings.as_version.to_string(),
        "date": app.now().to_dhis2(),
    });
    if let (Some(id), Some(system)) = (id, system.as_object_mut()) {
        system.shift_insert(0, "id".to_owned(), Value::String(id));
    }
    Ok(system)
}

fn owner() -> Fields {
    Fields(vec![FieldItem::Preset(Preset::Owner)])
}

fn is_true(pairs: &[(String, String)], name: &str) -> bool {
    pairs.iter().any(|(key, value)| key == name && value.eq_ignore_ascii_case("true"))
}
