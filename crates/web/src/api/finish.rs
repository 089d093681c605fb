//! The last hand on every answer of the Web API: XML where it is wanted, `ETag`, caching, `HEAD`
//! (web-api reference 1.1, 1.3).

use std::borrow::Cow;
use std::collections::HashSet;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use kibali_metadata::Registry;
use kibali_metadata::kind::Property;
use kibali_metadata::schema::singular_of;
use serde_json::Value;

use super::objects::WeakTag;
use super::web_message::{XmlRoot, xml_item};
use super::{not_served, xml};
use crate::rooms::routed;
use crate::speech::{Format, Speech};
use crate::{App, Refusal, body};

/// Longer answers stream, with a weak tag where the handler has one (rules of the metadata 3).
const HASHED: usize = 1 << 20;
/// Longer answers are not written as XML, since that needs them whole.
const WRITTEN_AS_XML: usize = 16 << 20;

/// The answer is a compressed file: it is compressed however short it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GzipFile;

/// What the routes answer, finished.
pub(super) async fn answer(app: &App, routes: &Router, speech: Speech, mut request: Request) -> Response {
    let app = &app.speaking(speech.version.dialect());
    if is_compressed(request.headers()) {
        return Refusal::CompressedBody.into_response();
    }
    let uri = request.uri().clone();
    let method = request.method().clone();
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    if method == Method::HEAD {
        // The whole answer is made, so that its headers are those of GET.
        *request.method_mut() = Method::GET;
    }
    let answer = explained(routed(routes, request).await, &method, uri.path(), &app.registry);
    if answer.extensions().get::<Refusal>().is_some() {
        return answer;
    }
    let answer = match speech.format {
        Format::Json => answer,
        Format::Xml => Box::pin(as_xml(answer, &app.registry)).await,
        Format::Csv if speech.suffix.starts_with(".csv") && is_json(&answer) => {
            return Refusal::NotAcceptable(".csv".to_owned()).into_response();
        }
        Format::Csv => answer,
    };
    let mut answer = match method {
        Method::GET | Method::HEAD => tagged(answer, known.as_ref()).await,
        _ => answer,
    };
    if speech.gzip && answer.status() == StatusCode::OK {
        mark_as_file(&mut answer, uri.path(), speech.suffix);
    }
    if method == Method::HEAD { without_body(answer) } else { answer }
}

/// Is the body announced as compressed (RFC 9110 section 8.4)? What it holds has no bound before it is read.
fn is_compressed(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The answer of a route that is there, but not for this method; it says which route.
pub(super) async fn not_for_this_method(route: MatchedPath) -> impl IntoResponse {
    (StatusCode::METHOD_NOT_ALLOWED, Extension(route))
}

/// Tells what DHIS2 has and Kibali does not from what nobody has.
fn explained(answer: Response, method: &Method, path: &str, registry: &Registry) -> Response {
    let unrouted = (answer.status() == StatusCode::METHOD_NOT_ALLOWED)
        .then(|| Refusal::MethodNotAllowed { method: method.clone(), allow: String::new() });
    let Some(found) = answer.extensions().get::<Refusal>().or(unrouted.as_ref()) else { return answer };
    if let Some(refusal) = not_served::explain(path, found, registry) {
        return refusal.into_response();
    }
    // The routes of the engine take every name; only those of kinds exist.
    let route = answer.extensions().get::<MatchedPath>();
    let is_engine = route.is_some_and(|route| route.as_str().contains("/{resource}"));
    let resource = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if unrouted.is_some() && is_engine && registry.kind(resource).is_none_or(|kind| kind.plural != resource) {
        return Refusal::NotFound.into_response();
    }
    answer
}

fn is_json(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// The same answer as XML, where it is JSON.
async fn as_xml(answer: Response, registry: &Registry) -> Response {
    if !is_json(&answer) {
        return answer;
    }
    let root = answer.extensions().get::<XmlRoot>().map_or("metadata", |root| root.0);
    let (mut parts, body) = answer.into_parts();
    let bytes = match read_up_to(body, WRITTEN_AS_XML).await {
        Ok(Read::Whole(bytes)) => bytes,
        Ok(Read::Longer(_)) => {
            return Refusal::conflict("The answer is too long for XML; ask for JSON, or for a page of it")
                .into_response();
        }
        Err(error) => return Refusal::internal(error).into_response(),
    };
    let Ok(value) = body::parse(&bytes) else {
        return Refusal::internal("an answer announced as JSON is none").into_response();
    };
    // An array has no element of its own: it stands inside the root.
    let value = match value {
        plain @ (Value::Object(_) | Value::Array(_)) => plain,
        plain => serde_json::json!({ "value": plain }),
    };
    let collections = collections(registry);
    let item = |name: &str| {
        let kind = || registry.kind(name).filter(|kind| kind.plural == name);
        xml_item(name)
            .or_else(|| kind().map(|kind| Cow::Borrowed(kind.singular)))
            .or_else(|| collections.contains(name).then(|| Cow::Owned(singular_of(name))))
    };
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml;charset=UTF-8"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(xml::document(root, &value, &item)))
}

/// The names of all collections of kinds and of the objects inside them.
fn collections(registry: &Registry) -> HashSet<&'static str> {
    fn add(properties: &[Property], names: &mut HashSet<&'static str>) {
        for property in properties {
            if property.is_collection() {
                names.insert(property.name);
            }
            add(property.inner(), names);
        }
    }
    let mut names = HashSet::new();
    registry.kinds().for_each(|kind| add(&kind.properties, &mut names));
    names
}

/// With `Cache-Control` where the handler set none, and with an `ETag`: a hash of the content, or the weak tag
/// that stands in for it; 304 where the caller has this content.
async fn tagged(answer: Response, known: Option<&HeaderValue>) -> Response {
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let cached = parts.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, private"));
    if cached.as_bytes().windows(8).any(|word| word == b"no-store") {
        return Response::from_parts(parts, body);
    }
    let weak = parts.extensions.remove::<WeakTag>();
    let read = match &weak {
        Some(weak) if weak.always => Ok(Read::Longer(body)),
        _ => read_up_to(body, HASHED).await,
    };
    let (tag, written, body) = match (read, weak) {
        (Ok(Read::Whole(bytes)), _) => {
            let tag = format!("\"{}\"", short_hash(&bytes));
            (tag.clone(), tag, Body::from(bytes))
        }
        (Ok(Read::Longer(body)), Some(weak)) => (weak.tag.clone(), format!("W/{}", weak.tag), body),
        (Ok(Read::Longer(body)), None) => return Response::from_parts(parts, body),
        (Err(error), _) => return Refusal::internal(error).into_response(),
    };
    let matches = known.and_then(|value| value.to_str().ok()).is_some_and(|list| has_tag(list, &tag));
    if let Ok(tag) = HeaderValue::try_from(written) {
        parts.headers.insert(ETAG, tag);
    }
    if matches {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_TYPE);
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, body)
}

/// 128 bits of SHA-256, in hexadecimal.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    let high = kibali_crypto::sha256(bytes).first_chunk::<16>().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(high))
}

/// Does an `If-None-Match` list hold this tag, weak or strong (RFC 9110 section 13.1.2)?
pub(crate) fn has_tag(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

enum Read {
    Whole(Bytes),
    /// What was read, followed by the rest.
    Longer(Body),
}

async fn read_up_to(mut body: Body, limit: usize) -> Result<Read, axum::Error> {
    if HttpBody::size_hint(&body).lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Ok(Read::Longer(body));
    }
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        match first.take() {
            None if whole.is_empty() => first = Some(data),
            None => whole.extend_from_slice(&data),
            Some(before) => {
                whole.extend_from_slice(&before);
                whole.extend_from_slice(&data);
            }
        }
        if whole.len() > limit {
            let read = stream::iter([Ok(whole.freeze())]);
            return Ok(Read::Longer(Body::from_stream(read.chain(body.into_data_stream()))));
        }
    }
    Ok(Read::Whole(first.unwrap_or_else(|| whole.freeze())))
}

fn mark_as_file(answer: &mut Response, path: &str, suffix: &str) {
    let name: String =
        path.rsplit('/').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    answer.extensions_mut().insert(GzipFile);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}{suffix}\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
}

fn without_body(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    if let Some(length) = HttpBody::size_hint(&body).exact() {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
