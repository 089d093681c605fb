//! Change reaches every node (rules of the door 7).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use kibali_crypto::sha256;
use kibali_model::{Clock, ObjectId};
use kibali_store::door::ends::RevokeToken;
use kibali_testkit::{Engine, TestApp, both, seed};
use kibali_web::identity::Caller;
use kibali_web::{App, Refusal};
use serde_json::json;

use crate::grants::issue;
use crate::metadata_write::person;

/// Who calls with this token.
pub(crate) async fn caller(app: &App, token: &str) -> Result<Caller, Refusal> {
    let request = http::Request::get("/api/me").header("authorization", format!("Bearer {token}"));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    Caller::from_request_parts(&mut parts, app).await
}

/// Waits until `app` caches.
pub(crate) async fn caching(app: &App) {
    while !app.store.feed().is_trusted() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn revoke(t: &TestApp, client: ObjectId, token: &str) {
    t.app.store.write(RevokeToken { hash: sha256(token), client, now: t.clock.now() }).await.unwrap();
}

/// Polls a future so many times and then sets it aside.
pub(crate) struct Polls<'a, F: ?Sized>(pub(crate) &'a mut Pin<Box<F>>, pub(crate) usize);

impl<F: Future + ?Sized> Future for Polls<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.as_mut().poll(context).map(Some)
    }
}

both!(
    fn a_revoke_at_any_await_point_of_a_load_holds_for_every_later_call(t) {
        caching(&t.app).await;
        let mut overtaken = 0;
        // More pauses than a load has, each several times: an answer that is there at once is not waited for.
        for round in 0..60 {
            let (name, id, pause) = (format!("paused {round}"), 1000 + round, round / 6);
            let client = issue(t, id, &name).await;
            let token = format!("{name} access");
            let mut load = Box::pin(caller(&t.app, &token));
            let finished = Polls(&mut load, usize::try_from(pause).unwrap()).await.is_some();
            revoke(t, client, &token).await;
            if !finished {
                overtaken += 1;
                let _ = load.await;
            }
            let later = caller(&t.app, &token).await;
            assert!(matches!(later, Err(Refusal::InvalidToken)), "after {pause} polls: {later:?}");
        }
        // SQLite is called and never waited for: there a load is overtaken before it begins, or by another thread.
        let not_begun = 6;
        let waited = overtaken - not_begun;
        assert!(waited > 0 || t.engine() == Engine::Sqlite, "a load waits for the database");
    }
);

both!(
    fn other_nodes_forget_within_a_second_even_when_notices_are_lost(t) {
        let deaf = t.another_with(2, |_, options| options.notices = false).await;
        caching(&deaf.app).await;
        for (id, notices) in [(1, false), (2, true)] {
            let name = format!("spread {notices}");
            let client = issue(t, id, &name).await;
            let token = format!("{name} access");
            caller(&deaf.app, &token).await.unwrap();
            revoke(t, client, &token).await;
            let since = Instant::now();
            while caller(&deaf.app, &token).await.is_ok() {
                assert!(since.elapsed() < Duration::from_secs(1), "still believed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        deaf.app.store.close().await;
    }
);

both!(
    fn what_a_role_gives_is_forgotten_with_the_role(t) {
        // Somebody else holds `ALL` too, or it could not be taken away.
        person(t, "deputy", &["ALL"]).await;
        caching(&t.app).await;
        issue(t, 1, "role").await;
        assert!(caller(&t.app, "role access").await.unwrap().0.is_superuser());
        let role = json!({
            "id": "yrB6vc5Ip3r", "code": "Superuser", "name": "Superuser", "authorities": ["F_USER_VIEW"]
        });
        seed::import(&t.app, &json!({ "userRoles": [role] })).await;
        assert!(!caller(&t.app, "role access").await.unwrap().0.is_superuser());
    }
);

both!(
    fn a_disabled_user_is_out_at_once(t) {
        person(t, "deputy", &["ALL"]).await;
        caching(&t.app).await;
        issue(t, 1, "user").await;
        caller(&t.app, "user access").await.unwrap();
        let user = json!({
            "id": "M5zQapPyTZI", "code": "admin", "username": seed::ADMIN, "firstName": "John",
            "surname": "Admin", "disabled": true, "userRoles": [{ "id": "yrB6vc5Ip3r" }]
        });
        seed::import(&t.app, &json!({ "users": [user] })).await;
        assert!(matches!(caller(&t.app, "user access").await, Err(Refusal::InvalidToken)));
    }
);

#[tokio::test]
async fn a_store_that_cannot_read_the_log_believes_nothing() {
    let Some(t) = TestApp::start(Engine::Sqlite).await else { return };
    caching(&t.app).await;
    t.app.store.close().await;
    assert!(!t.app.store.feed().is_trusted());
}

both!(
    fn a_token_that_makes_room_for_newer_ones_is_forgotten_on_every_node(t) {
        let other = t.another(2, |_| {}).await;
        caching(&t.app).await;
        caching(&other.app).await;
        let fields = [("grant_type", "password"), ("username", seed::ADMIN), ("password", seed::ADMIN_PASSWORD)];
        let ask = async |fields: &[(&str, &str)]| {
            t.clock.advance_seconds(1);
            let answer = t.post("/uaa/oauth/token").basic(seed::CLIENT, seed::CLIENT_SECRET).form(fields).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.json()
        };
        let first = ask(&fields).await;
        let (access, refresh) = (first["access_token"].as_str().unwrap(), first["refresh_token"].as_str().unwrap());
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        for _ in 0..99 {
            ask(&again).await;
        }
        assert!(caller(&t.app, access).await.is_ok() && caller(&other.app, access).await.is_ok(), "a hundred live");
        // One engine counts the newest among them, the other does not; nor does a node count what it decided in a
        // transaction, once a minute, before it counts anew.
        for _ in 0..4 {
            ask(&again).await;
        }
        let newest = ask(&again).await;
        let gone = caller(&t.app, access).await;
        assert!(matches!(gone, Err(Refusal::InvalidToken)), "{gone:?}");
        let since = Instant::now();
        while caller(&other.app, access).await.is_ok() {
            assert!(since.elapsed() < Duration::from_secs(2), "the other node remembers it");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(caller(&other.app, newest["access_token"].as_str().unwrap()).await.is_ok());
    }
);
