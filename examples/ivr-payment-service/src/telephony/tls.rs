//! SIP over TLS: its files, its listener.

use std::net::SocketAddr;
use std::path::Path;

use rsipstack::transport::tls::{TlsConfig, TlsListenerConnection};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::endpoint::StartError;
use crate::config::SipTlsConfig;

/// Which file of SIP over TLS cannot be used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsFileError {
    /// A file does not exist or cannot be read; the setting that names it.
    #[error("the file of `sip.tls.{0}` cannot be read")]
    Unreadable(&'static str),
    /// A file holds no certificate.
    #[error("the file of `sip.tls.{0}` holds no certificate in PEM")]
    NoCertificate(&'static str),
    /// The file holds no key, or one in a format that is not taken.
    #[error("the file of `sip.tls.key` holds no private key in PEM (PKCS#8 or PKCS#1)")]
    NoKey,
    /// The key is not the certificate's.
    #[error("the key of `sip.tls.key` does not belong to the certificate of `sip.tls.certificate`")]
    Mismatch,
}

/// The listener, what our own connections are made with, and where it listens.
pub(super) async fn open(
    config: &SipTlsConfig,
) -> Result<(TlsListenerConnection, TlsConfig, SocketAddr), StartError> {
    let files = read(config)?;
    let listen = |_| StartError::Listen { transport: "tls", address: config.address };
    // The library opens its listener later and only logs a failure, so the address is tried here first.
    let tried = std::net::TcpListener::bind(config.address).map_err(|_| listen(()))?;
    let address = tried.local_addr().map_err(|_| listen(()))?;
    drop(tried);
    let listener = TlsListenerConnection::new(address, None, files.clone()).await;
    Ok((listener.map_err(|_| listen(()))?, files, address))
}

/// Whether the files can be used.
///
/// # Errors
/// [`TlsFileError`]: the first that cannot.
pub fn check_tls_files(config: &SipTlsConfig) -> Result<(), TlsFileError> {
    read(config).map(drop)
}

/// The files, checked: the library would find out only when somebody calls.
fn read(config: &SipTlsConfig) -> Result<TlsConfig, TlsFileError> {
    let certificate = file(&config.certificate, "certificate")?;
    let key = file(&config.key, "key")?;
    let chain = certificates(&certificate, "certificate")?;
    let parsed = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsFileError::NoKey)?;
    if matches!(parsed, PrivateKeyDer::Sec1(_)) {
        return Err(TlsFileError::NoKey);
    }
    let server = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, parsed);
    server.map_err(|_| TlsFileError::Mismatch)?;
    let authorities = config.authorities.as_deref().map(|path| file(path, "authorities")).transpose()?;
    if let Some(authorities) = &authorities {
        let mut store = RootCertStore::empty();
        for certificate in certificates(authorities, "authorities")? {
            store.add(certificate).map_err(|_| TlsFileError::NoCertificate("authorities"))?;
        }
    }
    Ok(TlsConfig { cert: Some(certificate), key: Some(key), ca_certs: authorities, ..TlsConfig::default() })
}

fn file(path: &Path, setting: &'static str) -> Result<Vec<u8>, TlsFileError> {
    std::fs::read(path).map_err(|_| TlsFileError::Unreadable(setting))
}

fn certificates(pem: &[u8], setting: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(TlsFileError::NoCertificate(setting))
}
