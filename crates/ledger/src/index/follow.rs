//! Follows the chains that may still grow, for whoever watches.
//!
//! A state machine without a store. It begins with all that those chains have, and then goes on in rounds: a round reads
//! what was added since the one before, and ends with [`FollowStep::Quiet`]. Of each chain it gives out one segment after
//! the other, and none twice. It proves nothing: that a segment is genuine and follows the one before is for whoever reads
//! it, and what nobody has missed yet is for [`Verifier`](crate::Verifier).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::known::{Found, Known};
use super::node::{Level, NodeId};
use super::{FAN_OUT, WIDE};
use crate::chain::{ChainId, Continuation, Segment, SegmentId, is_over};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};

/// How many segments of a chain are read at once while it is caught up with.
const AHEAD: u32 = 16;
/// How many chains are followed at once: each costs a read in every round.
const MAX_CHAINS: usize = if cfg!(test) { 64 } else { 256 };
/// After how many segments of some chains, the next ones wait: what is read at once is in memory.
const AT_ONCE: usize = 64;

/// What following needs next, or has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowStep {
    /// Read this counter by adding 0, and tell [`Follow::counted`].
    Count(Key),
    /// Read these values, in any order or all at once, and tell [`Follow::got`] each.
    Get(Vec<Key>),
    /// A chain ended without this segment, though there are later ones. Its rest is not given out.
    Missing(SegmentId),
    /// Nothing more for now. After a moment, call [`Follow::again`].
    Quiet,
    /// The next segment of its chain, as it is stored.
    Segment(SegmentId, Vec<u8>),
    /// So many chains may still grow that they are not followed. This does not change by itself.
    TooMany,
}

/// Follows all chains. See the [module](self).
#[derive(Debug)]
pub struct Follow {
    app: AppName,
    now: UnixMillis,
    /// The days whose counters are to be read in this round.
    uncounted: VecDeque<Day>,
    /// How many chains of each day were seen.
    counted: BTreeMap<Day, u32>,
    /// The days of which it is not known yet which chains have ended.
    sieves: VecDeque<(Known, u32)>,
    open: BTreeMap<ChainId, Open>,
    wanted: BTreeMap<Key, SegmentId>,
    /// The chains that they are of.
    asked: BTreeSet<ChainId>,
    values: BTreeMap<SegmentId, Vec<u8>>,
    found: VecDeque<FollowStep>,
}

/// A chain that may still grow.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Which segment is next.
    next: u32,
    /// When its latest segment was made; before there is one, when the chain was first seen.
    latest: UnixMillis,
    pace: Pace,
}

/// How a chain is read in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// It has had nothing new in this round, and is read in the next one.
    Quiet,
    /// Its next segment is to be read.
    Next,
    /// So is what may come behind it.
    Ahead,
    /// The same, and if there is nothing now, nothing will come.
    Last,
}

impl Follow {
    /// Follows the chains of today, and those of yesterday that have not ended.
    #[must_use]
    pub fn new(app: AppName, now: UnixMillis) -> Self {
        let today = Day::of(now);
        Self {
            app,
            now,
            uncounted: today.previous().into_iter().chain([today]).collect(),
            counted: BTreeMap::new(),
            sieves: VecDeque::new(),
            open: BTreeMap::new(),
            wanted: BTreeMap::new(),
            asked: BTreeSet::new(),
            values: BTreeMap::new(),
            found: VecDeque::new(),
        }
    }

    /// Begins another round.
    pub fn again(&mut self, now: UnixMillis) {
        self.now = now;
        let today = Day::of(now);
        // Whoever claims with a clock that is behind claims of yesterday.
        let yesterday = today.previous().filter(|day| !is_over(day.end(), now));
        self.uncounted = yesterday.into_iter().chain([today]).collect();
        for open in self.open.values_mut() {
            open.pace = if is_over(open.latest, now) { Pace::Last } else { Pace::Next };
        }
    }

    /// What to do next.
    pub fn step(&mut self) -> FollowStep {
        loop {
            if let Some(found) = self.found.pop_front() {
                return found;
            }
            if let Some(day) = self.uncounted.front() {
                return FollowStep::Count(Key::chains(&self.app, *day));
            }
            if let Some((known, chains)) = self.sieves.front_mut() {
                known.begin_round();
                let open = unended(known, *chains);
                let wanted = known.wanted();
                if !wanted.is_empty() {
                    return FollowStep::Get(wanted);
                }
                self.sieves.pop_front();
                open.into_iter().for_each(|chain| self.admit(chain));
                continue;
            }
            if self.open.len() > MAX_CHAINS {
                return FollowStep::TooMany;
            }
            for (chain, open) in &self.open {
                if self.wanted.len() < AT_ONCE {
                    self.wanted.extend(open.keys(&self.app, *chain));
                }
            }
            self.asked = self.wanted.values().map(|id| id.chain).collect();
            if self.wanted.is_empty() {
                return FollowStep::Quiet;
            }
            return FollowStep::Get(self.wanted.keys().cloned().collect());
        }
    }

    /// Tells what the counter is.
    pub fn counted(&mut self, count: u64) {
        let Some(day) = self.uncounted.pop_front() else { return };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match self.counted.insert(day, count) {
            None => self.sieves.push_back((Known::new(self.app.clone(), day), count)),
            Some(before) => {
                // One more than are followed shows that there are too many.
                let new = (before.saturating_add(1)..=count).take(MAX_CHAINS.saturating_add(1));
                new.for_each(|serial| self.admit(ChainId { day, serial }));
            }
        }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        if let Some((known, _)) = self.sieves.front_mut() {
            return known.learn(key, value);
        }
        if let Some(id) = self.wanted.remove(key) {
            self.values.extend(value.map(|value| (id, value.to_vec())));
            if self.wanted.is_empty() {
                self.advance();
            }
        }
    }

    fn admit(&mut self, chain: ChainId) {
        let open = Open { next: 0, latest: self.now, pace: Pace::Ahead };
        self.open.entry(chain).or_insert(open);
    }

    /// Gives out what was read of each chain, as far as nothing is missing in between.
    fn advance(&mut self) {
        let mut values = std::mem::take(&mut self.values);
        let (found, asked, now) = (&mut self.found, &self.asked, self.now);
        self.open.retain(|chain, open| {
            if !asked.contains(chain) {
                return true;
            }
            let (mut goes_on, first) = (true, open.next);
            while let Some(value) = values.remove(&SegmentId { chain: *chain, n: open.next }) {
                // What is no segment is told by whoever reads it, and nothing can follow it.
                goes_on = Segment::parse(&value).is_ok_and(|segment| {
                    open.latest = segment.header().at;
                    segment.header().continuation == Continuation::MayContinue
                });
                found.push_back(FollowStep::Segment(SegmentId { chain: *chain, n: open.next }, value));
                open.next = open.next.saturating_add(1);
                if !goes_on {
                    return false;
                }
            }
            let is_last = open.pace == Pace::Last || (open.pace == Pace::Ahead && is_over(open.latest, now));
            if open.next > first {
                if open.pace == Pace::Last {
                    open.pace = Pace::Ahead;
                }
            } else if is_last {
                let behind =
                    SegmentId { chain: *chain, n: open.next }..=SegmentId { chain: *chain, n: u32::MAX };
                if values.range(behind).next().is_some() {
                    found.push_back(FollowStep::Missing(SegmentId { chain: *chain, n: open.next }));
                }
                goes_on = false;
            } else {
                open.pace = Pace::Quiet;
            }
            goes_on
        });
    }
}

impl Open {
    fn keys(self, app: &AppName, chain: ChainId) -> impl Iterator<Item = (Key, SegmentId)> {
        let n = match self.pace {
            Pace::Quiet => 0,
            Pace::Next => 1,
            Pace::Ahead | Pace::Last => AHEAD,
        };
        let ids = (self.next..self.next.saturating_add(n)).map(move |n| SegmentId { chain, n });
        ids.map(|id| (Key::segment(app, id), id))
    }
}

/// The chains of a day of which nobody has noted that they have ended, as far as that was read.
fn unended(known: &mut Known, chains: u32) -> Vec<ChainId> {
    let mut open = Vec::new();
    for n in 0..chains.div_ceil(WIDE) {
        let wide = NodeId { day: known.day(), level: Level::Wide, n };
        let (first, last) = wide.serials();
        if last <= chains && !matches!(known.node(wide), Found::Nothing) {
            continue;
        }
        for n in (first / FAN_OUT)..last.min(chains).div_ceil(FAN_OUT) {
            let narrow = NodeId { level: Level::Narrow, n, ..wide };
            let (first, last) = narrow.serials();
            if last <= chains && !matches!(known.node(narrow), Found::Nothing) {
                continue;
            }
            for serial in first..=last.min(chains) {
                let chain = ChainId { day: narrow.day, serial };
                if matches!(known.leaf(chain), Found::Nothing) {
                    open.push(chain);
                }
            }
        }
    }
    open
}

#[cfg(test)]
mod tests;
