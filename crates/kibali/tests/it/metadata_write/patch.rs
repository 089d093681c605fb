//! JSON Patch: every operation, what it leaves alone, and what it refuses.

use kibali_testkit::both;
use serde_json::json;

use super::{element, patch, read, refused, send, told};
use crate::foundation::admin;

both!(
    fn each_operation_changes_what_it_names_and_nothing_else(t) {
        let mut one = element("dataElemen1", "One");
        one["aggregationLevels"] = json!([1, 2]);
        one["description"] = json!("Long");
        told(&send(t, "POST", "/api/dataElements", one).await, 201, "made");
        let path = "/api/dataElements/dataElemen1";
        let before = read(t, path).await;
        for (operations, property, value) in [
            (json!([{ "op": "replace", "path": "/name", "value": "Two" }]), "name", json!("Two")),
            (json!([{ "op": "add", "path": "/aggregationLevels/-", "value": 3 }]), "aggregationLevels", json!([1, 2, 3])),
            (json!([{ "op": "remove", "path": "/aggregationLevels/0" }]), "aggregationLevels", json!([2, 3])),
            (json!([{ "op": "replace", "path": "/aggregationLevels/0", "value": 4 }]), "aggregationLevels", json!([4, 3])),
            (json!([{ "op": "remove", "path": "/description" }]), "description", json!(null)),
            (json!([{ "op": "add", "path": "/style", "value": { "color": "#fff" } },
                    { "op": "add", "path": "/style/icon", "value": "dots" }]),
             "style", json!({ "color": "#fff", "icon": "dots" })),
            (json!([{ "op": "replace", "path": "/sharing/public", "value": "r-------" }]), "name", json!("Two")),
        ] {
            told(&patch(t, path, operations.clone()).await, 200, &operations.to_string());
            assert_eq!(read(t, path).await.get(property).cloned().unwrap_or_default(), value, "{operations}");
        }
        let after = read(t, path).await;
        assert_eq!(after["sharing"]["public"], "r-------");
        for kept in ["shortName", "valueType", "categoryCombo", "created", "createdBy", "domainType"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
    }
);

both!(
    fn embedded_objects_and_attribute_values_keep_their_neighbours(t) {
        let attribute = |id: &str| json!({ "id": id, "name": id, "shortName": id, "valueType": "TEXT", "dataSetAttribute": true });
        let payload = json!({
            "attributes": [attribute("attributeA1"), attribute("attributeB1")],
            "dataElements": [element("dataElemen1", "One"), element("dataElemen2", "Two"), element("dataElemen3", "Three")],
            "dataSets": [{ "id": "dataSetOne1", "name": "Form", "shortName": "Form", "periodType": "Monthly",
                "attributeValues": [{ "attribute": { "id": "attributeA1" }, "value": "a" }],
                "dataSetElements": [{ "dataElement": { "id": "dataElemen1" } }, { "dataElement": { "id": "dataElemen2" } }] }],
        });
        let answer = send(t, "POST", "/api/metadata", payload).await;
        told(&answer, 200, &answer.text());
        let path = "/api/dataSets/dataSetOne1";
        let add = json!([
            { "op": "add", "path": "/dataSetElements/-", "value": { "dataElement": { "id": "dataElemen3" } } },
            { "op": "add", "path": "/attributeValues/-", "value": { "attribute": { "id": "attributeB1" }, "value": "b" } },
        ]);
        told(&patch(t, path, add).await, 200, "add");
        let now = read(t, &format!("{path}?fields=attributeValues~size~rename(values),dataSetElements%5BdataElement%5D")).await;
        assert_eq!(now["values"], 2, "{now}");
        let mut ids: Vec<_> = now["dataSetElements"].as_array().unwrap().iter()
            .map(|one| one["dataElement"]["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        assert_eq!(ids, ["dataElemen1", "dataElemen2", "dataElemen3"]);
        // An embedded object that names another holder is refused.
        let stranger = json!([{ "op": "add", "path": "/dataSetElements/-",
            "value": { "dataSet": { "id": "dataSetTwo1" }, "dataElement": { "id": "dataElemen3" } } }]);
        let message = refused(&patch(t, path, stranger).await, "E4015", "dataSetElements", "stranger");
        assert!(message.contains("dataSetTwo1"), "{message}");
        let mut whole = read(t, &format!("{path}?fields=:owner")).await;
        whole["dataSetElements"][0]["dataSet"] = json!({ "id": "dataSetTwo1" });
        refused(&send(t, "PUT", path, whole.clone()).await, "E4015", "dataSetElements", "stranger in PUT");
        whole["dataSetElements"][0]["dataSet"] = json!({ "id": "dataSetOne1" });
        told(&send(t, "PUT", path, whole).await, 200, "its own name");
    }
);

both!(
    fn members_join_and_leave_by_patch(t) {
        let payload = json!({
            "dataElements": [element("dataElemen1", "One"), element("dataElemen2", "Two")],
            "dataElementGroups": [{ "id": "groupOne001", "name": "G", "shortName": "G", "dataElements": [{ "id": "dataElemen1" }] }],
        });
        told(&send(t, "POST", "/api/metadata", payload).await, 200, "made");
        let path = "/api/dataElementGroups/groupOne001";
        let add = json!([{ "op": "add", "path": "/dataElements/-", "value": { "id": "dataElemen2" } },
                         { "op": "remove-by-id", "path": "/dataElements", "id": "dataElemen1" }]);
        told(&patch(t, path, add).await, 200, "members");
        assert_eq!(read(t, &format!("{path}?fields=dataElements")).await["dataElements"], json!([{ "id": "dataElemen2" }]));
        let nowhere = json!([{ "op": "add", "path": "/dataElements/-", "value": { "id": "nowhere0001" } }]);
        let message = refused(&patch(t, path, nowhere).await, "E5002", "dataElements", "nowhere");
        assert!(message.contains("nowhere0001"), "{message}");
        // The other side belongs to the group.
        let other = json!([{ "op": "add", "path": "/dataElementGroups/-", "value": { "id": "groupOne001" } }]);
        refused(&patch(t, "/api/dataElements/dataElemen1", other).await, "E5006", "dataElementGroups", "not owned");
        assert_eq!(read(t, &format!("{path}?fields=dataElements")).await["dataElements"].as_array().unwrap().len(), 1);
    }
);

both!(
    fn a_patch_that_cannot_be_read_is_400_and_says_why(t) {
        told(&send(t, "POST", "/api/dataElements", element("dataElemen1", "One")).await, 201, "made");
        for (operations, names) in [
            (json!({}), "list"),
            (json!([{ "op": "move", "from": "/name", "path": "/code" }]), "move"),
            (json!([{ "op": "copy", "path": "/code" }]), "copy"),
            (json!([{ "op": "test", "path": "/code", "value": 1 }]), "test"),
            (json!([{ "op": "replace", "path": "name", "value": 1 }]), "/"),
            (json!([{ "op": "replace", "path": "/nope", "value": 1 }]), "nope"),
            (json!([{ "op": "replace", "path": "/id", "value": "abcdefghijk" }]), "id"),
            (json!([{ "op": "add", "path": "/name" }]), "value"),
            (json!([{ "op": "remove", "path": "/aggregationLevels/9" }]), "aggregationLevels"),
            (json!([{ "op": "remove-by-id", "path": "/style" }]), "id"),
            (json!([{ "path": "/name" }]), "op"),
        ] {
            let answer = patch(t, "/api/dataElements/dataElemen1", operations.clone()).await;
            let body = told(&answer, 400, &operations.to_string());
            assert!(body["message"].as_str().unwrap().contains(names), "{operations}: {body}");
        }
        let answer = patch(t, "/api/dataElements/nowhere0001", json!([])).await;
        assert_eq!((answer.status, &answer.json()["errorCode"]), (404, &json!("E1005")));
        // A value that does not fit is a conflict, as in any other write.
        let long = json!([{ "op": "replace", "path": "/name", "value": "n".repeat(231) }]);
        refused(&patch(t, "/api/dataElements/dataElemen1", long).await, "E4001", "name", "long");
        assert_eq!(admin(t.get("/api/dataElements/dataElemen1?fields=name")).send().await.json()["name"], "One");
    }
);
