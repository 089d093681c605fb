//! Lists of what is no metadata and is few enough to be held whole, paged and projected as DHIS2's lists are.

use axum::response::Response;
use kibali_metadata::language::{Fields, ListQuery, Paging, project_value};
use kibali_metadata::read::Pager;
use serde_json::{Map, Value};

use super::answer;
use super::objects::api_root;
use crate::speech::Speech;
use crate::{App, Refusal};

/// What is asked of such a list; `filters_on` says what cannot be filtered.
///
/// # Errors
/// A parameter is wrong, or a filter was sent.
pub(super) fn asked(pairs: &[(String, String)], filters_on: &'static str) -> Result<ListQuery, Refusal> {
    let query = ListQuery::parse(pairs)?;
    if query.filters.is_empty() && query.query.is_none() {
        Ok(query)
    } else {
        Err(Refusal::NotServed(filters_on))
    }
}

/// The page that `query` asks for of `whole`, under `member`; the list's address ends in `path`.
pub(super) fn shown(
    app: &App,
    speech: Speech,
    (path, member): (&str, &str),
    query: ListQuery,
    pairs: &[(String, String)],
    mut whole: Vec<Value>,
) -> Response {
    let fields = query.fields.unwrap_or_else(|| Fields::names(&["id", "displayName"]));
    let mut members = Map::new();
    if let Paging::Page { page, size } = query.paging {
        let address = app.settings.absolute(&format!("{}/{path}{}", api_root(speech), speech.suffix));
        let total = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        members.insert("pager".to_owned(), Pager::new(page, size, total).to_json(&address, pairs));
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let before = number(page).saturating_sub(1).saturating_mul(number(size));
        whole = whole.into_iter().skip(before).take(number(size)).collect();
    }
    members.insert(member.to_owned(), whole.iter().map(|one| project_value(&fields, one)).collect());
    answer::json(&Value::Object(members))
}
