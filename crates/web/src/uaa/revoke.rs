//! `POST /uaa/oauth/revoke`: a client gives a token back (RFC 7009). DHIS2 had no such endpoint.

use axum::extract::State;
use axum::response::Response;
use kibali_model::Dialect;

use crate::exchange::{Form, revoke as give_back};
use crate::identity::ClientAddress;
use crate::{App, Refusal};

/// Revokes `token`, whichever kind it is.
pub(super) async fn revoke(
    State(app): State<App>,
    address: ClientAddress,
    form: Form,
) -> Result<Response, Refusal> {
    give_back(&app, address, &form, Dialect::Legacy).await
}
