//! One object judged by its description alone: `POST /api/schemas/{singular}`.

use std::sync::Arc;

use kibali_model::Uid;
use serde_json::{Map, Value};

use super::item::{Edit, Item};
use super::params::ImportParams;
use super::parse::{Door, parse_object};
use super::{Code, Fault};
use crate::Registry;
use crate::kind::{Kind, Property};

/// What is wrong with an object before anything stored is looked at: types, lengths, formats, and what is
/// required and missing. References are not resolved and nothing is compared with other objects.
/// `fresh` is any uid; it shows nowhere.
#[must_use]
pub fn check_alone(
    registry: &Registry,
    kind: &Arc<Kind>,
    object: &Map<String, Value>,
    fresh: Uid,
) -> Vec<Fault> {
    let item = parse_object(registry, kind, 0, object, &ImportParams::default(), Door::Crud, fresh);
    let missing = kind.properties.iter().filter(|property| is_missing(&item, property));
    let missing: Vec<Fault> =
        missing.map(|property| Fault::new(Code::E4000, [property.name]).at(property.name)).collect();
    let mut faults = item.faults;
    faults.extend(missing);
    faults
}

fn is_missing(item: &Item, property: &Property) -> bool {
    let is_set = |name: &str| matches!(item.edits.get(name), Some(Edit::Set(_)));
    property.required
        && property.writable
        && property.default.is_none()
        && !is_set(property.name)
        && !property.required_unless.is_some_and(is_set)
        && !item.faults.iter().any(|fault| fault.property.as_deref() == Some(property.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use serde_json::json;

    use super::*;
    use crate::kinds;

    fn faults(singular: &str, object: Value) -> Vec<(&'static str, String)> {
        let registry = kinds::registry().unwrap();
        let kind = registry.kind(singular).unwrap();
        let faults =
            check_alone(&registry, kind, object.as_object().unwrap(), "abcdefghijk".parse().unwrap());
        faults.into_iter().map(|fault| (fault.code.as_str(), fault.property.unwrap())).collect()
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named_and_defaults_are_not_missed() {
        let whole = json!({
            "name": "Births", "shortName": "Births", "domainType": "AGGREGATE",
            "valueType": "NUMBER", "aggregationType": "SUM",
        });
        assert_eq!(faults("dataElement", whole), []);
        let named = |code, name: &str| (code, name.to_owned());
        assert_eq!(
            faults(
                "dataElement",
                json!({ "name": "Births", "valueType": "NUMBER", "domainType": "AGGREGATE" })
            ),
            [named("E4000", "shortName"), named("E4000", "aggregationType")]
        );
        let long = json!({ "name": "n".repeat(231), "level": 1 });
        let found = faults("organisationUnitLevel", long);
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(|(_, property)| property == "name"));
    }
}
