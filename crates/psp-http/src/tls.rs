//! Who a provider has to be.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// Whose word is taken for who the provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The authorities browsers trust, as compiled in.
    PublicAuthorities,
    /// Only the certificates in this PEM text.
    Only {
        /// One or more certificates.
        pem: Vec<u8>,
    },
}

/// Why a [`Trust`] cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTrust {
    /// No certificate, or one that cannot be read.
    #[error("no certificate that can be read")]
    Certificates,
    /// The TLS library refuses its own settings.
    #[error("tls cannot be set up")]
    Setup,
}

pub(crate) fn connector(trust: &Trust) -> Result<TlsConnector, InvalidTrust> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|_| InvalidTrust::Setup)?
        .with_root_certificates(roots(trust)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(trust: &Trust) -> Result<RootCertStore, InvalidTrust> {
    match trust {
        Trust::PublicAuthorities => Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
        Trust::Only { pem } => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|_| InvalidTrust::Certificates)?;
                roots.add(certificate).map_err(|_| InvalidTrust::Certificates)?;
            }
            if roots.is_empty() { Err(InvalidTrust::Certificates) } else { Ok(roots) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_certificates_is_refused() {
        for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let trust = Trust::Only { pem: pem.into() };
            assert_eq!(connector(&trust).err(), Some(InvalidTrust::Certificates), "{pem:?}");
        }
        assert!(connector(&Trust::PublicAuthorities).is_ok());
    }
}
