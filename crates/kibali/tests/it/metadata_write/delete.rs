//! What goes with a deleted object, and who forbids that it goes.

use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{element, person, read, refused, send, send_as, told, unit};
use crate::foundation::admin;

async fn made(t: &TestApp, payload: serde_json::Value) {
    let answer = send(t, "POST", "/api/metadata", payload).await;
    told(&answer, 200, &answer.text());
}

async fn is_there(t: &TestApp, path: &str) -> bool {
    admin(t.get(path)).send().await.status == 200
}

both!(
    fn an_option_set_takes_its_options_unless_it_is_used(t) {
        made(t, json!({
            "optionSets": [{ "id": "optionSet01", "name": "Set", "valueType": "NUMBER",
                             "options": [{ "id": "optionOne01" }, { "id": "optionTwo01" }] }],
            "options": [{ "id": "optionOne01", "code": "1", "name": "One" }, { "id": "optionTwo01", "code": "2", "name": "Two" }],
        })).await;
        let mut used = element("dataElemen1", "One");
        used["optionSet"] = json!({ "id": "optionSet01" });
        told(&send(t, "POST", "/api/dataElements", used).await, 201, "used");
        let refusal = admin(t.delete("/api/optionSets/optionSet01")).send().await;
        let message = refused(&refusal, "E4030", "", "used");
        assert!(message.contains("Data Element (dataElemen1)"), "{message}");
        told(&admin(t.delete("/api/dataElements/dataElemen1")).send().await, 200, "element");
        told(&admin(t.delete("/api/optionSets/optionSet01")).send().await, 200, "set");
        for path in ["/api/options/optionOne01", "/api/options/optionTwo01", "/api/optionSets/optionSet01"] {
            assert!(!is_there(t, path).await, "{path}");
        }
        // Its names and codes are free again.
        made(t, json!({ "optionSets": [{ "id": "optionSet02", "name": "Set", "valueType": "TEXT" }] })).await;
    }
);

both!(
    fn those_who_forbid_a_delete_are_named_to_who_may_read_them(t) {
        let hidden = |mut value: serde_json::Value| { value["sharing"] = json!({ "public": "--------" }); value };
        let mut elements: Vec<_> = (0..7).map(|n| element(&format!("dataElem{n:03}"), &format!("Element {n}"))).collect();
        elements.push(hidden(element("dataElemHid", "Hidden")));
        for one in &mut elements {
            one["categoryCombo"] = json!({ "id": "comboUsed01" });
        }
        made(t, json!({
            "categoryCombos": [{ "id": "comboUsed01", "name": "Used", "dataDimensionType": "DISAGGREGATION",
                                 "sharing": { "public": "rw------" } }],
            "dataElements": elements,
            "dataSets": [{ "id": "dataSetOne1", "name": "Form", "shortName": "Form", "periodType": "Monthly",
                           "categoryCombo": { "id": "comboUsed01" } }],
        })).await;
        let path = "/api/categoryCombos/comboUsed01";
        let message = refused(&admin(t.delete(path)).send().await, "E4030", "", "used");
        assert!(message.contains("Data Element (dataElem000") && message.contains("and 3 more)"), "{message}");
        assert!(message.contains("Data Set (dataSetOne1)"), "every veto is told: {message}");
        person(t, "remover", &["F_CATEGORY_COMBO_DELETE", "F_DATAELEMENT_DELETE"]).await;
        let message = refused(&send_as(t, "remover", "DELETE", path, json!({})).await, "E4030", "", "used");
        assert!(!message.contains("dataElemHid"), "{message}");
        assert!(is_there(t, path).await);
    }
);

both!(
    fn references_go_and_holders_stay(t) {
        made(t, json!({
            "organisationUnits": [unit("unitRoot001", None), unit("unitLeft001", Some("unitRoot001"))],
            "dataElements": [element("dataElemen1", "One"), element("dataElemen2", "Two")],
            "dataElementGroups": [{ "id": "groupOne001", "name": "G", "shortName": "G", "dataElements": [{ "id": "dataElemen1" }, { "id": "dataElemen2" }] }],
            "dataSets": [{ "id": "dataSetOne1", "name": "Form", "shortName": "Form", "periodType": "Monthly",
                "organisationUnits": [{ "id": "unitLeft001" }],
                "dataSetElements": [{ "dataElement": { "id": "dataElemen1" } }, { "dataElement": { "id": "dataElemen2" } }] }],
        })).await;
        let message = refused(&admin(t.delete("/api/organisationUnits/unitRoot001")).send().await, "E4030", "", "children");
        assert!(message.contains("unitLeft001"), "{message}");
        told(&admin(t.delete("/api/organisationUnits/unitLeft001")).send().await, 200, "unit");
        told(&admin(t.delete("/api/dataElements/dataElemen1")).send().await, 200, "element");
        let form = read(t, "/api/dataSets/dataSetOne1?fields=organisationUnits,dataSetElements%5BdataElement%5D").await;
        assert_eq!(form, json!({ "organisationUnits": [], "dataSetElements": [{ "dataElement": { "id": "dataElemen2" } }] }));
        let group = read(t, "/api/dataElementGroups/groupOne001?fields=dataElements").await;
        assert_eq!(group["dataElements"], json!([{ "id": "dataElemen2" }]));
        // Both at once: the child does not forbid what goes with it.
        made(t, json!({ "organisationUnits": [unit("unitDown001", Some("unitRoot001"))] })).await;
        let gone = json!({ "organisationUnits": [{ "id": "unitRoot001" }, { "id": "unitDown001" }] });
        let answer = send(t, "POST", "/api/metadata?importStrategy=DELETE", gone).await;
        let body = told(&answer, 200, &answer.text());
        assert_eq!(body["response"]["stats"]["deleted"], 2);
    }
);

both!(
    fn a_category_takes_its_option_combos_along_and_a_used_option_does_not_go_quietly(t) {
        made(t, json!({
            "categoryOptions": [{ "id": "catOptionA1", "name": "A", "shortName": "A" }, { "id": "catOptionB1", "name": "B", "shortName": "B" }],
            "categories": [{ "id": "categoryOn1", "name": "C", "shortName": "C", "dataDimensionType": "DISAGGREGATION",
                             "categoryOptions": [{ "id": "catOptionA1" }, { "id": "catOptionB1" }] }],
            "categoryCombos": [{ "id": "comboOne001", "name": "CC", "dataDimensionType": "DISAGGREGATION", "categories": [{ "id": "categoryOn1" }] }],
        })).await;
        let combos = async || read(t, "/api/categoryCombos/comboOne001?fields=categoryOptionCombos%5Bname%5D").await["categoryOptionCombos"].as_array().unwrap().len();
        assert_eq!(combos().await, 2);
        let message = refused(&admin(t.delete("/api/categories/categoryOn1")).send().await, "E4030", "", "in a combo");
        assert!(message.contains("comboOne001"), "{message}");
        told(&admin(t.delete("/api/categoryCombos/comboOne001")).send().await, 200, "combo");
        assert_eq!(read(t, "/api/categoryOptionCombos?fields=id").await["categoryOptionCombos"].as_array().unwrap().len(), 1);
        told(&admin(t.delete("/api/categories/categoryOn1")).send().await, 200, "category");
    }
);
