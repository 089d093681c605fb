//! What a signing key signed is worth nothing once the key is retired: somebody else may have it.

use std::time::{Duration, Instant};

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use kibali_web::keys::Retirement;
use serde_json::{Value, json};

use super::exchange::{chain_of, exchange};
use super::{SECRET, allow, asking, header, member, redeem, register, signed_in};
use crate::freshness::caching;
use crate::registration::{android, device::enrolled};
use crate::why::{broken, explained};

const OUT: &str = "https://app.example.org/out";

async fn introspected(t: &TestApp, token: &str) -> Value {
    t.post("/oauth2/introspect").basic("app", SECRET).form(&[("token", token)]).send().await.json()
}

async fn me(t: &TestApp, token: &str) -> Answer {
    t.get("/api/me").bearer(token).send().await
}

async fn userinfo(t: &TestApp, token: &str) -> u16 {
    t.get("/userinfo").bearer(token).send().await.status
}

/// Is it believed wherever it can be shown? The same everywhere.
async fn is_believed(t: &TestApp, token: &str) -> bool {
    let answers = [
        me(t, token).await.status == 200,
        userinfo(t, token).await == 200,
        introspected(t, token).await["active"] == true,
        exchange(t, "service", token, &[]).await.status == 200,
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    answers[0]
}

both!(
    fn nothing_that_a_retired_key_signed_is_believed(t) {
        let other = t.another(2, |_| {}).await;
        caching(&t.app).await;
        caching(&other.app).await;
        register(t, "app", json!({ "postLogoutRedirectUris": OUT })).await;
        chain_of(t).await;
        let mut browser = signed_in(t).await;
        let page = allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        let tokens = redeem(t, "app", &member(&page, "code").unwrap()).await.json();
        let (access, hint) = (tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap());
        let password = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let opaque = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&password).send().await.json();
        let opaque = opaque["access_token"].as_str().unwrap();
        let device = enrolled(&mut browser).await;
        let silent = asking("app", &format!("&scope=openid&prompt=none&id_token_hint={hint}"));
        // Both nodes remember it.
        assert!(is_believed(t, access).await && is_believed(&other, access).await);
        assert_eq!(me(t, opaque).await.status, 200);
        assert!(member(&browser.open(&silent).await, "code").is_some());

        let kid = header(&tokens["access_token"])["kid"].as_str().unwrap().to_owned();
        let done = t.app.signer().retire(&kid, "somebody").await.unwrap();
        assert!(matches!(done, Retirement::Done { .. }), "{done:?}");
        assert!(!is_believed(t, access).await, "at once where it was done");
        let since = Instant::now();
        while me(&other, access).await.status == 200 {
            assert!(since.elapsed() < Duration::from_secs(5), "still believed elsewhere");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!is_believed(&other, access).await);
        let told = explained(t, 401, &me(t, access).await).await;
        assert_eq!(broken(&told), ("token", "the key that signed it was retired 0 seconds before, at 2026-01-15T08:00:00.000Z"));
        assert_eq!(told.change, "refresh, or ask for a new token: another key signs it");

        let page = browser.open(&silent).await;
        assert_eq!((member(&page, "code"), member(&page, "error")), (None, Some("login_required".to_owned())));
        let out = browser.open_once(&format!("/connect/logout?id_token_hint={hint}&post_logout_redirect_uri={OUT}")).await;
        assert_eq!(out.location(), None, "nobody is signed out by it");
        assert_eq!(crate::registration::register(t, &device, &android(json!({}))).await.status, 401);

        assert_eq!(me(t, opaque).await.status, 200, "no key signed it");
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        for node in [t, &other] {
            let fresh = node.post("/oauth2/token").basic("app", SECRET).form(&form).send().await.json();
            assert_ne!(header(&fresh["access_token"])["kid"], kid);
            assert!(is_believed(node, fresh["access_token"].as_str().unwrap()).await, "nobody signs in again");
        }
        // Who has it can still give it back.
        assert_eq!(t.post("/oauth2/revoke").basic("app", SECRET).form(&[("token", access)]).send().await.status, 200);
        other.app.store.close().await;
    }
);
