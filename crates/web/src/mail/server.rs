//! The mail server of the settings `keyEmail…` (web-api reference 4.2), spoken to by SMTP.

use kibali_crypto::{MasterKey, Secret};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use url::Host;

use super::letter::{Letter, sender};
use super::{MailFault, MailSettings};
use crate::Settings;
use crate::system_settings::Stored;

/// The port on which TLS begins with the first byte (RFC 8314); on others it begins with STARTTLS.
const TLS_FROM_THE_START: u16 = 465;

/// Where the mail server is, and who signs in to it.
#[derive(Debug)]
pub(super) struct Server {
    host: String,
    port: u16,
    tls: bool,
    credentials: Option<(String, Secret<String>)>,
}

impl Server {
    /// Are host and sender known?
    pub(super) fn is_set(stored: &Stored) -> bool {
        host(stored).is_some() && sender(stored).is_some()
    }

    pub(super) fn of(stored: &Stored, master_key: &MasterKey) -> Result<Self, MailFault> {
        if !Self::is_set(stored) {
            return Err(MailFault::NotConfigured);
        }
        let port = stored.named("keyEmailPort").as_i64().and_then(|port| u16::try_from(port).ok());
        let username = stored.text("keyEmailUsername", "").filter(|name| !name.is_empty());
        let password = stored.secret("keyEmailPassword", master_key);
        let password = password.map_err(|_| MailFault::Setting("keyEmailPassword"))?;
        Ok(Self {
            host: host(stored).ok_or(MailFault::NotConfigured)?.to_owned(),
            port: port.ok_or(MailFault::Setting("keyEmailPort"))?,
            tls: stored.named("keyEmailTls") != serde_json::Value::Bool(false),
            credentials: username.map(str::to_owned).zip(password),
        })
    }

    /// Sends one message over a connection of its own.
    pub(super) async fn send(&self, letter: &Letter, settings: &Settings) -> Result<(), MailFault> {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.as_str())
            .port(self.port)
            .timeout(Some(settings.mail.patience))
            .hello_name(hello(settings))
            .tls(self.tls(&settings.mail)?);
        if let Some((name, password)) = &self.credentials {
            builder = builder.credentials(Credentials::new(name.clone(), password.expose().clone()));
        }
        let transport: AsyncSmtpTransport<Tokio1Executor> = builder.build();
        let sent = tokio::time::timeout(settings.mail.patience, transport.send(letter.mime.clone())).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(fault(&error)),
            Err(_) => Err(MailFault::TooSlow),
        }
    }

    /// `keyEmailTls` is a demand: a server that offers no TLS gets neither a password nor a message.
    fn tls(&self, mail: &MailSettings) -> Result<Tls, MailFault> {
        if !self.tls {
            return Ok(Tls::None);
        }
        let mut parameters = TlsParameters::builder(self.host.clone());
        if let Some(pem) = &mail.authorities {
            parameters =
                parameters.add_root_certificate(Certificate::from_pem(pem).map_err(|_| MailFault::Tls)?);
        }
        let parameters = parameters.build().map_err(|_| MailFault::Tls)?;
        Ok(match self.port {
            TLS_FROM_THE_START => Tls::Wrapper(parameters),
            _ => Tls::Required(parameters),
        })
    }
}

/// Can these certificates be read?
///
/// # Errors
/// What is wrong with them.
pub fn check_authorities(pem: &[u8]) -> Result<(), &'static str> {
    let certificate = Certificate::from_pem(pem).map_err(|_| "it is not a PEM file of certificates")?;
    let parameters = TlsParameters::builder("localhost".to_owned()).add_root_certificate(certificate);
    parameters.build().map(|_| ()).map_err(|_| "a certificate in it cannot be used")
}

fn host(stored: &Stored) -> Option<&str> {
    stored.text("keyEmailHostName", "").map(str::trim).filter(|host| !host.is_empty())
}

/// How Kibali introduces itself: by its own address.
fn hello(settings: &Settings) -> ClientId {
    match settings.base_url.host() {
        Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
        Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
        Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
        None => ClientId::default(),
    }
}

/// What went wrong, without the words of the mail server, which often repeat the address.
fn fault(error: &Error) -> MailFault {
    let code = error.status().map(u16::from).unwrap_or_default();
    match () {
        () if error.is_permanent() => MailFault::Refused(code),
        () if error.is_transient() => MailFault::NotNow(code),
        () if error.is_tls() => MailFault::Tls,
        () if error.is_timeout() => MailFault::TooSlow,
        () => MailFault::Unreachable,
    }
}
