//! The first page of *Account*.

use askama::Template;
use axum::extract::State;
use kibali_store::door::{accounts, factors};

use super::TITLE;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::visitor::Visitor;
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "own.html")]
pub(super) struct Overview {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) username: String,
    pub(super) email: Option<String>,
    /// A second factor protects the account.
    pub(super) protected: bool,
    /// It does, and nothing is kept for the day that it is lost.
    pub(super) no_recovery: bool,
}

/// `GET /account`.
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Refusal> {
    let principal = &visitor.principal;
    let mut reader = app.store.reader().await?;
    let contact = accounts::contact(&mut reader, principal.user).await?;
    let factor = factors::find(&mut reader, principal.user).await?.filter(|factor| factor.protects());
    drop(reader);
    Page::render(&Overview {
        frame: visitor.frame(&app.settings, TITLE),
        name: contact.name.unwrap_or_else(|| principal.username.clone()),
        username: principal.username.clone(),
        email: contact.email.address,
        protected: factor.is_some(),
        no_recovery: factor.is_some_and(|factor| factor.recovery_codes == 0),
    })
}
