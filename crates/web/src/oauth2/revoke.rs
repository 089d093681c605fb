//! `POST /oauth2/revoke` (RFC 7009).

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::exchange::{BodyForm, revoke as give_back};
use crate::identity::ClientAddress;
use crate::{App, Refusal};

/// Revokes `token`, whichever kind it is.
pub(super) async fn revoke(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Result<Response, Refusal> {
    give_back(&app, address, &form, Dialect::Modern).await
}
