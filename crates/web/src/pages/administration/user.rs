//! *One user*: where somebody is signed in, which applications act for them, and their personal access tokens; the
//! end of each.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use kibali_model::ObjectId;
use kibali_store::door::accounts;
use kibali_store::door::api_tokens::DeleteApiToken;
use kibali_store::door::live_grants::{self, Filter, Which};
use kibali_store::door::sessions::EndSessions;

use super::cut::done;
use super::grants::{self, notice, together};
use super::guard::{Administrator, AdministratorForm};
use super::query::{self, Query};
use super::{TITLE, USER};
use crate::pages::frame::Frame;
use crate::pages::own::sessions;
use crate::pages::page::Page;
use crate::pages::parts::Field;
use crate::pages::redirect;
use crate::pages::tokens::views as tokens;
use crate::pages::visitor::Visitor;
use crate::{App, Refusal};

/// Grants that are shown; the list of grants goes on.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "admin_user.html")]
pub(super) struct OneUser {
    pub(super) frame: Frame,
    pub(super) notice: Option<String>,
    pub(super) user: Field,
    pub(super) found: Option<Found>,
}

/// What somebody has open.
pub(super) struct Found {
    pub(super) username: String,
    /// First name and surname.
    pub(super) name: String,
    /// The query that asks for all of their grants, or to end all.
    pub(super) whose: String,
    pub(super) sessions: sessions::Table,
    pub(super) grants: grants::Table,
    /// There are more.
    pub(super) more: bool,
    pub(super) tokens: tokens::Table,
}

/// The query that asks for the page of a user.
pub(super) fn whose(username: &str) -> String {
    together(Some(username), None).map(|(_, query)| query).unwrap_or_default()
}

/// To the page of a user, after something was to end.
pub(super) fn back(app: &App, username: &str, ended: bool) -> Response {
    redirect(&app.settings, &format!("{USER}{}&done={}", whose(username), done(ended)))
}

/// `GET /administration/user`.
pub(super) async fn show(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    let query = Query::read(query.as_deref());
    let (found, wrong) = match query.text("user") {
        None => (None, None),
        Some(name) => match find(&app, &visitor, name).await? {
            Some(found) => (Some(found), None),
            None => (None, Some(query::unknown("user", "No user has this name."))),
        },
    };
    Page::render(&OneUser {
        frame: visitor.frame(&app.settings, TITLE),
        notice: notice(query.text("done")),
        user: query.field("user", "User", "The name they sign in with.", wrong.as_ref()),
        found,
    })
}

async fn find(app: &App, visitor: &Visitor, name: &str) -> Result<Option<Found>, Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(account) = accounts::by_username(&mut reader, name).await? else { return Ok(None) };
    let theirs = Filter { which: Which { user: Some(account.user), client: None }, ..Filter::default() };
    let part = live_grants::list(&mut reader, &theirs, i64::MAX, MOST, app.now()).await?;
    drop(reader);
    Ok(Some(Found {
        name: account.name.unwrap_or_default(),
        whose: whose(&account.username),
        username: account.username,
        sessions: sessions::Table::of(app, account.user, visitor).await?,
        grants: grants::Table::of(app, part.grants, None),
        more: part.next.is_some(),
        tokens: tokens::Table::of(app, account.user, None).await?,
    }))
}

/// The user whose page sent a form.
async fn named(app: &App, username: &str) -> Result<ObjectId, Refusal> {
    let account = accounts::by_username(&mut app.store.reader().await?, username).await?;
    account.map(|account| account.user).ok_or(Refusal::NotFound)
}

/// `POST /administration/user/sessions`: ends one.
pub(super) async fn end_session(
    State(app): State<App>,
    form: AdministratorForm,
) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let username = fields.text("user");
    let user = named(&app, username).await?;
    let ended = match sessions::named(&app, user, fields.text("session")).await? {
        Some(which) => {
            app.store.write(EndSessions { user, which, by: form.cutter(), now: app.now() }).await? > 0
        }
        None => false,
    };
    Ok(back(&app, username, ended))
}

/// `POST /administration/user/tokens`: ends one.
pub(super) async fn end_token(State(app): State<App>, form: AdministratorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let username = fields.text("user");
    let user = named(&app, username).await?;
    let uid = fields.text("token").to_owned();
    let ended = app.store.write(DeleteApiToken { user, uid, by: form.cutter(), now: app.now() }).await?;
    Ok(back(&app, username, ended))
}
