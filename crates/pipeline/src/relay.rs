//! One guarded answer: frames of an upstream are read, judged and released one by one, in bounded memory.
//!
//! The last frame of a recorded call is released only after its outcome is on record.

mod frames;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, join, pending, select};
use http::StatusCode;
use http::response::Parts;
use portcullis_mcp::era::Era;
use portcullis_mcp::method::Method;
use portcullis_mcp::sse::{Event, Item};
use portcullis_settings::Limits;

use crate::guard::Guard;
use crate::mismatch;
use crate::ports::{FetchError, Ports, StoreError};
use crate::record::{End, Open};
use crate::refusal::{Addressee, Refusal};
use crate::source::{Pulled, Source};
use crate::trace::Trace;
use crate::usage::Account;

/// How OpenTelemetry's conventions for MCP call a result that says that its call has failed.
const ANSWERED_WITH_ERROR: &str = "tool_error";

/// An answer on its way.
pub(crate) struct Relay<P: Ports> {
    ports: Rc<P>,
    trace: Trace,
    source: Source<P>,
    guard: Guard,
    /// The record of the call, until its outcome is written.
    record: Option<Open>,
    /// Where what goes to the caller is counted, if it is.
    account: Option<Account<P>>,
    to: Addressee,
    limits: Limits,
    /// When a stream without an answer at its end is over: with the caller's token, in milliseconds since 1970.
    until: u64,
    /// When something last came, on the clock that only goes forward; `None` before the first wait.
    heard: Option<u64>,
    pending: Option<Result<Pulled, Refusal>>,
    /// Messages that came in one batch and are not judged yet.
    backlog: VecDeque<Event>,
    /// Whether the client has an event id to come back with.
    is_resumable: bool,
    ended: bool,
}

/// What an answer is made of.
pub(crate) struct Parcel<P: Ports> {
    pub(crate) ports: Rc<P>,
    /// The trace of the call.
    pub(crate) trace: Trace,
    pub(crate) source: Source<P>,
    pub(crate) guard: Guard,
    pub(crate) record: Option<Open>,
    pub(crate) account: Option<Account<P>>,
    pub(crate) to: Addressee,
    pub(crate) limits: Limits,
    /// When the caller's token expires, in milliseconds since 1970.
    pub(crate) until: u64,
}

/// What goes to the caller.
#[derive(Debug)]
pub(crate) enum Out {
    /// A sign of life.
    Comment,
    /// An event with a message that is not the last, or a priming event.
    Event(Event),
    /// The answer; nothing follows.
    Final(Event),
}

impl<P: Ports> Relay<P> {
    pub(crate) fn new(parcel: Parcel<P>) -> Self {
        let Parcel { ports, trace, source, guard, record, account, to, limits, until } = parcel;
        Self {
            heard: None,
            ports,
            trace,
            source,
            guard,
            record,
            account,
            to,
            limits,
            until,
            pending: None,
            backlog: VecDeque::new(),
            is_resumable: false,
            ended: false,
        }
    }

    /// Takes up a call that another request has begun. The client has an event id, with which it may come again.
    pub(crate) fn resume(&mut self, record: Option<Open>) {
        self.record = record;
        self.is_resumable = true;
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) fn to(&self) -> &Addressee {
        &self.to
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The head of the upstream's response, once it has come.
    pub(crate) fn head(&self) -> Option<&Parts> {
        self.source.head()
    }

    pub(crate) fn log(&self, line: &str) {
        self.ports.log(line);
    }

    /// Waits until something can be taken. Giving up waiting loses nothing.
    pub(crate) async fn ready(&mut self) {
        if self.pending.is_some() || self.ended {
            return;
        }
        if let Some(event) = self.backlog.pop_front() {
            self.pending = Some(Ok(Pulled::Item(Item::Event(event))));
            return;
        }
        let (patience, is_open_ended) = (self.patience(), self.is_open_ended());
        if is_open_ended && patience.is_zero() {
            self.pending = Some(Ok(Pulled::End));
            return;
        }
        let (pulled, late) = (pin!(self.source.pull()), pin!(self.ports.sleep(patience)));
        let awaited = select(pulled, late);
        // What was counted is published meanwhile: it may be long until something comes.
        let pulled = match select(awaited, pin!(work(self.account.as_mut()))).await {
            Either::Left((Either::Left((pulled, _)), _)) => pulled,
            Either::Left((Either::Right(((), _)), _)) if is_open_ended => Ok(Pulled::End),
            Either::Left((Either::Right(((), _)), _)) => {
                Err(Refusal::Upstream(format!("silent for {:?}", self.limits.response_time)))
            }
            Either::Right((never, _)) => match never {},
        };
        self.heard = Some(self.ports.monotonic());
        self.pending = Some(pulled);
    }

    /// Waits until the upstream's response has begun, and says whether it is one message. Giving up waiting loses
    /// nothing.
    pub(crate) async fn begun(&mut self) -> bool {
        while self.source.head().is_none() && !self.ended {
            self.ready().await;
            match self.pending.take() {
                Some(Ok(Pulled::Head)) => self.begin(),
                other => {
                    self.pending = other;
                    break;
                }
            }
        }
        self.source.is_whole()
    }

    /// Waits until the form of the answer is known and, if it is one message, all of it has come. Giving up waiting
    /// loses nothing.
    pub(crate) async fn awaited(&mut self) -> bool {
        let whole = self.begun().await;
        if whole {
            self.ready().await;
        }
        whole
    }

    /// The upstream has no such stream, and nothing more is read.
    pub(crate) fn unopened(&self) {
        self.source.ended(None);
    }

    /// Whether the upstream's response is one message.
    pub(crate) fn is_whole(&self) -> bool {
        self.source.is_whole()
    }

    /// Says whether the upstream has failed already, as long as that can be told in the head of the answer.
    ///
    /// # Errors
    /// It has. The record is closed and nothing more comes.
    pub(crate) async fn check(&mut self) -> Result<(), Refusal> {
        match self.pending.take() {
            Some(Err(refusal)) => Err(self.fail(refusal).await),
            other => {
                self.pending = other;
                Ok(())
            }
        }
    }

    /// Takes what is ready; `None` if that is nothing for the caller.
    ///
    /// # Errors
    /// The upstream or the store failed. The record is closed and nothing more comes.
    pub(crate) async fn take(&mut self) -> Result<Option<Out>, Refusal> {
        self.guard.tick(self.ports.now());
        let pulled = match self.pending.take() {
            None => return Ok(None),
            Some(Ok(pulled)) => self.judge_now(pulled).await,
            Some(Err(refusal)) => Err(refusal),
        };
        match pulled {
            Ok(out) => Ok(out),
            Err(refusal) => Err(self.fail(refusal).await),
        }
    }

    /// The whole answer, for a response that is one message.
    pub(crate) async fn whole(&mut self) -> Result<String, Refusal> {
        while !self.ended {
            self.ready().await;
            match self.take().await? {
                Some(Out::Final(event)) => return Ok(event.data.unwrap_or_default()),
                Some(Out::Comment | Out::Event(_)) | None => {}
            }
        }
        Err(Refusal::Upstream("ended without an answer".to_owned()))
    }

    /// The whole answer in whatever form, if it comes within the time that an upstream may be silent. An upstream
    /// that keeps writing and says nothing is not waited for: nobody sees a sign of life meanwhile.
    pub(crate) async fn in_time(&mut self) -> Result<String, Refusal> {
        let ports = Rc::clone(&self.ports);
        let limit = self.limits.response_time;
        let begun = ports.monotonic();
        while !self.ended {
            let left = limit.saturating_sub(Duration::from_micros(ports.monotonic().saturating_sub(begun)));
            let is_late = match select(pin!(self.ready()), pin!(ports.sleep(left))).await {
                Either::Left(_) => false,
                Either::Right(_) => true,
            };
            if is_late {
                return Err(self.fail(Refusal::Fetch(FetchError::TimedOut)).await);
            }
            match self.take().await? {
                Some(Out::Final(event)) => return Ok(event.data.unwrap_or_default()),
                Some(Out::Comment | Out::Event(_)) | None => {}
            }
        }
        Err(Refusal::Upstream("ended without an answer".to_owned()))
    }

    /// The first message of a stream, whatever it is.
    ///
    /// Giving up waiting may lose it, and the answer with it.
    pub(crate) async fn first_event(&mut self) -> Result<String, Refusal> {
        while !self.ended {
            self.ready().await;
            match self.take().await? {
                Some(Out::Event(event) | Out::Final(event)) => return Ok(event.data.unwrap_or_default()),
                Some(Out::Comment) | None => {}
            }
        }
        Err(Refusal::Upstream("ended without a message".to_owned()))
    }

    /// The caller is gone. On 2026-07-28 that cancels the call, so the upstream is let go. Before, it does not: the
    /// rest is read and thrown away, and a client with an event id may yet come back for it.
    pub(crate) async fn abandon(&mut self) {
        if !self.guard.is_modern() && self.to.id.is_some() {
            // Nobody may keep an upstream busy for longer than it may call it.
            while !self.ended && self.ports.now() < self.until {
                self.ready().await;
                if matches!(self.pending, Some(Ok(Pulled::Item(_) | Pulled::Head))) {
                    self.discard();
                } else {
                    break;
                }
            }
        }
        self.ended = true;
        if self.is_resumable {
            return self.settle().await;
        }
        if let Err(error) = self.close(End::Abandoned).await {
            self.ports.log(&format!("an abandoned call stays without its outcome: {error}"));
        }
    }

    fn discard(&mut self) {
        match self.pending.take() {
            Some(Ok(Pulled::Head)) => self.begin(),
            Some(Ok(Pulled::Item(_) | Pulled::Broken(_) | Pulled::End) | Err(_)) | None => {}
        }
    }

    fn begin(&mut self) {
        if let Some(head) = self.source.head() {
            self.guard.answered(head.status);
        }
    }

    /// Whether the stream ends when the caller's token does, and not with an answer.
    fn is_open_ended(&self) -> bool {
        let method = self.guard.call().map(|call| call.method);
        self.source.head().is_some() && matches!(method, None | Some(Method::SubscriptionsListen))
    }

    fn patience(&mut self) -> Duration {
        if self.is_open_ended() {
            return Duration::from_millis(self.until.saturating_sub(self.ports.now()));
        }
        // What is asked of an upstream is sent when its answer is first waited for.
        let heard = *self.heard.get_or_insert_with(|| self.ports.monotonic());
        let silent = Duration::from_micros(self.ports.monotonic().saturating_sub(heard));
        self.limits.response_time.saturating_sub(silent)
    }

    /// Writes the outcome, once, and publishes what was used. Only then the record is let go: a reader that leaves while
    /// the store works must still find one to close.
    async fn close(&mut self, end: End<'_>) -> Result<(), StoreError> {
        self.source.ended(match &end {
            End::Answered { failed, .. } => failed.then_some(ANSWERED_WITH_ERROR),
            End::Abandoned => None,
            End::Refused(refusal) => Some(refusal.kind()),
        });
        let Self { record, ports, guard, account, is_resumable, .. } = self;
        let written = async {
            let Some(record) = record else { return Ok(()) };
            let is_answered = matches!(end, End::Answered { .. });
            record.close(&**ports, end, guard).await?;
            // Whoever comes back must not find it ended before that is on record.
            match *is_resumable {
                true => record.note_end(&guard.gateway(), &**ports, is_answered).await,
                false => Ok(()),
            }
        };
        let (closed, ()) = join(written, settle(account.as_mut())).await;
        self.record = None;
        closed
    }

    /// Publishes what was used, where no outcome is written.
    async fn settle(&mut self) {
        self.source.ended(None);
        settle(self.account.as_mut()).await;
    }

    async fn fail(&mut self, refusal: Refusal) -> Refusal {
        self.ended = true;
        self.begin();
        let refusal = if let Refusal::NoAnswer { status } = refusal {
            let era = self.guard.call().map_or(Era::Legacy(None), |call| call.era);
            mismatch::of_status(era, self.guard.session(), status)
        } else {
            refusal
        };
        match self.close(End::Refused(&refusal)).await {
            Err(error) if !matches!(refusal, Refusal::Withheld(_)) => Refusal::Withheld(error),
            Ok(()) | Err(_) => refusal,
        }
    }
}

async fn work<P: Ports>(account: Option<&mut Account<P>>) -> Infallible {
    match account {
        Some(account) => account.work().await,
        None => pending().await,
    }
}

async fn settle<P: Ports>(account: Option<&mut Account<P>>) {
    if let Some(account) = account {
        account.settle().await;
    }
}

/// The status for the caller: those that mean something to clients pass; any other success is a plain one.
pub(crate) fn status(upstream: Option<&Parts>) -> StatusCode {
    match upstream.map(|head| head.status) {
        Some(status) if !status.is_success() => status,
        Some(_) | None => StatusCode::OK,
    }
}
