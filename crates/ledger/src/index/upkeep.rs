//! Derives what can be derived of a day: leaves of chains that have ended, and nodes of them.
//!
//! A state machine without a store. It may be stopped anywhere, and run by many at once: whoever comes next finds what is
//! there and derives the rest, to the same bytes.

use std::collections::VecDeque;

use super::known::{Found, Known};
use super::leaf::Leaf;
use super::list::List;
use super::node::{Level, Merged, Node, NodeId, is_mergeable, merge, split};
use super::part;
use super::posting::Posting;
use super::sum;
use super::total::{TotalOf, Totals};
use super::{FAN_OUT, WIDE};
use crate::chain::{ChainId, Continuation, Put, is_over};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};

/// How much is asked for at once, about.
const ROUND: usize = 256;

/// What upkeep needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpkeepStep {
    /// Nothing: what can be derived now is.
    Done,
    /// Read these values, in any order or all at once, and tell [`Upkeep::got`] each.
    Get(Vec<Key>),
    /// Write these values, in any order or all at once, and when all are acknowledged call [`Upkeep::written`].
    Set(Vec<Put>),
}

/// The upkeep of one day. See the [module](self).
#[derive(Debug)]
pub struct Upkeep {
    known: Known,
    chains: u32,
    now: UnixMillis,
    /// Which 4096 chains are looked at.
    wide: u32,
    /// What is to be written, one after the other.
    batches: VecDeque<Vec<Put>>,
}

/// What there is to do.
enum Work {
    Nothing,
    Wanted,
    Write(Vec<Vec<Put>>),
}

/// What is known of a chain without a leaf.
enum State {
    /// It has ended.
    Ended(Leaf),
    /// It may go on; with what is to be written, so that nobody reads its segments again.
    Open { opened_at: UnixMillis, part: Option<Put> },
    /// It has no segment.
    Unbegun,
    /// Not all of it can be read. Nothing is derived of it, so that whoever asks is told.
    Damaged,
}

impl State {
    /// Takes out what is to be written of a chain that may go on.
    fn part(&mut self) -> Option<Put> {
        match self {
            Self::Open { part, .. } => part.take(),
            Self::Damaged | Self::Ended(_) | Self::Unbegun => None,
        }
    }
}

impl Upkeep {
    /// Looks at a day of which `chains` were claimed by now.
    #[must_use]
    pub fn new(app: AppName, day: Day, chains: u64, now: UnixMillis) -> Self {
        let chains = u32::try_from(chains).unwrap_or(u32::MAX);
        Self { known: Known::using_parts(app, day), chains, now, wide: 0, batches: VecDeque::new() }
    }

    /// What to do next.
    pub fn step(&mut self) -> UpkeepStep {
        loop {
            if let Some(batch) = self.batches.front() {
                return UpkeepStep::Set(batch.clone());
            }
            if self.wide >= self.chains.div_ceil(WIDE) {
                return UpkeepStep::Done;
            }
            self.known.begin_round();
            match self.work() {
                Work::Wanted => return UpkeepStep::Get(self.known.wanted()),
                Work::Write(batches) => self.batches.extend(batches),
                Work::Nothing => {
                    self.wide = self.wide.saturating_add(1);
                    self.known.forget();
                }
            }
        }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }

    /// All of the last [`UpkeepStep::Set`] is written.
    pub fn written(&mut self) {
        for Put { key, value } in self.batches.pop_front().unwrap_or_default() {
            self.known.learn(&key, Some(&value));
        }
    }

    fn work(&mut self) -> Work {
        let wide = NodeId { day: self.known.day(), level: Level::Wide, n: self.wide };
        let (first, last) = wide.serials();
        let is_full = last <= self.chains;
        if is_full {
            match self.known.node(wide) {
                Found::There(_) => return Work::Nothing,
                Found::Wanted => return Work::Wanted,
                Found::Nothing => {}
            }
        }
        let narrow = (first / FAN_OUT)..last.min(self.chains).div_ceil(FAN_OUT);
        let narrow = narrow.map(|n| NodeId { level: Level::Narrow, n, ..wide });
        let mut is_wanted = false;
        for id in narrow.clone() {
            match self.narrow(id) {
                Work::Nothing => {}
                Work::Wanted => is_wanted = true,
                Work::Write(batches) => return Work::Write(batches),
            }
            if self.known.n_wanted() >= ROUND {
                return Work::Wanted;
            }
        }
        match (is_wanted, is_full) {
            (true, _) => Work::Wanted,
            (false, false) => Work::Nothing,
            (false, true) => self.wide(wide, narrow),
        }
    }

    /// What is to be done for 64 chains.
    fn narrow(&mut self, id: NodeId) -> Work {
        let (first, last) = id.serials();
        let is_full = last <= self.chains;
        if is_full {
            match self.known.node(id) {
                Found::There(_) => return Work::Nothing,
                Found::Wanted => return Work::Wanted,
                Found::Nothing => {}
            }
        }
        let mut leaves = Vec::new();
        let mut states = Vec::new();
        let mut is_wanted = false;
        for serial in first..=last.min(self.chains) {
            let chain = ChainId { day: id.day, serial };
            match self.known.leaf(chain) {
                Found::There(leaf) => leaves.push(leaf.clone()),
                Found::Wanted => is_wanted = true,
                Found::Nothing => match self.state(chain) {
                    Some(state) => states.push((chain, state)),
                    None => is_wanted = true,
                },
            }
            if self.known.n_wanted() >= ROUND {
                break;
            }
        }
        // Each as soon as it can be, so that something is derived however little may be read at once.
        let parts: Vec<Put> = states.iter_mut().filter_map(|(_, state)| state.part()).collect();
        let ended = self.ended(&leaves, states);
        if !ended.is_empty() {
            let sums = ended.iter().filter_map(|leaf| self.sum(leaf.head.chain)).collect();
            let put = |leaf: &Leaf| Put {
                key: Key::index_leaf(self.known.app(), leaf.head.chain),
                value: leaf.encode(),
            };
            // The leaf last, so that it has its sum, unless an earlier release has left it.
            let batches = [sums, ended.iter().map(put).collect()];
            return Work::Write(batches.into_iter().filter(|batch: &Vec<Put>| !batch.is_empty()).collect());
        }
        if !parts.is_empty() {
            return Work::Write(vec![parts]);
        }
        if is_wanted {
            return Work::Wanted;
        }
        if u32::try_from(leaves.len()) != Ok(FAN_OUT) {
            return Work::Nothing;
        }
        let postings: Vec<Posting> = leaves.into_iter().flat_map(|leaf| leaf.postings).collect();
        write(merge(self.known.app(), id, &postings))
    }

    /// What is to be done for 4096 chains, if all of their nodes are there.
    fn wide(&mut self, id: NodeId, narrow: impl Iterator<Item = NodeId> + Clone) -> Work {
        let mut n_postings: usize = 0;
        for id in narrow.clone() {
            match self.known.node(id) {
                Found::There(Node::Merged { postings, .. }) => {
                    n_postings = n_postings.saturating_add(usize::try_from(postings).unwrap_or(usize::MAX));
                }
                Found::There(Node::Split) | Found::Nothing => return Work::Nothing,
                Found::Wanted => return Work::Wanted,
            }
        }
        if !is_mergeable(n_postings) {
            return write(split(self.known.app(), id));
        }
        let mut postings = Vec::with_capacity(n_postings);
        let mut is_wanted = false;
        for of in narrow {
            match self.all_of(of, &mut postings) {
                Found::There(()) => {}
                Found::Wanted => is_wanted = true,
                // Somebody has damaged it; it is as good as too long.
                Found::Nothing => return write(split(self.known.app(), id)),
            }
        }
        if is_wanted { Work::Wanted } else { write(merge(self.known.app(), id, &postings)) }
    }

    /// Adds all postings of a node.
    fn all_of(&mut self, id: NodeId, postings: &mut Vec<Posting>) -> Found<()> {
        let n_pages = match self.known.directory(id, List::All) {
            Found::Wanted => return Found::Wanted,
            Found::Nothing => return Found::Nothing,
            Found::There(starts) => u32::try_from(starts.len()).unwrap_or(u32::MAX),
        };
        let mut found = Found::There(());
        for page in 0..n_pages {
            match self.known.page(id, (List::All, page)) {
                Found::Wanted => found = Found::Wanted,
                Found::Nothing => return Found::Nothing,
                Found::There(page) => postings.extend(page.iter().map(|(_, posting)| *posting)),
            }
        }
        found
    }

    /// `None` if more is to be read.
    fn state(&mut self, chain: ChainId) -> Option<State> {
        let (now, app) = (self.now, self.known.app().clone());
        // Read to its end first: then it is known whether it is damaged.
        self.known.chain_at(chain, now)?;
        if self.known.damaged().contains(&chain) {
            return Some(State::Damaged);
        }
        let segments = self.known.chain(chain)?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Some(State::Unbegun);
        };
        let has_ended = last.continuation == Continuation::Ends || is_over(last.at, now);
        let opened_at = first.opened_at;
        Some(match has_ended {
            true => State::Ended(Leaf::of(chain, segments)),
            false => State::Open { opened_at, part: part::put(&app, chain, &segments) },
        })
    }

    /// What the records of a chain add up to, which has just been read.
    fn sum(&mut self, chain: ChainId) -> Option<Put> {
        let segments = self.known.chain(chain)?;
        let totals = Totals::of_chain(segments.iter().map(|segment| &segment.totals));
        sum::put(self.known.app(), TotalOf::Chain(chain), &totals)
    }

    /// Those that have ended, and those that nobody can begin any more: chains are claimed in order, so a chain that was
    /// opened long enough ago shows that the claims before it are older.
    fn ended(&self, leaves: &[Leaf], states: Vec<(ChainId, State)>) -> Vec<Leaf> {
        let of_leaves = leaves.iter().map(|leaf| (leaf.head, leaf.opened_at));
        let of_leaves = of_leaves
            .filter(|(head, _)| head.segments > 0)
            .map(|(head, opened_at)| (head.chain.serial, opened_at));
        let of_states = states.iter().filter_map(|(chain, state)| match state {
            State::Ended(leaf) => Some((chain.serial, leaf.opened_at)),
            State::Open { opened_at, part: _ } => Some((chain.serial, *opened_at)),
            State::Damaged | State::Unbegun => None,
        });
        let old = of_leaves.chain(of_states).filter(|(_, opened_at)| is_over(*opened_at, self.now));
        let last_old = old.map(|(serial, _)| serial).max().unwrap_or(0);
        let is_day_over = is_over(self.known.day().end(), self.now);
        let ended = states.into_iter().filter_map(|(chain, state)| match state {
            State::Ended(leaf) => Some(leaf),
            State::Damaged | State::Open { .. } => None,
            State::Unbegun => {
                (is_day_over || chain.serial < last_old).then(|| Leaf::of(chain, std::iter::empty()))
            }
        });
        ended.collect()
    }
}

/// The lists first, so that nobody finds a node before all of it is there.
fn write(Merged { lists, node }: Merged) -> Work {
    let batches = [lists, vec![node]].into_iter().filter(|batch| !batch.is_empty());
    Work::Write(batches.collect())
}
