//! Sharing and translations of one object, each behind an address of its own.

use axum::extract::Path;
use http::StatusCode;
use kibali_metadata::import::{Edit, Given, read_translations};
use serde_json::Value;

use super::inner;
use super::patch::edit;
use super::verbs::{answer_object, kind, require_found};
use crate::Refusal;
use crate::api::WebMessage;
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use axum::response::{IntoResponse, Response};

/// `PUT /api/{resource}/{uid}/sharing`.
pub(super) async fn set_sharing(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &resource)?;
    if !kind.shareable {
        return Err(Refusal::conflict(format!("{} has no sharing", kind.display_name)));
    }
    match inner::share(&app, &caller, &kind, &uid, body).await? {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(refused) => Ok(refused.into_response()),
    }
}

/// `PUT /api/{resource}/{uid}/translations`.
pub(super) async fn set_translations(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &resource)?;
    let list = body.get("translations").cloned().unwrap_or(Value::Null);
    let given = read_translations(&list)
        .map_err(|fault| Refusal::conflict_code(fault.code.as_str(), fault.message()))?;
    let edits = vec![("translations", Edit::Set(Given::Translations(given)))];
    if kind.property("translations").is_none() {
        return Err(Refusal::conflict_code("E1107", format!("{} is not translated", kind.display_name)));
    }
    let done = edit(&app, &caller, &kind, &uid, edits, Vec::new()).await?;
    require_found(&done, &kind, &uid)?;
    no_content(answer_object(&done, &kind, StatusCode::OK)?.0)
}

/// Nothing to say where it worked.
fn no_content(message: WebMessage) -> Result<Response, Refusal> {
    if message.http_status == StatusCode::OK {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(message.into_response())
}
