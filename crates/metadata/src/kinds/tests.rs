//! The descriptions against each other and against real payloads.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test may panic, and says what it skips

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::registry;
use crate::kind::{Property, Storage, Type};

#[test]
fn the_descriptions_agree() {
    let registry = registry().unwrap();
    assert_eq!(registry.kinds().count(), 18);
    for kind in registry.kinds() {
        let mut names = BTreeSet::new();
        for property in &kind.properties {
            assert!(names.insert(property.name), "{}.{} is described twice", kind.singular, property.name);
        }
    }
}

#[test]
fn every_inverse_shows_the_kind_that_holds_the_edge() {
    let registry = registry().unwrap();
    for edge in registry.edges() {
        let source = registry.kind(edge.source.kind).unwrap();
        assert!(source.property(edge.embedded_in.unwrap_or(edge.source.property)).is_some());
        if edge.target.property.is_empty() {
            continue;
        }
        let shown = registry.kind(edge.target.kind).unwrap().property(edge.target.property).unwrap();
        if matches!(shown.storage, Storage::Inverse(_)) {
            assert_eq!(shown.target(), Some(edge.source.kind), "{}", edge.target.property);
        }
    }
}

#[test]
fn defaults_of_properties_are_json() {
    for kind in registry().unwrap().kinds() {
        for property in &kind.properties {
            if let Some(json) = property.default {
                serde_json::from_str::<Value>(json).unwrap();
            }
        }
    }
}

/// Every key of the described kinds in real DHIS2 payloads is described, embedded objects included.
#[test]
fn real_payloads_hold_no_unknown_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/dhis2-metadata");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return;
    };
    let registry = registry().unwrap();
    let mut unknown = BTreeSet::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let payload: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (plural, objects) in payload.as_object().unwrap() {
            let Some(kind) = registry.kind(plural) else { continue };
            for object in objects.as_array().unwrap() {
                collect_unknown(plural, object, &kind.properties, &mut unknown);
            }
        }
    }
    assert_eq!(unknown, BTreeSet::new());
}

fn collect_unknown(place: &str, object: &Value, known: &[Property], unknown: &mut BTreeSet<String>) {
    for (key, value) in object.as_object().unwrap() {
        let Some(property) = known.iter().find(|property| property.name == key) else {
            unknown.insert(format!("{place}.{key}"));
            continue;
        };
        if let (Storage::Embedded, Type::Complex(inner)) = (property.storage, property.item_type()) {
            for element in value.as_array().unwrap() {
                collect_unknown(&format!("{place}.{key}"), element, inner, unknown);
            }
        }
    }
}
