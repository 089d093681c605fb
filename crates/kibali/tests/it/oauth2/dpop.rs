//! Tokens that are bound to a key (RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::jose::SigningKey;
use kibali_crypto::sha256;
use kibali_model::{Clock, SigningAlgorithm};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::assertion::key;
use super::{
    AUTHORIZE, CALLBACK, SECRET, VERIFIER, allow, asking, member, register, said, signed_in, tokens,
};

const BASE: &str = "http://localhost:8080";

/// A proof by `key` of a request made now; `more` replaces members, and null takes one away.
pub(crate) fn proof(t: &TestApp, key: &SigningKey, method: &str, path: &str, more: &Value) -> String {
    let claims = json!({
        "htm": method, "htu": format!("{BASE}{path}"), "iat": t.clock.now().seconds(),
        "jti": format!("{:016x}", t.random.next()),
    });
    let mut claims = claims.as_object().unwrap().clone();
    claims.extend(more.as_object().unwrap().clone());
    claims.retain(|_, value| !value.is_null());
    let header = json!({ "typ": "dpop+jwt", "jwk": key.public().to_jwk() });
    key.sign(header.as_object().unwrap(), &claims).unwrap().expose().clone()
}

/// What a proof says of the token beside it.
pub(crate) fn of(token: &str) -> Value {
    json!({ "ath": URL_SAFE_NO_PAD.encode(sha256(token)) })
}

pub(super) async fn token(t: &TestApp, dpop: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let request = t.post("/oauth2/token").form(fields);
    let request = if let Some(proof) = dpop { request.header("dpop", proof) } else { request };
    request.send().await
}

/// Opens `path` with a token that is bound.
pub(super) async fn open(t: &TestApp, path: &str, token: &str, proof: &str) -> Answer {
    t.get(path).header("authorization", &format!("DPoP {token}")).header("dpop", proof).send().await
}

async fn code(t: &TestApp, more: &str) -> String {
    member(&allow(&mut signed_in(t).await, &asking("app", more)).await, "code").unwrap()
}

pub(super) async fn public(t: &TestApp) {
    register(t, "app", json!({ "clientAuthenticationMethods": "none", "clientSecret": null })).await;
}

pub(super) fn redeeming(code: &str) -> [(&str, &str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub(super) fn refreshing(token: &str) -> [(&str, &str); 3] {
    [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)]
}

/// Tokens of a public client that are bound to `key`.
pub(super) async fn bound(t: &TestApp, key: &SigningKey) -> Value {
    let code = code(t, "&scope=openid+username").await;
    let proof = proof(t, key, "POST", "/oauth2/token", &json!({}));
    let answer = token(t, Some(&proof), &redeeming(&code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(super) fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

both!(
    fn a_bound_token_opens_the_web_api_with_a_fresh_proof_of_its_key_and_nothing_else(t) {
        public(t).await;
        for algorithm in SigningAlgorithm::EVERY {
            let key = key(*algorithm);
            let tokens = bound(t, &key).await;
            assert_eq!(tokens["token_type"], "DPoP");
            let access = text(&tokens, "access_token");
            assert_eq!(said(&tokens["access_token"])["cnf"]["jkt"], key.public().thumbprint());
            let told = t.post("/oauth2/introspect").basic(CLIENT, CLIENT_SECRET).form(&[("token", access)]).send().await.json();
            let bound = json!({ "jkt": key.public().thumbprint() });
            assert_eq!((&told["token_type"], &told["cnf"]), (&json!("DPoP"), &bound), "whoever asks is told as much");
            for path in ["/api/me", "/api/42/me", "/userinfo", "/oauth2/userinfo"] {
                let opened = open(t, path, access, &proof(t, &key, "GET", path, &of(access))).await;
                assert_eq!(opened.status, 200, "{path}: {}", opened.text());
                let bearer = t.get(path).bearer(access).send().await;
                assert_eq!(bearer.status, 401, "{path}");
                let challenge = bearer.header("www-authenticate").unwrap();
                assert!(challenge.starts_with("DPoP ") && challenge.contains("invalid_token"), "{challenge}");
            }
            let query = open(t, "/api/me?fields=id", access, &proof(t, &key, "GET", "/api/me", &of(access))).await;
            assert_eq!(query.status, 200, "the query is no part of the address");
        }
    }
);

both!(
    fn a_proof_serves_the_request_it_was_made_for(t) {
        public(t).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let tokens = bound(t, &mine).await;
        let access = text(&tokens, "access_token");
        let with = |more: Value| {
            let mut all = of(access);
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let now = t.clock.now().seconds();
        for more in [
            json!({ "ath": null }),
            json!({ "ath": URL_SAFE_NO_PAD.encode(sha256("another")) }),
            json!({ "htm": "POST" }),
            json!({ "htu": format!("{BASE}/api/users") }),
            json!({ "htu": "http://other.example.org/api/me" }),
            json!({ "iat": now - 120 }),
            json!({ "iat": now + 120 }),
            json!({ "jti": null }),
        ] {
            let refused = open(t, "/api/me", access, &proof(t, &mine, "GET", "/api/me", &with(more.clone()))).await;
            assert_eq!(refused.status, 401, "{more}");
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("DPoP ") && challenge.contains("invalid_dpop_proof"), "{challenge}");
        }
        let foreign = open(t, "/api/me", access, &proof(t, &other, "GET", "/api/me", &of(access))).await;
        assert_eq!(foreign.status, 401, "another key");
        let none = t.get("/api/me").header("authorization", &format!("DPoP {access}")).send().await;
        assert_eq!(none.status, 401, "no proof");
        let good = proof(t, &mine, "GET", "/api/me", &of(access));
        let two = t.get("/api/me").header("authorization", &format!("DPoP {access}")).header("dpop", &good)
            .header("dpop", &good).send().await;
        assert_eq!(two.status, 401, "two proofs");
        assert_eq!(open(t, "/api/me", access, "no.proof.at-all").await.status, 401);
        let (signed, _) = good.rsplit_once('.').unwrap();
        let another = proof(t, &mine, "GET", "/api/me", &of(access));
        let forged = format!("{signed}.{}", another.rsplit_once('.').unwrap().1);
        assert_eq!(open(t, "/api/me", access, &forged).await.status, 401, "the signature of another proof");
        assert_eq!(open(t, "/api/me", access, &good).await.status, 200);
        assert_eq!(open(t, "/api/me", access, &good).await.status, 401, "it is spent");
        // A name is spent for its key: nobody uses up those of another.
        let theirs = bound(t, &other).await;
        for (key, tokens) in [(&mine, &tokens), (&other, &theirs)] {
            let access = text(tokens, "access_token");
            let mut named = of(access);
            named["jti"] = json!("the same for both");
            let opened = open(t, "/api/me", access, &proof(t, key, "GET", "/api/me", &named)).await;
            assert_eq!(opened.status, 200, "{}", opened.text());
        }
    }
);

both! {
    fn a_proof_is_of_the_address_that_its_sender_sees_whatever_a_proxy_makes_of_it(t) {
        public(t).await;
        let key = key(SigningAlgorithm::Es256);
        let below = t.another(7, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        // A proxy passes the context path on, or strips it; the address that was asked is the same.
        for (asked, arrives, taken) in [
            ("https://example.org/dhis/oauth2/token", "/oauth2/token", true),
            ("https://example.org/dhis/oauth2/token", "/dhis/oauth2/token", true),
            ("https://example.org/oauth2/token", "/oauth2/token", false),
            ("https://example.org/dhis/dhis/oauth2/token", "/dhis/oauth2/token", false),
        ] {
            let proof = proof(t, &key, "POST", "", &json!({ "htu": asked }));
            let answer = below.post(arrives).header("dpop", &proof).form(&refreshing("x")).send().await;
            let error = if taken { "invalid_grant" } else { "invalid_dpop_proof" };
            assert_eq!(answer.json()["error"], error, "{asked} at {arrives}: {}", answer.text());
        }
    }
}

both!(
    fn a_proof_serves_once_whichever_node_it_reaches(t) {
        public(t).await;
        let key = key(SigningAlgorithm::EdDsa);
        let tokens = bound(t, &key).await;
        let access = text(&tokens, "access_token");
        let node = t.another(2, |_| {}).await;
        for _ in 0..5 {
            let proof = proof(t, &key, "GET", "/api/me", &of(access));
            let all = (0..6).map(|n| open(if n % 2 == 0 { t } else { &node }, "/api/me", access, &proof));
            let answers = futures_util::future::join_all(all).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        }
    }
);

both!(
    fn a_token_that_is_bound_to_nothing_is_no_dpop_token(t) {
        public(t).await;
        let code = code(t, "&scope=openid+username").await;
        let tokens = token(t, None, &redeeming(&code)).await.json();
        assert_eq!(tokens["token_type"], "Bearer");
        let access = text(&tokens, "access_token");
        let key = key(SigningAlgorithm::Es256);
        for path in ["/api/me", "/userinfo"] {
            let refused = open(t, path, access, &proof(t, &key, "GET", path, &of(access))).await;
            assert_eq!(refused.status, 401, "{path}");
            assert!(refused.header("www-authenticate").unwrap().starts_with("DPoP "), "{path}");
            assert_eq!(t.get(path).bearer(access).send().await.status, 200, "{path}");
        }
    }
);

both!(
    fn a_bound_refresh_token_needs_its_key_and_stays_bound(t) {
        public(t).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let tokens = bound(t, &mine).await;
        let refresh = text(&tokens, "refresh_token").to_owned();
        let stolen = token(t, None, &refreshing(&refresh)).await;
        assert_eq!((stolen.status, &stolen.json()["error"]), (400, &json!("invalid_grant")));
        let foreign = proof(t, &other, "POST", "/oauth2/token", &json!({}));
        let stolen = token(t, Some(&foreign), &refreshing(&refresh)).await;
        assert_eq!((stolen.status, &stolen.json()["error"]), (400, &json!("invalid_grant")));
        let own = proof(t, &mine, "POST", "/oauth2/token", &json!({}));
        let answer = token(t, Some(&own), &refreshing(&refresh)).await;
        assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.text());
        let again = token(t, Some(&own), &refreshing(text(&answer.json(), "refresh_token"))).await;
        assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_dpop_proof")), "it is spent");
        let tokens = answer.json();
        let access = text(&tokens, "access_token");
        assert_eq!(t.get("/api/me").bearer(access).send().await.status, 401);
        let opened = open(t, "/api/me", access, &proof(t, &mine, "GET", "/api/me", &of(access))).await;
        assert_eq!(opened.status, 200);
    }
);

both!(
    fn a_code_that_names_a_key_is_redeemed_with_it(t) {
        public(t).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let bound = format!("&scope=username&dpop_jkt={}", mine.public().thumbprint());
        for (by, status) in [(None, 400), (Some(&other), 400), (Some(&mine), 200)] {
            let code = code(t, &bound).await;
            let proof = by.map(|key| proof(t, key, "POST", "/oauth2/token", &json!({})));
            let answer = token(t, proof.as_deref(), &redeeming(&code)).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(status == 200 || answer.json()["error"] == "invalid_grant", "{}", answer.text());
        }
        // A proof beside a pushed request names the key as well.
        let push = async |key: &SigningKey, jkt: &str| {
            let mut fields = vec![
                ("response_type", "code"), ("redirect_uri", CALLBACK), ("client_id", "app"), ("scope", "username"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256"),
            ];
            fields.extend((!jkt.is_empty()).then_some(("dpop_jkt", jkt)));
            let proof = proof(t, key, "POST", "/oauth2/par", &json!({}));
            t.post("/oauth2/par").header("dpop", &proof).form(&fields).send().await
        };
        let refused = push(&mine, &other.public().thumbprint()).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_dpop_proof")));
        assert_eq!(push(&mine, &mine.public().thumbprint()).await.status, 201);
        let pushed = push(&mine, "").await.json();
        let path = format!("{AUTHORIZE}?client_id=app&request_uri={}", text(&pushed, "request_uri"));
        let code = member(&allow(&mut signed_in(t).await, &path).await, "code").unwrap();
        let answer = token(t, None, &redeeming(&code)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_grant")));
        let malformed = signed_in(t).await.open_once(&asking("app", "&dpop_jkt=short")).await;
        assert!(malformed.location().unwrap().contains("error=invalid_request"), "{:?}", malformed.location());
    }
);

both!(
    fn the_legacy_endpoint_binds_as_well(t) {
        let key = key(SigningAlgorithm::Es256);
        let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let proof = proof(t, &key, "POST", "/uaa/oauth/token", &json!({}));
        let request = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).header("dpop", &proof);
        let tokens = request.form(&fields).send().await.json();
        assert_eq!(tokens["token_type"], "DPoP");
        assert_eq!(t.get("/api/me").bearer(text(&tokens, "access_token")).send().await.status, 401);
    }
);

both!(
    fn a_token_for_another_resource_opens_nothing_here(t) {
        register(t, "app", json!({})).await;
        for (resource, opens) in [
            ("https://other.example.org/", false),
            ("http://localhost:8080/uaa", false),
            ("http://localhost.evil.example:8080/api", false),
            ("http://localhost:8080/", true),
            ("http://localhost:8080/api", true),
        ] {
            let tokens = tokens(t, "app", &format!("&scope=openid+username&resource={resource}")).await;
            assert_eq!(said(&tokens["access_token"])["aud"], resource);
            for path in ["/api/me", "/userinfo"] {
                let status = t.get(path).bearer(text(&tokens, "access_token")).send().await.status;
                assert_eq!(status == 200, opens, "{resource} {path}: {status}");
            }
            let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
            let again = t.post("/oauth2/token").basic("app", SECRET).form(&fields).send().await.json();
            let status = t.get("/api/me").bearer(text(&again, "access_token")).send().await.status;
            assert_eq!(status == 200, opens, "refreshed for {resource}: {status}");
        }
    }
);
