//! What the records of a chain, of many chains, or of a day add up to, by connection.
//!
//! Everything is counted from labels, which stand beside the ciphertext: no key is needed, and an erasure changes
//! nothing. Like all of an index a stored total is a function of the segments alone. It is a value of its own, so that
//! indexes which have none, of an earlier release, get theirs later.

use std::collections::BTreeMap;

use super::distinct::Distinct;
use super::node::{Level, NodeId};
use crate::bytes::{Reader, Unreadable, length};
use crate::chain::{ChainId, Entry, Label, RecordKind, read_tag, tag_bytes};
use crate::day::Day;
use crate::intent::Verdict;
use crate::key::{AppName, Key};
use crate::record::MAX_VALUE_BYTES;
use crate::recording::Tag;

pub(super) const MAGIC: [u8; 5] = *b"pctot";
const VERSION: u8 = 1;

/// Up to how many recordings or principals are counted exactly.
pub(super) const MAX_DISTINCT: u16 = 1_024;

/// How many bytes an entry has in a segment besides its ciphertext.
const ENTRY_BYTES: usize = crate::chain::LABEL_BYTES + 4;

/// What a stored total is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TotalOf {
    /// One chain that has ended.
    Chain(ChainId),
    /// A day that is over, on which this many chains were claimed.
    Day { day: Day, chains: u32 },
    /// As many chains as a node is of.
    Node(NodeId),
}

/// What records add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Calls that were allowed: the intents.
    pub calls: u64,
    /// Outcomes of calls. One that had to be written twice counts twice.
    pub outcomes: u64,
    /// Requests that were not forwarded.
    pub refusals: Refusals,
    /// Definitions that were not the approved ones.
    pub drift: u64,
    /// Records of any kind.
    pub records: u64,
    /// How many bytes they take in segments.
    pub bytes: u64,
    /// The recordings that they are of.
    pub recordings: Distinct,
    /// Whose they are, as far as that was proved.
    pub principals: Distinct,
}

/// Refusals by what policy said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// No.
    pub deny: u64,
    /// That people must approve it.
    pub hold: u64,
    /// It was not asked, or it is not why.
    pub other: u64,
}

/// What the records of some chains add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many chains have begun.
    pub chains: u64,
    /// How many segments they have.
    pub segments: u64,
    /// How many bytes these have, all included.
    pub bytes: u64,
    /// By connection; what is of none too.
    pub by_connection: BTreeMap<Option<Tag>, Total>,
}

impl Total {
    /// Adds what other records add up to.
    pub fn join(&mut self, other: &Self) {
        let Self { calls, outcomes, refusals, drift, records, bytes, recordings, principals } = other;
        let add = |to: &mut u64, more: &u64| *to = to.saturating_add(*more);
        add(&mut self.calls, calls);
        add(&mut self.outcomes, outcomes);
        add(&mut self.refusals.deny, &refusals.deny);
        add(&mut self.refusals.hold, &refusals.hold);
        add(&mut self.refusals.other, &refusals.other);
        add(&mut self.drift, drift);
        add(&mut self.records, records);
        add(&mut self.bytes, bytes);
        self.recordings.join(recordings);
        self.principals.join(principals);
    }

    /// Calls without an outcome: their outcome is unknown, or they are not over.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.calls.saturating_sub(self.outcomes)
    }

    /// Adds a piece of a record, with so many bytes. A record counts once, with its first piece.
    fn add(&mut self, label: &Label, n_bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(n_bytes).unwrap_or(u64::MAX));
        if label.piece > 0 {
            return;
        }
        let count = match (label.kind, label.verdict) {
            (RecordKind::Drift, _) => &mut self.drift,
            (RecordKind::Intent, _) => &mut self.calls,
            (RecordKind::Outcome, _) => &mut self.outcomes,
            (RecordKind::Refusal, Some(Verdict::Deny)) => &mut self.refusals.deny,
            (RecordKind::Refusal, Some(Verdict::Hold)) => &mut self.refusals.hold,
            (RecordKind::Refusal, Some(Verdict::Allow) | None) => &mut self.refusals.other,
        };
        *count = count.saturating_add(1);
        self.records = self.records.saturating_add(1);
        self.recordings.insert(label.recording.as_bytes());
        if let Some(principal) = &label.principal {
            self.principals.insert(principal.as_bytes());
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let Self { calls, outcomes, refusals, drift, records, bytes, recordings, principals } = self;
        let Refusals { deny, hold, other } = refusals;
        let numbers = [calls, outcomes, deny, hold, other, drift, records, bytes];
        out.extend(numbers.into_iter().flat_map(|number| number.to_be_bytes()));
        recordings.write(out);
        principals.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            calls: reader.u64()?,
            outcomes: reader.u64()?,
            refusals: Refusals { deny: reader.u64()?, hold: reader.u64()?, other: reader.u64()? },
            drift: reader.u64()?,
            records: reader.u64()?,
            bytes: reader.u64()?,
            recordings: Distinct::read(reader)?,
            principals: Distinct::read(reader)?,
        })
    }
}

impl Totals {
    /// What one segment of this many bytes adds.
    pub(super) fn of_segment(entries: &[Entry<'_>], n_bytes: usize) -> Self {
        let bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        let mut totals = Self { chains: 0, segments: 1, bytes, by_connection: BTreeMap::new() };
        for Entry { label, ciphertext } in entries {
            let total = totals.by_connection.entry(label.connection).or_default();
            total.add(label, ciphertext.len().saturating_add(ENTRY_BYTES));
        }
        totals
    }

    /// What the segments of one chain add up to.
    pub(super) fn of_chain<'s>(segments: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut totals = Self::default();
        segments.into_iter().for_each(|segment| totals.join(segment));
        totals.chains = u64::from(totals.segments > 0);
        totals
    }

    /// Adds what other chains add up to.
    pub fn join(&mut self, other: &Self) {
        let Self { chains, segments, bytes, by_connection } = other;
        self.chains = self.chains.saturating_add(*chains);
        self.segments = self.segments.saturating_add(*segments);
        self.bytes = self.bytes.saturating_add(*bytes);
        for (connection, total) in by_connection {
            self.by_connection.entry(*connection).or_default().join(total);
        }
    }

    /// The stored form; `None` if there are so many connections that it does not fit one value. Then whoever wants it
    /// adds up what it is of.
    pub(super) fn encode(&self, of: TotalOf) -> Option<Vec<u8>> {
        let mut totals = self.clone();
        let mut most = MAX_DISTINCT;
        loop {
            let bytes = totals.written(of);
            if bytes.len() <= MAX_VALUE_BYTES {
                return Some(bytes);
            }
            most /= 2;
            if most < 2 {
                return None;
            }
            for total in totals.by_connection.values_mut() {
                total.recordings.keep_at_most(most);
                total.principals.keep_at_most(most);
            }
        }
    }

    fn written(&self, of: TotalOf) -> Vec<u8> {
        let Self { chains, segments, bytes, by_connection } = self;
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        of.write(&mut out);
        out.extend([chains, segments, bytes].into_iter().flat_map(|number| number.to_be_bytes()));
        out.extend(length(by_connection.len()).to_be_bytes());
        for (connection, total) in by_connection {
            out.extend(tag_bytes(*connection));
            total.write(&mut out);
        }
        out
    }

    /// Reads what follows the magic.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<(TotalOf, Self), Unreadable> {
        if reader.u8()? != VERSION {
            return Err(Unreadable);
        }
        let of = TotalOf::read(reader)?;
        let (chains, segments, bytes, n) = (reader.u64()?, reader.u64()?, reader.u64()?, reader.u32()?);
        let one = |reader: &mut Reader<'_>| Ok((read_tag(reader.array()?), Total::read(reader)?));
        let by_connection = (0..n).map(|_| one(reader)).collect::<Result<BTreeMap<_, _>, Unreadable>>()?;
        let is_whole = u32::try_from(by_connection.len()) == Ok(n);
        reader.end()?;
        if is_whole { Ok((of, Self { chains, segments, bytes, by_connection })) } else { Err(Unreadable) }
    }
}

impl TotalOf {
    pub(super) fn key(self, app: &AppName) -> Key {
        match self {
            Self::Chain(chain) => Key::index_sum(app, chain),
            Self::Day { day, chains: _ } => Key::index_day_total(app, day),
            Self::Node(node) => Key::index_total(app, node),
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        let (level, day, n) = match self {
            Self::Chain(ChainId { day, serial }) => (0, day, serial),
            Self::Node(NodeId { day, level, n }) => (level.number(), day, n),
            Self::Day { day, chains } => (DAY, day, chains),
        };
        out.extend([level, day.number(), n].into_iter().flat_map(u32::to_be_bytes));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let (level, day, n) = (reader.u32()?, Day::new(reader.u32()?).ok_or(Unreadable)?, reader.u32()?);
        match level {
            0 => Ok(Self::Chain(ChainId { day, serial: n })),
            DAY => Ok(Self::Day { day, chains: n }),
            level => {
                let level = [Level::Narrow, Level::Wide].into_iter().find(|one| one.number() == level);
                Ok(Self::Node(NodeId { day, level: level.ok_or(Unreadable)?, n }))
            }
        }
    }
}

/// Where levels of nodes have their numbers.
const DAY: u32 = 3;

#[cfg(test)]
mod tests;
