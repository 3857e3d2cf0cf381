//! A component's way out: HTTP requests to its allowed hosts, and nothing else.
//!
//! All components share one pool of connections. Response bodies are streamed; when the guest drops one, or the
//! request itself, the connection is closed with it. The three timeouts are those of WASI's request options.

mod body;
mod connect;

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use self::body::TimedBody;
use self::connect::ConnectError;
pub(crate) use self::connect::{CONNECT_TIMEOUT, Connector};
use crate::allowed_hosts::{AllowedHosts, Destination};
use crate::log::{Log, LogExt as _};

/// For each timeout that the guest does not set; Spin's default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// An idle connection is closed before common servers close it (Node's HTTP server after 5 s), since a request sent
/// on a connection that is just being closed is lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Most idle connections kept for one host.
const POOL_IDLE_PER_HOST: usize = 32;

type Answer = Result<(http::Response<WasiBody>, Completion), Error>;
type Completion = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// The connections of all components.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Client<Connector, WasiBody>);

impl Connections {
    /// An empty pool. TLS trusts the public roots and `extra_roots`.
    pub(crate) fn new(
        extra_roots: Vec<tokio_rustls::rustls::pki_types::CertificateDer<'static>>,
    ) -> Result<Self, tokio_rustls::rustls::Error> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
            .build(Connector::new(extra_roots)?);
        Ok(Self(client))
    }
}

/// The way out of one component.
#[derive(Clone)]
pub(crate) struct Outbound {
    component: Arc<str>,
    allowed: Arc<AllowedHosts>,
    connections: Connections,
    log: Arc<dyn Log>,
}

impl Outbound {
    pub(crate) fn new(
        component: &str,
        allowed: AllowedHosts,
        connections: Connections,
        log: Arc<dyn Log>,
    ) -> Self {
        Self { component: component.into(), allowed: Arc::new(allowed), connections, log }
    }

    fn is_allowed(&self, uri: &http::Uri) -> bool {
        let Some(destination) = Destination::of(uri) else {
            self.log.component(
                &self.component,
                format_args!("an outbound request names no host; requests of an application to itself are not supported"),
            );
            return false;
        };
        let allowed = self.allowed.allows(destination);
        if !allowed {
            self.log.component(
                &self.component,
                format_args!(
                    "an outbound request to `{destination}` was refused: to allow it, add \"{destination}\" to \
                     `allowed_outbound_hosts` of `[component.{}]` in the manifest",
                    self.component
                ),
            );
        }
        allowed
    }

    async fn send(self, request: http::Request<WasiBody>, options: RequestOptions) -> Answer {
        let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let response = CONNECT_TIMEOUT.scope(connect, self.connections.0.request(request));
        let response = timeout(first_byte, response)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| self.report(&error))?;
        let response = response.map(|body| TimedBody::new(body, between_bytes).boxed_unsync());
        // Errors after the head come out of the body.
        Ok((response, Box::new(async { Ok(()) })))
    }

    /// Tells the operator why a request failed, which the guest's error code does not say in full.
    fn report(&self, error: &legacy::Error) -> Error {
        let mut causes = error.to_string();
        let mut source = error.source();
        let mut code = Error::HttpProtocolError;
        while let Some(cause) = source {
            causes.push_str(&format!(": {cause}"));
            if let Some(failed) = cause.downcast_ref::<ConnectError>() {
                code = failed.code();
            }
            source = cause.source();
        }
        self.log.component(&self.component, format_args!("an outbound request failed: {causes}"));
        code
    }
}

impl WasiHttpHooks for Outbound {
    /// The client sets it, from the URI, for HTTP/1 only.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_consumed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        if !self.is_allowed(request.uri()) {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        request.headers_mut().remove(http::header::HOST);
        Box::new(self.clone().send(request, options.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
