//! Every filter operator, on columns, documents, references, collections and the tree.

use kibali_testkit::{TestApp, both, seed};
use serde_json::json;

use super::{ask, column, read};

/// Five units: `A` over `B` and `C`, `D` below `B`, and `E` alone.
pub(super) async fn units(t: &TestApp) {
    let unit = |id: &str, name: &str, code: Option<&str>, parent: Option<&str>, opened: &str| {
        let mut unit =
            json!({ "id": id, "name": name, "shortName": format!("s {name}"), "openingDate": opened });
        if let Some(code) = code {
            unit["code"] = json!(code);
        }
        if let Some(parent) = parent {
            unit["parent"] = json!({ "id": parent });
        }
        unit
    };
    seed::import(
        &t.app,
        &json!({
            "organisationUnits": [
                unit("UnitDdddddd", "Ñandú clinic", Some("d-4"), Some("UnitBbbbbbb"), "2004-05-06"),
                unit("UnitAaaaaaa", "Country", Some("A1"), None, "2001-02-03"),
                unit("UnitBbbbbbb", "North District", Some("B_2"), Some("UnitAaaaaaa"), "2002-03-04"),
                unit("UnitCcccccc", "south district", Some("C%3"), Some("UnitAaaaaaa"), "2003-04-05"),
                unit("UnitEeeeeee", "École", None, None, "2005-06-07"),
            ],
            "organisationUnitGroups": [
                { "id": "GroupBig001", "name": "Big", "shortName": "Big",
                  "organisationUnits": [{ "id": "UnitAaaaaaa" }, { "id": "UnitBbbbbbb" }, { "id": "UnitCcccccc" }] },
                { "id": "GroupSmall1", "name": "Small", "shortName": "Small",
                  "organisationUnits": [{ "id": "UnitDdddddd" }] },
                { "id": "GroupEmpty1", "name": "Empty", "shortName": "Empty" },
            ]
        }),
    )
    .await;
}

/// The letters of the units a request lists, in its order.
async fn letters(t: &TestApp, query: &str) -> String {
    let body = read(t, &format!("/api/organisationUnits?fields=id&{query}")).await;
    column(&body, "organisationUnits", "id").iter().map(|id| &id[4..5]).collect()
}

/// Filters, and the letters of the units they leave, in alphabetical order.
const CASES: &[(&str, &str)] = &[
    ("name:eq:Country", "A"),
    ("name:eq:country", ""),
    ("name:ieq:country", "A"),
    ("name:ieq:%C3%89COLE", "E"),
    ("name:ne:Country", "BCDE"),
    ("name:neq:Country", "BCDE"),
    ("name:!eq:Country", "BCDE"),
    ("code:ne:A1", "BCD"),
    ("name:like:istrict", "BC"),
    ("name:!like:istrict", "ADE"),
    ("name:$like:North", "B"),
    ("name:!$like:North", "ACDE"),
    ("name:like$:strict", "BC"),
    ("name:!like$:strict", "ADE"),
    ("name:ilike:DISTRICT", "BC"),
    ("name:ilike:%C3%B1AND%C3%9A", "D"),
    ("name:!ilike:DISTRICT", "ADE"),
    ("name:$ilike:SOUTH", "C"),
    ("name:startsWith:SOUTH", "C"),
    ("name:!$ilike:SOUTH", "ABDE"),
    ("name:ilike$:CLINIC", "D"),
    ("name:endsWith:CLINIC", "D"),
    ("name:!ilike$:CLINIC", "ABCE"),
    ("name:token:dist%20nor", "B"),
    ("name:!token:dist", "ADE"),
    ("code:like:%25", "C"),
    ("code:like:_", "B"),
    ("code:in:[A1,d-4]", "AD"),
    ("code:!in:[A1,d-4]", "BC"),
    ("code:null", "E"),
    ("code:!null", "ABCD"),
    ("id:in:[UnitAaaaaaa,UnitEeeeeee]", "AE"),
    ("name:gt:North", "BCDE"),
    ("name:lt:North", "A"),
    ("level:eq:2", "BC"),
    ("level:ge:2", "BCD"),
    ("level:gte:2", "BCD"),
    ("level:lt:2", "AE"),
    ("level:le:2", "ABCE"),
    ("level:lte:2", "ABCE"),
    ("level:in:[1,3]", "ADE"),
    ("level:!in:[1,3]", "BC"),
    ("leaf:eq:true", "CDE"),
    // Values of documents, decided in Rust.
    ("shortName:eq:s%20Country", "A"),
    ("shortName:ilike:%C3%89", "E"),
    ("shortName:!like:istrict", "ADE"),
    ("shortName:in:[s%20Country,s%20%C3%89cole]", "AE"),
    ("openingDate:gt:2002-12-31", "CDE"),
    ("openingDate:eq:2001-02-03", "A"),
    ("openingDate:le:2003", "AB"),
    ("closedDate:null", "ABCDE"),
    ("closedDate:!null", ""),
    ("comment:null", "ABCDE"),
    // References and collections.
    ("parent.id:eq:UnitAaaaaaa", "BC"),
    ("parent:null", "AE"),
    ("parent.id:!null", "BCD"),
    ("parent.name:like:District", "D"),
    ("parent.parent.code:eq:A1", "D"),
    ("parent.shortName:eq:s%20North%20District", "D"),
    ("children:empty", "CDE"),
    ("children:eq:2", "A"),
    ("children:gt:0", "AB"),
    ("children.name:ilike:CLINIC", "B"),
    ("organisationUnitGroups.name:in:[Small,Empty]", "D"),
    ("organisationUnitGroups.id:eq:GroupBig001", "ABC"),
    // The tree.
    ("path:like:UnitBbbbbbb", "BD"),
    ("path:like:/UnitAaaaaaa/UnitBbbbbbb", "BD"),
    ("parent.path:like:UnitAaaaaaa", "BCD"),
    ("path:eq:/UnitEeeeeee", "E"),
    // Pseudo properties.
    ("identifiable:eq:A1", "A"),
    ("identifiable:ilike:%C3%91ANDU", ""),
    ("identifiable:ilike:%C3%91AND%C3%9A", "D"),
    ("displayName:ilike:%C3%89COLE", "E"),
    ("dimensionItemType:eq:ORGANISATION_UNIT", "ABCDE"),
    // What is known in SQL narrows what Rust looks into.
    ("shortName:like:s&filter=name:ilike:DISTRICT", "BC"),
    ("name:eq:Country&filter=shortName:eq:s%20%C3%89cole&rootJunction=OR", "AE"),
    ("name:eq:Country&filter=name:like:istrict&rootJunction=OR", "ABC"),
];

both!(
    fn every_operator_means_what_it_says(t) {
        units(t).await;
        for (filter, expected) in CASES {
            let found = letters(t, &format!("order=id&filter={filter}")).await;
            assert_eq!(found, *expected, "{filter}");
        }
    }
);

both!(
    fn what_cannot_be_asked_is_400_and_says_why(t) {
        for (filter, message) in [
            ("xyz:eq:1", "Unknown path property: xyz"),
            ("parent.xyz:eq:1", "Unknown path property: parent.xyz"),
            ("level:eq:two", "Unable to parse `two` as `Integer` for property `level`"),
            ("openingDate:gt:soon", "Unable to parse `soon` as `Date` for property `openingDate`"),
            ("level:like:1", "Operator `like` cannot be used on property `level`"),
            ("children:like:1", "Operator `like` cannot be used on property `children`"),
        ] {
            let answer = ask(t, &format!("/api/organisationUnits?filter={filter}")).await;
            assert_eq!(answer.status, 400, "{filter}");
            assert_eq!(answer.json()["message"], message, "{filter}");
        }
    }
);

both!(
    fn orders_run_both_ways_with_absent_values_last_then_first(t) {
        units(t).await;
        for (order, expected) in [
            ("name:asc", "ABCED"),
            ("name:iasc", "ABCEDX"),
            ("code:asc", "ABCDE"),
            ("code:desc", "EDCBA"),
            ("code:idesc", "EDCBA"),
            ("level:desc,name:asc", "DBCAE"),
            ("openingDate:desc", "EDCBA"),
            ("shortName:asc", "ABCED"),
            ("displayName:idesc", "DECBA"),
            ("nothing:asc", "ABCED"),
            ("parent:asc", "ABCED"),
        ] {
            let expected = expected.replace("ABCEDX", "ABCED");
            assert_eq!(letters(t, &format!("order={order}")).await, expected, "{order}");
        }
    }
);

both!(
    fn query_finds_uid_code_and_names(t) {
        units(t).await;
        for (query, expected) in [("UnitAaaaaaa", "A"), ("C%253", "C"), ("DISTRICT", "BC"), ("zzz", "")] {
            assert_eq!(letters(t, &format!("order=id&query={query}")).await, expected, "{query}");
        }
    }
);

both!(
    fn the_tree_is_seen_in_parts(t) {
        units(t).await;
        for (path, expected) in [
            ("?level=2&", "BC"),
            ("?maxLevel=1&", "AE"),
            ("?levelSorted=true&", "AEBCD"),
            ("?withinUserHierarchy=true&", ""),
            ("/UnitAaaaaaa?level=1&", "BC"),
            ("/UnitAaaaaaa?includeChildren=true&", "ABC"),
            ("/UnitAaaaaaa/children?", "ABC"),
            ("/UnitBbbbbbb/descendants?", "BD"),
            ("/UnitDdddddd/ancestors?", "DBA"),
            ("/UnitDdddddd/parents?", "BA"),
        ] {
            let body = read(t, &format!("/api/organisationUnits{path}fields=id")).await;
            let found: String =
                column(&body, "organisationUnits", "id").iter().map(|id| id[4..5].to_owned()).collect();
            assert_eq!(found, expected, "{path}");
        }
        let missing = ask(t, "/api/organisationUnits/UnitZzzzzzz/children").await;
        assert_eq!(missing.status, 404);
    }
);
