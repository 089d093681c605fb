//! `fields`: presets, blocks, excludes, transformers, and what is special about some properties.

use kibali_testkit::{TestApp, both, seed};
use serde_json::{Value, json};

use super::filters::units;
use super::{ask, read};

async fn shown(t: &TestApp, path: &str, fields: &str) -> Value {
    read(t, &format!("{path}?fields={fields}")).await
}

/// A data set with two elements, a value of an attribute, and a translation.
async fn forms(t: &TestApp) {
    let element = |id: &str, name: &str| {
        json!({
            "id": id, "name": name, "shortName": name, "domainType": "AGGREGATE", "valueType": "NUMBER",
            "aggregationType": "SUM", "zeroIsSignificant": true,
            "attributeValues": [{ "attribute": { "id": "AttrColour1" }, "value": format!("{name} blue") }],
            "translations": [{ "locale": "fr", "property": "NAME", "value": format!("fr {name}") }],
        })
    };
    seed::import(&t.app, &json!({ "attributes": [{ "id": "AttrColour1", "name": "Colour", "valueType": "TEXT", "dataElementAttribute": true }] })).await;
    seed::import(
        &t.app,
        &json!({
            "dataElements": [element("ElementAaaa", "Alpha"), element("ElementBbbb", "Beta")],
            "dataSets": [{
                "id": "DataSetAaaa", "name": "Form", "shortName": "Form", "periodType": "Monthly", "mobile": false,
                "dataSetElements": [
                    { "dataElement": { "id": "ElementAaaa" } },
                    { "dataElement": { "id": "ElementBbbb" }, "categoryCombo": { "id": "bjDvmb4bfuf" } },
                ],
            }],
        }),
    )
    .await;
}

both!(
    fn blocks_transformers_and_excludes(t) {
        units(t).await;
        let unit = "/api/organisationUnits/UnitAaaaaaa";
        for (fields, expected) in [
            ("id,name,unheardOf", json!({ "id": "UnitAaaaaaa", "name": "Country" })),
            ("name~rename(n),name~size~rename(l)", json!({ "n": "Country", "l": 7 })),
            ("children", json!({ "children": [{ "id": "UnitBbbbbbb" }, { "id": "UnitCcccccc" }] })),
            ("children~size", json!({ "children": 2 })),
            ("children~isEmpty,parent", json!({ "children": false })),
            ("children::isNotEmpty", json!({ "children": true })),
            ("children|pluck(name)", json!({ "children": ["North District", "south district"] })),
            ("children~pluck~size", json!({ "children": 2 })),
            (
                "children[id,name]~keyBy(name)",
                json!({ "children": {
                    "North District": { "id": "UnitBbbbbbb", "name": "North District" },
                    "south district": { "id": "UnitCcccccc", "name": "south district" },
                } }),
            ),
            (
                "children[code,children(code)]",
                json!({ "children": [
                    { "code": "B_2", "children": [{ "code": "d-4" }] },
                    { "code": "C%3", "children": [] },
                ] }),
            ),
            (":nameable,!created,!lastUpdated", json!({
                "id": "UnitAaaaaaa", "code": "A1", "name": "Country", "shortName": "s Country",
            })),
            ("children[:identifiable,!created,!lastUpdated,!lastUpdatedBy,!name]", json!({ "children": [
                { "id": "UnitBbbbbbb", "code": "B_2" }, { "id": "UnitCcccccc", "code": "C%3" },
            ] })),
            ("id,children[id,name],!children.name", json!({
                "id": "UnitAaaaaaa", "children": [{ "id": "UnitBbbbbbb" }, { "id": "UnitCcccccc" }],
            })),
        ] {
            let encoded = fields.replace('|', "%7C").replace('[', "%5B").replace(']', "%5D");
            // The schema's order is not that of the expectation; equality of objects does not look at it.
            assert_eq!(shown(t, unit, &encoded).await, expected, "{fields}");
        }
    }
);

both!(
    fn the_tree_shows_path_level_leaf_and_ancestors(t) {
        units(t).await;
        let body = shown(t, "/api/organisationUnits/UnitDdddddd", "path,level,leaf,ancestors%5Bname%5D").await;
        assert_eq!(
            body,
            json!({
                "path": "/UnitAaaaaaa/UnitBbbbbbb/UnitDdddddd", "level": 3, "leaf": true,
                "ancestors": [{ "name": "Country" }, { "name": "North District" }],
            })
        );
    }
);

both!(
    fn keys_come_in_the_order_of_the_schema(t) {
        units(t).await;
        let path = "/api/organisationUnits/UnitAaaaaaa";
        let answer = ask(t, &format!("{path}?fields=level,name,code,id")).await.text();
        assert_eq!(answer, r#"{"id":"UnitAaaaaaa","code":"A1","name":"Country","level":1}"#);
    }
);

both!(
    fn embedded_objects_are_seen_from_both_ends(t) {
        forms(t).await;
        let body = shown(t, "/api/dataSets/DataSetAaaa", "dataSetElements%5BdataElement%5Bname%5D,categoryCombo%5D").await;
        assert_eq!(
            body["dataSetElements"],
            json!([
                { "dataElement": { "name": "Alpha" } },
                { "dataElement": { "name": "Beta" }, "categoryCombo": { "id": "bjDvmb4bfuf" } },
            ])
        );
        let full = shown(t, "/api/dataSets/DataSetAaaa", "dataSetElements").await;
        assert_eq!(
            full["dataSetElements"][0],
            json!({ "dataSet": { "id": "DataSetAaaa" }, "dataElement": { "id": "ElementAaaa" } })
        );
        let back = shown(t, "/api/dataElements/ElementBbbb", "dataSetElements%5BdataSet%5Bname%5D,dataElement,categoryCombo%5D").await;
        assert_eq!(
            back["dataSetElements"],
            json!([{ "dataSet": { "name": "Form" }, "dataElement": { "id": "ElementBbbb" },
                     "categoryCombo": { "id": "bjDvmb4bfuf" } }])
        );
        let by_set = read(t, "/api/dataElements?fields=id&filter=dataSetElements.dataSet.id:eq:DataSetAaaa").await;
        assert_eq!(by_set["dataElements"], json!([{ "id": "ElementAaaa" }, { "id": "ElementBbbb" }]));
        let by_element = read(t, "/api/dataSets?fields=id&filter=dataSetElements.dataElement.name:eq:Beta").await;
        assert_eq!(by_element["dataSets"], json!([{ "id": "DataSetAaaa" }]));
    }
);

both!(
    fn attributes_are_fields_and_filters(t) {
        forms(t).await;
        let body = shown(t, "/api/dataElements/ElementAaaa", "AttrColour1,attributeValues").await;
        assert_eq!(
            body,
            json!({
                "attributeValues": [{ "attribute": { "id": "AttrColour1" }, "value": "Alpha blue" }],
                "AttrColour1": "Alpha blue",
            })
        );
        let found = read(t, "/api/dataElements?fields=id&filter=AttrColour1:ilike:BETA").await;
        assert_eq!(found["dataElements"], json!([{ "id": "ElementBbbb" }]));
    }
);

both!(
    fn display_names_follow_the_locale(t) {
        forms(t).await;
        let list = |body: &Value| -> Vec<Value> {
            body["dataElements"].as_array().unwrap().iter().map(|row| row["displayName"].clone()).collect()
        };
        let french = read(t, "/api/dataElements?fields=displayName,name&locale=fr&filter=displayName:like:fr%20A").await;
        assert_eq!(list(&french), [json!("fr Alpha")]);
        assert_eq!(french["dataElements"][0]["name"], "Alpha");
        let plain = read(t, "/api/dataElements?fields=displayName&locale=fr&translate=false").await;
        assert_eq!(list(&plain), [json!("Alpha"), json!("Beta")]);
        let ordered = read(t, "/api/dataElements?fields=displayName&locale=fr&order=displayName:desc").await;
        assert_eq!(list(&ordered), [json!("fr Beta"), json!("fr Alpha")]);
    }
);

both!(
    fn a_property_has_an_address(t) {
        units(t).await;
        let body = shown(t, "/api/organisationUnitGroups/GroupSmall1/organisationUnits", "id,code").await;
        assert_eq!(body, json!({ "organisationUnits": [{ "id": "UnitDdddddd", "code": "d-4" }] }));
        let sharing = read(t, "/api/organisationUnitGroups/GroupSmall1/sharing").await;
        assert_eq!(sharing["sharing"]["public"], "rw------");
        assert_eq!(ask(t, "/api/organisationUnitGroups/GroupSmall1/nothing").await.status, 404);
    }
);

both!(
    fn defaults_are_left_out_when_asked(t) {
        forms(t).await;
        let element = "/api/dataElements/ElementAaaa?fields=categoryCombo";
        assert_eq!(read(t, element).await, json!({ "categoryCombo": { "id": "bjDvmb4bfuf" } }));
        assert_eq!(read(t, &format!("{element}&defaults=EXCLUDE")).await, json!({}));
        assert_eq!(read(t, "/api/categoryCombos?defaults=EXCLUDE").await["categoryCombos"], json!([]));
    }
);

both!(
    fn secrets_are_never_shown(t) {
        for path in ["/api/users?fields=*", "/api/oAuth2Clients?fields=*", "/api/metadata", "/api/users?fields=:all,password"] {
            let text = ask(t, path).await.text();
            assert!(!text.contains("\"password\":") && !text.contains("\"secret\":"), "{path}: {text}");
            assert!(!text.contains(seed::CLIENT_SECRET) && !text.contains("$2"), "{path}");
        }
    }
);

both!(
    fn lists_are_written_as_csv(t) {
        units(t).await;
        let answer = ask(t, "/api/organisationUnits.csv?fields=id,code,children&order=id").await;
        assert_eq!(answer.header("content-type"), Some("text/csv;charset=UTF-8"));
        assert_eq!(
            answer.text(),
            "id,code,children\nUnitAaaaaaa,A1,UnitBbbbbbb;UnitCcccccc\nUnitBbbbbbb,B_2,UnitDdddddd\n\
             UnitCcccccc,C%3,\nUnitDdddddd,d-4,\nUnitEeeeeee,,\n"
        );
        assert_eq!(ask(t, "/api/organisationUnits.csv?fields=id,access").await.status, 409);
    }
);

both!(
    fn old_versions_show_sharing_under_its_old_keys_too(t) {
        units(t).await;
        let path = "/api/organisationUnitGroups/GroupSmall1?fields=sharing";
        assert_eq!(read(t, path).await.as_object().unwrap().len(), 1);
        let old = t.another(5, |settings| settings.as_version = kibali_model::ApiVersion::from_number(40)).await;
        let body = read(&old, path).await;
        assert_eq!(body["publicAccess"], body["sharing"]["public"]);
        assert_eq!(body["userGroupAccesses"], json!([]));
    }
);
