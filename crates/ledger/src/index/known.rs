//! What was read of the store so far, and what is missing.
//!
//! Queries and upkeep are computed anew from here after each round of reads, until nothing is missing. What they ask for
//! in one round can be read at once.

use std::collections::{BTreeMap, BTreeSet};

use super::leaf::{self, Leaf, Summary};
use super::list::{self, Slot};
use super::node::{self, Node};
use super::part;
use super::posting::Posting;
use super::total::{self, TotalOf, Totals};
use crate::bytes::{Reader, Unreadable};
use crate::chain::{ChainId, Continuation, Segment, SegmentId, is_over};
use crate::checkpoint::Head;
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};

/// How many segments of a chain are asked for ahead, at most.
const MAX_AHEAD: u32 = 32;

/// Which segments are read first to learn how long a chain is, and by how much they go on: 0, 1, 3, 7, 15, 31 and so on.
const DOUBLING: [u32; 4] = [0, 1, 3, 7];
const DOUBLED: u32 = 16;
/// Into how many parts it is then divided what is left between one that is there and one that is not.
const PARTS: u32 = 8;

#[derive(Debug)]
pub(super) struct Known {
    app: AppName,
    day: Day,
    values: BTreeMap<Key, Value>,
    wanted: BTreeSet<Key>,
    /// Chains that have a segment which cannot be read, or lack one before another. Not forgotten.
    damaged: BTreeSet<ChainId>,
    /// Whether parts are used.
    uses_parts: bool,
    /// Chains with a part that is not to be used: the segment behind it does not follow on it, or it is to be read whole.
    unlinked: BTreeSet<ChainId>,
}

/// A value, as far as it can be used.
#[derive(Debug)]
enum Value {
    Directory(Vec<Slot>),
    Leaf(Leaf),
    Node(Node),
    Nothing,
    Page(Vec<(Slot, Posting)>),
    /// The first segments of a chain.
    Part(ChainId, Summary),
    Segment(Summary),
    Total(TotalOf, Totals),
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
        Self {
            app,
            day,
            values: BTreeMap::new(),
            wanted: BTreeSet::new(),
            damaged: BTreeSet::new(),
            uses_parts: false,
            unlinked: BTreeSet::new(),
        }
    }

    /// The same for who may take what somebody else has read of a chain that grows.
    pub(super) const fn using_parts(app: AppName, day: Day) -> Self {
        let mut known = Self::new(app, day);
        known.uses_parts = true;
        known
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
        if let Ok(Value::Part(chain, _)) = &known {
            self.unlinked.remove(chain);
        }
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

    pub(super) fn total(&mut self, of: TotalOf) -> Found<&Totals> {
        match self.value(of.key(&self.app)) {
            None => Found::Wanted,
            Some(Value::Total(stored, totals)) if *stored == of => Found::There(totals),
            Some(_) => Found::Nothing,
        }
    }

    /// The segments of a chain, up to the first that is not there or cannot be read; `None` if more are to be read. If
    /// that is not where it ends, it is damaged. The first of them may be one part.
    pub(super) fn chain(&mut self, chain: ChainId) -> Option<Vec<&Summary>> {
        let first = self.part(chain)?.map_or(0, |part| part.segments);
        let last_of_part = self.part(chain)?.map(|part| part.hash);
        let mut n = first;
        loop {
            let key = Key::segment(&self.app, SegmentId { chain, n });
            match self.values.get(&key) {
                None => {
                    let ahead = n.saturating_sub(first).clamp(2, MAX_AHEAD);
                    let ids = (n..n.saturating_add(ahead)).map(|n| SegmentId { chain, n });
                    let keys: Vec<_> = ids.map(|id| Key::segment(&self.app, id)).collect();
                    self.wanted.extend(keys.into_iter().filter(|key| !self.values.contains_key(key)));
                    return None;
                }
                Some(Value::Segment(summary)) => {
                    if n == first && last_of_part.is_some_and(|hash| hash != summary.previous) {
                        self.unlinked.insert(chain);
                        return self.chain(chain);
                    }
                    n = n.saturating_add(1);
                    if summary.continuation == Continuation::Ends {
                        break;
                    }
                }
                Some(found) => {
                    let is_absent = matches!(found, Value::Nothing);
                    let next = Key::segment(&self.app, SegmentId { chain, n: n.saturating_add(1) });
                    if !self.values.contains_key(&next) {
                        // One that is behind it would show that it was there.
                        self.wanted.insert(next);
                        return None;
                    }
                    let mut later = (n.saturating_add(1)..=n.saturating_add(MAX_AHEAD))
                        .map(|n| Key::segment(&self.app, SegmentId { chain, n }));
                    let is_torn = later.any(|key| matches!(self.values.get(&key), Some(Value::Segment(_))));
                    if is_torn || !is_absent {
                        self.damaged.insert(chain);
                    }
                    break;
                }
            }
        }
        let keys = (first..n).map(|n| Key::segment(&self.app, SegmentId { chain, n }));
        let part = (first > 0).then(|| Key::index_part(&self.app, chain));
        let summaries = part.into_iter().chain(keys).filter_map(|key| match self.values.get(&key) {
            Some(Value::Part(_, summary) | Value::Segment(summary)) => Some(summary),
            Some(_) | None => None,
        });
        Some(summaries.collect())
    }

    /// How long a chain is, and the hash of its last segment, from a few of its segments: each is written after those before
    /// it. `Some(None)` if it has none; `None` if more is to be read. What is missing before its end is not noticed.
    pub(super) fn head(&mut self, chain: ChainId) -> Option<Option<Head>> {
        let (mut head, mut absent) = (None, None);
        let mut probes: Vec<u32> = DOUBLING.to_vec();
        loop {
            let keys = probes.iter().map(|n| Key::segment(&self.app, SegmentId { chain, n: *n }));
            let unread: Vec<_> = keys.filter(|key| !self.values.contains_key(key)).collect();
            for n in probes.iter().copied() {
                match self.values.get(&Key::segment(&self.app, SegmentId { chain, n })) {
                    Some(Value::Segment(summary)) => {
                        let found = Head { chain, segments: n.saturating_add(1), hash: summary.hash };
                        if summary.continuation == Continuation::Ends {
                            return Some(Some(found));
                        }
                        head = Some(found);
                    }
                    Some(_) => {
                        absent = Some(n);
                        break;
                    }
                    None => {
                        self.wanted.extend(unread);
                        return None;
                    }
                }
            }
            let there = head.map_or(0, |head: Head| head.segments);
            probes = match absent {
                None => {
                    probes.iter().map(|n| n.saturating_mul(DOUBLED).saturating_add(DOUBLED - 1)).collect()
                }
                Some(absent) if there >= absent => return Some(head),
                Some(absent) => {
                    let step = absent.saturating_sub(there).div_ceil(PARTS).max(1);
                    let first = there.saturating_add(step - 1);
                    let next = |n: &u32| n.checked_add(step);
                    std::iter::successors(Some(first), next).take_while(|n| *n < absent).collect()
                }
            };
        }
    }

    /// The same. What nobody can add to any more is read from its beginning, so that whatever is missing of it is found
    /// before an index is derived.
    pub(super) fn chain_at(&mut self, chain: ChainId, now: UnixMillis) -> Option<Vec<&Summary>> {
        let segments = self.chain(chain)?;
        let last = segments.last();
        if last.is_some_and(|last| last.continuation == Continuation::Ends || is_over(last.at, now)) {
            self.unlinked.insert(chain);
        }
        self.chain(chain)
    }

    /// What was derived of the first segments of a chain, if that is there; `None` if it is to be read.
    fn part(&mut self, chain: ChainId) -> Option<Option<&Summary>> {
        if !self.uses_parts || self.unlinked.contains(&chain) {
            return Some(None);
        }
        match self.value(Key::index_part(&self.app, chain))? {
            Value::Part(of, summary) if *of == chain => Some(Some(summary)),
            Value::Directory(_)
            | Value::Leaf(_)
            | Value::Node(_)
            | Value::Nothing
            | Value::Page(_)
            | Value::Part(..)
            | Value::Segment(_)
            | Value::Total(..)
            | Value::Unreadable => Some(None),
        }
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
        part::MAGIC => part::read(&mut reader).map(|(chain, summary)| Value::Part(chain, summary)),
        node::MAGIC => Node::read(&mut reader).map(Value::Node),
        total::MAGIC => Totals::read(&mut reader).map(|(of, totals)| Value::Total(of, totals)),
        _ => Err(Unreadable),
    }
}
