//! Sending spans, and those that wait to be sent.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request};
use portcullis_settings::Collector;
use portcullis_telemetry::{Service, Span, encode};

use crate::gateway::Gateway;
use crate::ports::{FetchError, Ports};

/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many spans wait at most. What is older is lost.
const MOST: usize = 512;
/// How many are sent in one request.
const BATCH: usize = 128;
/// For how long a collector that has failed is left alone, in microseconds.
const PAUSE_US: u64 = 30_000_000;
const SERVICE: Service<'static> = Service { name: "portcullis", version: env!("CARGO_PKG_VERSION") };

/// The spans of an instance that wait to be sent.
#[derive(Default)]
pub(crate) struct Spans {
    waiting: RefCell<VecDeque<Span>>,
    /// How many were lost that the collector was not told of.
    n_lost: Cell<u64>,
    is_sending: Cell<bool>,
    /// Until when nothing is sent, on the clock that only goes forward.
    paused: Cell<u64>,
}

impl Spans {
    /// Puts a span behind the others. If there are too many, the oldest is lost.
    pub(crate) fn push(&self, span: Span) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(span);
        if waiting.len() > MOST {
            waiting.pop_front();
            self.lose(1);
        }
    }

    fn lose(&self, n: usize) {
        self.n_lost.set(self.n_lost.get().saturating_add(u64::try_from(n).unwrap_or(u64::MAX)));
    }

    fn batch(&self) -> Vec<Span> {
        let mut waiting = self.waiting.borrow_mut();
        let n = waiting.len().min(BATCH);
        waiting.drain(..n).collect()
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").field("n_waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}

/// The one task of an instance that sends.
struct Sender<'s>(&'s Spans);

impl<'s> Sender<'s> {
    fn of(spans: &'s Spans) -> Option<Self> {
        (!spans.is_sending.replace(true)).then_some(Self(spans))
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        self.0.is_sending.set(false);
    }
}

/// Whether [`send`] would do anything now.
pub(crate) fn has_work<P: Ports>(gateway: &Gateway, ports: &P) -> bool {
    let spans = &gateway.spans;
    !spans.is_sending.get() && !spans.waiting.borrow().is_empty() && ports.monotonic() >= spans.paused.get()
}

/// Sends what waits, and what comes meanwhile. It may take seconds, so it is for a task of its own, after an answer.
pub(crate) async fn send<P: Ports>(gateway: &Gateway, ports: &P) {
    let Some(collector) = &gateway.settings().telemetry.collector else { return };
    if !has_work(gateway, ports) {
        return;
    }
    let spans = &gateway.spans;
    let Some(_sender) = Sender::of(spans) else { return };
    loop {
        let batch = spans.batch();
        if batch.is_empty() {
            return;
        }
        let n_lost = spans.n_lost.get();
        match post(ports, collector, encode(SERVICE, &batch, n_lost)).await {
            Ok(()) => spans.n_lost.set(spans.n_lost.get().saturating_sub(n_lost)),
            Err(why) => {
                spans.lose(batch.len());
                spans.paused.set(ports.monotonic().saturating_add(PAUSE_US));
                let (host, n, lost) = (collector.url.host(), batch.len(), spans.n_lost.get());
                ports.log(&format!(
                    "telemetry: {host} did not take {n} spans, and is left alone for 30 s; {lost} spans are lost: {why}"
                ));
                return;
            }
        }
    }
}

async fn post<P: Ports>(ports: &P, collector: &Collector, body: String) -> Result<(), String> {
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = collector.url.uri().clone();
    for header in &collector.headers {
        request.headers_mut().insert(HeaderName::clone(header.name()), header.value().clone());
    }
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("portcullis"));
    let answer = pin!(ports.fetch(request, PATIENCE));
    // Nothing of the answer is read but its status.
    match select(answer, pin!(ports.sleep(PATIENCE))).await {
        Either::Left((Ok(response), _)) if response.status().is_success() => Ok(()),
        Either::Left((Ok(response), _)) => Err(format!("HTTP {}", response.status().as_u16())),
        Either::Left((Err(error), _)) => Err(error.to_string()),
        Either::Right(_) => Err(FetchError::TimedOut.to_string()),
    }
}
