//! `POST /oauth2/token` (modern reference 3.3).

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::exchange::{BodyForm, exchange};
use crate::identity::ClientAddress;
use crate::speech::Format;
use crate::{App, Refusal};

/// Answers with tokens.
pub(super) async fn token(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Result<Response, Refusal> {
    exchange(&app, address, &form, Dialect::Modern).await.map(|answer| answer.render(Format::Json))
}
