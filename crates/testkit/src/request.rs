//! Requests as bytes through the real application.

use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt;
use kibali_web::Rooms;

/// A request being put together.
pub struct Request {
    rooms: Rooms,
    inner: http::Request<Body>,
}

impl Request {
    pub(crate) fn new(rooms: Rooms, method: &str, path: &str) -> Self {
        let mut inner = http::Request::new(Body::empty());
        *inner.method_mut() = method.parse().expect("a method");
        *inner.uri_mut() = path.parse().expect("a path");
        let peer = ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 40_000)));
        inner.extensions_mut().insert(peer);
        Self { rooms, inner }.header("host", "localhost:8080")
    }

    /// Adds a header, beside those of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.inner.headers_mut().append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// From this address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        let address: std::net::IpAddr = address.parse().expect("an address");
        let peer = ConnectInfo(std::net::SocketAddr::new(address, 40_000));
        self.inner.extensions_mut().insert(peer);
        self
    }

    /// With HTTP Basic credentials.
    #[must_use]
    pub fn basic(self, name: &str, secret: &str) -> Self {
        let pair = STANDARD.encode(format!("{name}:{secret}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a body of any type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        *self.inner.body_mut() = Body::from(body.into());
        self.header("content-type", content_type)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// With a form as body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", encode_form(fields))
    }

    /// With the last byte of its body held back until `meanwhile` is over, which begins when that byte is waited for.
    pub async fn held_open(mut self, meanwhile: impl Future<Output = ()> + Send + 'static) -> Self {
        let body = std::mem::take(self.inner.body_mut());
        let mut first = body.collect().await.expect("the body is whole").to_bytes();
        let last = first.split_off(first.len().saturating_sub(1));
        let first = stream::iter([Ok::<_, std::convert::Infallible>(first)]);
        let last = stream::once(async move {
            meanwhile.await;
            Ok(last)
        });
        *self.inner.body_mut() = Body::from_stream(first.chain(last));
        self
    }

    /// Sends it and leaves the body to be read.
    pub async fn open(self) -> http::Response<Body> {
        self.rooms.answer(self.inner).await
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Answer {
        let response = self.open().await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes of the body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("the answer is UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none; the message shows it.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header is ASCII"))
    }

    /// Where it redirects to.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.header(header::LOCATION.as_str())
    }
}

/// `a=1&b=2`, percent-encoded.
pub(crate) fn encode_form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let letters = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    });
    letters.collect()
}
