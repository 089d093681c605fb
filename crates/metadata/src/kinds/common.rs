//! What many kinds share: the common properties of web-api reference 1.13 and those of nameable kinds.

use crate::kind::{Column, Computed, Property, Storage, Type};

/// Which of the optional parts of an identifiable object a kind stores. What it does not store is shown
/// as DHIS2 shows it, empty, and not taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// Has a sharing object of its own.
    pub(super) sharing: bool,
    /// Has translations.
    pub(super) translations: bool,
    /// Takes attribute values.
    pub(super) attributes: bool,
}

impl Parts {
    /// Sharing, translations and attribute values.
    pub(super) const ALL: Self = Self { sharing: true, translations: true, attributes: true };
    /// Everything but a sharing object.
    pub(super) const UNSHARED: Self = Self { sharing: false, translations: true, attributes: true };
}

/// `id, code, name, displayName, created, …`: the properties of every identifiable object.
/// `name` stands apart, since kinds differ in whether it is unique, and computed.
pub(super) fn identifiable(name: Property, parts: Parts) -> Vec<Property> {
    let stored = |property: Property, stored: bool| {
        if stored { property } else { property.read_only().not_persisted() }
    };
    vec![
        Property::new("id", Type::Identifier)
            .field("uid")
            .at(Storage::Column(Column::Uid))
            .min(11.0)
            .max(11.0)
            .unique()
            .immutable(),
        Property::new("code", Type::Identifier).at(Storage::Column(Column::Code)).max(50.0).unique(),
        name,
        Property::computed("displayName", Type::Text, Computed::Display("name")),
        Property::new("created", Type::Date).at(Storage::Column(Column::Created)).immutable(),
        Property::new("lastUpdated", Type::Date).at(Storage::Column(Column::Updated)),
        Property::new("createdBy", Type::Reference("user")).at(Storage::Column(Column::CreatedBy)),
        Property::computed("user", Type::Reference("user"), Computed::Alias("createdBy")),
        Property::new("lastUpdatedBy", Type::Reference("user")).at(Storage::Column(Column::UpdatedBy)),
        Property::computed("href", Type::Url, Computed::Href),
        Property::computed("access", Type::Complex(Vec::new()), Computed::Access),
        Property::computed("favorite", Type::Boolean, Computed::Favorite),
        Property::computed("favorites", list(Type::Text), Computed::EmptyList),
        stored(Property::new("sharing", Type::Complex(Vec::new())).at(Storage::Sharing), parts.sharing),
        stored(
            Property::new("translations", list(Type::Complex(Vec::new()))).at(Storage::Translations),
            parts.translations,
        ),
        stored(
            Property::new("attributeValues", list(Type::Complex(Vec::new()))).at(Storage::AttributeValues),
            parts.attributes,
        ),
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

/// `shortName` (at most 50 characters, required) with its display name.
pub(super) fn short_name() -> [Property; 2] {
    [
        text("shortName").required().min(1.0).max(50.0).translated("SHORT_NAME"),
        Property::computed("displayShortName", Type::Text, Computed::Display("shortName")),
    ]
}

/// [`short_name`], unique.
pub(super) fn unique_short_name() -> [Property; 2] {
    short_name().map(|property| if property.name == "shortName" { property.unique() } else { property })
}

/// `description` with its display name.
pub(super) fn description() -> [Property; 2] {
    [
        text("description").min(1.0).translated("DESCRIPTION"),
        Property::computed("displayDescription", Type::Text, Computed::Display("description")),
    ]
}

/// `formName` with its display name, which falls back to the name.
pub(super) fn form_name() -> [Property; 2] {
    [
        text("formName").max(230.0).translated("FORM_NAME"),
        Property::computed("displayFormName", Type::Text, Computed::DisplayOr("formName", "name")),
    ]
}

/// `displayFormName` of a kind without form names: the name again.
pub(super) fn display_form_name() -> Property {
    Property::computed("displayFormName", Type::Text, Computed::Display("name"))
}

/// What a kind shows because analytics may ask for it as an item of a dimension: `dimensionItem` is its
/// uid, `dimensionItemType` this constant.
pub(super) fn dimension_item(item_type: &'static str) -> [Property; 2] {
    [
        Property::computed("dimensionItem", Type::Text, Computed::Alias("id")),
        Property::computed("dimensionItemType", Type::Text, Computed::Constant(item_type)),
    ]
}

/// What a kind shows because it is a dimension of analytics: `dimension` is its uid, `items` repeats its
/// members.
pub(super) fn dimension(
    dimension_type: &'static str,
    members: &'static str,
    item: &'static str,
) -> [Property; 3] {
    [
        Property::computed("dimension", Type::Text, Computed::Alias("id")),
        Property::computed("dimensionType", Type::Text, Computed::Constant(dimension_type)),
        Property::computed("items", list(Type::Reference(item)), Computed::Alias(members)),
    ]
}

/// The other end of an edge whose source is a kind that is not described yet: always empty here, and not
/// taken from payloads, as DHIS2 takes no inverse collection either (web-api reference 5.4).
pub(super) fn unknown_inverse(name: &'static str, kind: &'static str) -> Property {
    Property::computed(name, list(Type::Reference(kind)), Computed::EmptyList)
}

/// Legend sets, in order. Their kind is not described yet: kept as they came.
pub(super) fn legend_sets() -> Property {
    Property::new("legendSets", list(Type::Reference("legendSet"))).ordered()
}

/// `style`: colour and icon, kept as it came.
pub(super) fn style() -> Property {
    Property::new("style", Type::Complex(Vec::new()))
}

/// A text of the document.
pub(super) fn text(name: &'static str) -> Property {
    Property::new(name, Type::Text)
}

/// A truth value of the document, false when not said.
pub(super) fn flag(name: &'static str) -> Property {
    Property::new(name, Type::Boolean).default("false")
}

/// A collection of `item`.
pub(super) fn list(item: Type) -> Type {
    Type::Collection(Box::new(item))
}
