//! The sharing of many objects at once.

use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{element, person, read, send, send_as, told};

async fn made(t: &TestApp) {
    let hidden = |n: u8| {
        let mut one = element(&format!("dataElemen{n}"), &format!("E{n}"));
        one["sharing"] = json!({ "public": "--------" });
        one
    };
    let payload = json!({ "dataElements": [hidden(1), hidden(2), hidden(3)],
        "optionSets": [{ "id": "optionSet01", "name": "S", "valueType": "TEXT" }] });
    told(&send(t, "POST", "/api/metadata", payload).await, 200, "made");
}

fn stats(answer: &Answer) -> (u64, u64) {
    let body = answer.json();
    let of = |name: &str| body["response"]["stats"][name].as_u64().unwrap_or_else(|| panic!("{body}"));
    (of("updated"), of("ignored"))
}

async fn public(t: &TestApp, uid: &str) -> Value {
    read(t, &format!("/api/dataElements/{uid}?fields=sharing")).await["sharing"]["public"].clone()
}

both!(
    fn one_patch_for_all_and_one_for_each(t) {
        made(t).await;
        let all = json!({ "dataElements": ["dataElemen1", "dataElemen2"],
                          "patch": [{ "op": "replace", "path": "/sharing/public", "value": "r-------" }] });
        let answer = send(t, "PATCH", "/api/dataElements/sharing", all).await;
        assert_eq!((told(&answer, 200, "all")["response"]["responseType"].clone(), stats(&answer)), (json!("ImportReport"), (2, 0)));
        assert_eq!((public(t, "dataElemen1").await, public(t, "dataElemen3").await), (json!("r-------"), json!("--------")));
        let grant = json!({ "M5zQapPyTZI": { "id": "M5zQapPyTZI", "access": "rw------" } });
        let each = json!({
            "dataElements": { "dataElemen3": [{ "op": "add", "path": "/sharing/users", "value": grant }] },
            "optionSets": { "optionSet01": [{ "op": "replace", "path": "/sharing/public", "value": "--------" }] },
        });
        told(&send(t, "PATCH", "/api/metadata/sharing", each).await, 200, "each");
        let sharing = read(t, "/api/dataElements/dataElemen3?fields=sharing").await;
        assert_eq!(sharing["sharing"]["users"]["M5zQapPyTZI"]["access"], "rw------");
        assert_eq!(read(t, "/api/optionSets/optionSet01?fields=sharing").await["sharing"]["public"], "--------");
    }
);

both!(
    fn what_cannot_be_shared_is_named_and_atomic_means_all_or_none(t) {
        made(t).await;
        let body = |public: &str| json!({ "dataElements": ["dataElemen1", "nowhere0001"],
                           "patch": [{ "op": "replace", "path": "/sharing/public", "value": public }] });
        let answer = send(t, "PATCH", "/api/dataElements/sharing?atomic=true", body("r-------")).await;
        assert_eq!((answer.status, stats(&answer)), (409, (0, 2)), "{}", answer.text());
        assert!(answer.text().contains("nowhere0001"));
        assert_eq!(public(t, "dataElemen1").await, "--------");
        let answer = send(t, "PATCH", "/api/dataElements/sharing", body("r-------")).await;
        assert_eq!((answer.status, stats(&answer)), (409, (1, 1)), "{}", answer.text());
        assert_eq!(public(t, "dataElemen1").await, "r-------");
        for (path, body, status) in [
            ("/api/users/sharing", json!({ "users": {} }), 409),
            ("/api/dataElements/sharing", json!({ "patch": [] }), 400),
            ("/api/dataElements/sharing", json!({ "dataElements": ["dataElemen1"] }), 400),
            ("/api/dataElements/sharing", json!({ "dataElements": { "dataElemen1": [{ "op": "replace", "path": "/name", "value": "x" }] } }), 400),
            ("/api/metadata/sharing", json!({ "nonsense": {} }), 400),
        ] {
            told(&send(t, "PATCH", path, body).await, status, path);
        }
        person(t, "nobody", &["F_X"]).await;
        let answer = send_as(t, "nobody", "PATCH", "/api/dataElements/sharing", body("rw------")).await;
        assert_eq!((answer.status, stats(&answer)), (409, (0, 2)), "{}", answer.text());
        assert!(answer.text().contains("E3001"), "{}", answer.text());
        assert_eq!(public(t, "dataElemen1").await, "r-------");
    }
);
