//! Add, edit, delete.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use kibali_metadata::client::MOST_EXCHANGED;
use kibali_metadata::import::{ImportMode, ImportParams, ImportStrategy, MergeMode};
use kibali_store::door::{client_use, clients};
use serde_json::{Map, Value};

use super::chart::Chart;
use super::connect::Connect;
use super::fields::ClientForm;
use super::form::{Typed, lines};
use super::manager::{Manager, ManagerForm};
use super::told::{place_of, told};
use super::views::{Delete, Edit, New};
use super::{CLIENTS, PLURAL, Registered, secret, spoken};
use crate::api::objects::{self, Changed};
use crate::pages::page::Page;
use crate::pages::parts::Problem;
use crate::pages::redirect;
use crate::{App, Refusal};

/// The title of the bar.
pub(super) const TITLE: &str = "Settings";

/// `GET /settings`: clients are all there is to set so far.
pub(super) async fn settings(State(app): State<App>) -> Response {
    redirect(&app.settings, CLIENTS)
}

/// `GET /settings/oauth2-clients/new`.
pub(super) async fn new(State(app): State<App>, manager: Manager) -> Result<Page, Refusal> {
    show_new(&app, &manager, &Typed::for_new(), Vec::new())
}

fn show_new(app: &App, manager: &Manager, typed: &Typed, problems: Vec<Problem>) -> Result<Page, Refusal> {
    let frame = manager.0.frame(&app.settings, TITLE);
    Page::render(&New { frame: &frame, form: ClientForm::adding(&frame, typed, problems) })
}

/// `POST /settings/oauth2-clients/new`.
pub(super) async fn add(State(app): State<App>, form: ManagerForm) -> Result<Response, Refusal> {
    let (manager, typed) = (&form.manager, Typed::read(form.typed()));
    if form.checked().is_err() {
        let page = show_new(&app, manager, &typed, vec![expired()])?;
        return Ok(page.refusing(Refusal::FormExpired).into_response());
    }
    let create = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    match change(&app, manager, &typed, None, create).await? {
        Ok(Changed { uid, secret: Some(made), .. }) => {
            let client = manager.client(&app, &uid).await?;
            let page = secret::page(&app, manager, &client, &made, "OAuth2 client added", None)?;
            Ok(page.status(StatusCode::CREATED).into_response())
        }
        Ok(_) => Ok(saved(&app, "saved")),
        Err(problems) => {
            let page = show_new(&app, manager, &typed, problems)?;
            Ok(page.status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// `GET /settings/oauth2-clients/{uid}`.
pub(super) async fn edit(
    State(app): State<App>,
    manager: Manager,
    Path(uid): Path<String>,
) -> Result<Page, Refusal> {
    let client = manager.client(&app, &uid).await?;
    show_edit(&app, &manager, &client, &Typed::of(&client), Vec::new()).await
}

async fn show_edit(
    app: &App,
    manager: &Manager,
    client: &Registered,
    typed: &Typed,
    problems: Vec<Problem>,
) -> Result<Page, Refusal> {
    let frame = manager.0.frame(&app.settings, TITLE);
    let mut reader = app.store.reader().await?;
    let days = client_use::days(&mut reader, client.object, app.now()).await?;
    drop(reader);
    Page::render(&Edit {
        frame: &frame,
        uid: &client.uid,
        heading: &client.name,
        form: ClientForm::editing(&frame, client, typed, problems),
        overlaps: secret::overlaps(),
        has_secret: client.registration.has_secret(),
        chart: Chart::new(&days),
        connect: Connect::new(&app.settings, &manager.0.principal.username, client, None),
    })
}

/// `POST /settings/oauth2-clients/{uid}`.
pub(super) async fn save(
    State(app): State<App>,
    Path(uid): Path<String>,
    form: ManagerForm,
) -> Result<Response, Refusal> {
    let (manager, typed) = (&form.manager, Typed::read(form.typed()));
    let (client, object) = manager.client_and_object(&app, &uid).await?;
    if form.checked().is_err() {
        let page = show_edit(&app, manager, &client, &typed, vec![expired()]).await?;
        return Ok(page.refusing(Refusal::FormExpired).into_response());
    }
    let replace = ImportParams { strategy: ImportStrategy::Update, ..ImportParams::default() };
    match change(&app, manager, &typed, Some((&object, &client)), replace).await? {
        Ok(_) => Ok(saved(&app, "saved")),
        Err(problems) => {
            let page = show_edit(&app, manager, &client, &typed, problems).await?;
            Ok(page.status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// `GET /settings/oauth2-clients/{uid}/delete`: asks once more.
pub(super) async fn ask_delete(
    State(app): State<App>,
    manager: Manager,
    Path(uid): Path<String>,
) -> Result<Page, Refusal> {
    let client = manager.client(&app, &uid).await?;
    let frame = manager.0.frame(&app.settings, TITLE);
    Page::render(&Delete {
        frame: &frame,
        uid: &client.uid,
        name: &client.name,
        client_id: &client.registration.client_id,
    })
}

/// `POST /settings/oauth2-clients/{uid}/delete`.
pub(super) async fn delete(
    State(app): State<App>,
    Path(uid): Path<String>,
    form: ManagerForm,
) -> Result<Response, Refusal> {
    form.checked()?;
    let object = Map::from_iter([("id".to_owned(), Value::from(uid))]);
    let params = ImportParams { strategy: ImportStrategy::Delete, ..update() };
    let done = objects::change_one(&spoken(&app), &form.manager.0.principal, PLURAL, &object, params).await?;
    match done.faults.first() {
        None => Ok(saved(&app, "deleted")),
        Some(fault) => Err(Refusal::conflict_code(fault.code.as_str(), fault.message())),
    }
}

/// What is told where the form has the token of another session: somebody signed in again meanwhile.
fn expired() -> Problem {
    Problem { field: "", text: "This form has expired. Look it over and save it again.".to_owned() }
}

/// Changes what is named and leaves the rest.
pub(super) fn update() -> ImportParams {
    ImportParams { strategy: ImportStrategy::Update, merge: MergeMode::Merge, ..ImportParams::default() }
}

/// Writes what was typed, or says everything that is wrong with it.
async fn change(
    app: &App,
    manager: &Manager,
    typed: &Typed,
    stored: Option<(&Map<String, Value>, &Registered)>,
    params: ImportParams,
) -> Result<Result<Changed, Vec<Problem>>, Refusal> {
    let caller = &manager.0.principal;
    let mut problems = typed.problems();
    let mut user = None;
    if !typed.acts_as.is_empty() {
        let is_kept = stored.is_some_and(|(_, client)| client.acts_as.as_deref() == Some(&*typed.acts_as));
        let kept =
            stored.filter(|_| is_kept).and_then(|(object, _)| object.get("actsAs")?.get("id")?.as_str());
        user = match kept {
            Some(kept) => Some(kept.to_owned()),
            None => objects::find_user(app, caller, &typed.acts_as).await?,
        };
        if user.is_none() {
            let text = "There is no user of this name among those you may see.".to_owned();
            problems.push(Problem { field: "actsAs", text });
        }
    }
    if problems.is_empty() {
        problems.extend(unknown(app, typed, stored.map(|(_, client)| client)).await?);
    }
    let mode = if problems.is_empty() { ImportMode::Commit } else { ImportMode::Validate };
    let params = ImportParams { mode, ..params };
    let object = typed.object(stored, user.as_deref());
    let done = objects::change_one(&spoken(app), caller, PLURAL, &object, params).await?;
    for problem in done.faults.iter().map(told) {
        // Of one field one thing is told; the form knows more of what is missing than the engine.
        if !problems.iter().any(|known| known.field == problem.field && !known.field.is_empty()) {
            problems.push(problem);
        }
    }
    problems.sort_by_key(|problem| place_of(problem.field));
    Ok(if problems.is_empty() { Ok(done) } else { Err(problems) })
}

/// A client that there is not, among those whose tokens it may exchange: a name that was misspelt exchanges nothing.
/// It may be this one, and one that was named before may be gone; that they are too many is for the engine to say.
async fn unknown(app: &App, typed: &Typed, stored: Option<&Registered>) -> Result<Option<Problem>, Refusal> {
    let before = stored.map_or(&[][..], |client| &client.registration.exchanges_for);
    let known = |id: &str| id == typed.client_id || before.iter().any(|known| known == id);
    let named = lines(&typed.exchanges_for);
    if named.len() > MOST_EXCHANGED {
        return Ok(None);
    }
    let mut reader = app.store.reader().await?;
    for id in named.into_iter().filter(|id| !known(id)) {
        if clients::by_client_id(&mut reader, id).await?.is_none() {
            let text = format!("There is no client with the ID {id}.");
            return Ok(Some(Problem { field: "exchangesFor", text }));
        }
    }
    Ok(None)
}

fn saved(app: &App, done: &str) -> Response {
    Redirect::to(&format!("{}{CLIENTS}?done={done}", app.settings.context_path())).into_response()
}
