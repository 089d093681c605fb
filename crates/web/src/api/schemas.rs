//! What there is: `/api/schemas`, `/api/resources`, `/api/authorities` (web-api reference 3.5, 4.5).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use kibali_metadata::import::{ErrorReport, check_alone};
use kibali_metadata::language::{Fields, project_value};
use kibali_metadata::{Kind, schema};
use serde_json::{Value, json};

use super::{Outcome, WebMessage, answer};
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

/// The routes of this module.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/authorities", get(authorities))
        .route("/resources", get(resources))
        .route("/schemas", get(schemas))
        .route("/schemas/{singular}", get(one_schema).post(validate).put(validate))
        .route("/schemas/{singular}/{property}", get(one_property))
}

/// Query parameters in the order sent.
type Pairs = Query<Vec<(String, String)>>;

async fn schemas(Spoken(app): Spoken, Caller(_): Caller, query: Pairs) -> Result<Response, Refusal> {
    let Value::Object(mut all) = schema::schemas(&app.registry, &app.settings.absolute("")) else {
        return Err(Refusal::NotFound);
    };
    // `fields` speaks of each schema, not of the object around them.
    for list in all.values_mut() {
        *list = shown(&query, list)?;
    }
    Ok(answer::json(&Value::Object(all)))
}

async fn one_schema(
    Spoken(app): Spoken,
    Caller(_): Caller,
    Path(singular): Path<String>,
    query: Pairs,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &singular)?;
    let whole = schema::schema(&app.registry, &kind, &app.settings.absolute(""));
    Ok(answer::json(&shown(&query, &whole)?))
}

async fn one_property(
    Spoken(app): Spoken,
    Caller(_): Caller,
    Path((singular, name)): Path<(String, String)>,
    query: Pairs,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &singular)?;
    let property = kind
        .property(&name)
        .ok_or_else(|| Refusal::Missing(format!("Property {name} does not exist on type {singular}.")))?;
    let whole = schema::property_schema(&app.registry, property, &app.settings.absolute(""));
    Ok(answer::json(&shown(&query, &whole)?))
}

/// `POST /api/schemas/{singular}`: would this body pass, as far as its description can tell?
async fn validate(
    Spoken(app): Spoken,
    Caller(_): Caller,
    Path(singular): Path<String>,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &singular)?;
    let Value::Object(object) = body else {
        return Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned()));
    };
    let reports: Vec<ErrorReport> = check_alone(&app.registry, &kind, &object, app.new_uid())
        .iter()
        .map(|fault| ErrorReport::new(fault, kind.klass, None))
        .collect();
    let message = if reports.is_empty() {
        WebMessage::new(StatusCode::OK, Outcome::Ok)
    } else {
        WebMessage::new(StatusCode::BAD_REQUEST, Outcome::Error)
    };
    Ok(message.with_report("ErrorReports", &json!({ "errorReports": reports })).into_response())
}

async fn resources(Spoken(app): Spoken, Caller(_): Caller) -> Response {
    answer::json(&schema::resources(&app.registry, &app.settings.absolute("")))
}

async fn authorities(Spoken(app): Spoken, Caller(_): Caller) -> Response {
    answer::json(&schema::authorities(&app.registry))
}

fn kind(app: &App, singular: &str) -> Result<Arc<Kind>, Refusal> {
    schema::find(&app.registry, singular)
        .ok_or_else(|| Refusal::Missing(format!("Type {singular} does not exist.")))
}

/// What `fields` asks for, everything when it is absent.
fn shown(query: &Pairs, whole: &Value) -> Result<Value, Refusal> {
    let texts: Vec<&str> =
        query.iter().filter(|(name, _)| name == "fields").map(|(_, value)| value.as_str()).collect();
    if texts.iter().all(|text| text.trim().is_empty()) {
        return Ok(whole.clone());
    }
    let fields = Fields::parse_all(texts).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    Ok(project_value(&fields, whole))
}
