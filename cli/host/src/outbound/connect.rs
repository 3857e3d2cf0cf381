//! New connections for the pool: TCP without delay, and TLS for `https`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use wasmtime_wasi_http::Error;

tokio::task_local! {
    /// The limit for a new connection, TLS included. The pool's client offers no way to hand it over with a request.
    pub(crate) static CONNECT_TIMEOUT: Duration;
}

/// For a connection that the pool makes without a request waiting.
const FALLBACK_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("`{host}` cannot be looked up: {reason}")]
    Dns { host: String, reason: io::Error },
    #[error("`{0}` is not a name that a certificate could have")]
    Name(String),
    #[error("the URI names no host")]
    NoHost,
    #[error("`{address}` cannot be reached: {reason}")]
    Tcp { address: String, reason: io::Error },
    #[error("no connection after {0:?}")]
    Timeout(Duration),
    #[error("no TLS with `{host}`: {reason}")]
    Tls { host: String, reason: io::Error },
}

impl ConnectError {
    /// What the guest is told.
    pub(super) fn code(&self) -> Error {
        match self {
            Self::Dns { .. } => {
                Error::DnsError { rcode: Some("address not available".to_owned()), info_code: None }
            }
            Self::Name(_) | Self::NoHost => Error::HttpRequestUriInvalid,
            Self::Tcp { .. } => Error::ConnectionRefused,
            Self::Timeout(_) => Error::ConnectionTimeout,
            Self::Tls { reason, .. } => {
                let cause = reason.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
                match cause {
                    Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
                    Some(_) | None => Error::TlsProtocolError,
                }
            }
        }
    }
}

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: TlsConnector,
}

impl Connector {
    /// Trusts the public roots and `extra_roots`.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in extra_roots {
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn connect(self, uri: Uri, limit: Duration) -> Result<Stream, ConnectError> {
        tokio::time::timeout(limit, self.connect_unlimited(&uri))
            .await
            .map_err(|_| ConnectError::Timeout(limit))?
    }

    async fn connect_unlimited(self, uri: &Uri) -> Result<Stream, ConnectError> {
        let bracketed = uri.host().ok_or(ConnectError::NoHost)?;
        let host = bracketed.trim_start_matches('[').trim_end_matches(']');
        let is_https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let addresses: Vec<_> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|reason| ConnectError::Dns { host: host.to_owned(), reason })?
            .collect();
        let tcp = TcpStream::connect(&*addresses)
            .await
            .and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp))
            .map_err(|reason| ConnectError::Tcp { address: format!("{bracketed}:{port}"), reason })?;
        if !is_https {
            return Ok(Stream::Plain(TokioIo::new(tcp)));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::Name(host.to_owned()))?;
        let tls = self.tls.connect(name, tcp).await;
        let tls = tls.map_err(|reason| ConnectError::Tls { host: host.to_owned(), reason })?;
        Ok(Stream::Tls(Box::new(TokioIo::new(tls))))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Read now: the pool may go on with this connection in a task of its own, where the limit is not set.
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(FALLBACK_TIMEOUT);
        Box::pin(self.clone().connect(uri, limit))
    }
}

/// A connection.
pub(crate) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        match self {
            Self::Tls(tls) if tls.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                connected.negotiated_h2()
            }
            Self::Plain(_) | Self::Tls(_) => connected,
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(context, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }
}
