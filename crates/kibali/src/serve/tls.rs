//! TLS by certificate files.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;
use crate::failure::Failure;
use crate::private_file;

/// What speaks TLS, where certificate files are named.
pub(super) fn acceptor(config: &Config) -> Result<Option<TlsAcceptor>, Failure> {
    let (certificate, key) = (&config.tls_certificate, &config.tls_key);
    if certificate.as_os_str().is_empty() {
        return Ok(None);
    }
    let of = |path: &std::path::Path, why: &dyn std::fmt::Display| {
        Failure::Said(format!("{}: {why}; it must be a PEM file", path.display()))
    };
    private_file::require_private(key)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| of(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| of(key, &error))?;
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| of(certificate, &error))?;
    Ok(Some(TlsAcceptor::from(Arc::new(tls))))
}
