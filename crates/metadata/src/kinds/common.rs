//! What every kind has: the common properties of web-api reference 1.13.

use crate::kind::{Column, Computed, Property, Storage, Type};

/// `id, code, name, displayName, created, …`: the properties of every identifiable object.
/// `name` stands apart, since kinds differ in whether it is unique.
pub(super) fn identifiable(name: Property) -> Vec<Property> {
    vec![
        Property::new("id", Type::Identifier)
            .field("uid")
            .at(Storage::Column(Column::Uid))
            .max(11.0)
            .unique()
            .immutable(),
        Property::new("code", Type::Identifier).at(Storage::Column(Column::Code)).max(50.0).unique(),
        name,
        Property::computed("displayName", Type::Text, Computed::Display("name")),
        Property::new("created", Type::Date).at(Storage::Column(Column::Created)).immutable(),
        Property::new("lastUpdated", Type::Date).at(Storage::Column(Column::Updated)),
        Property::new("createdBy", Type::Reference("user")).at(Storage::Column(Column::CreatedBy)),
        Property::new("lastUpdatedBy", Type::Reference("user")).at(Storage::Column(Column::UpdatedBy)),
        Property::computed("href", Type::Url, Computed::Href),
        Property::computed("access", Type::Complex(Vec::new()), Computed::Access),
        Property::computed("favorite", Type::Boolean, Computed::Favorite),
        Property::computed("favorites", Type::Collection(Box::new(Type::Text)), Computed::Favorites),
        Property::new("sharing", Type::Complex(Vec::new())).at(Storage::Sharing),
        Property::new("translations", Type::Collection(Box::new(Type::Complex(Vec::new()))))
            .at(Storage::Translations),
        Property::new("attributeValues", Type::Collection(Box::new(Type::Complex(Vec::new()))))
            .at(Storage::AttributeValues),
    ]
}

/// The `name` column, required, at most 230 characters, translated.
pub(super) fn name() -> Property {
    Property::new("name", Type::Text)
        .at(Storage::Column(Column::Name))
        .required()
        .min(1.0)
        .max(230.0)
        .translated("NAME")
}
