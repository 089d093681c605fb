//! A token for a token of another client (RFC 8693, rules of the door 4).

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId};
use kibali_store::door::cuts::{CutGrant, Cutter};
use kibali_store::door::ends::RevokeToken;
use kibali_store::door::grants::{IssueGrant, Parent, issued};
use kibali_store::door::tokens::{FurtherTokens, NewTokens, find_access};
use kibali_store::{Engine, door::clients};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{SECRET, register, said, tokens};
use crate::between::{Nothing, between};
use crate::foundation::admin;
use crate::grants::{asked_for, issue_by, minted};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

/// `app`, whose tokens `service` may exchange, whose tokens `deep` may exchange.
async fn chain(t: &TestApp) {
    register(t, "app", json!({})).await;
    chain_of(t).await;
}

/// The same, of an `app` that is there.
pub(super) async fn chain_of(t: &TestApp) {
    for (id, of) in [("service", "app"), ("deep", "service"), ("deeper", "deep")] {
        let more =
            json!({ "authorizationGrantTypes": GRANT, "exchangesFor": [of], "scopes": "username,email" });
        register(t, id, more).await;
    }
}

pub(super) async fn exchange(t: &TestApp, client: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS)];
    t.post("/oauth2/token").basic(client, SECRET).form(&[&fields[..], more].concat()).send().await
}

fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn opens(t: &TestApp, token: &str) -> bool {
    t.get("/api/me").bearer(token).send().await.status == 200
}

both!(
    fn a_service_calls_on_as_the_same_user_with_less(t) {
        chain(t).await;
        let first = access(&tokens(t, "app", "&scope=openid+username").await);
        t.clock.advance_seconds(100);
        let answer = exchange(t, "service", &first, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let second = answer.json();
        assert_eq!(second["issued_token_type"], ACCESS);
        assert_eq!((&second["scope"], &second["expires_in"]), (&json!("username"), &json!(200)));
        assert_eq!((second.get("refresh_token"), second.get("id_token")), (None, None));
        let claims = said(&second["access_token"]);
        assert_eq!((&claims["sub"], &claims["act"]), (&json!(ADMIN), &json!({ "sub": "service" })));
        let second = access(&second);
        assert!(opens(t, &second).await);
        let third = exchange(t, "deep", &second, &[]).await.json();
        let nested = json!({ "sub": "deep", "act": { "sub": "service" } });
        assert_eq!(said(&third["access_token"])["act"], nested);
        let third = access(&third);
        let told = t.post("/oauth2/introspect").basic("app", SECRET).form(&[("token", third.as_str())]).send().await;
        assert_eq!((&told.json()["client_id"], &told.json()["act"]), (&json!("deep"), &nested));
        let fourth = exchange(t, "deeper", &third, &[]).await;
        assert_eq!((fourth.status, &fourth.json()["error"]), (400, &json!("invalid_request")));
        t.clock.advance_seconds(200);
        assert!(!opens(t, &second).await && !opens(t, &third).await, "none outlives the first");
    }
);

both!(
    fn what_was_exchanged_ends_with_what_it_was_exchanged_from(t) {
        chain(t).await;
        let first = tokens(t, "app", "&scope=username").await;
        let second = access(&exchange(t, "service", &access(&first), &[]).await.json());
        let third = access(&exchange(t, "deep", &second, &[]).await.json());
        assert!(opens(t, &second).await && opens(t, &third).await);
        let refresh = first["refresh_token"].as_str().unwrap();
        t.post("/oauth2/revoke").basic("app", SECRET).form(&[("token", refresh)]).send().await;
        assert!(!opens(t, &second).await && !opens(t, &third).await);
        assert_eq!(exchange(t, "service", &access(&first), &[]).await.json()["error"], "invalid_request");

        let first = access(&tokens(t, "app", "&scope=username").await);
        let second = access(&exchange(t, "service", &first, &[]).await.json());
        let third = access(&exchange(t, "deep", &second, &[]).await.json());
        assert!(opens(t, &third).await);
        t.post("/oauth2/revoke").basic("service", SECRET).form(&[("token", second.as_str())]).send().await;
        assert!(opens(t, &first).await && !opens(t, &third).await, "it ends with the link it came from");

        let second = access(&exchange(t, "service", &first, &[]).await.json());
        assert!(opens(t, &second).await);
        let found = t.get("/api/42/oAuth2Clients?filter=clientId:eq:app&fields=id").basic(ADMIN, ADMIN_PASSWORD).send().await;
        let uid = found.json()["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
        let deleted = t.delete(&format!("/api/oAuth2Clients/{uid}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        assert!(!opens(t, &second).await, "the client it came from was deleted");
    }
);

both!(
    fn nothing_is_exchanged_from_nothing_or_from_what_is_not_the_clients_to_exchange(t) {
        chain(t).await;
        let first = tokens(t, "app", "&scope=openid+username+email").await;
        let token = access(&first);
        for (client, subject) in [
            ("deep", token.as_str()),
            ("service", "unknown"),
            ("service", first["refresh_token"].as_str().unwrap()),
            ("service", first["id_token"].as_str().unwrap()),
        ] {
            let refused = exchange(t, client, subject, &[]).await;
            assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_request")), "{client}");
        }
        for (more, error) in [
            (("scope", "openid"), "invalid_scope"),
            (("scope", "ALL"), "invalid_scope"),
            (("actor_token", "x"), "invalid_request"),
            (("audience", "x"), "invalid_request"),
        ] {
            let refused = exchange(t, "service", &token, &[more]).await;
            assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(error)), "{more:?}");
        }
        let off = exchange(t, "app", &token, &[]).await;
        assert_eq!(off.json()["error"], "unauthorized_client", "it is off unless it was allowed");
        let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let legacy = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await.json();
        assert_eq!(exchange(t, "service", &access(&legacy), &[]).await.status, 400);
    }
);

/// What exchanges the access token called `{of} access` of the grant.
async fn from(t: &TestApp, grant: i64, of: &str, id: i64) -> IssueGrant {
    let mut exchange = asked_for(t, id, &format!("{id}"), GrantType::TokenExchange).await;
    exchange.grant.parent = Some(Parent { grant, token: sha256(format!("{of} access")) });
    exchange.tokens.refresh = None;
    exchange
}

fn revoke(t: &TestApp, token: &str, client: ObjectId) -> RevokeToken {
    RevokeToken { hash: sha256(token), client, now: t.clock.now() }
}

/// Is the access token of this grant kept?
async fn kept(t: &TestApp, id: i64) -> bool {
    let mut reader = t.app.store.reader().await.unwrap();
    find_access(&mut reader, sha256(format!("{id} access"))).await.unwrap().is_some()
}

both!(
    fn nothing_is_exchanged_from_a_token_that_was_revoked_meanwhile(t) {
        let client = issue_by(t, 1, "first", GrantType::AuthorizationCode).await;
        let further = FurtherTokens {
            grant: 1,
            user: from(t, 1, "first", 2).await.grant.user,
            client,
            tokens: NewTokens { refresh: None, ..minted(t, "further") },
            event: "token.issued",
            detail: issued(1, GrantType::AuthorizationCode),
            address: String::new(),
            now: t.clock.now(),
        };
        further.add(&t.app.store).await.unwrap();
        issue_by(t, 10, "other", GrantType::AuthorizationCode).await;
        let store = &t.app.store;
        assert_eq!(store.write(from(t, 1, "first", 2).await).await.unwrap(), Some(2));
        assert_eq!(store.write(from(t, 2, "2", 3).await).await.unwrap(), Some(3));
        store.write(revoke(t, "first access", client)).await.unwrap();
        assert!(!kept(t, 2).await && !kept(t, 3).await);
        // Some node found it before that.
        assert_eq!(store.write(from(t, 1, "first", 4).await).await.unwrap(), None);
        assert_eq!(store.write(from(t, 1, "other", 5).await).await.unwrap(), None, "a token of another grant");
        assert_eq!(store.write(from(t, 2, "2", 6).await).await.unwrap(), None);
        assert_eq!(store.write(from(t, 1, "further", 7).await).await.unwrap(), Some(7), "the grant stands");
        for id in [4, 5, 6] {
            assert!(!kept(t, id).await);
        }
    }
);

/// On PostgreSQL alone: on SQLite one writes after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exchanged_while_it_is_cut_ends_with_it_or_is_not_had() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    register(t, "app", json!({})).await;
    let (app, uid) = {
        let mut reader = t.app.store.reader().await.unwrap();
        let app = clients::by_client_id(&mut reader, "app").await.unwrap().unwrap().client;
        (app.object, app.uid)
    };
    let store = &t.app.store;
    for (id, way) in [(10, "access token"), (20, "refresh token"), (30, "grant"), (40, "client")] {
        let name = format!("{id}");
        let mut parent = asked_for(t, id, &name, GrantType::AuthorizationCode).await;
        parent.grant.client = app;
        let user = parent.grant.user;
        assert!(store.write(parent).await.unwrap().is_some());
        let other = async {
            match way {
                "access token" => store.write(revoke(t, &format!("{id} access"), app)).await.unwrap(),
                "refresh token" => store.write(revoke(t, &format!("{id} refresh"), app)).await.unwrap(),
                "grant" => {
                    let by = Cutter { user, address: String::new() };
                    assert!(store.write(CutGrant { grant: id, by, now: t.clock.now() }).await.unwrap());
                }
                _ => {
                    let deleted = admin(t.delete(&format!("/api/oAuth2Clients/{uid}"))).send().await;
                    assert_eq!(deleted.status, 200, "{}", deleted.text());
                }
            }
        };
        let exchanged = between(t, from(t, id, &name, id + 1).await, Nothing, other).await.0;
        assert_eq!(exchanged.unwrap().0, Some(id + 1));
        assert!(!kept(t, id + 1).await, "{way}");
    }
    let client = issue_by(t, 50, "50", GrantType::AuthorizationCode).await;
    let exchange = store.write(from(t, 50, "50", 51).await);
    let exchanged = between(t, revoke(t, "50 access", client), Nothing, exchange).await.1;
    assert_eq!(exchanged.unwrap(), None);
}
