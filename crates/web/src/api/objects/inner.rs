//! Objects for other resources of the Web API: the same reads and writes, without a request of their own.

use std::sync::Arc;

use http::StatusCode;
use kibali_crypto::Secret;
use kibali_metadata::Kind;
use kibali_metadata::import::{Edit, Fault, Given, ImportParams, ImportReport, read_sharing};
use kibali_metadata::language::Fields;
use kibali_metadata::read::{Predicate, resolve_fields};
use kibali_model::Principal;
use serde_json::{Map, Value};

use super::patch::edit;
use super::read::{Ask, require_kind};
use super::verbs::{answer_object, kind, refuse_access, require_found, run_one};
use crate::api::WebMessage;
use crate::{App, Refusal};

/// One object that the caller may read.
///
/// # Errors
/// [`Refusal::ObjectNotFound`], [`Refusal::Forbidden`] where the kind may not be read, or the database.
pub(crate) async fn one(
    app: &App,
    caller: &Principal,
    kind: &Kind,
    uid: &str,
    fields: &Fields,
) -> Result<Value, Refusal> {
    require_kind(caller, kind)?;
    let missing = || Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.to_owned() };
    let ask = Ask::new(app, caller, &[]).await?;
    let shape = resolve_fields(&app.registry, kind, fields, true)?;
    let mut reading = ask.reading().await?;
    let level = reading.one(&shape, uid).await?.ok_or_else(missing)?;
    ask.project(&mut reading, &shape, &level).await?.pop().ok_or_else(missing)
}

/// The objects of a kind whose name, code or identifier holds `text`, as `id`, `name` and `displayName`.
/// None where the kind may not be read.
///
/// # Errors
/// The database failed.
pub(crate) async fn find_by_name(
    app: &App,
    caller: &Principal,
    plural: &str,
    text: &str,
    most: i64,
) -> Result<Vec<Value>, Refusal> {
    if !may_read(app, caller, plural) {
        return Ok(Vec::new());
    }
    let fields = Fields::names(&["id", "name", "displayName"]);
    let most = most.to_string();
    Ok(listed(app, caller, plural, &fields, &[("query", text), ("pageSize", &most)]).await?.0)
}

/// The identifier of the user who signs in with this name, among those the caller may see.
///
/// # Errors
/// The database failed.
pub(crate) async fn find_user(
    app: &App,
    caller: &Principal,
    username: &str,
) -> Result<Option<String>, Refusal> {
    // No user name has a character that the language of filters reads otherwise.
    if !may_read(app, caller, "users") || username.contains([':', ',', '[', ']']) {
        return Ok(None);
    }
    let filter = format!("username:eq:{username}");
    let (found, _) =
        listed(app, caller, "users", &Fields::names(&["id"]), &[("filter", &filter), ("pageSize", "1")])
            .await?;
    Ok(found.first().and_then(|user| user.get("id")?.as_str()).map(str::to_owned))
}

/// May the caller read objects of a kind?
pub(crate) fn may_read(app: &App, caller: &Principal, plural: &str) -> bool {
    kind(app, plural).is_ok_and(|kind| require_kind(caller, &kind).is_ok())
}

/// Every object of a kind that the caller may read, with these properties.
///
/// # Errors
/// As [`listed`].
pub async fn list_all(
    app: &App,
    caller: &Principal,
    plural: &str,
    fields: &Fields,
) -> Result<Vec<Value>, Refusal> {
    Ok(listed(app, caller, plural, fields, &[("paging", "false"), ("order", "id:asc")]).await?.0)
}

/// What a list with these parameters shows, and how many there are on all its pages.
///
/// # Errors
/// There is no such collection, the kind may not be read, or the database failed.
pub(super) async fn listed(
    app: &App,
    caller: &Principal,
    plural: &str,
    fields: &Fields,
    pairs: &[(&str, &str)],
) -> Result<(Vec<Value>, u64), Refusal> {
    let kind = kind(app, plural)?;
    require_kind(caller, &kind)?;
    let pairs: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let ask = Ask::new(app, caller, &pairs).await?;
    let shape = resolve_fields(&app.registry, &kind, fields, true)?;
    let listing = ask.listing(&kind, shape.clone(), Predicate::All(Vec::new()), None)?;
    let mut reading = ask.reading().await?;
    let listed = reading.list(listing).await?;
    Ok((ask.project(&mut reading, &shape, &listed.level).await?, listed.total))
}

/// What became of one object.
pub(crate) struct Changed {
    /// Its identifier.
    pub(crate) uid: String,
    /// What was wrong; then nothing was written.
    pub(crate) faults: Vec<Fault>,
    /// The secret that was made for a new client.
    pub(crate) secret: Option<Secret<String>>,
}

/// Creates, changes or deletes one object, as `params` say.
///
/// # Errors
/// The object does not exist, the caller may not do this, or the database failed.
pub(crate) async fn change_one(
    app: &App,
    caller: &Principal,
    plural: &str,
    object: &Map<String, Value>,
    params: ImportParams,
) -> Result<Changed, Refusal> {
    let kind = kind(app, plural)?;
    let done = run_one(app, caller, &kind, object, params).await?;
    if let Some(uid) = object.get("id").and_then(Value::as_str) {
        require_found(&done, &kind, uid)?;
    }
    let secret = done.secrets.into_iter().next().map(|made| made.secret);
    let fate = done.plan.outcomes.into_iter().next().ok_or(Refusal::NotFound)?;
    refuse_access(&fate)?;
    Ok(Changed { uid: fate.uid.to_string(), faults: fate.faults, secret })
}

/// Updates one object from the values of a payload. Answers why not, if something is wrong with
/// them.
///
/// # Errors
/// The object does not exist, the caller may not change it, or the database failed.
pub(crate) async fn update_one(
    app: &App,
    caller: &Principal,
    plural: &str,
    object: &Map<String, Value>,
    params: ImportParams,
) -> Result<Option<NotUpdated>, Refusal> {
    let kind = kind(app, plural)?;
    let done = run_one(app, caller, &kind, object, params).await?;
    let (message, _) = answer_object(&done, &kind, StatusCode::OK)?;
    Ok((message.http_status != StatusCode::OK).then_some(NotUpdated { message, report: done.plan.report }))
}

/// Why an object was not updated.
pub(crate) struct NotUpdated {
    /// For programs.
    pub(crate) message: WebMessage,
    /// What is wrong with the object.
    pub(crate) report: ImportReport,
}

/// Replaces the sharing of an object. Answers the message that refuses, if something is wrong with it.
///
/// # Errors
/// As [`update_one`].
pub(crate) async fn share(
    app: &App,
    caller: &Principal,
    kind: &Arc<Kind>,
    uid: &str,
    sharing: Value,
) -> Result<Option<WebMessage>, Refusal> {
    let wrapped = Map::from_iter([("sharing".to_owned(), sharing)]);
    let given = read_sharing(&wrapped)
        .map_err(|fault| Refusal::conflict_code(fault.code.as_str(), fault.message()))?
        .ok_or_else(|| Refusal::UnreadableBody("The body is not a sharing object".to_owned()))?;
    let edits = vec![("sharing", Edit::Set(Given::Sharing(given)))];
    let done = edit(app, caller, kind, uid, edits, Vec::new()).await?;
    require_found(&done, kind, uid)?;
    let (message, _) = answer_object(&done, kind, StatusCode::OK)?;
    Ok((message.http_status != StatusCode::OK).then_some(message))
}
