//! Reading request bodies: bounded in bytes, in time and in depth, with a refusal for each bound.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::{App, Refusal};

/// Bytes of a body, where a request is about one thing.
pub const JSON_LIMIT: usize = 1 << 20;

/// How much a body may be, and how long it may take to arrive whole.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most bytes.
    pub bytes: usize,
    /// How many times as long as the operator lets others take.
    pub times: u32,
}

impl Bounds {
    /// One object, one setting.
    pub const SMALL: Self = Self { bytes: JSON_LIMIT, times: 1 };
    /// A form: codes, tokens, passwords and addresses are short.
    pub const FORM: Self = Self { bytes: 64 << 10, times: 1 };
    /// An import.
    pub const LARGE: Self = Self { bytes: 128 << 20, times: 15 };
}

/// Reads a body whole. `patience` is the time from the first look to the last byte, before `bounds` multiply
/// it.
///
/// # Errors
/// [`Refusal::TooLarge`], [`Refusal::TooSlow`], or [`Refusal::UnreadableBody`] when the connection broke.
pub async fn bytes(body: Body, bounds: Bounds, patience: Duration) -> Result<Bytes, Refusal> {
    let within = patience.saturating_mul(bounds.times);
    tokio::time::timeout(within, collect(body, bounds.bytes)).await.map_err(|_| Refusal::TooSlow)?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::TooLarge { limit };
    let announced = HttpBody::size_hint(&body).lower();
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::UnreadableBody("The body broke off".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Reads a body of JSON.
///
/// A missing `Content-Type` passes for JSON; another one, or a charset other than UTF-8, is refused.
///
/// # Errors
/// As [`bytes`]; [`Refusal::UnsupportedMediaType`]; [`Refusal::UnreadableBody`] where it is not JSON or is
/// nested deeper than 127 levels.
pub async fn json(
    headers: &HeaderMap,
    body: Body,
    bounds: Bounds,
    patience: Duration,
) -> Result<Value, Refusal> {
    require_json(headers)?;
    parse(&bytes(body, bounds, patience).await?)
}

/// Reads JSON that is at hand.
///
/// # Errors
/// [`Refusal::UnreadableBody`]. The text says where and why, and repeats nothing of the body.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::UnreadableBody(format!("The body is not JSON: {error}")))
}

/// Is the body announced as JSON in UTF-8, or not announced at all?
///
/// # Errors
/// [`Refusal::UnsupportedMediaType`].
pub fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    const TAKEN: &str = "application/json in UTF-8";
    let Some((media, charset)) = headers.get(CONTENT_TYPE).map(content_type) else { return Ok(()) };
    let is_json = media == "application/json" || media == "text/json" || media.ends_with("+json");
    let is_utf8 = charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii"));
    if is_json && is_utf8 { Ok(()) } else { Err(Refusal::UnsupportedMediaType(TAKEN)) }
}

/// Is the body announced as a form in UTF-8?
///
/// # Errors
/// [`Refusal::UnsupportedMediaType`].
pub fn require_form(headers: &HeaderMap) -> Result<(), Refusal> {
    const TAKEN: &str = "application/x-www-form-urlencoded in UTF-8";
    let (media, charset) = headers.get(CONTENT_TYPE).map(content_type).unwrap_or_default();
    let is_utf8 = charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii"));
    if media == "application/x-www-form-urlencoded" && is_utf8 {
        Ok(())
    } else {
        Err(Refusal::UnsupportedMediaType(TAKEN))
    }
}

/// The media type and charset of a `Content-Type`, in lower case.
#[must_use]
pub fn content_type(value: &HeaderValue) -> (String, Option<String>) {
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_owned();
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=")).map(|name| name.trim_matches('"').to_owned());
    (media, charset)
}

/// A small body of JSON.
#[derive(Debug)]
pub struct Json(pub Value);

impl FromRequest<App> for Json {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        json(&parts.headers, body, Bounds::SMALL, app.settings.body_patience).await.map(Self)
    }
}

/// A small body as it came, with its media type and charset.
#[derive(Debug)]
pub struct Raw {
    /// The bytes.
    pub bytes: Bytes,
    /// The media type in lower case, empty when not announced.
    pub media: String,
}

impl FromRequest<App> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let media = request.headers().get(CONTENT_TYPE).map(content_type).unwrap_or_default().0;
        let body = bytes(request.into_body(), Bounds::SMALL, app.settings.body_patience).await?;
        Ok(Self { bytes: body, media })
    }
}

#[cfg(test)]
mod tests {
    // Tests may fail loudly.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn headers(content_type: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
    }

    #[tokio::test]
    async fn more_bytes_than_allowed_are_refused_announced_or_not() {
        let bounds = Bounds { bytes: 4, ..Bounds::SMALL };
        let announced = Body::from("12345");
        assert_eq!(bytes(announced, bounds, PATIENCE).await, Err(Refusal::TooLarge { limit: 4 }));
        let chunks = stream::iter(["123", "45"].map(Ok::<_, Infallible>));
        let unannounced = Body::from_stream(chunks);
        assert_eq!(bytes(unannounced, bounds, PATIENCE).await, Err(Refusal::TooLarge { limit: 4 }));
        assert_eq!(bytes(Body::from("1234"), bounds, PATIENCE).await.unwrap(), "1234");
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_refused_in_time() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        assert_eq!(bytes(never, Bounds::SMALL, Duration::from_millis(20)).await, Err(Refusal::TooSlow));
    }

    #[tokio::test]
    async fn only_json_in_utf8_is_taken() {
        for (kind, taken) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/json-patch+json", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/x-www-form-urlencoded", false),
            ("application/xml", false),
        ] {
            let answer = json(&headers(kind), Body::from("{}"), Bounds::SMALL, PATIENCE).await;
            assert_eq!(answer.is_ok(), taken, "{kind}");
        }
        assert!(json(&HeaderMap::new(), Body::from("{}"), Bounds::SMALL, PATIENCE).await.is_ok());
    }

    #[test]
    fn garbage_and_deep_nesting_are_named_not_repeated() {
        for text in ["", "{", "\u{0}", &"[".repeat(100_000), "{\"password\":\"s3cret\" oops"] {
            let Err(Refusal::UnreadableBody(message)) = parse(text.as_bytes()) else {
                panic!("{text} was read")
            };
            assert!(!message.contains("s3cret"), "{message}");
        }
        assert!(parse(&[b'"', 0xff, b'"']).is_err());
    }
}
