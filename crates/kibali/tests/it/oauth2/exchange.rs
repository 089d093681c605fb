//! A token for a token of another client (RFC 8693, rules of the door 4).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{SECRET, register, said, tokens};

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
