//! Reading objects: lists, single objects, fields, filters, order, paging.

mod cost;
mod engines;
mod export;
mod fields;
mod filters;
mod lists;
mod long;
mod people;
mod real;
mod sharing;
mod tags;
mod units;
mod widening;

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, TestApp};
use serde_json::Value;

/// A GET as the superuser.
pub(crate) async fn ask(t: &TestApp, path: &str) -> Answer {
    t.get(path).basic(ADMIN, ADMIN_PASSWORD).send().await
}

/// The body of a GET as the superuser that is answered 200.
pub(crate) async fn read(t: &TestApp, path: &str) -> Value {
    let answer = ask(t, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// The values of one key in a list.
pub(crate) fn column(body: &Value, plural: &str, key: &str) -> Vec<String> {
    let rows = body[plural].as_array().unwrap_or_else(|| panic!("no {plural} in {body}"));
    rows.iter().map(|row| row[key].as_str().unwrap_or("-").to_owned()).collect()
}
