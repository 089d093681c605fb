//! System settings, user settings, configuration, and what stands around them.

use kibali_testkit::seed::import;
use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use crate::foundation::admin;

const PASSWORD: &str = "Dist_rict1";
/// Somebody who may change settings, and nothing else.
pub(crate) const TUNER: (&str, &str) = ("tuner", PASSWORD);

/// A user who may nothing but sign in.
async fn seed_clerk(t: &TestApp) {
    let payload = json!({
        "userRoles": [{ "id": "Rcler000001", "name": "Clerk", "authorities": [] }],
        "users": [{
            "id": "Uclerk00001", "username": "clerk", "password": PASSWORD, "firstName": "A", "surname": "Clerk",
            "userRoles": [{ "id": "Rcler000001" }]
        }]
    });
    import(&t.app, &payload).await;
}

async fn get(t: &TestApp, path: &str) -> kibali_testkit::Answer {
    admin(t.get(path)).send().await
}

both!(
    fn system_settings_have_defaults_and_types(t) {
        let all = get(t, "/api/systemSettings").await.json();
        assert_eq!(all["applicationTitle"], "DHIS 2");
        assert_eq!(all["minPasswordLength"], 8);
        assert_eq!(all["factorDeviation"], 2.0);
        assert_eq!(all["keyEmailTls"], true);
        assert!(all.get("keyEmailPassword").is_none());
        assert!(all.get("keyDbLocale").is_none());
        for path in ["/api/systemSettings?key=keyFlag,keyStyle", "/api/systemSettings?key=keyFlag&key=keyStyle&key=nope"] {
            assert_eq!(get(t, path).await.json(), json!({ "keyFlag": "dhis2", "keyStyle": "light_blue/light_blue.css" }));
        }
        assert_eq!(get(t, "/api/systemSettings?key=nope").await.status, 404);
        assert_eq!(get(t, "/api/systemSettings/nope").await.status, 404);
        assert_eq!(get(t, "/api/systemSettings/keyFlag").await.json(), json!({ "keyFlag": "dhis2" }));
        let bare = admin(t.get("/api/systemSettings/keyFlag")).header("accept", "text/plain").send().await;
        assert_eq!(bare.text(), "dhis2");
    }
);

both!(
    fn system_settings_are_set_in_every_way_clients_use(t) {
        let by_query = admin(t.post("/api/systemSettings/applicationTitle?value=A%20%3Cb%3E")).send().await;
        assert_eq!(by_query.status, 200, "{}", by_query.text());
        assert_eq!(by_query.json()["message"], "System setting 'applicationTitle' set to value 'A <b>'.");
        for (kind, body, stored) in [
            ("text/plain", "plain text", "plain text"),
            ("text/html", "<b>'; drop table object;--</b>", "<b>'; drop table object;--</b>"),
            ("application/json", "\"quoted\"", "quoted"),
        ] {
            let set = admin(t.post("/api/systemSettings/keyApplicationIntro")).body(kind, body).send().await;
            assert_eq!(set.status, 200, "{kind}");
            assert_eq!(get(t, "/api/systemSettings").await.json()["keyApplicationIntro"], stored);
        }
        let several = json!({ "minPasswordLength": 10, "keyFlag": "kenya", "keyEmailTls": "false" });
        let set = admin(t.post("/api/systemSettings")).json(&several).send().await;
        assert_eq!((set.status, set.json()["message"].clone()), (200, json!("System settings imported")));
        let all = get(t, "/api/systemSettings").await.json();
        assert_eq!((&all["minPasswordLength"], &all["keyEmailTls"]), (&json!(10), &json!(false)));
        let unknown = json!({ "keyFlag": "malawi", "nope": 1 });
        assert_eq!(admin(t.post("/api/systemSettings")).json(&unknown).send().await.status, 409);
        assert_eq!(get(t, "/api/systemSettings").await.json()["keyFlag"], "kenya");
        assert_eq!(admin(t.delete("/api/systemSettings/keyFlag")).send().await.status, 204);
        assert_eq!(get(t, "/api/systemSettings").await.json()["keyFlag"], "dhis2");
    }
);

both!(
    fn wrong_settings_are_refused_by_name(t) {
        for (path, status) in [
            ("/api/systemSettings/nope?value=1", 409),
            ("/api/systemSettings/keyFlag", 409),
            ("/api/systemSettings/minPasswordLength?value=many", 409),
            ("/api/systemSettings/keyEmailTls?value=yes", 409),
            ("/api/systemSettings/keyFlag?value=x&locale=fr", 409),
            ("/api/systemSettings/applicationTitle?value=x&locale=../etc/passwd", 400),
        ] {
            let answer = admin(t.post(path)).send().await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.json()["status"], "ERROR");
        }
        let bytes = admin(t.post("/api/systemSettings/keyFlag")).body("text/plain", vec![0xff, 0xfe]);
        assert_eq!(bytes.send().await.status, 400);
        let long = admin(t.post("/api/systemSettings/keyFlag")).body("text/plain", vec![b'a'; (1 << 20) + 1]);
        assert_eq!(long.send().await.status, 413);
    }
);

both!(
    fn translations_stand_beside_the_value(t) {
        admin(t.post("/api/systemSettings/applicationTitle?locale=fr&value=Titre")).send().await;
        let title = async |path: &str| get(t, path).await.json()["applicationTitle"].clone();
        assert_eq!(title("/api/systemSettings/applicationTitle?locale=fr").await, "Titre");
        assert_eq!(title("/api/systemSettings/applicationTitle?locale=fr_CA").await, "Titre");
        assert_eq!(title("/api/systemSettings/applicationTitle?locale=sv").await, "DHIS 2");
        assert_eq!(title("/api/loginConfig?locale=fr").await, "Titre");
        assert_eq!(title("/api/loginConfig").await, "DHIS 2");
        admin(t.delete("/api/systemSettings/applicationTitle?locale=fr")).send().await;
        assert_eq!(title("/api/systemSettings/applicationTitle?locale=fr").await, "DHIS 2");
    }
);

both!(
    fn a_confidential_setting_goes_in_and_never_comes_out(t) {
        let secret = "Sm7p-s3cret";
        let set = admin(t.post(&format!("/api/systemSettings/keyEmailPassword?value={secret}"))).send().await;
        assert_eq!(set.status, 200);
        assert!(!set.text().contains(secret));
        assert_eq!(get(t, "/api/systemSettings/keyEmailPassword").await.status, 404);
        assert!(!get(t, "/api/systemSettings").await.text().contains(secret));
        let mut reader = t.app.store.reader().await.unwrap();
        let stored = kibali_store::door::settings::system_value(&mut reader, "keyEmailPassword").await.unwrap();
        assert!(!stored.unwrap().contains(secret));
    }
);

both!(
    fn changing_settings_asks_for_the_authority(t) {
        seed_clerk(t).await;
        for request in [
            t.post("/api/systemSettings/keyFlag?value=x"),
            t.delete("/api/systemSettings/keyFlag"),
            t.post("/api/systemSettings").json(&json!({ "keyFlag": "x" })),
            t.post("/api/configuration/corsWhitelist").json(&json!([])),
            t.delete("/api/configuration/corsWhitelist"),
            t.post("/api/configuration/remoteServerUrl/x"),
        ] {
            let answer = request.basic("clerk", PASSWORD).send().await;
            assert_eq!(answer.status, 403);
            assert_eq!(answer.json()["message"], "Access is denied");
        }
        assert_eq!(t.get("/api/systemSettings").basic("clerk", PASSWORD).send().await.status, 200);
    }
);

/// Makes [`TUNER`].
pub(crate) async fn seed_tuner(t: &TestApp) {
    let payload = json!({
        "userRoles": [{ "id": "Rtuner00001", "name": "Tuner", "authorities": ["F_SYSTEM_SETTING"] }],
        "users": [{
            "id": "Utuner00001", "username": "tuner", "password": PASSWORD, "firstName": "A", "surname": "Tuner",
            "userRoles": [{ "id": "Rtuner00001" }]
        }]
    });
    import(&t.app, &payload).await;
}

both!(
    fn settings_that_open_accounts_are_changed_only_by_who_may_do_everything(t) {
        seed_tuner(t).await;
        let before = get(t, "/api/systemSettings").await.json();
        for (name, value) in [
            ("keyEmailHostName", "mail.evil.example"), ("keyEmailPort", "25"), ("keyEmailUsername", "x"),
            ("keyEmailPassword", "x"), ("keyEmailTls", "false"), ("keyEmailSender", "x@evil.example"),
            ("keyAccountRecovery", "true"), ("deviceEnrollmentRedirectAllowlist", "https://evil.example/cb"),
            ("deviceEnrollmentAllowedUserGroups", ""), ("deviceEnrollmentIATTtlSeconds", "3600"),
            ("keySelfRegistrationNoRecaptcha", "true"), ("minPasswordLength", "1"), ("credentialsExpires", "0"),
            ("keyLockMultipleFailedLogins", "false"),
        ] {
            for request in [
                t.post(&format!("/api/systemSettings/{name}?value={value}")),
                t.post(&format!("/api/systemSettings/{name}")).body("text/plain", value),
                t.post("/api/systemSettings").json(&json!({ "keyFlag": "kenya", name: value })),
                t.delete(&format!("/api/systemSettings/{name}")),
            ] {
                let refused = request.basic("tuner", PASSWORD).send().await;
                assert_eq!(refused.status, 403, "{name}: {}", refused.text());
            }
        }
        for name in ["corsWhitelist", "corsAllowlist", "selfRegistrationRole", "selfRegistrationOrgUnit"] {
            let path = format!("/api/configuration/{name}");
            let body = json!(["https://evil.example"]);
            for request in [t.post(&path).json(&body), t.post(&format!("{path}/Rtuner00001")), t.delete(&path)] {
                assert_eq!(request.basic("tuner", PASSWORD).send().await.status, 403, "{name}");
            }
        }
        assert_eq!(get(t, "/api/systemSettings").await.json(), before);
        let other = t.post("/api/systemSettings/keyFlag?value=kenya").basic("tuner", PASSWORD).send().await;
        assert_eq!(other.status, 200, "the rest is theirs");
    }
);

both!(
    fn the_password_of_a_mail_server_is_forgotten_with_its_address(t) {
        let kept = async || {
            let mut reader = t.app.store.reader().await.unwrap();
            kibali_store::door::settings::system_value(&mut reader, "keyEmailPassword").await.unwrap().is_some()
        };
        let set = async |settings: Value| {
            assert_eq!(admin(t.post("/api/systemSettings")).json(&settings).send().await.status, 200);
        };
        let whole = json!({ "keyEmailHostName": "mail.example.org", "keyEmailPort": 587, "keyEmailPassword": "s3cret" });
        set(whole.clone()).await;
        assert!(kept().await, "it is sent along");
        set(json!({ "keyEmailHostName": "mail.example.org", "keyEmailUsername": "post" })).await;
        assert!(kept().await, "nothing was changed about where it goes");
        for change in [
            t.post("/api/systemSettings/keyEmailHostName?value=other.example.org"),
            t.post("/api/systemSettings/keyEmailPort?value=25"),
            t.delete("/api/systemSettings/keyEmailHostName"),
            t.delete("/api/systemSettings/keyEmailPort"),
        ] {
            set(whole.clone()).await;
            assert!(matches!(admin(change).send().await.status, 200 | 204));
            assert!(!kept().await);
        }
    }
);

both!(
    fn user_settings_fall_back_and_are_the_callers_own(t) {
        seed_clerk(t).await;
        let mine = t.get("/api/userSettings").basic("clerk", PASSWORD).send().await.json();
        assert_eq!(mine["keyUiLocale"], "en");
        assert_eq!(mine["keyDbLocale"], Value::Null);
        admin(t.post("/api/systemSettings/keyUiLocale?value=sw")).send().await;
        let set = t.post("/api/userSettings/keyAnalysisDisplayProperty?value=shortName").basic("clerk", PASSWORD);
        let set = set.send().await;
        assert_eq!((set.status, set.json()["message"].clone()), (200, json!("User setting saved")));
        let mine = t.get("/api/userSettings").basic("clerk", PASSWORD).send().await.json();
        assert_eq!(mine["keyUiLocale"], "sw");
        assert_eq!(mine["keyAnalysisDisplayProperty"], "shortName");
        assert_eq!(get(t, "/api/userSettings").await.json()["keyAnalysisDisplayProperty"], "name");
        let own = t.get("/api/userSettings?useFallback=false").basic("clerk", PASSWORD).send().await.json();
        assert_eq!(own["keyUiLocale"], Value::Null);
        // One value is text, `null` where there is none.
        let one = get(t, "/api/userSettings/keyUiLocale").await;
        assert_eq!((one.text().as_str(), one.header("content-type")), ("sw", Some("text/plain;charset=UTF-8")));
        assert_eq!(get(t, "/api/userSettings/keyDbLocale").await.text(), "null");
        let other = get(t, "/api/userSettings?user=clerk&key=keyAnalysisDisplayProperty").await;
        assert_eq!(other.json(), json!({ "keyAnalysisDisplayProperty": "shortName" }));
        for path in ["/api/userSettings?user=admin", "/api/userSettings?user=nobody", "/api/userSettings?userId=M5zQapPyTZI"] {
            assert_eq!(t.get(path).basic("clerk", PASSWORD).send().await.status, 403, "{path}");
        }
        assert_eq!(admin(t.post("/api/userSettings/nope?value=1")).send().await.status, 404);
        assert_eq!(admin(t.post("/api/userSettings/keyUiLocale?value=")).send().await.status, 409);
        assert_eq!(admin(t.post("/api/userSettings/keyAnalysisDisplayProperty?value=x")).send().await.status, 409);
        assert_eq!(admin(t.delete("/api/userSettings/keyUiLocale")).send().await.status, 200);
    }
);

both!(
    fn system_info_says_what_clients_ask(t) {
        let info = get(t, "/api/system/info").await.json();
        assert_eq!(info["version"], "2.41.0");
        assert_eq!(info["contextPath"], "http://localhost:8080");
        assert_eq!(info["calendar"], "iso8601");
        assert_eq!(info["dateFormat"], "yyyy-mm-dd");
        assert_eq!(info["serverDate"], "2026-01-15T08:00:00.000");
        assert_eq!(info["systemName"], "DHIS 2");
        let id = info["systemId"].as_str().unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(get(t, "/api/configuration/systemId").await.text(), id);
        assert_eq!(get(t, "/api/system/info?fields=version,nope").await.json(), json!({ "version": "2.41.0" }));
        let modern = t.another(3, |settings| settings.as_version = "2.42.1".parse().unwrap()).await;
        assert_eq!(admin(modern.get("/api/system/info")).send().await.json()["version"], "2.42.1");
        assert_eq!(modern.get("/api/loginConfig").send().await.json()["apiVersion"], "2.42.1");
    }
);

both!(
    fn small_system_resources_answer(t) {
        let ping = t.get("/api/ping").send().await;
        assert_eq!((ping.status, ping.body.len()), (200, 0));
        let ping = t.get("/api/system/ping").send().await;
        assert_eq!((ping.text().as_str(), ping.header("content-type")), ("pong", Some("text/plain;charset=UTF-8")));
        let ids = get(t, "/api/system/id?limit=3").await.json();
        assert_eq!(ids["codes"].as_array().unwrap().len(), 3);
        assert_eq!(get(t, "/api/system/uid").await.json()["codes"].as_array().unwrap().len(), 1);
        assert_eq!(get(t, "/api/system/id?limit=99999999").await.json()["codes"].as_array().unwrap().len(), 10_000);
        assert_eq!(get(t, "/api/system/id?limit=x").await.status, 400);
        assert!(get(t, "/api/system/id.csv").await.text().starts_with("uid\n"));
        assert_eq!(get(t, "/api/system/uuid").await.json()["codes"][0].as_str().unwrap().len(), 36);
        let counts = get(t, "/api/system/objectCounts").await.json();
        assert_eq!((&counts["objectCounts"]["user"], &counts["objectCounts"]["dataElement"]), (&json!(1), &json!(0)));
        for path in ["/api/system/flags", "/api/system/styles", "/api/locales/db", "/api/locales/languages"] {
            assert_eq!(get(t, path).await.status, 200, "{path}");
        }
        assert_eq!(t.get("/api/locales/ui").send().await.json()[4]["locale"], "en");
        assert!(get(t, "/api/periodTypes").await.json()["periodTypes"].as_array().unwrap().len() >= 20);
    }
);

both!(
    fn configuration_values_are_checked(t) {
        assert_eq!(get(t, "/api/configuration/feedbackRecipients").await.json(), Value::Null);
        let set = admin(t.post("/api/configuration/feedbackRecipients/wl5cDMuUhmF")).send().await;
        assert_eq!(set.status, 204);
        assert_eq!(get(t, "/api/configuration/feedbackRecipients").await.json(), json!({ "id": "wl5cDMuUhmF" }));
        for path in [
            "/api/configuration/feedbackRecipients/nonsense",
            "/api/configuration/infrastructuralPeriodType/Hourly",
            "/api/configuration/systemId/x",
            "/api/configuration/corsWhitelist/x",
        ] {
            assert_eq!(admin(t.post(path)).send().await.status, 409, "{path}");
        }
        assert_eq!(get(t, "/api/configuration/nope").await.status, 404);
        let methods = json!({ "totp2faEnabled": true, "email2faEnabled": false });
        assert_eq!(get(t, "/api/configuration/twoFactorMethods").await.json(), methods);
        assert_eq!(admin(t.post("/api/configuration/twoFactorMethods/x")).send().await.status, 409);
        assert_eq!(get(t, "/api/configuration").await.json()["feedbackRecipients"]["id"], "wl5cDMuUhmF");
    }
);

both!(
    fn an_app_signs_in_with_json(t) {
        seed_clerk(t).await;
        let login = |password: &str| {
            t.post("/api/auth/login").json(&json!({ "username": "clerk", "password": password }))
        };
        let wrong = login("wrong").send().await;
        assert_eq!((wrong.status, wrong.json()["message"].clone()), (401, json!("Bad credentials")));
        let right = login(PASSWORD).send().await;
        assert_eq!(right.json(), json!({ "loginStatus": "SUCCESS", "redirectUrl": "/dhis-web-dashboard" }));
        let cookie = right.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let me = t.get("/api/userSettings").header("cookie", &cookie).header("authorization", "").send().await;
        assert_eq!(me.status, 200);
        for body in [json!({}), json!([]), json!({ "username": "clerk" }), json!({ "username": 1, "password": 2 })] {
            assert_eq!(t.post("/api/auth/login").json(&body).send().await.status, 400, "{body}");
        }
        let foreign = login(PASSWORD).header("origin", "https://evil.example").send().await;
        assert_eq!(foreign.status, 403);
    }
);

both!(
    fn login_says_why_only_after_the_right_password(t) {
        let user = |id: &str, name: &str, more: Value| {
            let mut user = json!({
                "id": id, "username": name, "password": PASSWORD, "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "Rcler000001" }]
            });
            user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            user
        };
        let payload = json!({
            "userRoles": [{ "id": "Rcler000001", "name": "Clerk", "authorities": [] },
                          { "id": "Rcler000002", "name": "Careful", "authorities": [], "restrictions": ["R_ENABLE_2FA"] }],
            "users": [
                user("Uclerk00001", "gone", json!({ "disabled": true })),
                user("Uclerk00002", "past", json!({ "accountExpiry": "2020-01-01" })),
                user("Uclerk00003", "careful", json!({ "userRoles": [{ "id": "Rcler000002" }] })),
            ]
        });
        import(&t.app, &payload).await;
        for (name, status) in
            [("gone", "ACCOUNT_DISABLED"), ("past", "ACCOUNT_EXPIRED"), ("careful", "REQUIRES_TWO_FACTOR_ENROLMENT")]
        {
            let login = |password: &str| t.post("/api/auth/login").json(&json!({ "username": name, "password": password }));
            let right = login(PASSWORD).send().await;
            assert_eq!((right.status, right.json()), (200, json!({ "loginStatus": status })), "{name}");
            assert_eq!(right.header("set-cookie"), None);
            let wrong = login("wrong").send().await;
            assert_eq!((wrong.status, wrong.json()["message"].clone()), (401, json!("Bad credentials")), "{name}");
        }
    }
);

both!(
    fn settings_rule_passwords_and_roles_of_users(t) {
        let user = |id: &str, name: &str| {
            let body = json!({
                "id": id, "username": name, "password": PASSWORD, "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "Rkeeper0001" }]
            });
            t.post("/api/users").json(&body)
        };
        let authorities = ["F_USER_ADD", "F_USER_VIEW"];
        let payload = json!({
            "userRoles": [{ "id": "Rkeeper0001", "name": "Keeper", "authorities": authorities }],
            "users": [{
                "id": "Ukeeper0001", "username": "keeper", "password": PASSWORD, "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "Rkeeper0001" }]
            }]
        });
        import(&t.app, &payload).await;
        admin(t.post("/api/systemSettings/minPasswordLength?value=40")).send().await;
        let short = admin(user("Uother00001", "other")).send().await;
        assert!(short.status == 409 && short.text().contains("E4005"), "{}", short.text());
        admin(t.delete("/api/systemSettings/minPasswordLength")).send().await;
        // A role of one's own is given on only where the installation says so.
        let own = user("Uother00001", "other").basic("keeper", PASSWORD).send().await;
        assert!(own.status == 409 && own.text().contains("E3003"), "{} {}", own.status, own.text());
        admin(t.post("/api/systemSettings/keyCanGrantOwnUserAuthorityGroups?value=true")).send().await;
        let own = user("Uother00001", "other").basic("keeper", PASSWORD).send().await;
        assert_eq!(own.status, 201, "{}", own.text());
    }
);
