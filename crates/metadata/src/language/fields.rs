//! `fields`: which properties an answer shows.

/// A parsed `fields` parameter: items in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(pub Vec<FieldItem>);

/// One item between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldItem {
    /// `*`, `:all`, `:owner` …
    Preset(Preset),
    /// `!name` or `!a.b`: leaves the subtree out; applied last.
    Exclude(Vec<String>),
    /// A property, with what is done to it and what is shown inside it.
    Field {
        /// The JSON name, or the uid of an attribute.
        name: String,
        /// What is done to the value, in order.
        transformers: Vec<Transformer>,
        /// What is shown inside, if a block was given.
        inner: Option<Fields>,
    },
}

/// A named set of properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// `*` or `:all`.
    All,
    /// `:owner`.
    Owner,
    /// `:persisted`.
    Persisted,
    /// `:identifiable`.
    Identifiable,
    /// `:nameable`.
    Nameable,
    /// `:simple`.
    Simple,
}

/// What is done to a value before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transformer {
    /// `~rename(key)`; applied last whatever its place.
    Rename(String),
    /// `~size`.
    Size,
    /// `~isEmpty`.
    IsEmpty,
    /// `~isNotEmpty`.
    IsNotEmpty,
    /// `~pluck(prop)`, `id` when not said.
    Pluck(String),
    /// `~keyBy(prop)`, `id` when not said.
    KeyBy(String),
}

/// The parameter cannot be read, or asks for more than the limits allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fields cannot be read at position {position}: {why}")]
pub struct FieldsError {
    /// Byte offset of the trouble.
    pub position: usize,
    /// What was wrong and what to write instead.
    pub why: String,
}
