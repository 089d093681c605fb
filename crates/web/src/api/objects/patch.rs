//! PATCH of one object.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use kibali_metadata::Kind;
use kibali_metadata::import::{
    AtomicMode, Batch, Detail, Edit, Facts, Fault, ImportParams, ImportStrategy, Item, Needs, compile,
};
use kibali_model::{Principal, Sharing};
use kibali_store::objects::facts;
use serde_json::{Map, Value, json};

use super::import::{Done, run};
use super::verbs::{answer_object, kind, require_found};
use crate::api::WebMessage;
use crate::body::Raw;
use crate::identity::Caller;
use crate::{App, Refusal};

/// The only media type of a patch (RFC 6902).
const PATCH: &str = "application/json-patch+json";

/// `PATCH /api/{resource}/{uid}`.
pub(super) async fn patch(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((resource, uid)): Path<(String, String)>,
    raw: Raw,
) -> Result<WebMessage, Refusal> {
    let kind = kind(&app, &resource)?;
    if raw.media != PATCH {
        return Err(Refusal::UnsupportedMediaType(PATCH));
    }
    let patch = crate::body::parse(&raw.bytes)?;
    let present = present(&app, &caller, &kind, &uid).await?;
    let (edits, faults) =
        compile(&kind, &present, &patch).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let done = edit(&app, &caller, &kind, &uid, edits.into_iter().collect(), faults).await?;
    require_found(&done, &kind, &uid)?;
    Ok(answer_object(&done, &kind, StatusCode::OK)?.0)
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

fn edit_params() -> ImportParams {
    ImportParams { strategy: ImportStrategy::Update, ..ImportParams::default() }
}

/// The object's own values, references left out.
async fn present(
    app: &App,
    caller: &Principal,
    kind: &Kind,
    uid: &str,
) -> Result<Map<String, Value>, Refusal> {
    let missing = || Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.to_owned() };
    let wanted = (kind.singular, uid.parse().map_err(|_| missing())?);
    let mut reader = app.store.snapshot().await?;
    let mut known = Facts::default();
    let mut needs = Needs::default();
    needs.objects.insert(wanted);
    facts::answer(&mut reader, &app.registry, caller, &needs, &mut known).await?;
    let id = known.objects.get(&wanted).copied().flatten().ok_or_else(missing)?;
    let mut needs = Needs::default();
    needs.details.insert(id);
    facts::answer(&mut reader, &app.registry, caller, &needs, &mut known).await?;
    let detail = known.details.remove(&id).flatten().ok_or_else(missing)?;
    Ok(values(detail))
}

fn values(detail: Detail) -> Map<String, Value> {
    let mut values = detail.doc;
    values.insert("sharing".to_owned(), sharing(&detail.sharing));
    if let Some(client) = detail.client {
        values.insert("grantTypes".to_owned(), Value::from(client.grant_types));
        values.insert("redirectUris".to_owned(), Value::from(client.redirect_uris));
    }
    let translations = detail.translations.into_iter();
    let translations = translations
        .map(|(locale, property, value)| json!({ "locale": locale, "property": property, "value": value }));
    values.insert("translations".to_owned(), translations.collect());
    values
}

fn sharing(sharing: &Sharing) -> Value {
    let grants = |grants: &std::collections::BTreeMap<String, kibali_model::Access>| -> Map<String, Value> {
        let one = |(id, access): (&String, &kibali_model::Access)| {
            (id.clone(), json!({ "id": id, "access": access.to_string() }))
        };
        grants.iter().map(one).collect()
    };
    json!({
        "owner": sharing.owner,
        "public": sharing.public.map(|access| access.to_string()),
        "users": grants(&sharing.users),
        "userGroups": grants(&sharing.groups),
    })
}
