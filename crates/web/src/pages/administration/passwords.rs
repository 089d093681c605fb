//! *Who still uses the password grant*.

use askama::Template;
use axum::extract::{RawQuery, State};
use kibali_model::Timestamp;
use kibali_store::door::password_uses::{self, PasswordUse};

use super::TITLE;
use super::guard::Administrator;
use super::query::Query;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::Moment;
use crate::{App, Refusal};

/// Callers on one page.
const PAGE_SIZE: usize = 20;

#[derive(Template)]
#[template(path = "admin_passwords.html")]
pub(super) struct Passwords {
    pub(super) frame: Frame,
    pub(super) rows: Vec<Row>,
    /// The query of the next page.
    pub(super) next: Option<String>,
}

/// One caller.
pub(super) struct Row {
    pub(super) client_name: String,
    pub(super) client_id: String,
    pub(super) address: String,
    pub(super) user_agent: String,
    pub(super) last: Moment,
    pub(super) first: Moment,
    pub(super) times: i64,
}

impl From<PasswordUse> for Row {
    fn from(used: PasswordUse) -> Self {
        Self {
            client_name: used.client_name,
            client_id: used.client_id,
            address: used.address,
            user_agent: used.user_agent,
            last: Moment(used.last),
            first: Moment(used.first),
            times: used.times,
        }
    }
}

/// `GET /administration/password-grant`.
pub(super) async fn show(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    let query = Query::read(query.as_deref());
    let before = Timestamp::from_millis(query.before().unwrap_or(i64::MAX));
    let limit = i64::try_from(PAGE_SIZE + 1).unwrap_or(i64::MAX);
    let mut uses = password_uses::latest(&mut app.store.reader().await?, before, limit).await?;
    let more = uses.len() > PAGE_SIZE;
    uses.truncate(PAGE_SIZE);
    let next = uses.last().filter(|_| more).map(|used| query.going_on(used.last.millis()));
    Page::render(&Passwords {
        frame: visitor.frame(&app.settings, TITLE),
        rows: uses.into_iter().map(Row::from).collect(),
        next,
    })
}
