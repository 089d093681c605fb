//! What clients build on: the shape of `/api/schemas`, and a kind that only a test knows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)] // a test may panic, and says what it skips

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::kind::{AccessRule, Column, OnDelete, Storage, Type};
use crate::kinds;

fn find<'v>(list: &'v Value, key: &str, name: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|item| item[key] == name).unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Every key of the old dump stands in ours, kind by kind and property by property: what d2 and its like
/// were written against.
#[test]
fn every_kind_has_the_keys_of_the_old_answer() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/schemas/schemas-old.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return;
    };
    let dump: Value = serde_json::from_str(&text).unwrap();
    let old = find(&dump["schemas"], "singular", "dataElement");
    let old_simple = keys(find(&old["properties"], "name", "id"));
    let old_collection = keys(find(&old["properties"], "name", "dataSet"));
    let ours = schemas(&kinds::registry().unwrap(), "https://host");
    for schema in ours["schemas"].as_array().unwrap() {
        assert!(keys(old).is_subset(&keys(schema)), "{}", schema["singular"]);
        for property in schema["properties"].as_array().unwrap() {
            let expected = if property["collection"] == true { &old_collection } else { &old_simple };
            // The description is a sentence of DHIS2's own.
            let missing: Vec<_> = expected
                .iter()
                .filter(|key| **key != "description" && property.get(**key).is_none())
                .collect();
            assert!(missing.is_empty(), "{}.{}: {missing:?}", schema["singular"], property["name"]);
        }
    }
}

#[test]
fn a_schema_says_what_d2_builds_its_models_from() {
    let registry = kinds::registry().unwrap();
    let schema = schema(&registry, registry.kind("dataElement").unwrap(), "https://host/dhis");
    assert_eq!(schema["apiEndpoint"], "https://host/dhis/api/dataElements");
    assert_eq!(schema["relativeApiEndpoint"], "/dataElements");
    assert_eq!(
        schema["authorities"],
        json!([
            { "type": "CREATE_PUBLIC", "authorities": ["F_DATAELEMENT_PUBLIC_ADD"] },
            { "type": "CREATE_PRIVATE", "authorities": ["F_DATAELEMENT_PRIVATE_ADD"] },
            { "type": "DELETE", "authorities": ["F_DATAELEMENT_DELETE"] },
        ])
    );
    let groups = find(&schema["properties"], "collectionName", "dataElementGroups");
    assert_eq!(groups["name"], "dataElementGroup");
    assert_eq!(groups["href"], "https://host/dhis/api/schemas/dataElementGroup");
    assert_eq!((&groups["owner"], &groups["manyToMany"]), (&json!(false), &json!(true)));
    let name = find(&schema["properties"], "name", "name");
    assert_eq!((&name["translationKey"], &name["max"]), (&json!("NAME"), &json!(230)));
    // A kind that is not described has no schema to point at.
    assert_eq!(find(&schema["properties"], "collectionName", "legendSets").get("href"), None);
}

#[test]
fn a_secret_is_described_and_not_readable() {
    let registry = kinds::registry().unwrap();
    let client = schema(&registry, registry.kind("oAuth2Client").unwrap(), "");
    let secret = find(&client["properties"], "name", "secret");
    assert_eq!((&secret["readable"], &secret["writable"]), (&json!(false), &json!(true)));
}

#[test]
fn resources_and_authorities_name_every_kind() {
    let registry = kinds::registry().unwrap();
    let resources = resources(&registry, "https://host");
    // Those of the engine, and apiToken.
    assert_eq!(resources["resources"].as_array().unwrap().len(), registry.kinds().count() + 1);
    assert_eq!(
        *find(&resources["resources"], "singular", "category"),
        json!({
            "displayName": "Categories",
            "singular": "category",
            "plural": "categories",
            "href": "https://host/api/categories",
        })
    );
    let authorities = authorities(&registry);
    let listed = authorities["systemAuthorities"].as_array().unwrap();
    let names: Vec<_> = listed.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
    for (id, name) in [
        ("ALL", "Everything"),
        ("F_DATAVALUE_ADD", "Add/update data value"),
        ("F_DATAELEMENT_DELETE", "Delete data element"),
        ("F_OAUTH2_CLIENT_MANAGE", "Manage OAuth2 clients"),
    ] {
        assert_eq!(find(&authorities["systemAuthorities"], "id", id)["name"], name);
    }
}

#[test]
fn a_kind_that_only_a_test_declares_has_a_schema() {
    let well = Kind {
        singular: "well",
        plural: "wells",
        display_name: "Well",
        klass: "org.example.Well",
        order: 9000,
        shareable: true,
        access: AccessRule::Sharing,
        properties: vec![
            Property::new("id", Type::Identifier).at(Storage::Column(Column::Uid)).unique(),
            Property::new("name", Type::Text).at(Storage::Column(Column::Name)).required(),
            Property::new("depth", Type::Number).min(0.0),
            Property::reference("feeds", "well", 9000, OnDelete::Unlink),
            Property::inverse("fedBy", "well", 9000),
        ],
        ..Kind::default()
    };
    let registry = Registry::new(vec![well]).unwrap();
    let schema = schema(&registry, registry.kind("wells").unwrap(), "");
    assert_eq!(schema["shareable"], true);
    let names: Vec<_> = schema["properties"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["id", "name", "depth", "feeds", "fedBy"]);
    assert_eq!(schema["properties"][4]["oneToMany"], true);
}
