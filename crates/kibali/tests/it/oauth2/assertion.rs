//! Clients that prove themselves by an assertion (RFC 7523).

use kibali_crypto::jose::{SharedKey, SigningKey};
use kibali_model::{Clock, SigningAlgorithm};
use kibali_testkit::seed::ADMIN;
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Map, Value, json};

use super::jwks_uri::{names, reach, site};
use super::{CALLBACK, VERIFIER, register};

/// The type of assertions that are taken.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A secret long enough to sign with.
pub(crate) const SIGNING_SECRET: &str = "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6";

pub(crate) fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

/// `clientSettings` with these public keys and more.
pub(crate) fn with_keys(keys: &[&SigningKey], more: Value) -> String {
    let keys: Vec<_> = keys.iter().map(|key| Value::Object(key.public().to_jwk())).collect();
    let mut settings = json!({
        "settings.client.require-proof-key": true,
        "settings.client.require-authorization-consent": true,
        "client.inline.jwks": { "keys": keys },
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings.to_string()
}

/// What an assertion says that is made now; `more` replaces members, and null takes one away.
pub(crate) fn says(t: &TestApp, id: &str, jti: &str, more: &Value) -> Map<String, Value> {
    let now = t.clock.now().seconds();
    let good = json!({
        "iss": id, "sub": id, "aud": "http://localhost:8080/", "iat": now, "exp": now + 60, "jti": jti,
    });
    let mut claims = good.as_object().unwrap().clone();
    claims.extend(more.as_object().unwrap().clone());
    claims.retain(|_, value| !value.is_null());
    claims
}

/// The members of a form that prove a client by its key.
pub(crate) fn proof(t: &TestApp, key: &SigningKey, id: &str, jti: &str, more: &Value) -> String {
    key.sign(&Map::new(), &says(t, id, jti, more)).unwrap().expose().clone()
}

pub(super) async fn sent(t: &TestApp, path: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
    t.post(path).form(&[&fields[..], more].concat()).send().await
}

/// Does the assertion prove its client? Asked where nothing else happens.
async fn proves(t: &TestApp, assertion: &str) -> bool {
    let answer = sent(t, "/oauth2/revoke", assertion, &[("token", "unknown")]).await;
    assert!(answer.status == 200 || answer.json()["error"] == "invalid_client", "{}", answer.text());
    answer.status == 200
}

async fn with_key(t: &TestApp, id: &str, key: &SigningKey, more: Value) {
    let mut client = json!({
        "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
        "clientSettings": with_keys(&[key], json!({})),
    });
    client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    register(t, id, client).await;
}

both!(
    fn an_assertion_proves_its_client_at_every_endpoint(t) {
        let key = key(SigningAlgorithm::Es256);
        let grants = "authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code";
        with_key(t, "app", &key, json!({ "authorizationGrantTypes": grants })).await;
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let request = [
            ("response_type", "code"), ("redirect_uri", CALLBACK), ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        let unknown = [("grant_type", "authorization_code"), ("code", "unknown"), ("code_verifier", VERIFIER)];
        for (path, fields, status) in [
            ("/oauth2/par", &request[..], 201),
            ("/oauth2/token", &unknown[..], 400),
            ("/uaa/oauth/token", &unknown[..], 400),
            ("/oauth2/revoke", &[("token", "unknown")][..], 200),
            ("/oauth2/introspect", &[("token", "unknown")][..], 200),
            ("/oauth2/device_authorization", &[][..], 200),
        ] {
            let answer = sent(t, path, &proof(t, &key, "app", path, &json!({})), fields).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            let named = [fields, &[("client_id", "app")]].concat();
            let answer = sent(t, path, &proof(t, &key, "app", &format!("named {path}"), &json!({})), &named).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            let other = [fields, &[("client_id", "demo")]].concat();
            let answer = sent(t, path, &proof(t, &key, "app", &format!("other {path}"), &json!({})), &other).await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text());
        }
        for audience in ["/oauth2/device_authorization", "/uaa/oauth/token", "/uaa/oauth/revoke", "/oauth2/token"] {
            let more = json!({ "aud": format!("http://localhost:8080{audience}") });
            assert!(proves(t, &proof(t, &key, "app", &format!("for {audience}"), &more)).await, "{audience}");
        }
        let bearer = proof(t, &key, "app", "bearer", &json!({ "scope": "username", "username": ADMIN }));
        for path in ["/api/me", "/userinfo"] {
            let answer = t.get(path).bearer(&bearer).send().await;
            assert_eq!(answer.status, 401, "an assertion opens nothing: {path}");
            assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{path}");
        }
        let code = sent(t, "/oauth2/token", &proof(t, &key, "app", "last", &json!({})), &unknown).await;
        assert_eq!(code.json()["error"], "invalid_grant", "the client is proven, the code is not");
    }
);

both!(
    fn only_what_the_client_signed_for_this_server_proves_it(t) {
        let (key, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        with_key(t, "app", &key, json!({})).await;
        register(t, "secret", json!({ "clientSettings": with_keys(&[&key], json!({})) })).await;
        assert!(proves(t, &proof(t, &key, "app", "good", &json!({}))).await);
        for more in [
            json!({ "aud": "https://other.example.org/" }),
            json!({ "aud": "http://localhost:8080/api" }),
            json!({ "aud": null }),
            json!({ "exp": null }),
            json!({ "exp": 1 }),
            json!({ "iss": "demo" }),
            json!({ "sub": "demo" }),
            json!({ "sub": "nobody", "iss": "nobody" }),
            json!({ "sub": "secret", "iss": "secret" }),
        ] {
            t.clock.advance_seconds(120);
            assert!(!proves(t, &proof(t, &key, "app", &more.to_string(), &more)).await, "{more}");
        }
        t.clock.advance_seconds(120);
        assert!(!proves(t, &proof(t, &other, "app", "forged", &json!({}))).await);
        let header = json!({ "jwk": other.public().to_jwk() }).as_object().unwrap().clone();
        let own = other.sign(&header, &says(t, "app", "own", &json!({}))).unwrap();
        assert!(!proves(t, own.expose()).await, "a header brings no key");
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            t.clock.advance_seconds(120);
            let fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", text), ("token", "x")];
            assert_eq!(t.post("/oauth2/revoke").form(&fields).send().await.status, 401, "{text}");
        }
        let other_type = [("client_assertion_type", "other"), ("client_assertion", "x"), ("token", "x")];
        let answer = t.post("/oauth2/revoke").form(&other_type).send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
        assert!(proves(t, &proof(t, &key, "app", "still good", &json!({}))).await);
    }
);

both!(
    fn a_client_signs_with_the_algorithm_it_registered(t) {
        let keys: Vec<_> = SigningAlgorithm::EVERY.iter().map(|algorithm| key(*algorithm)).collect();
        let all: Vec<_> = keys.iter().collect();
        for name in SigningAlgorithm::EVERY.iter().map(|algorithm| algorithm.as_str()).chain(["HS256", "any"]) {
            let more = match name {
                "any" => json!({}),
                _ => json!({ "settings.client.token-endpoint-authentication-signing-algorithm": name }),
            };
            let id = format!("app-{name}");
            register(t, &id, json!({
                "clientAuthenticationMethods": "private_key_jwt,client_secret_jwt", "clientSecret": SIGNING_SECRET,
                "clientSettings": with_keys(&all, more),
            })).await;
            for signing in &keys {
                let algorithm = signing.algorithm().as_str();
                let taken = proves(t, &proof(t, signing, &id, algorithm, &json!({}))).await;
                assert_eq!(taken, name == "any" || name == algorithm, "{name} {algorithm}");
            }
            let shared = SharedKey::new(SIGNING_SECRET.as_bytes()).unwrap();
            let taken = proves(t, shared.sign(&says(t, &id, "HS256", &json!({}))).expose()).await;
            assert_eq!(taken, name == "any" || name == "HS256", "{name} HS256");
            t.clock.advance_seconds(300);
        }
    }
);

both!(
    fn a_secret_that_signs_is_never_sent_and_ends_when_it_was_said_to(t) {
        let end = t.clock.now().plus_seconds(90).to_dhis2();
        register(t, "app", json!({
            "clientAuthenticationMethods": "client_secret_jwt", "clientSecret": SIGNING_SECRET,
            "clientSecretExpiresAt": end,
        })).await;
        let sign = |secret: &str, jti: &str| {
            SharedKey::new(secret.as_bytes()).unwrap().sign(&says(t, "app", jti, &json!({}))).expose().clone()
        };
        assert!(proves(t, &sign(SIGNING_SECRET, "1")).await);
        assert!(!proves(t, &sign("another secret that is long enough to sign", "2")).await);
        assert!(!proves(t, &proof(t, &key(SigningAlgorithm::Es256), "app", "3", &json!({}))).await);
        let sent = t.post("/oauth2/revoke").basic("app", SIGNING_SECRET).form(&[("token", "x")]).send().await;
        assert_eq!(sent.status, 401, "a secret that signs is not sent");
        t.clock.advance_seconds(90);
        assert!(!proves(t, &sign(SIGNING_SECRET, "4")).await);
    }
);

both!(
    fn an_assertion_serves_once_whichever_node_it_reaches(t) {
        let key = key(SigningAlgorithm::EdDsa);
        with_key(t, "app", &key, json!({})).await;
        with_key(t, "other", &key, json!({})).await;
        let node = t.another(2, |_| {}).await;
        for jti in [json!("one"), json!(null)] {
            let assertion = proof(t, &key, "app", "", &json!({ "jti": jti }));
            let all = (0..6).map(|n| proves(if n % 2 == 0 { t } else { &node }, &assertion));
            let taken = futures_util::future::join_all(all).await.into_iter().filter(|taken| *taken).count();
            assert_eq!(taken, 1, "{jti}");
            t.clock.advance_seconds(1);
        }
        t.clock.advance_seconds(120);
        assert!(!proves(t, &proof(t, &key, "app", "one", &json!({}))).await, "the name is spent, not the text");
        assert!(proves(t, &proof(t, &key, "other", "one", &json!({}))).await, "names are each client's own");
    }
);

both!(
    fn no_keys_are_fetched_for_what_a_client_never_signs(t) {
        let site = site("127.0.0.1:0").await;
        let node = t.another(5, |settings| reach(settings, &names())).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::EdDsa));
        let shared = SharedKey::new(SIGNING_SECRET.as_bytes()).unwrap();
        for (id, methods) in [("keyed", "private_key_jwt"), ("shared", "client_secret_jwt"), ("sent", "client_secret_basic")] {
            let settings = json!({
                "settings.client.require-proof-key": true,
                "settings.client.require-authorization-consent": true,
                "settings.client.jwk-set-url": format!("https://localhost:{}/{id}", site.port),
                "settings.client.token-endpoint-authentication-signing-algorithm": "ES256",
            });
            let client = json!({
                "clientAuthenticationMethods": methods, "clientSecret": SIGNING_SECRET, "clientSettings": settings.to_string(),
            });
            register(t, id, client).await;
            let before = site.connections();
            assert!(!proves(&node, &proof(t, &other, id, "other", &json!({}))).await, "{id}");
            assert!(!proves(&node, shared.sign(&says(t, id, "shared", &json!({}))).expose()).await, "{id}");
            assert_eq!(site.connections(), before, "{id}");
            // What it does sign has them fetched, where it proves itself so.
            let fetched = before + usize::from(id == "keyed");
            let answer = sent(&node, "/oauth2/revoke", &proof(t, &mine, id, "mine", &json!({})), &[("token", "x")]).await;
            assert_eq!((answer.status, site.connections()), (401, fetched), "{id}: {}", answer.text());
        }
    }
);
