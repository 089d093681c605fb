//! Clients that register themselves (RFC 7591, 7592; modern reference 3.8).

pub(crate) mod device;
mod invited;
mod managed;
mod refused;

use kibali_crypto::jose::SigningKey;
use kibali_model::SigningAlgorithm;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp};
use serde_json::{Value, json};

use crate::foundation::admin;
use crate::oauth2::{CALLBACK, VERIFIER};

pub(crate) const REGISTER: &str = "/connect/register";
pub(crate) const DEVICE: &str = "dhis2oauth://oauth";

/// A key of a device, made once: an RSA key takes its time.
pub(crate) fn key() -> &'static SigningKey {
    static KEY: std::sync::OnceLock<SigningKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(SigningAlgorithm::Rs256).unwrap())
}

/// What DHIS2 Android says of itself; `more` replaces members.
pub(crate) fn android(more: Value) -> Value {
    let jwk = key().public().clone().named("device", SigningAlgorithm::Rs256).to_jwk();
    let mut body = json!({
        "client_name": "DHIS2 Android - Acme_X_x",
        "redirect_uris": [DEVICE],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks_uri": "https://dhis2.org/jwks.json",
        "jwks": { "keys": [jwk] },
        "scope": "openid profile username",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub(crate) async fn register(t: &TestApp, token: &str, body: &Value) -> Answer {
    t.post(REGISTER).bearer(token).json(body).send().await
}

/// An initial access token of the administrator's.
pub(crate) async fn invitation(t: &TestApp, more: Value) -> String {
    let answer = admin(t.post("/api/initialAccessTokens")).json(&more).send().await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// An access token of the administrator's, which opens the whole Web API.
async fn access_token(t: &TestApp) -> String {
    let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// Redeems a code with this secret.
async fn redeem(t: &TestApp, id: &str, secret: &str, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    t.post("/oauth2/token").basic(id, secret).form(&fields).send().await
}
