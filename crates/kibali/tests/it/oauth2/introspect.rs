//! What a token is worth, and its end.

use kibali_testkit::seed::ADMIN;
use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::{SECRET, header, register, tokens};

async fn introspect(t: &TestApp, token: &str) -> Value {
    let answer = t.post("/oauth2/introspect").basic("app", SECRET).form(&[("token", token)]).send().await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.text());
    answer.json()
}

both!(
    fn a_live_token_is_told_and_a_dead_one_is_only_inactive(t) {
        register(t, "app", json!({})).await;
        let tokens = tokens(t, "app", "&scope=openid+username").await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(header(&tokens["access_token"]).get("typ"), None, "resource servers made with Spring take no at+jwt");
        let told = introspect(t, access).await;
        assert_eq!(told["active"], true);
        assert_eq!((&told["sub"], &told["client_id"], &told["aud"]), (&json!(ADMIN), &json!("app"), &json!("app")));
        assert_eq!((&told["scope"], &told["token_type"]), (&json!("username openid"), &json!("Bearer")));
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 300);
        let refresh = tokens["refresh_token"].as_str().unwrap();
        assert_eq!(introspect(t, refresh).await["active"], true);
        let inactive = json!({ "active": false });
        for token in ["unknown", tokens["id_token"].as_str().unwrap()] {
            assert_eq!(introspect(t, token).await, inactive);
        }
        let revoke = t.post("/oauth2/revoke").basic("app", SECRET).form(&[("token", access)]).send().await;
        assert_eq!(revoke.status, 200);
        assert_eq!(introspect(t, access).await, inactive);
        assert_eq!(t.get("/api/me").bearer(access).send().await.status, 401, "a revoked JWT opens nothing");
        assert_eq!(introspect(t, refresh).await["active"], true);
        t.post("/oauth2/revoke").basic("app", SECRET).form(&[("token", refresh)]).send().await;
        assert_eq!(introspect(t, refresh).await, inactive);
    }
);

both!(
    fn only_confidential_clients_are_told(t) {
        register(t, "app", json!({})).await;
        register(t, "public", json!({ "clientAuthenticationMethods": "none", "clientSecret": null })).await;
        let token = tokens(t, "app", "&scope=username").await["access_token"].as_str().unwrap().to_owned();
        let fields = [("token", token.as_str()), ("client_id", "public")];
        assert_eq!(t.post("/oauth2/introspect").form(&fields).send().await.status, 401);
        let missing = t.post("/oauth2/introspect").basic("app", SECRET).send().await;
        assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_request")));
    }
);

both!(
    fn a_refresh_token_is_told_to_its_own_client_and_no_other(t) {
        register(t, "app", json!({})).await;
        register(t, "other", json!({})).await;
        let tokens = tokens(t, "app", "&scope=username").await;
        let active = async |client: &str, token: &Value| {
            let form = [("token", token.as_str().unwrap())];
            let answer = t.post("/oauth2/introspect").basic(client, SECRET).form(&form).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.json()
        };
        assert_eq!(active("app", &tokens["refresh_token"]).await["active"], true);
        assert_eq!(active("other", &tokens["refresh_token"]).await, json!({ "active": false }));
        // An access token is for whoever it is sent to, and they ask what it is worth.
        assert_eq!(active("other", &tokens["access_token"]).await["active"], true);
    }
);
