//! Ending what others have open: one grant, or those of a user, of a client, or of both.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use kibali_store::door::cuts::{CutGrant, CutGrants};

use super::grants::together;
use super::guard::{Administrator, AdministratorForm};
use super::query::{self, Query};
use super::{GRANTS, TITLE, user};
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::redirect;
use crate::{App, Refusal};

/// Writes for one request, at most; where more is left, the button is there again.
const ROUNDS: usize = 20;

/// *End*, asked once more.
#[derive(Template)]
#[template(path = "admin_cut.html")]
pub(super) struct Ask {
    pub(super) frame: Frame,
    pub(super) whose: String,
    pub(super) user: String,
    pub(super) client: String,
}

/// What an address says of something that was to end.
pub(super) const fn done(ended: bool) -> &'static str {
    if ended { "ended" } else { "gone" }
}

/// `POST /administration/grants`: ends one. The page of a user is shown again where it came from there.
pub(super) async fn one(State(app): State<App>, form: AdministratorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let number = fields.text("grant").parse().map_err(|_| Refusal::NotFound)?;
    let ended = app.store.write(CutGrant { grant: number, by: form.cutter(), now: app.now() }).await?;
    Ok(match fields.text("user") {
        "" => redirect(&app.settings, &format!("{GRANTS}?done={}", done(ended))),
        user => user::back(&app, user, ended),
    })
}

/// `GET /administration/grants/end`: asks once more.
pub(super) async fn ask(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    let query = Query::read(query.as_deref());
    let (user, client) = (query.text("user"), query.text("client"));
    let (whose, _) = together(user, client).ok_or(Refusal::NotFound)?;
    let found = query.which(&mut app.store.reader().await?).await?;
    found.map_err(|_| Refusal::NotFound)?;
    let named = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let frame = visitor.frame(&app.settings, TITLE);
    Page::render(&Ask { frame, whose, user: named(user), client: named(client) })
}

/// `POST /administration/grants/end`.
pub(super) async fn many(State(app): State<App>, form: AdministratorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let named = |name| Some(fields.text(name)).filter(|text| !text.is_empty());
    let found = query::which(&mut app.store.reader().await?, named("user"), named("client")).await?;
    let which = found.map_err(|_| Refusal::NotFound)?;
    let mut ended = 0;
    for _ in 0..ROUNDS {
        let went = app.store.write(CutGrants { which, by: form.cutter(), now: app.now() }).await?;
        ended += went;
        if went < CutGrants::AT_ONCE {
            break;
        }
    }
    Ok(redirect(&app.settings, &format!("{GRANTS}?done={ended}")))
}
