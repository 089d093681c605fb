//! What is asked for in the address of a page: a user and a client by their names, and where to go on.

use kibali_model::Timestamp;
use kibali_store::Reader;
use kibali_store::door::live_grants::Which;
use kibali_store::door::{accounts, clients};

use crate::Refusal;
use crate::pages::parts::Field;

/// The parameters of an address, empty ones left out.
pub(super) struct Query(Vec<(String, String)>);

/// A filter that names what there is not.
pub(super) struct Unknown {
    /// The `id` of its field.
    pub(super) field: &'static str,
    /// What is wrong.
    pub(super) text: String,
}

impl Query {
    pub(super) fn read(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).take(16);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
                .filter(|(_, value)| !value.is_empty() && !value.contains('\0'))
                .collect(),
        )
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The row number before which the page begins.
    pub(super) fn before(&self) -> Option<i64> {
        self.text("before")?.parse().ok().filter(|number| *number > 0)
    }

    /// The same question, going on before this row number; begins with `?`.
    pub(super) fn going_on(&self, before: i64) -> String {
        let kept = self.0.iter().filter(|(name, _)| name != "before" && name != "done");
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        query.extend_pairs(kept).append_pair("before", &before.to_string());
        query.finish()
    }

    /// Whom and what the filters name.
    pub(super) async fn which(&self, reader: &mut Reader) -> Result<Result<Which, Unknown>, Refusal> {
        which(reader, self.text("user"), self.text("client")).await
    }

    /// A field of the filters.
    pub(super) fn field(
        &self,
        id: &'static str,
        label: &'static str,
        hint: &'static str,
        wrong: Option<&Unknown>,
    ) -> Field {
        Field {
            id,
            label,
            hint: hint.into(),
            value: self.text(id).unwrap_or_default().to_owned(),
            error: wrong.filter(|wrong| wrong.field == id).map(|wrong| wrong.text.clone()),
            autocomplete: "off",
            ..Field::default()
        }
    }
}

/// The user and the client with these names.
pub(super) async fn which(
    reader: &mut Reader,
    username: Option<&str>,
    client_id: Option<&str>,
) -> Result<Result<Which, Unknown>, Refusal> {
    let mut which = Which::default();
    if let Some(name) = username {
        match accounts::by_username(reader, name).await? {
            Some(account) => which.user = Some(account.user),
            None => return Ok(Err(unknown("user", "No user has this name."))),
        }
    }
    if let Some(name) = client_id {
        match clients::by_client_id(reader, name).await? {
            Some(found) => which.client = Some(found.client.object),
            None => return Ok(Err(unknown("client", "No client has this ID."))),
        }
    }
    Ok(Ok(which))
}

/// The day that a filter names, at its beginning.
pub(super) fn day(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Unknown> {
    let Some(text) = text else { return Ok(None) };
    match Timestamp::from_dhis2(&format!("{text}T00:00:00.000")) {
        Some(day) => Ok(Some(day)),
        None => Err(unknown(field, "Write a day like 2026-01-31.")),
    }
}

pub(super) fn unknown(field: &'static str, text: &str) -> Unknown {
    Unknown { field, text: text.to_owned() }
}
