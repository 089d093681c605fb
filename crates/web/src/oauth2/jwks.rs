//! `GET /oauth2/jwks`: the keys that check our tokens, for anybody (modern reference 3.5).

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{App, Refusal};

/// Whoever keeps the answer for five minutes hears of a new key long before it signs; but the first key of an
/// algorithm signs at once.
const KEPT: &str = "public, max-age=300";

pub(super) async fn show(State(app): State<App>) -> Result<Response, Refusal> {
    let keys: Vec<Value> =
        app.signer().shown().await?.iter().map(|key| Value::Object(key.to_jwk())).collect();
    let headers =
        [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((headers, Body::from(json!({ "keys": keys }).to_string())).into_response())
}
