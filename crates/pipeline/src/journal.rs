//! Getting records into the store: whoever comes first writes for all who wait.
//!
//! The requests of an instance share one [`Writer`]. While one of them waits for the store, the records of the others
//! gather and leave together in the next segment, so a busy instance asks the store less often than it is asked.
//!
//! INVARIANT: [`Journal::write`] is `Ok` only if the store has acknowledged the record. A request that is dropped while it
//! waits leaves its record in the writer, and whoever comes next writes it.

mod keys;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::{select, try_join_all};
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{
    AppName, Author, ChainId, ChainLimits, Day, Fate, Item, Key, Next, Put, SegmentId, UnixMillis, Writer,
};

pub use keys::LedgerKeys;

use crate::ports::{Ports, StoreError};

/// How long a request waits before it looks again.
const MOMENT: Duration = Duration::from_micros(500);

/// The records of one instance on their way to the store.
pub(crate) struct Journal {
    writer: RefCell<Writer>,
    keys: LedgerKeys,
    /// Whether somebody is doing a step.
    is_led: Cell<bool>,
    /// How many steps were done.
    n_steps: Cell<u64>,
    /// How many of them failed.
    n_failed: Cell<u64>,
    /// What the last one that failed said.
    failure: RefCell<Option<StoreError>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Journal {
    /// A journal without a record. All of its keys come from the secret of the sealer.
    ///
    /// # Errors
    /// The name of the secret is no name of a key. The operator is told.
    pub(crate) fn new(app: AppName, sealer: &Sealer) -> Result<Self, String> {
        let keys = LedgerKeys::of(sealer)?;
        let (signing, wrapping) = (keys.signing.clone(), keys.wrapping.clone());
        let author = Author { app, signing, wrapping, limits: ChainLimits::default() };
        Ok(Self {
            writer: RefCell::new(Writer::new(author)),
            keys,
            is_led: Cell::new(false),
            n_steps: Cell::new(0),
            n_failed: Cell::new(0),
            failure: RefCell::default(),
            waiting: RefCell::default(),
        })
    }

    /// What it is written and read with.
    pub(crate) fn keys(&self) -> &LedgerKeys {
        &self.keys
    }

    /// Takes a record without waiting: it leaves with the next segment that somebody waits for.
    ///
    /// # Errors
    /// [`StoreError`] if too much is waiting already.
    pub(crate) fn push(&self, item: Item<'_>) -> Result<(), StoreError> {
        self.writer.borrow_mut().push(item).map(drop).map_err(|full| StoreError(full.to_string()))
    }

    /// Writes a record, and returns when the store has it.
    ///
    /// # Errors
    /// [`StoreError`]: the store does not have it, or not yet. What waits for the record must not happen, though it may
    /// still be written later.
    pub(crate) async fn write<P: Ports>(&self, ports: &P, item: Item<'_>) -> Result<(), StoreError> {
        let ticket = self.writer.borrow_mut().push(item).map_err(|full| StoreError(full.to_string()))?;
        let n_failed = self.n_failed.get();
        loop {
            match self.writer.borrow().fate(ticket) {
                Fate::Durable => return Ok(()),
                Fate::GivenUp => return Err(self.failure()),
                Fate::Pending if self.n_failed.get() != n_failed => return Err(self.failure()),
                Fate::Pending => {}
            }
            match self.lead() {
                Some(lead) => lead.step(ports).await,
                None => self.next_step(ports).await,
            }
        }
    }

    fn failure(&self) -> StoreError {
        let unknown = || StoreError("the record was given up".to_owned());
        self.failure.borrow().clone().unwrap_or_else(unknown)
    }

    fn lead(&self) -> Option<Lead<'_>> {
        (!self.is_led.replace(true)).then_some(Lead { journal: self, at_store: None })
    }

    /// Returns after the step that somebody is doing, or after a moment: a component may not sleep until another of its
    /// requests wakes it, only until the host does.
    async fn next_step<P: Ports>(&self, ports: &P) {
        let n_steps = self.n_steps.get();
        let done = poll_fn(|context| {
            if self.n_steps.get() != n_steps {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        });
        select(pin!(done), pin!(ports.sleep(MOMENT))).await;
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("n_steps", &self.n_steps).finish_non_exhaustive()
    }
}

/// The right to do one step. Whoever has it may be dropped at any time.
struct Lead<'j> {
    journal: &'j Journal,
    /// The segment that the store was given and has not acknowledged.
    at_store: Option<SegmentId>,
}

impl Lead<'_> {
    /// Asks the store for one thing.
    async fn step<P: Ports>(mut self, ports: &P) {
        if let Err(error) = self.ask(ports).await {
            self.journal.failure.replace(Some(error));
            self.journal.n_failed.set(self.journal.n_failed.get().wrapping_add(1));
        }
    }

    async fn ask<P: Ports>(&mut self, ports: &P) -> Result<(), StoreError> {
        let now = UnixMillis(ports.now());
        match self.next(now) {
            Task::Nothing => {}
            Task::Claim { counter, day } => {
                // A claim whose acknowledgement is lost leaves a chain that nobody begins.
                let serial = ports.increment(counter.as_str(), 1)?;
                let serial = serial.try_into();
                let serial = serial.map_err(|_| StoreError("too many chains for one day".to_owned()))?;
                self.journal.writer.borrow_mut().begin(ChainId { day, serial }, now);
            }
            Task::Write(id, puts) => {
                self.at_store = Some(id);
                try_join_all(puts.iter().map(|put| ports.set(put.key.as_str(), &put.value))).await?;
                self.at_store = None;
                self.journal.writer.borrow_mut().acknowledged(id, UnixMillis(ports.now()));
            }
        }
        Ok(())
    }

    /// What to do now. The writer is let go before it is done.
    fn next(&self, now: UnixMillis) -> Task {
        match self.journal.writer.borrow_mut().step(now) {
            Next::Claim { counter, day } => Task::Claim { counter, day },
            Next::Idle | Next::InFlight => Task::Nothing,
            Next::Write(write) => Task::Write(write.id, write.puts.clone()),
        }
    }
}

enum Task {
    Claim { counter: Key, day: Day },
    Nothing,
    Write(SegmentId, Vec<Put>),
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.at_store {
            self.journal.writer.borrow_mut().failed(id);
        }
        self.journal.is_led.set(false);
        self.journal.n_steps.set(self.journal.n_steps.get().wrapping_add(1));
        self.journal.waiting.take().into_iter().for_each(Waker::wake);
    }
}
