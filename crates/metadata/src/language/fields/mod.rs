//! `fields`: which properties an answer shows.

mod parse;

use std::fmt;

/// How deep blocks and dotted names may nest (rules of the metadata 3).
pub const MAX_DEPTH: usize = 8;
/// How many items one request may name, all blocks together.
pub const MAX_ITEMS: usize = 200;

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
#[error("Parameter `fields` cannot be read at position {position}: {why}")]
pub struct FieldsError {
    /// Byte offset of the trouble.
    pub position: usize,
    /// What was wrong.
    pub why: &'static str,
}

impl Preset {
    /// The names after the colon; `*` is `:all`.
    const NAMES: &'static [(&'static str, Self)] = &[
        ("all", Self::All),
        ("*", Self::All),
        ("owner", Self::Owner),
        ("persisted", Self::Persisted),
        ("identifiable", Self::Identifiable),
        ("nameable", Self::Nameable),
        ("simple", Self::Simple),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, preset)| *preset)
    }
}

impl Fields {
    /// Shows exactly these properties, each in its default form.
    #[must_use]
    pub fn names(names: &[&str]) -> Self {
        let field = |name: &&str| FieldItem::Field {
            name: (*name).to_owned(),
            transformers: Vec::new(),
            inner: None,
        };
        Self(names.iter().map(field).collect())
    }

    /// Shows everything: `*`.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![FieldItem::Preset(Preset::All)])
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => preset.fmt(f),
            Self::Exclude(path) => write!(f, "!{}", path.join(".")),
            Self::Field { name, transformers, inner } => {
                f.write_str(name)?;
                transformers.iter().try_for_each(|transformer| transformer.fmt(f))?;
                inner.as_ref().map_or(Ok(()), |inner| write!(f, "[{inner}]"))
            }
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, preset)| preset == self).map_or("all", |(name, _)| name);
        write!(f, ":{name}")
    }
}

impl fmt::Display for Transformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(key) => write!(f, "~rename({key})"),
            Self::Size => f.write_str("~size"),
            Self::IsEmpty => f.write_str("~isEmpty"),
            Self::IsNotEmpty => f.write_str("~isNotEmpty"),
            Self::Pluck(property) => write!(f, "~pluck({property})"),
            Self::KeyBy(property) => write!(f, "~keyBy({property})"),
        }
    }
}

#[cfg(test)]
mod tests;
