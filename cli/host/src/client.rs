//! Requests of the command line's own, made as those of components are: the same trust, the same connections.
//!
//! Not here: which hosts are allowed. That is a rule for components; who runs a command may go anywhere.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;

use crate::error::StartError;
use crate::outbound::{CONNECT_TIMEOUT, Connector};
use crate::tls;

/// A client that trusts the public roots and those that it is given.
#[derive(Clone, Debug)]
pub struct Client(legacy::Client<Connector, Full<Bytes>>);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(String);

impl Client {
    /// A client that also trusts the certificates in these PEM files.
    ///
    /// # Errors
    /// [`StartError::Tls`] if a file has no usable certificate.
    pub fn new(extra_roots: &[PathBuf]) -> Result<Self, StartError> {
        let mut roots = Vec::new();
        for file in extra_roots {
            roots.extend(tls::certificates(file)?);
        }
        let connector = Connector::new(roots).map_err(|error| StartError::Tls {
            what: "cannot use the certificates in",
            path: extra_roots.first().cloned().unwrap_or_default(),
            reason: error.to_string(),
        })?;
        Ok(Self(legacy::Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Sends one request, to an absolute URI. The limit is for the connection; that for the answer is the caller's.
    ///
    /// # Errors
    /// [`ClientError`], in words that name the host and never a header.
    pub async fn send(
        &self,
        request: http::Request<Full<Bytes>>,
        connect: Duration,
    ) -> Result<http::Response<Incoming>, ClientError> {
        CONNECT_TIMEOUT.scope(connect, self.0.request(request)).await.map_err(|error| {
            let mut deepest = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                deepest = cause.to_string();
                source = cause.source();
            }
            ClientError(deepest)
        })
    }
}
