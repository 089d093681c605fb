//! A mail server on this machine: enough of RFC 5321 for a client that sends, with STARTTLS (RFC 3207) and
//! `AUTH PLAIN` (RFC 4954).

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A message as the server took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The address of `MAIL FROM`.
    pub from: String,
    /// The addresses of `RCPT TO`.
    pub to: Vec<String>,
    /// Headers and text, with lines that end in `\n`.
    pub text: String,
    /// Who signed in, with which password.
    pub signed_in: Option<(String, String)>,
    /// It came over TLS.
    pub tls: bool,
}

/// What the server does with the next messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes them.
    Takes,
    /// Says `451` this many times more, then takes them.
    NotNow(usize),
    /// Says `550` and repeats the address.
    Refuses,
    /// Says nothing any more.
    Hangs,
}

/// The server. It goes with the test.
#[derive(Debug)]
pub struct MailServer {
    /// The port it listens on.
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    inbox: Mutex<Vec<Received>>,
    mood: Mutex<Mood>,
    attempts: Mutex<usize>,
}

impl MailServer {
    /// Starts one; with a certificate and its key, in PEM, it offers STARTTLS.
    pub async fn start(certificate: Option<(&[u8], &[u8])>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            mood: Mutex::new(Mood::Takes),
            attempts: Mutex::default(),
        });
        let tls = certificate.map(|(chain, key)| acceptor(chain, key));
        tokio::spawn(serve(listener, tls, Arc::clone(&shared)));
        Self { port, shared }
    }

    /// What it does from now on.
    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// The messages taken so far.
    #[must_use]
    pub fn inbox(&self) -> Vec<Received> {
        lock(&self.shared.inbox).clone()
    }

    /// How often somebody tried to send.
    #[must_use]
    pub fn attempts(&self) -> usize {
        *lock(&self.shared.attempts)
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn acceptor(chain: &[u8], key: &[u8]) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let _ = greet(stream, tls, &shared).await;
        });
    }
}

async fn greet(stream: TcpStream, tls: Option<TlsAcceptor>, shared: &Shared) -> std::io::Result<()> {
    let mut plain = BufReader::new(stream);
    say(&mut plain, "220 mail.test ESMTP").await?;
    if let Talked::Encrypt = talk(&mut plain, tls.is_some(), false, shared).await?
        && let Some(tls) = tls
    {
        let mut secret = BufReader::new(tls.accept(plain.into_inner()).await?);
        talk(&mut secret, false, true, shared).await?;
    }
    Ok(())
}

enum Talked {
    Encrypt,
    Enough,
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    offers_tls: bool,
    tls: bool,
    shared: &Shared,
) -> std::io::Result<Talked> {
    let mut message =
        Received { from: String::new(), to: Vec::new(), text: String::new(), signed_in: None, tls };
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(Talked::Enough);
        }
        let said = line.trim_end();
        let verb = said.to_ascii_uppercase();
        match () {
            () if verb.starts_with("EHLO") => {
                let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
                say(stream, &format!("250-mail.test\r\n{tls}250 AUTH PLAIN")).await?;
            }
            () if verb == "STARTTLS" && offers_tls => {
                say(stream, "220 go ahead").await?;
                return Ok(Talked::Encrypt);
            }
            () if verb.starts_with("AUTH PLAIN ") => {
                message.signed_in = said.get("AUTH PLAIN ".len()..).and_then(plain_pair);
                say(stream, "235 welcome").await?;
            }
            () if verb.starts_with("MAIL FROM:") => {
                *lock(&shared.attempts) += 1;
                message.from = address(said);
                if let Some(answer) = turned_down(shared, said) {
                    say(stream, &answer).await?;
                } else if *lock(&shared.mood) == Mood::Hangs {
                    std::future::pending::<()>().await;
                } else {
                    say(stream, "250 ok").await?;
                }
            }
            () if verb.starts_with("RCPT TO:") => {
                message.to.push(address(said));
                say(stream, "250 ok").await?;
            }
            () if verb == "DATA" => {
                say(stream, "354 end with a dot").await?;
                message.text = text(stream).await?;
                lock(&shared.inbox).push(message.clone());
                say(stream, "250 taken").await?;
            }
            () if verb == "QUIT" => {
                say(stream, "221 bye").await?;
                return Ok(Talked::Enough);
            }
            () => say(stream, "250 ok").await?,
        }
    }
}

fn turned_down(shared: &Shared, said: &str) -> Option<String> {
    let mut mood = lock(&shared.mood);
    match *mood {
        Mood::NotNow(left) => {
            *mood = if left > 1 { Mood::NotNow(left - 1) } else { Mood::Takes };
            Some("451 try later".to_owned())
        }
        Mood::Refuses => Some(format!("550 no mail for you: {said}")),
        Mood::Takes | Mood::Hangs => None,
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, answer: &str) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn text<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let (mut whole, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(whole);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        whole.push_str(line.strip_prefix('.').unwrap_or(line));
        whole.push('\n');
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn plain_pair(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let mut parts = decoded.split('\0').skip(1).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}
