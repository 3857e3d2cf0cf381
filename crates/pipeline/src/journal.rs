//! Getting records into the store: whoever comes first writes for all who wait.
//!
//! The requests of an instance share one [`Writer`]. While one of them waits for the store, the records of the others
//! gather and leave together in the next segment, so a busy instance asks the store less often than it is asked.
//!
//! INVARIANT: [`Journal::write`] is `Ok` only if the store has acknowledged the record. A request that is dropped while it
//! waits leaves its record in the writer, and whoever comes next writes it.
//!
//! Nobody here waits for a [`Waker`](std::task::Waker): in a component a task may be woken by the host alone, and to wake it
//! from another task is a trap. Whoever waits looks again after a moment.

mod keys;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use futures_util::future::try_join_all;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{
    AppName, Author, ChainId, ChainLimits, Day, Fate, Item, Key, Next, Put, SegmentId, UnixMillis, Writer,
};

pub use keys::LedgerKeys;

use crate::ports::{Ports, StoreError};

/// How long a request waits before it looks again.
const MOMENT: Duration = Duration::from_micros(500);
/// How long a step may take before somebody else does it again: whoever does it may be busy with a caller who does not
/// read, and then nobody asks how the store is getting on. A step that is done twice sets the same keys to the same values.
const PATIENCE_MICROS: u64 = 1_000_000;

/// The records of one instance on their way to the store.
pub(crate) struct Journal {
    app: AppName,
    writer: RefCell<Writer>,
    keys: LedgerKeys,
    /// The step that somebody is doing.
    led: Cell<Option<Step>>,
    /// How many steps were begun.
    n_steps: Cell<u64>,
    /// How many of them failed.
    n_failed: Cell<u64>,
    /// What the last one that failed said.
    failure: RefCell<Option<StoreError>>,
}

/// A step that is being done.
#[derive(Clone, Copy, Debug)]
struct Step {
    number: u64,
    /// When it was begun, on the clock that only goes forward, in microseconds.
    begun: u64,
    /// The segment that the store was given and has not acknowledged.
    at_store: Option<SegmentId>,
}

impl Journal {
    /// A journal without a record. All of its keys come from the secret of the sealer.
    ///
    /// # Errors
    /// The name of the secret is no name of a key. The operator is told.
    pub(crate) fn new(app: AppName, sealer: &Sealer) -> Result<Self, String> {
        let keys = LedgerKeys::of(sealer)?;
        let (signing, wrapping) = (keys.signing.clone(), keys.wrapping.clone());
        let author = Author { app: app.clone(), signing, wrapping, limits: ChainLimits::default() };
        Ok(Self {
            app,
            writer: RefCell::new(Writer::new(author)),
            keys,
            led: Cell::new(None),
            n_steps: Cell::new(0),
            n_failed: Cell::new(0),
            failure: RefCell::default(),
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
            match self.lead(ports.monotonic()) {
                Some(lead) => lead.step(ports).await,
                None => ports.sleep(MOMENT).await,
            }
        }
    }

    fn failure(&self) -> StoreError {
        let unknown = || StoreError("the record was given up".to_owned());
        self.failure.borrow().clone().unwrap_or_else(unknown)
    }

    /// The right to do a step, unless somebody is doing one.
    fn lead(&self, now: u64) -> Option<Lead<'_>> {
        let is_patient = |step: &Step| now.saturating_sub(step.begun) < PATIENCE_MICROS;
        if self.led.get().as_ref().is_some_and(is_patient) {
            return None;
        }
        self.end(self.led.get());
        let number = self.n_steps.get().wrapping_add(1);
        self.n_steps.set(number);
        self.led.set(Some(Step { number, begun: now, at_store: None }));
        // Made only if the step is ours: dropping one ends it.
        Some(Lead { journal: self, number })
    }

    /// Notes what the store has of a step, if nobody has taken the step over.
    fn note(&self, number: u64, at_store: Option<SegmentId>) {
        if let Some(step) = self.led.get().filter(|step| step.number == number) {
            self.led.set(Some(Step { at_store, ..step }));
        }
    }

    /// Ends a step. What the store has not acknowledged is written again.
    fn end(&self, step: Option<Step>) {
        let Some(step) = step else { return };
        if let Some(id) = step.at_store {
            self.writer.borrow_mut().failed(id);
        }
        self.led.set(None);
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
    number: u64,
}

impl Lead<'_> {
    /// Asks the store for one thing.
    async fn step<P: Ports>(self, ports: &P) {
        if let Err(error) = self.ask(ports).await {
            self.journal.failure.replace(Some(error));
            self.journal.n_failed.set(self.journal.n_failed.get().wrapping_add(1));
        }
    }

    async fn ask<P: Ports>(&self, ports: &P) -> Result<(), StoreError> {
        let now = UnixMillis(ports.now());
        match self.next(now) {
            Task::Nothing => ports.sleep(MOMENT).await,
            Task::Claim { counter, day } => {
                // A claim whose acknowledgement is lost leaves a chain that nobody begins.
                let serial = ports.increment(counter.as_str(), 1)?;
                let serial = serial.try_into();
                let serial = serial.map_err(|_| StoreError("too many chains for one day".to_owned()))?;
                let chain = ChainId { day, serial };
                // Some stores tell two who count at once the same number, and then nobody has the chain. Some make a
                // counter when it is first added to, and may then forget what was added; so 0 comes first.
                let claim = Key::chain_claim(&self.journal.app, chain);
                ports.increment(claim.as_str(), 0)?;
                if ports.increment(claim.as_str(), 1)? == 1 {
                    self.journal.writer.borrow_mut().begin(chain, now);
                }
            }
            Task::Write(id, puts) => {
                self.journal.note(self.number, Some(id));
                try_join_all(puts.iter().map(|put| ports.set(put.key.as_str(), &put.value))).await?;
                self.journal.note(self.number, None);
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
        self.journal.end(self.journal.led.get().filter(|step| step.number == self.number));
    }
}
