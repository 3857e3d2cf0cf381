//! Reads what the records of a day add up to, whatever has been derived of it so far.
//!
//! A state machine without a store. Of a day that is over it reads one value; else one for every 4096 chains, for every 64
//! of the rest, and for each of the last; and the segments of chains that have no total yet, which are those that still
//! grow. So what it costs follows the number of chains that are open, and not how many records there are.

use std::collections::BTreeSet;

use super::known::{Found, Known};
use super::leaf::Leaf;
use super::node::{Level, NodeId};
use super::total::{TotalOf, Totals};
use super::{FAN_OUT, WIDE};
use crate::chain::{ChainId, is_over};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};
use crate::tombstone::Tombstone;

/// What reading totals needs next, or has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayTotalsStep {
    /// This is what there is.
    Found(FoundTotals),
    /// Read these values, in any order or all at once, and tell [`DayTotals::got`] each.
    Get(Vec<Key>),
}

/// What the records of a day add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTotals {
    /// Everything that could be read.
    pub totals: Totals,
    /// How many chains were counted by their segments, since no total was derived of them yet.
    pub open: u32,
    /// The chains of which not everything could be read: what is missing there is not in the totals.
    pub damaged: BTreeSet<ChainId>,
    /// Whether the day was pruned. Then the totals are of what was kept.
    pub is_pruned: bool,
}

/// Reads the totals of one day. See the [module](self).
#[derive(Debug)]
pub struct DayTotals {
    known: Known,
    chains: u32,
    now: UnixMillis,
    is_day_over: bool,
    pruned: Pruned,
}

/// Whether the day was pruned.
#[derive(Debug)]
enum Pruned {
    No,
    /// It was, except for what this keeps.
    Except(Tombstone),
    /// It was, and what says of what cannot be read.
    Unreadable,
    /// That was not read yet.
    Unread,
}

impl DayTotals {
    /// Looks at a day of which `chains` were claimed by now.
    #[must_use]
    pub fn new(app: AppName, day: Day, chains: u64, now: UnixMillis) -> Self {
        let is_day_over = is_over(day.end(), now);
        // A day that is not over is not pruned.
        let pruned = if is_day_over { Pruned::Unread } else { Pruned::No };
        let chains = u32::try_from(chains).unwrap_or(u32::MAX);
        Self { known: Known::using_parts(app, day), chains, now, is_day_over, pruned }
    }

    /// What to do next.
    pub fn step(&mut self) -> DayTotalsStep {
        self.known.begin_round();
        let is_pruned = !matches!(self.pruned, Pruned::No);
        let mut found = FoundTotals { is_pruned, ..FoundTotals::default() };
        let kept: Option<Vec<u32>> = match &self.pruned {
            Pruned::Unread => {
                return DayTotalsStep::Get(vec![Key::tombstone(self.known.app(), self.known.day())]);
            }
            Pruned::Except(tombstone) => {
                Some((1..=self.chains).filter(|serial| tombstone.keeps(*serial)).collect())
            }
            Pruned::No | Pruned::Unreadable => None,
        };
        match kept {
            Some(serials) => {
                for serial in serials {
                    self.chain(ChainId { day: self.known.day(), serial }, &mut found);
                }
            }
            None => self.all(&mut found),
        }
        let wanted = self.known.wanted();
        if wanted.is_empty() { DayTotalsStep::Found(found) } else { DayTotalsStep::Get(wanted) }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        if *key != Key::tombstone(self.known.app(), self.known.day()) {
            return self.known.learn(key, value);
        }
        self.pruned = match value.map(Tombstone::decode) {
            None => Pruned::No,
            Some(Ok(tombstone)) => Pruned::Except(tombstone),
            Some(Err(_)) => Pruned::Unreadable,
        };
    }

    fn all(&mut self, found: &mut FoundTotals) {
        let day = self.known.day();
        let of_day = TotalOf::Day { day, chains: self.chains };
        if self.is_day_over && self.chains > 0 && self.take(of_day, found) {
            return;
        }
        for n in 0..self.chains.div_ceil(WIDE) {
            let wide = NodeId { day, level: Level::Wide, n };
            let (first, last) = wide.serials();
            if self.node(wide, found) {
                continue;
            }
            for n in (first / FAN_OUT)..last.min(self.chains).div_ceil(FAN_OUT) {
                let narrow = NodeId { level: Level::Narrow, n, ..wide };
                let (first, last) = narrow.serials();
                if self.node(narrow, found) {
                    continue;
                }
                for serial in first..=last.min(self.chains) {
                    self.chain(ChainId { day, serial }, found);
                }
            }
        }
    }

    /// Takes the total of a node, if there can be one; whether nothing below it need be looked at.
    fn node(&mut self, id: NodeId, found: &mut FoundTotals) -> bool {
        id.serials().1 <= self.chains && self.take(TotalOf::Node(id), found)
    }

    /// Takes a total if it is there, or is to be read.
    fn take(&mut self, of: TotalOf, found: &mut FoundTotals) -> bool {
        match self.known.total(of) {
            Found::Nothing => return false,
            Found::There(totals) => found.totals.join(totals),
            Found::Wanted => {}
        }
        true
    }

    fn chain(&mut self, chain: ChainId, found: &mut FoundTotals) {
        if self.take(TotalOf::Chain(chain), found) {
            return;
        }
        let head = match self.known.leaf(chain) {
            Found::Wanted => return,
            Found::There(leaf) => Some(leaf.head),
            Found::Nothing => None,
        };
        let Some(segments) = self.known.chain_at(chain, self.now) else { return };
        let totals = Totals::of_chain(segments.iter().map(|segment| &segment.totals));
        // What its leaf has seen and is not there now was removed.
        let is_short = head.is_some_and(|head| head != Leaf::of(chain, segments).head);
        if is_short || self.known.damaged().contains(&chain) {
            found.damaged.insert(chain);
        }
        found.open = found.open.saturating_add(u32::from(totals.segments > 0));
        found.totals.join(&totals);
    }
}
