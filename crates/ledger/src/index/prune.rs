//! Finds what is to be deleted of a day, and what its tombstone says.
//!
//! A state machine without a store. What it finds is to be done in this order: a checkpoint must have
//! [seen](crate::Sighting) the heads; then a [tombstone](crate::Tombstone) is signed and written; then the keys are
//! deleted. Stopped anywhere, it [goes on](Prune::going_on) by the tombstone: what a chain has is known from
//! its leaf, which goes last. A chain is deleted from its end, so that what is left of one is always its beginning. No
//! [`Upkeep`](super::Upkeep) is to run for a day that has a tombstone.

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
use crate::tombstone::Tombstone;

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
    /// All chains of the day in order, for the tombstone; if there is one already, those of which something is left.
    pub heads: Vec<Head>,
    /// The chains that are held, for the tombstone. They stay whole, with what else they have.
    pub kept: Vec<u32>,
    /// What is to be deleted: each of these in its order, first to last, and all of them at once if wanted. The leaf of a
    /// chain comes after its segments.
    pub delete: Vec<Vec<Key>>,
}

/// Finds what to prune of one day. See the [module](self).
#[derive(Debug)]
pub struct Prune {
    known: Known,
    chains: u32,
    held: Held,
    /// What says which chains stay, if the day was pruned already.
    tombstone: Option<Tombstone>,
}

/// What must not be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Every chain that has one of these recordings.
    pub recordings: BTreeSet<RecordingId>,
    /// These chains, whatever an index says of them.
    pub chains: BTreeSet<ChainId>,
}

impl Prune {
    /// Looks at a day of which `chains` were claimed.
    #[must_use]
    pub fn new(app: AppName, day: Day, chains: u64, held: Held) -> Self {
        let chains = u32::try_from(chains).unwrap_or(u32::MAX);
        Self { known: Known::new(app, day), chains, held, tombstone: None }
    }

    /// Looks at what is left of a day that has this tombstone, which somebody trusted has signed. What is to be deleted is
    /// all but what the tombstone keeps, whatever is held; [`Pruned::kept`] is what another tombstone could still keep: the
    /// chains that are held and not gone.
    #[must_use]
    pub fn going_on(app: AppName, tombstone: Tombstone, held: Held) -> Self {
        let (day, chains) = (tombstone.day(), tombstone.chains());
        Self { known: Known::new(app, day), chains, held, tombstone: Some(tombstone) }
    }

    /// What to do next.
    pub fn step(&mut self) -> PruneStep {
        self.known.begin_round();
        let mut pruned = Pruned { heads: Vec::new(), kept: Vec::new(), delete: self.nodes() };
        let mut open = None;
        for serial in 1..=self.chains {
            let chain = ChainId { day: self.known.day(), serial };
            let app = self.known.app().clone();
            let stays = self.tombstone.as_ref().map(|tombstone| tombstone.keeps(serial));
            match self.known.leaf(chain) {
                Found::Wanted => {}
                // Whoever began has ended with it, or somebody else has removed it.
                Found::Nothing => match stays {
                    Some(false) => {}
                    Some(true) => pruned.kept.push(serial),
                    None => _ = open.get_or_insert(chain),
                },
                Found::There(leaf) => {
                    pruned.heads.push(leaf.head);
                    let recordings: BTreeSet<_> = leaf.postings.iter().map(|one| one.recording).collect();
                    let is_held =
                        self.held.chains.contains(&chain) || !recordings.is_disjoint(&self.held.recordings);
                    if is_held {
                        pruned.kept.push(serial);
                    }
                    if !stays.unwrap_or(is_held) {
                        let segments = (0..leaf.head.segments).rev().map(|n| SegmentId { chain, n });
                        let keys = recordings.into_iter().map(|one| Key::recording(&app, one, chain));
                        let segments = segments.map(|id| Key::segment(&app, id));
                        let derived = [Key::index_sum(&app, chain), Key::index_part(&app, chain)];
                        let last = [Key::chain_claim(&app, chain), Key::index_leaf(&app, chain)];
                        pruned
                            .delete
                            .push(derived.into_iter().chain(keys).chain(segments).chain(last).collect());
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
    fn nodes(&mut self) -> Vec<Vec<Key>> {
        let levels = [(Level::Wide, WIDE), (Level::Narrow, FAN_OUT)];
        let nodes =
            levels.into_iter().flat_map(|(level, width)| (0..self.chains / width).map(move |n| (level, n)));
        let mut all = vec![vec![Key::index_day_total(self.known.app(), self.known.day())]];
        for (level, n) in nodes {
            let mut keys = Vec::new();
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
            all.push(keys);
        }
        all
    }
}
