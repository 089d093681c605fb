//! `GET /api/{resource}.csv` (web-api reference 1.14).

use kibali_metadata::read::{Shape, Show};
use serde_json::Value;

use super::parameter::{one, truth};
use crate::Refusal;

/// A list as a table: a column for each simple property, attribute, and collection of references.
pub(super) struct Table {
    columns: Vec<String>,
    separator: u8,
    inner: String,
    headless: bool,
}

impl Table {
    /// The table of a shape.
    ///
    /// # Errors
    /// The shape has what fits in no column, or a parameter cannot be read.
    pub(super) fn new(shape: &Shape<'_>, pairs: &[(String, String)]) -> Result<Self, Refusal> {
        if let Some(entry) = shape.entries.iter().find(|entry| !fits(&entry.show)) {
            let message =
                format!("Property `{}` cannot be written as CSV; leave it out of `fields`", entry.key);
            return Err(Refusal::conflict(message));
        }
        Ok(Self {
            columns: shape.entries.iter().map(|entry| entry.key.clone()).collect(),
            separator: separator(pairs)?,
            inner: one(pairs, "arraySeparator")?.unwrap_or(";").to_owned(),
            headless: truth(pairs, "skipHeader")?,
        })
    }

    /// Appends the names of the columns, unless they are not wanted.
    pub(super) fn head(&self, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        if self.headless { Ok(()) } else { self.line(self.columns.iter(), buffer) }
    }

    /// Appends an object.
    pub(super) fn row(&self, object: &Value, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        let cells = self
            .columns
            .iter()
            .map(|column| object.get(column).map_or_else(String::new, |value| cell(value, &self.inner)));
        self.line(cells, buffer)
    }

    fn line(
        &self,
        cells: impl Iterator<Item = impl AsRef<[u8]>>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let mut writer = csv::WriterBuilder::new().delimiter(self.separator).from_writer(buffer);
        writer.write_record(cells).map_err(Refusal::internal)?;
        writer.flush().map_err(Refusal::internal)
    }
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

/// `separator`: one ASCII character, which may be a blank.
fn separator(pairs: &[(String, String)]) -> Result<u8, Refusal> {
    match pairs.iter().find(|(name, _)| name == "separator").map_or(",", |(_, value)| value).as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(Refusal::bad_request("Parameter `separator` takes one ASCII character")),
    }
}
