//! The body of an answer that is a stream of events: one guarded answer, several at once, or what is written into the
//! ledger.

use std::pin::{Pin, pin};
use std::rc::Rc;

use bytes::Bytes;
use futures_util::future::{Future, select_all};
use portcullis_mcp::message::Message;
use portcullis_mcp::sse::{Event, KEEP_ALIVE};
use portcullis_usage::Slot;

use crate::approvals::hold::{Arrival, Coming};
use crate::control::Following;
use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::relay::{Out, Relay};
use crate::spans::Serving;

/// A response body that is a stream of events.
pub struct EventStream<P: Ports> {
    relays: Vec<Relay<P>>,
    /// An answer that is held back.
    coming: Option<Coming<P>>,
    /// Records that are followed.
    following: Option<Box<Following<P>>>,
    /// What goes first, last in the list.
    ready: Vec<Bytes>,
    /// Whether all answers are parts of one, so that only the last of them counts.
    joint: bool,
    /// Its place among the caller's requests that are under way.
    slot: Option<Slot<String>>,
    /// How its request is told, if anybody is.
    serving: Option<Rc<Serving<P>>>,
}

impl<P: Ports> std::fmt::Debug for EventStream<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("answers", &self.relays.len()).finish_non_exhaustive()
    }
}

impl<P: Ports> EventStream<P> {
    pub(crate) fn new(relays: Vec<Relay<P>>) -> Self {
        let ready = Vec::new();
        Self { relays, coming: None, following: None, ready, joint: false, slot: None, serving: None }
    }

    /// A stream that begins at once with a sign of life, because its answer is held back.
    pub(crate) fn held(coming: Coming<P>) -> Self {
        let ready = vec![Bytes::from_static(KEEP_ALIVE)];
        Self { coming: Some(coming), ready, ..Self::new(Vec::new()) }
    }

    /// Records as they are written.
    pub(crate) fn following(following: Following<P>) -> Self {
        Self { following: Some(Box::new(following)), ..Self::new(Vec::new()) }
    }

    /// A stream that begins at once with a sign of life, because its answer takes long.
    pub(crate) fn overdue(relay: Relay<P>) -> Self {
        Self { ready: vec![Bytes::from_static(KEEP_ALIVE)], ..Self::new(vec![relay]) }
    }

    /// A stream that begins with these messages.
    pub(crate) fn beginning_with(messages: Vec<Message<'_>>, relays: Vec<Relay<P>>) -> Self {
        let ready = messages.into_iter().rev().map(event_of).collect();
        Self { ready, ..Self::new(relays) }
    }

    /// One answer in several parts, after this message.
    pub(crate) fn joint(first: Message<'_>, relays: Vec<Relay<P>>) -> Self {
        Self { joint: true, ..Self::beginning_with(vec![first], relays) }
    }

    /// Keeps a place among the caller's requests for as long as the stream goes on.
    pub(crate) fn hold(&mut self, slot: Option<Slot<String>>) {
        self.slot = slot;
    }

    /// The request is over with the stream.
    pub(crate) fn watch(&mut self, serving: Rc<Serving<P>>) {
        self.serving = Some(serving);
    }

    /// The next bytes for the caller; `None` at the end.
    ///
    /// A caller that is gone is told to the records with [`EventStream::abandon`].
    pub async fn next(&mut self) -> Option<Bytes> {
        let next = self.pull().await;
        if next.is_none() {
            self.over();
        }
        next
    }

    fn over(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.end();
        }
    }

    async fn pull(&mut self) -> Option<Bytes> {
        if let Some(first) = self.ready.pop() {
            return Some(first);
        }
        if let Some(following) = &mut self.following {
            return following.next().await;
        }
        if let Some(coming) = &mut self.coming {
            let arrival = coming.arrive().await;
            self.coming = None;
            match arrival {
                Arrival::Answer(relay) => self.relays.push(*relay),
                Arrival::Nothing => return None,
                Arrival::Refusal(message) | Arrival::Told(message) => return Some(event_of(message)),
            }
        }
        loop {
            let index = self.first_ready().await?;
            let relay = self.relays.get_mut(index)?;
            let bytes = match relay.take().await {
                Ok(out) => out.map(|out| bytes_of(&out)),
                Err(refusal) => {
                    self.serving.iter().for_each(|serving| serving.failed(refusal.kind()));
                    failure(relay, &refusal)
                }
            };
            let ended = relay.has_ended();
            if ended {
                self.relays.remove(index);
            }
            let is_part = self.joint && ended && !self.relays.is_empty();
            if bytes.is_some() && !is_part {
                return bytes;
            }
        }
    }

    /// Ends the stream because its reader is gone, and records that.
    pub async fn abandon(&mut self) {
        if let Some(coming) = self.coming.take() {
            match coming.leave().await {
                Arrival::Answer(relay) => self.relays.push(*relay),
                Arrival::Nothing | Arrival::Refusal(_) | Arrival::Told(_) => {}
            }
        }
        if let Some(mut following) = self.following.take() {
            following.abandon().await;
        }
        for relay in &mut self.relays {
            relay.abandon().await;
        }
        self.relays.clear();
        self.slot = None;
        self.over();
    }

    /// The first answer that has something to take; `None` if there is no answer left.
    async fn first_ready(&mut self) -> Option<usize> {
        match self.relays.as_mut_slice() {
            [] => None,
            [relay] => {
                relay.ready().await;
                Some(0)
            }
            relays => {
                let all = relays.iter_mut().map(|relay| {
                    let ready: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(relay.ready());
                    ready
                });
                let ((), index, _) = pin!(select_all(all)).await;
                // The one that was ready is looked at last the next time, so that none starves the others.
                relays.get_mut(index..)?.rotate_left(1);
                Some(relays.len() - 1)
            }
        }
    }
}

/// What the caller gets in place of an answer that failed.
fn failure<P: Ports>(relay: &Relay<P>, refusal: &Refusal) -> Option<Bytes> {
    relay.log(&format!("an answer is given up: {refusal}"));
    relay.to().id.is_some().then(|| event_of(refusal.message(relay.to())))
}

fn event_of(message: Message<'_>) -> Bytes {
    Event::message(message.into_json().to_string()).to_bytes().into()
}

fn bytes_of(out: &Out) -> Bytes {
    match out {
        Out::Comment => Bytes::from_static(KEEP_ALIVE),
        Out::Event(event) | Out::Final(event) => event.to_bytes().into(),
    }
}
