//! One request over one connection, to an address that was chosen before.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Answer, MOST_BYTES, OutboundFault};

/// Bytes of a head, at most.
const MOST_HEAD: usize = 16 * 1024;
/// Headers of an answer, at most.
const MOST_HEADERS: usize = 64;
/// Addresses of one host that are tried.
const MOST_ADDRESSES: usize = 4;

/// Reaches the host at one of these addresses and believes it to be `name`.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    name: ServerName<'static>,
    tls: &Arc<ClientConfig>,
    patience: Duration,
) -> Result<TlsStream<TcpStream>, OutboundFault> {
    let mut reached = Err(OutboundFault::Unreachable);
    let tried = addresses.len().clamp(1, MOST_ADDRESSES);
    for address in addresses.iter().take(tried) {
        // One that does not answer leaves time for the next.
        let share = patience / u32::try_from(tried).unwrap_or(1);
        reached = match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(_)) | Err(_) => Err(OutboundFault::Unreachable),
        };
        if reached.is_ok() {
            break;
        }
    }
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, reached?).await;
    stream.map_err(|_| OutboundFault::Tls)
}

/// Sends the request and reads the answer whole.
pub(super) async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<Full<Bytes>>,
) -> Result<Answer, OutboundFault> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MOST_HEAD).max_headers(MOST_HEADERS);
    let shaken = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| OutboundFault::Broken)?;
    let answer = async move {
        let response = sender.send_request(request).await.map_err(|_| OutboundFault::Broken)?;
        read(response).await
    };
    let (mut answer, mut connection) = (pin!(answer), pin!(connection));
    let mut is_open = true;
    loop {
        tokio::select! {
            answered = &mut answer => return answered,
            // The other side may close before everything it sent was read.
            _ = &mut connection, if is_open => is_open = false,
        }
    }
}

async fn read(response: http::Response<Incoming>) -> Result<Answer, OutboundFault> {
    let status = response.status();
    if status.is_redirection() {
        return Err(OutboundFault::Redirect);
    }
    if !status.is_success() {
        return Err(OutboundFault::Status(status.as_u16()));
    }
    let cache_control = response.headers().get(header::CACHE_CONTROL);
    let cache_control = cache_control.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut incoming = response.into_body();
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| OutboundFault::Broken)?;
        if let Some(data) = frame.data_ref() {
            if body.len() + data.len() > MOST_BYTES {
                return Err(OutboundFault::TooLarge);
            }
            body.extend_from_slice(data);
        }
    }
    Ok(Answer { cache_control, body: body.freeze() })
}
