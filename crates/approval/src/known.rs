//! What was read of the store so far, and what is still to be read of one request.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::UnixMillis;

use crate::case::{Case, State};
use crate::id::RequestId;
use crate::place::{Day, Place};
use crate::protocol::{Answer, Ask, StoreTrouble, Unusable, Write};
use crate::stored::Record;
use crate::vault::Vault;

/// What was read of the store so far.
#[derive(Debug)]
pub(crate) struct Known<'v> {
    vault: &'v Vault,
    records: BTreeMap<Place, Option<Record>>,
    counts: BTreeMap<Place, u64>,
    wanted: Vec<Place>,
    trouble: Option<StoreTrouble>,
}

/// How much is read of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Everything that was said.
    All,
    /// What tells its state.
    State,
}

impl<'v> Known<'v> {
    pub(crate) const fn new(vault: &'v Vault) -> Self {
        Self { vault, records: BTreeMap::new(), counts: BTreeMap::new(), wanted: Vec::new(), trouble: None }
    }

    /// What lies there: `None` if nobody has looked, `Some(None)` if nothing does.
    pub(crate) fn record(&self, place: Place) -> Option<Option<&Record>> {
        self.records.get(&place).map(Option::as_ref)
    }

    /// The item of a day's list, if that was read and is one.
    pub(crate) fn entry(&self, day: Day, number: u64) -> Option<RequestId> {
        match self.record(Place::Entry(day, number)).flatten()? {
            Record::Entry(id) => Some(*id),
            Record::Asker(_)
            | Record::Latest(_)
            | Record::Open(_)
            | Record::Rejection(_)
            | Record::Request(_)
            | Record::Revocation(_)
            | Record::Settled(_)
            | Record::Use(_)
            | Record::Vote(_)
            | Record::Waiting(_) => None,
        }
    }

    /// What a counter is at; `None` if nobody has looked.
    pub(crate) fn count(&self, place: Place) -> Option<u64> {
        self.counts.get(&place).copied()
    }

    /// Looks there next. After trouble nothing is looked at any more.
    pub(crate) fn want(&mut self, places: BTreeSet<Place>) {
        self.wanted = if self.trouble.is_some() { Vec::new() } else { places.into_iter().collect() };
    }

    pub(crate) fn asks(&self) -> Vec<Ask> {
        let ask = |place: &Place| {
            let key = self.vault.key(*place);
            if is_counter(*place) { Ask::Add(key, 0) } else { Ask::Get(key) }
        };
        self.wanted.iter().map(ask).collect()
    }

    pub(crate) fn learn(&mut self, answers: Vec<Answer>) {
        let mut answers = answers.into_iter();
        for place in std::mem::take(&mut self.wanted) {
            let answer = answers.next().unwrap_or(Answer::Failed);
            if let Err(trouble) = self.take(place, answer) {
                self.trouble.get_or_insert(trouble);
            }
        }
    }

    /// The first thing that went wrong, or that something was never answered.
    pub(crate) fn finish(&self) -> Result<(), StoreTrouble> {
        match (&self.trouble, self.wanted.first()) {
            (Some(trouble), _) => Err(trouble.clone()),
            (None, Some(place)) => Err(StoreTrouble::Failed(self.vault.key(*place))),
            (None, None) => Ok(()),
        }
    }

    fn take(&mut self, place: Place, answer: Answer) -> Result<(), StoreTrouble> {
        match (is_counter(place), answer) {
            (true, Answer::Count(count)) => _ = self.counts.insert(place, count),
            (false, Answer::Value(None)) => _ = self.records.insert(place, None),
            (false, Answer::Value(Some(value))) => {
                let record = match self.vault.open(place, &value) {
                    Ok(record) if fits(place, &record) => Some(record),
                    Ok(_) => self.without(place, Unusable::Forged)?,
                    Err(why) => self.without(place, why)?,
                };
                self.records.insert(place, record);
            }
            (true, Answer::Failed | Answer::Value(_) | Answer::Written)
            | (false, Answer::Count(_) | Answer::Failed | Answer::Written) => {
                return Err(StoreTrouble::Failed(self.vault.key(place)));
            }
        }
        Ok(())
    }

    /// Goes on without a value that only helps; anything else that cannot be used could be what forbids.
    fn without(&self, place: Place, why: Unusable) -> Result<Option<Record>, StoreTrouble> {
        match place {
            Place::Entry(..) | Place::Latest(_) | Place::Open(..) | Place::Settled(_) | Place::Waiting(_) => {
                Ok(None)
            }
            Place::Asker(_)
            | Place::Claim(_)
            | Place::Index(_)
            | Place::Opened(_)
            | Place::Rejected(_)
            | Place::Request(_)
            | Place::Revoked(_)
            | Place::Seats(_)
            | Place::Spent(_)
            | Place::Used(_)
            | Place::Vote(..) => Err(StoreTrouble::Unusable { key: self.vault.key(place), why }),
        }
    }

    fn unknown(&self, places: impl IntoIterator<Item = Place>) -> BTreeSet<Place> {
        let is_unknown =
            |place: &Place| !self.records.contains_key(place) && !self.counts.contains_key(place);
        places.into_iter().filter(is_unknown).collect()
    }

    /// What is still to be read of a request.
    pub(crate) fn missing_of(&self, id: RequestId, depth: Depth) -> BTreeSet<Place> {
        let block = self.unknown(block(id));
        if !block.is_empty() {
            return block;
        }
        let Some(case) = self.case(id) else { return BTreeSet::new() };
        if depth == Depth::State && is_told_without_votes(&case) {
            return BTreeSet::new();
        }
        let Some(n_seats) = self.count(Place::Seats(id)) else { return BTreeSet::from([Place::Seats(id)]) };
        self.unknown((1..=n_seats.min(MAX_SEATS)).map(|seat| Place::Vote(id, seat)))
    }

    /// The request as far as it was read; `None` if it is not there.
    pub(crate) fn case(&self, id: RequestId) -> Option<Case> {
        let request = match self.record(Place::Request(id)).flatten()? {
            Record::Request(request) => request.as_ref().clone(),
            Record::Asker(_)
            | Record::Entry(_)
            | Record::Latest(_)
            | Record::Open(_)
            | Record::Rejection(_)
            | Record::Revocation(_)
            | Record::Settled(_)
            | Record::Use(_)
            | Record::Vote(_)
            | Record::Waiting(_) => return None,
        };
        let digest = request.digest().ok()?;
        let mut case = Case::new(request, digest);
        let n_seats = self.count(Place::Seats(id)).unwrap_or(0).min(MAX_SEATS);
        let votes = (1..=n_seats).map(|seat| Place::Vote(id, seat));
        for place in block(id).into_iter().chain(votes) {
            let statements = self.record(place).flatten().cloned().map(Record::into_statements);
            statements.into_iter().flatten().for_each(|statement| case.add(statement));
        }
        Some(case)
    }

    /// The votes of an approved request in one value, if nobody has written them yet.
    pub(crate) fn settlement(&self, case: &Case, now: UnixMillis) -> Option<Write> {
        let place = Place::Settled(case.request().id);
        let is_new = self.record(place).flatten().is_none();
        match case.state(now) {
            State::Approved(_) if is_new => {
                let votes = case.votes().cloned().collect();
                self.vault.write(place, &Record::Settled(votes)).ok()
            }
            State::Approved(_)
            | State::Consumed
            | State::Expired(_)
            | State::Pending(_)
            | State::Rejected
            | State::Revoked => None,
        }
    }
}

/// What is read of a request at once.
pub(crate) const fn block(id: RequestId) -> [Place; 5] {
    [Place::Rejected(id), Place::Request(id), Place::Revoked(id), Place::Settled(id), Place::Used(id)]
}

/// Whether votes could change nothing but the time of an approval.
fn is_told_without_votes(case: &Case) -> bool {
    let is_over = case.rejections().next().is_some() || case.revocations().next().is_some();
    is_over || case.uses().next().is_some() || case.missing().is_empty() || case.is_forced()
}

const fn is_counter(place: Place) -> bool {
    match place {
        Place::Claim(_) | Place::Index(_) | Place::Opened(_) | Place::Seats(_) | Place::Spent(_) => true,
        Place::Asker(_)
        | Place::Entry(..)
        | Place::Latest(_)
        | Place::Open(..)
        | Place::Rejected(_)
        | Place::Request(_)
        | Place::Revoked(_)
        | Place::Settled(_)
        | Place::Used(_)
        | Place::Vote(..)
        | Place::Waiting(_) => false,
    }
}

/// Whether this belongs there.
fn fits(place: Place, record: &Record) -> bool {
    match place {
        Place::Claim(_) | Place::Index(_) | Place::Opened(_) | Place::Seats(_) | Place::Spent(_) => false,
        Place::Asker(_) => matches!(record, Record::Asker(_)),
        Place::Open(..) => matches!(record, Record::Open(_)),
        Place::Entry(..) => matches!(record, Record::Entry(_)),
        Place::Latest(_) => matches!(record, Record::Latest(_)),
        Place::Rejected(_) => matches!(record, Record::Rejection(_)),
        Place::Request(id) => matches!(record, Record::Request(request) if request.id == id),
        Place::Revoked(_) => matches!(record, Record::Revocation(_)),
        Place::Settled(_) => matches!(record, Record::Settled(_)),
        Place::Used(_) => matches!(record, Record::Use(_)),
        Place::Vote(..) => matches!(record, Record::Vote(_)),
        Place::Waiting(_) => matches!(record, Record::Waiting(_)),
    }
}

/// The most votes that count for one request: twice what the most people who may have to approve need.
pub(crate) const MAX_SEATS: u64 = 128;
