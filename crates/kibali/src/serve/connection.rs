//! Accepting connections and speaking HTTP on them, everything bounded.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::impatient::Impatient;
use super::places::{Place, Places};
use super::service::Service;
use super::strict::Strict;

/// How long to wait when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// How connections are spoken on.
#[derive(Clone)]
pub(super) struct Manner {
    /// Speaks https.
    pub(super) tls: Option<TlsAcceptor>,
    /// Connections served at once.
    pub(super) most: usize,
    /// How long the head of a request, or a TLS handshake, may take, and how long whoever asked may leave the answer
    /// where it is. Also how long an unused connection is kept.
    pub(super) patience: Duration,
    /// Proxies, which speak for many.
    pub(super) trusted: Vec<IpAddr>,
}

/// Serves connections until `stop` ends; then lets requests under way finish for as long as `grace`, and cuts off those
/// that did not.
pub(super) async fn serve(
    listener: TcpListener,
    manner: Manner,
    service: Service,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let places = Places::new(manner.most, &manner.trusted);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let accept = async {
        while let Some(free) = places.free().await {
            match listener.accept().await {
                Ok((stream, peer)) => match places.take(free, peer.ip()) {
                    Some(place) => {
                        let (manner, service) = (manner.clone(), service.clone());
                        connections.spawn(one(stream, peer, manner, service, graceful.watcher(), place));
                    }
                    None => tracing::debug!(%peer, "a connection was closed: its network has half of all"),
                },
                // Out of descriptors, or the peer went away before it was accepted.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
            // Those that ended make room.
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = grace.as_secs(), "requests that did not finish in time were cut off");
    }
    connections.shutdown().await;
}

async fn one(
    stream: TcpStream,
    peer: SocketAddr,
    manner: Manner,
    service: Service,
    graceful: Watcher,
    place: Place,
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let Manner { tls, patience, .. } = manner;
    let (read, write) = stream.into_split();
    // Below TLS, whose own messages wait for the other side too.
    let stream = tokio::io::join(read, Impatient::new(write, patience));
    match tls {
        None => speak(stream, peer, patience, service, graceful).await,
        Some(tls) => match tokio::time::timeout(patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, peer, patience, service, graceful).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
        },
    }
    drop(place);
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    patience: Duration,
    service: Service,
    graceful: Watcher,
) {
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Strict::new(stream)), answer);
    if let Err(error) = graceful.watch(connection).await {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::io::{ErrorKind, Read as _};

    use kibali_testkit::{Engine, TestApp};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    /// How long a test waits for what is to be there already.
    const PATIENCE: Duration = Duration::from_secs(5);

    // One thread: nothing else runs once it has ended.
    #[tokio::test]
    async fn a_request_that_does_not_finish_in_time_is_gone_when_serving_has_ended() {
        let t = TestApp::start(Engine::Sqlite).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let manner = Manner { tls: None, most: 2, patience: PATIENCE, trusted: Vec::new() };
        let (stop, told) = oneshot::channel::<()>();
        let told = async { drop(told.await) };
        let served = serve(listener, manner, Service::new(&t.app), told, Duration::ZERO);
        let asks = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = "POST /uaa/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\
                        Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            // The server asks for the body, which never comes: the request is under way.
            stream.read_exact(&mut [0; 25]).await.unwrap();
            stop.send(()).unwrap();
            stream
        };
        let ((), stream) = tokio::join!(served, asks);
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut said = Vec::new();
        let end = stream.read_to_end(&mut said).map_err(|error| error.kind());
        assert!(
            said.is_empty() && matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset)),
            "{end:?} {said:?}"
        );
        t.stop().await;
    }
}
