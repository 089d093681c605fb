//! *Account > Where am I signed in*.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use kibali_store::door::marks::Used;
use kibali_store::door::sessions::{self, EndOwnSessions, OwnSession, WhichSessions};

use super::browser::browser;
use super::{Done, SESSIONS, TITLE};
use crate::identity::session_name;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::Moment;
use crate::pages::redirect;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// The value of the button that ends all sessions but this one; no session is called so.
const OTHERS: &str = "others";

/// What the page says has just been done, by the value of `done` in its address.
const DONE: [(&str, &str); 3] = [
    ("ended", "Session ended"),
    ("others", "All other sessions ended"),
    ("password", "Password changed. All other sessions ended."),
];

#[derive(Template)]
#[template(path = "sessions.html")]
pub(super) struct Sessions {
    pub(super) frame: Frame,
    pub(super) notice: Option<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// One session.
pub(super) struct Row {
    /// What it is called in the form.
    pub(super) name: String,
    pub(super) browser: String,
    /// It proved a second factor.
    pub(super) with_factor: bool,
    pub(super) address: String,
    pub(super) since: Moment,
    pub(super) used: Moment,
    /// It is the one that looks.
    pub(super) is_this: bool,
}

/// `GET /account/sessions`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Result<Page, Refusal> {
    let this = visitor.session().hash();
    let mut rows: Vec<Row> = open(&app, &visitor)
        .await?
        .into_iter()
        .map(|session| Row {
            name: session_name(session.hash),
            browser: browser(session.user_agent.as_deref()),
            with_factor: session.with_factor,
            address: session.address.unwrap_or_default(),
            since: Moment(session.created),
            used: Moment(session.last_used),
            is_this: session.hash == this,
        })
        .collect();
    rows.sort_by_key(|row| !row.is_this);
    Page::render(&Sessions {
        frame: visitor.frame(&app.settings, TITLE),
        notice: DONE.into_iter().find(|(name, _)| done == *name).map(|(_, text)| text),
        rows,
    })
}

/// The visitor's sessions that have not run out, with what is known of their use and not written yet.
async fn open(app: &App, visitor: &Visitor) -> Result<Vec<OwnSession>, Refusal> {
    let found = sessions::of_user(&mut app.store.reader().await?, visitor.principal.user).await?;
    let seconds = app.settings.session_seconds;
    let moved =
        found.into_iter().map(|session| match app.identity().last_use(&Used::Session(session.hash)) {
            Some(used) if used > session.last_used => OwnSession {
                last_used: used,
                expires: session.expires.max(used.plus_seconds(seconds)),
                ..session
            },
            _ => session,
        });
    Ok(moved.filter(|session| app.now() < session.expires).collect())
}

/// `POST /account/sessions`: ends the one that is named, or all others.
pub(super) async fn end(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let named = form.checked()?.text("session");
    let (which, done) = if named == OTHERS {
        (Some(WhichSessions::AllBut(form.visitor.session().hash())), OTHERS)
    } else {
        let mut own = open(&app, &form.visitor).await?.into_iter().map(|session| session.hash);
        (own.find(|hash| session_name(*hash) == named).map(WhichSessions::One), "ended")
    };
    // One that has ended meanwhile is not there either.
    if let Some(which) = which {
        let user = form.visitor.principal.user;
        let end = EndOwnSessions { user, which, address: form.address().to_string(), now: app.now() };
        app.store.write(end).await?;
    }
    Ok(redirect(&app.settings, &format!("{SESSIONS}?done={done}")))
}
