//! Taking connections, until told to stop.

mod respond;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::uri::Scheme;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::host::{App, Host};
use crate::log::LogExt as _;

/// How long a new connection may take to its first request's head, TLS included.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Most requests at the same time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 100;

/// How long to wait when no connection can be accepted, as when the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait for the store at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// A host that has its address.
#[derive(Debug)]
pub struct Bound {
    pub(crate) host: Host,
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// What is left when a host has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it tells whether requests were cut off"]
pub struct Stopped {
    /// Connections that were still busy when the grace period ended, and were cut.
    pub n_cut: usize,
    /// Whether every change to the key-value store is on disk.
    pub is_flushed: bool,
}

impl Bound {
    /// The address, with the port that the system chose if it was asked to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready. Then takes no new ones, lets those in flight finish for the grace
    /// period, cuts the rest, and flushes the store.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Stopped {
        let Self { host, listener, address: _ } = self;
        let app = Arc::clone(&host.app);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        accept(&host, &listener, &graceful, &mut connections, shutdown).await;
        drop(listener);
        app.running.stop();
        let finish = async {
            graceful.shutdown().await;
            while connections.join_next().await.is_some() {}
            app.running.gone().await;
        };
        let is_finished = tokio::time::timeout(host.grace, finish).await.is_ok();
        let n_cut = if is_finished { 0 } else { connections.len() };
        connections.shutdown().await;
        let flushed = match tokio::time::timeout(FLUSH_TIMEOUT, app.key_value.flush()).await {
            Ok(flushed) => flushed.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer after {FLUSH_TIMEOUT:?}")),
        };
        if let Err(reason) = &flushed {
            app.log.host(format_args!("the store was not flushed at the end: {reason}"));
        }
        Stopped { n_cut, is_flushed: flushed.is_ok() }
    }
}

async fn accept(
    host: &Host,
    listener: &TcpListener,
    graceful: &GracefulShutdown,
    connections: &mut JoinSet<()>,
    shutdown: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(host.max_connections));
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => return,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    host.app.log.host(format_args!("a connection's task panicked; the others go on"));
                }
                continue;
            }
            next = next => next,
        };
        match accepted {
            Ok((stream, client)) => {
                let connection =
                    Connection { app: Arc::clone(&host.app), client, watcher: graceful.watcher() };
                let tls = host.tls.clone();
                connections.spawn(async move {
                    connection.serve(stream, tls).await;
                    drop(permit);
                });
            }
            Err(error) => {
                host.app.log.host(format_args!("no connection could be accepted: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection of a client.
struct Connection {
    app: Arc<App>,
    client: SocketAddr,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Without this, a response whose head and body are written apart waits 40 ms for a delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.serve_http(stream, Scheme::HTTP).await };
        // Clients that fail to connect are their own problem, and too many to log.
        if let Ok(Ok(stream)) = tokio::time::timeout(FIRST_REQUEST_TIMEOUT, tls.accept(stream)).await {
            self.serve_http(stream, Scheme::HTTPS).await;
        }
    }

    async fn serve_http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, scheme: Scheme) {
        let Self { app, client, watcher } = self;
        let has_begun = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let has_begun = Arc::clone(&has_begun);
            move |request| {
                has_begun.store(true, Ordering::Relaxed);
                respond::respond(Arc::clone(&app), request, scheme.clone(), client)
            }
        });
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http1().timer(TokioTimer::new());
        server.http2().timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS);
        let connection = server.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(watcher.watch(connection.into_owned()));
        let first = tokio::time::timeout(FIRST_REQUEST_TIMEOUT, &mut connection).await;
        if first.is_err() && has_begun.load(Ordering::Relaxed) {
            // An error here is the client going away.
            let _ = connection.await;
        }
    }
}
