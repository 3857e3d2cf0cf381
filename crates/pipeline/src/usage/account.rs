//! One request's part in the usage of its principal on a connection.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{LocalBoxFuture, join_all, pending};
use portcullis_identity::Principal;
use portcullis_ledger::UnixMillis;
use portcullis_settings::ConnectionName;
use portcullis_usage::{Amounts, Pace, Publish, PublishStep, SEND_WITHIN, Scope, Step, StoreFailed, Unknown};

use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError};
use crate::usage::meter::{Seen, UnderWay};

/// How long to wait at least before counts that are due are looked at again: another request may be writing them.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Where a request's use is counted, for as long as the request is under way.
pub(crate) struct Account<P: Ports> {
    gateway: Rc<Gateway>,
    ports: Rc<P>,
    principal: Rc<Principal>,
    connection: ConnectionName,
    scope: Scope,
    under_way: Option<UnderWay>,
    /// A publication that has begun. It is kept, so that who gives up waiting loses nothing of it.
    publishing: Option<LocalBoxFuture<'static, Published>>,
}

/// What came of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Published {
    /// The store failed; it is in the log.
    Failed,
    /// There was nothing that may be sent now.
    Nothing,
    /// The others can see it.
    Sent,
}

impl<P: Ports> Account<P> {
    /// A request that is under way from now on.
    pub(super) fn open(
        gateway: &Rc<Gateway>,
        ports: &Rc<P>,
        principal: &Principal,
        connection: &ConnectionName,
    ) -> Self {
        let scope = gateway.meter.scope(principal, connection);
        Self {
            under_way: Some(gateway.meter.begin(scope)),
            gateway: Rc::clone(gateway),
            ports: Rc::clone(ports),
            principal: Rc::new(principal.clone()),
            connection: connection.clone(),
            scope,
            publishing: None,
        }
    }

    /// Whether it is that of what this exchange asks for now. Where several connections are asked, there are several.
    pub(super) fn is_of(&self, x: &Exchange<P>) -> bool {
        x.connection.as_ref() == Some(&self.connection)
    }

    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(super) fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// Whether what the request uses can be counted. Counts that are overdue are published first.
    pub(super) async fn admit(&self) -> Result<(), Unknown> {
        let ask = || self.gateway.meter.tally.borrow_mut().admit(self.scope, self.now());
        match ask() {
            Err(Unknown::Unpublished) => {
                publish(Rc::clone(&self.gateway), Rc::clone(&self.ports), self.scope, Pace::Now).await;
                ask()
            }
            other => other,
        }
    }

    /// Reads what the others have published, if what is known of it is too old. One wait on the store where the past is
    /// known, and a few where it is not.
    pub(super) async fn refresh(&self) {
        let meter = &self.gateway.meter;
        let load = meter.tally.borrow_mut().load(self.scope, self.now());
        if let Some(mut load) = load {
            loop {
                match load.step() {
                    Step::Done => break,
                    Step::Peek(peeks) => {
                        for peek in peeks {
                            let count = self.ports.increment(peek.key().as_str(), 0);
                            load.counted(peek, count.map_err(|error| self.failed(&error)));
                        }
                    }
                    Step::Get(gets) => {
                        let values =
                            join_all(gets.iter().map(|get| self.ports.get(get.key().as_str()))).await;
                        for (get, value) in gets.into_iter().zip(values) {
                            let value = value.map_err(|error| self.failed(&error));
                            load.read(get, value.as_ref().map(Option::as_deref).map_err(|failed| *failed));
                        }
                    }
                }
            }
            meter.tally.borrow_mut().loaded(load, self.now());
        }
        if let Err(unknown) = meter.read(self.scope, self.ports.now()) {
            self.ports
                .log(&format!("what a caller has used is not known, so rules about it deny: {unknown}"));
        }
    }

    /// How many calls were let through and denied in the last minute, by all instances; `None` if that is not known.
    pub(super) fn calls_of_a_minute(&self) -> Option<u64> {
        let known = self.gateway.meter.read(self.scope, self.ports.now()).ok()?;
        Some(known.minute.calls().saturating_add(known.minute.denials()))
    }

    /// Counts.
    pub(crate) fn count(&self, amounts: &Amounts) -> Result<(), Unknown> {
        self.gateway.meter.tally.borrow_mut().count(self.scope, amounts, self.now())
    }

    /// Counts a part of an answer that is about to be released.
    pub(crate) fn count_part(&self, seen: Seen, bytes: usize, items: u64) -> Result<(), Unknown> {
        let active = self.gateway.active();
        let amounts = self.gateway.meter.amounts(self.scope, seen, |class| active.counted_name(class));
        let bytes_out = bytes.try_into().unwrap_or(u64::MAX);
        self.count(&Amounts { bytes_out, items_out: items, ..amounts })
    }

    /// Publishes whenever something is due, and never ends. Giving up waiting loses nothing.
    pub(crate) async fn work(&mut self) -> Infallible {
        loop {
            self.finish_publishing().await;
            let due = self.gateway.meter.tally.borrow().due_in(self.scope, self.now());
            let Some(due) = due else { return pending().await };
            self.ports.sleep(due.max(LOOK_AGAIN_AFTER)).await;
            self.publish(Pace::Interval);
        }
    }

    /// The request has ended: publishes what is due, and everything if no other request of its scope is under way, since
    /// then nobody may come to do so later. It may be called again.
    pub(crate) async fn settle(&mut self) {
        self.under_way = None;
        self.finish_publishing().await;
        loop {
            self.publish(if self.gateway.meter.is_idle(self.scope) { Pace::Now } else { Pace::Interval });
            match self.finish_publishing().await {
                // Meanwhile another request may have ended whose counts had to wait for this publication.
                Some(Published::Sent) => {}
                Some(Published::Failed | Published::Nothing) | None => break,
            }
        }
    }

    fn publish(&mut self, pace: Pace) {
        let (gateway, ports) = (Rc::clone(&self.gateway), Rc::clone(&self.ports));
        self.publishing = Some(Box::pin(publish(gateway, ports, self.scope, pace)));
    }

    async fn finish_publishing(&mut self) -> Option<Published> {
        let published = self.publishing.as_mut()?.await;
        self.publishing = None;
        Some(published)
    }

    fn failed(&self, error: &StoreError) -> StoreFailed {
        self.ports.log(&format!("what was used could not be read: {error}"));
        StoreFailed
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(self.ports.now())
    }
}

async fn publish<P: Ports>(gateway: Rc<Gateway>, ports: Rc<P>, scope: Scope, pace: Pace) -> Published {
    let publish = gateway.meter.tally.borrow_mut().publish(scope, pace, UnixMillis(ports.now()));
    let Some(mut publish) = publish else { return Published::Nothing };
    let sent = send(&gateway, &*ports, &mut publish).await;
    let outcome = sent.as_ref().map_err(|_error| StoreFailed).copied();
    gateway.meter.tally.borrow_mut().published(&publish, outcome, UnixMillis(ports.now()));
    match sent {
        Ok(()) => Published::Sent,
        Err(error) => {
            ports.log(&format!("what was used could not be published: {error}"));
            Published::Failed
        }
    }
}

async fn send<P: Ports>(gateway: &Gateway, ports: &P, publish: &mut Publish) -> Result<(), StoreError> {
    let begun = ports.monotonic();
    loop {
        let step = publish.step();
        // A write that begins later could arrive when everybody takes the minute for immutable.
        let is_late = Duration::from_micros(ports.monotonic().saturating_sub(begun)) > SEND_WITHIN;
        match step {
            PublishStep::Done => return Ok(()),
            PublishStep::Claim(_) | PublishStep::Write(_) if is_late => {
                return Err(StoreError("it took too long".to_owned()));
            }
            PublishStep::Write(values) => {
                let writes = values.iter().map(|(key, value)| ports.set(key.as_str(), value));
                join_all(writes).await.into_iter().collect::<Result<(), _>>()?;
            }
            PublishStep::Claim(key) => {
                ports.increment(key.as_str(), 0)?;
                let number = ports.increment(key.as_str(), 1)?;
                gateway.meter.tally.borrow_mut().claimed(publish, number);
            }
        }
    }
}
