//! *Account > Where am I signed in*.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Query, State};
use axum::response::Response;
use kibali_model::ObjectId;
use kibali_store::door::cuts::Cutter;
use kibali_store::door::marks::Used;
use kibali_store::door::sessions::{self, EndSessions, OwnSession, WhichSessions};

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
    pub(super) table: Table,
}

/// Sessions of a user, each with a button that ends it.
#[derive(Template)]
#[template(path = "sessions_table.html")]
pub(in crate::pages) struct Table {
    pub(in crate::pages) rows: Vec<Row>,
}

// A template itself: what it holds is escaped where it is rendered.
impl HtmlSafe for Table {}

/// One session.
pub(in crate::pages) struct Row {
    /// What it is called in the form.
    pub(in crate::pages) name: String,
    pub(in crate::pages) browser: String,
    /// It proved a second factor.
    pub(in crate::pages) with_factor: bool,
    pub(in crate::pages) address: String,
    pub(in crate::pages) since: Moment,
    pub(in crate::pages) used: Moment,
    /// It is the one that looks.
    pub(in crate::pages) is_this: bool,
}

impl Table {
    /// The sessions of `user`, as the visitor sees them: theirs first.
    pub(in crate::pages) async fn of(app: &App, user: ObjectId, visitor: &Visitor) -> Result<Self, Refusal> {
        let this = visitor.session().hash();
        let mut rows: Vec<Row> = open(app, user)
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
        Ok(Self { rows })
    }
}

/// `GET /account/sessions`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Result<Page, Refusal> {
    Page::render(&Sessions {
        frame: visitor.frame(&app.settings, TITLE),
        notice: DONE.into_iter().find(|(name, _)| done == *name).map(|(_, text)| text),
        table: Table::of(&app, visitor.principal.user, &visitor).await?,
    })
}

/// Sessions of a user that have not run out, with what is known of their use and not written yet.
async fn open(app: &App, user: ObjectId) -> Result<Vec<OwnSession>, Refusal> {
    let found = sessions::of_user(&mut app.store.reader().await?, user).await?;
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

/// The session of a user that is called so in forms.
pub(in crate::pages) async fn named(
    app: &App,
    user: ObjectId,
    name: &str,
) -> Result<Option<WhichSessions>, Refusal> {
    let mut open = open(app, user).await?.into_iter().map(|session| session.hash);
    Ok(open.find(|hash| session_name(*hash) == name).map(WhichSessions::One))
}

/// `POST /account/sessions`: ends the one that is named, or all others.
pub(super) async fn end(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let name = form.checked()?.text("session");
    let user = form.visitor.principal.user;
    let (which, done) = match name {
        OTHERS => (Some(WhichSessions::AllBut(form.visitor.session().hash())), OTHERS),
        name => (named(&app, user, name).await?, "ended"),
    };
    // One that has ended meanwhile is not there either.
    if let Some(which) = which {
        let by = Cutter { user, address: form.address().to_string() };
        app.store.write(EndSessions { user, which, by, now: app.now() }).await?;
    }
    Ok(redirect(&app.settings, &format!("{SESSIONS}?done={done}")))
}
