//! The plain forms of an answer. Handlers make these; the last layer adds `ETag`, XML and the rest.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

use super::XmlRoot;

/// An answer of JSON.
pub(crate) fn json(value: &Value) -> Response {
    let mut answer = Response::new(Body::from(value.to_string()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An answer of JSON whose XML form has this root.
pub(crate) fn rooted(root: &'static str, value: &Value) -> Response {
    let mut answer = json(value);
    answer.extensions_mut().insert(XmlRoot(root));
    answer
}

/// An answer of plain text.
pub(crate) fn text(value: impl Into<String>) -> Response {
    let mut answer = Response::new(Body::from(value.into()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    answer
}

/// The same answer, never to be stored by a cache.
pub(crate) fn no_store(mut answer: Response) -> Response {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
