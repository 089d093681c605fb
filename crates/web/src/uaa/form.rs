//! Reading a request of this room: headers, query and form together.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use kibali_oauth::Parameters;

use crate::body::{self, Bounds};
use crate::{App, Refusal};

/// Bytes and time of a form; codes, tokens and passwords are short.
const BOUNDS: Bounds = Bounds { bytes: 64 << 10, within: Duration::from_secs(20) };

/// The headers and the parameters of a request, from its query and its form (rules of the door 2).
pub(super) struct Form {
    pub(super) headers: HeaderMap,
    pub(super) parameters: Parameters,
}

impl FromRequest<App> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = body::bytes(body, BOUNDS).await?;
        if !body.is_empty() {
            require_form(&parts.headers)?;
        }
        let query = parts.uri.query().unwrap_or_default();
        let parameters = Parameters::read([query.as_bytes(), body.as_ref()]);
        Ok(Self { headers: parts.headers, parameters })
    }
}

/// Is the body announced as a form in UTF-8?
fn require_form(headers: &HeaderMap) -> Result<(), Refusal> {
    const TAKEN: &str = "application/x-www-form-urlencoded in UTF-8";
    let Some((media, charset)) = headers.get(CONTENT_TYPE).map(body::content_type) else {
        return Err(Refusal::UnsupportedMediaType(TAKEN));
    };
    let is_utf8 = charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii"));
    if media == "application/x-www-form-urlencoded" && is_utf8 {
        Ok(())
    } else {
        Err(Refusal::UnsupportedMediaType(TAKEN))
    }
}
