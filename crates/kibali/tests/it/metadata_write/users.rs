//! What is done with users besides writing them whole, and who may do it.

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{PASSWORD, patch, person, read, refused, send, send_as, told};
use crate::foundation::admin;

both!(
    fn accounts_are_closed_opened_and_ended(t) {
        person(t, "clerk", &["F_X"]).await;
        let sign_in = async || t.get("/api/me").basic("clerk.person", PASSWORD).send().await.status;
        let path = "/api/users/uuclerk0000";
        assert_eq!(sign_in().await, 200);
        for (verb, status) in [
            ("disabled", 401), ("enabled", 200), ("expired?date=2020-01-01", 401), ("unexpired", 200),
            ("expired?date=2099-01-01", 200),
        ] {
            let answer = admin(t.post(&format!("{path}/{verb}"))).send().await;
            assert_eq!((answer.status, answer.text().as_str()), (204, ""), "{verb}");
            assert_eq!(sign_in().await, status, "{verb}");
        }
        told(&admin(t.post(&format!("{path}/expired"))).send().await, 400, "no date");
        told(&admin(t.post("/api/users/nowhere0001/enabled")).send().await, 404, "nobody");
        for verb in ["reset", "invite"] {
            told(&admin(t.post(&format!("{path}/{verb}"))).send().await, 409, "no address, no invitation");
        }
        person(t, "helper", &["F_USER_VIEW"]).await;
        told(&send_as(t, "helper", "POST", &format!("{path}/disabled"), json!({})).await, 403, "helper");
        person(t, "manager", &["F_USER_ADD", "F_USER_VIEW"]).await;
        refused(&send_as(t, "manager", "POST", &format!("{path}/disabled"), json!({})).await, "E3020", "", "F_X is not the manager's");
        assert_eq!(sign_in().await, 200);
    }
);

both!(
    fn a_replica_has_everything_but_the_name_and_the_past(t) {
        person(t, "clerk", &["F_X"]).await;
        let group = json!({ "id": "userGroup01", "name": "Group", "users": [{ "id": "uuclerk0000" }] });
        told(&send(t, "POST", "/api/userGroups", group).await, 201, "group");
        let setting = t.post("/api/userSettings/keyUiLocale?value=fr").basic("clerk.person", PASSWORD).send().await;
        assert_eq!(setting.status, 200);
        let path = "/api/users/uuclerk0000/replica";
        let wanted = json!({ "username": "clerk.two", "password": "Other_rict2" });
        let made = send(t, "POST", path, wanted.clone()).await;
        let body = told(&made, 201, "replica");
        let uid = body["response"]["uid"].as_str().unwrap();
        assert_eq!(made.location(), Some(format!("http://localhost:8080/api/users/{uid}").as_str()));
        let copy = read(t, &format!("/api/users/{uid}")).await;
        let original = read(t, "/api/users/uuclerk0000").await;
        for same in ["firstName", "surname", "userRoles", "userGroups", "organisationUnits"] {
            assert_eq!(copy[same], original[same], "{same}");
        }
        assert_eq!((&copy["username"], copy.get("lastLogin")), (&json!("clerk.two"), None));
        let me = t.get("/api/me").basic("clerk.two", "Other_rict2").send().await;
        assert_eq!((me.status, &me.json()["settings"]["keyUiLocale"]), (200, &json!("fr")));
        refused(&send(t, "POST", path, wanted.clone()).await, "E4054", "username", "taken");
        refused(&send(t, "POST", path, json!({ "username": "clerk.three", "password": "weak" })).await, "E4005", "password", "weak");
        let answer = send(t, "POST", path, json!({ "username": "clerk.three" })).await;
        assert_eq!((answer.status, &answer.json()["errorCode"]), (409, &json!("E4000")));
        person(t, "manager", &["F_USER_ADD", "F_USER_VIEW"]).await;
        assert_eq!(send_as(t, "manager", "POST", path, wanted).await.status, 403);
    }
);

both!(
    fn nobody_gives_more_than_they_have(t) {
        person(t, "boss", &["F_USER_ADD", "F_USER_DELETE", "F_USER_VIEW", "F_USERROLE_PUBLIC_ADD", "F_X"]).await;
        person(t, "strong", &["F_Y"]).await;
        let user = |role: &str| json!({ "username": "new.person", "password": PASSWORD, "firstName": "N", "surname": "P", "userRoles": [{ "id": role }] });
        for role in ["rrstrong000", "yrB6vc5Ip3r", "rrboss00000"] {
            refused(&send_as(t, "boss", "POST", "/api/users", user(role)).await, "E3003", "userRoles", role);
        }
        told(&send(t, "POST", "/api/userRoles", json!({ "id": "roleWeak001", "name": "Weak", "authorities": ["F_X"] })).await, 201, "weak");
        let made = told(&send_as(t, "boss", "POST", "/api/users", user("roleWeak001")).await, 201, "weak");
        let uid = made["response"]["uid"].as_str().unwrap();
        refused(&send_as(t, "boss", "DELETE", "/api/users/uustrong000", json!({})).await, "E3020", "", "stronger");
        refused(&send_as(t, "boss", "DELETE", "/api/users/M5zQapPyTZI", json!({})).await, "E3020", "", "superuser");
        // Neither through a role of one's own making, nor by growing one.
        let grown = json!({ "name": "Grown", "authorities": ["ALL"] });
        refused(&send_as(t, "boss", "POST", "/api/userRoles", grown).await, "E3003", "authorities", "grown");
        // Nor by emptying a stronger one, whose users would then be theirs to manage.
        for role in ["rrstrong000", "yrB6vc5Ip3r"] {
            let path = format!("/api/userRoles/{role}");
            let emptied = json!({ "name": read(t, &path).await["name"], "authorities": [] });
            refused(&send_as(t, "boss", "PUT", &path, emptied).await, "E3003", "authorities", role);
        }
        // Every user keeps a role and its name.
        let none = json!([{ "op": "replace", "path": "/userRoles", "value": [] }]);
        refused(&patch(t, &format!("/api/users/{uid}"), none).await, "E4055", "userRoles", "no role");
        let renamed = json!([{ "op": "replace", "path": "/username", "value": "another.name" }]);
        refused(&patch(t, &format!("/api/users/{uid}"), renamed).await, "E4056", "username", "renamed");
        told(&send_as(t, "boss", "DELETE", &format!("/api/users/{uid}"), json!({})).await, 200, "weaker");
    }
);

both!(
    fn settings_in_the_payload_of_a_user_are_kept_as_user_settings(t) {
        let settings = async |id: &str| read(t, &format!("/api/userSettings?userId={id}")).await;
        let user = |settings: Value| {
            json!({
                "id": "uuSettings1", "username": "settled", "firstName": "Set", "surname": "Tled",
                "password": PASSWORD, "userRoles": [{ "id": "yrB6vc5Ip3r" }], "settings": settings
            })
        };
        // What is wrong is told before anybody is made.
        for wrong in [json!({ "keyNothing": "x" }), json!({ "keyMessageEmailNotification": "perhaps" }), json!([1])] {
            assert_eq!(send(t, "POST", "/api/users", user(wrong.clone())).await.status, 409, "{wrong}");
        }
        told(&admin(t.get("/api/users/uuSettings1")).send().await, 404, "nobody yet");
        let chosen = json!({ "keyUiLocale": "fr", "keyMessageEmailNotification": true, "keyDbLocale": null });
        told(&send(t, "POST", "/api/users?importMode=VALIDATE", user(chosen.clone())).await, 200, "looked at");
        told(&send(t, "POST", "/api/users", user(chosen)).await, 201, "made");
        let kept = settings("uuSettings1").await;
        assert_eq!((&kept["keyUiLocale"], &kept["keyMessageEmailNotification"]), (&json!("fr"), &json!(true)));
        // A PUT changes what it names and leaves the rest; none forgets.
        let changed = user(json!({ "keyUiLocale": null, "keyDbLocale": "sw" }));
        told(&send(t, "PUT", "/api/users/uuSettings1?importMode=VALIDATE", changed.clone()).await, 200, "looked at");
        assert_eq!(settings("uuSettings1").await, kept);
        told(&send(t, "PUT", "/api/users/uuSettings1", changed).await, 200, "changed");
        let after = settings("uuSettings1").await;
        assert_eq!(after["keyDbLocale"], "sw");
        assert_ne!(after["keyUiLocale"], "fr");
        assert_eq!(after["keyMessageEmailNotification"], true);
        // Other kinds have none, and who may not write the user writes no settings.
        person(t, "clerk", &["F_X"]).await;
        let answer = send_as(t, "clerk", "PUT", "/api/users/uuSettings1", user(json!({ "keyUiLocale": "de" }))).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(settings("uuSettings1").await, after);
    }
);
