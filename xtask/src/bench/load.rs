//! Calls over connections that stay open, one after the other on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Outcome;

/// A request.
pub(super) type Call = Request<Full<Bytes>>;

/// When to stop.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// When the time is over.
    After(Duration),
    /// When so many calls were made.
    Calls(u64),
}

/// What came of it: how long each call took, connection after connection, in the order they were made.
pub(super) struct Calls {
    pub(super) times: Vec<Duration>,
}

impl Calls {
    /// The time within which this share of the calls, 0 to 1, was answered.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        quantile(&self.times, share)
    }
}

/// The time within which this share of `times` lies.
pub(super) fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A connection to a server.
pub(super) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request; answers status and body.
    pub(super) async fn send(&mut self, call: Call) -> Outcome<(StatusCode, Bytes)> {
        self.0.ready().await.map_err(|error| error.to_string())?;
        let answer: Response<_> = self.0.send_request(call).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }

    /// Sends a request that must succeed.
    pub(super) async fn ask(&mut self, call: Call) -> Outcome<Bytes> {
        let asked = format!("{} {}", call.method(), call.uri());
        match self.send(call).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(format!("{asked}: {status}: {}", String::from_utf8_lossy(&body))),
        }
    }
}

/// Keeps this process awake until it is dropped. A server whose caller sleeps pays for waking it with every
/// answer, and one whose caller cannot keep up does not: without this, what is compared is who waits for whom.
pub(super) struct Awake(tokio::task::JoinHandle<()>);

impl Awake {
    pub(super) fn keep() -> Self {
        Self(tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        }))
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes calls over so many connections; `call` makes the call of each number. Every one must succeed.
pub(super) async fn run(
    address: SocketAddr,
    connections: u64,
    until: Until,
    call: impl Fn(u64) -> Call + Send + Sync + 'static,
) -> Outcome<Calls> {
    let (call, next) = (Arc::new(call), Arc::new(AtomicU64::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let mut client = Client::connect(address).await?;
        let (call, next) = (Arc::clone(&call), Arc::clone(&next));
        let begun = Instant::now();
        workers.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let goes_on = match until {
                    Until::After(time) => begun.elapsed() < time,
                    Until::Calls(most) => number < most,
                };
                if !goes_on {
                    return Ok::<_, String>(times);
                }
                let call = call(number);
                let sent = Instant::now();
                client.ask(call).await?;
                times.push(sent.elapsed());
            }
        });
    }
    let mut calls = Calls { times: Vec::new() };
    while let Some(worker) = workers.join_next().await {
        calls.times.extend(worker.map_err(|error| error.to_string())??);
    }
    Ok(calls)
}

/// A GET, with a bearer token where one is given.
pub(super) fn get(path: &str, token: Option<&str>) -> Call {
    let request = Request::builder().method(Method::GET).uri(path).header(header::HOST, "localhost");
    let request = match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    };
    request.body(Full::default()).unwrap_or_default()
}

/// A form sent by a client that proves itself by Basic; `client` is the encoded pair.
pub(super) fn form(path: &str, client: &str, body: String) -> Call {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, format!("Basic {client}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(body))
        .unwrap_or_default()
}
