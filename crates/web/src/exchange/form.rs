//! Reading a request of OAuth2: its headers and its parameters.

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use kibali_oauth::Parameters;

use crate::body::{self, Bounds};
use crate::{App, Refusal};

/// The headers and the parameters of a request, from its query and its form (rules of the door 2).
pub(crate) struct Form {
    pub(crate) headers: HeaderMap,
    pub(crate) parameters: Parameters,
}

impl FromRequest<App> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = body::bytes(body, Bounds::FORM, app.settings.body_patience).await?;
        if !body.is_empty() {
            body::require_form(&parts.headers)?;
        }
        let query = parts.uri.query().unwrap_or_default();
        let parameters = Parameters::read([query.as_bytes(), body.as_ref()]);
        Ok(Self { headers: parts.headers, parameters })
    }
}
