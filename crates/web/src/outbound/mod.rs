//! The only way out of the server to a host that a client named (rules of the door 9).
//!
//! A client says where its keys are and where it wants to hear of a logout; whoever registers a client must not get the
//! server to call for them what they cannot reach themselves. So a call speaks https; every address of the host is
//! public, or the operator listed it; the connection goes to an address that was looked at, and the name is not looked up
//! again; no redirect is followed; an answer is small and comes soon; few calls are under way at once. What went wrong is
//! told in two ways: exactly to the operator, and to others without a word about what is where in this network.

mod address;
mod names;
mod speak;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Host;

use address::Target;

pub use address::Network;
pub use names::{Addresses, Names};

/// Bytes of an answer, at most.
const MOST_BYTES: usize = 64 * 1024;
/// Calls for keys under way at once.
const KEYS_AT_ONCE: usize = 16;
/// Calls to tell of logouts under way at once, apart from those: whoever has hosts that are slow to answer for one holds
/// up nobody who waits for the other.
const NOTICES_AT_ONCE: usize = 16;

/// What the operator chose about calls.
#[derive(Debug, Clone)]
pub struct OutboundSettings {
    /// Networks that may be called although they are not public.
    pub listed: Vec<Network>,
    /// Who may sign the certificate of a host.
    pub trust: Trust,
    /// How long a call may take, from the name to the last byte.
    pub patience: Duration,
    /// How names are looked up.
    pub names: Arc<dyn Names>,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            trust: Trust::default(),
            patience: Duration::from_secs(3),
            names: Arc::new(names::SystemNames::default()),
        }
    }
}

/// The authorities that may sign the certificate of a host.
#[derive(Debug, Clone)]
pub struct Trust(Arc<RootCertStore>);

impl Default for Trust {
    /// The public ones.
    fn default() -> Self {
        Self(Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }))
    }
}

impl Trust {
    /// The public ones, and those of a PEM file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn and(pem: &[u8]) -> Result<Self, &'static str> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|_| "it is not a PEM file of certificates")?;
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let (added, ignored) = roots.add_parsable_certificates(certificates);
        match (added, ignored) {
            (0, _) => Err("there is no certificate in it"),
            (_, 1..) => Err("a certificate in it cannot be used"),
            _ => Ok(Self(Arc::new(roots))),
        }
    }
}

/// Why a call brought nothing. What this displays is for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundFault {
    /// The address is none that is called.
    #[error("the address is no https:// address of a host")]
    Address,
    /// The host has no address.
    #[error("the name of the host has no address")]
    NoName,
    /// The host has an address that is neither public nor listed.
    #[error("{0} is an address that is not public, and not in outbound.networks")]
    NotPublic(IpAddr),
    /// Nobody takes the connection.
    #[error("the host takes no connection")]
    Unreachable,
    /// The host does not prove that it is the one.
    #[error("the host's certificate or its TLS is not accepted")]
    Tls,
    /// Nobody took the connection, and proved to be the one, in time.
    #[error("the host could not be reached in time")]
    TooFar,
    /// The answer did not come in time.
    #[error("the host did not answer in time")]
    TooSlow,
    /// It answers with another address.
    #[error("the host answered with a redirect, which is not followed")]
    Redirect,
    /// It answers with an error.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer is longer than 64 KiB")]
    TooLarge,
    /// What comes is no answer.
    #[error("the host did not answer in HTTP")]
    Broken,
    /// Too many calls are under way.
    #[error("too many calls are under way")]
    Busy,
}

impl OutboundFault {
    /// The same for whoever is responsible for the address. Whether there is somebody at an address that is not theirs,
    /// is not told: who did not prove by a certificate to be the host has not answered.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Address => "it is no https:// address of a host",
            Self::NoName | Self::NotPublic(_) | Self::Unreachable | Self::Tls | Self::TooFar => {
                "it cannot be reached: it must be at a public address, over https, with a certificate that is \
                 publicly trusted"
            }
            Self::TooSlow => "it did not answer in time",
            Self::Redirect => "it answered with a redirect, which is not followed",
            Self::Status(_) => "it answered with an error",
            Self::TooLarge => "its answer is longer than 64 KiB",
            Self::Broken => "it did not answer in HTTP",
            Self::Busy => "this server is busy; try again shortly",
        }
    }
}

/// What a host answered, with success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) cache_control: Option<String>,
    pub(crate) body: Bytes,
}

/// Calls hosts that clients named.
pub(crate) struct Outbound {
    settings: OutboundSettings,
    tls: Arc<ClientConfig>,
    keys: Semaphore,
    notices: Semaphore,
}

impl Outbound {
    pub(crate) fn new(settings: &OutboundSettings) -> Self {
        let roots = Arc::clone(&settings.trust.0);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self {
            settings: settings.clone(),
            tls: Arc::new(tls),
            keys: Semaphore::new(KEYS_AT_ONCE),
            notices: Semaphore::new(NOTICES_AT_ONCE),
        }
    }

    /// Asks for what is at an address.
    pub(crate) async fn get(&self, address: &str) -> Result<Answer, OutboundFault> {
        let headers = [(header::ACCEPT, "application/json")];
        self.call(&self.keys, Method::GET, address, &headers, Bytes::new()).await
    }

    /// Sends a form to an address.
    pub(crate) async fn post_form(&self, address: &str, form: String) -> Result<Answer, OutboundFault> {
        let headers = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
        self.call(&self.notices, Method::POST, address, &headers, form.into()).await
    }

    async fn call(
        &self,
        places: &Semaphore,
        method: Method,
        address: &str,
        headers: &[(header::HeaderName, &'static str)],
        body: Bytes,
    ) -> Result<Answer, OutboundFault> {
        let target = Target::read(address)?;
        let mut request = Request::builder()
            .method(method)
            .uri(target.path.as_str())
            .header(header::HOST, target.authority.as_str())
            .header(header::USER_AGENT, "Kibali")
            .header(header::CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|_| OutboundFault::Address)?;
        let (mut reached, patience) = (false, self.settings.patience);
        // Whoever has a place gives it back within the patience, and whoever comes first is first.
        let Ok(Ok(_place)) = tokio::time::timeout(patience * 2, places.acquire()).await else {
            return Err(OutboundFault::Busy);
        };
        let whole = async {
            let addresses = self.addresses(&target).await?;
            let stream = speak::connect(&addresses, name(&target)?, &self.tls, patience).await?;
            reached = true;
            speak::speak(stream, request).await
        };
        let done = tokio::time::timeout(patience, whole).await;
        done.unwrap_or(Err(if reached { OutboundFault::TooSlow } else { OutboundFault::TooFar }))
    }

    /// The addresses to connect to: looked up once, and every one of them allowed.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, OutboundFault> {
        let found = match &target.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                self.settings.names.look_up(name).await.map_err(|error| match error.kind() {
                    io::ErrorKind::WouldBlock => OutboundFault::Busy,
                    _ => OutboundFault::NoName,
                })?
            }
        };
        let allowed = |address: &IpAddr| address::is_allowed(*address, &self.settings.listed);
        if let Some(address) = found.iter().find(|address| !allowed(address)) {
            return Err(OutboundFault::NotPublic(*address));
        }
        if found.is_empty() {
            return Err(OutboundFault::NoName);
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }
}

/// Who the host must prove to be.
fn name(target: &Target) -> Result<ServerName<'static>, OutboundFault> {
    let name = match &target.host {
        Host::Ipv4(address) => Ok(ServerName::IpAddress(IpAddr::V4(*address).into())),
        Host::Ipv6(address) => Ok(ServerName::IpAddress(IpAddr::V6(*address).into())),
        Host::Domain(name) => ServerName::try_from(name.clone()),
    };
    name.map_err(|_| OutboundFault::Address)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    use super::*;

    /// Names that are never found, but for one.
    #[derive(Debug)]
    struct Slow;

    impl Names for Slow {
        fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
            Box::pin(async move {
                match host {
                    "quick.example.org" => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
                    _ => std::future::pending().await,
                }
            })
        }
    }

    #[tokio::test]
    async fn hosts_that_are_slow_hold_up_no_other_and_no_other_errand() {
        let patience = Duration::from_millis(200);
        let settings = OutboundSettings { names: Arc::new(Slow), patience, ..OutboundSettings::default() };
        let outbound = Outbound::new(&settings);
        let slow = (0..KEYS_AT_ONCE).map(|number| {
            let address = format!("https://slow{number}.example.org/");
            let outbound = &outbound;
            async move { outbound.get(&address).await }
        });
        // Looked up, and found to be where no call goes: it had its turn.
        let found = Err(OutboundFault::NotPublic(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let mut slow = Box::pin(join_all(slow));
        assert!(slow.as_mut().now_or_never().is_none(), "all places for keys are taken");
        let told = outbound.post_form("https://quick.example.org/", String::new()).now_or_never();
        assert_eq!(told, Some(found.clone()), "those of the other errand are free");
        let (slow, asked) = tokio::join!(slow, outbound.get("https://quick.example.org/"));
        assert_eq!(asked, found, "it waited for its turn");
        assert!(slow.iter().all(|answer| *answer == Err(OutboundFault::TooFar)), "{slow:?}");
    }

    #[tokio::test]
    async fn who_has_no_turn_in_time_is_told_that_this_server_is_busy() {
        let (names, patience) = (Arc::new(Slow), Duration::from_millis(1));
        let settings = OutboundSettings { names, patience, ..OutboundSettings::default() };
        let outbound = Outbound::new(&settings);
        let all = outbound.keys.acquire_many(u32::try_from(KEYS_AT_ONCE).unwrap_or(u32::MAX)).await;
        let asked =
            tokio::time::timeout(Duration::from_secs(5), outbound.get("https://quick.example.org/")).await;
        assert_eq!(asked, Ok(Err(OutboundFault::Busy)));
        drop(all);
    }

    #[test]
    fn nothing_is_told_about_who_did_not_prove_to_be_the_host() {
        let silent = [
            OutboundFault::NoName,
            OutboundFault::NotPublic(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            OutboundFault::Unreachable,
            OutboundFault::Tls,
            OutboundFault::TooFar,
        ];
        for fault in silent {
            assert_eq!(fault.told(), OutboundFault::Unreachable.told(), "{fault:?}");
        }
    }
}
