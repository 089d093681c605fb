//! `POST /oauth2/token` (modern reference 3.3).

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::App;
use crate::exchange::{BodyForm, exchange, refuse};
use crate::identity::ClientAddress;
use crate::speech::Format;

/// Answers with tokens.
pub(super) async fn token(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Response {
    match exchange(&app, address, &form, Dialect::Modern).await {
        Ok(answer) => answer.render(Format::Json),
        Err(refusal) => refuse(refusal, &form),
    }
}
