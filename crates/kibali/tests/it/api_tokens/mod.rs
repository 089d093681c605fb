//! Personal access tokens (rules of the door 1, 6, 7, 8, 10; modern reference 4.4).

mod ends;
mod rest;
mod used;

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, Request, TestApp};
use serde_json::{Value, json};

use crate::identity::{PATH, USER, USER_PASSWORD};

pub(crate) const TOKENS: &str = "/api/apiTokens";
pub(crate) const DAY: i64 = 86_400;

/// With a personal access token.
pub(crate) fn with(request: Request, token: &str) -> Request {
    request.header("authorization", &format!("ApiToken {token}"))
}

/// Asks for something everybody may read.
pub(crate) async fn call(t: &TestApp, token: &str) -> Answer {
    with(t.get(PATH), token).send().await
}

/// The status of a call, and what is told with it.
pub(crate) async fn told(t: &TestApp, token: &str) -> (u16, String) {
    let answer = call(t, token).await;
    if answer.status == 200 {
        return (200, String::new());
    }
    assert_eq!(answer.header("www-authenticate"), Some("ApiToken"), "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["httpStatusCode"], answer.status);
    (answer.status, body["message"].as_str().unwrap().to_owned())
}

/// Makes a token of the administrator; answers its uid and itself.
pub(crate) async fn make(t: &TestApp, body: Value) -> (String, String) {
    made(&t.post(TOKENS).basic(ADMIN, ADMIN_PASSWORD).json(&body).send().await)
}

/// Makes a token of the ordinary user.
pub(crate) async fn make_ordinary(t: &TestApp, body: Value) -> (String, String) {
    made(&t.post(TOKENS).basic(USER, USER_PASSWORD).json(&body).send().await)
}

pub(crate) fn made(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let response = &answer.json()["response"];
    let text = |name: &str| response[name].as_str().unwrap().to_owned();
    (text("uid"), text("key"))
}

/// A JSON Patch of one token.
pub(crate) async fn patch(t: &TestApp, uid: &str, operations: Value) -> Answer {
    let request = t.patch(&format!("{TOKENS}/{uid}")).basic(ADMIN, ADMIN_PASSWORD);
    request.body("application/json-patch+json", operations.to_string()).send().await
}

/// What the Web API says of the administrator's token.
pub(crate) async fn show(t: &TestApp, uid: &str) -> Value {
    let answer = t.get(&format!("{TOKENS}/{uid}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(crate) fn nothing() -> Value {
    json!({})
}
