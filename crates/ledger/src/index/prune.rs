//! Finds what is to be deleted of a day, and what its tombstone says.
//!
//! A state machine without a store. What it finds is to be done in this order: a [tombstone](crate::Tombstone) is signed
//! and written; a checkpoint must have seen the heads before; then the keys are deleted, first to last. Stopped anywhere, it
//! can be done again with the same tombstone. No [`Upkeep`](super::Upkeep) is to run for a day that has one.

use std::collections::BTreeSet;

use super::known::{Found, Known};
use super::list::List;
use super::node::{Level, NodeId};
use super::{FAN_OUT, WIDE};
use crate::chain::{ChainId, SegmentId};
use crate::checkpoint::Head;
use crate::day::Day;
use crate::key::{AppName, Key};
use crate::recording::RecordingId;

/// What pruning needs next, or has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PruneStep {
    /// Read these values, in any order or all at once, and tell [`Prune::got`] each.
    Get(Vec<Key>),
    /// Not yet: this chain has no leaf, so it may still grow.
    Open(ChainId),
    /// This is what there is to do.
    Pruned(Pruned),
}

/// What there is to do for a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// All chains of the day in order, for the tombstone.
    pub heads: Vec<Head>,
    /// The chains that have a recording which must not be deleted, for the tombstone. They stay whole, with what else they
    /// have.
    pub kept: Vec<u32>,
    /// What is to be deleted, first to last: indexes before what they are of.
    pub delete: Vec<Key>,
}

/// Finds what to prune of one day. See the [module](self).
#[derive(Debug)]
pub struct Prune {
    known: Known,
    chains: u32,
    held: BTreeSet<RecordingId>,
}

impl Prune {
    /// Looks at a day of which `chains` were claimed; these recordings must not be deleted.
    #[must_use]
    pub fn new(app: AppName, day: Day, chains: u64, held: BTreeSet<RecordingId>) -> Self {
        Self { known: Known::new(app, day), chains: u32::try_from(chains).unwrap_or(u32::MAX), held }
    }

    /// What to do next.
    pub fn step(&mut self) -> PruneStep {
        self.known.begin_round();
        let mut pruned = Pruned { heads: Vec::new(), kept: Vec::new(), delete: self.nodes() };
        let mut open = None;
        for serial in 1..=self.chains {
            let chain = ChainId { day: self.known.day(), serial };
            let app = self.known.app().clone();
            match self.known.leaf(chain) {
                Found::Wanted => {}
                Found::Nothing => _ = open.get_or_insert(chain),
                Found::There(leaf) => {
                    pruned.heads.push(leaf.head);
                    let recordings: BTreeSet<_> = leaf.postings.iter().map(|one| one.recording).collect();
                    if recordings.is_disjoint(&self.held) {
                        let segments = (0..leaf.head.segments).map(|n| SegmentId { chain, n });
                        pruned.delete.push(Key::index_sum(&app, chain));
                        pruned.delete.push(Key::index_part(&app, chain));
                        pruned.delete.push(Key::index_leaf(&app, chain));
                        pruned
                            .delete
                            .extend(recordings.into_iter().map(|one| Key::recording(&app, one, chain)));
                        pruned.delete.extend(segments.map(|id| Key::segment(&app, id)));
                    } else {
                        pruned.kept.push(serial);
                    }
                }
            }
        }
        let wanted = self.known.wanted();
        match (wanted.is_empty(), open) {
            (false, _) => PruneStep::Get(wanted),
            (true, Some(chain)) => PruneStep::Open(chain),
            (true, None) => PruneStep::Pruned(pruned),
        }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }

    /// The keys of all nodes and totals of the day, as far as they are known: each node before its lists.
    fn nodes(&mut self) -> Vec<Key> {
        let levels = [(Level::Wide, WIDE), (Level::Narrow, FAN_OUT)];
        let nodes =
            levels.into_iter().flat_map(|(level, width)| (0..self.chains / width).map(move |n| (level, n)));
        let mut keys = vec![Key::index_day_total(self.known.app(), self.known.day())];
        for (level, n) in nodes {
            let id = NodeId { day: self.known.day(), level, n };
            let app = self.known.app().clone();
            keys.push(Key::index_total(&app, id));
            keys.push(Key::index_node(&app, id));
            for list in List::EACH {
                let n_pages = match self.known.directory(id, list) {
                    Found::There(starts) => u32::try_from(starts.len()).unwrap_or(u32::MAX),
                    Found::Nothing | Found::Wanted => 0,
                };
                keys.extend((0..n_pages).map(|page| Key::index_page(&app, id, (list, page))));
                keys.push(Key::index_list(&app, id, list));
            }
        }
        keys
    }
}
