//! How long what a client holds is good for, where the client says so itself.

use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::{SECRET, allow, asking, device, member, redeem, register, said, signed_in};

async fn code(t: &TestApp) -> String {
    let page = allow(&mut signed_in(t).await, &asking("app", "&scope=openid+username")).await;
    member(&page, "code").unwrap()
}

async fn error(t: &TestApp, fields: &[(&str, &str)]) -> Value {
    let answer = t.post("/oauth2/token").basic("app", SECRET).form(fields).send().await;
    if answer.status == 200 { json!(null) } else { answer.json()["error"].clone() }
}

both!(
    fn a_clients_own_lifetimes_hold_to_the_second(t) {
        let grants = format!("authorization_code,refresh_token,{}", device::GRANT);
        let settings = json!({
            "settings.token.authorization-code-time-to-live": 45,
            "settings.token.access-token-time-to-live": 120,
            "settings.token.refresh-token-time-to-live": 900,
            "settings.token.device-code-time-to-live": 75,
        });
        register(t, "app", json!({ "authorizationGrantTypes": grants, "tokenSettings": settings.to_string() })).await;

        let (early, late) = (code(t).await, code(t).await);
        t.clock.advance_seconds(44);
        let tokens = redeem(t, "app", &early).await.json();
        t.clock.advance_seconds(1);
        assert_eq!(redeem(t, "app", &late).await.json()["error"], "invalid_grant", "a code of 45 s");

        // One second has passed since they were made.
        let claims = said(&tokens["access_token"]);
        assert_eq!(tokens["expires_in"], 120);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
        let opens = async || t.get("/api/me").bearer(tokens["access_token"].as_str().unwrap()).send().await.status;
        t.clock.advance_seconds(118);
        assert_eq!(opens().await, 200);
        t.clock.advance_seconds(1);
        assert_eq!(opens().await, 401, "an access token of 120 s");

        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        t.clock.advance_seconds(900 - 121);
        assert_eq!(error(t, &refresh).await, json!(null));
        t.clock.advance_seconds(1);
        assert_eq!(error(t, &refresh).await, "invalid_grant", "a refresh token of 900 s");

        let told = t.post("/oauth2/device_authorization").basic("app", SECRET).send().await.json();
        assert_eq!(told["expires_in"], 75);
        let poll = [("grant_type", device::GRANT), ("device_code", told["device_code"].as_str().unwrap())];
        t.clock.advance_seconds(74);
        assert_eq!(error(t, &poll).await, "authorization_pending");
        t.clock.advance_seconds(1);
        assert_eq!(error(t, &poll).await, "expired_token", "a device code of 75 s");
    }
);
