//! The question whether a client may act as the user, and the page that says why it cannot be asked.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use url::{Host, Url};

use crate::{Refusal, Settings};

/// What the consent page shows. Authorize and Deny are sent as `user_oauth_approval` `true` and `false`,
/// as DHIS2 names it.
#[derive(Debug, Clone)]
pub struct ConsentView {
    /// What the client is called.
    pub client_name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// First name and surname of the user.
    pub user_name: String,
    /// Login name of the user.
    pub username: String,
    /// What is asked, in plain words, one thing a line.
    pub asks: Vec<String>,
    /// The validated redirect URI: shown, and named in the page's `form-action`.
    pub destination: String,
    /// Where the answer is sent, below the context path: `/uaa/oauth/authorize`.
    pub action: &'static str,
    /// What the answer carries besides, as hidden fields.
    pub carried: Vec<(String, String)>,
    /// Token of the session against forged forms.
    pub csrf: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Authorize {{ view.client_name }}</title>
<h1>Authorize {{ view.client_name }}</h1>
<p><b>{{ view.client_name }}</b> ({{ view.client_id }}) asks to act as {{ view.user_name }} ({{ view.username }}):</p>
<ul>{% for ask in view.asks %}<li>{{ ask }}</li>{% endfor %}</ul>
<p>The answer goes to {{ view.destination }}</p>
<form method="post" action="{{ context }}{{ view.action }}">
<input type="hidden" name="csrf" value="{{ view.csrf }}">
{% for (name, value) in view.carried %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<button name="user_oauth_approval" value="true">Authorize</button>
<button name="user_oauth_approval" value="false">Deny</button>
</form></html>"#
)]
struct Consent<'a> {
    context: &'a str,
    view: ConsentView,
}

/// The consent page.
#[must_use]
pub fn consent_page(settings: &Settings, view: ConsentView) -> Response {
    let also = form_source(&view.destination).map(|source| format!(" {source}")).unwrap_or_default();
    let policy =
        format!("default-src 'none'; form-action 'self'{also}; frame-ancestors 'none'; base-uri 'none'");
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let headers = [
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    match (Consent { context: settings.context_path(), view }).render() {
        Ok(html) => (headers, Html(html)).into_response(),
        Err(error) => Refusal::internal(error).into_response(),
    }
}

/// The page that says why a client's request cannot be answered at its redirect URI (legacy reference
/// 4.3). `summary` is the OAuth2 error and its description.
#[must_use]
pub fn oauth_error_page(settings: &Settings, status: StatusCode, summary: &str) -> Response {
    super::error_page(settings, status, "The application's request cannot be answered", summary, None)
}

/// The narrowest source of a Content Security Policy that covers `redirect_uri`: its origin, or its scheme
/// where no origin can be written (a custom scheme, or an IPv6 address, which CSP 3 has no syntax for).
fn form_source(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_))) => Some(url.origin().ascii_serialization()),
        (scheme, _) => Some(format!("{scheme}:")),
    }
}
