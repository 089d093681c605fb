//! The plain forms of an answer. Handlers make these; the last layer adds `ETag`, XML and the rest.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::XmlRoot;

/// Room for all the headers that an answer has in the end, so that their table is made once.
const HEADERS: usize = 12;

fn of(media: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.headers_mut() = HeaderMap::with_capacity(HEADERS);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    answer
}

/// An answer of JSON.
pub(crate) fn json(value: &Value) -> Response {
    written(value.to_string())
}

/// An answer of JSON that is written already.
pub(crate) fn written(json: impl Into<Body>) -> Response {
    of("application/json", json)
}

/// An answer of JSON whose XML form has this root.
pub(crate) fn rooted(root: &'static str, value: &Value) -> Response {
    let mut answer = json(value);
    answer.extensions_mut().insert(XmlRoot(root));
    answer
}

/// An answer of plain text.
pub(crate) fn text(value: impl Into<String>) -> Response {
    of("text/plain;charset=UTF-8", value.into())
}

/// The same answer, never to be stored by a cache.
pub(crate) fn no_store(mut answer: Response) -> Response {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
