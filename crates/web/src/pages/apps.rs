//! **Apps**, the first page after signing in.

use askama::Template;
use axum::extract::State;
use kibali_store::door::accounts;

use super::administration;
use super::clients;
use super::frame::Frame;
use super::page::Page;
use super::visitor::Visitor;
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "apps.html")]
pub(super) struct Apps {
    pub(super) frame: Frame,
    /// First name and surname.
    pub(super) name: String,
    pub(super) username: String,
    pub(super) may_manage_clients: bool,
    pub(super) may_administer: bool,
}

/// `GET /apps`.
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Refusal> {
    let principal = &visitor.principal;
    let account = accounts::by_user(&mut app.store.reader().await?, principal.user).await?;
    let name = account.and_then(|account| account.name);
    Page::render(&Apps {
        frame: visitor.frame(&app.settings, "Apps"),
        name: name.unwrap_or_else(|| principal.username.clone()),
        username: principal.username.clone(),
        may_manage_clients: clients::may_manage(&app, principal),
        may_administer: administration::may_administer(principal),
    })
}
