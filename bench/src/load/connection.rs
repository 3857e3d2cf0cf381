//! One connection of the load generator.

use anyhow::Context as _;
use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Plan, Window};
use crate::clock;

/// A connection that is kept, with the request that is sent on it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
}

impl Connection {
    pub(super) async fn open(plan: &Plan) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(plan.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, which is told what goes wrong.
        tokio::spawn(driver);
        Ok(Self { sender, request: request(plan)? })
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
        anyhow::ensure!(is_right, "an unexpected answer: {} {text}", head.status);
        Ok(body.len())
    }

    /// Sends one request after the other, and returns the latencies of those that were answered in the window,
    /// in microseconds.
    pub(super) async fn exchange_until(mut self, window: Window, length: usize) -> anyhow::Result<Vec<u32>> {
        let mut latencies = Vec::new();
        let mut started = clock::now();
        while started < window.end {
            self.exchange(length).await?;
            let ended = clock::now();
            if ended >= window.begin && ended < window.end {
                latencies.push(u32::try_from((ended - started).as_micros()).unwrap_or(u32::MAX));
            }
            started = ended;
        }
        Ok(latencies)
    }

    async fn exchange(&mut self, length: usize) -> anyhow::Result<()> {
        self.sender.ready().await.context("the connection was closed")?;
        let mut response = self.sender.send_request(self.request.clone()).await?;
        let mut received = 0;
        while let Some(frame) = response.body_mut().frame().await {
            received += frame?.data_ref().map_or(0, Bytes::len);
        }
        let status = response.status();
        anyhow::ensure!(status == StatusCode::OK, "an answer with status {status}");
        anyhow::ensure!(received == length, "an answer of {received} bytes in place of {length}");
        Ok(())
    }
}

fn request(plan: &Plan) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(plan.method.as_str())
        .uri(plan.path.as_str())
        .header(HOST, plan.address.to_string());
    for (name, value) in &plan.headers {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(Bytes::from(plan.body.clone())))?)
}
