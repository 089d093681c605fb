//! How a caller is spoken to: which room the path leads to, which format and which version.
//!
//! Decided once from path and headers, before routing, by the outermost layer; kept beside the request as
//! an extension, and used once more to render a refusal.

mod accept;
pub(crate) mod cors;
mod path;
pub(crate) mod plain;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use kibali_model::ApiVersion;
use std::convert::Infallible;

use crate::{App, Settings};

/// What the path below the context path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// `/api/*`: web messages.
    Api,
    /// `/uaa/oauth/token` and its like: the OAuth pair, as DHIS2 up to 2.41 has it.
    Token,
    /// `/oauth2/token` and its like: the OAuth pair in JSON, as RFC 6749 has it.
    OAuth2,
    /// Everything else: pages for people.
    Page,
}

impl Room {
    /// What the operator's figures call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Token => "uaa",
            Self::OAuth2 => "oauth2",
            Self::Page => "pages",
        }
    }
}

/// The form an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `application/xml`.
    Xml,
    /// `text/csv`, for lists.
    Csv,
}

/// How this caller is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// Where the path leads.
    pub room: Room,
    /// The format asked for: by suffix, else by `Accept`, else JSON.
    pub format: Format,
    /// The suffix ends in `.gz`: the answer is a compressed file.
    pub gzip: bool,
    /// The version of this call: the number in `/api/{n}/`, else `--as-version`.
    pub version: ApiVersion,
    /// The number in `/api/{n}/`, where there is one: some answers depend on it being there (web-api
    /// reference 2.5).
    pub versioned: bool,
    /// The suffix as written, `.json`, for links that repeat it; empty without one.
    pub suffix: &'static str,
}

impl<S: Sync> FromRequestParts<S> for Speech {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self {
            room: Room::Page,
            format: Format::Json,
            gzip: false,
            version: ApiVersion::DEFAULT,
            versioned: false,
            suffix: "",
        }))
    }
}

/// The application as this caller is spoken to: the kinds of the Web API as their dialect describes them.
pub(crate) struct Spoken(pub(crate) App);

impl FromRequestParts<App> for Spoken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let speech = Speech::from_request_parts(parts, app).await?;
        Ok(Self(app.speaking(speech.version.dialect())))
    }
}

/// How the sender of a request is spoken to, and the path that the room sees.
pub(crate) fn of<'p>(path: &'p str, headers: &HeaderMap, settings: &Settings) -> (Speech, &'p str) {
    let read = path::read(path, settings.context_path());
    let version = read.version.map_or(settings.as_version, ApiVersion::from_number);
    let format = match (read.suffix, read.room) {
        (Some(suffix), _) => suffix.format,
        (None, Room::Token) if version.number() <= 29 && takes_anything(headers) => Format::Xml,
        (None, Room::Page | Room::OAuth2) => Format::Json,
        (None, _) => headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .map_or(Format::Json, accept::preferred),
    };
    let speech = Speech {
        room: read.room,
        format,
        gzip: read.suffix.is_some_and(|suffix| suffix.gzip),
        version,
        versioned: read.version.is_some(),
        suffix: read.suffix.map_or("", |suffix| suffix.text),
    };
    (speech, read.path)
}

/// The address that the sender of a request to `path` sees, whether a proxy passes the context path on or strips it.
pub(crate) fn seen_address(path: &str, settings: &Settings) -> String {
    settings.absolute(path::below(path, settings.context_path()))
}

/// The path that the room sees.
pub(crate) fn inner_path<'p>(path: &'p str, settings: &Settings) -> &'p str {
    path::read(path, settings.context_path()).path
}

/// No `Accept`, or only `*/*`: DHIS2 up to 2.29 answered XML then (rules of the door 2).
fn takes_anything(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_none_or(|value| value == "*/*")
}

/// May this request change something?
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
