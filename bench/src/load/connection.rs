//! One connection of the load generator.

use anyhow::Context as _;
use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Counted, Plan, Window};
use crate::clock;

/// A connection that is kept, with the request that is sent on it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
}

/// When an answer is all there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    /// With this many bytes.
    Length(usize),
    /// With this many lines.
    Lines(usize),
}

impl Connection {
    pub(super) async fn open(plan: &Plan, body: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(plan.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, which is told what goes wrong.
        tokio::spawn(driver);
        Ok(Self { sender, request: request(plan, body)? })
    }

    /// Sends one request and checks its answer. Returns how long the body is.
    pub(super) async fn probe(mut self, plan: &Plan) -> anyhow::Result<usize> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(self.request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&body);
        let is_right = head.status == StatusCode::OK
            && text.contains(&plan.present)
            && !plan.absent.as_ref().is_some_and(|absent| text.contains(absent));
        let start: String = text.chars().take(SHOWN).collect();
        anyhow::ensure!(is_right, "an unexpected answer: {} {start}", head.status);
        Ok(body.len())
    }

    /// Sends one request after the other, and returns what was answered in the window.
    pub(super) async fn exchange_until(mut self, window: Window, whole: Whole) -> anyhow::Result<Counted> {
        let mut counted = Counted::default();
        let mut started = clock::now();
        while started < window.end {
            let bytes = self.exchange(whole).await?;
            let ended = clock::now();
            if ended >= window.begin && (window.is_whole || ended < window.end) {
                counted.latencies.push(u32::try_from((ended - started).as_micros()).unwrap_or(u32::MAX));
                counted.bytes += bytes;
            }
            started = ended;
        }
        Ok(counted)
    }

    /// Returns how long the answer's body is.
    async fn exchange(&mut self, whole: Whole) -> anyhow::Result<u64> {
        self.sender.ready().await.context("the connection was closed")?;
        let mut response = self.sender.send_request(self.request.clone()).await?;
        let (mut received, mut lines) = (0, 0);
        while let Some(frame) = response.body_mut().frame().await {
            let frame = frame?;
            let data = frame.data_ref().map_or(&[][..], Bytes::as_ref);
            received += data.len();
            if let Whole::Lines(_) = whole {
                lines += data.iter().filter(|byte| **byte == b'\n').count();
            }
        }
        let status = response.status();
        anyhow::ensure!(status == StatusCode::OK, "an answer with status {status}");
        match whole {
            Whole::Length(length) => {
                anyhow::ensure!(received == length, "an answer of {received} bytes in place of {length}");
            }
            Whole::Lines(wanted) => {
                anyhow::ensure!(lines == wanted, "an answer of {lines} lines in place of {wanted}");
            }
        }
        Ok(received.try_into()?)
    }
}

fn request(plan: &Plan, body: &str) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(plan.method.as_str())
        .uri(plan.path.as_str())
        .header(HOST, plan.address.to_string());
    for (name, value) in &plan.headers {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(Bytes::from(body.to_owned())))?)
}

/// How much of an answer is shown that is not what it should be.
const SHOWN: usize = 1000;
