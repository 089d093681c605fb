//! The verbs on nested collections (web-api reference 1.9). They change rows and never load the collection.

use std::sync::Arc;

use axum::extract::Path;
use http::StatusCode;
use kibali_metadata::Kind;
use kibali_metadata::import::{Edit, Given, Ident, Stats, Status, TypeReport};
use kibali_metadata::kind::{End, Property};
use kibali_model::Principal;
use serde_json::Value;

use super::patch::edit_members;
use super::verbs::{CONFLICT, kind, refuse_access, require_found};
use crate::api::{Outcome, WebMessage};
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

/// `POST /api/{resource}/{uid}/{property}/{item}`.
pub(super) async fn add_one(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property, item)): Path<(String, String, String, String)>,
) -> Result<WebMessage, Refusal> {
    let members = Edit::Members { remove: Vec::new(), add: vec![Ident::id(item)] };
    apply(&app, &caller, &resource, &uid, &property, members).await
}

/// `DELETE /api/{resource}/{uid}/{property}/{item}`.
pub(super) async fn remove_one(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property, item)): Path<(String, String, String, String)>,
) -> Result<WebMessage, Refusal> {
    let members = Edit::Members { remove: vec![Ident::id(item)], add: Vec::new() };
    apply(&app, &caller, &resource, &uid, &property, members).await
}

/// `POST /api/{resource}/{uid}/{property}`: `{"additions": […], "deletions": […]}`.
pub(super) async fn change(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property)): Path<(String, String, String)>,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let mut add = idents(&body, "additions");
    add.extend(idents(&body, "identifiableObjects"));
    let members = Edit::Members { remove: idents(&body, "deletions"), add };
    apply(&app, &caller, &resource, &uid, &property, members).await
}

/// `PUT /api/{resource}/{uid}/{property}`: `{"identifiableObjects": […]}`.
pub(super) async fn replace(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property)): Path<(String, String, String)>,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let members = Edit::Set(Given::Many(idents(&body, "identifiableObjects")));
    apply(&app, &caller, &resource, &uid, &property, members).await
}

/// `DELETE /api/{resource}/{uid}/{property}`: `{"identifiableObjects": […]}`.
pub(super) async fn remove(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid, property)): Path<(String, String, String)>,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let members = Edit::Members { remove: idents(&body, "identifiableObjects"), add: Vec::new() };
    apply(&app, &caller, &resource, &uid, &property, members).await
}

fn idents(body: &Value, key: &str) -> Vec<Ident> {
    body.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Ident::read).collect()
}

fn collection<'k>(kind: &'k Arc<Kind>, name: &str) -> Result<&'k Property, Refusal> {
    let property =
        kind.property(name).ok_or_else(|| Refusal::Missing(format!("Property {name} does not exist")))?;
    if property.edge().is_none() || !property.is_collection() {
        return Err(Refusal::conflict(format!("Property {name} is not a collection of objects")));
    }
    Ok(property)
}

/// A member that has one such place of its own, as a unit has one parent, is moved at the member.
fn require_own_side(app: &App, property: &Property) -> Result<(), Refusal> {
    let Some((number, End::Target)) = property.edge() else { return Ok(()) };
    let Some(edge) = app.registry.edge(number) else { return Ok(()) };
    let Some(kind) = app.registry.kind(edge.source.kind) else { return Ok(()) };
    match kind.property(edge.source.property) {
        Some(end) if !end.is_collection() => {
            let (members, place) = (kind.plural, end.name);
            let message = format!(
                "Members of `{}` are moved at the member: send `{place}` to /api/{members}/{{id}} with PUT or PATCH",
                property.name
            );
            Err(Refusal::conflict_code("E1108", message))
        }
        _ => Ok(()),
    }
}

async fn apply(
    app: &App,
    caller: &Principal,
    resource: &str,
    uid: &str,
    property: &str,
    members: Edit,
) -> Result<WebMessage, Refusal> {
    let kind = kind(app, resource)?;
    let property = collection(&kind, property)?;
    require_own_side(app, property)?;
    let asked = match &members {
        Edit::Members { remove, add } => remove.len() + add.len(),
        Edit::Set(Given::Many(members)) => members.len(),
        _ => 0,
    };
    let done = edit_members(app, caller, &kind, uid, (property.name, members)).await?;
    require_found(&done, &kind, uid)?;
    let Some(fate) = done.plan.outcomes.first() else { return Err(Refusal::NotFound) };
    refuse_access(fate)?;
    let (added, removed) = (fate.members_added, fate.members_removed);
    let stats = Stats {
        updated: added,
        deleted: removed,
        ignored: asked.saturating_sub(added + removed),
        total: asked,
        ..Stats::default()
    };
    let reports = done.plan.report.type_reports.into_iter().flat_map(|report| report.object_reports);
    let report = TypeReport { klass: kind.klass, stats, object_reports: reports.collect() };
    if done.plan.report.status == Status::Ok {
        return Ok(WebMessage::new(StatusCode::OK, Outcome::Ok).with_report("TypeReport", &report));
    }
    Ok(WebMessage::error(StatusCode::CONFLICT, CONFLICT).with_report("TypeReport", &report))
}
