//! Which objects a list holds, resolved against the kinds.

use super::test::{Comparison, Test};
use crate::kind::{ClientColumn, EdgeNumber, End, Kind, Property, Type};

/// A condition on objects of one kind.
#[derive(Debug, Clone)]
pub enum Predicate<'r> {
    /// All of these; true when there are none.
    All(Vec<Predicate<'r>>),
    /// At least one of these; false when there are none.
    Any(Vec<Predicate<'r>>),
    /// A text column passes, in SQL.
    Text(TextKey, Test),
    /// A number column passes, in SQL.
    Int(IntKey, Test),
    /// The translation of a column, or the column itself, passes, in SQL.
    Display(TextKey, &'static str, Test),
    /// The value of the attribute with this uid passes, in SQL.
    Attribute(String, Test),
    /// How many references stand there.
    Count(Step, Comparison, i64),
    /// At least one object there passes; one the caller may not read only for what is known of its uid.
    Through(Step, &'r Kind, Box<Predicate<'r>>),
    /// Nothing that stands there is one of these.
    NoneAt(Step, Vec<kibali_model::ObjectId>),
    /// Who created the object, or changed it last, passes.
    Person(TextKey, &'r Kind, Box<Predicate<'r>>),
    /// Within the subtree of the object with this uid.
    Subtree(String),
    /// One of these objects: what residual conditions came to.
    Ids(Vec<kibali_model::ObjectId>),
    /// Decided in Rust over the rows that everything else leaves.
    Residual(Residual<'r>),
}

/// The way along one edge, and from which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The edge.
    pub edge: EdgeNumber,
    /// Where the objects asked about stand.
    pub end: End,
}

/// Columns that hold text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TextKey {
    Uid,
    Code,
    Name,
    CreatedBy,
    UpdatedBy,
    Username,
    TwoFactorType,
    ClientId,
    Path,
}

impl TextKey {
    /// Is the column kept folded as well, so that SQL can ignore case?
    #[must_use]
    pub const fn has_folded(self) -> bool {
        matches!(self, Self::Code | Self::Name)
    }
}

/// Columns that hold numbers; truth values are 0 and 1, dates milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IntKey {
    Created,
    Updated,
    Disabled,
    Expiry,
    ExternalAuth,
    TwoFactor,
    LastLogin,
    PasswordUpdated,
    Level,
    /// The place in an ordered edge.
    Position(EdgeNumber),
}

/// A condition that no engine runs alike.
#[derive(Debug, Clone)]
pub struct Residual<'r> {
    /// As the caller wrote it, for the refusal when too many objects would have to be looked into.
    pub path: String,
    /// What is looked at.
    pub source: Source<'r>,
    /// What it must pass.
    pub test: Test,
}

/// What a residual condition or order looks at.
#[derive(Debug, Clone)]
pub enum Source<'r> {
    /// A text column.
    Text(TextKey),
    /// A number column.
    Int(IntKey),
    /// The translation of a column under this key, or the column.
    Display(TextKey, &'static str),
    /// A value of the document.
    Document(DocumentValue<'r>),
    /// A column of the client, as if the document held it under the name of the property.
    Client(ClientColumn, &'r Property, DocumentValue<'r>),
}

/// A value of the document.
#[derive(Debug, Clone)]
pub struct DocumentValue<'r> {
    /// The keys on the way, through embedded objects.
    pub names: Vec<&'r str>,
    /// The type of one value.
    pub ty: &'r Type,
    /// Looked at is how many values there are, not the values.
    pub size: bool,
    /// The caller's translation under this key stands before it.
    pub translated: Option<&'static str>,
}

impl Predicate<'_> {
    /// Is there no condition?
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::All(all) if all.iter().all(Predicate::is_true))
    }

    /// Is anything left to decide in Rust?
    #[must_use]
    pub fn has_residual(&self) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().any(Predicate::has_residual),
            Self::Through(_, _, inner) | Self::Person(_, _, inner) => inner.has_residual(),
            Self::Residual(_) => true,
            _ => false,
        }
    }

    /// Does it look at nothing but the uid?
    #[must_use]
    pub fn only_uid(&self) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().all(Predicate::only_uid),
            Self::Text(TextKey::Uid, _) => true,
            Self::Residual(residual) => matches!(residual.source, Source::Text(TextKey::Uid)),
            _ => false,
        }
    }
}

impl DocumentValue<'_> {
    /// The values at this place of a document: none, one, or those of a collection.
    #[must_use]
    pub fn of<'d>(
        &self,
        document: &'d serde_json::Map<String, serde_json::Value>,
    ) -> Vec<&'d serde_json::Value> {
        let Some((first, rest)) = self.names.split_first() else { return Vec::new() };
        let mut values = spread(document.get(*first), self.size && rest.is_empty());
        for (place, name) in rest.iter().enumerate() {
            let last = self.size && place + 1 == rest.len();
            values = values.into_iter().flat_map(|value| spread(value.get(*name), last)).collect();
        }
        values
    }
}

fn spread(value: Option<&serde_json::Value>, whole: bool) -> Vec<&serde_json::Value> {
    match value {
        None | Some(serde_json::Value::Null) => Vec::new(),
        Some(serde_json::Value::Array(items)) if !whole => items.iter().collect(),
        Some(value) => vec![value],
    }
}
