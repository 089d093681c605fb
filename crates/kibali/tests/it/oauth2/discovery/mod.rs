//! What `/.well-known` tells is so: each member is tried, and each value of it.

mod values;

use kibali_crypto::jose::{SharedKey, SigningKey};
use kibali_model::SigningAlgorithm;
use kibali_testkit::seed::ADMIN;
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::assertion::{self, JWT_BEARER, SIGNING_SECRET};
use super::{
    CALLBACK, SECRET, VERIFIER, allow, asking, header, itself, member, redeem, register, said, signed_in,
    tokens,
};
use crate::registration::invitation;

const ISSUER: &str = "http://localhost:8080/";
const PKCE: [(&str, &str); 2] =
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];

both!(
    fn both_documents_agree_and_anybody_may_read_them(t) {
        let openid = t.get("/.well-known/openid-configuration").header("origin", "https://any.example").send().await;
        let oauth = t.get("/.well-known/oauth-authorization-server").send().await;
        assert_eq!(openid.header("access-control-allow-origin"), Some("*"));
        let (openid, oauth) = (openid.json(), oauth.json());
        for (name, value) in oauth.as_object().unwrap() {
            assert_eq!(&openid[name], value, "{name}");
        }
        assert!(oauth.get("userinfo_endpoint").is_none());
    }
);

both!(
    fn every_value_that_is_told_works(t) {
        let told = t.get("/.well-known/openid-configuration").send().await.json();
        let walk = Walk::begin(t, &told).await;
        for name in told.as_object().unwrap().keys() {
            walk.tries(name).await;
        }
    }
);

/// The document, and clients to try it with.
struct Walk<'a> {
    t: &'a TestApp,
    told: &'a Value,
    /// Keys of the client `by-private_key_jwt`.
    keys: Vec<SigningKey>,
}

impl<'a> Walk<'a> {
    async fn begin(t: &'a TestApp, told: &'a Value) -> Self {
        let keys: Vec<_> =
            SigningAlgorithm::EVERY.iter().map(|algorithm| assertion::key(*algorithm)).collect();
        let walk = Walk { t, told, keys };
        register(t, "app", json!({ "scopes": walk.names("scopes_supported").join(",") })).await;
        for method in walk.names("token_endpoint_auth_methods_supported") {
            let mut client = json!({ "clientAuthenticationMethods": method });
            match method.as_str() {
                "none" => client["clientSecret"] = json!(null),
                "client_secret_jwt" => client["clientSecret"] = json!(SIGNING_SECRET),
                "private_key_jwt" => {
                    client["clientSecret"] = json!(null);
                    let all: Vec<_> = walk.keys.iter().collect();
                    client["clientSettings"] = json!(assertion::with_keys(&all, json!({})));
                }
                _ => {}
            }
            register(t, &format!("by-{method}"), client).await;
        }
        itself::bound(t).await;
        walk
    }

    fn names(&self, member: &str) -> Vec<String> {
        let list = self.told[member].as_array().unwrap_or_else(|| panic!("{member} is no list"));
        assert!(!list.is_empty(), "{member}");
        list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// The path of an endpoint.
    fn path(&self, member: &str) -> String {
        let address = self.told[member].as_str().unwrap_or_else(|| panic!("{member} is not told"));
        format!("/{}", address.strip_prefix(ISSUER).unwrap())
    }

    async fn code(&self, client: &str, more: &str) -> String {
        let page = allow(&mut signed_in(self.t).await, &asking(client, more)).await;
        member(&page, "code").unwrap_or_else(|| panic!("{more}: {:?}", page.answer.location()))
    }

    /// Sends a form to an endpoint as the client that proves itself like this.
    async fn by(&self, method: &str, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let id = format!("by-{method}");
        let named = [fields, &[("client_id", id.as_str())]].concat();
        let request = self.t.post(&self.path(endpoint));
        match method {
            "client_secret_basic" => request.basic(&id, SECRET).form(fields).send().await,
            "client_secret_post" => {
                request.form(&[&named[..], &[("client_secret", SECRET)]].concat()).send().await
            }
            "client_secret_jwt" => self.signed("HS256", endpoint, fields).await,
            "private_key_jwt" => self.signed("ES256", endpoint, fields).await,
            "none" => request.form(&named).send().await,
            other => panic!("{other} is told and not tried"),
        }
    }

    /// The same, with an assertion under this algorithm.
    async fn signed(&self, algorithm: &str, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let jti = format!("{:016x}", self.t.random.next());
        let says = |id| assertion::says(self.t, id, &jti, &json!({}));
        let assertion = match self.keys.iter().find(|key| key.algorithm().as_str() == algorithm) {
            Some(key) => key.sign(&serde_json::Map::new(), &says("by-private_key_jwt")).unwrap(),
            None => {
                assert_eq!(algorithm, "HS256", "is told and not tried");
                SharedKey::new(SIGNING_SECRET.as_bytes()).unwrap().sign(&says("by-client_secret_jwt"))
            }
        };
        let proof =
            [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.expose().as_str())];
        self.t.post(&self.path(endpoint)).form(&[fields, &proof].concat()).send().await
    }

    async fn tries(&self, name: &str) {
        let t = self.t;
        let is = |told: Value| assert_eq!(self.told[name], told, "{name}");
        match name {
            "issuer" => {
                let tokens = tokens(t, "app", "&scope=openid").await;
                is(said(&tokens["id_token"])["iss"].clone());
                is(said(&tokens["access_token"])["iss"].clone());
            }
            "authorization_endpoint" => assert!(asking("app", "").starts_with(&self.path(name))),
            "token_endpoint" | "token_endpoint_auth_methods_supported" => {
                self.methods_at_the_token_endpoint().await
            }
            "revocation_endpoint" | "revocation_endpoint_auth_methods_supported" => {
                self.methods_at("revocation").await
            }
            "introspection_endpoint" | "introspection_endpoint_auth_methods_supported" => {
                self.methods_at("introspection").await;
            }
            "token_endpoint_auth_signing_alg_values_supported"
            | "revocation_endpoint_auth_signing_alg_values_supported"
            | "introspection_endpoint_auth_signing_alg_values_supported" => {
                let endpoint = name.strip_suffix("_auth_signing_alg_values_supported").unwrap();
                for algorithm in self.names(name) {
                    let fields = [("token", "x"), ("grant_type", "authorization_code"), ("code", "unknown")];
                    let answer = self.signed(&algorithm, endpoint, &fields).await;
                    let proven = answer.status == 200 || answer.json()["error"] == "invalid_grant";
                    assert!(proven, "{algorithm} at {endpoint}: {}", answer.text());
                }
            }
            "jwks_uri" => assert!(t.get(&self.path(name)).send().await.json()["keys"].is_array()),
            "id_token_signing_alg_values_supported" => self.signing().await,
            "response_types_supported" => is(json!(["code"])),
            "response_modes_supported" => {
                for mode in self.names(name) {
                    let page =
                        allow(&mut signed_in(t).await, &asking("app", &format!("&response_mode={mode}")))
                            .await;
                    let code = match mode.as_str() {
                        "query" => member(&page, "code"),
                        "form_post" => page.form(CALLBACK).value("code").map(str::to_owned),
                        other => panic!("{other} is told and not tried"),
                    };
                    assert_eq!(redeem(t, "app", &code.unwrap()).await.status, 200, "{mode}");
                }
            }
            "grant_types_supported" => self.grants().await,
            "pushed_authorization_request_endpoint" => {
                let fields = [&[("response_type", "code"), ("redirect_uri", CALLBACK)], &PKCE[..]].concat();
                let pushed = self.by("private_key_jwt", name, &fields).await.json();
                let uri = pushed["request_uri"].as_str().unwrap();
                let path = format!("/oauth2/authorize?client_id=by-private_key_jwt&request_uri={uri}");
                assert_eq!(signed_in(t).await.open_once(&path).await.status, 200);
            }
            "device_authorization_endpoint" => assert_eq!(self.path(name), "/oauth2/device_authorization"),
            "registration_endpoint" => {
                let body = json!({ "redirect_uris": [CALLBACK] });
                let initial = invitation(t, json!({})).await;
                assert_eq!(t.post(&self.path(name)).bearer(&initial).json(&body).send().await.status, 201);
            }
            "dpop_signing_alg_values_supported" => self.proofs(name).await,
            "code_challenge_methods_supported" => {
                is(json!([PKCE[1].1]));
                let code = self.code("app", "").await;
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", "another verifier than the one that was hashed before"),
                ];
                let wrong = t.post("/oauth2/token").basic("app", SECRET).form(&fields).send().await;
                assert_eq!(wrong.json()["error"], "invalid_grant");
            }
            "authorization_response_iss_parameter_supported" => {
                is(json!(true));
                let page = allow(&mut signed_in(t).await, &asking("app", "")).await;
                assert_eq!(member(&page, "iss").as_deref(), Some(ISSUER));
                let refused = signed_in(t).await.open(&asking("app", "&prompt=none&scope=email")).await;
                assert_eq!(
                    member(&refused, "iss").as_deref(),
                    Some(ISSUER),
                    "{:?}",
                    refused.answer.location()
                );
            }
            "userinfo_endpoint" => {
                let tokens = tokens(t, "app", "&scope=openid").await;
                let who =
                    t.get(&self.path(name)).bearer(tokens["access_token"].as_str().unwrap()).send().await;
                assert_eq!(who.json()["sub"], ADMIN);
            }
            "end_session_endpoint" => {
                let mut browser = signed_in(t).await;
                let page = allow(&mut browser, &asking("app", "&scope=openid")).await;
                let tokens = redeem(t, "app", &member(&page, "code").unwrap()).await.json();
                let hint = tokens["id_token"].as_str().unwrap();
                browser.open(&format!("{}?id_token_hint={hint}", self.path(name))).await;
                assert_eq!(browser.open("/apps").await.path, "/login");
            }
            "backchannel_logout_supported" | "backchannel_logout_session_supported" => {
                is(json!(true));
                self.logout(name).await;
            }
            "subject_types_supported" => {
                is(json!(["public"]));
                for id in ["app", "by-client_secret_basic"] {
                    let tokens = tokens(t, id, "&scope=openid").await;
                    assert_eq!(said(&tokens["id_token"])["sub"], ADMIN, "the same to every client");
                }
            }
            "scopes_supported" => {
                for scope in self.names(name) {
                    let code = self.code("app", &format!("&scope={scope}")).await;
                    assert_eq!(redeem(t, "app", &code).await.json()["scope"], scope);
                }
            }
            "prompt_values_supported" => self.prompts(name).await,
            "claims_supported" => self.claims(name).await,
            "claims_parameter_supported" => {
                is(json!(false));
                let claims = "%7B%22id_token%22%3A%7B%22email%22%3A%7B%22essential%22%3Atrue%7D%7D%7D";
                let code = self.code("app", &format!("&scope=openid&claims={claims}")).await;
                let identity = said(&redeem(t, "app", &code).await.json()["id_token"]);
                assert!(identity.get("email").is_none(), "{identity}");
            }
            "request_uri_parameter_supported" => {
                is(json!(false));
                let path = asking("app", "&request_uri=https://app.example.org/request");
                assert_eq!(signed_in(t).await.open_once(&path).await.status, 400);
            }
            "acr_values_supported" => self.sureness(name).await,
            other => panic!("{other} is told and not tried"),
        }
    }

    async fn methods_at_the_token_endpoint(&self) {
        for method in self.names("token_endpoint_auth_methods_supported") {
            let code = self.code(&format!("by-{method}"), "&scope=openid").await;
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let answer = self.by(&method, "token_endpoint", &fields).await;
            assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        }
    }

    /// Revokes or looks at a token of the client that proves itself like this, by each method told.
    async fn methods_at(&self, what: &str) {
        let endpoint = format!("{what}_endpoint");
        for method in self.names(&format!("{endpoint}_auth_methods_supported")) {
            let code = self.code(&format!("by-{method}"), "&scope=username").await;
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let tokens = self.by(&method, "token_endpoint", &fields).await.json();
            let token = tokens["access_token"].as_str().unwrap();
            let answer = self.by(&method, &endpoint, &[("token", token)]).await;
            assert_eq!(answer.status, 200, "{method}: {}", answer.text());
            let opens = self.t.get("/api/me").bearer(token).send().await.status;
            match what {
                "revocation" => assert_eq!(opens, 401, "{method}"),
                _ => assert_eq!((&answer.json()["active"], opens), (&json!(true), 200), "{method}"),
            }
        }
    }

    async fn signing(&self) {
        let keys = self.t.get(&self.path("jwks_uri")).send().await.json();
        let keys = keys["keys"].as_array().unwrap();
        let told = self.names("id_token_signing_alg_values_supported");
        assert_eq!(keys.len(), told.len(), "{keys:?}");
        for algorithm in told {
            let id = format!("signed-{algorithm}");
            let settings = json!({ "settings.token.id-token-signature-algorithm": algorithm }).to_string();
            register(self.t, &id, json!({ "tokenSettings": settings })).await;
            let tokens = tokens(self.t, &id, "&scope=openid").await;
            for token in ["id_token", "access_token"] {
                let header = header(&tokens[token]);
                assert_eq!(header["alg"], algorithm.as_str(), "{token}");
                assert!(
                    keys.iter().any(|key| key["kid"] == header["kid"] && key["alg"] == header["alg"]),
                    "{header}"
                );
            }
        }
    }
}
