//! The setup files of DHIS2's own tests, over HTTP, and what their users may then do.

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{element, read, send, told};
use crate::metadata_import::payload;

const FILES: [&str; 4] = ["setup-userGroups", "setup-metadata", "setup-userRoles", "setup-users"];

/// What an export shows, without who changed what when, and without the account's own marks.
fn lasting(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("system");
    for objects in body.as_object_mut().unwrap().values_mut() {
        for object in objects.as_array_mut().unwrap() {
            for key in ["lastUpdated", "lastUpdatedBy", "passwordLastUpdated", "userCredentials"] {
                object.as_object_mut().unwrap().remove(key);
            }
        }
    }
    body
}

both!(
    fn the_files_come_in_twice_and_the_second_time_changes_nothing(t) {
        let mut states = Vec::new();
        for round in 0..2 {
            for file in FILES {
                let Some(payload) = payload(&format!("{file}.json")) else { return };
                let given: usize = payload.values().filter_map(Value::as_array).map(Vec::len).sum();
                let answer = send(t, "POST", "/api/metadata", Value::Object(payload)).await;
                let body = told(&answer, 200, file);
                let stats = &body["response"]["stats"];
                assert_eq!(stats["ignored"], 0, "{file}: {stats}");
                if round == 1 {
                    assert_eq!((&stats["created"], &stats["updated"]), (&json!(0), &stats["total"]), "{file}");
                }
                assert!(stats["total"].as_u64().unwrap() as usize <= given, "{file}");
            }
            states.push(lasting(read(t, "/api/metadata").await));
        }
        assert_eq!(states[0], states[1]);
    }
);

both!(
    fn their_users_sign_in_and_do_what_their_roles_allow_and_no_more(t) {
        for file in FILES {
            let Some(payload) = payload(&format!("{file}.json")) else { return };
            told(&send(t, "POST", "/api/metadata", Value::Object(payload)).await, 200, file);
        }
        let get = async |name: &str, path: &str| t.get(path).basic(name, "Test1212?").send().await;
        for (name, roles) in [("tasuperadmin", "yrB6vc5Ip7r"), ("taadmin", "Ufph3mGRmMo")] {
            assert_eq!(t.get("/api/me").basic(name, "Test1212!").send().await.status, 401, "{name}");
            let me = get(name, "/api/me").await;
            assert_eq!((me.status, &me.json()["username"]), (200, &json!(name)));
            assert_eq!(me.json()["userRoles"], json!([{ "id": roles }]), "{name}");
        }
        assert_eq!(get("tasuperadmin", "/api/me/authorities/ANYTHING").await.text(), "true");
        assert_eq!(get("taadmin", "/api/me/authorities/ANYTHING").await.text(), "false");
        let authorities: Vec<String> = serde_json::from_str(&get("taadmin", "/api/me/authorities").await.text()).unwrap();
        assert!(authorities.len() > 200 && !authorities.contains(&"ALL".to_owned()), "{}", authorities.len());
        // What the role holds, it opens; what it does not, it does not.
        let may = |authority: &str| authorities.iter().any(|held| held == authority);
        for (resource, authority, body) in [
            ("dataElements", "F_DATAELEMENT_PUBLIC_ADD", element("dataElemNew", "Made by a role")),
            ("oAuth2Clients", "F_OAUTH2_CLIENT_MANAGE", json!({ "name": "C", "cid": "made", "grantTypes": ["password"] })),
            ("organisationUnitLevels", "F_ORGANISATIONUNITLEVEL_UPDATE", json!({ "name": "Deep", "level": 9 })),
            ("userRoles", "F_USERROLE_PUBLIC_ADD", json!({ "name": "Modest", "authorities": [] })),
        ] {
            let answer = t.post(&format!("/api/{resource}")).basic("taadmin", "Test1212?").json(&body).send().await;
            assert_eq!(answer.status, if may(authority) { 201 } else { 403 }, "{resource}: {}", answer.text());
        }
        let lists = get("taadmin", "/api/oAuth2Clients").await.status;
        assert_eq!(lists, if may("F_OAUTH2_CLIENT_MANAGE") { 200 } else { 403 });
        // A superuser is out of its reach, and so is becoming one.
        let superuser = t.delete("/api/users/PQD6wXJ2r5j").basic("taadmin", "Test1212?").send().await;
        assert!([403, 409].contains(&superuser.status), "{}", superuser.text());
        let grown = json!([{ "op": "add", "path": "/userRoles/-", "value": { "id": "yrB6vc5Ip7r" } }]).to_string();
        let grown = t.patch("/api/users/PQD6wXJ2r5k").basic("taadmin", "Test1212?").body("application/json-patch+json", grown);
        let answer = grown.send().await;
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(answer.text().contains("E3003"), "{}", answer.text());
        assert_eq!(get("tasuperadmin", "/api/me").await.status, 200);
    }
);
