//! TLS 1.2 and 1.3 for the API and the console, by rustls.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why HTTP cannot be served over TLS. Says which file, never what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file cannot be read, or holds none.
    #[error("http.certificate holds no certificate as PEM")]
    Certificate,
    /// The key's file cannot be read, or holds none.
    #[error("http.key holds no private key as PEM")]
    Key,
    /// The key is another certificate's.
    #[error("http.key is not the key of http.certificate")]
    Pair,
}

/// What a server says about itself.
///
/// # Errors
///
/// [`TlsError`].
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(certificate).map_err(|_| TlsError::Certificate)?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|_| TlsError::Certificate)?;
    if certificates.is_empty() {
        return Err(TlsError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|_| TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
