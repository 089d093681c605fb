//! *Who is signed in to applications*: every live grant.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{RawQuery, State};
use kibali_model::{GrantType, ObjectId, Timestamp};
use kibali_store::Reader;
use kibali_store::door::live_grants::{self, Filter, LiveGrant, Part};
use kibali_store::door::marks::Used;

use super::TITLE;
use super::guard::Administrator;
use super::query::{self, Query, Unknown};
use super::user::whose;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::{Field, Moment};
use crate::{App, Refusal};

/// Grants on one page.
const PAGE_SIZE: usize = 20;

#[derive(Template)]
#[template(path = "admin_grants.html")]
pub(super) struct Grants {
    pub(super) frame: Frame,
    pub(super) notice: Option<String>,
    pub(super) fields: Vec<Field>,
    /// Whose grants can be ended together: what is filtered by, and the query that asks for it.
    pub(super) together: Option<(String, String)>,
    pub(super) table: Table,
    /// The query of the next page.
    pub(super) next: Option<String>,
}

/// Live grants, each with a button that ends it.
#[derive(Template)]
#[template(path = "admin_grants_table.html")]
pub(super) struct Table {
    /// Begins the links to users.
    pub(super) base: String,
    pub(super) rows: Vec<Row>,
}

// A template itself: what it holds is escaped where it is rendered.
impl HtmlSafe for Table {}

impl Table {
    /// These grants, but those that were used since then, which is perhaps not written yet.
    pub(super) fn of(app: &App, grants: Vec<LiveGrant>, unused_since: Option<Timestamp>) -> Self {
        let rows = grants.into_iter().map(|grant| Row::of(app, grant));
        let rows = rows.filter(|row| unused_since.is_none_or(|since| row.used.0 < since));
        Self { base: app.settings.context_path().to_owned(), rows: rows.collect() }
    }
}

/// One grant.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) username: String,
    /// The query that asks for the page of the user.
    pub(super) whose: String,
    pub(super) client_name: String,
    pub(super) client_id: String,
    pub(super) how: &'static str,
    pub(super) address: String,
    pub(super) since: Moment,
    pub(super) used: Moment,
}

impl Row {
    fn of(app: &App, grant: LiveGrant) -> Self {
        let used = app.identity().last_use(&Used::Grant(ObjectId(grant.id)));
        Self {
            id: grant.id,
            whose: whose(&grant.username),
            username: grant.username,
            client_name: grant.client_name,
            client_id: grant.client_id,
            how: how(grant.grant_type),
            address: grant.address.unwrap_or_default(),
            since: Moment(grant.created),
            used: Moment(used.map_or(grant.last_used, |used| used.max(grant.last_used))),
        }
    }
}

/// How a grant was obtained, in plain words.
pub(super) const fn how(grant_type: Option<GrantType>) -> &'static str {
    match grant_type {
        Some(GrantType::Password) => "Password",
        Some(GrantType::AuthorizationCode) => "In the browser",
        Some(GrantType::ClientCredentials) => "The client alone",
        Some(GrantType::DeviceCode) => "Code of a device",
        Some(GrantType::TokenExchange) => "For another token",
        _ => "Another way",
    }
}

/// `GET /administration/grants`.
pub(super) async fn show(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    let query = Query::read(query.as_deref());
    let mut reader = app.store.reader().await?;
    let filter = filter(&mut reader, &query).await?;
    let part = match &filter {
        Ok(filter) => {
            let before = query.before().unwrap_or(i64::MAX);
            live_grants::list(&mut reader, filter, before, PAGE_SIZE, app.now()).await?
        }
        Err(_) => Part::default(),
    };
    drop(reader);
    let wrong = filter.as_ref().err();
    let unused_since = filter.as_ref().ok().and_then(|filter| filter.unused_since);
    Page::render(&Grants {
        frame: visitor.frame(&app.settings, TITLE),
        notice: notice(query.text("done")),
        fields: fields(&query, wrong),
        together: together(query.text("user"), query.text("client")).filter(|_| wrong.is_none()),
        table: Table::of(&app, part.grants, unused_since),
        next: part.next.map(|next| query.going_on(next)),
    })
}

/// What the filters ask for.
async fn filter(reader: &mut Reader, query: &Query) -> Result<Result<Filter, Unknown>, Refusal> {
    let which = query.which(reader).await?;
    let unused_since = query::day("unused", query.text("unused"));
    Ok(which.and_then(|which| {
        let address = query.text("address").map(str::to_owned);
        Ok(Filter { which, address, unused_since: unused_since? })
    }))
}

/// The filters as fields.
pub(super) fn fields(query: &Query, wrong: Option<&Unknown>) -> Vec<Field> {
    vec![
        query.field("user", "User", "The name they sign in with.", wrong),
        query.field("client", "Client", "Its client ID.", wrong),
        query.field("address", "Address", "The IP address it was obtained from.", wrong),
        query.field("unused", "Not used since", "A day, in UTC, like 2026-01-31.", wrong),
    ]
}

/// What has just been done, by the value of `done` in the address.
pub(super) fn notice(done: Option<&str>) -> Option<String> {
    match done? {
        "ended" => Some("Ended. The next call with it is refused.".to_owned()),
        "gone" => Some("It had ended already.".to_owned()),
        number => number.parse::<u64>().ok().map(|number| match number {
            1 => "1 sign-in ended.".to_owned(),
            number => format!("{number} sign-ins ended."),
        }),
    }
}

/// What is filtered by, and the query that asks to end it all.
pub(super) fn together(user: Option<&str>, client: Option<&str>) -> Option<(String, String)> {
    let whose = match (user, client) {
        (Some(user), Some(client)) => format!("{user} through {client}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => return None,
    };
    let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
    for (name, value) in [("user", user), ("client", client)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    Some((whose, query.finish()))
}
