//! What each profile of a client allows (rules of the door 3): one table.

use kibali_crypto::jose::SigningKey;
use kibali_model::{ClientProfile, SigningAlgorithm};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, Browser, Reply, Site, TestApp, both};
use serde_json::{Value, json};

use super::assertion::{JWT_BEARER, key, proof as assertion, with_keys};
use super::backchannel::{caller, leaves, tell, token as logout_token};
use super::dpop::{of, proof as dpop};
use super::jwks_uri::site;
use super::{AUTHORIZE, CALLBACK, SECRET, VERIFIER, allow, asking, header, member, register, signed_in};

/// Whether a profile allows it: legacy, standard, fapi2.
const RULES: &[(&str, [bool; 3])] = &[
    ("a request that is not pushed", [true, true, false]),
    ("a request at /uaa", [true, true, false]),
    ("a request without PKCE", [true, false, false]),
    ("a pushed request without PKCE", [true, false, false]),
    ("a challenge by plain", [false, false, false]),
    ("a code that is bound to no key", [true, true, true]),
    ("a code of a minute", [true, true, false]),
    ("the secret", [true, true, false]),
    ("an assertion under RS256", [true, true, false]),
    ("an assertion under PS256", [true, true, true]),
    ("an assertion under ES256", [true, true, true]),
    ("an assertion under EdDSA", [true, true, true]),
    ("an assertion for the issuer", [true, true, true]),
    ("an assertion for the issuer without its slash", [true, true, false]),
    ("an assertion for the token endpoint", [true, true, false]),
    ("an assertion for several", [true, true, false]),
    ("a password", [true, true, false]),
    ("a code without a proof", [true, true, false]),
    ("a proof without a nonce", [true, true, false]),
    ("a proof under RS256", [true, true, false]),
    ("a proof with a nonce", [true, true, true]),
    ("a call without a nonce", [true, true, false]),
    ("a call with a nonce", [true, true, true]),
    ("a bound token sent as Bearer", [false, false, false]),
    ("a bound refresh token without its key", [false, false, false]),
    ("a bound refresh token with another key", [true, true, true]),
    ("a refresh token that rotates", [true, true, false]),
    ("a token under RS256", [true, true, false]),
    ("a logout token under RS256", [true, true, false]),
];

/// One client of a profile, with its keys.
struct Tried<'a> {
    t: &'a TestApp,
    id: &'static str,
    keys: &'a [SigningKey],
    nonce: String,
    /// Where it hears of logouts, and a node that tells it.
    hears: Option<(&'a Site, &'a TestApp)>,
}

impl Tried<'_> {
    fn key(&self, algorithm: SigningAlgorithm) -> &SigningKey {
        self.keys.iter().find(|key| key.algorithm() == algorithm).unwrap()
    }

    fn holder(&self) -> &SigningKey {
        self.key(SigningAlgorithm::Es256)
    }

    fn assertion(&self, algorithm: SigningAlgorithm, more: &Value) -> String {
        let jti = format!("{:016x}", self.t.random.next());
        assertion(self.t, self.key(algorithm), self.id, &jti, more)
    }

    fn proof(&self, path: &str) -> String {
        dpop(self.t, self.holder(), "POST", path, &json!({ "nonce": self.nonce }))
    }

    /// Sends a form with an assertion for the issuer.
    async fn send(&self, path: &str, proof: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let signed = self.assertion(SigningAlgorithm::Es256, &json!({}));
        let proven = [("client_assertion_type", JWT_BEARER), ("client_assertion", signed.as_str())];
        let request = self.t.post(path).form(&[fields, &proven].concat());
        let request = if let Some(proof) = proof { request.header("dpop", proof) } else { request };
        request.send().await
    }

    /// Is a proof of this client taken, where nothing else happens?
    async fn proves(&self, algorithm: SigningAlgorithm, more: &Value) -> bool {
        let signed = self.assertion(algorithm, more);
        let fields =
            [("client_assertion_type", JWT_BEARER), ("client_assertion", signed.as_str()), ("token", "x")];
        self.t.post("/oauth2/revoke").form(&fields).send().await.status == 200
    }

    /// Pushes a good request, with its proof where `bind`.
    async fn push(&self, bind: bool) -> Answer {
        let challenge = [
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        self.push_with(&challenge, bind).await
    }

    async fn push_with(&self, challenge: &[(&str, &str)], bind: bool) -> Answer {
        let asked = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid username")];
        let proof = self.proof("/oauth2/par");
        let fields = [&asked, challenge].concat();
        self.send("/oauth2/par", bind.then_some(proof.as_str()), &fields).await
    }

    async fn code(&self) -> String {
        self.code_of(&mut signed_in(self.t).await).await
    }

    async fn code_of(&self, browser: &mut Browser) -> String {
        let pushed = self.push(true).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let path = format!("{AUTHORIZE}?client_id={}&request_uri={uri}", self.id);
        member(&allow(browser, &path).await, "code").unwrap()
    }

    async fn redeem(&self, code: &str, proof: Option<&str>) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.send("/oauth2/token", proof, &fields).await
    }

    async fn tokens(&self) -> Value {
        let answer = self.redeem(&self.code().await, Some(&self.proof("/oauth2/token"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn refresh(&self, token: &str, proof: Option<&str>) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.send("/oauth2/token", proof, &fields).await
    }

    async fn call(&self, token: &str, more: &Value) -> Answer {
        let mut claims = of(token);
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let proof = dpop(self.t, self.holder(), "GET", "/api/me", &claims);
        let request = self.t.get("/api/me").header("authorization", &format!("DPoP {token}"));
        request.header("dpop", &proof).send().await
    }

    /// Is a browser that asks like this shown the question?
    async fn shown(&self, path: &str) -> bool {
        let page = signed_in(self.t).await.open_once(path).await;
        page.status == 200
    }

    async fn allows(&self, rule: &str) -> bool {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        let t = self.t;
        let unproven = format!("response_type=code&client_id={}&redirect_uri={CALLBACK}", self.id);
        match rule {
            "a request that is not pushed" => {
                let jkt = format!("&dpop_jkt={}", self.holder().public().thumbprint());
                self.shown(&asking(self.id, &jkt)).await
            }
            "a request at /uaa" => {
                self.shown(&asking(self.id, "").replace(AUTHORIZE, "/uaa/oauth/authorize")).await
            }
            "a request without PKCE" => self.shown(&format!("{AUTHORIZE}?{unproven}")).await,
            "a pushed request without PKCE" => self.push_with(&[], true).await.status == 201,
            "a challenge by plain" => {
                let plain = format!("&code_challenge={VERIFIER}&code_challenge_method=plain");
                self.shown(&format!("{AUTHORIZE}?{unproven}{plain}")).await
            }
            "a code that is bound to no key" => self.push(false).await.status == 201,
            "a code of a minute" => {
                let code = self.code().await;
                t.clock.advance_seconds(60);
                self.redeem(&code, Some(&self.proof("/oauth2/token"))).await.status == 200
            }
            "the secret" => {
                t.post("/oauth2/revoke").basic(self.id, SECRET).form(&[("token", "x")]).send().await.status
                    == 200
            }
            "an assertion under RS256" => self.proves(Rs256, &json!({})).await,
            "an assertion under PS256" => self.proves(Ps256, &json!({})).await,
            "an assertion under ES256" | "an assertion for the issuer" => {
                self.proves(Es256, &json!({})).await
            }
            "an assertion under EdDSA" => self.proves(EdDsa, &json!({})).await,
            "an assertion for the issuer without its slash" => {
                self.proves(Es256, &json!({ "aud": "http://localhost:8080" })).await
            }
            "an assertion for the token endpoint" => {
                self.proves(Es256, &json!({ "aud": "http://localhost:8080/oauth2/token" })).await
            }
            "an assertion for several" => {
                self.proves(Es256, &json!({ "aud": ["http://localhost:8080/"] })).await
            }
            "a password" => {
                let fields = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
                self.send("/uaa/oauth/token", Some(&self.proof("/uaa/oauth/token")), &fields).await.status
                    == 200
            }
            "a code without a proof" => {
                let uri = self.push(false).await.json()["request_uri"].as_str().unwrap().to_owned();
                let path = format!("{AUTHORIZE}?client_id={}&request_uri={uri}", self.id);
                let code = member(&allow(&mut signed_in(t).await, &path).await, "code").unwrap();
                self.redeem(&code, None).await.status == 200
            }
            "a proof without a nonce" => {
                let proof = dpop(t, self.holder(), "POST", "/oauth2/token", &json!({}));
                let answer = self.redeem(&self.code().await, Some(&proof)).await;
                if answer.status != 200 {
                    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("use_dpop_nonce")));
                    assert_eq!(answer.header("dpop-nonce"), Some(self.nonce.as_str()));
                }
                answer.status == 200
            }
            "a proof under RS256" => {
                let proof = dpop(t, self.key(Rs256), "POST", "/oauth2/par", &json!({ "nonce": self.nonce }));
                let fields = [
                    ("response_type", "code"),
                    ("redirect_uri", CALLBACK),
                    ("code_challenge_method", "S256"),
                    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                ];
                self.send("/oauth2/par", Some(&proof), &fields).await.status == 201
            }
            "a proof with a nonce" => self.tokens().await["token_type"] == "DPoP",
            "a call without a nonce" | "a call with a nonce" => {
                let tokens = self.tokens().await;
                let nonce =
                    if rule == "a call with a nonce" { json!({ "nonce": self.nonce }) } else { json!({}) };
                let answer = self.call(tokens["access_token"].as_str().unwrap(), &nonce).await;
                if answer.status != 200 {
                    assert!(answer.header("www-authenticate").unwrap().contains("use_dpop_nonce"));
                    assert_eq!(
                        (answer.status, answer.header("dpop-nonce")),
                        (401, Some(self.nonce.as_str()))
                    );
                }
                answer.status == 200
            }
            "a bound token sent as Bearer" => {
                let tokens = self.tokens().await;
                t.get("/api/me").bearer(tokens["access_token"].as_str().unwrap()).send().await.status == 200
            }
            "a bound refresh token without its key" => {
                let tokens = self.tokens().await;
                let answer = self.refresh(tokens["refresh_token"].as_str().unwrap(), None).await;
                if answer.status != 200 {
                    let error = if self.id == "fapi2" { "invalid_request" } else { "invalid_grant" };
                    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)));
                }
                answer.status == 200
            }
            "a bound refresh token with another key" => {
                let tokens = self.tokens().await;
                let nonce = json!({ "nonce": self.nonce });
                let proof = dpop(t, self.key(EdDsa), "POST", "/oauth2/token", &nonce);
                self.refresh(tokens["refresh_token"].as_str().unwrap(), Some(&proof)).await.status == 200
            }
            "a refresh token that rotates" => {
                let before = self.tokens().await["refresh_token"].clone();
                let answer = self.refresh(before.as_str().unwrap(), Some(&self.proof("/oauth2/token"))).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                answer.json()["refresh_token"] != before
            }
            "a token under RS256" => {
                let tokens = self.tokens().await;
                let signed = ["id_token", "access_token"].map(|token| header(&tokens[token])["alg"].clone());
                assert_eq!(signed[0], signed[1]);
                signed[0] == "RS256"
            }
            "a logout token under RS256" => {
                let (site, node) = self.hears.unwrap();
                let mut browser = signed_in(t).await;
                let code = self.code_of(&mut browser).await;
                assert_eq!(self.redeem(&code, Some(&self.proof("/oauth2/token"))).await.status, 200);
                leaves(&mut browser).await;
                tell(node).await;
                let to = format!("POST /{} ", self.id);
                let told = site.asked().into_iter().rfind(|asked| asked.head.starts_with(&to)).unwrap();
                header(&json!(logout_token(&told)))["alg"] == "RS256"
            }
            other => panic!("{other} is in the table and not tried"),
        }
    }
}

both!(
    fn each_profile_allows_what_the_table_says(t) {
        let keys: Vec<_> = SigningAlgorithm::EVERY.iter().map(|algorithm| key(*algorithm)).collect();
        let all: Vec<_> = keys.iter().collect();
        let site = site("127.0.0.1:0").await;
        site.answers(Reply::with("200 OK", "", ""));
        let node = caller(t, 5).await;
        for (column, profile) in ClientProfile::EVERY.iter().enumerate() {
            let id = profile.as_str();
            let more = json!({ "settings.client.require-proof-key": *profile != ClientProfile::Legacy });
            register(t, id, json!({
                "profile": id,
                "clientAuthenticationMethods": "client_secret_basic,private_key_jwt",
                "authorizationGrantTypes": "authorization_code,refresh_token,password",
                "backchannelLogoutUri": format!("https://localhost:{}/{id}", site.port),
                "clientSettings": with_keys(&all, more),
                "tokenSettings": json!({
                    "settings.token.reuse-refresh-tokens": false,
                    "settings.token.id-token-signature-algorithm": "RS256",
                }).to_string(),
            })).await;
            let hears = Some((&site, &node));
            let mut tried = Tried { t, id, keys: &keys, nonce: String::new(), hears };
            for (rule, allowed) in RULES {
                t.clock.advance_seconds(300);
                tried.nonce = nonce(&tried).await;
                assert_eq!(tried.allows(rule).await, allowed[column], "{id}: {rule}");
            }
        }
    }
);

both!(
    fn an_assertion_is_not_spent_by_a_request_that_lacks_its_nonce(t) {
        let key = key(SigningAlgorithm::Es256);
        register(t, "fapi2", json!({
            "profile": "fapi2", "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
            "clientSettings": with_keys(&[&key], json!({})),
        })).await;
        let keys = [key];
        let unknown = Tried { t, id: "fapi2", keys: &keys, nonce: String::new(), hears: None };
        let tried = Tried { nonce: nonce(&unknown).await, ..unknown };
        let signed = tried.assertion(SigningAlgorithm::Es256, &json!({}));
        let fields = [
            ("response_type", "code"), ("redirect_uri", CALLBACK), ("code_challenge_method", "S256"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("client_assertion_type", JWT_BEARER), ("client_assertion", signed.as_str()),
        ];
        let push = |proof: String| t.post("/oauth2/par").form(&fields).header("dpop", &proof);
        let bare = dpop(t, tried.holder(), "POST", "/oauth2/par", &json!({}));
        let lacking = push(bare).send().await;
        assert_eq!((lacking.status, &lacking.json()["error"]), (400, &json!("use_dpop_nonce")));
        let again = push(tried.proof("/oauth2/par")).send().await;
        assert_eq!(again.status, 201, "the same assertion: {}", again.text());
        let third = push(tried.proof("/oauth2/par")).send().await;
        assert_eq!((third.status, &third.json()["error"]), (401, &json!("invalid_client")), "it is spent now");
    }
);

both!(
    fn a_nonce_is_given_for_two_minutes_and_counts_for_as_long_again(t) {
        let keys = [key(SigningAlgorithm::Es256)];
        register(t, "fapi2", json!({
            "profile": "fapi2", "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
            "clientSettings": with_keys(&[&keys[0]], json!({})),
        })).await;
        let mut tried = Tried { t, id: "fapi2", keys: &keys, nonce: String::new(), hears: None };
        tried.nonce = nonce(&tried).await;
        t.clock.advance_seconds(119);
        assert_eq!(nonce(&tried).await, tried.nonce);
        t.clock.advance_seconds(1);
        assert_ne!(nonce(&tried).await, tried.nonce);
        t.clock.advance_seconds(119);
        assert_eq!(tried.push(true).await.status, 201);
        t.clock.advance_seconds(1);
        let late = tried.push(true).await;
        assert_eq!((late.status, &late.json()["error"]), (400, &json!("use_dpop_nonce")));
    }
);

/// The nonce of this moment; clients that need none get none.
async fn nonce(tried: &Tried<'_>) -> String {
    let proof = dpop(tried.t, tried.holder(), "POST", "/oauth2/token", &json!({}));
    let answer = tried.redeem("unknown", Some(&proof)).await;
    answer.header("dpop-nonce").unwrap_or_default().to_owned()
}
