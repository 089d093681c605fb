//! Live grants and remembered consents, for administrators; no metadata (oauth2-modern reference 2.7, 2.8).

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{allow, asking, register, signed_in, tokens};
use crate::foundation::admin;

const GRANTS: &str = "/api/42/oAuth2Authorizations";
const CONSENTS: &str = "/api/42/oAuth2AuthorizationConsents";

both!(
    fn an_administrator_sees_every_live_grant_without_its_tokens_and_ends_one(t) {
        register(t, "app", json!({})).await;
        let held = tokens(t, "app", "&scope=openid+username").await;
        let text = admin(t.get(&format!("{GRANTS}?fields=:all"))).send().await.text();
        for token in ["access_token", "refresh_token", "id_token"] {
            assert!(!text.contains(held[token].as_str().unwrap()), "{token}");
        }
        let list: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(list["pager"]["total"], 1);
        let grant = list["oAuth2Authorizations"][0].clone();
        assert_eq!((&grant["principalName"], &grant["authorizationGrantType"]), (&json!("admin"), &json!("authorization_code")));
        assert_eq!(grant["accessTokenType"], "Bearer");
        assert!(grant["accessTokenExpiresAt"].is_string() && grant["refreshTokenExpiresAt"].is_string(), "{grant}");
        assert!(grant.as_object().unwrap().keys().all(|name| !name.ends_with("Value") && !name.ends_with("Metadata")));
        let path = format!("{GRANTS}/{}", grant["id"].as_str().unwrap());
        assert_eq!(admin(t.get(&path)).send().await.json(), grant);
        let call = async || t.get("/api/me").bearer(held["access_token"].as_str().unwrap()).send().await.status;
        assert_eq!(call().await, 200);
        assert_eq!(admin(t.delete(&path)).send().await.status, 204);
        assert_eq!(call().await, 401);
        assert_eq!(admin(t.get(GRANTS)).send().await.json()["oAuth2Authorizations"], json!([]));
        assert_eq!(admin(t.delete(&path)).send().await.status, 404);
    }
);

both!(
    fn a_consent_that_is_deleted_is_asked_for_again(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        assert_eq!(browser.open_once(&asking("app", "&scope=openid+username")).await.status, 303);
        let list = admin(t.get(&format!("{CONSENTS}?fields=:all"))).send().await.json();
        let consent = list["oAuth2AuthorizationConsents"][0].clone();
        assert_eq!(consent["authorities"], "SCOPE_username,SCOPE_openid");
        let path = format!("{CONSENTS}/{}", consent["id"].as_str().unwrap());
        assert_eq!(admin(t.get(&path)).send().await.json(), consent);
        assert_eq!(admin(t.delete(&path)).send().await.status, 204);
        assert_eq!(browser.open_once(&asking("app", "&scope=openid+username")).await.status, 200, "asked again");
        assert_eq!(admin(t.get(&path)).send().await.status, 404);
    }
);

both!(
    fn nobody_else_sees_them_and_no_import_or_export_holds_them(t) {
        kibali_testkit::seed::import(&t.app, &json!({
            "userRoles": [{ "id": "roleClients", "name": "Clients", "authorities": ["F_OAUTH2_CLIENT_MANAGE"] }],
            "users": [{ "id": "userManager", "username": "manager", "password": "Kibali_2026", "firstName": "M", "surname": "X", "userRoles": [{ "id": "roleClients" }] }],
        })).await;
        for path in [GRANTS, CONSENTS] {
            assert_eq!(t.get(path).basic("manager", "Kibali_2026").send().await.status, 403, "{path}");
            assert_eq!(t.get(path).send().await.status, 401, "{path}");
        }
        let export = admin(t.get("/api/42/metadata")).send().await.json();
        for plural in ["oAuth2Authorizations", "oAuth2AuthorizationConsents"] {
            assert!(export.get(plural).is_none(), "{plural}");
            for strategy in ["CREATE_AND_UPDATE", "DELETE"] {
                let payload = json!({ plural: [{ "id": "abcdefghijk" }], "dataElementGroups": [{ "name": "Left out" }] });
                let path = format!("/api/42/metadata?importStrategy={strategy}");
                let answer = admin(t.post(&path)).json(&payload).send().await;
                assert_eq!(answer.status, 409);
                let report = answer.json()["response"].clone();
                assert_eq!((&report["status"], &report["stats"]["ignored"]), (&json!("ERROR"), &json!(2)));
                assert_eq!(report["typeReports"][0]["objectReports"][0]["errorReports"][0]["errorCode"], "E6023");
            }
        }
    }
);
