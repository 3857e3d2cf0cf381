//! What was read of the store so far, and what is missing.
//!
//! Queries and upkeep are computed anew from here after each round of reads, until nothing is missing. What they ask for
//! in one round can be read at once.

use std::collections::{BTreeMap, BTreeSet};

use super::leaf::{self, Leaf, Summary};
use super::list::{self, Slot};
use super::node::{self, Node};
use super::posting::Posting;
use crate::bytes::{Reader, Unreadable};
use crate::chain::{ChainId, Continuation, Segment, SegmentId};
use crate::day::Day;
use crate::key::{AppName, Key};

/// How many segments of a chain are asked for ahead, at most.
const MAX_AHEAD: u32 = 32;

#[derive(Debug)]
pub(super) struct Known {
    app: AppName,
    day: Day,
    values: BTreeMap<Key, Value>,
    wanted: BTreeSet<Key>,
    /// Chains that have a segment which cannot be read, or lack one before another. Not forgotten.
    damaged: BTreeSet<ChainId>,
}

/// A value, as far as it can be used.
#[derive(Debug)]
enum Value {
    Directory(Vec<Slot>),
    Leaf(Leaf),
    Node(Node),
    Nothing,
    Page(Vec<(Slot, Posting)>),
    Segment(Summary),
    /// Nothing that this release can read.
    Unreadable,
}

/// What was read: `Wanted` if it was not read yet, `Nothing` if it is not there or cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<T> {
    Nothing,
    There(T),
    Wanted,
}

impl Known {
    pub(super) const fn new(app: AppName, day: Day) -> Self {
        Self { app, day, values: BTreeMap::new(), wanted: BTreeSet::new(), damaged: BTreeSet::new() }
    }

    pub(super) const fn app(&self) -> &AppName {
        &self.app
    }

    pub(super) const fn day(&self) -> Day {
        self.day
    }

    /// Goes to another day, and forgets what was read.
    pub(super) fn go_to(&mut self, day: Day) {
        self.day = day;
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        self.values.clear();
        self.wanted.clear();
    }

    /// Whatever was to be read for another question is not to be read for this one.
    pub(super) fn begin_round(&mut self) {
        self.wanted.clear();
    }

    /// What is to be read, if anything is.
    pub(super) fn wanted(&self) -> Vec<Key> {
        self.wanted.iter().cloned().collect()
    }

    /// How much is to be read.
    pub(super) fn n_wanted(&self) -> usize {
        self.wanted.len()
    }

    /// The chains of which not everything could be read, of all days that were looked at.
    pub(super) const fn damaged(&self) -> &BTreeSet<ChainId> {
        &self.damaged
    }

    /// Takes what was read, or written.
    pub(super) fn learn(&mut self, key: &Key, value: Option<&[u8]>) {
        self.wanted.remove(key);
        let known = value.map_or(Ok(Value::Nothing), |value| parse(self.day, value));
        self.values.insert(key.clone(), known.unwrap_or(Value::Unreadable));
    }

    pub(super) fn leaf(&mut self, chain: ChainId) -> Found<&Leaf> {
        let key = Key::index_leaf(&self.app, chain);
        match self.value(key) {
            None => Found::Wanted,
            Some(Value::Leaf(leaf)) if leaf.head.chain == chain => Found::There(leaf),
            Some(_) => Found::Nothing,
        }
    }

    pub(super) fn node(&mut self, id: node::NodeId) -> Found<Node> {
        match self.value(Key::index_node(&self.app, id)) {
            None => Found::Wanted,
            Some(Value::Node(node)) => Found::There(*node),
            Some(_) => Found::Nothing,
        }
    }

    pub(super) fn directory(&mut self, id: node::NodeId, list: list::List) -> Found<&[Slot]> {
        match self.value(Key::index_list(&self.app, id, list)) {
            None => Found::Wanted,
            Some(Value::Directory(starts)) => Found::There(starts),
            Some(_) => Found::Nothing,
        }
    }

    pub(super) fn page(&mut self, id: node::NodeId, page: (list::List, u32)) -> Found<&[(Slot, Posting)]> {
        match self.value(Key::index_page(&self.app, id, page)) {
            None => Found::Wanted,
            Some(Value::Page(postings)) => Found::There(postings),
            Some(_) => Found::Nothing,
        }
    }

    /// The segments of a chain, up to the first that is not there or cannot be read; `None` if more are to be read. If
    /// that is not where it ends, it is damaged.
    pub(super) fn chain(&mut self, chain: ChainId) -> Option<Vec<&Summary>> {
        let mut n: u32 = 0;
        loop {
            let key = Key::segment(&self.app, SegmentId { chain, n });
            match self.values.get(&key) {
                None => {
                    let ahead = n.clamp(2, MAX_AHEAD);
                    let ids = (n..n.saturating_add(ahead)).map(|n| SegmentId { chain, n });
                    let keys: Vec<_> = ids.map(|id| Key::segment(&self.app, id)).collect();
                    self.wanted.extend(keys.into_iter().filter(|key| !self.values.contains_key(key)));
                    return None;
                }
                Some(Value::Segment(summary)) => {
                    n = n.saturating_add(1);
                    if summary.continuation == Continuation::Ends {
                        break;
                    }
                }
                Some(found) => {
                    let mut later = (n.saturating_add(1)..=n.saturating_add(MAX_AHEAD))
                        .map(|n| Key::segment(&self.app, SegmentId { chain, n }));
                    let is_torn = later.any(|key| matches!(self.values.get(&key), Some(Value::Segment(_))));
                    if is_torn || !matches!(found, Value::Nothing) {
                        self.damaged.insert(chain);
                    }
                    break;
                }
            }
        }
        let keys = (0..n).map(|n| Key::segment(&self.app, SegmentId { chain, n }));
        let summaries = keys.filter_map(|key| match self.values.get(&key) {
            Some(Value::Segment(summary)) => Some(summary),
            Some(_) | None => None,
        });
        Some(summaries.collect())
    }

    fn value(&mut self, key: Key) -> Option<&Value> {
        if !self.values.contains_key(&key) {
            self.wanted.insert(key);
            return None;
        }
        self.values.get(&key)
    }
}

fn parse(day: Day, value: &[u8]) -> Result<Value, Unreadable> {
    if let Ok(segment) = Segment::parse(value) {
        return Ok(Value::Segment(Summary::of(&segment, value.len())));
    }
    let mut reader = Reader::new(value);
    match reader.array()? {
        leaf::MAGIC => Leaf::read(&mut reader).map(Value::Leaf),
        list::DIRECTORY => list::read_directory(&mut reader).map(Value::Directory),
        list::PAGE => list::read_page(day, &mut reader).map(Value::Page),
        node::MAGIC => Node::read(&mut reader).map(Value::Node),
        _ => Err(Unreadable),
    }
}
