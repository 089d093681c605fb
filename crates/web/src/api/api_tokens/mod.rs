//! `/api/apiTokens`, also called `/api/apiToken`: the caller's own personal access tokens (web-api reference 4.10,
//! modern reference 4.4). They live in a table of their own, outside the metadata engine.

mod change;
mod keep;
mod view;

pub(crate) use change::{CODE_LENGTH, Change};
pub(crate) use keep::{delete, make, own};
pub(crate) use view::of_caller;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use kibali_metadata::import::ObjectReport;
use kibali_metadata::language::project_value;
use kibali_model::Principal;
use kibali_store::door::api_tokens::ApiToken;
use serde_json::{Map, Value, json};

use super::objects::json_patch;
use super::query::Pairs;
use super::{Outcome, WebMessage, answer, held_list};
use crate::body::{Json, Raw};
use crate::identity::{Caller, ClientAddress};
use crate::speech::Speech;
use crate::{App, Refusal};

/// The name in addresses of lists; `Location` has the singular, as DHIS2 does.
const PLURAL: &str = "apiTokens";
const SINGULAR: &str = "apiToken";

pub(super) fn router() -> Router<App> {
    let one = || get(show).put(replace).patch(patch).delete(remove);
    Router::new()
        .route("/apiToken", get(list).post(create))
        .route("/apiTokens", get(list).post(create))
        .route("/apiToken/{uid}", one())
        .route("/apiTokens/{uid}", one())
}

/// `GET /api/apiTokens`.
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    speech: Speech,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let query = held_list::asked(&pairs, "filters on personal access tokens")?;
    let mut tokens = view::whole_list(&app, &caller).await?;
    view::sort(&mut tokens, &query.order);
    Ok(held_list::shown(&app, speech, (PLURAL, SINGULAR), query, &pairs, tokens))
}

/// `GET /api/apiTokens/{uid}`.
async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    let fields = pairs.fields()?;
    let token = own(&app, &caller, &uid).await?;
    let whole = view::whole(&app, &caller, &token).await?;
    Ok(answer::rooted(SINGULAR, &project_value(&fields, &whole)))
}

/// `POST /api/apiTokens`: the token itself stands in the answer, this once.
async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let change = Change::of_body(&object(body)?)?;
    let (token, secret) = make(&app, &caller, change, address).await?;
    let mut message = report(StatusCode::CREATED, "ApiTokenCreationResponse", token.uid.as_str());
    if let Some(Value::Object(response)) = &mut message.response {
        response.insert("key".to_owned(), Value::from(secret.expose().as_str()));
    }
    let message = message.at(app.settings.absolute(&format!("/api/{SINGULAR}/{}", token.uid)));
    Ok(answer::no_store(message.into_response()))
}

/// `PUT /api/apiTokens/{uid}`. What is not sent stays: a client that leaves the limits out must not lift them.
async fn replace(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    address: ClientAddress,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let change = Change::of_body(&object(body)?)?;
    let token = own(&app, &caller, &uid).await?;
    changed(&app, &caller, token, change, address).await
}

/// `PATCH /api/apiTokens/{uid}`.
async fn patch(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    address: ClientAddress,
    raw: Raw,
) -> Result<WebMessage, Refusal> {
    let operations = json_patch(&raw)?;
    let token = own(&app, &caller, &uid).await?;
    let change = Change::of_patch(&token, &operations)?;
    changed(&app, &caller, token, change, address).await
}

async fn changed(
    app: &App,
    caller: &Principal,
    token: ApiToken,
    change: Change,
    address: ClientAddress,
) -> Result<WebMessage, Refusal> {
    let uid = token.uid;
    keep::change(app, caller, token, change, address).await?;
    Ok(report(StatusCode::OK, "ObjectReport", uid.as_str()))
}

/// `DELETE /api/apiTokens/{uid}`.
async fn remove(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    address: ClientAddress,
) -> Result<WebMessage, Refusal> {
    delete(&app, &caller, &uid, address).await?;
    Ok(report(StatusCode::OK, "ObjectReport", &uid))
}

fn object(body: Value) -> Result<Map<String, Value>, Refusal> {
    match body {
        Value::Object(object) => Ok(object),
        _ => Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned())),
    }
}

fn report(status: StatusCode, response_type: &'static str, uid: &str) -> WebMessage {
    let report = ObjectReport {
        klass: kibali_metadata::kinds::API_TOKEN_CLASS,
        index: None,
        error_reports: Vec::new(),
        uid: uid.to_owned(),
        display_name: None,
    };
    WebMessage::new(status, Outcome::Ok).with_report(response_type, &json!(report))
}
