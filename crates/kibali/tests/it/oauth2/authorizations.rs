//! Live grants and remembered consents, for administrators; no metadata (modern reference 2.7, 2.8).

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId, Scopes};
use kibali_store::Engine;
use kibali_store::door::audit::newest;
use kibali_store::door::codes::InsertCode;
use kibali_store::door::{accounts, consents};
use kibali_testkit::{TestApp, both};
use kibali_web::why;
use serde_json::{Value, json};

use super::late::{by, code_for};
use super::{allow, asking, register, tokens};
use crate::between::{Nothing, between};
use crate::foundation::admin;
use crate::grants::asked_for;
use crate::pages::{ORDINARY, make_ordinary, signed_in as as_user};

const GRANTS: &str = "/api/42/oAuth2Authorizations";
const CONSENTS: &str = "/api/42/oAuth2AuthorizationConsents";

/// Who did what is called so, from where, and what else is known of it; the newest first.
async fn happened(t: &TestApp, name: &str) -> Vec<(ObjectId, String, Value)> {
    let events = newest(&mut t.app.store.reader().await.unwrap(), 100).await.unwrap();
    let named = events.into_iter().filter(|event| event.name == name);
    named.map(|event| (event.user.unwrap(), event.address.unwrap_or_default(), event.detail)).collect()
}

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
        let call = async || t.get("/api/me").bearer(held["access_token"].as_str().unwrap()).send().await;
        assert_eq!(call().await.status, 200);
        assert_eq!(admin(t.delete(&path)).from("192.0.2.9").send().await.status, 204);
        let refused = call().await;
        assert_eq!(refused.status, 401);
        let why = why::explain(&t.app, refused.header("x-request-id").unwrap()).await.unwrap();
        assert!(why.chain.iter().any(|link| link.finding.ends_with("an administrator ended it")), "{why:?}");
        let cut = happened(t, "access.cut").await;
        assert_eq!((cut.len(), cut[0].1.as_str()), (1, "192.0.2.9"));
        assert_eq!(happened(t, "grant.ended").await[0].2["why"], "cut");
        assert_eq!(admin(t.get(GRANTS)).send().await.json()["oAuth2Authorizations"], json!([]));
        assert_eq!(admin(t.delete(&path)).send().await.status, 404);
    }
);

both!(
    fn a_consent_that_is_deleted_is_asked_for_again(t) {
        register(t, "app", json!({})).await;
        make_ordinary(t, &[]).await;
        let mut browser = as_user(t, ORDINARY).await;
        allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        assert_eq!(browser.open_once(&asking("app", "&scope=openid+username")).await.status, 303);
        let list = admin(t.get(&format!("{CONSENTS}?fields=:all"))).send().await.json();
        let consent = list["oAuth2AuthorizationConsents"][0].clone();
        assert_eq!(consent["authorities"], "SCOPE_username,SCOPE_openid");
        let path = format!("{CONSENTS}/{}", consent["id"].as_str().unwrap());
        assert_eq!(admin(t.get(&path)).send().await.json(), consent);
        assert_eq!(admin(t.delete(&path)).from("192.0.2.9").send().await.status, 204);
        let (by, address, detail) = happened(t, "consent.forgotten").await.remove(0);
        let whose: i64 = detail["user"].as_str().unwrap().parse().unwrap();
        let name = async |user| {
            accounts::by_user(&mut t.app.store.reader().await.unwrap(), user).await.unwrap().unwrap().username
        };
        let told = (name(by).await, name(ObjectId(whose)).await, address.as_str());
        assert_eq!(told, ("admin".to_owned(), ORDINARY.0.to_owned(), "192.0.2.9"), "who did it, to whom, from where");
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

/// On PostgreSQL alone: on SQLite one writes after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_allows_in_two_windows_at_once_is_both_remembered() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    let mut grant = asked_for(t, 1, "one", GrantType::AuthorizationCode).await.grant;
    let (user, client, store) = (grant.user, grant.client, &t.app.store);
    let mut answer = |name: &str| {
        grant.scopes = Scopes::parse(name);
        InsertCode {
            by: by(&grant),
            hash: sha256(name),
            code: code_for(t, &grant),
            asked: Some(Scopes::parse(name)),
            remember: true,
            pushed: None,
            now: t.clock.now(),
        }
    };
    let (one, other) = (answer("email"), answer("profile"));
    let (one, other) = between(t, one, Nothing, store.write(other)).await;
    assert!(one.unwrap().0 && other.unwrap());
    let kept = consents::find(&mut store.reader().await.unwrap(), user, client).await.unwrap();
    assert_eq!(kept, Some(Scopes::parse("email profile")));
}
