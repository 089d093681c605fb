//! The grammar of `fields`, by example and by property.

#![allow(clippy::unwrap_used, clippy::panic)] // a test may panic

use proptest::prelude::*;

use super::*;

fn field(name: &str, transformers: Vec<Transformer>, inner: Option<Fields>) -> FieldItem {
    FieldItem::Field { name: name.to_owned(), transformers, inner }
}

fn printed(text: &str) -> String {
    Fields::parse(text).unwrap().to_string()
}

#[test]
fn the_examples_of_the_reference() {
    assert_eq!(
        Fields::parse("id,name,dataSetElements~size~rename(count),organisationUnits~pluck[id]").unwrap(),
        Fields(vec![
            field("id", vec![], None),
            field("name", vec![], None),
            field("dataSetElements", vec![Transformer::Size, Transformer::Rename("count".into())], None),
            field(
                "organisationUnits",
                vec![Transformer::Pluck("id".into())],
                Some(Fields(vec![field("id", vec![], None)])),
            ),
        ])
    );
}

#[test]
fn every_spelling_prints_in_one_way() {
    for (text, canonical) in [
        ("*", ":all"),
        (":all,:owner", ":all,:owner"),
        ("a::size", "a~size"),
        ("a|rename(b)", "a~rename(b)"),
        ("a(b,c(d))", "a[b,c[d]]"),
        ("a.b.c", "a[b[c]]"),
        ("a[b,c[d]", "a[b,c[d]]"),
        ("a[b(", "a[b[]]"),
        (" a , b [ c , !d ] ", "a,b[c,!d]"),
        ("a,,b,", "a,b"),
        ("a~keyBy[b]", "a~keyBy(id)[b]"),
        ("a~unheardOf(1;2)[b]", "a[b]"),
        (":unheardOf,a", "a"),
        ("!a.b", "!a.b"),
        ("a[]", "a[]"),
        ("", ""),
        ("dataElements[*]", "dataElements[:all]"),
    ] {
        assert_eq!(printed(text), canonical, "{text}");
    }
}

#[test]
fn what_cannot_be_read_names_its_place() {
    for (text, position) in
        [("a]", 1), ("a[b)", 3), ("a b", 2), ("a~rename", 8), ("a;drop", 1), ("<b>", 0), ("!", 1)]
    {
        let error = Fields::parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
    }
}

#[test]
fn eight_levels_pass_and_nine_do_not() {
    let nested = |levels: usize| format!("{}a{}", "a[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(Fields::parse(&nested(8)).is_ok());
    assert!(Fields::parse(&nested(9)).is_err());
    assert!(Fields::parse(&["a"; 8].join(".")).is_ok());
    assert!(Fields::parse(&["a"; 9].join(".")).is_err());
    assert!(Fields::parse(&format!("a.a.a.a[{}]", ["b"; 5].join("."))).is_err());
}

#[test]
fn a_million_levels_are_refused_at_the_ninth() {
    assert_eq!(Fields::parse(&"a[".repeat(1_000_000)).unwrap_err().position, 15);
    assert_eq!(Fields::parse(&"a(".repeat(1_000_000)).unwrap_err().position, 15);
    assert_eq!(Fields::parse(&"a.".repeat(1_000_000)).unwrap_err().position, 15);
    assert_eq!(Fields::parse(&"[".repeat(1_000_000)).unwrap_err().position, 0);
}

#[test]
fn two_hundred_fields_pass_and_one_more_does_not() {
    assert!(Fields::parse(&["a"; 200].join(",")).is_ok());
    assert!(Fields::parse(&["a"; 201].join(",")).is_err());
    assert!(Fields::parse_all(std::iter::repeat_n("a", 201)).is_err());
}

#[test]
fn several_parameters_are_one() {
    assert_eq!(Fields::parse_all(["a,b", "c[d]"]).unwrap().to_string(), "a,b,c[d]");
}

fn any_name() -> impl Strategy<Value = String> {
    "[a-zA-Z_$é][a-zA-Z0-9_$-]{0,11}"
}

fn any_transformer() -> impl Strategy<Value = Transformer> {
    prop_oneof![
        any_name().prop_map(Transformer::Rename),
        Just(Transformer::Size),
        Just(Transformer::IsEmpty),
        Just(Transformer::IsNotEmpty),
        any_name().prop_map(Transformer::Pluck),
        any_name().prop_map(Transformer::KeyBy),
    ]
}

fn any_preset() -> impl Strategy<Value = Preset> {
    prop::sample::select(Preset::NAMES).prop_map(|(_, preset)| preset)
}

fn any_fields() -> impl Strategy<Value = Fields> {
    let leaf = prop::collection::vec(
        prop_oneof![
            any_preset().prop_map(FieldItem::Preset),
            prop::collection::vec(any_name(), 1..3).prop_map(FieldItem::Exclude),
        ],
        0..3,
    )
    .prop_map(Fields);
    leaf.prop_recursive(5, 60, 4, |inner| {
        let transformers = prop::collection::vec(any_transformer(), 0..3);
        let item = (any_name(), transformers, prop::option::of(inner))
            .prop_map(|(name, transformers, inner)| FieldItem::Field { name, transformers, inner });
        prop::collection::vec(item, 0..4).prop_map(Fields)
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(fields in any_fields()) {
        prop_assert_eq!(Fields::parse(&fields.to_string()).unwrap(), fields);
    }

    #[test]
    fn nothing_panics(text in "[a-c*:!~|.,;()\\[\\] é]{0,60}") {
        if let Ok(fields) = Fields::parse(&text) {
            prop_assert_eq!(Fields::parse(&fields.to_string()).unwrap(), fields);
        }
    }

    #[test]
    fn nothing_at_all_panics(text in any::<String>()) {
        let _ = Fields::parse(&text);
    }
}
