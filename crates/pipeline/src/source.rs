//! The frames of one upstream response, in whatever form they come: events, one whole message, or lines.
//!
//! Waiting for a frame loses nothing when it is given up and begun again, so a stream can watch several sources.

use std::collections::VecDeque;
use std::pin::Pin;

use futures_util::future::LocalBoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use portcullis_mcp::sse::{Decoder, Event, Item};

use crate::ports::{Chunks as _, Ports};
use crate::refusal::Refusal;
use crate::spans::Left;

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENTS: &str = "text/event-stream";

/// A response that has not come yet.
pub(crate) struct Pending<P: Ports> {
    pub(crate) response: LocalBoxFuture<'static, Result<Response<P::Body>, Refusal>>,
    /// How the request is told, if anybody is.
    pub(crate) leg: Left<P>,
}

impl<P: Ports> Pending<P> {
    /// The status of the response. Nothing more of it is read.
    pub(crate) async fn status(self) -> Result<StatusCode, Refusal> {
        let answered = self.response.await;
        if let Some(leg) = &self.leg {
            answered.iter().for_each(|response| leg.answered(response.status()));
            leg.end(answered.as_ref().err().map(Refusal::kind));
        }
        answered.map(|response| response.status())
    }
}

/// Where frames come from.
pub(crate) struct Source<P: Ports> {
    state: State<P::Body>,
    head: Option<Parts>,
    /// The longest frame, in bytes.
    limit: usize,
    /// Whether a JSON body is a message per line and does not end, as some servers answer `subscriptions/listen`.
    by_line: bool,
    leg: Left<P>,
}

enum State<B> {
    /// Nothing has come yet.
    Waiting(LocalBoxFuture<'static, Result<Response<B>, Refusal>>),
    /// Server-sent events.
    Events { body: B, decoder: Decoder, ready: VecDeque<Item> },
    /// One message.
    Whole { body: B, bytes: Vec<u8> },
    /// A message per line.
    Lines { body: B, lines: Lines },
    /// What the gateway says itself.
    Said(String),
    /// Nothing more comes.
    Ended,
}

/// What a source yields.
#[derive(Debug)]
pub(crate) enum Pulled {
    /// The response has begun.
    Head,
    /// An event, or a comment.
    Item(Item),
    /// A stream broke off. Why.
    Broken(String),
    /// Nothing more comes.
    End,
}

impl<P: Ports> Source<P> {
    pub(crate) fn new(pending: Pending<P>, limit: usize, by_line: bool) -> Self {
        let Pending { response, leg } = pending;
        Self { state: State::Waiting(response), head: None, limit, by_line, leg }
    }

    /// Nothing more is read, for this reason if it is a failure.
    pub(crate) fn ended(&self, error: Option<&str>) {
        if let Some(leg) = &self.leg {
            self.head.iter().for_each(|head| leg.answered(head.status));
            leg.end(error);
        }
    }

    /// What the gateway answers itself, as if it came from the upstream: one message.
    pub(crate) fn said(message: String) -> Self {
        Self { state: State::Said(message), head: None, limit: usize::MAX, by_line: false, leg: None }
    }

    /// The head of the response, once it has come.
    pub(crate) fn head(&self) -> Option<&Parts> {
        self.head.as_ref()
    }

    /// Whether the response is one message and not a stream.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.state, State::Said(_) | State::Whole { .. })
    }

    /// Waits for what comes next. Giving up waiting loses nothing.
    pub(crate) async fn pull(&mut self) -> Result<Pulled, Refusal> {
        loop {
            match &mut self.state {
                State::Ended => return Ok(Pulled::End),
                State::Said(message) => {
                    if self.head.is_none() {
                        self.head = Some(said());
                        return Ok(Pulled::Head);
                    }
                    let event = Event { data: Some(std::mem::take(message)), ..Event::default() };
                    self.state = State::Ended;
                    return Ok(Pulled::Item(Item::Event(event)));
                }
                State::Waiting(pending) => {
                    let response = Pin::new(pending).await;
                    self.state = State::Ended;
                    self.begin(response?)?;
                    return Ok(Pulled::Head);
                }
                State::Events { body, decoder, ready } => {
                    if let Some(item) = ready.pop_front() {
                        return Ok(Pulled::Item(item));
                    }
                    match body.next().await {
                        Some(Ok(chunk)) => ready.extend(decoder.push(&chunk).map_err(broken)?),
                        Some(Err(error)) => {
                            self.state = State::Ended;
                            return Ok(Pulled::Broken(error.to_string()));
                        }
                        None => self.state = State::Ended,
                    }
                }
                State::Whole { body, bytes } => match body.next().await {
                    Some(Ok(chunk)) => append(bytes, &chunk, self.limit)?,
                    Some(Err(error)) => return Err(broken(error)),
                    None => {
                        let text = String::from_utf8(std::mem::take(bytes)).map_err(broken)?;
                        self.state = State::Ended;
                        return Ok(Pulled::Item(Item::Event(Event { data: Some(text), ..Event::default() })));
                    }
                },
                State::Lines { body, lines } => {
                    if let Some(line) = lines.next()? {
                        return Ok(Pulled::Item(line));
                    }
                    match body.next().await {
                        Some(Ok(chunk)) => lines.push(&chunk, self.limit)?,
                        Some(Err(error)) => return Err(broken(error)),
                        // The last message may come without a line end.
                        None if lines.is_empty() => self.state = State::Ended,
                        None => lines.push(b"\n", usize::MAX)?,
                    }
                }
            }
        }
    }

    fn begin(&mut self, response: Response<P::Body>) -> Result<(), Refusal> {
        let (head, body) = response.into_parts();
        if head.headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
            return Err(Refusal::Upstream("its answer is encoded although none was asked for".to_owned()));
        }
        let status = head.status;
        // Errors of the protocol come with these statuses, and with a message.
        let known = status.is_success() || matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND);
        self.state = match kind(&head) {
            EVENTS if status.is_success() => {
                State::Events { body, decoder: Decoder::new(self.limit), ready: VecDeque::new() }
            }
            JSON if self.by_line && status.is_success() => State::Lines { body, lines: Lines::default() },
            JSON if known => State::Whole { body, bytes: Vec::new() },
            _ => State::Ended,
        };
        self.head = Some(head);
        match self.state {
            State::Ended => Err(Refusal::NoAnswer { status }),
            State::Events { .. }
            | State::Lines { .. }
            | State::Said(_)
            | State::Waiting(_)
            | State::Whole { .. } => Ok(()),
        }
    }
}

/// The head of what the gateway says itself.
fn said() -> Parts {
    let mut response = Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response.into_parts().0
}

/// The content type of a response, without its parameters.
pub(crate) fn kind(head: &Parts) -> &str {
    let value = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn append(bytes: &mut Vec<u8>, chunk: &[u8], limit: usize) -> Result<(), Refusal> {
    if bytes.len() + chunk.len() > limit {
        return Err(Refusal::Upstream(format!("its answer exceeds {limit} bytes")));
    }
    bytes.extend_from_slice(chunk);
    Ok(())
}

/// Lines as they come. Each byte is looked at once, wherever chunks are cut.
#[derive(Debug, Default)]
struct Lines {
    whole: VecDeque<Vec<u8>>,
    begun: Vec<u8>,
}

impl Lines {
    fn push(&mut self, chunk: &[u8], limit: usize) -> Result<(), Refusal> {
        let mut parts = chunk.split(|byte| *byte == b'\n');
        append(&mut self.begun, parts.next().unwrap_or_default(), limit)?;
        for part in parts {
            let line = std::mem::replace(&mut self.begun, part.to_vec());
            if !line.trim_ascii().is_empty() {
                self.whole.push_back(line);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Item>, Refusal> {
        let Some(line) = self.whole.pop_front() else { return Ok(None) };
        let line = String::from_utf8(line).map_err(broken)?;
        let data = Some(line.trim().to_owned());
        Ok(Some(Item::Event(Event { data, ..Event::default() })))
    }

    fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }
}

fn broken(error: impl std::fmt::Display) -> Refusal {
    Refusal::Upstream(error.to_string())
}
