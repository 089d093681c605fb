//! The sharing of many objects in one request: `PATCH /api/{resource}/sharing`, `PATCH /api/metadata/sharing`.

use std::sync::Arc;

use axum::extract::Path;
use kibali_metadata::Kind;
use kibali_metadata::import::{AtomicMode, ImportParams};
use serde_json::{Map, Value};

use super::import::{Asked, run_asked};
use super::patch::{Patch, edit_params};
use super::verbs::{answer_import, kind, object};
use crate::api::WebMessage;
use crate::api::query::Pairs;
use crate::body::Json;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

/// Objects in one request at most.
const MOST: usize = 10_000;

/// `PATCH /api/{resource}/sharing?atomic=`: `{"dataSets": ["uid", …], "patch": […]}`, one patch for all, or
/// `{"dataSets": {"uid": […], …}}`, a patch for each.
pub(super) async fn of_kind(
    Spoken(app): Spoken,
    caller: Caller,
    Path(resource): Path<String>,
    pairs: Pairs,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let kind = kind(&app, &resource)?;
    let body = object(body)?;
    let given = body.get(kind.plural).ok_or_else(|| {
        Refusal::BadRequest(format!("The body needs `{}`: the identifiers to share", kind.plural))
    })?;
    let patches = patches(&kind, given, body.get("patch"))?;
    share(&app, caller, &patches, &pairs).await
}

/// `PATCH /api/metadata/sharing?atomic=`: the same for several kinds.
pub(super) async fn of_kinds(
    Spoken(app): Spoken,
    caller: Caller,
    pairs: Pairs,
    Json(body): Json,
) -> Result<WebMessage, Refusal> {
    let body: Map<String, Value> = object(body)?;
    let mut all = Vec::new();
    for (resource, given) in body.iter().filter(|(name, _)| *name != "patch") {
        let kind = kind(&app, resource)
            .map_err(|_| Refusal::BadRequest(format!("`{resource}` is no collection of objects")))?;
        all.extend(patches(&kind, given, body.get("patch"))?);
    }
    share(&app, caller, &all, &pairs).await
}

fn patches(kind: &Arc<Kind>, given: &Value, common: Option<&Value>) -> Result<Vec<Patch>, Refusal> {
    if !kind.shareable {
        return Err(Refusal::conflict_code("E3019", format!("{} has no sharing", kind.display_name)));
    }
    let one = |uid: &str, operations: &Value| {
        require_sharing_only(operations)?;
        Ok(Patch { kind: Arc::clone(kind), uid: uid.to_owned(), operations: operations.clone() })
    };
    match (given, common) {
        (Value::Object(each), _) => each.iter().map(|(uid, operations)| one(uid, operations)).collect(),
        (Value::Array(uids), Some(operations)) => uids
            .iter()
            .map(|uid| one(uid.as_str().or_else(|| uid.get("id")?.as_str()).unwrap_or_default(), operations))
            .collect(),
        _ => Err(Refusal::BadRequest(format!(
            "`{}` is a list of identifiers beside a `patch`, or an object with a patch for each identifier",
            kind.plural
        ))),
    }
}

fn require_sharing_only(operations: &Value) -> Result<(), Refusal> {
    let paths = operations.as_array().into_iter().flatten().map(|operation| operation.get("path"));
    for path in paths.map(|path| path.and_then(Value::as_str).unwrap_or_default()) {
        if path != "/sharing" && !path.starts_with("/sharing/") {
            return Err(Refusal::BadRequest(format!("Path `{path}` is not below /sharing")));
        }
    }
    Ok(())
}

async fn share(
    app: &App,
    Caller(caller): Caller,
    patches: &[Patch],
    pairs: &Pairs,
) -> Result<WebMessage, Refusal> {
    if patches.len() > MOST {
        return Err(Refusal::BadRequest(format!("Sharing of at most {MOST} objects changes in one request")));
    }
    let atomic = if pairs.first("atomic") == Some("true") { AtomicMode::All } else { AtomicMode::None };
    let params = ImportParams { atomic, ..edit_params() };
    let done = run_asked(app, &caller, Asked::Patches(patches), params, true).await?;
    Ok(answer_import(&done.plan.report))
}
