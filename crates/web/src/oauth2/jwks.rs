//! `GET /oauth2/jwks`: the keys that check our tokens, for anybody (modern reference 3.5).
//!
//! Whoever keeps the answer for five minutes hears of a new key long before it signs, and of the first one of each
//! algorithm at once.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer;
use crate::{App, Refusal};

pub(super) async fn show(State(app): State<App>) -> Result<Response, Refusal> {
    let keys: Vec<Value> =
        app.signer().shown().await?.iter().map(|key| Value::Object(key.to_jwk())).collect();
    Ok(answer::public(&json!({ "keys": keys })))
}
