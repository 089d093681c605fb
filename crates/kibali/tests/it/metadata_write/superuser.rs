//! There is always somebody who can sign in and may do everything.

use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{PASSWORD, patch, person, read, refused, send, send_as, told};
use crate::foundation::admin;

const ROLE: &str = "/api/userRoles/yrB6vc5Ip3r";
const ADMIN: &str = "/api/users/M5zQapPyTZI";

/// Refused because of the last superuser, in the words of what was tried; whoever asked may do everything
/// still.
async fn kept(t: &TestApp, answer: &Answer, tried: &str, what: &str) {
    let told = answer.text();
    assert_eq!(answer.status, 409, "{what}: {told}");
    assert!(told.contains("E4030") && told.contains("the last user with authority ALL"), "{what}: {told}");
    assert!(told.contains(&format!("Object could not be {tried} because")), "{what}: {told}");
    assert_eq!(read(t, "/api/me?fields=authorities").await["authorities"], json!(["ALL"]), "{what}");
}

fn replace(path: &str, value: Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

both!(
    fn no_change_leaves_nobody_with_all(t) {
        person(t, "clerk", &["F_X"]).await;
        let without = async |path: &str, changed: Value| {
            let mut object = read(t, &format!("{path}?fields=:owner")).await;
            object.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            send(t, "PUT", path, object).await
        };
        let weak = json!({ "userRoles": [{ "id": "rrclerk0000" }] });
        kept(t, &without(ROLE, json!({ "authorities": [] })).await, "changed", "emptied").await;
        kept(t, &without(ADMIN, json!({ "disabled": true })).await, "disabled", "disabled").await;
        kept(t, &without(ADMIN, weak.clone()).await, "changed", "another role").await;
        kept(t, &patch(t, ROLE, replace("/authorities", json!(["F_X"]))).await, "changed", "patched role").await;
        kept(t, &patch(t, ADMIN, replace("/disabled", json!(true))).await, "disabled", "patched user").await;
        kept(t, &patch(t, ADMIN, replace("/userRoles", weak["userRoles"].clone())).await, "changed", "patched roles").await;
        for (verb, tried) in [("disabled", "disabled"), ("expired?date=2020-01-01", "expired")] {
            kept(t, &admin(t.post(&format!("{ADMIN}/{verb}"))).send().await, tried, verb).await;
        }
        kept(t, &admin(t.delete(ADMIN)).send().await, "deleted", "deleted").await;
        // In an import, which reports object by object.
        let payload = json!({ "userRoles": [{ "id": "yrB6vc5Ip3r", "name": "Superuser", "authorities": ["F_X"] }] });
        for query in ["", "?atomicMode=NONE"] {
            let answer = send(t, "POST", &format!("/api/metadata{query}"), payload.clone()).await;
            assert!(answer.status == 409 && answer.text().contains("E4030"), "{query}: {}", answer.text());
        }
        assert_eq!(read(t, ROLE).await["authorities"], json!(["ALL"]));
        // A closed account saves nobody; an open one does, and then is the last itself.
        person(t, "deputy", &["ALL"]).await;
        told(&patch(t, "/api/users/uudeputy000", replace("/disabled", json!(true))).await, 200, "deputy off");
        kept(t, &patch(t, ADMIN, replace("/disabled", json!(true))).await, "disabled", "beside a closed one").await;
        told(&patch(t, "/api/users/uudeputy000", replace("/disabled", json!(false))).await, 200, "deputy on");
        told(&without(ROLE, json!({ "authorities": ["F_X"] })).await, 200, "the deputy stays");
        let last = send_as(t, "deputy", "DELETE", "/api/users/uudeputy000/userRoles/rrdeputy000", json!({})).await;
        assert_eq!(last.status, 409, "{}", last.text());
        let emptied = json!({ "name": "deputy", "authorities": [] });
        refused(&send_as(t, "deputy", "PUT", "/api/userRoles/rrdeputy000", emptied).await, "E4030", "", "deputy");
        let me = t.get("/api/me?fields=authorities").basic("deputy.person", PASSWORD).send().await.json();
        assert_eq!(me["authorities"], json!(["ALL"]));
    }
);

both!(
    fn all_may_move_within_one_import(t) {
        person(t, "clerk", &["F_X"]).await;
        let mut role = read(t, "/api/userRoles/rrclerk0000?fields=:owner").await;
        role["authorities"] = json!(["ALL"]);
        let payload = json!({ "userRoles": [role, { "id": "yrB6vc5Ip3r", "name": "Superuser", "authorities": ["F_X"] }] });
        told(&send(t, "POST", "/api/metadata", payload).await, 200, "moved");
        let me = t.get("/api/me?fields=authorities").basic("clerk.person", PASSWORD).send().await.json();
        assert_eq!(me["authorities"], json!(["ALL"]));
    }
);

both!(
    fn two_superusers_do_not_put_each_other_out_at_once(t) {
        person(t, "deputy", &["ALL"]).await;
        let by_admin = admin(t.post("/api/users/uudeputy000/disabled")).send();
        let by_deputy = t.post(&format!("{ADMIN}/disabled")).basic("deputy.person", PASSWORD).send();
        futures_util::future::join(by_admin, by_deputy).await;
        let first = admin(t.get("/api/me")).send().await.status;
        let second = t.get("/api/me").basic("deputy.person", PASSWORD).send().await.status;
        assert_eq!(first.min(second), 200, "{first} {second}");
    }
);
