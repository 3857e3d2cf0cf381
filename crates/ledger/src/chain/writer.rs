//! What an instance writes, and what of it is durable.
//!
//! A state machine without a store: [`Writer::push`] takes records, [`Writer::step`] says what to do, and the shell says
//! how it went. One segment is on its way at a time; what comes meanwhile waits for the next one, so that a busy store is
//! asked less often. A write that fails is done again with the same bytes at the same keys, until the lease of the chain
//! is over; then its records are given up and a new chain is begun.
//!
//! INVARIANT: a record that is [`Fate::Durable`] is in exactly one chain, whole, and in the order in which it came.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::author::Author;
use crate::chain::label::{Label, RecordKind};
use crate::chain::open::{InFlight, OpenChain};
use crate::chain::queue::{Queue, Waiting};
use crate::chain::{ChainId, Continuation, SegmentId};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::intent::Verdict;
use crate::key::Key;
use crate::record::Record;
use crate::recording::{DataKey, RecordingId, Tag};

/// A value to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Where.
    pub key: Key,
    /// What.
    pub value: Vec<u8>,
}

/// A segment to be written, and the keys of the recordings that are new in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which segment it is.
    pub id: SegmentId,
    /// To be set in any order or all at once. The write is acknowledged when all of them are.
    pub puts: Vec<Put>,
}

/// A record to be written, and what it is found by.
#[derive(Clone, Copy, Debug)]
pub struct Item<'r> {
    /// The recording that it belongs to.
    pub recording: RecordingId,
    /// Who called, if that was proved.
    pub principal: Option<Tag>,
    /// The connection called.
    pub connection: Option<Tag>,
    /// The record.
    pub record: &'r Record,
    /// 32 random bytes that are used for nothing else: the key of the recording, if it has none yet.
    pub fresh: [u8; 32],
}

/// Which of the writer's records something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The store has it.
    Durable,
    /// The store may have it or not, and will not be asked again. What waits for the record must not happen.
    GivenUp,
    /// It waits, or is on its way.
    Pending,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'w> {
    /// Claim a chain: raise this counter by 1, and tell [`Writer::begin`] what it then is.
    Claim {
        /// The counter.
        counter: Key,
        /// The day that it is of.
        day: Day,
    },
    /// Nothing.
    Idle,
    /// Wait for what is on its way.
    InFlight,
    /// Write this, and say how it went.
    Write(&'w Write),
}

/// Too much is waiting: the store does not keep up, or not answer. The record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many records are waiting to be written")]
pub struct Backlog;

/// Writes the records of one instance. See the [module](self).
#[derive(Debug)]
pub struct Writer {
    author: Author,
    queue: Queue,
    chain: Option<OpenChain>,
    in_flight: Option<InFlight>,
    /// How many bytes of each recording the chain has, or will have.
    kept: BTreeMap<RecordingId, usize>,
    next_ticket: u64,
    /// The first record whose fate is not decided.
    undecided: Ticket,
    given_up: BTreeSet<Ticket>,
}

impl Writer {
    /// A writer without a chain; the first one is claimed when there is something to write.
    #[must_use]
    pub fn new(author: Author) -> Self {
        Self {
            author,
            queue: Queue::default(),
            chain: None,
            in_flight: None,
            kept: BTreeMap::new(),
            next_ticket: 0,
            undecided: Ticket(0),
            given_up: BTreeSet::new(),
        }
    }

    /// Takes a record. It is written with the next segment, behind all that came before it.
    ///
    /// # Errors
    /// [`Backlog`]; then whatever the record is about must not happen.
    pub fn push(&mut self, item: Item<'_>) -> Result<Ticket, Backlog> {
        let limits = self.author.limits;
        if self.queue.n_bytes() >= limits.backlog_bytes {
            return Err(Backlog);
        }
        let Item { recording, principal, connection, record, fresh } = item;
        let kept = self.kept.entry(recording).or_default();
        let encoded = record.encode_for_chain(limits.recording_bytes.saturating_sub(*kept));
        *kept = kept.saturating_add(encoded.len());
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.saturating_add(1);
        let (kind, verdict) = kind_and_verdict(record);
        let pieces = Waiting::n_pieces(&encoded);
        let (id, at) = (record.id(), record.at());
        let label =
            Label { record: id, kind, at, recording, principal, connection, verdict, piece: 0, pieces };
        self.queue.push(Waiting { ticket, label, encoded, data_key: DataKey(fresh), n_taken: 0 });
        Ok(ticket)
    }

    /// What to do now. Asked again before anybody said how it went, the answer is [`Next::InFlight`]; but if nobody ever
    /// says, the write is given up when no acknowledgement would be believed any more.
    pub fn step(&mut self, now: UnixMillis) -> Next<'_> {
        let is_at_store = self.in_flight.as_ref().is_some_and(|in_flight| in_flight.is_at_store);
        let is_over = self.chain.as_ref().is_some_and(|chain| match is_at_store {
            true => chain.has_settled(now),
            false => chain.has_lapsed(now),
        });
        if is_over {
            self.leave_chain();
        }
        if self.in_flight.is_none() {
            match self.prepare(now) {
                Prepared::Claim(day) => {
                    return Next::Claim { counter: Key::chains(&self.author.app, day), day };
                }
                Prepared::Nothing => return Next::Idle,
                Prepared::Segment => {}
            }
        } else if is_at_store {
            return Next::InFlight;
        }
        match &mut self.in_flight {
            None => Next::Idle,
            Some(in_flight) => {
                in_flight.is_at_store = true;
                Next::Write(&in_flight.write)
            }
        }
    }

    /// Begins the chain that was claimed. What is on its way in another chain is given up.
    pub fn begin(&mut self, chain: ChainId, claimed_at: UnixMillis) {
        self.leave_chain();
        self.chain = Some(OpenChain::new(chain, claimed_at));
    }

    /// The store has acknowledged all of this write. Of another one than is on its way, it is too late.
    pub fn acknowledged(&mut self, id: SegmentId, now: UnixMillis) {
        let Some(chain) = &mut self.chain else { return };
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.write.id == id) else { return };
        if chain.has_settled(now) {
            // Whoever reads may have found the chain to have ended without it.
            self.in_flight = Some(in_flight);
            self.leave_chain();
            return;
        }
        chain.advance(&in_flight);
        if let Some(last) = in_flight.done.last() {
            self.undecided = Ticket(last.0.saturating_add(1));
        }
        match in_flight.continuation {
            Continuation::Ends => self.leave_chain(),
            Continuation::MayContinue => {}
        }
    }

    /// The store has not acknowledged all of this write. It is done again.
    pub fn failed(&mut self, id: SegmentId) {
        if let Some(in_flight) = self.in_flight.as_mut().filter(|in_flight| in_flight.write.id == id) {
            in_flight.is_at_store = false;
        }
    }

    /// What became of a record.
    #[must_use]
    pub fn fate(&self, ticket: Ticket) -> Fate {
        match (self.given_up.contains(&ticket), ticket < self.undecided) {
            (true, _) => Fate::GivenUp,
            (false, true) => Fate::Durable,
            (false, false) => Fate::Pending,
        }
    }

    /// Makes a segment if there is something to write and a chain for it.
    fn prepare(&mut self, now: UnixMillis) -> Prepared {
        if self.queue.is_empty() {
            return Prepared::Nothing;
        }
        let is_amid = self.queue.is_amid();
        let chain = self.chain.take().filter(|chain| is_amid || !chain.is_old(&self.author, now));
        let Some(mut chain) = chain else {
            self.leave_chain();
            return Prepared::Claim(Day::of(now));
        };
        self.in_flight = Some(chain.segment(&self.author, &mut self.queue, now));
        self.chain = Some(chain);
        Prepared::Segment
    }

    /// Ends the chain here. Whatever of it is not acknowledged is given up, also a record of which only the beginning is.
    fn leave_chain(&mut self) {
        let unacknowledged = self.in_flight.take().map(|in_flight| in_flight.done).unwrap_or_default();
        let begun = if self.queue.is_amid() { self.queue.drop_front() } else { None };
        for ticket in unacknowledged.into_iter().chain(begun) {
            self.given_up.insert(ticket);
            self.undecided = Ticket(ticket.0.saturating_add(1));
        }
        self.chain = None;
        self.kept.clear();
        for waiting in self.queue.iter() {
            let kept = self.kept.entry(waiting.label.recording).or_default();
            *kept = kept.saturating_add(waiting.encoded.len());
        }
    }
}

enum Prepared {
    Claim(Day),
    Nothing,
    Segment,
}

fn kind_and_verdict(record: &Record) -> (RecordKind, Option<Verdict>) {
    match record {
        Record::Drift(_) => (RecordKind::Drift, None),
        Record::Intent(intent) => (RecordKind::Intent, Some(intent.decision.outcome)),
        Record::Outcome(_) => (RecordKind::Outcome, None),
        Record::Refusal(refusal) => {
            (RecordKind::Refusal, refusal.decision.as_ref().map(|decision| decision.outcome))
        }
    }
}
