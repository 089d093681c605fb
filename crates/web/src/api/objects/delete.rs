//! DELETE of one object.

use axum::extract::Path;
use http::StatusCode;
use kibali_metadata::import::{ImportParams, ImportStrategy};
use serde_json::{Map, Value};

use super::verbs::{answer_object, kind, require_found, run_one};
use crate::Refusal;
use crate::api::WebMessage;
use crate::identity::Caller;
use crate::speech::Spoken;

/// `DELETE /api/{resource}/{uid}`.
pub(super) async fn delete(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
) -> Result<WebMessage, Refusal> {
    let kind = kind(&app, &resource)?;
    let object = Map::from_iter([("id".to_owned(), Value::from(uid.as_str()))]);
    // Nothing but the identifier is looked at.
    let params = ImportParams {
        strategy: ImportStrategy::Delete,
        merge: kibali_metadata::import::MergeMode::Merge,
        ..ImportParams::default()
    };
    let done = run_one(&app, &caller, &kind, &object, params).await?;
    require_found(&done, &kind, &uid)?;
    Ok(answer_object(&done, &kind, StatusCode::OK)?.0)
}
