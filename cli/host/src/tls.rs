//! Certificates and keys in PEM files.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::StartError;

/// TLS for the listener, with HTTP/2 and HTTP/1.1.
pub(crate) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let chain = certificates(certificate)?;
    let key_error =
        |reason: String| StartError::Tls { what: "cannot use the private key", path: key.to_owned(), reason };
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| key_error(error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|error| key_error(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The certificates in `file`, at least one.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let error = |reason: String| StartError::Tls {
        what: "cannot use the certificates in",
        path: file.to_owned(),
        reason,
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|reason| error(reason.to_string()))?;
    if certificates.is_empty() { Err(error("it has no certificate".to_owned())) } else { Ok(certificates) }
}
