//! Nobody grows by editing a client (rules of the door 4): tried by somebody who may manage clients and nothing else.

use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::seed::import;
use kibali_testkit::{Request, TestApp, both};
use serde_json::{Value, json};

use super::{made, shown};

const MANAGER: (&str, &str) = ("manager", "Kibali_2026");

fn manager(request: Request) -> Request {
    request.basic(MANAGER.0, MANAGER.1)
}

/// A manager of clients, a user with more, and one with as much.
async fn people(t: &TestApp) {
    let role = |id: &str, authorities: &[&str]| json!({ "id": id, "name": id, "authorities": authorities });
    let user = |id: &str, name: &str, role: &str| json!({ "id": id, "username": name, "password": MANAGER.1, "firstName": name, "surname": "X", "userRoles": [{ "id": role }] });
    import(&t.app, &json!({
        "userRoles": [
            role("roleManage1", &["F_OAUTH2_CLIENT_MANAGE", "F_USER_VIEW", "F_METADATA_IMPORT", "F_DATAVALUE_ADD"]),
            role("roleGreater", &["F_DATAVALUE_ADD", "F_SYSTEM_SETTING"]),
            role("roleLesser1", &["F_DATAVALUE_ADD"]),
        ],
        "users": [user("userManager", MANAGER.0, "roleManage1"), user("userGreater", "greater", "roleGreater"), user("userLesser1", "lesser", "roleLesser1")],
    })).await;
}

/// A change of a client, by every path there is; each answer's status, REST first.
async fn every_path(t: &TestApp, uid: &str, client: &Value, change: &Value) -> Vec<u16> {
    let mut body = client.clone();
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let mut statuses = Vec::new();
    let path = format!("/api/42/oAuth2Clients/{uid}");
    statuses.push(manager(t.put(&path)).json(&body).send().await.status);
    let operations: Vec<Value> = change
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| json!({ "op": "add", "path": format!("/{key}"), "value": value }))
        .collect();
    let patch =
        manager(t.patch(&path)).body("application/json-patch+json", Value::from(operations).to_string());
    statuses.push(patch.send().await.status);
    body["id"] = json!(uid);
    for query in ["", "?mergeMode=MERGE", "?atomicMode=NONE"] {
        let import = manager(t.post(&format!("/api/42/metadata{query}")))
            .json(&json!({ "oAuth2Clients": [body.clone()] }));
        statuses.push(import.send().await.status);
    }
    statuses
}

both!(
    fn what_needs_all_is_refused_on_every_path(t) {
        people(t).await;
        let uid = made(t, 42, &json!({ "clientId": "app", "authorizationGrantTypes": "authorization_code", "redirectUris": "https://a.example/cb" })).await;
        let before = shown(t, 42, &uid, ":owner").await;
        let settings = r#"{"settings.client.require-proof-key":true,"settings.client.require-authorization-consent":false}"#;
        for change in [
            json!({ "clientSettings": settings }),
            json!({ "authorizationGrantTypes": "authorization_code,client_credentials", "actsAs": { "id": "userLesser1" } }),
            json!({ "authorizationGrantTypes": "authorization_code,urn:ietf:params:oauth:grant-type:device_code" }),
            json!({ "authorizationGrantTypes": "authorization_code,urn:ietf:params:oauth:grant-type:token-exchange" }),
            json!({ "actsAs": { "id": "userGreater" } }),
            json!({ "actsAs": { "id": "M5zQapPyTZI" } }),
        ] {
            assert_eq!(every_path(t, &uid, &before, &change).await, [409; 5], "{change}");
            assert_eq!(shown(t, 42, &uid, ":owner").await, before, "{change}");
            // Nor on a new one, in either dialect.
            let mut new = before.clone();
            new.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            for key in ["id", "name"] {
                new.as_object_mut().unwrap().remove(key);
            }
            new["clientId"] = json!("new");
            new["name"] = json!("New");
            for version in [41, 42] {
                let answer = manager(t.post(&format!("/api/{version}/oAuth2Clients"))).json(&new).send().await;
                assert_eq!(answer.status, 409, "{version} {new}: {}", answer.text());
            }
        }
        // What needs no more than the authority to manage is done.
        let change = json!({ "redirectUris": "https://b.example/cb", "actsAs": { "id": "userLesser1" } });
        assert_eq!(every_path(t, &uid, &before, &change).await, [200; 5]);
        assert_eq!(shown(t, 42, &uid, "actsAs").await["actsAs"]["id"], "userLesser1");
    }
);

both!(
    fn a_client_that_asks_nobody_is_changed_only_by_whoever_holds_all(t) {
        people(t).await;
        let settings = r#"{"settings.client.require-proof-key":true,"settings.client.require-authorization-consent":false}"#;
        let uid = made(t, 42, &json!({ "clientId": "app", "authorizationGrantTypes": "authorization_code", "redirectUris": "https://a.example/cb", "scopes": "openid", "clientSettings": settings })).await;
        let before = shown(t, 42, &uid, ":owner").await;
        let keys = r#"{"settings.client.require-proof-key":true,"settings.client.require-authorization-consent":false,"settings.client.jwk-set-url":"https://evil.example/jwks"}"#;
        for change in [
            json!({ "redirectUris": "https://a.example/cb,https://evil.example/cb" }),
            json!({ "scopes": "openid,username" }),
            json!({ "clientSecret": "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6" }),
            json!({ "clientAuthenticationMethods": "none" }),
            json!({ "clientSettings": keys }),
        ] {
            assert_eq!(every_path(t, &uid, &before, &change).await, [409; 5], "{change}");
            assert_eq!(shown(t, 42, &uid, ":owner").await, before, "{change}");
        }
        // What lets nobody in is the manager's to change; and all of it, once people are asked again.
        assert_eq!(every_path(t, &uid, &before, &json!({ "name": "Renamed" })).await, [200; 5]);
        let asking = settings.replace("consent\":false", "consent\":true");
        let change = json!({ "clientSettings": asking, "redirectUris": "https://b.example/cb" });
        assert_eq!(every_path(t, &uid, &before, &change).await, [200; 5]);
    }
);

both!(
    fn a_client_that_acts_as_somebody_greater_is_not_touched(t) {
        people(t).await;
        let uid = made(t, 42, &json!({ "clientId": "robot", "authorizationGrantTypes": "client_credentials", "actsAs": { "id": "userGreater" } })).await;
        let before = shown(t, 42, &uid, ":owner").await;
        for change in [
            json!({ "clientSecret": "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6" }),
            json!({ "redirectUris": "https://evil.example" }),
            json!({ "scopes": "ALL" }),
            json!({ "name": "Renamed" }),
            json!({ "actsAs": { "id": "userLesser1" } }),
            json!({ "clientAuthenticationMethods": "none" }),
            json!({ "tokenSettings": r#"{"settings.token.access-token-time-to-live":99999}"# }),
        ] {
            assert_eq!(every_path(t, &uid, &before, &change).await, [409; 5], "{change}");
            assert_eq!(shown(t, 42, &uid, ":owner").await, before, "{change}");
        }
        // The old words reach it as little.
        let body = json!({ "name": "robot", "cid": "robot", "grantTypes": ["client_credentials"], "secret": "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6" });
        assert_eq!(manager(t.put(&format!("/api/41/oAuth2Clients/{uid}"))).json(&body).send().await.status, 409);
        // One that acts as somebody with no more than the manager has is the manager's to change.
        let robot = made(t, 42, &json!({ "clientId": "small", "authorizationGrantTypes": "client_credentials", "actsAs": { "id": "userLesser1" } })).await;
        let rename = json!({ "oAuth2Clients": [{ "id": robot, "clientId": "renamed", "authorizationGrantTypes": "client_credentials" }] });
        assert_eq!(manager(t.post("/api/42/metadata?mergeMode=MERGE")).json(&rename).send().await.status, 200);
    }
);

both!(
    fn a_grant_without_people_needs_a_user(t) {
        let answer = crate::registry::post(t, 42, &json!({ "clientId": "x", "authorizationGrantTypes": "client_credentials" })).await;
        assert!(answer.status == 409 && answer.text().contains("name one in `actsAs`"), "{}", answer.text());
        let answer = crate::registry::post(t, 42, &json!({ "clientId": "x", "authorizationGrantTypes": "client_credentials", "actsAs": { "id": "nobodyThere" } })).await;
        assert!(answer.status == 409 && answer.text().contains("E5002"), "{}", answer.text());
    }
);

both!(
    fn adding_an_address_or_a_scope_asks_people_again(t) {
        let client = json!({ "clientId": "app", "authorizationGrantTypes": "authorization_code", "redirectUris": "https://a.example/cb", "scopes": "openid" });
        let uid = made(t, 42, &client).await;
        let id = kept(t, "app").await.object;
        let allow = async || t.app.store.write(Allow(id, t.app.now())).await.unwrap();
        let remembered = async || {
            let mut reader = t.app.store.reader().await.unwrap();
            kibali_store::door::consents::find(&mut reader, USER, id).await.unwrap().is_some()
        };
        for (change, stays) in [
            (json!({ "name": "Other" }), true),
            (json!({ "tokenSettings": r#"{"settings.token.access-token-time-to-live":60}"# }), true),
            (json!({ "redirectUris": "https://a.example/cb,https://b.example/cb" }), false),
            (json!({ "scopes": "openid,username" }), false),
            (json!({ "scopes": "openid" }), true),
        ] {
            allow().await;
            let body = shown(t, 42, &uid, ":owner").await;
            let mut body = body.as_object().unwrap().clone();
            body.extend(change.as_object().unwrap().clone());
            assert_eq!(crate::registry::put(t, 42, &uid, &body.into()).await.status, 200, "{change}");
            assert_eq!(remembered().await, stays, "{change}");
        }
    }
);

both!(
    fn a_client_bound_by_whoever_runs_the_server_gets_its_tokens(t) {
        people(t).await;
        let secret = "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6";
        import(&t.app, &json!({ "oAuth2Clients": [{
            "name": "Robot", "cid": "robot", "secret": secret, "grantTypes": ["client_credentials"], "actsAs": { "id": "userLesser1" }
        }] })).await;
        let robot = kept(t, "robot").await;
        assert!(robot.acts_as.is_some() && robot.bound_by.is_none());
        let form = [("grant_type", "client_credentials")];
        let answer = t.post("/oauth2/token").basic("robot", secret).form(&form).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(t.get("/api/me").bearer(&token).send().await.json()["username"], "lesser");
    }
);

/// Somebody who allowed something.
const USER: kibali_model::ObjectId = kibali_model::ObjectId(77);

async fn kept(t: &TestApp, id: &str) -> kibali_model::Client {
    let found = kibali_store::door::clients::by_client_id(&mut t.app.store.reader().await.unwrap(), id).await;
    found.unwrap().unwrap().client
}

/// Remembers that [`USER`] allowed a client something.
struct Allow(kibali_model::ObjectId, kibali_model::Timestamp);

impl Write for Allow {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let keep = "insert into consent (user_object, client, scope, created, updated) values ($1, $2, 'openid', $3, $3)
                    on conflict do nothing";
        tx.run_composed(keep, vec![USER.into(), self.0.into(), self.1.into()]).await?;
        Ok(())
    }
}
