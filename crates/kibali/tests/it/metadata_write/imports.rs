//! `POST /api/metadata`: its parameters, and payloads whose objects need each other.

use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{element, person, read, send, send_as, told, unit};
use crate::foundation::admin;

pub(super) fn codes(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let response = body.get("response").unwrap_or(&body);
    let kinds = response["typeReports"].as_array().cloned().unwrap_or_default();
    let objects = kinds.iter().flat_map(|kind| kind["objectReports"].as_array().cloned().unwrap_or_default());
    let errors = objects.flat_map(|one| one["errorReports"].as_array().cloned().unwrap_or_default());
    errors.map(|error| error["errorCode"].as_str().unwrap().to_owned()).collect()
}

fn stats(answer: &Answer) -> [u64; 5] {
    let body = answer.json();
    let stats = &body["response"]["stats"];
    ["created", "updated", "deleted", "ignored", "total"]
        .map(|name| stats[name].as_u64().unwrap_or_else(|| panic!("{body}")))
}

async fn import(t: &TestApp, query: &str, payload: Value) -> Answer {
    send(t, "POST", &format!("/api/metadata{query}"), payload).await
}

async fn exists(t: &TestApp, uid: &str) -> bool {
    admin(t.get(&format!("/api/dataElements/{uid}"))).send().await.status == 200
}

both!(
    fn strategies_modes_and_atomicity(t) {
        let one = || json!({ "dataElements": [element("dataElemen1", "One")] });
        let two = || json!({ "dataElements": [element("dataElemen1", "One"), element("dataElemen2", "Two")] });
        let half = || json!({ "dataElements": [element("dataElemen1", "One"), { "id": "dataElemen2", "name": "Two" }] });
        for mode in ["importMode=VALIDATE", "dryRun=true"] {
            let answer = import(t, &format!("?{mode}"), one()).await;
            assert_eq!((answer.status, stats(&answer)), (200, [1, 0, 0, 0, 1]));
            assert!(!exists(t, "dataElemen1").await, "{mode}");
        }
        let answer = import(t, "?importStrategy=UPDATE", one()).await;
        assert_eq!((answer.status, codes(&answer)), (409, vec!["E5001".to_owned()]));
        let answer = import(t, "", half()).await;
        assert_eq!((answer.status, stats(&answer), &answer.json()["status"]), (409, [0, 0, 0, 2, 2], &json!("WARNING")));
        assert!(codes(&answer).iter().all(|code| code == "E4000") && !exists(t, "dataElemen1").await);
        assert_eq!(answer.json()["response"]["status"], "ERROR");
        let answer = import(t, "?atomicMode=NONE", half()).await;
        assert_eq!((answer.status, stats(&answer)), (409, [1, 0, 0, 1, 2]), "{}", answer.text());
        assert!(codes(&answer).iter().all(|code| code == "E4000") && !codes(&answer).is_empty());
        assert_eq!(answer.json()["response"]["status"], "WARNING");
        assert!(exists(t, "dataElemen1").await && !exists(t, "dataElemen2").await);
        let answer = import(t, "?importStrategy=CREATE", two()).await;
        assert_eq!((answer.status, codes(&answer)), (409, vec!["E5000".to_owned()]));
        // Names are case-sensitive, and what is unknown leaves the default: create and update.
        let answer = import(t, "?importStrategy=create&atomicMode=none&identifier=AUTO&importMode=validate", two()).await;
        assert_eq!((answer.status, stats(&answer)), (200, [1, 1, 0, 0, 2]));
        let answer = import(t, "?importStrategy=NEW_AND_UPDATES&importReportMode=FULL", two()).await;
        assert_eq!(stats(&answer), [0, 2, 0, 0, 2]);
        assert_eq!(answer.json()["response"]["typeReports"][0]["objectReports"].as_array().unwrap().len(), 2);
        // Of what goes only the identifier is looked at.
        let gone = json!({ "dataElements": [{ "id": "dataElemen1", "name": 5, "url": "no url" }, { "id": "dataElemen2" }] });
        assert_eq!(stats(&import(t, "?importStrategy=DELETE", gone.clone()).await), [0, 0, 2, 0, 2]);
        assert_eq!(codes(&import(t, "?importStrategy=DELETE", gone).await), ["E5001", "E5001"]);
        let bare = send(t, "POST", "/api/37/metadata", json!({ "dataElements": [{}] })).await;
        assert_eq!((bare.status, &bare.json()["status"]), (200, &json!("ERROR")), "below 38 the report stands bare");
    }
);

both!(
    fn codes_name_objects_where_that_is_asked(t) {
        let coded = |code: &str, name: &str| { let mut one = element("", name); one["code"] = json!(code); one };
        let payload = |name: &str| json!({
            "dataElements": [coded("ONE", name)],
            "dataElementGroups": [{ "code": "G", "name": "G", "shortName": "G", "dataElements": [{ "code": "ONE", "id": "wrongId0001" }] }],
        });
        for (name, expected) in [("First", [2, 0, 0, 0, 2]), ("Second", [0, 2, 0, 0, 2])] {
            let answer = import(t, "?identifier=CODE", payload(name)).await;
            assert_eq!((answer.status, stats(&answer)), (200, expected), "{}", answer.text());
        }
        let group = read(t, "/api/dataElementGroups?filter=code:eq:G&fields=dataElements%5Bname%5D").await;
        assert_eq!(group["dataElementGroups"][0]["dataElements"], json!([{ "name": "Second" }]));
        let answer = import(t, "", payload("Third")).await;
        assert!(codes(&answer).contains(&"E5002".to_owned()), "by uid that is another object: {}", answer.text());
    }
);

both!(
    fn merging_keeps_what_is_not_said(t) {
        let mut one = element("dataElemen1", "One");
        one["description"] = json!("Long");
        let group = json!([{ "id": "groupOne001", "name": "G", "shortName": "G", "dataElements": [{ "id": "dataElemen1" }] }]);
        let attribute = |id: &str| json!({ "id": id, "name": id, "valueType": "TEXT", "dataElementAttribute": true });
        one["attributeValues"] = json!([{ "attribute": { "id": "attributeA1" }, "value": "a" }]);
        told(&import(t, "", json!({ "attributes": [attribute("attributeA1"), attribute("attributeB1")],
            "dataElements": [one, element("dataElemen2", "Two")], "dataElementGroups": group })).await, 200, "made");
        let change = json!({
            "dataElements": [{ "id": "dataElemen1", "name": "Renamed", "attributeValues": [{ "attribute": { "id": "attributeB1" }, "value": "b" }] }],
            "dataElementGroups": [{ "id": "groupOne001", "dataElements": [{ "id": "dataElemen2" }] }],
        });
        told(&import(t, "?mergeMode=MERGE", change).await, 200, "merged");
        let now = read(t, "/api/dataElements/dataElemen1").await;
        assert_eq!((&now["name"], &now["description"], &now["valueType"]), (&json!("Renamed"), &json!("Long"), &json!("NUMBER")));
        assert_eq!(now["attributeValues"].as_array().unwrap().len(), 2);
        assert_eq!(read(t, "/api/dataElementGroups/groupOne001?fields=dataElements~size").await["dataElements"], 2);
    }
);

both!(
    fn sharing_and_translations_are_skipped_where_that_is_asked(t) {
        let mut one = element("dataElemen1", "One");
        one["sharing"] = json!({ "public": "--------" });
        one["translations"] = json!([{ "locale": "fr", "property": "NAME", "value": "Un" }]);
        let payload = json!({ "dataElements": [one] });
        told(&import(t, "?skipSharing=true&skipTranslation=true", payload.clone()).await, 200, "skipped");
        let now = read(t, "/api/dataElements/dataElemen1").await;
        assert_eq!((&now["sharing"]["public"], &now["translations"]), (&json!("rw------"), &json!([])));
        told(&import(t, "", payload).await, 200, "taken");
        let now = read(t, "/api/dataElements/dataElemen1").await;
        assert_eq!((&now["sharing"]["public"], &now["translations"][0]["value"]), (&json!("--------"), &json!("Un")));
    }
);

both!(
    fn what_comes_together_is_known_together(t) {
        // An attribute, and values of it, in one payload; the mandatory one too.
        let mut one = element("dataElemen1", "One");
        one["attributeValues"] = json!([{ "attribute": { "id": "attributeA1" }, "value": "7" }]);
        let attributes = json!([{ "id": "attributeA1", "name": "A", "valueType": "INTEGER", "mandatory": true, "unique": true, "dataElementAttribute": true }]);
        let answer = import(t, "", json!({ "dataElements": [one.clone()], "attributes": attributes })).await;
        told(&answer, 200, &answer.text());
        assert_eq!(read(t, "/api/dataElements/dataElemen1?fields=attributeA1").await["attributeA1"], "7");
        // It binds what comes with it and after it.
        let mut wrong = element("dataElemen2", "Two");
        assert_eq!(codes(&import(t, "", json!({ "dataElements": [wrong.clone()] })).await), ["E4011"]);
        wrong["attributeValues"] = json!([{ "attribute": { "id": "attributeA1" }, "value": "x" }]);
        assert_eq!(codes(&import(t, "", json!({ "dataElements": [wrong.clone()] })).await), ["E6006"]);
        wrong["attributeValues"][0]["value"] = json!("7");
        assert_eq!(codes(&import(t, "", json!({ "dataElements": [wrong.clone()] })).await), ["E4009"]);
        // Two unique values change places, as names and client ids do.
        wrong["attributeValues"][0]["value"] = json!("8");
        told(&import(t, "", json!({ "dataElements": [wrong.clone()] })).await, 200, "second");
        (wrong["attributeValues"][0]["value"], one["attributeValues"][0]["value"]) = (json!("7"), json!("8"));
        let answer = import(t, "", json!({ "dataElements": [one, wrong] })).await;
        told(&answer, 200, &answer.text());
        let client = |id: &str, cid: &str| json!({ "id": id, "name": id, "cid": cid, "grantTypes": ["password"] });
        for (first, second) in [("first", "second"), ("second", "first")] {
            let clients = json!({ "oAuth2Clients": [client("clientOne01", first), client("clientTwo01", second)] });
            let answer = import(t, "", clients).await;
            told(&answer, 200, &answer.text());
        }
        assert_eq!(read(t, "/api/oAuth2Clients/clientOne01?fields=cid").await["cid"], "second");
    }
);

/// The payload with every array of objects in another order; inner arrays too, but for ordered ones.
fn shuffled(value: &Value, turn: usize) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            let by = turn % entries.len().max(1);
            entries.rotate_left(by);
            let ordered = ["categoryOptions", "categories", "options"];
            entries
                .into_iter()
                .map(|(key, inner)| {
                    let keep = ordered.contains(&key.as_str())
                        && inner[0].as_object().is_some_and(|one| one.len() == 1);
                    (key.clone(), if keep { inner.clone() } else { shuffled(inner, turn) })
                })
                .collect()
        }
        Value::Array(members) => {
            let mut members: Vec<Value> = members.iter().map(|member| shuffled(member, turn)).collect();
            let by = (turn * 7) % members.len().max(1);
            members.rotate_left(by);
            if turn % 2 == 1 {
                members.reverse();
            }
            Value::Array(members)
        }
        other => other.clone(),
    }
}

fn world() -> Value {
    let option = |id: &str, place: u8| json!({ "id": id, "code": id, "name": id, "sortOrder": place, "optionSet": { "id": "optionSet01" } });
    let mut coded = element("dataElemen1", "One");
    coded["optionSet"] = json!({ "id": "optionSet01" });
    coded["valueType"] = json!("TEXT");
    coded["categoryCombo"] = json!({ "id": "comboOne001" });
    coded["attributeValues"] = json!([{ "attribute": { "id": "attributeA1" }, "value": "a" }]);
    json!({
        "attributes": [{ "id": "attributeA1", "name": "A", "valueType": "TEXT", "dataElementAttribute": true }],
        "optionSets": [{ "id": "optionSet01", "name": "S", "valueType": "TEXT" }],
        "options": [option("optionOne01", 1), option("optionTwo01", 2), option("optionThree", 3)],
        "categoryOptions": [{ "id": "catOptionA1", "name": "A", "shortName": "A" }, { "id": "catOptionB1", "name": "B", "shortName": "B" }],
        "categories": [{ "id": "categoryOn1", "name": "C", "shortName": "C", "dataDimensionType": "DISAGGREGATION",
                         "categoryOptions": [{ "id": "catOptionA1" }, { "id": "catOptionB1" }] }],
        "categoryCombos": [{ "id": "comboOne001", "name": "CC", "dataDimensionType": "DISAGGREGATION", "categories": [{ "id": "categoryOn1" }] }],
        "categoryOptionCombos": [
            { "id": "optCombo001", "categoryCombo": { "id": "comboOne001" }, "categoryOptions": [{ "id": "catOptionA1" }] },
            { "id": "optCombo002", "categoryCombo": { "id": "comboOne001" }, "categoryOptions": [{ "id": "catOptionB1" }] }],
        "dataElements": [coded, element("dataElemen2", "Two")],
        "dataElementGroups": [{ "id": "groupOne001", "name": "G", "shortName": "G", "dataElements": [{ "id": "dataElemen1" }, { "id": "dataElemen2" }] }],
        "organisationUnits": [unit("unitLeft001", Some("unitRoot001")), unit("unitRoot001", None), unit("unitDown001", Some("unitLeft001"))],
        "dataSets": [{ "id": "dataSetOne1", "name": "Form", "shortName": "Form", "periodType": "Monthly",
            "organisationUnits": [{ "id": "unitDown001" }, { "id": "unitLeft001" }],
            "dataSetElements": [{ "dataElement": { "id": "dataElemen1" }, "categoryCombo": { "id": "bjDvmb4bfuf" } }, { "dataElement": { "id": "dataElemen2" } }] }],
        "userRoles": [{ "id": "roleOne0001", "name": "R", "authorities": ["F_A", "F_B"] }],
        "users": [{ "id": "userOne0001", "username": "first.one", "firstName": "F", "surname": "O", "userRoles": [{ "id": "roleOne0001" }],
                    "organisationUnits": [{ "id": "unitLeft001" }], "userGroups": [{ "id": "userGroup01" }] }],
        "userGroups": [{ "id": "userGroup01", "name": "UG" }],
    })
}

/// Everything that can be read, without times and what the server names itself.
async fn state(t: &TestApp) -> Value {
    let mut body = read(t, "/api/metadata").await;
    body.as_object_mut().unwrap().remove("system");
    for objects in body.as_object_mut().unwrap().values_mut() {
        for object in objects.as_array_mut().unwrap() {
            for key in ["created", "lastUpdated", "lastUpdatedBy"] {
                object.as_object_mut().unwrap().remove(key);
            }
        }
    }
    body
}

both!(
    fn the_order_of_a_payload_does_not_matter(t) {
        let Some(other) = TestApp::start(t.engine()).await else { return };
        for turn in 1..6 {
            let Some(other) = TestApp::start(t.engine()).await else { return };
            let answer = import(&other, "", shuffled(&world(), turn)).await;
            told(&answer, 200, &answer.text());
            let first = state(&other).await;
            if turn == 1 {
                let answer = import(t, "", world()).await;
                told(&answer, 200, &answer.text());
            }
            let expected = state(t).await;
            for (name, objects) in expected.as_object().unwrap() {
                assert_eq!(&first[name], objects, "turn {turn}: {name}");
            }
            // The same again, in another order still, changes nothing.
            let again = import(&other, "", shuffled(&world(), turn + 1)).await;
            told(&again, 200, &again.text());
            assert_eq!(state(&other).await, first, "turn {turn}");
            other.stop().await;
        }
        other.stop().await;
    }
);

both!(
    fn taking_out_any_one_referenced_object_names_it_and_writes_nothing(t) {
        let world = world();
        let before = state(t).await;
        let mut tried = 0;
        for (plural, objects) in world.as_object().unwrap() {
            for object in objects.as_array().unwrap() {
                let uid = object["id"].as_str().unwrap();
                let mut payload = world.clone();
                payload[plural].as_array_mut().unwrap().retain(|one| one["id"] != uid);
                if !payload.to_string().contains(uid) {
                    continue;
                }
                tried += 1;
                let answer = import(t, "", payload).await;
                assert_eq!(answer.status, 409, "{plural} {uid}");
                assert!(codes(&answer).contains(&"E5002".to_owned()), "{plural} {uid}: {}", answer.text());
                assert!(answer.text().contains(&format!("[{uid} (")), "{plural} {uid}: {}", answer.text());
                assert_eq!(stats(&answer)[3], stats(&answer)[4]);
            }
        }
        assert!(tried >= 12, "{tried}");
        assert_eq!(state(t).await, before);
    }
);

both!(
    fn what_is_no_list_is_told(t) {
        for no_list in [json!({}), json!({ "id": "dataElemen1" }), json!("text")] {
            let answer = import(t, "", json!({ "dataElements": no_list })).await;
            assert_eq!((answer.status, stats(&answer)), (200, [0, 0, 0, 0, 0]));
            let warnings = &answer.json()["response"]["warnings"];
            assert_eq!((&warnings[0]["collection"], warnings[0]["count"].as_u64()), (&json!("dataElements"), Some(1)));
        }
        let answer = import(t, "", json!({ "dataElements": [], "system": {}, "dataSets": null })).await;
        assert_eq!((answer.status, answer.json()["response"].get("warnings")), (200, None));
    }
);

both!(
    fn an_import_asks_for_the_rights_of_each_kind_alone(t) {
        person(t, "maker", &["F_DATAELEMENT_PRIVATE_ADD"]).await;
        let mut one = element("dataElemen1", "One");
        one["sharing"] = json!({ "public": "--------" });
        let answer = send_as(t, "maker", "POST", "/api/metadata", json!({ "dataElements": [one] })).await;
        assert_eq!((answer.status, stats(&answer)), (200, [1, 0, 0, 0, 1]), "{}", answer.text());
        let answer = send_as(t, "maker", "POST", "/api/metadata", json!({ "organisationUnits": [unit("unitRoot001", None)] })).await;
        assert_eq!((answer.status, codes(&answer)), (409, vec!["E3000".to_owned()]));
    }
);
