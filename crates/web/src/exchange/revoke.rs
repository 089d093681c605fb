//! A client gives a token back (RFC 7009).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use kibali_crypto::sha256;
use kibali_model::Dialect;
use kibali_store::door::ends::RevokeToken;

use super::client::authenticate;
use super::form::Form;
use crate::identity::ClientAddress;
use crate::{App, Refusal};

/// Revokes `token`, whichever kind it is; `token_type_hint` is not needed. The answer is the same for a
/// token that is unknown or another client's: an empty object, because libraries that expect JSON everywhere
/// (simple-oauth2) take an answer without a body for a failure.
pub(crate) async fn revoke(
    app: &App,
    address: ClientAddress,
    form: &Form,
    dialect: Dialect,
) -> Result<Response, Refusal> {
    let client = authenticate(app, form, address, dialect).await?;
    let hash = sha256(form.parameters.require("token")?);
    app.store.write(RevokeToken { hash, client: client.object, now: app.now() }).await?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], "{}").into_response())
}
