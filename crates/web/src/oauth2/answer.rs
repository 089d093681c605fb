//! Answers of this room: JSON, and who may keep it for how long.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

/// For the caller alone.
pub(super) fn private(status: StatusCode, told: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, Body::from(told.to_string())).into_response()
}

/// For anybody, from any page, and kept for five minutes.
pub(super) fn public(told: &Value) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=300"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Body::from(told.to_string())).into_response()
}
