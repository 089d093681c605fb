//! Who is calling: credentials in, a principal out.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kibali_model::Principal;

use crate::{App, Refusal};

/// The caller of a Web API request, proven by its credential (rules of the door 1). A handler that takes
/// this cannot be reached without one.
#[derive(Debug, Clone)]
pub struct Caller(pub std::sync::Arc<Principal>);

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(_parts: &mut Parts, _app: &App) -> Result<Self, Refusal> {
        Err(Refusal::NoCredentials)
    }
}

/// The caller of a request that anybody may make, if a credential was sent and holds.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<std::sync::Arc<Principal>>);

impl FromRequestParts<App> for MaybeCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(Caller::from_request_parts(parts, app).await.ok().map(|caller| caller.0)))
    }
}
