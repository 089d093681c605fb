//! `POST /uaa/oauth/token` (legacy reference 3).

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::App;
use crate::exchange::{Form, exchange, refuse};
use crate::identity::ClientAddress;
use crate::speech::Speech;

/// Answers with tokens, as JSON or XML.
pub(super) async fn token(
    State(app): State<App>,
    speech: Speech,
    address: ClientAddress,
    form: Form,
) -> Response {
    match exchange(&app, address, &form, Dialect::Legacy).await {
        Ok(answer) => answer.render(speech.format),
        Err(refusal) => refuse(refusal, &form),
    }
}
