//! The verbs on nested collections, from either side of an edge.

use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::{element, patch, person, read, refused, send, send_as, told, unit};
use crate::foundation::admin;

async fn stats(t: &TestApp, method: &str, path: &str, body: Value) -> (u64, u64, u64) {
    let answer = send(t, method, path, body).await;
    let body = told(&answer, 200, &format!("{method} {path}"));
    assert_eq!(body["response"]["responseType"], "TypeReport");
    let of = |name: &str| body["response"]["stats"][name].as_u64().unwrap();
    (of("updated"), of("deleted"), of("ignored"))
}

async fn members(t: &TestApp, path: &str, property: &str) -> Vec<String> {
    let body = read(t, &format!("{path}?fields={property}")).await;
    let mut ids: Vec<String> =
        body[property].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn country(t: &TestApp) {
    let payload = json!({
        "organisationUnits": [unit("unitRoot001", None), unit("unitLeft001", Some("unitRoot001")), unit("unitRight01", Some("unitRoot001"))],
        "dataElements": [element("dataElemen1", "One"), element("dataElemen2", "Two"), element("dataElemen3", "Three")],
        "dataElementGroups": [{ "id": "groupOne001", "name": "G", "shortName": "G" }],
        "dataSets": [{ "id": "dataSetOne1", "name": "Form", "shortName": "Form", "periodType": "Monthly" }],
    });
    told(&send(t, "POST", "/api/metadata", payload).await, 200, "country");
}

both!(
    fn members_are_added_removed_and_replaced(t) {
        country(t).await;
        let group = "/api/dataElementGroups/groupOne001";
        let list = format!("{group}/dataElements");
        assert_eq!(stats(t, "POST", &format!("{list}/dataElemen1"), json!({})).await, (1, 0, 0));
        assert_eq!(stats(t, "POST", &format!("{list}/dataElemen1"), json!({})).await, (0, 0, 1));
        assert_eq!(stats(t, "POST", &format!("{list}/nowhere0001"), json!({})).await, (0, 0, 1));
        let both = json!({ "additions": [{ "id": "dataElemen2" }, { "id": "dataElemen3" }], "deletions": [{ "id": "dataElemen1" }] });
        assert_eq!(stats(t, "POST", &list, both).await, (2, 1, 0));
        assert_eq!(members(t, group, "dataElements").await, ["dataElemen2", "dataElemen3"]);
        // Deletions come first: who is in both stays.
        let same = json!({ "additions": [{ "id": "dataElemen2" }], "deletions": [{ "id": "dataElemen2" }] });
        assert_eq!(send(t, "POST", &list, same).await.status, 200);
        assert_eq!(members(t, group, "dataElements").await, ["dataElemen2", "dataElemen3"]);
        let whole = json!({ "identifiableObjects": [{ "id": "dataElemen1" }, { "id": "dataElemen2" }] });
        assert_eq!(send(t, "PUT", &list, whole).await.status, 200);
        assert_eq!(members(t, group, "dataElements").await, ["dataElemen1", "dataElemen2"]);
        let some = json!({ "identifiableObjects": [{ "id": "dataElemen1" }, { "id": "dataElemen3" }] });
        assert_eq!(stats(t, "DELETE", &list, some).await, (0, 1, 1));
        assert_eq!(stats(t, "DELETE", &format!("{list}/dataElemen2"), json!({})).await, (0, 1, 0));
        assert!(members(t, group, "dataElements").await.is_empty());
        // From the side that does not own the edge.
        let unit = "/api/organisationUnits/unitLeft001";
        assert_eq!(stats(t, "POST", &format!("{unit}/dataSets/dataSetOne1"), json!({})).await, (1, 0, 0));
        assert_eq!(members(t, "/api/dataSets/dataSetOne1", "organisationUnits").await, ["unitLeft001"]);
        assert_eq!(stats(t, "DELETE", &format!("{unit}/dataSets/dataSetOne1"), json!({})).await, (0, 1, 0));
    }
);

both!(
    fn what_is_no_collection_of_objects_is_refused(t) {
        country(t).await;
        let group = "/api/dataElementGroups/groupOne001";
        for (path, status) in [
            (format!("{group}/nothing/dataElemen1"), 404),
            (format!("{group}/name/dataElemen1"), 409),
            ("/api/dataElements/dataElemen1/categoryCombo/bjDvmb4bfuf".to_owned(), 409),
            ("/api/dataElementGroups/nowhere0001/dataElements/dataElemen1".to_owned(), 404),
        ] {
            told(&admin(t.post(&path)).send().await, status, &path);
        }
        // A unit has one parent: it moves at its own address, and the tree follows.
        let moved = admin(t.post("/api/organisationUnits/unitLeft001/children/unitRight01")).send().await;
        let body = told(&moved, 409, "children");
        assert_eq!(body["errorCode"], "E1108");
        assert!(body["message"].as_str().unwrap().contains("parent"), "{body}");
        let to = json!([{ "op": "replace", "path": "/parent", "value": { "id": "unitLeft001" } }]);
        told(&patch(t, "/api/organisationUnits/unitRight01", to).await, 200, "moved");
        let place = read(t, "/api/organisationUnits/unitRight01?fields=path,level").await;
        assert_eq!(place, json!({ "path": "/unitRoot001/unitLeft001/unitRight01", "level": 3 }));
        let cycle = json!([{ "op": "replace", "path": "/parent", "value": { "id": "unitRight01" } }]);
        refused(&patch(t, "/api/organisationUnits/unitRoot001", cycle).await, "E4031", "parent", "cycle");
    }
);

both!(
    fn membership_asks_for_the_right_to_update_the_holder(t) {
        country(t).await;
        person(t, "editor", &["F_DATAELEMENT_PUBLIC_ADD"]).await;
        person(t, "joiner", &["F_USER_ADD", "F_USER_VIEW", "F_USER_GROUPS_READ_ONLY_ADD_MEMBERS"]).await;
        let path = "/api/dataElementGroups/groupOne001/dataElements/dataElemen1";
        told(&send_as(t, "editor", "POST", path, json!({})).await, 403, "editor");
        assert!(members(t, "/api/dataElementGroups/groupOne001", "dataElements").await.is_empty());
        let group = json!({ "id": "userGroup01", "name": "Group", "sharing": { "public": "r-------" } });
        told(&send(t, "POST", "/api/userGroups", group).await, 201, "group");
        // Who may add members, but not change the group, does so from the user's side.
        person(t, "member", &["F_NOTHING"]).await;
        let joined = send_as(t, "joiner", "POST", "/api/users/uumember000/userGroups/userGroup01", json!({})).await;
        assert_eq!(joined.status, 409, "no manager of that user: {}", joined.text());
        person(t, "plain", &["F_USER_VIEW"]).await;
        let joined = send_as(t, "joiner", "POST", "/api/users/uuplain0000/userGroups/userGroup01", json!({})).await;
        told(&joined, 200, "joined");
        assert_eq!(members(t, "/api/userGroups/userGroup01", "users").await, ["uuplain0000"]);
        let left = send_as(t, "joiner", "DELETE", "/api/users/uuplain0000/userGroups/userGroup01", json!({})).await;
        assert!([403, 409].contains(&left.status), "adding is not removing: {}", left.text());
    }
);
