//! List, make, delete.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use super::TOKENS;
use super::form::{TokenForm, Typed, refused};
use super::views::{Delete, List, Made, New, Table, name};
use crate::api::api_tokens::{delete as delete_token, make as make_token, own};
use crate::clients::quoted;
use crate::pages::page::Page;
use crate::pages::parts::Problem;
use crate::pages::redirect;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// The title of the bar.
pub(super) const TITLE: &str = "Account";

/// What an address says has just been done.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

/// `GET /account/tokens`.
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Result<Page, Refusal> {
    let frame = visitor.frame(&app.settings, TITLE);
    Page::render(&List {
        table: Table::of(&app, visitor.principal.user, Some(frame.base.clone())).await?,
        frame,
        notice: (done == "deleted").then_some("Token deleted"),
        taken: app.settings.api_tokens,
    })
}

/// `GET /account/tokens/new`.
pub(super) async fn new(State(app): State<App>, visitor: Visitor) -> Result<Page, Refusal> {
    show_new(&app, &visitor, &Typed::default(), Vec::new())
}

fn show_new(app: &App, visitor: &Visitor, typed: &Typed, problems: Vec<Problem>) -> Result<Page, Refusal> {
    let frame = visitor.frame(&app.settings, TITLE);
    Page::render(&New { frame: &frame, form: TokenForm::new(&frame, typed, problems) })
}

/// `POST /account/tokens/new`. Sent again, as a reload would, it finds the name taken.
pub(super) async fn make(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let (visitor, typed) = (&form.visitor, Typed::read(form.typed()));
    let again = |problems| show_new(&app, visitor, &typed, problems);
    if form.checked().is_err() {
        let text = "This form has expired. Look it over and send it again.".to_owned();
        let page = again(vec![Problem { field: "", text }])?;
        return Ok(page.refusing(Refusal::FormExpired).into_response());
    }
    let change = match typed.change(app.now()) {
        Ok(change) => change,
        Err(problems) => return Ok(again(problems)?.status(StatusCode::CONFLICT).into_response()),
    };
    let (token, secret) = match make_token(&app, &visitor.principal, change, form.address()).await {
        Ok(made) => made,
        Err(refusal) => {
            let page = again(vec![refused(refusal.clone())?])?;
            return Ok(page.refusing(refusal).into_response());
        }
    };
    let header = quoted(&format!("Authorization: ApiToken {}", secret.expose()));
    let curl = format!("curl -H {header} {}", quoted(&app.settings.absolute("/api/me")));
    let frame = visitor.frame(&app.settings, TITLE);
    let page = Page::render(&Made::new(frame, &token, secret.expose(), curl))?;
    Ok(page.status(StatusCode::CREATED).into_response())
}

/// `GET /account/tokens/{uid}/delete`: asks once more.
pub(super) async fn ask_delete(
    State(app): State<App>,
    visitor: Visitor,
    Path(uid): Path<String>,
) -> Result<Page, Refusal> {
    let token = own(&app, &visitor.principal, &uid).await?;
    Page::render(&Delete {
        frame: visitor.frame(&app.settings, TITLE),
        uid: token.uid.to_string(),
        name: name(&token),
    })
}

/// `POST /account/tokens/{uid}/delete`.
pub(super) async fn delete(
    State(app): State<App>,
    Path(uid): Path<String>,
    form: VisitorForm,
) -> Result<Response, Refusal> {
    form.checked()?;
    delete_token(&app, &form.visitor.principal, &uid, form.address()).await?;
    Ok(redirect(&app.settings, &format!("{TOKENS}?done=deleted")))
}
