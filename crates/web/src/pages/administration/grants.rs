//! *Who is signed in to applications*: every live grant.

use askama::Template;
use axum::extract::{RawQuery, State};
use kibali_model::{GrantType, ObjectId};
use kibali_store::door::live_grants::{self, LiveGrant};
use kibali_store::door::marks::Used;

use super::TITLE;
use super::guard::Administrator;
use super::query::Query;
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
    pub(super) user: Field,
    pub(super) client: Field,
    /// Whose grants can be ended together: what is filtered by, and the query that asks for it.
    pub(super) together: Option<(String, String)>,
    pub(super) rows: Vec<Row>,
    /// The query of the next page.
    pub(super) next: Option<String>,
}

/// One grant.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) username: String,
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
    let which = query.which(&mut reader).await?;
    let before = query.before().unwrap_or(i64::MAX);
    let limit = i64::try_from(PAGE_SIZE + 1).unwrap_or(i64::MAX);
    let mut grants = match &which {
        Ok(which) => live_grants::list(&mut reader, *which, before, limit, app.now()).await?,
        Err(_) => Vec::new(),
    };
    drop(reader);
    let more = grants.len() > PAGE_SIZE;
    grants.truncate(PAGE_SIZE);
    let next = grants.last().filter(|_| more).map(|last| query.going_on(last.id));
    let wrong = which.as_ref().err();
    let notice = match query.text("done") {
        Some("ended") => Some("Ended. The next call with it is refused.".to_owned()),
        Some("gone") => Some("It had ended already.".to_owned()),
        Some(number) => number.parse::<u64>().ok().map(|number| match number {
            1 => "1 sign-in ended.".to_owned(),
            number => format!("{number} sign-ins ended."),
        }),
        None => None,
    };
    Page::render(&Grants {
        frame: visitor.frame(&app.settings, TITLE),
        notice,
        user: query.field("user", "User", "The name they sign in with.", wrong),
        client: query.field("client", "Client", "Its client ID.", wrong),
        together: together(query.text("user"), query.text("client")).filter(|_| wrong.is_none()),
        rows: grants.into_iter().map(|grant| Row::of(&app, grant)).collect(),
        next,
    })
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
