//! A site on this machine that speaks https, answers as it is told, and remembers what it was asked; and names that
//! point where a test wants them.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kibali_web::outbound::{Addresses, Names};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::mail::acceptor;

/// What the site does when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Says this, word by word, and closes.
    Says(String),
    /// Says this and then no more, without closing.
    Stalls(String),
    /// Closes at once.
    Closes,
}

impl Reply {
    /// 200, with a JSON body.
    #[must_use]
    pub fn json(body: &serde_json::Value) -> Self {
        Self::with("200 OK", "content-type: application/json\r\n", &body.to_string())
    }

    /// An answer with this status, more headers, and body.
    #[must_use]
    pub fn with(status: &str, headers: &str, body: &str) -> Self {
        Self::Says(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The first line and the headers.
    pub head: String,
    /// What followed.
    pub body: String,
}

/// The site. It goes with the test.
#[derive(Debug)]
pub struct Site {
    /// The port it listens on.
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    reply: Mutex<Reply>,
    asked: Mutex<Vec<Asked>>,
    connections: Mutex<usize>,
}

impl Site {
    /// Starts one at `address` with a certificate and its key, in PEM.
    pub async fn start(address: &str, certificate: (&[u8], &[u8])) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            reply: Mutex::new(Reply::Closes),
            asked: Mutex::default(),
            connections: Mutex::default(),
        });
        tokio::spawn(serve(listener, acceptor(certificate.0, certificate.1), Arc::clone(&shared)));
        Self { port, shared }
    }

    /// What it answers from now on.
    pub fn answers(&self, reply: Reply) {
        *lock(&self.shared.reply) = reply;
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Connections that reached it, whatever was said on them.
    #[must_use]
    pub fn connections(&self) -> usize {
        *lock(&self.shared.connections)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        *lock(&shared.connections) += 1;
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let _ = answer(stream, &shared).await;
            }
        });
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> io::Result<()> {
    let asked = read(&mut stream).await?;
    lock(&shared.asked).push(asked);
    let reply = lock(&shared.reply).clone();
    match reply {
        Reply::Closes => {}
        Reply::Says(text) => stream.write_all(text.as_bytes()).await?,
        Reply::Stalls(text) => {
            stream.write_all(text.as_bytes()).await?;
            stream.flush().await?;
            // Until the other side gives up.
            let _ = stream.read(&mut [0; 64]).await;
        }
    }
    stream.shutdown().await
}

/// The head of a request, and as much after it as it says.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&chunk[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = bytes.split_off(end);
    while body.len() < length.unwrap_or_default() {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        body.extend_from_slice(&chunk[..read]);
    }
    Ok(Asked { head, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Names that point where a test wants them: each time they are looked up to the next addresses, in the end always to
/// the last.
#[derive(Debug, Default)]
pub struct TestNames(Mutex<HashMap<String, Pointer>>);

#[derive(Debug)]
struct Pointer {
    /// How often it was looked up.
    times: usize,
    to: Vec<Vec<IpAddr>>,
}

impl TestNames {
    /// One name and where it points, time after time.
    #[must_use]
    pub fn point(self, host: &str, to: &[&[&str]]) -> Self {
        let address = |text: &&str| text.parse().expect("an address");
        let to = to.iter().map(|addresses| addresses.iter().map(address).collect()).collect();
        lock(&self.0).insert(host.to_owned(), Pointer { times: 0, to });
        self
    }

    /// How often a name was looked up.
    #[must_use]
    pub fn looked_up(&self, host: &str) -> usize {
        lock(&self.0).get(host).map_or(0, |pointer| pointer.times)
    }
}

impl Names for TestNames {
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let mut names = lock(&self.0);
        let found = names.get_mut(host).map(|pointer| {
            pointer.times += 1;
            pointer.to.get(pointer.times - 1).or(pointer.to.last()).cloned().unwrap_or_default()
        });
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}
