//! What `/.well-known` tells is so: each value is tried.

use kibali_crypto::jose::SharedKey;
use kibali_model::SigningAlgorithm;
use kibali_testkit::both;
use serde_json::{Value, json};

use super::assertion::{self, JWT_BEARER, SIGNING_SECRET};
use super::{CALLBACK, SECRET, VERIFIER, allow, asking, header, member, redeem, register, signed_in};

fn names(told: &Value, member: &str) -> Vec<String> {
    let list = told[member].as_array().unwrap_or_else(|| panic!("{member} is no list in {told}"));
    list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn path(told: &Value, member: &str) -> String {
    let address = told[member].as_str().unwrap_or_else(|| panic!("{member} is not told"));
    address.strip_prefix("http://localhost:8080").unwrap().to_owned()
}

both!(
    fn both_documents_agree_and_anybody_may_read_them(t) {
        let openid = t.get("/.well-known/openid-configuration").header("origin", "https://any.example").send().await;
        let oauth = t.get("/.well-known/oauth-authorization-server").send().await;
        assert_eq!(openid.header("access-control-allow-origin"), Some("*"));
        let (openid, oauth) = (openid.json(), oauth.json());
        assert_eq!(openid["issuer"], "http://localhost:8080/");
        for (name, value) in oauth.as_object().unwrap() {
            assert_eq!(&openid[name], value, "{name}");
        }
        assert!(oauth.get("userinfo_endpoint").is_none());
    }
);

both!(
    fn every_endpoint_that_is_told_is_there(t) {
        let told = t.get("/.well-known/openid-configuration").send().await.json();
        for (name, value) in told.as_object().unwrap() {
            if !name.ends_with("_endpoint") && name != "jwks_uri" {
                continue;
            }
            let path = path(&told, name);
            for method in ["GET", "POST"] {
                let status = t.request(method, &path).send().await.status;
                assert!(status != 404 && status < 500, "{method} {value}: {status}");
            }
        }
    }
);

both!(
    fn every_value_that_is_told_works(t) {
        let told = t.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(names(&told, "response_types_supported"), ["code"]);
        let scopes = names(&told, "scopes_supported");
        register(t, "app", json!({ "scopes": scopes.join(",") })).await;
        let mut browser = signed_in(t).await;
        for mode in names(&told, "response_modes_supported") {
            let page = allow(&mut browser, &asking("app", &format!("&response_mode={mode}"))).await;
            assert!(page.answer.status == 303 || page.answer.text().contains(CALLBACK), "{mode}");
        }
        for scope in &scopes {
            let page = allow(&mut browser, &asking("app", &format!("&scope={scope}"))).await;
            let answer = redeem(t, "app", &member(&page, "code").unwrap()).await;
            assert_eq!(&answer.json()["scope"], scope);
        }
        for grant in names(&told, "grant_types_supported") {
            let answer = t.post("/oauth2/token").basic("app", SECRET).form(&[("grant_type", &grant)]).send().await;
            assert_ne!(answer.json()["error"], "unsupported_grant_type", "{grant}");
        }
        for algorithm in names(&told, "id_token_signing_alg_values_supported") {
            let id = format!("signed-{algorithm}");
            let settings = json!({ "settings.token.id-token-signature-algorithm": algorithm }).to_string();
            register(t, &id, json!({ "tokenSettings": settings })).await;
            let page = allow(&mut browser, &asking(&id, "&scope=openid")).await;
            let tokens = redeem(t, &id, &member(&page, "code").unwrap()).await.json();
            for token in ["id_token", "access_token"] {
                assert_eq!(header(&tokens[token])["alg"], algorithm.as_str(), "{token}");
            }
        }
        let keys = t.get(&path(&told, "jwks_uri")).send().await.json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 4);
        for prompt in names(&told, "prompt_values_supported") {
            let answer = browser.open_once(&asking("app", &format!("&scope=openid&prompt={prompt}"))).await;
            let refused = answer.location().is_some_and(|to| to.contains("error="));
            assert!(!refused && answer.status < 400, "{prompt}: {:?}", answer.location());
        }
        let key = assertion::key(SigningAlgorithm::Es256);
        for method in names(&told, "token_endpoint_auth_methods_supported") {
            let id = format!("by-{method}");
            let more = match method.as_str() {
                "none" => json!({ "clientAuthenticationMethods": "none", "clientSecret": null }),
                "client_secret_jwt" => {
                    json!({ "clientAuthenticationMethods": method, "clientSecret": SIGNING_SECRET })
                }
                "private_key_jwt" => json!({
                    "clientAuthenticationMethods": method, "clientSecret": null,
                    "clientSettings": assertion::with_keys(&[&key], json!({})),
                }),
                _ => json!({ "clientAuthenticationMethods": method }),
            };
            register(t, &id, more).await;
            let page = allow(&mut browser, &asking(&id, "&scope=openid")).await;
            let code = member(&page, "code").unwrap();
            let fields = [
                ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER), ("client_id", id.as_str()),
            ];
            let request = t.post("/oauth2/token");
            let with = |signed: String| {
                let proof = [("client_assertion_type", JWT_BEARER), ("client_assertion", signed.as_str())];
                t.post("/oauth2/token").form(&[&fields[..], &proof].concat())
            };
            let answer = match method.as_str() {
                "client_secret_basic" => request.basic(&id, SECRET).form(&fields).send().await,
                "client_secret_post" => {
                    request.form(&[&fields[..], &[("client_secret", SECRET)]].concat()).send().await
                }
                "client_secret_jwt" => {
                    let secret = SharedKey::new(SIGNING_SECRET.as_bytes()).unwrap();
                    with(secret.sign(&assertion::says(t, &id, "1", &json!({}))).expose().clone()).send().await
                }
                "private_key_jwt" => with(assertion::proof(t, &key, &id, "1", &json!({}))).send().await,
                "none" => request.form(&fields).send().await,
                other => panic!("{other} is told and not tried"),
            };
            assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        }
        // Each is tried by `a_client_signs_with_the_algorithm_it_registered`.
        let signed: Vec<_> = SigningAlgorithm::EVERY.iter().map(|algorithm| algorithm.as_str()).collect();
        // And by `a_bound_token_opens_the_web_api_with_a_fresh_proof_of_its_key_and_nothing_else`.
        assert_eq!(names(&told, "dpop_signing_alg_values_supported"), signed);
        for endpoint in ["token", "revocation", "introspection"] {
            let told = names(&told, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported"));
            assert_eq!(told, [&signed[..], &["HS256"]].concat(), "{endpoint}");
        }
    }
);
