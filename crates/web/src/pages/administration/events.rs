//! *What happened*: the audit trail, filtered.

use askama::Template;
use axum::extract::{RawQuery, State};
use kibali_store::Reader;
use kibali_store::door::trail::{self, Filter, Shown};

use super::TITLE;
use super::guard::Administrator;
use super::query::{self, Query, Unknown};
use super::user::whose;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::{Field, Moment};
use crate::{App, Refusal};

/// Events on one page.
const PAGE_SIZE: i64 = 30;

#[derive(Template)]
#[template(path = "admin_events.html")]
pub(super) struct Events {
    pub(super) frame: Frame,
    pub(super) fields: Vec<Field>,
    /// What the filters say, carried by the button that writes CSV.
    pub(super) carried: Vec<(&'static str, String)>,
    pub(super) rows: Vec<Row>,
    /// How far back was looked, where nothing more was found on the way.
    pub(super) back_to: Option<Moment>,
    /// The query of the next page.
    pub(super) next: Option<String>,
}

/// One event.
pub(super) struct Row {
    pub(super) at: Moment,
    pub(super) event: String,
    pub(super) username: String,
    /// The query that asks for the page of the user.
    pub(super) whose: String,
    pub(super) client_id: String,
    pub(super) address: String,
    pub(super) detail: String,
}

impl From<Shown> for Row {
    fn from(shown: Shown) -> Self {
        Self {
            at: Moment(shown.at),
            event: shown.event,
            whose: shown.username.as_deref().map(whose).unwrap_or_default(),
            username: shown.username.unwrap_or_default(),
            client_id: shown.client_id.unwrap_or_default(),
            address: shown.address.unwrap_or_default(),
            detail: plain(&shown.detail),
        }
    }
}

/// What else is known of an event, without the signs of JSON: `by password, grant 17`.
pub(super) fn plain(detail: &str) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(detail) else { return String::new() };
    let known = members.iter().filter(|(_, value)| !value.is_null());
    let said = known.map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Names of the filters, as they stand in an address and in the form that writes CSV.
pub(super) const FILTERS: [&str; 6] = ["event", "user", "client", "address", "from", "until"];

/// What the filters ask for; `text` gives each by its name.
pub(super) async fn filter<'a>(
    reader: &mut Reader,
    text: impl Fn(&'static str) -> Option<&'a str>,
) -> Result<Result<Filter, Unknown>, Refusal> {
    let (from, until) = match (query::day("from", text("from")), query::day("until", text("until"))) {
        (Ok(from), Ok(until)) => (from, until),
        (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
    };
    let which = match query::which(reader, text("user"), text("client")).await? {
        Ok(which) => which,
        Err(unknown) => return Ok(Err(unknown)),
    };
    Ok(Ok(Filter {
        event: text("event").map(str::to_owned),
        user: which.user,
        client: which.client,
        address: text("address").map(str::to_owned),
        from,
        // The day itself belongs to it.
        until: until.map(|day| day.plus_seconds(86_400)),
    }))
}

/// `GET /administration/events`.
pub(super) async fn show(
    State(app): State<App>,
    Administrator(visitor): Administrator,
    RawQuery(query): RawQuery,
) -> Result<Page, Refusal> {
    let query = Query::read(query.as_deref());
    let mut reader = app.store.reader().await?;
    let filter = filter(&mut reader, |name| query.text(name)).await?;
    let part = match &filter {
        Ok(filter) => {
            let before = match query.before() {
                Some(before) => before,
                None => trail::beginning(&mut reader, filter.until).await?,
            };
            trail::read(&mut reader, filter, before, PAGE_SIZE).await?
        }
        Err(_) => trail::Part::default(),
    };
    let names = trail::names(&mut reader).await?;
    drop(reader);
    let misspelt = misspelt(&query, &part, &names);
    let wrong = filter.as_ref().err().or(misspelt.as_ref());
    Page::render(&Events {
        frame: visitor.frame(&app.settings, TITLE),
        fields: fields(&query, names, wrong),
        carried: FILTERS
            .iter()
            .filter_map(|name| query.text(name).map(|value| (*name, value.to_owned())))
            .collect(),
        back_to: part.next.and(part.back_to).map(Moment),
        next: part.next.map(|next| query.going_on(next)),
        rows: part.events.into_iter().map(Row::from).collect(),
    })
}

/// Where nothing is found of a name that no event had for long: it is perhaps no name.
fn misspelt(query: &Query, part: &trail::Part, names: &[String]) -> Option<Unknown> {
    let name = query.text("event").filter(|_| part.events.is_empty())?;
    (!names.iter().any(|known| known == name))
        .then(|| query::unknown("event", "None of the newest events is called so."))
}

/// The filters as fields; `names` are offered for events.
pub(super) fn fields(query: &Query, names: Vec<String>, wrong: Option<&Unknown>) -> Vec<Field> {
    vec![
        Field { offered: names, ..query.field("event", "Event", "Such as sign_in.refused.", wrong) },
        query.field("user", "User", "The name they sign in with.", wrong),
        query.field("client", "Client", "Its client ID.", wrong),
        query.field("address", "Address", "An IP address.", wrong),
        query.field("from", "From", "A day, in UTC, like 2026-01-31.", wrong),
        query.field("until", "Until", "A day, which belongs to it.", wrong),
    ]
}
