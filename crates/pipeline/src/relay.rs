//! One guarded answer: frames of an upstream are read, judged and released one by one, in bounded memory.
//!
//! The last frame of a recorded call is released only after its outcome is on record.

use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_mcp::message::{Message, Outcome};
use portcullis_mcp::method::{Method, ServerNotification};
use portcullis_mcp::sse::{Event, Item};
use portcullis_policy::Lifecycle;
use portcullis_settings::Limits;

use crate::forward::{self, Outbound};
use crate::guard::{Guard, Verdict};
use crate::mismatch;
use crate::ports::{Ports, StoreError};
use crate::record::{End, Open};
use crate::refusal::{Addressee, Refusal};
use crate::resume::{self, Answering};
use crate::source::{Pulled, Source};
use crate::tasks::Tasks;

/// The longest pause before a client reconnects that is passed on, in milliseconds.
const LONGEST_RETRY_MS: u64 = 60 * 60 * 1000;

/// An answer on its way.
pub(crate) struct Relay<P: Ports> {
    ports: Rc<P>,
    source: Source<P>,
    guard: Guard,
    /// The record of the call, until its outcome is written.
    record: Option<Open>,
    to: Addressee,
    limits: Limits,
    /// When a stream without an answer at its end is over: with the caller's token, in milliseconds since 1970.
    until: u64,
    /// When something last came, on the clock that only goes forward.
    heard: u64,
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
    pub(crate) source: Source<P>,
    pub(crate) guard: Guard,
    pub(crate) record: Option<Open>,
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
        let Parcel { ports, source, guard, record, to, limits, until } = parcel;
        Self {
            heard: ports.monotonic(),
            ports,
            source,
            guard,
            record,
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
        let pulled = match select(pin!(self.source.pull()), pin!(self.ports.sleep(patience))).await {
            Either::Left((pulled, _)) => pulled,
            Either::Right(((), _)) if is_open_ended => Ok(Pulled::End),
            Either::Right(((), _)) => {
                Err(Refusal::Upstream(format!("silent for {:?}", self.limits.response_time)))
            }
        };
        self.heard = self.ports.monotonic();
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
        let pulled = match self.pending.take() {
            None => return Ok(None),
            Some(Ok(pulled)) => self.judge(pulled).await,
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
            return;
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

    fn patience(&self) -> Duration {
        if self.is_open_ended() {
            return Duration::from_millis(self.until.saturating_sub(self.ports.now()));
        }
        let silent = Duration::from_micros(self.ports.monotonic().saturating_sub(self.heard));
        self.limits.response_time.saturating_sub(silent)
    }

    async fn judge(&mut self, pulled: Pulled) -> Result<Option<Out>, Refusal> {
        match pulled {
            Pulled::Head => {
                self.begin();
                Ok(None)
            }
            Pulled::Item(Item::Comment) => Ok(Some(Out::Comment)),
            Pulled::Item(Item::Event(event)) => self.event(event).await,
            Pulled::Broken(reason) => self.broke(reason),
            Pulled::End => self.end().await,
        }
    }

    async fn event(&mut self, mut event: Event) -> Result<Option<Out>, Refusal> {
        if event.kind.as_deref().is_some_and(|kind| kind != "message") {
            self.ports.log("dropped an event of an unknown kind");
            return Ok(None);
        }
        let id = event.id.clone();
        self.rename(&mut event);
        let data = event.data.take().unwrap_or_default();
        if data.is_empty() {
            // MCP 2025-11-25: a priming event carries an id and no message.
            return Ok(without_message(event));
        }
        self.message(event, id, &data).await
    }

    /// `id` is the upstream's.
    async fn message(
        &mut self,
        event: Event,
        id: Option<String>,
        data: &str,
    ) -> Result<Option<Out>, Refusal> {
        let invalid = |error: String| match self.source.head() {
            Some(head) => {
                mismatch::of_answer(&self.guard, head.status, None).unwrap_or(Refusal::Upstream(error))
            }
            None => Refusal::Upstream(error),
        };
        let value = json::parse(data.as_bytes(), Bounds::answer(self.limits.depth));
        let value = value.map_err(|error| invalid(error.to_string()))?;
        if let (Json::Array(batch), false) = (&value, self.guard.is_modern()) {
            // MCP 2025-03-26: a server may put several messages into one event.
            self.backlog.extend(batch.iter().map(|message| Event::message(message.to_string())));
            // Who comes back with the id has seen all of them.
            if let Some(last) = self.backlog.back_mut() {
                last.id = id;
                last.retry = event.retry;
            }
            return Ok(None);
        }
        let mut message = Message::try_from(value).map_err(|error| invalid(error.to_string()))?;
        if let Some(head) = self.source.head()
            && let Some(refusal) = mismatch::of_answer(&self.guard, head.status, Some(&message))
        {
            return Err(refusal);
        }
        if !self.is_of_own_task(&mut message).await? {
            self.ports.log("dropped news of a task that is not the caller's");
            return Ok(without_message(event));
        }
        match self.guard.frame(message) {
            Verdict::Pass(message) => {
                let event = with(event, message);
                self.perform().await?;
                self.guard.passed(event.data.as_ref().map_or(0, String::len));
                Ok(Some(Out::Event(event)))
            }
            Verdict::Final { message, failed } => self.finish(with(event, message), failed).await.map(Some),
            Verdict::Drop(reason) => {
                self.ports.log(&format!("dropped a frame of the upstream: {reason}"));
                Ok(without_message(event))
            }
            Verdict::Refuse(answer, reason) => {
                self.ports.log(&format!("refused a frame of the upstream: {reason}"));
                let answer = answer.to_bytes();
                self.tell_upstream(answer).await;
                Ok(without_message(event))
            }
            Verdict::Violation(reason) => Err(Refusal::Upstream(reason.to_owned())),
        }
    }

    /// The client gets ids of the gateway's own, in sessions only: elsewhere nothing can be taken up again.
    fn rename(&mut self, event: &mut Event) {
        let in_session = !self.guard.is_modern() && self.guard.session().is_some();
        let answering = self.answering();
        event.id =
            event.id.take().filter(|_| in_session).and_then(|id| {
                resume::seal(&self.guard.gateway(), self.guard.owner(), &id, answering.as_ref())
            });
        event.retry = event.retry.filter(|retry| in_session && *retry <= LONGEST_RETRY_MS);
        self.is_resumable |= event.id.is_some();
    }

    fn answering(&self) -> Option<Answering> {
        let call = self.guard.call()?;
        Some(Answering {
            id: call.id.clone(),
            method: call.method,
            name: call.name.clone(),
            record: self.record.as_ref().map(Open::id),
            completed: call.completed.clone(),
            may_be_task: call.may_be_task,
        })
    }

    /// Lists of tasks keep the caller's own, and so does news of them. Only the store knows whose a task is.
    async fn is_of_own_task(&self, message: &mut Message<'_>) -> Result<bool, Refusal> {
        let gateway = self.guard.gateway();
        let tasks = Tasks {
            gateway: &gateway,
            ports: &*self.ports,
            principal: self.guard.principal(),
            connection: self.guard.connection(),
        };
        match message {
            Message::Response(response)
                if self.guard.call().is_some_and(|call| call.method == Method::TasksList) =>
            {
                if let Outcome::Result(result) = &mut response.outcome {
                    tasks.keep_own(result).await.map_err(Refusal::Withheld)?;
                }
                Ok(true)
            }
            Message::Notification(news) if news.method == ServerNotification::TaskStatus.as_str() => {
                let id = news.params.as_ref().and_then(|params| params.get_str("taskId"));
                let own = tasks.own(id.unwrap_or_default()).await.map_err(Refusal::Withheld)?;
                Ok(own.is_some())
            }
            Message::Notification(_) | Message::Request(_) | Message::Response(_) => Ok(true),
        }
    }

    /// Does what must be done before the frame that was judged last is released.
    async fn perform(&mut self) -> Result<(), Refusal> {
        let duties = self.guard.take_duties();
        let gateway = self.guard.gateway();
        let tasks = Tasks {
            gateway: &gateway,
            ports: &*self.ports,
            principal: self.guard.principal(),
            connection: self.guard.connection(),
        };
        for duty in &duties {
            tasks.perform(duty).await.map_err(Refusal::Withheld)?;
        }
        Ok(())
    }

    /// Releases the answer, but not before its outcome is on record.
    async fn finish(&mut self, event: Event, failed: bool) -> Result<Out, Refusal> {
        self.perform().await?;
        let text = event.data.as_deref().unwrap_or_default();
        self.guard.passed(text.len());
        let text = text.to_owned();
        self.close(End::Answered { failed, text: &text }).await.map_err(Refusal::Withheld)?;
        self.ended = true;
        Ok(Out::Final(event))
    }

    async fn end(&mut self) -> Result<Option<Out>, Refusal> {
        let answers = self.to.id.is_some();
        if answers && self.is_resumable {
            // MCP 2025-11-25: the server lets the client come back for the rest. The record stays open for it.
            self.ended = true;
            return Ok(None);
        }
        match self.guard.call() {
            Some(call) if call.method == Method::SubscriptionsListen => {
                self.close(End::Abandoned).await.map_err(Refusal::Withheld)?;
            }
            Some(_) if answers => {
                return Err(Refusal::Upstream("the stream ended without an answer".to_owned()));
            }
            Some(_) | None => {}
        }
        self.ended = true;
        Ok(None)
    }

    /// A client with an event id comes back for the rest, just as if the server had ended the stream.
    fn broke(&mut self, reason: String) -> Result<Option<Out>, Refusal> {
        if !self.is_resumable {
            return Err(Refusal::Upstream(reason));
        }
        self.ports.log(&format!("a stream broke off and may be taken up again: {reason}"));
        self.ended = true;
        Ok(None)
    }

    /// Writes the outcome, once. Only then the record is let go: a reader that leaves while the store works must
    /// still find one to close.
    async fn close(&mut self, end: End<'_>) -> Result<(), StoreError> {
        let Some(record) = &self.record else { return Ok(()) };
        let closed = record.close(&*self.ports, end, &self.guard).await;
        self.record = None;
        closed
    }

    async fn fail(&mut self, refusal: Refusal) -> Refusal {
        self.ended = true;
        self.begin();
        let refusal = if let Refusal::NoAnswer { status } = refusal {
            mismatch::of_status(&self.guard, status)
        } else {
            refusal
        };
        match self.close(End::Refused(&refusal)).await {
            Err(error) if !matches!(refusal, Refusal::Withheld(_)) => Refusal::Withheld(error),
            Ok(()) | Err(_) => refusal,
        }
    }

    /// Answers the server in the caller's place, so that it does not wait for what never comes.
    async fn tell_upstream(&self, message: Vec<u8>) {
        let (gateway, session) = (self.guard.gateway(), self.guard.session());
        let (Some(connection), Some(session)) = (gateway.connection(self.guard.connection()), session) else {
            return;
        };
        let permit = gateway.policies().permit_lifecycle(self.guard.principal(), Lifecycle::Respond);
        let outbound = Outbound::message(HeaderMap::new(), message, Some(session));
        let sent = forward::send(permit, &*self.ports, connection, outbound, self.limits.response_time).await;
        if let Err(refusal) = sent {
            self.ports.log(&format!("the upstream could not be told: {refusal}"));
        }
    }
}

/// The status for the caller: those that mean something to clients pass; any other success is a plain one.
pub(crate) fn status(upstream: Option<&Parts>) -> StatusCode {
    match upstream.map(|head| head.status) {
        Some(status) if !status.is_success() => status,
        Some(_) | None => StatusCode::OK,
    }
}

/// What is left of an event whose message the client does not get: an id to come back with, and a pause.
fn without_message(event: Event) -> Option<Out> {
    let is_left = event.id.is_some() || event.retry.is_some();
    let data = event.id.is_some().then(String::new);
    is_left.then_some(Out::Event(Event { kind: None, data, ..event }))
}

fn with(event: Event, message: Message<'_>) -> Event {
    let data = message.into_json().to_string();
    Event { kind: Some("message".to_owned()), data: Some(data), ..event }
}
