//! Create, read, replace and delete, for kinds of every sort.

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{PASSWORD, element, person, read, refused, send, send_as, told, unit};
use crate::foundation::admin;

/// A payload of each kind, and a change of it: property and value.
fn samples() -> Vec<(&'static str, Value, (&'static str, Value))> {
    let named = |value: Value| {
        let mut object = json!({ "name": "Sample", "shortName": "Sample" });
        object.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        object
    };
    vec![
        ("attributes", named(json!({ "valueType": "TEXT" })), ("valueType", json!("NUMBER"))),
        ("categories", named(json!({ "dataDimensionType": "DISAGGREGATION" })), ("name", json!("Other"))),
        (
            "categoryCombos",
            named(json!({ "dataDimensionType": "DISAGGREGATION" })),
            ("skipTotal", json!(true)),
        ),
        ("categoryOptions", named(json!({})), ("startDate", json!("2024-01-01T00:00:00.000"))),
        ("dataElementGroups", named(json!({})), ("name", json!("Other"))),
        ("dataElements", element("dataElemen1", "Sample"), ("aggregationType", json!("AVERAGE"))),
        ("dataSets", named(json!({ "periodType": "Monthly" })), ("expiryDays", json!(10))),
        (
            "oAuth2Clients",
            json!({ "name": "Sample", "cid": "sample", "grantTypes": ["password"] }),
            ("cid", json!("other")),
        ),
        ("optionSets", named(json!({ "valueType": "TEXT" })), ("description", json!("Words"))),
        ("options", json!({ "name": "Sample", "code": "S" }), ("code", json!("T"))),
        (
            "organisationUnitGroupSets",
            named(json!({ "compulsory": false, "dataDimension": true })),
            ("compulsory", json!(true)),
        ),
        ("organisationUnitGroups", named(json!({})), ("symbol", json!("01.png"))),
        ("organisationUnitLevels", json!({ "name": "Country", "level": 1 }), ("offlineLevels", json!(2))),
        ("organisationUnits", unit("unitSample1", None), ("comment", json!("Here"))),
        ("userGroups", json!({ "name": "Sample" }), ("code", json!("SMP"))),
        ("userRoles", json!({ "name": "Sample", "authorities": ["F_X"] }), ("authorities", json!(["F_Y"]))),
        (
            "users",
            json!({ "username": "sample.user", "password": "Dist_rict1", "firstName": "A", "surname": "B",
                    "userRoles": [{ "id": "yrB6vc5Ip3r" }] }),
            ("surname", json!("C")),
        ),
    ]
}

both!(
    fn every_kind_is_made_replaced_and_deleted(t) {
        for (plural, payload, (property, value)) in samples() {
            let made = send(t, "POST", &format!("/api/{plural}"), payload.clone()).await;
            let body = told(&made, 201, plural);
            assert_eq!(body["httpStatus"], "Created", "{plural}");
            let uid = body["response"]["uid"].as_str().unwrap().to_owned();
            assert_eq!(body["response"]["responseType"], "ObjectReport");
            let klass = t.app.registry.kind(plural).unwrap().klass;
            assert_eq!(body["response"]["klass"], klass);
            let path = format!("/api/{plural}/{uid}");
            assert_eq!(made.location(), Some(format!("http://localhost:8080{path}").as_str()));
            let whole = read(t, &path).await;
            for (key, sent) in payload.as_object().unwrap() {
                // Write-only, in another form, or given as null.
                if !["password", "userRoles", "openingDate"].contains(&key.as_str()) && !sent.is_null() {
                    assert_eq!(&whole.get(key), &Some(sent).filter(|_| whole.get(key).is_some()), "{plural}.{key}");
                }
            }
            // A read object is a valid replacement of itself.
            let mut change = read(t, &format!("{path}?fields=:owner")).await;
            assert_ne!(change[property], value, "{plural}");
            change[property] = value.clone();
            let replaced = send(t, "PUT", &path, change).await;
            let body = told(&replaced, 200, plural);
            let report = if plural == "users" { "ImportReport" } else { "ObjectReport" };
            assert_eq!(body["response"]["responseType"], report, "{plural}");
            assert_eq!(read(t, &path).await[property], value, "{plural}");
            told(&admin(t.delete(&path)).send().await, 200, plural);
            let gone = admin(t.get(&path)).send().await;
            assert_eq!((gone.status, &gone.json()["errorCode"]), (404, &json!("E1005")), "{plural}");
            for method in ["PUT", "DELETE"] {
                let again = send(t, method, &path, payload.clone()).await;
                assert_eq!((again.status, &again.json()["errorCode"]), (404, &json!("E1005")), "{method} {plural}");
            }
        }
    }
);

both!(
    fn what_exists_is_not_made_again_and_what_is_missing_is_named(t) {
        told(&send(t, "POST", "/api/dataElements", element("dataElemen1", "One")).await, 201, "one");
        let again = send(t, "POST", "/api/dataElements", element("dataElemen1", "Two")).await;
        let message = refused(&again, "E5000", "id", "same id");
        assert!(message.contains("dataElemen1"), "{message}");
        let mut other = element("dataElemen2", "One");
        let message = refused(&send(t, "POST", "/api/dataElements", other.clone()).await, "E5003", "name", "same name");
        assert!(message.contains("dataElemen1") && message.contains("One"), "{message}");
        other["name"] = Value::Null;
        refused(&send(t, "POST", "/api/dataElements", other).await, "E4000", "name", "no name");
        let missing = send(t, "POST", "/api/dataElements", json!({})).await;
        let reports = missing.json()["response"]["errorReports"].as_array().unwrap().len();
        assert!(reports >= 4, "every fault is told: {}", missing.text());
        // A replacement must be whole too.
        let half = send(t, "PUT", "/api/dataElements/dataElemen1", json!({ "name": "Half" })).await;
        assert_eq!(half.status, 409);
        assert_eq!(read(t, "/api/dataElements/dataElemen1?fields=name").await["name"], "One");
        // What is only tried is not made.
        let tried = send(t, "POST", "/api/dataElements?importMode=VALIDATE", element("dataElemen3", "Three")).await;
        told(&tried, 200, "tried");
        assert_eq!(tried.location(), None);
        assert_eq!(admin(t.get("/api/dataElements/dataElemen3")).send().await.status, 404);
    }
);

both!(
    fn a_replacement_clears_what_it_leaves_out_but_not_sharing_translations_and_secrets(t) {
        let mut first = element("dataElemen1", "One");
        first["description"] = json!("Long");
        first["sharing"] = json!({ "public": "r-------" });
        told(&send(t, "POST", "/api/dataElements", first).await, 201, "made");
        let words = json!({ "translations": [{ "locale": "fr", "property": "NAME", "value": "Un" }] });
        assert_eq!(send(t, "PUT", "/api/dataElements/dataElemen1/translations", words).await.status, 204);
        told(&send(t, "PUT", "/api/dataElements/dataElemen1", element("ignoredId01", "Two")).await, 200, "put");
        let now = read(t, "/api/dataElements/dataElemen1").await;
        assert_eq!((&now["id"], &now["name"]), (&json!("dataElemen1"), &json!("Two")), "the path names the object");
        assert_eq!(now.get("description"), None);
        assert_eq!(now["sharing"]["public"], "r-------");
        assert_eq!(now["translations"][0]["value"], "Un");
        person(t, "kept", &["F_X"]).await;
        let path = "/api/users/uukept00000";
        let user = read(t, &format!("{path}?fields=:owner")).await;
        assert_eq!(user.get("password"), None);
        told(&send(t, "PUT", path, user).await, 200, "user");
        assert_eq!(t.get("/api/me").basic("kept.person", PASSWORD).send().await.status, 200);
    }
);

both!(
    fn who_may_not_is_told_so_and_changes_nothing(t) {
        person(t, "maker", &["F_DATAELEMENT_PRIVATE_ADD", "F_CATEGORY_COMBO_PUBLIC_ADD"]).await;
        person(t, "nobody", &["F_NOTHING"]).await;
        let mut open = element("dataElemen1", "Open");
        open["sharing"] = json!({ "public": "rw------" });
        told(&send(t, "POST", "/api/dataElements", open.clone()).await, 201, "open");
        let path = "/api/dataElements/dataElemen1";
        for (method, path, verb) in
            [("POST", "/api/dataElements", "create"), ("PUT", path, "update"), ("DELETE", path, "delete")]
        {
            let answer = send_as(t, "nobody", method, path, element("dataElemen9", "New")).await;
            let body = told(&answer, 403, method);
            let expected = format!("You don't have the proper permissions to {verb} this object.");
            assert_eq!(body["message"], expected.as_str(), "{method}");
        }
        // Private objects of one's own may be made, open ones not.
        told(&send_as(t, "maker", "POST", "/api/dataElements", element("dataElemen2", "Mine")).await, 201, "mine");
        let sharing = read(t, "/api/dataElements/dataElemen2?fields=sharing").await;
        assert_eq!(sharing["sharing"]["public"], "--------");
        assert_eq!(sharing["sharing"]["owner"], "uumaker0000");
        let mut public = element("dataElemen3", "Public");
        public["sharing"] = json!({ "public": "r-------" });
        let answer = send_as(t, "maker", "POST", "/api/dataElements", public).await;
        assert!([403, 409].contains(&answer.status), "{}", answer.text());
        assert!(answer.status == 403 || answer.json()["errorCode"] == "E3008", "{}", answer.text());
        // Nor may a private one be opened later, given data bits, or be read by others.
        let mine = "/api/dataElements/dataElemen2";
        let opened = send_as(t, "maker", "PUT", &format!("{mine}/sharing"), json!({ "public": "rw------" })).await;
        assert!(!refused(&opened, "E3008", "sharing", "opened").is_empty());
        let bits = json!({ "public": "--------", "users": { "uunobody000": { "id": "uunobody000", "access": "rwrw----" } } });
        refused(&send_as(t, "maker", "PUT", &format!("{mine}/sharing"), bits).await, "E3011", "sharing", "data bits");
        let garbage = json!({ "public": "everything" });
        let answer = send_as(t, "maker", "PUT", &format!("{mine}/sharing"), garbage).await;
        assert_eq!((answer.status, &answer.json()["errorCode"]), (409, &json!("E3010")));
        assert_eq!(send_as(t, "nobody", "GET", mine, json!({})).await.status, 404);
        assert_eq!(send_as(t, "nobody", "DELETE", mine, json!({})).await.status, 403);
        assert_eq!(read(t, "/api/dataElements?fields=id").await["dataElements"].as_array().unwrap().len(), 2);
        // What may not be read may not be referenced either, and what may be referenced may.
        let hidden = json!({ "id": "catOptionS1", "name": "Hidden", "shortName": "Hidden", "sharing": { "public": "--------" } });
        told(&send(t, "POST", "/api/categoryOptions", hidden).await, 201, "hidden");
        person(t, "lister", &["F_CATEGORY_PUBLIC_ADD"]).await;
        let category = json!({ "name": "List", "shortName": "List", "dataDimensionType": "DISAGGREGATION",
                               "categoryOptions": [{ "id": "catOptionS1" }] });
        let answer = send_as(t, "lister", "POST", "/api/categories", category).await;
        refused(&answer, "E5008", "categoryOptions", "unreadable");
    }
);

both!(
    fn bodies_of_xml_are_415_and_say_what_is_taken(t) {
        for (method, path) in [("POST", "/api/dataElements"), ("PUT", "/api/dataElements/dataElemen1"), ("POST", "/api/metadata")] {
            let answer = admin(t.request(method, path)).body("application/xml", "<dataElement/>").send().await;
            let body = told(&answer, 415, path);
            assert!(body["message"].as_str().unwrap().contains("application/json"), "{body}");
        }
        let answer = admin(t.patch("/api/dataElements/dataElemen1")).json(&json!([])).send().await;
        let body = told(&answer, 415, "patch");
        assert!(body["message"].as_str().unwrap().contains("application/json-patch+json"), "{body}");
    }
);

both!(
    fn system_defaults_stay(t) {
        let mut default = read(t, "/api/categoryOptions/xYerKDKCefk?fields=:owner").await;
        default["name"] = json!("changed");
        let put = send(t, "PUT", "/api/categoryOptions/xYerKDKCefk", default).await;
        assert_eq!(put.status, 403, "{}", put.text());
        for path in ["/api/categoryOptions/xYerKDKCefk", "/api/categories/GLevLNI9wkl", "/api/categoryCombos/bjDvmb4bfuf"] {
            let answer = admin(t.delete(path)).send().await;
            assert!([403, 409].contains(&answer.status), "{path}: {}", answer.text());
            assert_eq!(read(t, path).await["name"], "default");
        }
    }
);

both!(
    fn only_what_was_made_has_an_address(t) {
        let made = send(t, "POST", "/api/dataElements", element("dataElemen1", "Made")).await;
        told(&made, 201, "made");
        assert!(made.header("location").unwrap().ends_with("/api/dataElements/dataElemen1"));
        let refused = send(t, "POST", "/api/dataElements", json!({ "name": "Half" })).await;
        told(&refused, 409, "refused");
        assert_eq!(refused.header("location"), None);
    }
);
