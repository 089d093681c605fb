//! PATCH of one object.

use std::sync::Arc;

use axum::extract::Path;
use http::StatusCode;
use kibali_metadata::Kind;
use kibali_metadata::import::{
    AtomicMode, Batch, Edit, Facts, Fault, ImportMode, ImportParams, ImportStrategy, Item, compile,
};
use kibali_model::Principal;
use kibali_store::Reader;
use serde_json::Value;

use super::import::{Asked, Done, run, run_asked};
use super::present;
use super::verbs::{answer_object, kind, require_found};
use crate::api::WebMessage;
use crate::body::Raw;
use crate::identity::Caller;
use crate::speech::Spoken;
use crate::{App, Refusal};

/// The only media type of a patch (RFC 6902).
const PATCH: &str = "application/json-patch+json";

/// A JSON Patch of one object.
pub(super) struct Patch {
    /// Its kind.
    pub(super) kind: Arc<Kind>,
    /// Its identifier as written.
    pub(super) uid: String,
    /// The operations.
    pub(super) operations: Value,
}

/// `PATCH /api/{resource}/{uid}`.
pub(super) async fn patch(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    raw: Raw,
) -> Result<WebMessage, Refusal> {
    let kind = kind(&app, &resource)?;
    let operations = operations(&raw)?;
    let patch = Patch { kind: Arc::clone(&kind), uid: uid.clone(), operations };
    let done = run_asked(&app, &caller, Asked::Patches(&[patch]), edit_params(), true).await?;
    require_found(&done, &kind, &uid)?;
    Ok(answer_object(&done, &kind, StatusCode::OK)?.0)
}

/// The body of a patch.
pub(crate) fn operations(raw: &Raw) -> Result<Value, Refusal> {
    if raw.media != PATCH {
        return Err(Refusal::UnsupportedMediaType(PATCH));
    }
    crate::body::parse(&raw.bytes)
}

/// The items that patches come to on the state that `reader` sees.
///
/// # Errors
/// A patch cannot be read or applied, or its object does not exist.
pub(super) async fn batch(
    app: &App,
    caller: &Principal,
    patches: &[Patch],
    reader: &mut Reader,
    known: &mut Facts,
) -> Result<Batch, Refusal> {
    let mut batch = Batch::default();
    for Patch { kind, uid, operations } in patches {
        let present = match present::values(app, caller, kind, uid, reader, known).await {
            Ok(present) => present,
            // The plan says which object is missing, beside what it says of the others.
            Err(Refusal::ObjectNotFound { .. }) => {
                batch.items.push(item(app, kind, uid, Vec::new(), Vec::new()));
                continue;
            }
            Err(refusal) => return Err(refusal),
        };
        let (edits, faults) = compile(kind, uid, &present, operations)
            .map_err(|error| Refusal::BadRequest(error.to_string()))?;
        batch.items.push(item(app, kind, uid, edits.into_iter().collect(), faults));
    }
    Ok(batch)
}

/// Changes some properties of one object and leaves the others.
pub(super) async fn edit(
    app: &App,
    caller: &Principal,
    kind: &Arc<Kind>,
    uid: &str,
    edits: Vec<(&'static str, Edit)>,
    faults: Vec<Fault>,
) -> Result<Done, Refusal> {
    let item = item(app, kind, uid, edits, faults);
    run(app, caller, &Batch { items: vec![item], warnings: Vec::new() }, edit_params(), true).await
}

/// Changes the members of one collection; identifiers that lead nowhere are passed over.
pub(super) async fn edit_members(
    app: &App,
    caller: &Principal,
    kind: &Arc<Kind>,
    uid: &str,
    edit: (&'static str, Edit),
) -> Result<Done, Refusal> {
    let item = item(app, kind, uid, vec![edit], Vec::new());
    let params = ImportParams { atomic: AtomicMode::None, ..edit_params() };
    run(app, caller, &Batch { items: vec![item], warnings: Vec::new() }, params, true).await
}

/// Would the caller be allowed to change the object? Nothing is changed; the plan says what stands against it.
pub(super) async fn may_edit(
    app: &App,
    caller: &Principal,
    kind: &Arc<Kind>,
    uid: &str,
) -> Result<Done, Refusal> {
    let item = item(app, kind, uid, Vec::new(), Vec::new());
    let params = ImportParams { mode: ImportMode::Validate, ..edit_params() };
    run(app, caller, &Batch { items: vec![item], warnings: Vec::new() }, params, true).await
}

fn item(
    app: &App,
    kind: &Arc<Kind>,
    uid: &str,
    edits: Vec<(&'static str, Edit)>,
    faults: Vec<Fault>,
) -> Item {
    Item {
        kind: kind.clone(),
        index: 0,
        id: Some(uid.to_owned()),
        code: None,
        place: None,
        fresh: app.new_uid(),
        edits: edits.into_iter().collect(),
        faults,
    }
}

pub(super) fn edit_params() -> ImportParams {
    ImportParams { strategy: ImportStrategy::Update, ..ImportParams::default() }
}
