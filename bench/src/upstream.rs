//! The server behind the gateway: answers at once, always the same, and knows nothing of MCP.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Collected, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::answer::{Answer, Pieces};
use crate::child::{self, Process};
use crate::exchange::MEGABYTES;
use crate::terminal;

/// The running server, for the benchmark's own process.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    _process: Process,
}

impl Upstream {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Process::start(child::own("upstream")?.stdout(Stdio::piped()))?;
        let address = process.lines()?.next()?.parse().context("the upstream tells no address")?;
        Ok(Self { address, _process: process })
    }
}

/// The process: serves until its input ends.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        terminal::line(&listener.local_addr()?.to_string());
        tokio::select! {
            // Either way it is the end.
            _ = child::end_of_input() => Ok(()),
            failed = accept(&listener) => failed,
        }
    })
}

async fn accept(listener: &TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A host that hangs up is no concern of the upstream.
            _ = serve_connection(stream).await;
        });
    }
}

async fn serve_connection(stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Response<Either<Full<Bytes>, Events>> {
    let (head, body) = request.into_parts();
    // A body that is cut short belongs to a caller that does not wait for the answer.
    let asked = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let path = head.uri.path().trim_start_matches('/');
    let Some(answer) = Answer::ALL.into_iter().find(|answer| answer.name() == path) else {
        let mut response = Response::new(Either::Left(Full::default()));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let mut pieces = answer.pieces(megabytes(&asked));
    let (kind, body) = if answer.is_stream() {
        ("text/event-stream", Either::Right(Events { left: pieces, is_flushed: true }))
    } else {
        ("application/json", Either::Left(pieces.next().cloned().map_or_else(Full::default, Full::new)))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The number behind the word in a request; nothing if it is not there.
fn megabytes(request: &[u8]) -> usize {
    let text = String::from_utf8_lossy(request);
    let after = text.split_once(MEGABYTES).map_or("", |(_, after)| after);
    let digits = after.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number = digits.split(|c: char| !c.is_ascii_digit()).next();
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A body whose events leave one by one, as those of a server that is at work do.
struct Events {
    left: Pieces,
    is_flushed: bool,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.is_flushed {
            // What was written so far is sent while there is nothing more.
            self.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_flushed = false;
        Poll::Ready(self.left.next().map(|event| Ok(Frame::data(event.clone()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    #[test]
    fn the_length_of_a_long_stream_is_found_in_the_request() {
        for (exchange, want) in [
            (Exchange::Long { megabytes: 10 }, 10),
            (Exchange::Long { megabytes: 1000 }, 1000),
            (Exchange::Call, 0),
        ] {
            assert_eq!(megabytes(exchange.body().as_bytes()), want, "{exchange:?}");
        }
    }
}
