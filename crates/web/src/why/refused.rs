//! What is kept of a refused call: which credential, by its hash, and what was asked. Never a secret, never a
//! query string.

use axum::Extension;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use kibali_crypto::jose::Jws;
use kibali_crypto::{Digest, sha256};
use kibali_model::Timestamp;
use kibali_oauth::SentCredential;
use std::net::SocketAddr;

use crate::identity::{ClientAddress, sent_credential, sent_session};
use crate::pages::RequestPage;
use crate::speech::{Room, Speech};
use crate::{App, Refusal};

/// Letters of a path, a name or a message that are kept.
const KEPT: usize = 300;

/// A page that says what is missing in words of its own stands for this refusal.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) Refusal);

/// Goes with a page on which somebody who gave this user name was refused.
#[derive(Debug, Clone)]
pub(crate) struct SentName(Box<str>);

impl SentName {
    /// For the answer; nothing where no name was given.
    pub(crate) fn of(name: &str) -> Option<Extension<Self>> {
        (!name.is_empty()).then(|| Extension(Self(shortened(name))))
    }
}

/// Goes with a refusal that is about this refresh token, by its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentRefreshToken(pub(crate) Digest);

/// What is held of a request until it is known whether it is refused. Only reference counts move.
pub(crate) struct Trace {
    uri: Uri,
    method: Method,
    authorization: Option<HeaderValue>,
    cookie: Option<HeaderValue>,
    refresh_token: Option<SentRefreshToken>,
    name: Option<SentName>,
    request: Option<RequestPage>,
    address: ClientAddress,
}

/// A refused call.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// The number of the request.
    pub(super) request: Box<str>,
    pub(super) at: Timestamp,
    pub(super) method: Method,
    /// The path that was asked for.
    pub(super) path: Box<str>,
    /// The path as its room sees it.
    pub(super) inner: Box<str>,
    pub(super) room: Room,
    pub(super) address: ClientAddress,
    pub(super) status: StatusCode,
    pub(super) refusal: Refusal,
    pub(super) presented: Presented,
    /// The client that sent a browser here, as the request names it.
    pub(super) client: Option<Box<str>>,
}

/// What was presented to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Presented {
    Nothing,
    /// What no scheme can read.
    Unreadable,
    /// With the name of the key that it says signed it.
    Bearer(Digest, Option<Box<str>>),
    ApiToken(Digest),
    /// By a client that proved itself.
    RefreshToken(Digest),
    /// A user name; at the endpoints of OAuth2 a client ID.
    Basic(Box<str>),
    /// A user name, on a page.
    Name(Box<str>),
    /// The hash of a session's cookie.
    Session(Digest),
}

impl Refused {
    /// Has the database nothing to say about it? A flood that was refused for its rate is no flood of reads either:
    /// its facts are read when somebody asks.
    pub(super) fn asks_nothing(&self) -> bool {
        matches!(self.presented, Presented::Nothing | Presented::Unreadable) && self.client.is_none()
            || matches!(self.refusal, Refusal::OverLimit(_))
    }
}

impl Trace {
    /// Of a request, before anything has touched it.
    pub(crate) fn of(app: &App, request: &Request<Body>) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self {
            uri: request.uri().clone(),
            method: request.method().clone(),
            authorization: request.headers().get(AUTHORIZATION).cloned(),
            cookie: request.headers().get(COOKIE).cloned(),
            refresh_token: None,
            name: None,
            request: None,
            address: ClientAddress::behind(peer, request.headers(), &app.settings.trusted_proxies),
        }
    }

    /// Where it came from.
    pub(crate) const fn address(&self) -> ClientAddress {
        self.address
    }

    /// With what the answer of a room says about the request beside its refusal.
    pub(crate) fn beside(mut self, answer: &Response) -> Self {
        self.refresh_token = answer.extensions().get().copied();
        self.name = answer.extensions().get().cloned();
        self.request = answer.extensions().get().cloned();
        self
    }

    /// Remembers the call, if `answer` refuses it. `inner` is the path as the room saw it.
    pub(crate) fn note(self, app: &App, speech: Speech, request: &str, answer: &Response, refusal: &Refusal) {
        if !is_remembered(answer.status(), speech.room, refusal) && self.request.is_none() {
            return;
        }
        let inner = crate::speech::inner_path(self.uri.path(), &app.settings);
        let refused = Refused {
            request: request.into(),
            at: app.now(),
            path: shortened(self.uri.path()),
            inner: shortened(inner),
            room: speech.room,
            address: self.address,
            status: answer.status(),
            presented: self.presented(app),
            client: self.request.and_then(|request| request.client).map(|client| shortened(&client)),
            refusal: refusal.clone(),
            method: self.method,
        };
        super::note(app, refused);
    }

    fn presented(&self, app: &App) -> Presented {
        if let Some(SentRefreshToken(hash)) = self.refresh_token {
            return Presented::RefreshToken(hash);
        }
        if let Some(SentName(name)) = &self.name {
            return Presented::Name(name.clone());
        }
        let mut headers = HeaderMap::new();
        if let Some(value) = &self.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        match sent_credential(&headers) {
            Ok(SentCredential::Bearer(token) | SentCredential::Dpop(token)) => {
                let kid = Jws::read(token).ok().and_then(|jws| jws.kid().map(shortened));
                return Presented::Bearer(sha256(token), kid);
            }
            Ok(SentCredential::ApiToken(token)) => return Presented::ApiToken(sha256(token)),
            Ok(SentCredential::Basic(pair)) => return Presented::Basic(shortened(&pair.name)),
            Err(_) => return Presented::Unreadable,
            Ok(SentCredential::Absent) => {}
        }
        if let Some(value) = &self.cookie {
            headers.insert(COOKIE, value.clone());
        }
        match sent_session(&headers, &app.settings) {
            Some(cookie) => Presented::Session(sha256(cookie)),
            None => Presented::Nothing,
        }
    }
}

/// What can be asked about: 401, 403 and 429 everywhere, and at the endpoints of OAuth2, which say 400 for most,
/// every refusal but the patient no to a device. What is told on a [`RequestPage`] can be asked about, too.
fn is_remembered(status: StatusCode, room: Room, refusal: &Refusal) -> bool {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::BAD_REQUEST if matches!(room, Room::Token | Room::OAuth2) => {
            !matches!(refusal, Refusal::AuthorizationPending | Refusal::SlowDown)
        }
        _ => false,
    }
}

pub(super) fn shortened(text: &str) -> Box<str> {
    text.chars().take(KEPT).collect::<String>().into()
}
