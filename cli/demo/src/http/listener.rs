//! A loopback HTTP/1.1 listener that stops in bounded time.
//!
//! Stopping ends the accept loop, asks every connection to finish, waits [`GRACE`], and drops what remains.
//! Dropping a [`Listener`] does the same without waiting.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::StartError;
use crate::http::Reply;

/// How long open connections may take to finish after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// How long a client may take to send a request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// One service behind one address.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// A running listener.
#[derive(Debug)]
pub(crate) struct Listener {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

/// Binds before anything is served, so that a service can learn its own port first.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let local = socket.local_addr().map_err(failed)?;
    Ok((socket, local))
}

impl Listener {
    /// Serves `handler` until `stop` is cancelled.
    pub(crate) fn serve(socket: TcpListener, handler: impl Handler, stop: CancellationToken) -> Self {
        let task = tokio::spawn(accept(socket, handler, stop.clone()));
        Self { stop, task: Some(task) }
    }

    /// Stops, and returns when the port is free and every connection is gone.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // The task ends by itself within the grace period; a panic in it has nothing left to stop.
            let _ended = task.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(socket: TcpListener, handler: impl Handler, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_finished) = connections.join_next() => {}
            accepted = socket.accept() => match accepted {
                Ok((stream, _peer)) => {
                    connections.spawn(connection(stream, handler.clone(), stop.clone()));
                }
                // Out of file descriptors, most likely: give the open connections time to close.
                Err(_refused) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(socket);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, drained).await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, handler: impl Handler, stop: CancellationToken) {
    // Replies are small and written in pieces: without this a delayed acknowledgement costs 40 ms each.
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.handle(request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    // A connection error is the client's business: it went away or sent no HTTP.
    tokio::select! {
        _ended = serving.as_mut() => {}
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ended = serving.await;
        }
    }
}
