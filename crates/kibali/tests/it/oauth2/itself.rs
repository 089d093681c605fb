//! Clients that act as a user (rules of the door 4).

use futures_util::future::join_all;
use kibali_model::{Clock, SigningAlgorithm};
use kibali_store::door::audit;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, import};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::assertion::key;
use super::dpop::proof;
use super::{SECRET, register, said};
use crate::freshness::caching;

const ROLE: &str = "roleservice";
const SERVICE: &str = "userservice";

/// A user with a role of its own, and a client that acts as it.
pub(super) async fn bound(t: &TestApp) {
    import(&t.app, &json!({
        "userRoles": [{ "id": ROLE, "name": "Service", "authorities": ["F_USERGROUP_PUBLIC_ADD"] }],
        "users": [{
            "id": SERVICE, "username": "nightly", "password": "Kibali_2026", "firstName": "A", "surname": "B",
            "userRoles": [{ "id": ROLE }],
        }],
    })).await;
    let more = json!({
        "authorizationGrantTypes": "client_credentials", "scopes": "username", "actsAs": { "id": SERVICE },
    });
    register(t, "nightly-job", more).await;
}

async fn ask(t: &TestApp) -> Answer {
    let fields = [("grant_type", "client_credentials")];
    t.post("/oauth2/token").basic("nightly-job", SECRET).form(&fields).send().await
}

async fn patch(t: &TestApp, path: &str, member: &str, value: Value) {
    let patch = json!([{ "op": "replace", "path": member, "value": value }]).to_string();
    let request = t.patch(path).basic(ADMIN, ADMIN_PASSWORD);
    let answer = request.body("application/json-patch+json", patch).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

both!(
    fn a_bound_client_calls_as_its_user_and_no_more(t) {
        bound(t).await;
        let answer = ask(t).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = answer.json();
        assert_eq!((tokens.get("refresh_token"), tokens.get("id_token")), (None, None));
        let claims = said(&tokens["access_token"]);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("nightly"), &json!("nightly-job")));
        let token = tokens["access_token"].as_str().unwrap();
        let me = t.get("/api/me?fields=username,authorities").bearer(token).send().await;
        assert_eq!(me.json(), json!({ "username": "nightly", "authorities": ["F_USERGROUP_PUBLIC_ADD"] }));
        assert_eq!(t.get("/api/oAuth2Clients").bearer(token).send().await.status, 403);
        patch(t, &format!("/api/users/{SERVICE}"), "/disabled", json!(true)).await;
        assert_eq!(t.get("/api/me").bearer(token).send().await.status, 401);
        let refused = ask(t).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("unauthorized_client")));
    }
);

both!(
    fn a_client_that_is_bound_to_nobody_gets_nothing(t) {
        bound(t).await;
        let clients = t.get("/api/42/oAuth2Clients?filter=clientId:eq:nightly-job&fields=id").basic(ADMIN, ADMIN_PASSWORD);
        let id = clients.send().await.json()["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
        let delete = t.delete(&format!("/api/users/{SERVICE}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(delete.status, 200, "{}", delete.text());
        let refused = ask(t).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("unauthorized_client")));
        let client = t.get(&format!("/api/42/oAuth2Clients/{id}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!((client.status, client.json().get("actsAs")), (200, None));
    }
);

both!(
    fn a_binding_lapses_with_the_authorities_of_whoever_made_it(t) {
        import(&t.app, &json!({
            "userRoles": [
                { "id": "rolemanager", "name": "Manager",
                  "authorities": ["F_OAUTH2_CLIENT_MANAGE", "ALL"] },
                { "id": "rolesmaller", "name": "Smaller", "authorities": ["F_OAUTH2_CLIENT_MANAGE"] },
                { "id": ROLE, "name": "Service", "authorities": ["F_USERGROUP_PUBLIC_ADD"] },
            ],
            "users": [
                { "id": "usermanager", "username": "manager", "password": "Kibali_2026", "firstName": "M",
                  "surname": "M", "userRoles": [{ "id": "rolemanager" }] },
                { "id": SERVICE, "username": "nightly", "password": "Kibali_2026", "firstName": "A",
                  "surname": "B", "userRoles": [{ "id": ROLE }] },
            ],
        })).await;
        let client = json!({
            "name": "Nightly", "clientId": "nightly-job", "clientSecret": SECRET,
            "authorizationGrantTypes": "client_credentials", "scopes": "username", "actsAs": { "id": SERVICE },
        });
        let created = t.post("/api/42/oAuth2Clients").basic("manager", "Kibali_2026").json(&client).send().await;
        assert_eq!(created.status, 201, "{}", created.text());
        assert_eq!(ask(t).await.status, 200);
        patch(t, "/api/users/usermanager", "/userRoles", json!([{ "id": "rolesmaller" }])).await;
        let lapsed = ask(t).await;
        assert_eq!((lapsed.status, &lapsed.json()["error"]), (400, &json!("unauthorized_client")));
        assert!(lapsed.json()["error_description"].as_str().unwrap().contains("binds it anew"));
    }
);

async fn grants(t: &TestApp) -> i64 {
    let mut reader = t.app.store.reader().await.unwrap();
    let sql = "select cast(count(*) as bigint) from oauth_grant where grant_type = 'client_credentials'";
    reader.rows_composed(sql, Vec::new()).await.unwrap()[0].int(0).unwrap()
}

both!(
    fn a_client_that_asks_again_keeps_its_grant(t) {
        bound(t).await;
        let token = async || ask(t).await.json()["access_token"].as_str().unwrap().to_owned();
        let opens = async |token: &str| t.get("/api/me").bearer(token).send().await.status;
        let (one, two) = (token().await, token().await);
        assert_eq!((opens(&one).await, opens(&two).await, grants(t).await), (200, 200, 1));
        let form = [("token", one.as_str())];
        t.post("/oauth2/revoke").basic("nightly-job", SECRET).form(&form).send().await;
        assert_eq!((opens(&one).await, opens(&two).await), (401, 200), "a revoked token goes alone");
        // Keys are of tokens, not of the grant.
        for key in [key(SigningAlgorithm::Es256), key(SigningAlgorithm::EdDsa)] {
            let proof = proof(t, &key, "POST", "/oauth2/token", &json!({}));
            let request = t.post("/oauth2/token").basic("nightly-job", SECRET).header("dpop", &proof);
            let bound = request.form(&[("grant_type", "client_credentials")]).send().await.json();
            assert_eq!(said(&bound["access_token"])["cnf"]["jkt"], key.public().thumbprint());
        }
        assert_eq!((opens(&two).await, grants(t).await), (200, 1));
        patch(t, &format!("/api/users/{SERVICE}"), "/password", json!("Another_2026")).await;
        let three = token().await;
        assert_eq!((opens(&three).await, grants(t).await), (200, 2), "a decision on another account is another grant");
    }
);

both!(
    fn a_script_that_asks_without_end_fills_no_table(t) {
        bound(t).await;
        let mut first = None;
        for _ in 0..103 {
            t.clock.advance_seconds(1);
            let token = ask(t).await.json()["access_token"].as_str().unwrap().to_owned();
            first.get_or_insert(token);
        }
        assert_eq!(t.get("/api/me").bearer(&first.unwrap()).send().await.status, 401);
        let last = ask(t).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(t.get("/api/me").bearer(&last).send().await.status, 200);
    }
);

both!(
    fn what_made_room_is_counted_anew(t) {
        caching(&t.app).await;
        bound(t).await;
        let mut held = 0;
        // Between two rooms there are more and more: nobody goes on making room after the first time.
        for _ in 0..130 {
            assert_eq!(ask(t).await.status, 200);
            let sql = "select count(*) from access_token";
            let rows = t.app.store.reader().await.unwrap().rows_composed(sql, Vec::new()).await.unwrap();
            held = rows[0].int(0).unwrap();
            assert!(held <= 102, "{held}");
        }
        assert!((60..100).contains(&held), "{held}");
    }
);

both!(
    fn a_client_that_asks_again_writes_its_grant_once_a_minute(t) {
        caching(&t.app).await;
        bound(t).await;
        let used = async || {
            let sql = "select last_used from oauth_grant where grant_type = 'client_credentials'";
            let rows = t.app.store.reader().await.unwrap().rows_composed(sql, Vec::new()).await.unwrap();
            rows.iter().map(|row| row.time(0).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!((ask(t).await.status, used().await), (200, vec![t.clock.now()]));
        // What was found while something changed is not remembered: the log of changes may still come in.
        while used().await == [t.clock.now()] {
            t.clock.advance_seconds(1);
            assert_eq!(ask(t).await.status, 200);
        }
        let begun = used().await[0];
        t.clock.advance_seconds(59 - t.clock.now().seconds_since(begun));
        let before = t.app.store.commits();
        let token = ask(t).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!((used().await, t.app.store.commits()), (vec![begun], before + 1));
        assert_eq!(t.get("/api/me").bearer(&token).send().await.status, 200);
        let newest = &audit::newest(&mut t.app.store.reader().await.unwrap(), 1).await.unwrap()[0];
        assert_eq!((newest.name.as_str(), newest.at), ("token.issued", t.clock.now()));
        assert_eq!(newest.detail["by"], "client_credentials");
        assert!(newest.user.is_some() && newest.client.is_some() && newest.address.is_some(), "{newest:?}");
        t.clock.advance_seconds(1);
        assert_eq!((ask(t).await.status, used().await), (200, vec![t.clock.now()]));
    }
);

both!(
    fn a_grant_that_was_ended_gets_no_further_tokens(t) {
        caching(&t.app).await;
        bound(t).await;
        let token = async || ask(t).await.json()["access_token"].as_str().unwrap().to_owned();
        let opens = async |token: &str| t.get("/api/me").bearer(token).send().await.status;
        let (one, two) = (token().await, token().await);
        let list = t.get("/api/42/oAuth2Authorizations").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
        let id = list["oAuth2Authorizations"][0]["id"].as_str().unwrap().to_owned();
        let ended = t.delete(&format!("/api/42/oAuth2Authorizations/{id}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!((ended.status, opens(&one).await, opens(&two).await), (204, 401, 401));
        let three = token().await;
        assert_eq!((opens(&three).await, grants(t).await), (200, 2));
    }
);

both!(
    fn scripts_that_ask_at_once_all_get_their_tokens_and_fill_no_table(t) {
        caching(&t.app).await;
        bound(t).await;
        for _ in 0..5 {
            let answers = join_all((0..40).map(|_| ask(t))).await;
            assert!(answers.iter().all(|answer| answer.status == 200), "{}", answers[0].text());
        }
        let sql = "select cast(count(*) as bigint) from access_token";
        let rows = t.app.store.reader().await.unwrap().rows_composed(sql, Vec::new()).await.unwrap();
        // Whoever asks while room is made does not wait for it.
        assert!((50..=150).contains(&rows[0].int(0).unwrap()), "{rows:?}");
    }
);
