//! Which key a refresh needs (RFC 9449 section 5): a public client's refresh token its own, that of a client which
//! proves itself any.

use kibali_crypto::jose::SigningKey;
use kibali_model::SigningAlgorithm;
use kibali_store::{Store, StoreError, StoreOptions, Tx, Write};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::assertion::key;
use super::dpop::{bound, of, open, proof, public, redeeming, refreshing, text, token};
use super::{CALLBACK, SECRET, VERIFIER, allow, asking, member, register, said, signed_in};

/// Registers the confidential client `app`, whose access tokens have this format.
async fn confidential(t: &TestApp, format: &str, reuse: bool) {
    let tokens = json!({
        "settings.token.access-token-format": {
            "@class": "org.springframework.security.oauth2.server.authorization.settings.OAuth2TokenFormat",
            "value": format,
        },
        "settings.token.reuse-refresh-tokens": reuse,
    });
    register(t, "app", json!({ "tokenSettings": tokens.to_string() })).await;
}

/// What the confidential client is answered that shows this key.
async fn ask(t: &TestApp, key: Option<&SigningKey>, fields: &[(&str, &str)]) -> Answer {
    let request = t.post("/oauth2/token").basic("app", SECRET).form(fields);
    let proof = key.map(|key| proof(t, key, "POST", "/oauth2/token", &json!({})));
    let request = if let Some(proof) = &proof { request.header("dpop", proof) } else { request };
    request.send().await
}

/// First tokens of the confidential client, bound to this key.
async fn first(t: &TestApp, key: Option<&SigningKey>) -> Value {
    let query = asking("app", "&scope=openid+username");
    let code = member(&allow(&mut signed_in(t).await, &query).await, "code").unwrap();
    let code = code.as_str();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = ask(t, key, &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn refresh(t: &TestApp, key: Option<&SigningKey>, token: &str) -> Answer {
    ask(t, key, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn opens(t: &TestApp, key: &SigningKey, tokens: &Value) -> bool {
    let access = text(tokens, "access_token");
    open(t, "/api/me", access, &proof(t, key, "GET", "/api/me", &of(access))).await.status == 200
}

/// The key that introspection tells of a token.
async fn told(t: &TestApp, token: &str) -> Value {
    let request = t.post("/oauth2/introspect").basic("app", SECRET).form(&[("token", token)]);
    let told = request.send().await.json();
    assert_eq!(told["active"], true);
    told["cnf"]["jkt"].clone()
}

both!(
    fn a_client_that_proves_itself_refreshes_with_any_key_and_each_token_has_its_own(t) {
        let keys = [(); 3].map(|()| key(SigningAlgorithm::Es256));
        let node = t.another(2, |_| {}).await;
        for format in ["self-contained", "reference"] {
            confidential(t, format, true).await;
            let mut all = vec![first(t, Some(&keys[0])).await];
            let refresh_token = text(&all[0], "refresh_token").to_owned();
            for key in &keys[1..] {
                let answer = refresh(t, Some(key), &refresh_token).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                all.push(answer.json());
            }
            for (mine, tokens) in keys.iter().zip(&all) {
                assert_eq!(tokens["token_type"], "DPoP");
                let access = text(tokens, "access_token");
                assert_eq!(told(t, access).await, mine.public().thumbprint());
                if format == "self-contained" {
                    assert_eq!(said(&tokens["access_token"])["cnf"]["jkt"], mine.public().thumbprint());
                }
                for key in &keys {
                    let same = std::ptr::eq(key, mine);
                    assert_eq!((opens(t, key, tokens).await, opens(&node, key, tokens).await), (same, same));
                }
                assert_eq!(t.get("/api/me").bearer(access).send().await.status, 401);
            }
            assert_eq!(told(t, &refresh_token).await, json!(null), "it is bound to no key");
            let without = refresh(t, None, &refresh_token).await;
            assert_eq!((without.status, &without.json()["error"]), (400, &json!("invalid_grant")), "a key, though");
            assert!(opens(t, &keys[2], &all[2]).await, "and nothing ends");
            let id = t.get("/api/42/oAuth2Clients?filter=clientId:eq:app&fields=id").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
            let id = id["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
            assert_eq!(t.delete(&format!("/api/oAuth2Clients/{id}")).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        }
    }
);

both!(
    fn a_lost_answer_is_asked_for_again_with_another_key(t) {
        confidential(t, "self-contained", false).await;
        let keys = [(); 3].map(|()| key(SigningAlgorithm::Es256));
        let spent = text(&first(t, Some(&keys[0])).await, "refresh_token").to_owned();
        let lost = refresh(t, Some(&keys[1]), &spent).await.json();
        let again = refresh(t, Some(&keys[2]), &spent).await;
        assert_eq!(again.status, 200, "{}", again.text());
        let again = again.json();
        assert_eq!(again["refresh_token"], lost["refresh_token"], "one successor");
        for (mine, tokens) in [(1, &lost), (2, &again)] {
            for (key, other) in keys.iter().zip(0..) {
                assert_eq!(opens(t, key, tokens).await, mine == other);
            }
        }
        let without = refresh(t, None, &spent).await;
        assert_eq!((without.status, &without.json()["error"]), (400, &json!("invalid_grant")));
        assert_eq!(refresh(t, Some(&keys[0]), text(&again, "refresh_token")).await.status, 200, "nothing ended");
    }
);

both!(
    fn a_public_client_that_begins_to_show_a_key_is_held_to_it(t) {
        public(t).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let code = member(&allow(&mut signed_in(t).await, &asking("app", "&scope=username")).await, "code").unwrap();
        let unbound = token(t, None, &redeeming(&code)).await.json();
        let unbound = text(&unbound, "refresh_token").to_owned();
        let shown = |key| proof(t, key, "POST", "/oauth2/token", &json!({}));
        let tokens = token(t, Some(&shown(&mine)), &refreshing(&unbound)).await.json();
        assert_eq!(tokens["token_type"], "DPoP");
        assert!(opens(t, &mine, &tokens).await && !opens(t, &other, &tokens).await);
        let successor = text(&tokens, "refresh_token").to_owned();
        for proof in [None, Some(shown(&other))] {
            let refused = token(t, proof.as_deref(), &refreshing(&successor)).await;
            assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
        }
        let repeated = token(t, Some(&shown(&mine)), &refreshing(&unbound)).await.json();
        assert_eq!(text(&repeated, "refresh_token"), successor);
        let stolen = token(t, Some(&shown(&other)), &refreshing(&unbound)).await;
        assert_eq!((stolen.status, &stolen.json()["error"]), (400, &json!("invalid_grant")));
        assert!(!opens(t, &mine, &tokens).await, "two held the token: its family ended");
    }
);

both!(
    fn a_spent_token_of_a_public_client_with_another_key_ends_its_family(t) {
        public(t).await;
        let (mine, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        for stranger in [None, Some(&other)] {
            let spent = text(&bound(t, &mine).await, "refresh_token").to_owned();
            let shown = |key| proof(t, key, "POST", "/oauth2/token", &json!({}));
            let last = token(t, Some(&shown(&mine)), &refreshing(&spent)).await.json();
            assert!(opens(t, &mine, &last).await);
            let stolen = token(t, stranger.map(shown).as_deref(), &refreshing(&spent)).await;
            assert_eq!((stolen.status, &stolen.json()["error"]), (400, &json!("invalid_grant")));
            assert!(!opens(t, &mine, &last).await);
        }
    }
);

both!(
    fn bound_tokens_stay_bound_when_their_keys_move_to_them(t) {
        /// The schema as it was while a grant had the key, and what it held then.
        struct Before;
        impl Write for Before {
            type Output = ();
            async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
                for text in [
                    // What came after.
                    "alter table account add column last_used integer",
                    "drop table retired_key",
                    "drop index oauth_grant_live_both",
                    "alter table device_code drop column resource",
                    "alter table second_factor drop column email",
                    "alter table oauth_grant add column jkt text",
                    "update oauth_grant set jkt = (select max(t.jkt) from access_token t where t.grant_id = oauth_grant.id)",
                    "alter table access_token drop column jkt",
                    "alter table refresh_token drop column jkt",
                    "delete from schema_version where version >= 21",
                ] {
                    tx.run_composed(text, vec![]).await?;
                }
                Ok(())
            }
        }
        public(t).await;
        let mine = key(SigningAlgorithm::Es256);
        let tokens = bound(t, &mine).await;
        t.app.store.write(Before).await.unwrap();
        Store::open(&t.location(), StoreOptions::default()).await.unwrap().close().await;
        let node = t.another(2, |_| {}).await;
        assert!(opens(&node, &mine, &tokens).await);
        let access = text(&tokens, "access_token");
        assert_eq!(node.get("/api/me").bearer(access).send().await.status, 401, "bound as before");
        let refresh_token = text(&tokens, "refresh_token");
        assert_eq!(token(&node, None, &refreshing(refresh_token)).await.status, 400, "bound as before");
        let proof = proof(&node, &mine, "POST", "/oauth2/token", &json!({}));
        assert_eq!(token(&node, Some(&proof), &refreshing(refresh_token)).await.status, 200);
    }
);
