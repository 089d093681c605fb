//! The descriptions as clients read them: `/api/schemas`, `/api/resources` and `/api/authorities`
//! (web-api reference 3.5, 4.5). Pure renderings of the registry; `base` is the address of the
//! installation, without a slash at its end.

mod authorities;
mod classes;
pub mod diff;
mod property;

pub use authorities::authorities;
pub use property::singular_of;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::kind::{Kind, KindAuthorities, Property};
use crate::{Registry, kinds};

/// Every kind that has a schema: those of the registry in import order, then those that live outside of it.
fn described(registry: &Registry) -> impl Iterator<Item = Arc<Kind>> {
    registry.kinds().cloned().chain(std::iter::once(Arc::new(kinds::api_token())))
}

/// The kind with this singular name.
#[must_use]
pub fn find(registry: &Registry, singular: &str) -> Option<Arc<Kind>> {
    described(registry).find(|kind| kind.singular == singular)
}

/// `GET /api/schemas`: every kind.
#[must_use]
pub fn schemas(registry: &Registry, base: &str) -> Value {
    let schemas: Vec<Value> = described(registry).map(|kind| schema(registry, &kind, base)).collect();
    json!({ "schemas": schemas })
}

/// `GET /api/schemas/{singular}`.
#[must_use]
pub fn schema(registry: &Registry, kind: &Kind, base: &str) -> Value {
    let own = kind.properties.iter().filter(|property| !property.is_foreign());
    let properties: Vec<Value> = own.map(|property| property_schema(registry, property, base)).collect();
    json!({
        "klass": kind.klass,
        "identifiableObject": true,
        "nameableObject": kind.nameable,
        "subscribableObject": false,
        "embeddedObject": false,
        "singular": kind.singular,
        "plural": kind.plural,
        "metadata": true,
        "secondaryMetadata": false,
        "namespace": classes::NAMESPACE,
        "collectionName": kind.plural,
        "name": kind.singular,
        "displayName": kind.display_name,
        "shareable": kind.shareable,
        "dataShareable": kind.data_shareable,
        "dataWriteShareable": kind.data_shareable,
        "dataReadShareable": kind.data_shareable,
        "relativeApiEndpoint": format!("/{}", kind.plural),
        "apiEndpoint": format!("{base}/api/{}", kind.plural),
        "href": format!("{base}/api/schemas/{}", kind.singular),
        "persisted": true,
        "translatable": kind.translatable,
        "favoritable": false,
        "subscribable": false,
        "defaultPrivate": kind.default_private,
        "implicitPrivateAuthority": false,
        "order": kind.order,
        "authorities": authority_lists(&kind.authorities),
        "properties": properties,
    })
}

/// `GET /api/schemas/{singular}/{property}`.
#[must_use]
pub fn property_schema(registry: &Registry, property: &Property, base: &str) -> Value {
    Value::Object(property::render(registry, property, base))
}

/// `GET /api/resources`: the addresses of all kinds.
#[must_use]
pub fn resources(registry: &Registry, base: &str) -> Value {
    let mut kinds: Vec<_> = described(registry).collect();
    kinds.sort_by_key(|kind| kind.display_name);
    let resource = |kind: &Kind| {
        json!({
            "displayName": plural_of(kind.display_name),
            "singular": kind.singular,
            "plural": kind.plural,
            "href": format!("{base}/api/{}", kind.plural),
        })
    };
    json!({ "resources": kinds.iter().map(|kind| resource(kind)).collect::<Vec<_>>() })
}

fn authority_lists(authorities: &KindAuthorities) -> Value {
    let lists = named_lists(authorities).into_iter().filter(|(_, list)| !list.is_empty());
    lists.map(|(name, list)| json!({ "type": name, "authorities": list })).collect()
}

/// The lists of a kind's authorities under their names on the wire.
fn named_lists(authorities: &KindAuthorities) -> [(&'static str, &'static [&'static str]); 6] {
    [
        ("CREATE", authorities.create),
        ("CREATE_PUBLIC", authorities.create_public),
        ("CREATE_PRIVATE", authorities.create_private),
        ("READ", authorities.read),
        ("UPDATE", authorities.update),
        ("DELETE", authorities.delete),
    ]
}

fn plural_of(name: &str) -> String {
    match name.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{name}s"),
    }
}

/// Leaves keys without a value out.
fn object(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests;
