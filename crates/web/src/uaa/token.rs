//! `POST /uaa/oauth/token` (legacy reference 3).

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::exchange::{Form, exchange};
use crate::identity::ClientAddress;
use crate::speech::Speech;
use crate::{App, Refusal};

/// Answers with tokens, as JSON or XML.
pub(super) async fn token(
    State(app): State<App>,
    speech: Speech,
    address: ClientAddress,
    form: Form,
) -> Result<Response, Refusal> {
    exchange(&app, address, &form, Dialect::Legacy).await.map(|answer| answer.render(speech.format))
}
