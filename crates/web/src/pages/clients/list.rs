//! The list: those that were added here, those that registered themselves apart from them, and a search in both.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use kibali_metadata::fold;
use kibali_model::Timestamp;
use kibali_store::door::clients::{self, Sort, Sought};
use kibali_store::door::{client_use, marks::Used};

use super::CLIENTS;
use super::fields::grants;
use super::handlers::TITLE;
use super::manager::Manager;
use super::views::{List, Row};
use crate::pages::administration::may_administer;
use crate::pages::page::Page;
use crate::pages::parts::Field;
use crate::pages::redirect;
use crate::{App, Refusal};

/// Clients on one page.
pub(super) const PAGE_SIZE: i64 = 12;
/// Letters that are looked for, at most; names and client IDs have 230.
const LONGEST: usize = 230;

/// What the list says has just been done, by the value of `done` in its address.
const DONE: [(&str, &str); 2] = [("saved", "OAuth2 client saved"), ("deleted", "OAuth2 client deleted")];

/// What is asked for in the address.
#[derive(Debug, Default)]
struct Asked {
    /// What the name or the client ID holds; empty: anything.
    find: String,
    /// Those that registered themselves.
    registered: bool,
    page: i64,
    done: Option<&'static str>,
}

impl Asked {
    fn read(query: Option<&str>) -> Self {
        let mut asked = Self { page: 1, ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).take(16) {
            match &*name {
                "find" => asked.find = value.trim().replace('\0', "").chars().take(LONGEST).collect(),
                "registered" => asked.registered = value == "yes",
                "page" => {
                    let page = value.parse().ok().filter(|page| (1..=1_000_000).contains(page));
                    asked.page = page.unwrap_or(1);
                }
                "done" => {
                    asked.done = DONE.into_iter().find(|(name, _)| *name == value).map(|(_, text)| text)
                }
                _ => {}
            }
        }
        asked
    }

    /// Which clients: who searches looks everywhere.
    fn sort(&self) -> Sort {
        match (self.find.is_empty(), self.registered) {
            (false, _) => Sort::Every,
            (true, true) => Sort::Registered,
            (true, false) => Sort::Added,
        }
    }

    /// The query of another page of the same list.
    fn page(&self, page: i64) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        if !self.find.is_empty() {
            query.append_pair("find", &self.find);
        }
        if self.registered {
            query.append_pair("registered", "yes");
        }
        query.append_pair("page", &page.to_string()).finish()
    }
}

/// The field that searches.
pub(super) fn search(find: &str) -> Field {
    Field {
        id: "find",
        label: "Find by name or client ID",
        value: find.to_owned(),
        autocomplete: "off",
        ..Field::default()
    }
}

/// `GET /settings/oauth2-clients`. Whoever may open it may read every client, as at `/api/oAuth2Clients`.
pub(super) async fn show(
    State(app): State<App>,
    manager: Manager,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let (visitor, asked) = (&manager.0, Asked::read(query.as_deref()));
    let key = fold(&asked.find);
    let sought = Sought { key: &key, sort: asked.sort() };
    let mut reader = app.store.reader().await?;
    let pages = (sought.count(&mut reader).await? - 1).max(0) / PAGE_SIZE + 1;
    if asked.page > pages {
        return Ok(redirect(&app.settings, &format!("{CLIENTS}{}", asked.page(pages))));
    }
    let found = sought.some(&mut reader, (asked.page - 1) * PAGE_SIZE, PAGE_SIZE).await?;
    let registered = Sought { key: "", sort: Sort::Registered }.count(&mut reader).await?;
    let mut rows = Vec::new();
    for uid in found {
        let Some(client) = clients::by_uid(&mut reader, &uid).await? else { continue };
        let used = client_use::of_client(&mut reader, client.object, app.now()).await?;
        rows.push(Row {
            uid,
            name: client.name,
            grants: grants(&client.registration.grant_types),
            last_used: used.last.max(app.identity().last_use(&Used::Client(client.object))).map(day),
            live_tokens: live(used.live_tokens),
            signed_in: (used.live_tokens > 0 && may_administer(&visitor.principal))
                .then(|| signed_in(&client.registration.client_id)),
            client_id: client.registration.client_id,
        });
    }
    drop(reader);
    let list = List {
        frame: visitor.frame(&app.settings, TITLE),
        notice: asked.done,
        may_invite: may_administer(&visitor.principal),
        find: search(&asked.find),
        is_search: !asked.find.is_empty(),
        is_registered: asked.registered,
        registered,
        rows,
        previous: (asked.page > 1).then(|| asked.page(asked.page - 1)),
        next: (asked.page < pages).then(|| asked.page(asked.page + 1)),
        page: asked.page,
        pages,
    };
    Ok(Page::render(&list)?.into_response())
}

/// The query of the page that shows who is signed in through a client.
pub(super) fn signed_in(client_id: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
    query.append_pair("client", client_id).finish()
}

/// A day, as people write it in a log.
fn day(at: Timestamp) -> String {
    at.to_dhis2().split('T').next().unwrap_or_default().to_owned()
}

/// How many tokens live; beyond a thousand nobody reads the difference.
fn live(count: i64) -> String {
    if count > 1000 { "over 1,000".to_owned() } else { count.to_string() }
}
