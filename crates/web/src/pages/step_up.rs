//! Asking once more who it is, before something delicate.

use axum::response::{IntoResponse, Response};
use kibali_model::{Lately, Unproved};

use super::own::PROVE as PROVE_PASSWORD;
use super::redirect;
use super::two_factor::PROVE as PROVE_FACTOR;
use super::visitor::Visitor;
use crate::identity::{remember_return, unproved};
use crate::{App, Refusal};

/// To where the visitor proves once more who they are, if they have to, and on to `page` after it.
pub(super) async fn asked_first(
    app: &App,
    visitor: &Visitor,
    lately: Lately,
    page: &str,
) -> Result<Option<Response>, Refusal> {
    let question = match unproved(app, &visitor.principal, lately).await? {
        None => return Ok(None),
        Some(Unproved::Factor) => PROVE_FACTOR,
        Some(Unproved::Password) => PROVE_PASSWORD,
    };
    let cookie = remember_return(app, visitor.session(), page)?;
    Ok(Some((cookie, redirect(&app.settings, question)).into_response()))
}
