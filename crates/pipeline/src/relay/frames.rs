//! What becomes of one frame: what the guard says of it is done, and then it is released, or not.

use std::rc::Rc;

use http::HeaderMap;
use portcullis_mcp::json::{Bounds, Json};
use portcullis_mcp::message::{Message, Outcome};
use portcullis_mcp::method::{Method, ServerNotification};
use portcullis_mcp::sse::{Event, Item};
use portcullis_policy::Lifecycle;

use crate::access::tool::SHADOWED;
use crate::definitions;
use crate::forward::{self, Outbound, Way};
use crate::guard::Verdict;
use crate::mismatch;
use crate::ports::Ports;
use crate::record::{self, End, Open};
use crate::refusal::Refusal;
use crate::relay::{Out, Relay};
use crate::resume::{self, Answering};
use crate::source::Pulled;
use crate::tasks::Tasks;
use crate::usage::{self, Seen, items};

/// The longest pause before a client reconnects that is passed on, in milliseconds.
const LONGEST_RETRY_MS: u64 = 60 * 60 * 1000;

impl<P: Ports> Relay<P> {
    /// Judges what was pulled by what is in force now: what was pushed meanwhile holds for all frames that are still to
    /// come.
    pub(super) async fn judge_now(&mut self, pulled: Pulled) -> Result<Option<Out>, Refusal> {
        let active = self.guard.gateway().refresh(&*self.ports).await?;
        if self.account.is_none() && active.policies().reads_usage() {
            self.account = Some(usage::open_late(&self.guard, &self.ports).await?);
            self.guard.watch_values();
        }
        self.judge(pulled).await
    }

    /// Judges what was pulled; `None` if that is nothing for the caller.
    async fn judge(&mut self, pulled: Pulled) -> Result<Option<Out>, Refusal> {
        match pulled {
            Pulled::Head => {
                self.begin();
                Ok(None)
            }
            Pulled::Item(Item::Comment) => Ok(Some(Out::Comment)),
            Pulled::Item(Item::Event(event)) => self.event(event).await,
            Pulled::Broken(reason) => self.broke(reason).await,
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
        let bounds = Bounds::answer(self.limits.depth);
        // What is recorded is recorded as one value.
        let value = match self.record {
            Some(_) => self.guard.read_whole(data, bounds),
            None => self.guard.read(data, bounds),
        };
        let value = value.map_err(|error| self.no_message(error.to_string()))?;
        if let (Json::Array(batch), false) = (&value, self.guard.is_modern()) {
            if batch.is_empty() {
                // There is still an id to come back with.
                return Ok(without_message(event));
            }
            // MCP 2025-03-26: a server may put several messages into one event.
            self.backlog.extend(batch.iter().map(|message| Event::message(message.to_string())));
            // Who comes back with the id has seen all of them.
            if let Some(last) = self.backlog.back_mut() {
                last.id = id;
                last.retry = event.retry;
            }
            return Ok(None);
        }
        let mut message = Message::try_from(value).map_err(|error| self.no_message(error.to_string()))?;
        if let Some(head) = self.source.head()
            && let Some(refusal) = mismatch::of_answer(&self.guard, head.status, Some(&message))
        {
            return Err(refusal);
        }
        if !self.is_of_own_task(&mut message).await? {
            self.ports.log("dropped news of a task that is not the caller's");
            return Ok(without_message(event));
        }
        if let Some(account) = self.account.as_ref().filter(|_| is_judged_by_policy(&message)) {
            usage::refresh_for_frames(account).await;
        }
        let lifted = definitions::lifted(&self.guard, &*self.ports, &message).await;
        self.guard.lift(lifted);
        let verdict = self.guard.frame(message);
        let seen = self.guard.take_seen();
        match verdict {
            Verdict::Pass(message) => {
                let items = items(&message);
                let event = with(event, &message.into_json(), data.len());
                self.count(&event, items, seen)?;
                self.perform().await?;
                self.guard.passed(event.data.as_ref().map_or(0, String::len));
                Ok(Some(Out::Event(event)))
            }
            Verdict::Final { message, failed } => {
                let written = self.guard.take_written();
                let n_items = written.as_ref().map_or(0, |written| written.n_items);
                let items = items(&message).saturating_add(n_items);
                let answer = message.into_json();
                let event = match written {
                    Some(written) => {
                        Event { data: Some(written.within(&answer)), ..with(event, &Json::Null, 0) }
                    }
                    None => with(event, &answer, data.len()),
                };
                self.guard.remember(data);
                self.count(&event, items, seen)?;
                let recorded = self.record.is_some();
                let text = recorded.then(|| record::answer(&self.guard, answer));
                self.finish(event, failed, text.unwrap_or_default()).await.map(Some)
            }
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

    /// Counts what is about to be released. What cannot be counted is not.
    fn count(&self, event: &Event, items: u64, seen: Seen) -> Result<(), Refusal> {
        let Some(account) = &self.account else { return Ok(()) };
        let bytes = event.data.as_ref().map_or(0, String::len);
        account.count_part(seen, bytes, items).map_err(Refusal::AnswerUncounted)
    }

    /// Why there is no message where one should be.
    fn no_message(&self, reason: String) -> Refusal {
        let status = self.source.head().map(|head| head.status);
        let mismatch = status.and_then(|status| mismatch::of_answer(&self.guard, status, None));
        mismatch.unwrap_or(Refusal::Upstream(reason))
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
                tasks.owns(id.unwrap_or_default()).await.map_err(Refusal::Withheld)
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
        if self.guard.take_shadowed() {
            self.ports.log(SHADOWED);
        }
        definitions::report(&gateway, &*self.ports, self.guard.take_news()).await;
        Ok(())
    }

    /// Releases the answer, but not before its outcome is on record, with this text.
    async fn finish(&mut self, event: Event, failed: bool, text: String) -> Result<Out, Refusal> {
        self.perform().await?;
        self.guard.passed(event.data.as_ref().map_or(0, String::len));
        self.close(End::Answered { failed, text }).await.map_err(Refusal::Withheld)?;
        self.ended = true;
        Ok(Out::Final(event))
    }

    async fn end(&mut self) -> Result<Option<Out>, Refusal> {
        let answers = self.to.id.is_some();
        if answers && self.is_resumable {
            // MCP 2025-11-25: the server lets the client come back for the rest. The record stays open for it.
            self.ended = true;
            self.settle().await;
            return Ok(None);
        }
        match self.guard.call() {
            Some(call) if call.method == Method::SubscriptionsListen => {
                self.close(End::Abandoned).await.map_err(Refusal::Withheld)?;
            }
            Some(_) if answers => {
                return Err(self.no_message("ended without an answer".to_owned()));
            }
            Some(_) | None => {}
        }
        self.ended = true;
        self.settle().await;
        Ok(None)
    }

    /// A client with an event id comes back for the rest, just as if the server had ended the stream.
    async fn broke(&mut self, reason: String) -> Result<Option<Out>, Refusal> {
        if !self.is_resumable {
            return Err(Refusal::Upstream(reason));
        }
        self.ports.log(&format!("a stream broke off and may be taken up again: {reason}"));
        self.ended = true;
        self.settle().await;
        Ok(None)
    }

    /// Answers the server in the caller's place, so that it does not wait for what never comes.
    async fn tell_upstream(&self, message: Vec<u8>) {
        let (gateway, session) = (self.guard.gateway(), self.guard.session());
        let (Some(connection), Some(session)) = (gateway.connection(self.guard.connection()), session) else {
            return;
        };
        let permit = gateway.active().policies().permit_lifecycle(self.guard.principal(), Lifecycle::Respond);
        let outbound = Outbound::message(HeaderMap::new(), message, Some(session));
        // Vendors' state was looked at for the call; an answer to the server goes without it.
        let hop = self.trace.hop(&*self.ports, |_| false);
        let way = Way { gateway: Rc::clone(&gateway), ports: Rc::clone(&self.ports), hop, leg: None };
        if let Err(refusal) = forward::pending(permit, way, connection, outbound).status().await {
            self.ports.log(&format!("the upstream could not be told: {refusal}"));
        }
    }
}

/// Whether policy may be asked before the message is released: not about most news.
fn is_judged_by_policy(message: &Message<'_>) -> bool {
    match message {
        Message::Notification(news) => news.method == ServerNotification::ResourceUpdated.as_str(),
        Message::Request(_) | Message::Response(_) => true,
    }
}

/// What is left of an event whose message the client does not get: an id to come back with, and a pause.
fn without_message(event: Event) -> Option<Out> {
    let is_left = event.id.is_some() || event.retry.is_some();
    let data = event.id.is_some().then(String::new);
    is_left.then_some(Out::Event(Event { kind: None, data, ..event }))
}

/// `length` is about how long the message is.
fn with(event: Event, message: &Json<'_>, length: usize) -> Event {
    Event { kind: Some("message".to_owned()), data: Some(message.to_text(length)), ..event }
}
