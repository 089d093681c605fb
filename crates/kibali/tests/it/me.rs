//! `/api/me` and what belongs to the caller: profile, password, authorities.

use kibali_testkit::seed::{CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Request, TestApp, both};
use serde_json::{Value, json};

use crate::foundation::admin;

const PASSWORD: &str = "Dist_rict1";
const NEW_PASSWORD: &str = "Fresh_Water7";

/// A nurse with a unit, a role that opens little, and a group through which one data set's data is open.
async fn seed_nurse(t: &TestApp) {
    let private = |id: &str, name: &str, sharing: Value| {
        json!({
            "id": id, "name": name, "shortName": name, "periodType": "Monthly",
            "categoryCombo": { "id": "bjDvmb4bfuf" }, "sharing": sharing
        })
    };
    let group = json!({ "public": "--------", "userGroups": { "Gnurses0001": { "id": "Gnurses0001", "access": "r-r-----" } } });
    let payload = json!({
        "organisationUnits": [{ "id": "OUcountry01", "name": "Country", "shortName": "Country", "openingDate": "2000-01-01" }],
        "userRoles": [{ "id": "Rnurse00001", "name": "Nurse", "authorities": ["F_DATAVALUE_ADD", "M_dhis-web-dataentry"] }],
        "users": [{
            "id": "Unurse00001", "username": "nurse", "password": PASSWORD, "firstName": "Asha", "surname": "Mwangi",
            "email": "asha@example.org", "userRoles": [{ "id": "Rnurse00001" }],
            "organisationUnits": [{ "id": "OUcountry01" }]
        }],
        "userGroups": [{ "id": "Gnurses0001", "name": "Nurses", "users": [{ "id": "Unurse00001" }] }],
        "dataSets": [
            private("DSopen00001", "Open", json!({ "public": "rwrw----" })),
            private("DSgroup0001", "Group", group),
            private("DSclosed001", "Closed", json!({ "public": "rw------" }))
        ]
    });
    import(&t.app, &payload).await;
}

fn nurse(request: Request) -> Request {
    request.basic("nurse", PASSWORD)
}

async fn get(t: &TestApp, path: &str) -> Value {
    let answer = nurse(t.get(path)).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

both!(
    fn me_shows_who_calls(t) {
        seed_nurse(t).await;
        for path in ["/api/me", "/api/41/me.json", "/api/me?fields=*", "/api/me?fields=:all"] {
            let me = get(t, path).await;
            assert_eq!(me["id"], "Unurse00001", "{path}");
            assert_eq!(me["username"], "nurse");
            assert_eq!(me["name"], "Asha Mwangi");
            assert_eq!(me["displayName"], "Asha Mwangi");
            assert_eq!(me["organisationUnits"], json!([{ "id": "OUcountry01" }]));
            assert_eq!(me["dataViewOrganisationUnits"], json!([]));
            assert_eq!(me["teiSearchOrganisationUnits"], json!([]));
            assert_eq!(me["userRoles"], json!([{ "id": "Rnurse00001" }]));
            assert_eq!(me["userGroups"], json!([{ "id": "Gnurses0001" }]));
            assert_eq!(me["authorities"], json!(["F_DATAVALUE_ADD", "M_dhis-web-dataentry"]));
            assert_eq!(me["settings"]["keyUiLocale"], "en");
            assert_eq!(me["dataSets"], json!(["DSgroup0001", "DSopen00001"]));
            assert_eq!((&me["programs"], &me["patTokens"]), (&json!([]), &json!([])));
            assert_eq!(me["userCredentials"]["username"], "nurse");
            assert!(!me.to_string().contains("password\":\"") && !me.to_string().contains("$2"), "{me}");
        }
    }
);

both!(
    fn me_answers_what_clients_ask_for(t) {
        seed_nurse(t).await;
        let me = get(t, "/api/me?fields=organisationUnits[id,displayName,path,level,parent[id]],userRoles[id,displayName,authorities]").await;
        assert_eq!(
            me["organisationUnits"],
            json!([{ "id": "OUcountry01", "displayName": "Country", "path": "/OUcountry01", "level": 1 }])
        );
        assert_eq!(me["userRoles"][0]["displayName"], "Nurse");
        assert_eq!(me["userRoles"][0]["authorities"].as_array().unwrap().len(), 2);
        assert_eq!(me.as_object().unwrap().len(), 2);
        let android = get(t, "/api/me?fields=id,username,deleted,authorities,settings,userGroups[id,name,code],organisationUnits[id,ancestors[id,displayName],geometry]").await;
        assert_eq!(android["userGroups"], json!([{ "id": "Gnurses0001", "name": "Nurses" }]));
        assert!(android.get("deleted").is_none());
        assert_eq!(android["authorities"].as_array().unwrap().len(), 2);
        let d2 = get(t, "/api/me?fields=:all,organisationUnits[id],userGroups[id],userCredentials[:all,!user,userRoles[id]]").await;
        assert_eq!(d2["username"], "nurse");
        assert_eq!(d2["settings"]["keyUiLocale"], "en");
        assert_eq!(get(t, "/api/me?fields=authorities~size,id~rename(uid)").await, json!({ "authorities": 2, "uid": "Unurse00001" }));
        assert!(get(t, "/api/me?fields=*,!authorities").await.get("authorities").is_none());
        let wrong = nurse(t.get("/api/me?fields=organisationUnits%5Bid%5D%5D")).send().await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.json()["message"].as_str().unwrap().contains("fields"));
    }
);

both!(
    fn authorities_are_told_and_asked(t) {
        seed_nurse(t).await;
        for path in ["/api/me/authorities", "/api/me/authorization"] {
            assert_eq!(get(t, path).await, json!(["F_DATAVALUE_ADD", "M_dhis-web-dataentry"]));
            assert_eq!(get(t, &format!("{path}/F_DATAVALUE_ADD")).await, json!(true));
            assert_eq!(get(t, &format!("{path}/ALL")).await, json!(false));
            assert_eq!(admin(t.get(&format!("{path}/ANYTHING"))).send().await.json(), json!(true));
        }
        let answer = nurse(t.get("/api/me/authorities")).send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(get(t, "/api/me/settings/keyUiLocale").await, json!("en"));
        assert_eq!(nurse(t.get("/api/me/settings/nope")).send().await.status, 409);
        assert_eq!(nurse(t.get("/api/me/settings/keyDbLocale")).send().await.status, 404);
        assert_eq!(get(t, "/api/me/dashboard").await, json!({ "unreadInterpretations": 0, "unreadMessageConversations": 0 }));
        assert_eq!(nurse(t.get("/api/me/dataApprovalLevels")).send().await.status, 501);
    }
);

both!(
    fn what_is_remembered_of_me_follows_every_change(t) {
        seed_nurse(t).await;
        let title = async || get(t, "/api/me").await;
        assert_eq!(title().await["dataSets"], json!(["DSgroup0001", "DSopen00001"]));
        nurse(t.post("/api/userSettings/keyUiLocale?value=sw")).send().await;
        assert_eq!(title().await["settings"]["keyUiLocale"], "sw");
        admin(t.post("/api/systemSettings/keyStyle?value=green/green.css")).send().await;
        assert_eq!(title().await["settings"]["keyStyle"], "green/green.css");
        let patch = |path: &str, value: Value| {
            admin(t.patch(path)).body("application/json-patch+json", value.to_string())
        };
        let authorities = json!([{ "op": "replace", "path": "/authorities", "value": ["F_ONE"] }]);
        assert_eq!(patch("/api/userRoles/Rnurse00001", authorities).send().await.status, 200);
        assert_eq!(title().await["authorities"], json!(["F_ONE"]));
        let phone = json!([{ "op": "add", "path": "/phoneNumber", "value": "+254 700" }]);
        assert_eq!(patch("/api/users/Unurse00001", phone).send().await.status, 200);
        assert_eq!(title().await["phoneNumber"], "+254 700");
        let left = admin(t.delete("/api/userGroups/Gnurses0001/users/Unurse00001")).send().await;
        assert_eq!(left.status, 200, "{}", left.text());
        let me = title().await;
        assert_eq!((&me["userGroups"], &me["dataSets"]), (&json!([]), &json!(["DSopen00001"])));
        let share = async |set: &str, public: &str| {
            let answer = admin(t.put(&format!("/api/dataSets/{set}/sharing"))).json(&json!({ "public": public }));
            assert_eq!(answer.send().await.status, 204);
        };
        share("DSopen00001", "--------").await;
        assert_eq!(title().await["dataSets"], json!([]));
        share("DSclosed001", "r-r-----").await;
        assert_eq!(title().await["dataSets"], json!(["DSclosed001"]));
        let new = json!({
            "id": "DSnew000001", "name": "New", "shortName": "New", "periodType": "Monthly",
            "sharing": { "public": "r-r-----" }
        });
        assert_eq!(admin(t.post("/api/dataSets")).json(&new).send().await.status, 201);
        assert_eq!(title().await["dataSets"], json!(["DSclosed001", "DSnew000001"]));
        assert_eq!(admin(t.delete("/api/dataSets/DSclosed001")).send().await.status, 200);
        assert_eq!(title().await["dataSets"], json!(["DSnew000001"]));
    }
);

both!(
    fn a_deleted_attribute_leaves_what_is_remembered(t) {
        seed_nurse(t).await;
        let attribute = json!({ "id": "ATbadge0001", "name": "Badge", "shortName": "Badge", "valueType": "TEXT", "userAttribute": true });
        import(&t.app, &json!({ "attributes": [attribute] })).await;
        let value = json!([{ "op": "add", "path": "/attributeValues", "value": [{ "attribute": { "id": "ATbadge0001" }, "value": "7" }] }]);
        let patch = admin(t.patch("/api/users/Unurse00001")).body("application/json-patch+json", value.to_string());
        assert_eq!(patch.send().await.status, 200);
        assert_eq!(get(t, "/api/me").await["attributeValues"][0]["value"], "7");
        let deleted = admin(t.delete("/api/attributes/ATbadge0001")).send().await;
        let expected = if deleted.status == 200 { json!([]) } else { json!([{ "attribute": { "id": "ATbadge0001" }, "value": "7" }]) };
        assert_eq!(get(t, "/api/me").await["attributeValues"], expected, "{}", deleted.text());
    }
);

both!(
    fn the_profile_is_the_callers_own_and_nothing_else_is(t) {
        seed_nurse(t).await;
        let body = json!({
            "firstName": "Aisha", "jobTitle": "<b>Nurse</b>'; drop table object;--", "surname": " ", "email": null,
            "username": "root", "disabled": true, "userRoles": [{ "id": "yrB6vc5Ip3r" }], "authorities": ["ALL"],
            "password": "Other_Pass1", "id": "M5zQapPyTZI"
        });
        let answer = nurse(t.put("/api/me")).json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let me = get(t, "/api/me").await;
        assert_eq!(answer.json()["name"], "Aisha Mwangi");
        assert_eq!((&me["name"], &me["email"]), (&json!("Aisha Mwangi"), &json!("asha@example.org")));
        assert_eq!(me["jobTitle"], "<b>Nurse</b>'; drop table object;--");
        assert_eq!(me["userRoles"], json!([{ "id": "Rnurse00001" }]));
        let long = nurse(t.put("/api/me")).json(&json!({ "firstName": "x".repeat(200) })).send().await;
        assert_eq!(long.status, 409);
        for body in [json!([]), json!("x"), json!(1)] {
            assert_eq!(nurse(t.put("/api/me")).json(&body).send().await.status, 400);
        }
    }
);

both!(
    fn a_changed_password_ends_what_the_old_one_opened(t) {
        seed_nurse(t).await;
        let login = async || {
            let body = json!({ "username": "nurse", "password": PASSWORD });
            let answer = t.post("/api/auth/login").json(&body).send().await;
            answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
        };
        let (mine, other) = (login().await, login().await);
        let form = [("grant_type", "password"), ("username", "nurse"), ("password", PASSWORD)];
        let token = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        let token = token.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(t.get("/api/me").bearer(&token).send().await.status, 200);

        let change = |old: &str, new: &str| {
            t.put("/api/me/changePassword")
                .header("cookie", &mine)
                .json(&json!({ "oldPassword": old, "newPassword": new }))
        };
        for (old, new) in [("wrong", NEW_PASSWORD), (PASSWORD, "short"), (PASSWORD, PASSWORD), (PASSWORD, "Nurse_pass1"), (PASSWORD, "")] {
            let answer = change(old, new).send().await;
            assert_eq!(answer.status, 409, "{old} {new}");
            assert!(!answer.text().contains(PASSWORD));
            t.clock.advance_seconds(60);
        }
        let changed = change(PASSWORD, NEW_PASSWORD).send().await;
        assert_eq!((changed.status, changed.body.len()), (202, 0), "{}", changed.text());
        let with = async |cookie: &str| t.get("/api/me").header("cookie", cookie).send().await.status;
        assert_eq!(with(&mine).await, 200);
        assert_eq!(with(&other).await, 401);
        assert_eq!(t.get("/api/me").bearer(&token).send().await.status, 401);
        assert_eq!(nurse(t.get("/api/me")).send().await.status, 401);
        t.clock.advance_seconds(60);
        assert_eq!(t.get("/api/me").basic("nurse", NEW_PASSWORD).send().await.status, 200);
    }
);

both!(
    fn passwords_are_verified_and_judged(t) {
        seed_nurse(t).await;
        let verify = |kind: &str, body: &str| nurse(t.post("/api/me/verifyPassword")).body(kind, body.to_owned());
        let json_body = json!({ "password": PASSWORD }).to_string();
        for (kind, body, correct) in
            [("text/plain", PASSWORD, true), ("application/json", &json_body, true), ("text/plain", "wrong", false)]
        {
            assert_eq!(verify(kind, body).send().await.json(), json!({ "isCorrectPassword": correct }), "{kind}");
        }
        let judge = async |password: &str| {
            let request = nurse(t.post("/api/me/validatePassword")).body("text/plain", password.to_owned());
            request.send().await.json()
        };
        assert_eq!(judge(NEW_PASSWORD).await, json!({ "isValidPassword": true }));
        for password in ["", "Sh0rt!", "nodigits_Here", "noupper_1ere", "NoSpecial1ere", "Asha_nurse12", "Password_12"] {
            let verdict = judge(password).await;
            assert_eq!(verdict["isValidPassword"], false, "{password}");
            assert!(verdict["errorMessage"].as_str().unwrap().len() > 10);
        }
        admin(t.post("/api/systemSettings/minPasswordLength?value=20")).send().await;
        assert_eq!(judge(NEW_PASSWORD).await["isValidPassword"], false);
    }
);

both!(
    fn a_token_changes_nothing_by_which_its_user_signs_in(t) {
        seed_nurse(t).await;
        let manager = json!([{ "op": "replace", "path": "/authorities", "value": ["F_USER_ADD", "F_USER_VIEW", "F_METADATA_IMPORT"] }]);
        let patch = "application/json-patch+json";
        assert_eq!(admin(t.patch("/api/userRoles/Rnurse00001")).body(patch, manager.to_string()).send().await.status, 200);
        let form = [("grant_type", "password"), ("username", "nurse"), ("password", PASSWORD)];
        let token = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        let bearer = format!("Bearer {}", token.json()["access_token"].as_str().unwrap());
        let made = nurse(t.post("/api/apiTokens")).json(&json!({})).send().await.json();
        let personal = format!("ApiToken {}", made["response"]["key"].as_str().unwrap());
        let own = "/api/users/Unurse00001";
        for credential in [&bearer, &personal] {
            let with = |request: Request| request.header("authorization", credential);
            let whole = with(t.get(&format!("{own}?fields=:owner"))).send().await.json();
            for (name, value) in [
                ("email", json!("thief@example.org")), ("openId", json!("thief")), ("ldapId", json!("thief")),
                ("password", json!(NEW_PASSWORD)), ("externalAuth", json!(true)),
            ] {
                let mut changed = whole.clone();
                changed[name] = value.clone();
                let operations = json!([{ "op": "add", "path": format!("/{name}"), "value": value }]);
                let import = json!({ "users": [changed] });
                for (way, request) in [
                    ("put", t.put(own).json(&changed)),
                    ("patch", t.patch(own).body(patch, operations.to_string())),
                    ("import", t.post("/api/metadata").json(&import)),
                ] {
                    let answer = with(request).send().await;
                    assert_eq!(answer.status, 409, "{credential} {way} {name}: {}", answer.text());
                    assert!(answer.text().contains("by which its user signs in"), "{way} {name}: {}", answer.text());
                }
            }
            let thief = with(t.put("/api/me")).json(&json!({ "email": "thief@example.org" })).send().await;
            assert_eq!((thief.status, &thief.json()["errorCode"]), (409, &json!("E4030")), "{}", thief.text());
            let me = get(t, "/api/me").await;
            assert_eq!(me["email"], "asha@example.org");
            // Everything else, and the same address as before, as applications send it back.
            let same = with(t.put("/api/me")).json(&json!({ "email": me["email"], "jobTitle": "Matron" })).send().await;
            assert_eq!((same.status, &same.json()["jobTitle"]), (200, &json!("Matron")));
            assert_eq!(with(t.put(own)).json(&whole).send().await.status, 200);
        }
        let other = json!({ "users": [{ "id": "Uother00001", "username": "other", "password": PASSWORD, "firstName": "O",
            "surname": "T", "userRoles": [{ "id": "Rnurse00001" }] }] });
        import(&t.app, &other).await;
        let operations = json!([{ "op": "add", "path": "/email", "value": "other@example.org" }]);
        let others = t.patch("/api/users/Uother00001").header("authorization", &bearer).body(patch, operations.to_string());
        assert_eq!(others.send().await.status, 200, "managing users is what the authority is for");
        let person = nurse(t.put("/api/me")).json(&json!({ "email": "new@example.org" })).send().await;
        assert_eq!((person.status, &person.json()["email"]), (200, &json!("new@example.org")));
    }
);
