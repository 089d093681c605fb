//! `/api/sharing`: sharing as older apps read and write it.

use kibali_testkit::seed::import;
use kibali_testkit::{TestApp, both};
use serde_json::json;

use crate::foundation::admin;

const PASSWORD: &str = "Dist_rict1";
const PATH: &str = "/api/sharing?type=dataElementGroup&id=DEGshared01";

async fn seed(t: &TestApp) {
    let user = |id: &str, name: &str, role: &str| {
        json!({
            "id": id, "username": name, "password": PASSWORD, "firstName": "Zawadi", "surname": name,
            "userRoles": [{ "id": role }]
        })
    };
    let payload = json!({
        "userRoles": [
            { "id": "Reditor0001", "name": "Editor", "authorities": ["F_DATAELEMENTGROUP_PRIVATE_ADD"] },
            { "id": "Rreader0001", "name": "Reader", "authorities": [] }
        ],
        "users": [user("Ueditor0001", "editor", "Reditor0001"), user("Ureader0001", "reader", "Rreader0001")],
        "userGroups": [{ "id": "Gstaff00001", "name": "Zonal staff" }],
        "dataElementGroups": [{
            "id": "DEGshared01", "name": "Shared", "shortName": "Shared",
            "sharing": {
                "owner": "M5zQapPyTZI", "public": "--------",
                "users": { "Ueditor0001": { "id": "Ueditor0001", "access": "rw------" } }
            }
        }]
    });
    import(&t.app, &payload).await;
}

both!(
    fn sharing_is_shown_in_the_old_words(t) {
        seed(t).await;
        let answer = admin(t.get(PATH)).send().await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-cache")), "{}", answer.text());
        let shown = answer.json();
        assert_eq!(shown["meta"], json!({ "allowPublicAccess": true, "allowExternalAccess": false }));
        let object = &shown["object"];
        assert_eq!((&object["id"], &object["name"]), (&json!("DEGshared01"), &json!("Shared")));
        assert_eq!((&object["publicAccess"], &object["externalAccess"]), (&json!("--------"), &json!(false)));
        assert_eq!(object["user"]["id"], "M5zQapPyTZI");
        assert_eq!(object["userAccesses"][0]["id"], "Ueditor0001");
        assert_eq!(object["userAccesses"][0]["access"], "rw------");
        assert_eq!(object["userGroupAccesses"], json!([]));
        let editor = t.get(PATH).basic("editor", PASSWORD).send().await.json();
        assert_eq!(editor["meta"]["allowPublicAccess"], false);
        for (path, status) in [
            ("/api/sharing?type=nonsense&id=DEGshared01", 409),
            ("/api/sharing?type=dataElementGroup&id=DEGshared99", 404),
            ("/api/sharing?type=dataElementGroup", 409),
            ("/api/sharing", 409),
        ] {
            assert_eq!(admin(t.get(path)).send().await.status, status, "{path}");
        }
        assert_eq!(t.get(PATH).basic("reader", PASSWORD).send().await.status, 404);
    }
);

both!(
    fn sharing_is_replaced_by_who_may(t) {
        seed(t).await;
        let body = json!({ "object": {
            "publicAccess": "r-------",
            "userAccesses": [{ "id": "Ueditor0001", "access": "rwrw----" }],
            "userGroupAccesses": [{ "id": "Gstaff00001", "access": "r-------" }]
        } });
        // Who may not make it public changes the rest only; data bits mean nothing here.
        let set = t.post(PATH).basic("editor", PASSWORD).json(&body).send().await;
        assert_eq!((set.status, set.json()["message"].clone()), (200, json!("Access control set")), "{}", set.text());
        let object = admin(t.get(PATH)).send().await.json()["object"].clone();
        assert_eq!(object["publicAccess"], "--------");
        assert_eq!(object["userAccesses"][0]["access"], "rw------");
        assert_eq!(object["userGroupAccesses"][0]["name"], "Zonal staff");
        assert_eq!(object["user"]["id"], "M5zQapPyTZI");
        assert_eq!(admin(t.put(PATH)).json(&body).send().await.status, 200);
        assert_eq!(admin(t.get(PATH)).send().await.json()["object"]["publicAccess"], "r-------");
        assert_eq!(t.post(PATH).basic("reader", PASSWORD).json(&body).send().await.status, 403);
        for body in [
            json!({}),
            json!({ "object": { "publicAccess": "rwx-----" } }),
            json!({ "object": { "userAccesses": [{ "access": "rw------" }] } }),
            json!({ "object": { "userGroupAccesses": [{ "id": "Gstaff00001", "access": "all" }] } }),
        ] {
            let status = admin(t.post(PATH)).json(&body).send().await.status;
            assert!(matches!(status, 400 | 409), "{status} {body}");
        }
        let default = "/api/sharing?type=categoryCombo&id=bjDvmb4bfuf";
        assert_eq!(admin(t.post(default)).json(&body).send().await.status, 409);
    }
);

both!(
    fn people_and_groups_are_found_by_name(t) {
        seed(t).await;
        let find = async |key: &str| {
            t.get(&format!("/api/sharing/search?key={key}")).basic("reader", PASSWORD).send().await.json()
        };
        let found = find("ZAWADI").await;
        assert_eq!(found["users"].as_array().unwrap().len(), 2);
        assert_eq!(find("edit").await["users"][0]["username"], "editor");
        assert_eq!(find("%25").await["users"], json!([]));
        assert_eq!(find("_").await["users"], json!([]));
        let groups = admin(t.get("/api/sharing/search?key=zonal&pageSize=5")).send().await.json();
        assert_eq!(groups["userGroups"][0]["id"], "Gstaff00001");
        assert_eq!(admin(t.get("/api/sharing/search")).send().await.status, 409);
    }
);
