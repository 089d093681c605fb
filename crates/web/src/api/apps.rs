//! `/api/apps`: the apps installed, of which there are none. Clients read it when they start (d2 does not
//! go on without); installing one is not served.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::answer;
use crate::App;
use crate::identity::Caller;

pub(super) fn router() -> Router<App> {
    Router::new().route("/apps", get(installed))
}

async fn installed(Caller(_): Caller) -> Response {
    answer::json(&json!([]))
}
