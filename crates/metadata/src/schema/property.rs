//! One property of a kind, as a schema shows it.

use serde_json::{Map, Value, json};

use super::{classes, object};
use crate::Registry;
use crate::kind::{Property, Storage, Type};

/// Where a property has no bound of its own, schemas show those of a 32-bit integer.
const LEAST: i64 = i32::MIN as i64;
const GREATEST: i64 = i32::MAX as i64;

pub(super) fn render(registry: &Registry, property: &Property, base: &str) -> Map<String, Value> {
    let item = property.item_type();
    let item_klass = classes::of_value(registry, property.name, item);
    let collection = property.is_collection();
    let target = property.target().and_then(|kind| registry.kind(kind));
    let klass = match (collection, property.ordered) {
        (false, _) => item_klass,
        (true, true) => "java.util.List",
        (true, false) => "java.util.Set",
    };
    let of_collection = |value: Value| if collection { value } else { Value::Null };
    let constants = match item {
        Type::Constant(names) => json!(names),
        _ => Value::Null,
    };
    let embedded = matches!(item, Type::Complex(inner) if !inner.is_empty());
    let relation = relation(registry, property);
    object([
        ("klass", json!(klass)),
        ("propertyType", json!(classes::property_type(&property.ty))),
        ("itemKlass", of_collection(json!(item_klass))),
        ("itemPropertyType", of_collection(json!(classes::property_type(item)))),
        ("name", json!(if collection { singular_of(property.name) } else { property.name.to_owned() })),
        ("fieldName", json!(property.field_name())),
        ("collectionName", of_collection(json!(property.name))),
        ("collectionWrapping", of_collection(json!(true))),
        ("persisted", json!(property.persisted)),
        ("namespace", json!(classes::NAMESPACE)),
        ("attribute", json!(!collection && is_attribute(property.storage))),
        ("simple", json!(is_simple(item))),
        ("collection", json!(collection)),
        ("ordered", json!(property.ordered)),
        ("owner", json!(property.owner)),
        ("identifiableObject", json!(property.target().is_some())),
        ("nameableObject", json!(target.is_some_and(|kind| kind.nameable))),
        ("embeddedObject", json!(embedded)),
        ("analyticalObject", json!(false)),
        ("readable", json!(property.readable)),
        ("writable", json!(property.writable)),
        ("unique", json!(property.unique.is_some())),
        ("required", json!(property.required)),
        ("length", bound(property.max, GREATEST)),
        ("max", bound(property.max, GREATEST)),
        ("min", bound(property.min, LEAST)),
        ("cascade", json!("none")),
        ("manyToMany", json!(relation == Relation::ManyToMany)),
        ("oneToOne", json!(false)),
        ("manyToOne", json!(relation == Relation::ManyToOne)),
        ("oneToMany", json!(relation == Relation::OneToMany)),
        ("constants", constants),
        (
            "defaultValue",
            property.default.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
        ),
        ("translatable", json!(property.translation_key.is_some())),
        ("translationKey", json!(property.translation_key)),
        ("i18nTranslationKey", property.translation_key.map_or(Value::Null, |_| json!(snake(property.name)))),
        ("href", target.map_or(Value::Null, |kind| json!(format!("{base}/api/schemas/{}", kind.singular)))),
        ("relativeApiEndpoint", target.map_or(Value::Null, |kind| json!(format!("/{}", kind.plural)))),
        ("apiEndpoint", target.map_or(Value::Null, |kind| json!(format!("{base}/api/{}", kind.plural)))),
    ])
}

/// How many of one end go with how many of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    None,
    ManyToMany,
    ManyToOne,
    OneToMany,
}

fn relation(registry: &Registry, property: &Property) -> Relation {
    match property.storage {
        Storage::Edge { .. } if property.is_collection() => Relation::ManyToMany,
        Storage::Edge { .. } => Relation::ManyToOne,
        Storage::Embedded | Storage::EmbeddedInverse(_) => Relation::OneToMany,
        Storage::Inverse(_) if !property.is_collection() => Relation::ManyToOne,
        Storage::Inverse(number) => {
            let source = registry.edge(number).map(|edge| &edge.source);
            let holder = source.and_then(|end| registry.kind(end.kind)?.property(end.property));
            if holder.is_some_and(Property::is_collection) {
                Relation::ManyToMany
            } else {
                Relation::OneToMany
            }
        }
        _ => Relation::None,
    }
}

/// DHIS2 writes the columns that every object has as XML attributes.
const fn is_attribute(storage: Storage) -> bool {
    matches!(storage, Storage::Column(_))
}

const fn is_simple(item: &Type) -> bool {
    !matches!(item, Type::Reference(_) | Type::Complex(_))
}

/// A whole number without a point, as every bound is.
fn bound(bound: Option<f64>, absent: i64) -> Value {
    #[allow(clippy::cast_possible_truncation)] // bounds are small whole numbers in the descriptions
    bound.map_or(json!(absent), |bound| json!(bound as i64))
}

/// The name of one member, in schemas and in XML: `categories` holds each `category`.
#[must_use]
pub fn singular_of(collection: &str) -> String {
    match (collection.strip_suffix("ies"), collection.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => collection.to_owned(),
    }
}

fn snake(name: &str) -> String {
    name.chars().fold(String::with_capacity(name.len() + 2), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}
