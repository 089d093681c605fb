//! A rendered page and the headers every page carries.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use url::{Host, Url};

use crate::Refusal;
use crate::why::Told;

const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A page ready to be sent.
#[derive(Debug)]
pub(crate) struct Page {
    status: StatusCode,
    html: String,
    form_source: Option<String>,
    refusal: Option<Refusal>,
}

impl Page {
    /// Renders `template`.
    ///
    /// # Errors
    /// [`Refusal::Internal`] when the template itself fails, which no input can cause.
    pub(super) fn render(template: &impl Template) -> Result<Self, Refusal> {
        let html = template.render().map_err(Refusal::internal)?;
        Ok(Self { status: StatusCode::OK, html, form_source: None, refusal: None })
    }

    /// The same page with another status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same page, which tells of a refusal in words of its own: with its status, and remembered as it.
    pub(super) fn refusing(self, refusal: Refusal) -> Self {
        Self { status: refusal.status(), refusal: Some(refusal), ..self }
    }

    /// The same page once more, where what was typed did not prove who it is: the request cannot be read, unless it is
    /// to be waited.
    pub(super) fn unproved(self, refusal: Refusal) -> Self {
        match refusal.retry_after() {
            Some(_) => self.refusing(refusal),
            None => self.status(StatusCode::BAD_REQUEST),
        }
    }

    /// The same page, whose form may end at `redirect_uri`: Chromium holds a form to `form-action` across
    /// the redirect that answers it.
    pub(super) fn ending_at(self, redirect_uri: &str) -> Self {
        Self { form_source: form_source(redirect_uri), ..self }
    }

    fn policy(&self) -> String {
        let also = self.form_source.as_deref().map(|source| format!(" {source}")).unwrap_or_default();
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'{also}; frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        // The policy is made of constants and of a source that `form_source` has built from a parsed
        // address; were it no header value all the same, the page would be sent without any source.
        let policy = HeaderValue::from_str(&self.policy())
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // Told to no other site. With `no-referrer` browsers would hide the origin of our own forms.
            (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        ];
        let mut answer = (self.status, headers, self.html).into_response();
        if let Some(refusal) = self.refusal {
            if let Some(seconds) = refusal.retry_after() {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            answer.extensions_mut().insert(Told(refusal));
        }
        answer
    }
}

/// The narrowest source of a Content Security Policy that covers `redirect_uri`: its origin, or its scheme
/// where no origin can be written (a custom scheme, or an IPv6 address, which CSP 3 has no syntax for).
fn form_source(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    let scheme = url.scheme();
    match (scheme, url.host()) {
        ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_))) => Some(url.origin().ascii_serialization()),
        _ => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::form_source;

    #[test]
    fn the_source_is_as_narrow_as_can_be_written() {
        for (uri, source) in [
            ("https://app.example.org/cb?x=1;script-src *", Some("https://app.example.org")),
            ("http://127.0.0.1:4711/callback", Some("http://127.0.0.1:4711")),
            ("http://[::1]:4711/callback", Some("http:")),
            ("myapp://callback", Some("myapp:")),
            ("org.example.app:/callback", Some("org.example.app:")),
            ("not an address", None),
        ] {
            assert_eq!(form_source(uri).as_deref(), source, "{uri}");
        }
    }
}
