//! The registry of clients: one row, two dialects (rules of the door 3, 4 and 6).

mod dialects;
mod rights;
mod rules;
mod secrets;

use kibali_testkit::{Answer, TestApp};
use serde_json::Value;

use crate::foundation::admin;

/// Makes a client in the dialect of a version, and answers its identifier.
async fn made(t: &TestApp, version: u16, client: &Value) -> String {
    let answer = post(t, version, client).await;
    assert_eq!(answer.status, 201, "{client}: {}", answer.text());
    answer.json()["response"]["uid"].as_str().unwrap().to_owned()
}

async fn post(t: &TestApp, version: u16, client: &Value) -> Answer {
    admin(t.post(&format!("/api/{version}/oAuth2Clients"))).json(client).send().await
}

async fn put(t: &TestApp, version: u16, uid: &str, client: &Value) -> Answer {
    admin(t.put(&format!("/api/{version}/oAuth2Clients/{uid}"))).json(client).send().await
}

async fn patch(t: &TestApp, version: u16, uid: &str, operations: &Value) -> Answer {
    let patch = admin(t.patch(&format!("/api/{version}/oAuth2Clients/{uid}")));
    patch.body("application/json-patch+json", operations.to_string()).send().await
}

/// A client in the dialect of a version, without when and by whom it was changed.
async fn shown(t: &TestApp, version: u16, uid: &str, fields: &str) -> Value {
    let answer = admin(t.get(&format!("/api/{version}/oAuth2Clients/{uid}?fields={fields}"))).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut client = answer.json();
    for key in ["lastUpdated", "lastUpdatedBy"] {
        client.as_object_mut().unwrap().remove(key);
    }
    client
}
