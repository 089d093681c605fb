//! The whole application: what every request meets first and every answer last, and the rooms between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, ORIGIN,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use kibali_crypto::Random;
use tower::Service as _;

use crate::api::finish::GzipFile;
use crate::guard::{Passage, Place};
use crate::identity::{ClientAddress, SentProof};
use crate::refusal::{self, Refusal};
use crate::speech::cors::Cors;
use crate::speech::{Room, Speech, plain};
use crate::why::{Told, Trace};
use crate::{App, api, oauth2, pages, speech, uaa};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole application. Cheap to clone.
///
/// A path may begin with the context path of `settings.base_url` or not, so a proxy may pass it on or strip it.
#[derive(Clone)]
pub struct Rooms {
    app: App,
    /// The Web API, by path below `/api`.
    api: Router,
    /// Everything else.
    doors: Router,
    numbers: Arc<Numbers>,
}

impl Rooms {
    /// The rooms of `app`.
    #[must_use]
    pub fn new(app: App) -> Self {
        let mut doors = pages::router();
        if app.settings.old_generation {
            doors = doors.nest("/uaa/oauth", uaa::router());
        }
        if app.settings.new_generation {
            doors = doors.merge(oauth2::router());
        }
        Self {
            api: api::router(&app).with_state(app.clone()),
            doors: doors.with_state(app.clone()),
            numbers: Arc::new(Numbers::start(&*app.random)),
            app,
        }
    }

    /// The answer to a request.
    pub async fn answer(&self, mut request: Request<Body>) -> Response {
        let app = &self.app;
        let trace = Trace::of(app, &request);
        let arrival = self.arrive(&mut request, trace.address());
        // Boxed: programs send no origin, and their calls need not carry room for this. Who is refused is judged too: the
        // page that called must be able to read why.
        let cors = match request.headers().contains_key(ORIGIN) {
            true => Box::pin(Cors::of(app, arrival.speech.room, &arrival.method, request.headers())).await,
            false => Ok(None),
        };
        let answer = match arrival.admitted.clone().and(cors.as_ref().map_err(Clone::clone)) {
            Err(refusal) => refusal.into_response(),
            Ok(Some(cors)) if cors.is_preflight() => StatusCode::NO_CONTENT.into_response(),
            Ok(_) => self.enter(arrival.speech, request).await,
        };
        let answer = explain(app, &arrival, trace, answer);
        dress(app, arrival, cors.ok().flatten(), answer)
    }

    /// Reads where a request goes and how its sender is spoken to, gives it its number, and counts it. From here on it
    /// has the path that the room sees.
    fn arrive(&self, request: &mut Request<Body>, address: ClientAddress) -> Arrival {
        let app = &self.app;
        if let Some(proof) = SentProof::of(request, &app.settings) {
            request.extensions_mut().insert(proof);
        }
        let fault = plain::fault(request.uri().path());
        let (speech, path) = speech::of(request.uri().path(), request.headers(), &app.settings);
        if let Some(uri) = with_path(request.uri(), path) {
            *request.uri_mut() = uri;
        }
        if speech.gzip {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let method = request.method().clone();
        let place = Place::of(speech.room, &method, request.uri().path());
        let (passage, entered) = app.guard().enter(place, address, app.now());
        request.extensions_mut().insert(speech);
        request.extensions_mut().insert(Arc::clone(&passage));
        let admitted = entered.and(fault.map_or(Ok(()), |fault| Err(Refusal::PathNotPlain(fault))));
        Arrival { speech, method, id: self.numbers.next(), passage, admitted }
    }

    /// The room that the path leads to answers.
    async fn enter(&self, speech: Speech, request: Request<Body>) -> Response {
        match speech.room {
            Room::Api => api::answer(&self.app, &self.api, speech, request).await,
            Room::Token | Room::OAuth2 | Room::Page => routed(&self.doors, request).await,
        }
    }
}

/// What is known of a request before a room has seen it.
struct Arrival {
    speech: Speech,
    method: Method,
    /// The number under which the log knows it.
    id: String,
    passage: Arc<Passage>,
    /// It is not one too many, and its path is spelled in the one way.
    admitted: Result<(), Refusal>,
}

/// Says what a refusal is to the caller, in their format, and remembers it for `kibali why`.
fn explain(app: &App, arrival: &Arrival, trace: Trace, answer: Response) -> Response {
    let Arrival { speech, method, id, .. } = arrival;
    let Some(refusal) = refused(&answer, method, *speech) else {
        if let Some(Told(refusal)) = answer.extensions().get() {
            trace.beside(&answer).note(app, *speech, id, &answer, refusal);
        }
        return answer;
    };
    match &refusal {
        Refusal::Internal(cause) => tracing::error!(request = id, cause = %cause, "a request failed"),
        Refusal::OverLimit(over) => app.identity().note_over(*over, trace.address(), app.now()),
        _ => {}
    }
    let trace = trace.beside(&answer);
    let answer = match answer.extensions().get() {
        Some(page) => pages::request_page(&app.settings, page, &refusal, id),
        None => refusal::render(&refusal, speech, &app.settings, id),
    };
    trace.note(app, *speech, id, &answer, &refusal);
    answer
}

/// Puts on what every answer wears.
fn dress(app: &App, arrival: Arrival, cors: Option<Cors>, mut answer: Response) -> Response {
    let is_file = answer.extensions().get::<GzipFile>().is_some();
    let headers = answer.headers_mut();
    if is_file && headers.remove(CONTENT_ENCODING).is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    }
    if let Some(cors) = cors {
        cors.answer(headers);
    }
    arrival.passage.tell(app.guard(), headers);
    answer.extensions_mut().insert(arrival.speech.room);
    let headers = answer.headers_mut();
    protect(headers, arrival.speech.room, app.settings.base_url.scheme() == "https");
    if let Ok(id) = HeaderValue::try_from(arrival.id) {
        headers.insert(X_REQUEST_ID, id);
    }
    arrival.passage.until_answered(answer)
}

/// What a router answers.
pub(crate) async fn routed(router: &Router, request: Request<Body>) -> Response {
    match router.clone().call(request).await {
        Ok(answer) => answer,
    }
}

/// What keeps browsers from doing more with an answer than is meant. A page says for itself what it may
/// load; an answer of the Web API loads nothing and stands in no frame.
fn protect(headers: &mut HeaderMap, room: Room, https: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    if room != Room::Page {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, nothing);
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// The refusal an answer stands for: the one a handler returned, or the one that routing or an extractor
/// of the framework meant.
fn refused(answer: &Response, method: &Method, speech: Speech) -> Option<Refusal> {
    if let Some(refusal) = answer.extensions().get::<Refusal>() {
        return Some(refusal.clone());
    }
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let unspoken = HttpBody::is_end_stream(answer.body());
    let plain =
        answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_framework_text = plain && speech.room != Room::Page;
    if !unspoken && !is_framework_text {
        return None;
    }
    let allow =
        || answer.headers().get(ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    Some(match status {
        StatusCode::NOT_FOUND => Refusal::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => {
            Refusal::MethodNotAllowed { method: method.clone(), allow: allow() }
        }
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge { limit: crate::body::JSON_LIMIT },
        StatusCode::REQUEST_TIMEOUT => Refusal::TooSlow,
        status if status.is_server_error() => {
            Refusal::internal(format_args!("a handler answered a bare {status}"))
        }
        _ => Refusal::bad_request("The request cannot be read"),
    })
}

/// The same address with another path; none where the path is the same.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    if path == uri.path() {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => [path, "?", query].concat(),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.try_into().ok()?);
    Uri::from_parts(parts).ok()
}

/// The numbers under which the log knows requests: also the `X-Request-Id` of their answers. Where they start is
/// random, so that those of other processes are others.
struct Numbers(AtomicU64);

impl Numbers {
    /// Odd, so that no number comes twice; large, so that neighbours look nothing alike.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    fn start(random: &dyn Random) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        Self(AtomicU64::new(u64::from_be_bytes(bytes)))
    }

    fn next(&self) -> String {
        format!("{:016x}", self.0.fetch_add(Self::STEP, Ordering::Relaxed))
    }
}
