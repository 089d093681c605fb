//! List, make, take back.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use kibali_model::Authorities;
use kibali_store::door::registrations;

use super::INVITATIONS;
use super::views::{List, Made, Row, Typed, name};
use crate::pages::administration::may_administer;
use crate::pages::page::Page;
use crate::pages::parts::{Copy, Moment, Problem};
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::registration::{Invited, invite, take_back};
use crate::{App, Refusal};

/// The title of the bar.
pub(super) const TITLE: &str = "Settings";
/// What the list says has just been done, by the value of `done` in its address.
const DONE: [(&str, &str); 2] =
    [("ended", "Taken back. No client registers with it any more."), ("gone", "It had ended already.")];

/// Whoever may do everything; the rule is that of `/api/initialAccessTokens`.
fn require(visitor: &Visitor) -> Result<(), Refusal> {
    if may_administer(&visitor.principal) { Ok(()) } else { Err(Refusal::Lacks(&[Authorities::ALL])) }
}

/// `GET /settings/initial-access-tokens`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    require(&visitor)?;
    let mut done = url::form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let done = done.find(|(name, _)| name == "done").map(|(_, value)| value.into_owned());
    let notice = DONE.into_iter().find(|(name, _)| done.as_deref() == Some(name)).map(|(_, text)| text);
    list(&app, &visitor, notice, &Typed::default(), Vec::new()).await
}

async fn list(
    app: &App,
    visitor: &Visitor,
    notice: Option<&'static str>,
    typed: &Typed,
    problems: Vec<Problem>,
) -> Result<Page, Refusal> {
    let live = registrations::live(&mut app.store.reader().await?, app.now()).await?;
    let (problems, fields) = typed.fields(problems);
    Page::render(&List {
        frame: visitor.frame(&app.settings, TITLE),
        notice,
        rows: live.iter().map(Row::of).collect(),
        problems,
        fields,
    })
}

/// `POST /settings/initial-access-tokens`.
pub(super) async fn make(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let visitor = &form.visitor;
    require(visitor)?;
    let text = |name: &str| form.typed().text(name).trim().replace('\0', "");
    let typed = Typed {
        name: text("name"),
        uses: text("uses"),
        hours: text("hours"),
        redirect_url: text("redirectUrl"),
    };
    let again = async |problems| list(&app, visitor, None, &typed, problems).await;
    if form.checked().is_err() {
        let text = "This form has expired. Look it over and send it again.".to_owned();
        let page = again(vec![Problem { field: "", text }]).await?;
        return Ok(page.refusing(Refusal::FormExpired).into_response());
    }
    let invitation = match typed.invitation() {
        Ok(invitation) => invitation,
        Err(problems) => return Ok(again(problems).await?.status(StatusCode::CONFLICT).into_response()),
    };
    match invite(&app, Some((&visitor.principal, form.address())), invitation).await {
        Ok(made) => {
            let page = Page::render(&shown(&app, visitor, &made))?;
            Ok(page.status(StatusCode::CREATED).into_response())
        }
        Err(Refusal::Conflict { message, .. }) => {
            let page = again(vec![Problem { field: "", text: message }]).await?;
            Ok(page.status(StatusCode::CONFLICT).into_response())
        }
        Err(other) => Err(other),
    }
}

fn shown(app: &App, visitor: &Visitor, made: &Invited) -> Made {
    Made {
        frame: visitor.frame(&app.settings, TITLE),
        name: name(&made.kept),
        token: Copy::secret("token", "initial access token", made.token.expose().clone()),
        curl: Copy::new("curl-register", "curl line that registers a client", made.line(&app.settings)),
        uses: made.kept.uses_left,
        expires: Moment(made.kept.expires),
    }
}

/// `POST /settings/initial-access-tokens/end`.
pub(super) async fn end(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    require(&form.visitor)?;
    let uid = form.checked()?.text("token").to_owned();
    let by = Some((&*form.visitor.principal, form.address()));
    let done = if take_back(&app, by, uid).await? { "ended" } else { "gone" };
    let to = format!("{}{INVITATIONS}?done={done}", app.settings.context_path());
    Ok(Redirect::to(&to).into_response())
}
