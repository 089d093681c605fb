//! PUT of one object: a full replace.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_metadata::import::{ImportMode, ImportParams, ImportStrategy};
use serde_json::Value;

use super::user_settings::Chosen;
use super::verbs::{
    Pairs, answer_import, answer_object, kind, object, params, plain_below_38, refuse_access, require_found,
    run_one,
};
use crate::Refusal;
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::{Speech, Spoken};

/// Kinds whose PUT answers an import report, as DHIS2's does (web-api reference 3.2).
const IMPORT_REPORTS: [&str; 1] = ["user"];

/// `PUT /api/{resource}/{uid}`.
pub(super) async fn replace(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    speech: Speech,
    query: Pairs,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let kind = kind(&app, &resource)?;
    let mut object = object(body)?;
    let settings = Chosen::take(&kind, &mut object)?;
    object.insert("id".to_owned(), Value::from(uid.as_str()));
    let params = ImportParams { strategy: ImportStrategy::Update, ..params(&query) };
    let done = run_one(&app, &caller, &kind, &object, params).await?;
    require_found(&done, &kind, &uid)?;
    if params.mode != ImportMode::Validate
        && let Some(fate) = done.plan.outcomes.first().filter(|fate| fate.faults.is_empty())
    {
        settings.keep(&app, fate.id).await?;
    }
    if IMPORT_REPORTS.contains(&kind.singular) {
        done.plan.outcomes.first().map_or(Ok(()), refuse_access)?;
        return Ok(plain_below_38(answer_import(&done.plan.report), speech));
    }
    Ok(answer_object(&done, &kind, StatusCode::OK)?.0.into_response())
}
