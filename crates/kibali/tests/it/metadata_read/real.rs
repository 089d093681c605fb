//! The real payloads, read back through the Web API (rules of the metadata 5).

use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::{ask, column, read};
use crate::metadata_import::{payload, take};

/// Imports every file. False where the folder of test data is absent.
async fn everything(t: &TestApp) -> bool {
    for file in ["setup-userGroups", "setup-metadata", "aggregate-metadata", "setup-userRoles", "setup-users"]
    {
        let Some(payload) = payload(&format!("{file}.json")) else { return false };
        take(t, &payload).await;
    }
    true
}

both!(
    fn a_form_of_66_elements_is_seen_from_both_ends(t) {
        if !everything(t).await {
            return;
        }
        let path = "/api/dataSets/VEM58nY22sO?fields=dataSetElements%5BdataElement,categoryCombo%5D";
        let pairs = read(t, path).await["dataSetElements"].as_array().unwrap().clone();
        assert_eq!(pairs.len(), 66);
        assert!(pairs.iter().all(|pair| pair["dataElement"]["id"].is_string()));
        let path = "/api/dataElements?paging=false&filter=dataSetElements.dataSet.id:eq:VEM58nY22sO\
                    &fields=id,dataSetElements%5BdataSet,dataElement,categoryCombo%5D";
        let body = read(t, path).await;
        let elements = body["dataElements"].as_array().unwrap();
        assert_eq!(elements.len(), 66);
        for element in elements {
            let mut seen = element["dataSetElements"].as_array().unwrap().clone();
            seen.retain(|pair| pair["dataSet"]["id"] == "VEM58nY22sO");
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0]["dataElement"]["id"], element["id"]);
            let same = pairs.iter().find(|pair| pair["dataElement"]["id"] == element["id"]).unwrap();
            assert_eq!(same.get("categoryCombo"), seen[0].get("categoryCombo"));
        }
    }
);

both!(
    fn units_know_their_place_and_elements_their_default(t) {
        if !everything(t).await {
            return;
        }
        let unit = read(t, "/api/organisationUnits/DiszpKrYNg8?fields=path,level").await;
        assert_eq!(unit, json!({ "path": "/ImspTQPwCqd/O6uvpzGd5pu/YuQRtpLP10I/DiszpKrYNg8", "level": 4 }));
        let element = read(t, "/api/dataElements/vbZ5LGNfGyy?fields=categoryCombo").await;
        assert_eq!(element, json!({ "categoryCombo": { "id": "bjDvmb4bfuf" } }));
    }
);

both!(
    fn a_group_opens_its_private_forms_and_closes_them(t) {
        if !everything(t).await {
            return;
        }
        let sees = async || {
            let answer = t.get("/api/dataSets?fields=id").basic("taadmin", "Test1212?").send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let mut ids = column(&answer.json(), "dataSets", "id");
            ids.sort();
            ids
        };
        assert_eq!(sees().await, ["VEM58nY22sO", "qNtxTrp56wV"]);
        let member = "/api/userGroups/OPVIvvXzNTw/users/PQD6wXJ2r5k";
        let left = t.delete(member).basic("admin", "district").send().await;
        assert_eq!(left.status, 200, "{}", left.text());
        assert!(sees().await.is_empty());
        let hidden = t.get("/api/dataSets/VEM58nY22sO").basic("taadmin", "Test1212?").send().await;
        assert_eq!(hidden.status, 404);
    }
);

/// What an import may change: when and by whom.
fn without_updates(mut body: Value) -> Value {
    for objects in body.as_object_mut().unwrap().values_mut() {
        for object in objects.as_array_mut().into_iter().flatten() {
            for key in ["lastUpdated", "lastUpdatedBy", "version"] {
                object.as_object_mut().unwrap().remove(key);
            }
        }
    }
    body
}

both!(
    fn what_is_exported_is_imported_without_a_change(t) {
        if !everything(t).await {
            return;
        }
        let export = async || {
            let answer = ask(t, "/api/metadata").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("system");
            body
        };
        let before = export().await;
        let answer = t.post("/api/metadata").basic("admin", "district").json(&before).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(without_updates(export().await), without_updates(before));
    }
);

both!(
    fn every_kind_is_listed_with_everything(t) {
        if !everything(t).await {
            return;
        }
        for kind in t.app.registry.kinds() {
            let plural = kind.plural;
            let body = read(t, &format!("/api/{plural}?fields=*&paging=false")).await;
            let objects = body[plural].as_array().unwrap();
            if let Some(uid) = objects.first().map(|object| object["id"].as_str().unwrap().to_owned()) {
                let one = read(t, &format!("/api/{plural}/{uid}")).await;
                assert_eq!(&one, &objects[0], "{plural}");
            }
        }
    }
);
