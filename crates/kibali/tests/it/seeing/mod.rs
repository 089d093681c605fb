//! Seeing what is open, and cutting it: *Account*, and the administration pages.

mod administration;
mod narrowed;
mod one_user;
mod own;
mod trail;

use kibali_store::door::audit::newest;
use kibali_testkit::seed::{CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp};
use serde_json::Value;

const EVENTS: &str = "/administration/events";

/// The tokens of a password grant.
pub(crate) async fn by_password(t: &TestApp, (username, password): (&str, &str)) -> Value {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What else is known of each event of this name, the newest first.
async fn happened(t: &TestApp, name: &str) -> Vec<Value> {
    let events = newest(&mut t.app.store.reader().await.unwrap(), 100).await.unwrap();
    events.into_iter().filter(|event| event.name == name).map(|event| event.detail).collect()
}

/// A call with the access token of an answer.
pub(crate) async fn me(t: &TestApp, tokens: &Value) -> Answer {
    t.get("/api/me").bearer(tokens["access_token"].as_str().unwrap()).send().await
}

/// The refresh token of an answer.
pub(crate) async fn refresh(t: &TestApp, tokens: &Value) -> Answer {
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await
}
