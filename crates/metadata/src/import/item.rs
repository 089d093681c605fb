//! One object of a payload, as what it asks to be changed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kibali_model::{Access, Uid};
use serde_json::{Map, Value};

use super::Fault;
use super::report::Warning;
use crate::Kind;
use crate::kind::EdgeNumber;

/// Everything one request asks for.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The objects, in import order of their kinds and in the payload's order within one.
    pub items: Vec<Item>,
    /// What was left out.
    pub warnings: Vec<Warning>,
}

/// What a request asks of one object.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its kind.
    pub kind: Arc<Kind>,
    /// Its place in its collection of the payload.
    pub index: usize,
    /// Its `id` as written.
    pub id: Option<String>,
    /// Its `code`, for imports that identify by code.
    pub code: Option<String>,
    /// Its place among the members of the ordered edge that holds it (`sortOrder`), if it says so.
    pub place: Option<i64>,
    /// The identifier it gets if it must be created without one.
    pub fresh: Uid,
    /// What is to change, by property. A property that is not here stays as it is.
    pub edits: BTreeMap<&'static str, Edit>,
    /// What was already found wrong with it.
    pub faults: Vec<Fault>,
}

/// A change of one property.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// It has no value any more.
    Clear,
    /// It has this value.
    Set(Given),
    /// Members leave and join; removals come first. Never loads the collection.
    Members {
        /// Who leaves.
        remove: Vec<Ident>,
        /// Who joins.
        add: Vec<Ident>,
    },
}

/// A value of a payload, already in its normal form.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A scalar, a list of scalars, or a complex value kept whole.
    Value(Value),
    /// A reference.
    One(Ident),
    /// A collection of references.
    Many(Vec<Ident>),
    /// Embedded objects.
    Elements(Vec<Element>),
    /// Sharing.
    Sharing(GivenSharing),
    /// Translations.
    Translations(Vec<GivenTranslation>),
    /// Attribute values: the attribute and the text.
    Attributes(Vec<(Ident, String)>),
    /// A password or a client secret.
    Secret(Sensitive),
}

/// How a payload names an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ident {
    /// `id`.
    pub id: Option<String>,
    /// `code`.
    pub code: Option<String>,
}

impl Ident {
    /// The object with this identifier.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), code: None }
    }

    /// Reads `{"id": …, "code": …}`; a bare text is an id.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        match value {
            Value::String(id) if !id.is_empty() => Some(Self::id(id.as_str())),
            Value::Object(_) => {
                let ident = Self {
                    id: text("id").or_else(|| text("uid")).map(str::to_owned),
                    code: text("code").map(str::to_owned),
                };
                (ident.id.is_some() || ident.code.is_some()).then_some(ident)
            }
            _ => None,
        }
    }
}

/// An embedded object: its scalars, and its references by edge.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Element {
    /// Scalars by JSON name.
    pub values: Map<String, Value>,
    /// References: edge, JSON name, what is referenced.
    pub references: Vec<(EdgeNumber, &'static str, Ident)>,
}

/// Sharing as a payload has it; what it leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenSharing {
    /// `owner`.
    pub owner: Option<String>,
    /// `public`.
    pub public: Option<Access>,
    /// `users`.
    pub users: BTreeMap<String, Access>,
    /// `userGroups`.
    pub groups: BTreeMap<String, Access>,
}

/// One translation of a payload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct GivenTranslation {
    pub locale: String,
    pub property: String,
    pub value: String,
}

/// A text that must be hashed before it may be stored. It prints as nothing; the web layer takes it out to
/// hash it, and the store has no way to write it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(String);

impl Sensitive {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}
