//! `GET /api/{resource}.csv` (web-api reference 1.14).

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use kibali_metadata::Kind;
use kibali_metadata::read::Show;
use serde_json::Value;

use super::read::{Ask, list_default};
use super::tree::TreeView;
use crate::Refusal;

/// The list as a table: a column for each simple property, attribute, and collection of references.
pub(super) async fn list(
    ask: &Ask<'_>,
    kind: &Kind,
    view: TreeView<'_>,
    pairs: &[(String, String)],
) -> Result<Response, Refusal> {
    let shape = ask.shape(kind, &list_default())?;
    for entry in &shape.entries {
        if !fits(&entry.show) {
            let message =
                format!("Property `{}` cannot be written as CSV; leave it out of `fields`", entry.key);
            return Err(Refusal::conflict(message));
        }
    }
    let separator = one_of(pairs, "separator", ",")?;
    let inner = pairs.iter().find(|(name, _)| name == "arraySeparator").map_or(";", |(_, value)| value);
    let mut reading = ask.reading().await?;
    let listed = reading.list(ask.listing(kind, shape.clone(), view.predicate, view.order)?).await?;
    let objects = ask.project(&mut reading, &shape, &listed.level).await?;
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let skip = pairs.iter().any(|(name, value)| name == "skipHeader" && value == "true");
    let keys: Vec<&str> = shape.entries.iter().map(|entry| entry.key.as_str()).collect();
    if !skip {
        writer.write_record(&keys).map_err(Refusal::internal)?;
    }
    for object in &objects {
        let row =
            keys.iter().map(|key| object.get(*key).map_or_else(String::new, |value| cell(value, inner)));
        writer.write_record(row).map_err(Refusal::internal)?;
    }
    let bytes = writer.into_inner().map_err(Refusal::internal)?;
    let mut answer = Response::new(Body::from(bytes));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/csv;charset=UTF-8"));
    Ok(answer)
}

/// Is it one value, or a list of references?
fn fits(show: &Show<'_>) -> bool {
    match show {
        Show::Document(property, _) => property.is_simple() || property.is_collection(),
        Show::Embedded { .. }
        | Show::Mentions { .. }
        | Show::Container(_)
        | Show::Block(_)
        | Show::Sharing(_)
        | Show::Translations(_)
        | Show::AttributeValues(_)
        | Show::Access(_) => false,
        _ => true,
    }
}

/// A list as its ids or values, joined; an object as its id.
fn cell(value: &Value, separator: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().map(|item| cell(item, separator)).collect::<Vec<_>>().join(separator)
        }
        Value::Object(object) => object.get("id").map_or_else(String::new, |id| cell(id, separator)),
        plain => plain.to_string(),
    }
}

fn one_of(pairs: &[(String, String)], name: &'static str, absent: &str) -> Result<u8, Refusal> {
    let value = pairs.iter().find(|(key, _)| key == name).map_or(absent, |(_, value)| value);
    match value.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(Refusal::bad_request(format!("Parameter `{name}` takes one ASCII character"))),
    }
}
