//! *Settings > OAuth2 Clients*: list, add, edit, delete, make a new secret.

mod connect;
mod form;
#[cfg(test)]
pub(super) mod samples;
mod views;

pub(super) use connect::quoted;

use serde_json::{Map, Value};

/// Clients on one page of the list.
const PAGE_SIZE: usize = 12;

/// How long the old secret works on, the usual choice first.
fn overlaps() -> Vec<views::Choice> {
    vec![
        views::Choice { value: "86400", label: "for 24 hours", on: true },
        views::Choice { value: "604800", label: "for 7 days", on: false },
        views::Choice { value: "0", label: "not at all", on: false },
    ]
}

/// A client as it is registered.
#[derive(Debug, Clone, Default, PartialEq)]
struct Registered {
    uid: String,
    name: String,
    client_id: String,
    grant_types: Vec<String>,
    redirect_uris: Vec<String>,
    /// Everything it owns, as the Web API writes it.
    document: Map<String, Value>,
}

impl Registered {
    /// Reads a client as the Web API writes it.
    fn read(document: Map<String, Value>) -> Self {
        let text = |key| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |key| -> Vec<String> {
            let items = document.get(key).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            uid: text("id"),
            name: text("name"),
            client_id: text("cid"),
            grant_types: list("grantTypes"),
            redirect_uris: list("redirectUris"),
            document,
        }
    }
}
