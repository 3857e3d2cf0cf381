//! A guarded event stream: read, judged and released event by event, in bounded memory.

use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use portcullis_mcp::answer::code;
use portcullis_mcp::json::{self, Bounds};
use portcullis_mcp::message::Message;
use portcullis_mcp::sse::{Decoder, Event, Item, KEEP_ALIVE};

use crate::guard::{Guard, Verdict};
use crate::ports::{Chunks as _, Ports};
use crate::record::{End, Open};
use crate::refusal::{Addressee, WITHHELD};

/// The longest event id that is passed on.
const LONGEST_ID: usize = 1024;
/// The longest pause before a client reconnects that is passed on.
const LONGEST_RETRY_MS: u64 = 60 * 60 * 1000;

/// A response body that is a stream of events.
pub struct EventStream<P: Ports> {
    ports: Rc<P>,
    body: P::Body,
    decoder: Decoder,
    depth: usize,
    guard: Guard,
    /// The record of the call, until its outcome is written.
    record: Option<Open>,
    to: Addressee,
    /// How long the upstream may be silent while a call waits.
    silence: Duration,
    /// When a stream of the server's own ends: with the caller's token, in milliseconds since 1970.
    until: u64,
    ready: VecDeque<Item>,
    ended: bool,
}

impl<P: Ports> std::fmt::Debug for EventStream<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// What an event stream is made of.
pub(crate) struct Parts<P: Ports> {
    pub(crate) ports: Rc<P>,
    pub(crate) body: P::Body,
    pub(crate) guard: Guard,
    pub(crate) record: Option<Open>,
    pub(crate) to: Addressee,
    pub(crate) limits: portcullis_settings::Limits,
    /// When the caller's token expires, in milliseconds since 1970.
    pub(crate) until: u64,
}

impl<P: Ports> EventStream<P> {
    pub(crate) fn new(parts: Parts<P>) -> Self {
        let Parts { ports, body, guard, record, to, limits, until } = parts;
        Self {
            ports,
            body,
            decoder: Decoder::new(limits.frame_bytes),
            depth: limits.depth,
            guard,
            silence: limits.response_time,
            until,
            record,
            to,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// The next bytes for the caller; `None` at the end.
    ///
    /// A caller that is gone is told to the record with [`EventStream::abandon`].
    pub async fn next(&mut self) -> Option<Bytes> {
        while !self.ended {
            if let Some(item) = self.ready.pop_front() {
                match self.judge(item).await {
                    Some(bytes) => return Some(bytes),
                    None => continue,
                }
            }
            if let Err(reason) = self.read().await {
                return self.fail(&reason).await;
            }
        }
        None
    }

    /// Ends the stream because its reader is gone, and records that.
    pub async fn abandon(&mut self) {
        self.ended = true;
        if let Some(record) = self.record.take()
            && let Err(error) = record.close(&*self.ports, End::Abandoned, &self.guard).await
        {
            self.ports.log(&format!("an abandoned call stays without its outcome: {error}"));
        }
    }

    /// What the frames so far have shown.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    async fn read(&mut self) -> Result<(), String> {
        let next = pin!(self.body.next());
        let answers = self.to.id.is_some();
        let patience = match answers {
            true => self.silence,
            false => Duration::from_millis(self.until.saturating_sub(self.ports.now())),
        };
        let chunk = match select(next, pin!(self.ports.sleep(patience))).await {
            Either::Left((chunk, _)) => chunk,
            Either::Right(((), _)) if answers => return Err(format!("silent for {patience:?}")),
            // The token has expired. The client comes back with a new one.
            Either::Right(((), _)) => None,
        };
        match chunk {
            Some(Ok(chunk)) => {
                self.ready.extend(self.decoder.push(&chunk).map_err(|error| error.to_string())?);
                Ok(())
            }
            Some(Err(broken)) => Err(broken.to_string()),
            None if self.to.id.is_some() => Err("the stream ended without an answer".to_owned()),
            None => {
                self.ended = true;
                Ok(())
            }
        }
    }

    async fn judge(&mut self, item: Item) -> Option<Bytes> {
        let mut event = match item {
            Item::Comment => return Some(Bytes::from_static(KEEP_ALIVE)),
            Item::Event(event) => event,
        };
        let answers = self.to.id.is_some();
        // An id invites the client to resume. The answer to a call cannot be resumed here, and what an id says is
        // seen by the client's program.
        let passes = |id: &String| !answers && id.len() <= LONGEST_ID && !self.guard.would_mask(id);
        event.id = event.id.filter(passes);
        event.retry = event.retry.filter(|retry| !answers && *retry <= LONGEST_RETRY_MS);
        let data = event.data.take().unwrap_or_default();
        if data.is_empty() && event.id.is_none() {
            return None;
        }
        if data.is_empty() {
            // MCP 2025-11-25: a priming event carries an id and no message.
            return Some(Event { kind: None, data: Some(String::new()), ..event }.to_bytes().into());
        }
        if event.kind.as_deref().is_some_and(|kind| kind != "message") {
            self.ports.log("dropped an event of an unknown kind");
            return None;
        }
        let message = json::parse(data.as_bytes(), Bounds::answer(self.depth))
            .map_err(|error| error.to_string())
            .and_then(|value| Message::try_from(value).map_err(|error| error.to_string()));
        match message.map(|message| self.guard.frame(message)) {
            Ok(Verdict::Pass(message)) => {
                let bytes = write(event, message);
                self.guard.passed(bytes.len());
                Some(bytes)
            }
            Ok(Verdict::Final { message, failed }) => {
                let message = message.into_json().to_string();
                self.finish(event, message, failed).await
            }
            Ok(Verdict::Drop(reason)) => {
                self.ports.log(&format!("dropped a frame of the upstream: {reason}"));
                None
            }
            Ok(Verdict::Violation(reason)) => self.fail(reason).await,
            Err(reason) => self.fail(&reason).await,
        }
    }

    /// Releases the answer, but not before its outcome is on record.
    async fn finish(&mut self, event: Event, message: String, failed: bool) -> Option<Bytes> {
        self.ended = true;
        self.guard.passed(message.len());
        if let Some(record) = &self.record {
            let end = End::Answered { failed, text: &message };
            let closed = record.close(&*self.ports, end, &self.guard).await;
            // Only now: a reader that leaves while the store works must still find a record to close.
            self.record = None;
            if let Err(error) = closed {
                self.ports.log(&format!("an answer is withheld: {error}"));
                return Some(write(Event::default(), self.to.message(code::UNAVAILABLE, WITHHELD)));
            }
        }
        Some(Event { kind: Some("message".to_owned()), data: Some(message), ..event }.to_bytes().into())
    }

    /// Ends the stream because of the upstream. The caller gets an error in place of its answer.
    async fn fail(&mut self, reason: &str) -> Option<Bytes> {
        self.ended = true;
        self.ports.log(&format!("the upstream's stream is given up: {reason}"));
        if let Some(record) = &self.record {
            if let Err(error) = record.close(&*self.ports, End::Broken(reason), &self.guard).await {
                self.ports.log(&format!("a failed call stays without its outcome: {error}"));
            }
            self.record = None;
        }
        let text = "the server behind the gateway failed";
        self.to.id.is_some().then(|| write(Event::default(), self.to.message(code::UPSTREAM, text)))
    }
}

fn write(event: Event, message: Message<'_>) -> Bytes {
    let data = message.into_json().to_string();
    Event { kind: Some("message".to_owned()), data: Some(data), ..event }.to_bytes().into()
}
