//! Reading by example and by property: fields, filters, order, access.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // tests

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::Registry;
use crate::language::{Fields, Filter, Junction, Order};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| crate::kinds::registry().expect("the kinds hold"));

fn shape(kind: &str, fields: &str) -> Shape<'static> {
    let kind = REGISTRY.kind(kind).unwrap();
    resolve_fields(&REGISTRY, kind, &Fields::parse(fields).unwrap(), true).unwrap()
}

fn keys(kind: &str, fields: &str) -> Vec<String> {
    shape(kind, fields).entries.into_iter().map(|entry| entry.key).collect()
}

#[test]
fn presets_spread_and_items_of_their_own_say_more() {
    assert_eq!(keys("optionSet", "name,id"), ["id", "name"]);
    assert_eq!(
        keys("optionSet", ":identifiable"),
        ["id", "code", "name", "created", "lastUpdated", "lastUpdatedBy"]
    );
    let all = keys("optionSet", "*");
    assert!(all.contains(&"options".to_owned()) && all.contains(&"access".to_owned()));
    let merged = shape("optionSet", "*,options[name],options[code]");
    let inner = merged.slots.iter().find_map(|slot| match &slot.want {
        Want::Objects(inner) if inner.kind.singular == "option" => Some(inner),
        _ => None,
    });
    let inner: Vec<&str> = inner.unwrap().entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(inner, ["code", "name"]);
    assert_eq!(keys("optionSet", "options~size~rename(n),options"), ["n", "options"]);
    assert!(!keys("user", "*").contains(&"password".to_owned()));
}

#[test]
fn excludes_come_last_whatever_their_place() {
    assert_eq!(keys("optionSet", "!name,id,name"), ["id"]);
    assert!(!keys("optionSet", "!name").contains(&"name".to_owned()));
    assert!(keys("optionSet", "!name").contains(&"code".to_owned()));
}

#[test]
fn a_bare_reference_needs_its_uid_only_and_a_size_nothing_but_a_count() {
    let bare = shape("optionSet", "options");
    assert!(matches!(&bare.slots[0].want, Want::Objects(inner) if inner.is_bare()));
    assert_eq!(bare.needs, Needs::default());
    let counted = shape("optionSet", "options~size,options~isEmpty~rename(e)");
    assert!(counted.slots.iter().all(|slot| matches!(slot.want, Want::Count)));
}

#[test]
fn blocks_and_items_have_limits() {
    let kind = REGISTRY.kind("organisationUnit").unwrap();
    let mut deep = Fields::parse("id").unwrap();
    for _ in 0..9 {
        deep = Fields(vec![crate::language::FieldItem::Field {
            name: "children".to_owned(),
            transformers: Vec::new(),
            inner: Some(deep),
        }]);
    }
    let refused = resolve_fields(&REGISTRY, kind, &deep, false).unwrap_err();
    assert_eq!(refused, ReadError::TooDeep("fields"));
    assert!(refused.is_limit());
    let many = Fields(vec![deep.0[0].clone(); 30]);
    assert_eq!(resolve_fields(&REGISTRY, kind, &many, false).unwrap_err(), ReadError::TooManyFields);
}

#[test]
fn sql_takes_what_engines_agree_on_and_leaves_the_rest_to_rust() {
    let kind = REGISTRY.kind("organisationUnit").unwrap();
    for (filter, residual) in [
        ("name:ilike:x", false),
        ("name:token:x", true),
        ("id:ilike:x", true),
        ("shortName:eq:x", true),
        ("parent.name:eq:x", false),
        ("parent.shortName:eq:x", true),
        ("level:ge:2", false),
        ("path:like:ImspTQPwCqd", false),
        ("displayName:ilike:x", false),
        ("createdBy.id:eq:x", false),
        ("children:empty", false),
    ] {
        let filters = [Filter::parse(filter).unwrap()];
        let resolved = resolve_filters(&REGISTRY, kind, &filters, Junction::And).unwrap();
        assert_eq!(resolved.has_residual(), residual, "{filter}");
    }
}

proptest! {
    #[test]
    fn no_fields_filter_or_order_makes_the_planner_panic(
        kind in prop::sample::select(REGISTRY.kinds().map(|kind| kind.singular).collect::<Vec<_>>()),
        path in "[a-zA-Z]{1,12}(\\.(id|name|dataSet|parent|children|optionSet)){0,9}",
        operator in prop::sample::select(vec!["eq", "ilike", "token", "in", "null", "gt", "empty"]),
        value in "\\PC{0,12}",
        fields in "(\\*|:owner|!?[a-zA-Z]{2,12}|(children|parent|users|options|dataSetElements)\\[[a-zA-Z*,]{1,20}\\])",
    ) {
        let kind = REGISTRY.kind(kind).unwrap();
        if let Ok(fields) = Fields::parse(&fields) {
            let _ = resolve_fields(&REGISTRY, kind, &fields, true);
        }
        if let Ok(filter) = Filter::parse(&format!("{path}:{operator}:{value}")) {
            let _ = resolve_filters(&REGISTRY, kind, &[filter], Junction::Or);
        }
        if let Some(order) = Order::parse(&path) {
            prop_assert!(!resolve_order(&REGISTRY, kind, &[order]).is_empty());
        }
    }

    #[test]
    fn every_described_path_can_be_filtered_or_is_refused_by_name(
        kind in prop::sample::select(REGISTRY.kinds().map(|kind| kind.singular).collect::<Vec<_>>()),
        at in 0_usize..80,
    ) {
        let kind = REGISTRY.kind(kind).unwrap();
        let Some(property) = kind.properties.get(at) else { return Ok(()) };
        let filter = Filter::parse(&format!("{}:null", property.name)).unwrap();
        match resolve_filters(&REGISTRY, kind, &[filter], Junction::And) {
            Ok(_) => {}
            Err(ReadError::UnknownPath(path)) => prop_assert_eq!(path, property.name),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
