//! `GET /api/{resource}`.

use axum::extract::{Path, State};
use axum::response::Response;
use kibali_metadata::Kind;
use kibali_metadata::language::Paging;
use kibali_metadata::read::{Pager, Predicate, SortKey};
use serde_json::{Map, Value};

use super::read::{Ask, list_default, require_kind};
use super::verbs::{Pairs, kind};
use super::{csv, people, tree};
use crate::api::answer;
use crate::identity::Caller;
use crate::speech::{Format, Speech};
use crate::{App, Refusal};

/// `GET /api/{resource}`.
pub(super) async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(resource): Path<String>,
    speech: Speech,
    query: Pairs,
) -> Result<Response, Refusal> {
    if resource.strip_suffix(".geojson").is_some_and(|plural| kind(&app, plural).is_ok()) {
        return Err(Refusal::NotServed("lists as GeoJSON"));
    }
    let kind = kind(&app, &resource)?;
    require_kind(&caller, &kind)?;
    let ask = Ask::new(&app, &caller, &query).await?;
    let mut view = tree::of_list(&kind, &caller, &query)?;
    let people = people::of_list(&app, &kind, &caller, &query).await?;
    view.predicate = Predicate::All(vec![view.predicate, people]);
    if speech.format == Format::Csv {
        return csv::list(&ask, &kind, view, &query).await;
    }
    let address = app.settings.absolute(&format!("{}/{}{}", root(speech), kind.plural, speech.suffix));
    answer_list(&ask, &kind, view.predicate, view.order, &address, &query).await
}

/// The list as JSON, with its pager; `address` is what links lead to.
pub(super) async fn answer_list<'s>(
    ask: &'s Ask<'_>,
    kind: &'s Kind,
    narrowed: Predicate<'s>,
    first: Option<SortKey<'s>>,
    address: &str,
    pairs: &[(String, String)],
) -> Result<Response, Refusal> {
    let shape = ask.shape(kind, &list_default())?;
    let listing = ask.listing(kind, shape.clone(), narrowed, first)?;
    let mut reading = ask.reading().await?;
    let listed = reading.list(listing).await?;
    let objects = ask.project(&mut reading, &shape, &listed.level).await?;
    let mut body = Map::new();
    if let Paging::Page { page, size } = ask.query.paging {
        body.insert("pager".to_owned(), Pager::new(page, size, listed.total).to_json(address, pairs));
    }
    body.insert(kind.plural.to_owned(), Value::Array(objects));
    Ok(answer::json(&Value::Object(body)))
}

/// `/api`, with the version where the caller named one.
pub(super) fn root(speech: Speech) -> String {
    if speech.versioned { format!("/api/{}", speech.version.number()) } else { "/api".to_owned() }
}
