//! Reading a request of OAuth2: its headers and its parameters.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use kibali_oauth::Parameters;

use crate::body::{self, Bounds};
use crate::guard::Passage;
use crate::identity::SentProof;
use crate::{App, Refusal};

/// The headers and the parameters of a request, from its query and its form, as `/uaa` takes them (rules of
/// the door 2).
pub(crate) struct Form {
    pub(crate) headers: HeaderMap,
    pub(crate) parameters: Parameters,
    /// The DPoP proof, where there is one.
    pub(crate) proof: Option<SentProof>,
    /// What it has taken of its limits.
    pub(crate) passage: Option<Arc<Passage>>,
}

/// The same, from the form alone, as `/oauth2` takes them: what stands in addresses ends up in logs.
pub(crate) struct BodyForm(pub(crate) Form);

impl FromRequest<App> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        read(app, request, &query).await
    }
}

impl FromRequest<App> for BodyForm {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        read(app, request, "").await.map(Self)
    }
}

async fn read(app: &App, request: Request, query: &str) -> Result<Form, Refusal> {
    let (parts, body) = request.into_parts();
    let body = body::bytes(body, Bounds::FORM, app.settings.body_patience).await?;
    if !body.is_empty() {
        body::require_form(&parts.headers)?;
    }
    let parameters = Parameters::read([query.as_bytes(), body.as_ref()]);
    let (proof, passage) = (parts.extensions.get().cloned(), parts.extensions.get().cloned());
    Ok(Form { headers: parts.headers, parameters, proof, passage })
}
