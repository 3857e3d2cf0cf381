//! Walks over the days, chains and segments of an export.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::known::Known;
use crate::chain::{ChainId, Continuation, Segment, SegmentId};
use crate::day::Day;
use crate::hash::ContentHash;
use crate::id::RecordId;
use crate::key::AppName;
use crate::sign::TrustedKeys;
use crate::tombstone::Tombstone;
use crate::verify::finding::Problem;

/// Where in the export we are.
#[derive(Debug)]
pub(super) struct Walk {
    app: AppName,
    tombstones: BTreeMap<Day, Tombstone>,
    /// The days that it is of.
    days: RangeInclusive<Day>,
    /// The latest day, also after it has ended.
    last_day: Option<Day>,
    day: Option<OnDay>,
    problems: Vec<(Option<RecordId>, Problem)>,
    n_segments: u64,
    n_records: u64,
    n_never_begun: u64,
}

#[derive(Debug)]
struct OnDay {
    day: Day,
    chains: u32,
    /// The chain that is next if the current one has no more segments.
    next_serial: u32,
    chain: Option<OnChain>,
}

#[derive(Debug)]
struct OnChain {
    id: ChainId,
    /// The segment that is next.
    next: u32,
    /// The hash that it names; `None` after one that cannot be read.
    head: Option<ContentHash>,
    continuation: Continuation,
}

impl Walk {
    pub(super) fn new(app: AppName, tombstones: BTreeMap<Day, Tombstone>, days: RangeInclusive<Day>) -> Self {
        Self {
            app,
            tombstones,
            days,
            last_day: None,
            day: None,
            problems: Vec::new(),
            n_segments: 0,
            n_records: 0,
            n_never_begun: 0,
        }
    }

    pub(super) fn take_problems(&mut self) -> Vec<(Option<RecordId>, Problem)> {
        std::mem::take(&mut self.problems)
    }

    /// Segments, records, and chains that were never begun.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.n_segments, self.n_records, self.n_never_begun)
    }

    pub(super) fn day(&mut self, day: Day, chains: u32, known: &Known) {
        self.end_day(known);
        if self.last_day.is_some_and(|last| last >= day) || !self.days.contains(&day) {
            return self.find(Problem::OutOfOrder);
        }
        self.miss_days(Some(day), known);
        self.last_day = Some(day);
        if let Some((seen, checkpoint)) = known.count(day).filter(|(seen, _)| *seen > chains) {
            self.find(Problem::CountLowered { day, chains, seen, checkpoint });
        }
        self.day = Some(OnDay { day, chains, next_serial: 1, chain: None });
    }

    pub(super) fn segment(&mut self, id: SegmentId, value: &[u8], (known, trusted): (&Known, &TrustedKeys)) {
        self.n_segments = self.n_segments.saturating_add(1);
        match &self.day {
            Some(on) if on.day == id.chain.day => {}
            Some(_) | None => return self.find(Problem::OutOfOrder),
        }
        let segment = match Segment::parse(value) {
            Ok(segment) => segment,
            Err(error) => {
                self.find(Problem::Malformed { id, error });
                self.step(id, None, known);
                return;
            }
        };
        let record = segment.entries().first().map(|entry| entry.label.record);
        let n_done = segment.entries().iter().filter(|entry| entry.label.is_final()).count();
        self.n_records = self.n_records.saturating_add(u64::try_from(n_done).unwrap_or(u64::MAX));
        let before = self.problems.len();
        let header = segment.header();
        if let Err(error) = segment.verify(trusted) {
            self.find(Problem::Unsigned { id, error });
            self.step(id, None, known);
        } else if header.app != self.app || header.id != id {
            self.find(Problem::Misplaced { at: id, found: header.id });
            self.step(id, None, known);
        } else {
            self.step(id, Some(&segment), known);
        }
        self.problems.iter_mut().skip(before).for_each(|(about, _)| *about = record);
    }

    pub(super) fn end(&mut self, known: &Known) {
        self.end_day(known);
        self.miss_days(None, known);
    }

    fn find(&mut self, problem: Problem) {
        self.problems.push((None, problem));
    }

    /// Goes on to a segment, which is `None` if it is not to be believed.
    fn step(&mut self, id: SegmentId, segment: Option<&Segment<'_>>, known: &Known) {
        if !self.enter(id.chain, known) {
            return self.find(Problem::Repeated(id));
        }
        let is_pruned = self.is_pruned(id.chain);
        let Some(chain) = self.day.as_mut().and_then(|day| day.chain.as_mut()) else { return };
        if id.n < chain.next {
            return self.find(Problem::Repeated(id));
        }
        let gap = id.n - chain.next;
        let first = SegmentId { chain: id.chain, n: chain.next };
        let expected = if gap == 0 { chain.head } else { None };
        let had_ended = chain.continuation == Continuation::Ends;
        chain.next = id.n.saturating_add(1);
        chain.head = segment.map(Segment::hash);
        chain.continuation =
            segment.map_or(Continuation::MayContinue, |segment| segment.header().continuation);
        if gap > 0 && !is_pruned {
            self.find(Problem::MissingSegments { first, more: gap - 1 });
        }
        if had_ended {
            self.find(Problem::AfterEnd(id));
        }
        if let Some(segment) = segment {
            if expected.is_some_and(|expected| expected != segment.header().previous) {
                self.find(Problem::Unlinked(id));
            }
            let seen = known.of_chain(id.chain).iter();
            let here = seen.filter(|seen| seen.segments == id.n.saturating_add(1));
            for other in here.filter(|seen| seen.hash != segment.hash()) {
                self.find(Problem::Rewritten { id, checkpoint: other.checkpoint });
            }
        }
    }

    /// Makes `chain` the current one, unless it comes too late.
    fn enter(&mut self, chain: ChainId, known: &Known) -> bool {
        let Some(on) = &self.day else { return false };
        if on.chain.as_ref().is_some_and(|current| current.id == chain) {
            return true;
        }
        let (next, chains) = (on.next_serial, on.chains);
        if chain.serial < next {
            return false;
        }
        self.end_chain(known);
        self.miss_chains((chain.day, next), chain.serial.saturating_sub(1).min(chains), known);
        if chain.serial > chains {
            self.find(Problem::Unclaimed(chain));
        }
        if let Some(on) = &mut self.day {
            on.next_serial = chain.serial.saturating_add(1);
            let (head, continuation) = (Some(ContentHash::NOTHING), Continuation::MayContinue);
            on.chain = Some(OnChain { id: chain, next: 0, head, continuation });
        }
        true
    }

    fn end_chain(&mut self, known: &Known) {
        let Some(OnChain { id, next, .. }) = self.day.as_mut().and_then(|day| day.chain.take()) else {
            return;
        };
        if self.is_pruned(id) {
            return;
        }
        let longest = known.of_chain(id).iter().max_by_key(|seen| seen.segments);
        if let Some(seen) = longest.filter(|seen| seen.segments > next) {
            let (segments, checkpoint) = (next, seen.checkpoint);
            self.find(Problem::CutShort { chain: id, segments, seen: seen.segments, checkpoint });
        }
    }

    fn end_day(&mut self, known: &Known) {
        self.end_chain(known);
        let Some(OnDay { day, chains, next_serial, .. }) = self.day.take() else { return };
        // Also what a checkpoint has seen beyond a counter that was lowered.
        let last = known.count(day).map_or(chains, |(seen, _)| seen.max(chains));
        self.miss_chains((day, next_serial), last, known);
    }

    /// Chains from `first` to `last` that are not there. A counter may say anything, so that those which nobody has seen
    /// are one finding.
    fn miss_chains(&mut self, (day, first): (Day, u32), last: u32, known: &Known) {
        let mut next = first;
        for (chain, seen) in known.chains(day, first, last) {
            self.miss_unseen((day, next), chain.serial.saturating_sub(1));
            next = chain.serial.saturating_add(1);
            if seen.segments == 0 {
                self.n_never_begun = self.n_never_begun.saturating_add(1);
            } else if !self.is_pruned(chain) {
                let checkpoint = Some(seen.checkpoint);
                self.find(Problem::MissingChain { chain, more: 0, checkpoint });
            }
        }
        self.miss_unseen((day, next), last);
    }

    fn miss_unseen(&mut self, (day, first): (Day, u32), last: u32) {
        let pruned = self.tombstones.get(&day).map_or(0, Tombstone::chains);
        let first = first.max(pruned.saturating_add(1));
        if first <= last {
            let chain = ChainId { day, serial: first };
            self.find(Problem::MissingChain { chain, more: last - first, checkpoint: None });
        }
    }

    /// Days before `until` that checkpoints have seen and that the export passes over.
    fn miss_days(&mut self, until: Option<Day>, known: &Known) {
        let days: Vec<_> = known.days_after(self.last_day).collect();
        for (day, checkpoint) in days {
            let is_wanted = until.is_none_or(|until| day < until) && self.days.contains(&day);
            if is_wanted && !self.tombstones.contains_key(&day) {
                self.find(Problem::MissingDay { day, checkpoint });
            }
        }
    }

    fn is_pruned(&self, ChainId { day, serial }: ChainId) -> bool {
        let tombstone = self.tombstones.get(&day);
        tombstone.is_some_and(|tombstone| serial <= tombstone.chains() && !tombstone.keeps(serial))
    }
}
