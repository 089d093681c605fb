//! POST of one object, and of many; and how single objects are found and answered.

use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use kibali_metadata::Kind;
use kibali_metadata::import::{
    Batch, Door, ErrorReport, ImportMode, ImportParams, ImportStrategy, ObjectReport, Outcome as Fate,
    Status, parse_object,
};
use kibali_metadata::kind::Storage;
use kibali_model::Principal;
use serde_json::{Map, Value};

use super::import::{Done, import, run};
use super::user_settings::Chosen;
use crate::api::{Outcome, WebMessage};
use crate::body::{self, Bounds, Json};
use crate::identity::Caller;
use crate::speech::{Speech, Spoken};
use crate::{App, Refusal};

/// Query parameters in the order sent.
pub(super) type Pairs = Query<Vec<(String, String)>>;

/// The import parameters of a query string.
pub(super) fn params(pairs: &Pairs) -> ImportParams {
    ImportParams::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The kind behind `/api/{resource}`.
pub(super) fn kind(app: &App, resource: &str) -> Result<Arc<Kind>, Refusal> {
    app.registry.kind(resource).filter(|kind| kind.plural == resource).cloned().ok_or(Refusal::NotFound)
}

/// The object of a body.
pub(super) fn object(body: Value) -> Result<Map<String, Value>, Refusal> {
    match body {
        Value::Object(object) => Ok(object),
        _ => Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned())),
    }
}

/// `POST /api/{resource}`.
pub(super) async fn create(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path(resource): Path<String>,
    query: Pairs,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &resource)?;
    let mut object = object(body)?;
    // Translations have an address of their own (web-api reference 1.8).
    object.shift_remove("translations");
    let settings = Chosen::take(&kind, &mut object)?;
    let params = ImportParams { strategy: ImportStrategy::Create, ..params(&query) };
    let done = run_one(&app, &caller, &kind, &object, params).await?;
    if params.mode == ImportMode::Validate {
        return Ok(answer_object(&done, &kind, StatusCode::OK)?.0.into_response());
    }
    let (mut message, uid) = answer_object(&done, &kind, StatusCode::CREATED)?;
    if let Some(made) = done.plan.outcomes.first().filter(|fate| fate.faults.is_empty()) {
        settings.keep(&app, made.id).await?;
        message = message.at(app.settings.absolute(&format!("/api/{}/{uid}", kind.plural)));
    }
    let Some(made) = done.secrets.first() else { return Ok(message.into_response()) };
    // Told once, here, and never again (rules of the door 6).
    if let Some(Value::Object(response)) = &mut message.response {
        let secret = kind.properties.iter().find(|property| property.storage == Storage::Secret);
        let name = secret.map_or("secret", |property| property.name);
        response.insert(name.to_owned(), Value::from(made.secret.expose().as_str()));
    }
    let mut response = message.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One object through its own address.
pub(super) async fn run_one(
    app: &App,
    caller: &Principal,
    kind: &Arc<Kind>,
    object: &Map<String, Value>,
    params: ImportParams,
) -> Result<Done, Refusal> {
    let item = parse_object(&app.registry, kind, 0, object, &params, Door::Crud, app.new_uid());
    let batch = Batch { items: vec![item], warnings: Vec::new() };
    run(app, caller, &batch, params, true).await
}

/// The envelope of a request about one object: done, or refused with every error.
pub(super) fn answer_object(
    done: &Done,
    kind: &Kind,
    status: StatusCode,
) -> Result<(WebMessage, String), Refusal> {
    let fate = done.plan.outcomes.first().ok_or(Refusal::NotFound)?;
    refuse_access(fate)?;
    let report = report_of(fate, kind);
    let uid = report.uid.clone();
    if fate.faults.is_empty() {
        return Ok((WebMessage::new(status, Outcome::Ok).with_report("ObjectReport", &report), uid));
    }
    let mut message = WebMessage::error(StatusCode::CONFLICT, CONFLICT).with_report("ObjectReport", &report);
    message.error_code = fate.faults.first().map(|fault| fault.code.as_str());
    if let Some(fault) = fate.faults.first().filter(|_| fate.faults.len() == 1) {
        message.message = Some(fault.message().into());
    }
    Ok((message, uid))
}

pub(super) const CONFLICT: &str = "One or more errors occurred, please see full details in import report.";

fn report_of(fate: &Fate, kind: &Kind) -> ObjectReport {
    let uid = fate.uid.to_string();
    let errors = fate.faults.iter().map(|fault| ErrorReport::new(fault, kind.klass, Some(&uid)));
    ObjectReport { klass: kind.klass, index: None, error_reports: errors.collect(), uid, display_name: None }
}

/// A caller who may not do this at all is told so, and nothing else (web-api reference 2.3); an object that
/// is not there is 404.
pub(super) fn refuse_access(fate: &Fate) -> Result<(), Refusal> {
    for fault in &fate.faults {
        match fault.code.as_str() {
            "E3000" => return Err(Refusal::MayNot("create")),
            "E3001" => return Err(Refusal::MayNot("update")),
            "E3002" => return Err(Refusal::MayNot("delete")),
            _ => {}
        }
    }
    Ok(())
}

/// `404` where an update or delete found nothing.
pub(super) fn require_found(done: &Done, kind: &Kind, uid: &str) -> Result<(), Refusal> {
    let missing =
        done.plan.outcomes.first().is_none_or(|fate| {
            fate.faults.iter().any(|fault| matches!(fault.code.as_str(), "E5001" | "E4014"))
        });
    if missing {
        return Err(Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.to_owned() });
    }
    Ok(())
}

/// `POST /api/metadata`.
pub(super) async fn import_metadata(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    speech: Speech,
    query: Pairs,
    headers: HeaderMap,
    request: axum::body::Body,
) -> Result<Response, Refusal> {
    let payload = body::json(&headers, request, Bounds::LARGE, app.settings.body_patience).await?;
    let report = import(&app, &caller, &object(payload)?, params(&query)).await?;
    Ok(plain_below_38(answer_import(&report), speech))
}

/// The envelope of an import.
pub(super) fn answer_import(report: &kibali_metadata::import::ImportReport) -> WebMessage {
    if report.status == Status::Ok {
        return WebMessage::new(StatusCode::OK, Outcome::Ok).with_report("ImportReport", report);
    }
    let mut message = WebMessage::new(StatusCode::CONFLICT, Outcome::Warning);
    message.message = Some(CONFLICT.into());
    message.with_report("ImportReport", report)
}

/// Below API version 38 an import report stands bare, with status 200 (web-api reference 2.5).
pub(super) fn plain_below_38(message: WebMessage, speech: Speech) -> Response {
    match &message.response {
        Some(report) if speech.version.number() < 38 => {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json)], report.to_string()).into_response()
        }
        _ => message.into_response(),
    }
}
