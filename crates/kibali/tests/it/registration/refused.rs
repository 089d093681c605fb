//! What registers nothing, and what the tokens of registration do not open.

use std::sync::Arc;

use kibali_crypto::sha256;
use kibali_model::{Clock, ObjectId};
use kibali_store::Engine;
use kibali_store::door::registrations::{RegisterClient, Way};
use kibali_store::objects::write::{Hashes, WriteChanges};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{REGISTER, android, invitation, register};
use crate::between::{Nothing, between};
use crate::oauth2::CALLBACK;

both!(
    fn only_an_initial_access_token_registers(t) {
        let body = android(json!({}));
        for request in [t.post(REGISTER), t.post(REGISTER).bearer("x"), crate::foundation::admin(t.post(REGISTER))] {
            let answer = request.json(&body).send().await;
            assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_token")));
        }
        let access = crate::registration::access_token(t).await;
        let answer = register(t, &access, &body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("insufficient_scope")));
    }
);

both!(
    fn each_thing_that_is_wrong_is_told_by_its_error_and_spends_nothing(t) {
        let token = invitation(t, json!({})).await;
        let private = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }] });
        for (member, value, error) in [
            ("redirect_uris", json!([]), "invalid_redirect_uri"),
            ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
            ("redirect_uris", json!(["https://a.example/#x"]), "invalid_redirect_uri"),
            ("redirect_uris", json!(["noscheme"]), "invalid_redirect_uri"),
            ("redirect_uris", json!(["http://app.example.org/cb"]), "invalid_redirect_uri"),
            ("grant_types", json!(["client_credentials"]), "invalid_client_metadata"),
            ("grant_types", json!(["urn:ietf:params:oauth:grant-type:device_code"]), "invalid_client_metadata"),
            ("grant_types", json!(["urn:ietf:params:oauth:grant-type:token-exchange"]), "invalid_client_metadata"),
            ("grant_types", json!(["password"]), "invalid_client_metadata"),
            ("token_endpoint_auth_method", json!("tls_client_auth"), "invalid_client_metadata"),
            ("jwks", json!({ "keys": [] }), "invalid_request"),
            ("jwks", private, "invalid_request"),
            ("post_logout_redirect_uris", json!(["javascript:alert(1)"]), "invalid_client_metadata"),
        ] {
            let answer = register(t, &token, &android(json!({ member: value }))).await;
            assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{member}: {}", answer.text());
            assert!(!answer.text().contains("nWGxne"));
        }
        for body in [json!([]), json!("x"), android(json!({ "jwks": null, "jwks_uri": null }))] {
            assert_eq!(register(t, &token, &body).await.status, 400);
        }
        assert_eq!(register(t, &token, &android(json!({}))).await.status, 201, "it is still good");
    }
);

both!(
    fn the_tokens_of_registration_open_nothing_else(t) {
        let device = crate::registration::device::enrolled(&mut crate::oauth2::signed_in(t).await).await;
        let invited = invitation(t, json!({ "uses": 2 })).await;
        let told = register(t, &invited, &json!({ "redirect_uris": [CALLBACK] })).await.json();
        let managing = told["registration_access_token"].as_str().unwrap().to_owned();
        for token in [&device, &invited, &managing] {
            for path in ["/api/me", "/userinfo", "/api/initialAccessTokens"] {
                let answer = t.get(path).bearer(token).send().await;
                assert_eq!(answer.status, 401, "{path}");
            }
        }
        assert_eq!(register(t, &managing, &json!({ "redirect_uris": [CALLBACK] })).await.status, 401);
    }
);

/// On PostgreSQL alone: on SQLite one writes after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_register_openly_at_once_are_no_more_than_may() {
    let Some(t) = &TestApp::start(Engine::Postgres).await else { return };
    let now = t.clock.now();
    let register = |id: i64| RegisterClient {
        initial: None,
        changes: WriteChanges { changes: Arc::default(), hashes: Hashes::default(), now },
        client: ObjectId(id),
        hash: sha256(format!("{id}")),
        way: Way::Open,
        user: None,
        redirect_url: None,
        most_open: 1,
        address: String::new(),
        now,
    };
    let (first, second) = between(t, register(1), Nothing, t.app.store.write(register(2))).await;
    assert_eq!((first.unwrap().0, second.unwrap()), (true, false));
}
