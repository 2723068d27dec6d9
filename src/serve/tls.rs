//! Certificates.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text that holds something else.
    #[error("the {0}: {1}; it is PEM")]
    Pem(&'static str, tokio_rustls::rustls::pki_types::pem::Error),
    /// A key that does not belong to the certificate, or is of a kind that nobody speaks.
    #[error("certificate and key: {0}")]
    Key(#[from] tokio_rustls::rustls::Error),
    /// No certificate could be made.
    #[error("the certificate for `localhost`: {0}")]
    SelfSigned(#[from] rcgen::Error),
}

/// A certificate with its chain, and its key, in PEM.
///
/// # Errors
/// For what is none.
pub fn from_pem(certificate: &str, key: &str) -> Result<TlsAcceptor, TlsError> {
    let chain =
        CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| TlsError::Pem("certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
    acceptor(chain, key.map_err(|error| TlsError::Pem("key", error))?)
}

/// A fresh certificate for `localhost` and 127.0.0.1, signed by itself, and its PEM for those who want to trust it.
///
/// # Errors
/// Where none can be made.
pub fn self_signed() -> Result<(TlsAcceptor, String), TlsError> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der());
    let Ok(key) = key else {
        unreachable!("rcgen writes PKCS#8");
    };
    let acceptor = acceptor(vec![cert.der().clone()], key)?;
    Ok((acceptor, cert.pem()))
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
