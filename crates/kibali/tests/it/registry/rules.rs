//! What a client may be (modern reference 2.2, and what Kibali adds).

use kibali_testkit::both;
use serde_json::{Value, json};

use super::{made, patch, post, put, shown};
use crate::foundation::admin;

fn client(key: &str, value: Value) -> Value {
    let mut client = json!({ "clientId": "app", "authorizationGrantTypes": "authorization_code,refresh_token",
                             "redirectUris": "https://a.example/cb", "scopes": "openid,username" });
    client[key] = value;
    client
}

fn settings(proof_key: &Value, consent: &Value) -> Value {
    let both = json!({ "settings.client.require-proof-key": proof_key, "settings.client.require-authorization-consent": consent });
    Value::from(both.to_string())
}

both!(
    fn what_dhis2_refuses_is_refused_on_every_path(t) {
        let uid = made(t, 42, &json!({ "clientId": "there", "authorizationGrantTypes": "authorization_code", "redirectUris": "https://a.example/cb" })).await;
        let before = shown(t, 42, &uid, "*").await;
        let text = |text: &str| Value::from(text);
        for (key, value, said) in [
            ("clientId", text("system-dcr-registrar-client"), "reserved"),
            ("clientId", text("a b"), "client id"),
            ("authorizationGrantTypes", text("authorization_code,implicit"), "Invalid grant type: 'implicit'"),
            ("scopes", text("client.create"), "reserved"),
            ("scopes", text("client.anything"), "reserved"),
            ("scopes", text("openid,evil"), "Invalid scope: 'evil'. Allowed scopes are: ALL, api:read, email, openid, profile, username."),
            ("redirectUris", text("javascript:alert(1)"), "Invalid redirect URI"),
            ("redirectUris", text("https://a.example/cb,data:text/html;x"), "Invalid redirect URI"),
            ("redirectUris", text("file:///etc/passwd"), "Invalid redirect URI"),
            ("redirectUris", text("intent://scan"), "Invalid redirect URI"),
            ("redirectUris", text("myapp://cb"), "Invalid redirect URI"),
            ("postLogoutRedirectUris", text("javascript:alert(1)"), "Invalid redirect URI"),
            ("clientAuthenticationMethods", text("tls_client_auth"), "Invalid client authentication method"),
            ("clientAuthenticationMethods", text("none,client_secret_post"), "stands alone"),
            ("clientSettings", text("{"), "Invalid clientSettings JSON"),
            ("clientSettings", text("{}"), "require-proof-key is missing"),
            ("clientSettings", settings(&json!("yes"), &json!(true)), "true or false"),
            ("clientSettings", settings(&json!(false), &json!(true)), "PKCE cannot be disabled"),
            ("tokenSettings", text("[]"), "Invalid tokenSettings JSON"),
            ("profile", text("fastest"), "fastest"),
        ] {
            let body = client(key, value.clone());
            let answer = post(t, 42, &body).await;
            assert_eq!(answer.status, 409, "{key}={value}: {}", answer.text());
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
            if key != "profile" && said != "client id" {
                assert_eq!(answer.json()["errorCode"], "E4000", "{}", answer.text());
                assert!(answer.json()["message"].as_str().unwrap().starts_with("Missing required property `"));
            }
            let mut body = body;
            body["clientId"] = if key == "clientId" { value.clone() } else { json!("there") };
            assert_eq!(put(t, 42, &uid, &body).await.status, 409, "PUT {key}={value}");
            let operations = json!([{ "op": "replace", "path": format!("/{key}"), "value": value }]);
            assert_eq!(patch(t, 42, &uid, &operations).await.status, 409, "PATCH {key}={value}");
            body["id"] = json!(uid);
            let import = admin(t.post("/api/42/metadata")).json(&json!({ "oAuth2Clients": [body] })).send().await;
            assert!(import.status == 409 && import.text().contains(said), "{}", import.text());
            assert_eq!(shown(t, 42, &uid, "*").await, before);
        }
    }
);

both!(
    fn codes_of_the_strictest_clients_go_by_https(t) {
        let mut body = client("redirectUris", json!("http://app.example.org/cb,http://127.0.0.1/cb"));
        body["clientId"] = json!("clear");
        let uid = made(t, 42, &body).await;
        body["profile"] = json!("fapi2");
        let refused = put(t, 42, &uid, &body).await;
        let said = "Invalid redirect URI: 'http://app.example.org/cb'. For a client of the profile fapi2";
        assert!(refused.status == 409 && refused.text().contains(said), "{}", refused.text());
        body["redirectUris"] = json!("https://app.example.org/cb,http://127.0.0.1/cb");
        assert_eq!(put(t, 42, &uid, &body).await.status, 200);
    }
);

both!(
    fn what_kibali_adds_is_taken(t) {
        for (number, (key, value)) in [
            ("redirectUris", json!("dhis2oauth://oauth,org.example.app:/cb")),
            ("scopes", json!("ALL,api:read")),
            ("scopes", json!("openid username")),
            ("authorizationGrantTypes", json!("password,urn:ietf:params:oauth:grant-type:device_code")),
            ("profile", json!("fapi2")),
            ("clientSettings", settings(&json!(true), &json!(false))),
        ]
        .into_iter()
        .enumerate()
        {
            let mut body = client(key, value);
            body["clientId"] = json!(format!("app{number}"));
            made(t, 42, &body).await;
        }
        let path = "/api/systemSettings/deviceEnrollmentRedirectAllowlist?value=myapp://cb";
        assert_eq!(admin(t.post(path)).send().await.status, 200);
        made(t, 42, &client("redirectUris", json!("myapp://cb"))).await;
    }
);

both!(
    fn a_new_public_client_rotates_its_refresh_tokens_for_thirty_days(t) {
        let uid = made(t, 42, &client("clientAuthenticationMethods", json!("none"))).await;
        let client = shown(t, 42, &uid, "tokenSettings,profile,clientSettings").await;
        assert_eq!(client["profile"], "standard");
        let tokens: Value = serde_json::from_str(client["tokenSettings"].as_str().unwrap()).unwrap();
        assert_eq!(tokens["settings.token.reuse-refresh-tokens"], false);
        assert_eq!(tokens["settings.token.refresh-token-time-to-live"], json!(["java.time.Duration", 2_592_000]));
        assert!(client["clientSettings"].as_str().unwrap().contains("require-proof-key\":true"));
        let answer = post(t, 42, &json!({ "clientId": "other", "clientAuthenticationMethods": "none" })).await;
        assert!(answer.status == 201 && answer.json()["response"].get("clientSecret").is_none(), "{}", answer.text());
    }
);

both!(
    fn a_client_of_before_can_be_sent_again_as_it_is(t) {
        // PKCE is not asked of a client of 2.41, and nobody made it ask by looking at it from 2.42.
        let body = shown(t, 42, "e0jkVfDkSMT", ":owner").await;
        assert!(body["clientSettings"].as_str().unwrap().contains("require-proof-key\":false"), "{body}");
        assert_eq!(put(t, 42, "e0jkVfDkSMT", &body).await.status, 200);
        assert_eq!(shown(t, 42, "e0jkVfDkSMT", ":owner").await, body);
        // A PUT in DHIS2's own words keeps the name and what only Kibali has.
        let body = json!({ "clientId": "demo", "authorizationGrantTypes": "password", "redirectUris": "", "scopes": "ALL" });
        assert_eq!(put(t, 42, "e0jkVfDkSMT", &body).await.status, 200);
        let client = shown(t, 42, "e0jkVfDkSMT", "name,profile,redirectUris").await;
        assert_eq!(client, json!({ "name": "Demo", "profile": "legacy" }));
    }
);
