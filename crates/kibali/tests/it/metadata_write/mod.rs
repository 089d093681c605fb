//! Writing metadata over HTTP: one object, many, parts of one; as a superuser and as people with less.

mod codes;
mod crud;
mod delete;
mod imports;
mod nested;
mod own_kind;
mod patch;
mod race;
mod real;
mod share_many;
mod superuser;
mod users;

use kibali_testkit::seed::import;
use kibali_testkit::{Answer, TestApp};
use serde_json::{Value, json};

use crate::foundation::admin;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "Dist_rict1";

/// Sends JSON as the superuser.
pub(crate) async fn send(t: &TestApp, method: &str, path: &str, body: Value) -> Answer {
    admin(t.request(method, path)).json(&body).send().await
}

/// Sends a JSON Patch as the superuser.
pub(crate) async fn patch(t: &TestApp, path: &str, operations: Value) -> Answer {
    let body = operations.to_string();
    admin(t.patch(path)).body("application/json-patch+json", body).send().await
}

/// Reads as the superuser.
pub(crate) async fn read(t: &TestApp, path: &str) -> Value {
    let answer = admin(t.get(path)).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// The envelope fits its status, and is whole.
pub(crate) fn told(answer: &Answer, status: u16, what: &str) -> Value {
    let body = answer.json();
    assert_eq!(answer.status, status, "{what}: {body}");
    assert_eq!(body["httpStatusCode"], status, "{what}: {body}");
    let word = if status < 300 { "OK" } else { "ERROR" };
    assert_eq!(body["status"], word, "{what}: {body}");
    body
}

/// Refused with one error report of this code about this property.
pub(crate) fn refused(answer: &Answer, code: &str, property: &str, what: &str) -> String {
    let body = told(answer, 409, what);
    let report = &body["response"]["errorReports"][0];
    assert_eq!(report["errorCode"], code, "{what}: {body}");
    assert_eq!(body["errorCode"], code, "{what}: {body}");
    if !property.is_empty() {
        assert_eq!(report["errorProperty"], property, "{what}: {body}");
    }
    report["message"].as_str().unwrap().to_owned()
}

/// Somebody with these authorities.
pub(crate) async fn person(t: &TestApp, name: &str, authorities: &[&str]) {
    let uid = |prefix: &str| format!("{prefix}{name:0<9}").chars().take(11).collect::<String>();
    import(
        &t.app,
        &json!({
            "userRoles": [{ "id": uid("rr"), "name": name, "authorities": authorities }],
            "users": [{ "id": uid("uu"), "username": format!("{name}.person"), "password": PASSWORD,
                        "firstName": "First", "surname": name, "userRoles": [{ "id": uid("rr") }] }],
        }),
    )
    .await;
}

/// Sends JSON as that somebody.
pub(crate) async fn send_as(t: &TestApp, name: &str, method: &str, path: &str, body: Value) -> Answer {
    t.request(method, path).basic(&format!("{name}.person"), PASSWORD).json(&body).send().await
}

pub(crate) fn element(uid: &str, name: &str) -> Value {
    json!({ "id": uid, "name": name, "shortName": name, "domainType": "AGGREGATE", "valueType": "NUMBER",
            "aggregationType": "SUM" })
}

pub(crate) fn unit(uid: &str, parent: Option<&str>) -> Value {
    let parent = parent.map(|id| json!({ "id": id }));
    json!({ "id": uid, "name": uid, "shortName": uid, "openingDate": "2000-01-01", "parent": parent })
}
