//! The values that take more than a request each.

use kibali_model::SigningAlgorithm;
use kibali_testkit::Browser;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use serde_json::{Value, json};

use super::Walk;
use crate::oauth2::backchannel::{caller, leaves, listens, tell, token as logout_token};
use crate::oauth2::jwks_uri::site;
use crate::oauth2::{
    CALLBACK, SECRET, VERIFIER, allow, asking, device, dpop, exchange, member, redeem, said, signed_in,
    tokens,
};
use crate::pages::{self, ORDINARY, make_ordinary};
use crate::two_factor::enrol;

const ALONE: (&str, &str) = ("grant_type", "client_credentials");

impl Walk<'_> {
    /// A token by each grant.
    pub(super) async fn grants(&self) {
        let t = self.t;
        device::television(t).await;
        exchange::chain_of(t).await;
        let first = tokens(t, "app", "&scope=openid+username").await;
        let text = |name: &str| first[name].as_str().unwrap().to_owned();
        for grant in self.names("grant_types_supported") {
            let (client, mut fields) = match grant.as_str() {
                "authorization_code" => {
                    let code = self.code("app", "&scope=username").await;
                    let uri = ("redirect_uri", CALLBACK.to_owned());
                    ("app", vec![("code", code), uri, ("code_verifier", VERIFIER.to_owned())])
                }
                "refresh_token" => ("app", vec![("refresh_token", text("refresh_token"))]),
                "client_credentials" => ("nightly-job", vec![]),
                "urn:ietf:params:oauth:grant-type:device_code" => {
                    let request = t.post(&self.path("device_authorization_endpoint")).basic("tv", SECRET);
                    let told = request.form(&[("scope", "username")]).send().await.json();
                    let shown = told["user_code"].as_str().unwrap();
                    device::answer(&mut signed_in(t).await, shown, "allow").await;
                    ("tv", vec![("device_code", told["device_code"].as_str().unwrap().to_owned())])
                }
                "urn:ietf:params:oauth:grant-type:token-exchange" => {
                    let kind = "urn:ietf:params:oauth:token-type:access_token".to_owned();
                    ("service", vec![("subject_token", text("access_token")), ("subject_token_type", kind)])
                }
                other => panic!("{other} is told and not tried"),
            };
            fields.push(("grant_type", grant.clone()));
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer =
                t.post(&self.path("token_endpoint")).basic(client, SECRET).form(&fields).send().await;
            assert_eq!(answer.status, 200, "{grant}: {}", answer.text());
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            assert_eq!(t.get("/api/me").bearer(&token).send().await.status, 200, "{grant}");
        }
    }

    /// A token that is bound by a proof under each algorithm, and a call with it.
    pub(super) async fn proofs(&self, name: &str) {
        for algorithm in self.names(name) {
            let algorithm = SigningAlgorithm::from_name(&algorithm).unwrap();
            let key = self.keys.iter().find(|key| key.algorithm() == algorithm).unwrap();
            let path = self.path("token_endpoint");
            let proof = dpop::proof(self.t, key, "POST", &path, &json!({}));
            let request = self.t.post(&path).basic("nightly-job", SECRET).header("dpop", &proof);
            let bound = request.form(&[ALONE]).send().await.json();
            assert_eq!(bound["token_type"], "DPoP", "{algorithm:?}: {bound}");
            let token = bound["access_token"].as_str().unwrap();
            let proof = dpop::proof(self.t, key, "GET", "/api/me", &dpop::of(token));
            assert_eq!(dpop::open(self.t, "/api/me", token, &proof).await.status, 200, "{algorithm:?}");
        }
    }

    /// A client hears of a logout, and of which session it was.
    pub(super) async fn logout(&self, name: &str) {
        let t = self.t;
        let site = site("127.0.0.1:0").await;
        let id = name.replace('_', "-");
        listens(t, &id, &site).await;
        let node = caller(t, 5).await;
        let mut browser = signed_in(t).await;
        let page = allow(&mut browser, &asking(&id, "&scope=openid")).await;
        let tokens = redeem(t, &id, &member(&page, "code").unwrap()).await.json();
        leaves(&mut browser).await;
        tell(&node).await;
        let told = said(&json!(logout_token(&site.asked()[0])));
        assert_eq!(told["sid"], said(&tokens["id_token"])["sid"], "{told}");
    }

    pub(super) async fn prompts(&self, name: &str) {
        let mut browser = signed_in(self.t).await;
        allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        for prompt in self.names(name) {
            let path = asking("app", &format!("&scope=openid+username&prompt={prompt}&state={prompt}"));
            let answer = browser.open_once(&path).await;
            let to = answer.location().unwrap_or_default();
            match prompt.as_str() {
                "none" => assert!(to.contains("?code="), "{to}"),
                "login" | "select_account" => assert_eq!(to, "/login", "{prompt}"),
                "consent" => assert_eq!(answer.status, 200, "the question, though it was answered before"),
                other => panic!("{other} is told and not tried"),
            }
        }
    }

    /// Whoever has an address and a name has every claim that is told, and no other.
    pub(super) async fn claims(&self, name: &str) {
        let patch = json!([{ "op": "add", "path": "/email", "value": "John@example.org" }]).to_string();
        let request = self.t.patch("/api/users/M5zQapPyTZI").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(request.body("application/json-patch+json", patch).send().await.status, 200);
        let tokens = tokens(self.t, "app", "&scope=openid+profile+email+username&nonce=n").await;
        let mut told = self.names(name);
        // A number of the token itself, and no claim about anybody.
        told.push("jti".to_owned());
        told.sort_unstable();
        let mut had: Vec<_> = said(&tokens["id_token"]).as_object().unwrap().keys().cloned().collect();
        had.sort_unstable();
        assert_eq!(had, told);
    }

    pub(super) async fn sureness(&self, name: &str) {
        let t = self.t;
        make_ordinary(t, &[]).await;
        let mut browser = pages::signed_in(t, ORDINARY).await;
        let acr = async |browser: &mut Browser, more: &str| -> Value {
            let page = allow(browser, &asking("app", &format!("&scope=openid{more}"))).await;
            let code = member(&page, "code").unwrap();
            said(&redeem(t, "app", &code).await.json()["id_token"])["acr"].clone()
        };
        let mut had = vec![acr(&mut browser, "").await];
        enrol(t, &mut browser).await;
        had.push(acr(&mut browser, "").await);
        assert_eq!(self.told[name], json!(had));
        for value in self.names(name) {
            assert_eq!(
                acr(&mut browser, &format!("&acr_values={value}")).await,
                "2",
                "{value}: it is as sure as that"
            );
        }
    }
}
