//! The descriptions against a dump of `/api/schemas` from a real server: `cargo xtask schema-diff`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::schemas;
use crate::Registry;

/// The keys whose values must agree.
const COMPARED: &[&str] =
    &["propertyType", "itemPropertyType", "owner", "unique", "required", "persisted", "translationKey"];

/// One place where a description and a dump part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The dump has no such kind.
    UnknownKind(String),
    /// Described and not in the dump.
    Extra {
        /// `dataElement.name`.
        place: String,
    },
    /// In the dump and not described.
    Missing {
        /// `dataElement.name`.
        place: String,
    },
    /// Both have it and say different things.
    Other {
        /// `dataElement.name`.
        place: String,
        /// The key that differs.
        key: &'static str,
        /// What the description says.
        ours: Value,
        /// What the dump says.
        theirs: Value,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind(kind) => write!(f, "{kind}: not in the dump"),
            Self::Extra { place } => write!(f, "{place}: described, not in the dump"),
            Self::Missing { place } => write!(f, "{place}: in the dump, not described"),
            Self::Other { place, key, ours, theirs } => {
                write!(f, "{place}: {key} is {ours} here, {theirs} in the dump")
            }
        }
    }
}

/// Compares every described kind with the dump; kinds that only the dump has are left alone. A key that
/// the dump does not hold at all (an older server) is not compared.
#[must_use]
pub fn differences(registry: &Registry, dump: &Value) -> Vec<Difference> {
    let (ours, theirs) = (schemas(registry, ""), by_name(dump.get("schemas"), "singular"));
    let mut found = Vec::new();
    for (name, schema) in by_name(ours.get("schemas"), "singular") {
        match theirs.get(name) {
            Some(other) => compare(name, schema, other, &mut found),
            None => found.push(Difference::UnknownKind(name.to_owned())),
        }
    }
    found
}

fn compare(kind: &str, ours: &Value, theirs: &Value, found: &mut Vec<Difference>) {
    let (ours, mut theirs) = (properties(ours), properties(theirs));
    for (name, property) in ours {
        let place = format!("{kind}.{name}");
        let Some(other) = theirs.remove(name) else {
            found.push(Difference::Extra { place });
            continue;
        };
        for key in COMPARED {
            let (our, their) = (property.get(key).unwrap_or(&Value::Null), other.get(key));
            if let Some(their) = their.filter(|their| *their != our) {
                let (place, ours, theirs) = (place.clone(), our.clone(), their.clone());
                found.push(Difference::Other { place, key, ours, theirs });
            }
        }
    }
    found.extend(theirs.into_keys().map(|name| Difference::Missing { place: format!("{kind}.{name}") }));
}

/// Properties by their JSON key: the collection's name where there is one.
fn properties(schema: &Value) -> BTreeMap<&str, &Value> {
    let items = schema.get("properties").and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| Some((item.get("collectionName").or_else(|| item.get("name"))?.as_str()?, item)))
        .collect()
}

fn by_name<'v>(list: Option<&'v Value>, key: &str) -> BTreeMap<&'v str, &'v Value> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Some((item.get(key)?.as_str()?, item))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

    use serde_json::json;

    use super::*;

    #[test]
    fn a_dump_of_ourselves_has_no_difference_and_a_changed_one_names_it() {
        let registry = crate::kinds::registry().unwrap();
        let mut dump = schemas(&registry, "http://elsewhere");
        assert_eq!(differences(&registry, &dump), []);

        let user = dump["schemas"].as_array_mut().unwrap().iter_mut().find(|kind| kind["singular"] == "user");
        let properties = user.unwrap()["properties"].as_array_mut().unwrap();
        properties.retain(|property| property["name"] != "skype");
        properties.push(json!({ "name": "pager", "propertyType": "TEXT" }));
        for property in properties.iter_mut().filter(|property| property["name"] == "surname") {
            property["required"] = json!(false);
        }
        let lines: Vec<String> = differences(&registry, &dump).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "user.skype: described, not in the dump",
                "user.surname: required is true here, false in the dump",
                "user.pager: in the dump, not described",
            ]
        );
    }
}
