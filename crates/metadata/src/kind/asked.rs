//! What one may ask of a property.

use super::{EdgeNumber, End, Property, Storage, Type};

impl Property {
    /// The Java field name.
    #[must_use]
    pub const fn field_name(&self) -> &'static str {
        if self.field_name.is_empty() { self.name } else { self.field_name }
    }

    /// The name under which its unique values are kept.
    #[must_use]
    pub const fn key_name(&self) -> &'static str {
        if self.key.is_empty() { self.name } else { self.key }
    }

    /// Is it a word of the other dialect, taken and not shown?
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        self.kept && !self.readable
    }

    /// Is it taken under this name?
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }

    /// The edge this property reads, and from which end.
    #[must_use]
    pub const fn edge(&self) -> Option<(EdgeNumber, End)> {
        match self.storage {
            Storage::Edge { edge, .. } => Some((edge, End::Source)),
            Storage::Inverse(edge) => Some((edge, End::Target)),
            _ => None,
        }
    }

    /// Is it a collection?
    #[must_use]
    pub const fn is_collection(&self) -> bool {
        matches!(self.ty, Type::Collection(_))
    }

    /// The type of one value: of a member for a collection.
    #[must_use]
    pub fn item_type(&self) -> &Type {
        match &self.ty {
            Type::Collection(item) => item,
            one => one,
        }
    }

    /// The singular name of the kind that is referenced, for references and collections of them.
    #[must_use]
    pub fn target(&self) -> Option<&'static str> {
        match self.item_type() {
            Type::Reference(kind) => Some(kind),
            _ => None,
        }
    }

    /// The properties of one embedded object; none for other types.
    #[must_use]
    pub fn inner(&self) -> &[Property] {
        match self.item_type() {
            Type::Complex(inner) => inner,
            _ => &[],
        }
    }

    /// Is it neither a reference, nor complex, nor a collection (`simple` in `/api/schemas`)?
    #[must_use]
    pub const fn is_simple(&self) -> bool {
        !matches!(self.ty, Type::Reference(_) | Type::Complex(_) | Type::Collection(_))
    }
}
