//! Finds recordings in a range of days, the latest first, page by page.
//!
//! A state machine without a store: [`Query::step`] says what to read, until it has a page. Of what has been merged, a
//! query reads the directory and about one page of each node that has something of that time; of the rest, chain by
//! chain. It is right whatever has been derived so far, and by whom.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::known::{Found, Known};
use super::leaf::Leaf;
use super::list::{List, Slot};
use super::node::{Level, Node, NodeId};
use super::posting::{Cursor, Place, Posting};
use super::{FAN_OUT, WIDE};
use crate::chain::ChainId;
use crate::day::Day;
use crate::id::UnixMillis;
use crate::intent::Verdict;
use crate::key::{AppName, Key};
use crate::recording::{RecordingId, Tag};
use crate::tombstone::Tombstone;

/// The most postings of one page.
pub const MAX_PAGE: usize = 100;

/// Which postings are asked for: those that fit all that is given. The first that is given decides which list is read, and
/// the others are looked at one by one, so that a rare combination may need several pages of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this recording.
    pub recording: Option<RecordingId>,
    /// Of this principal.
    pub principal: Option<Tag>,
    /// On this connection.
    pub connection: Option<Tag>,
    /// With a record to which policy said this.
    pub verdict: Option<Verdict>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The latest first.
    pub postings: Vec<Posting>,
    /// Where the next page begins; `None` if there is none.
    pub next: Option<Cursor>,
}

/// What a query needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryStep {
    /// Read this counter by adding 0, and tell [`Query::counted`].
    Count(Key),
    /// Read these values, in any order or all at once, and tell [`Query::got`] each.
    Get(Vec<Key>),
    /// Nothing: this is the page.
    Page(Page),
}

/// A query for one page. See the [module](self).
#[derive(Debug)]
pub struct Query {
    first: Day,
    filter: Filter,
    size: usize,
    /// The day that is looked at; `None` after the first one.
    day: Option<Day>,
    /// How many chains it has.
    chains: Option<u32>,
    /// What of it can have postings.
    sources: Option<Vec<Source>>,
    /// Nodes whose lists cannot be read.
    broken: BTreeSet<NodeId>,
    after: Option<Place>,
    /// What was pruned.
    tombstones: BTreeMap<Day, Tombstone>,
    known: Known,
    found: Vec<Posting>,
}

#[derive(Debug)]
enum Source {
    /// The postings of a chain that fit the filter, the latest first.
    Chain(Vec<Posting>),
    Node {
        id: NodeId,
        newest: UnixMillis,
    },
}

enum Advance {
    Broken(NodeId),
    DayIsOver,
    Found(Posting),
    Wanted,
}

impl Filter {
    /// Whether a posting fits.
    #[must_use]
    pub fn matches(&self, posting: &Posting) -> bool {
        let Self { recording, principal, connection, verdict } = *self;
        recording.is_none_or(|recording| recording == posting.recording)
            && principal.is_none_or(|principal| Some(principal) == posting.principal)
            && connection.is_none_or(|connection| Some(connection) == posting.connection)
            && verdict.is_none_or(|verdict| posting.verdicts.contains(verdict))
    }
}

impl Query {
    /// Asks for what was recorded in chains that were claimed on these days, after `after` if this is not the first page.
    #[must_use]
    pub fn new(app: AppName, days: &RangeInclusive<Day>, filter: Filter, after: Option<Cursor>) -> Self {
        let last = after.map_or(*days.end(), |cursor| cursor.day.min(*days.end()));
        let after = after.filter(|cursor| cursor.day == last).map(|cursor| cursor.place);
        Self {
            first: *days.start(),
            filter,
            size: MAX_PAGE,
            day: (last >= *days.start()).then_some(last),
            chains: None,
            sources: None,
            broken: BTreeSet::new(),
            after,
            tombstones: BTreeMap::new(),
            known: Known::new(app, last),
            found: Vec::new(),
        }
    }

    /// The same without what was pruned, as these say which somebody trusted has signed: nothing of it is looked for, and
    /// nothing of it is found that is only half gone.
    #[must_use]
    pub fn without(self, pruned: impl IntoIterator<Item = Tombstone>) -> Self {
        let tombstones = pruned.into_iter().map(|one| (one.day(), one)).collect();
        Self { tombstones, ..self }
    }

    /// The same with pages of this many postings, 1 to [`MAX_PAGE`].
    #[must_use]
    pub fn with_size(self, size: usize) -> Self {
        Self { size: size.clamp(1, MAX_PAGE), ..self }
    }

    /// What to do next.
    pub fn step(&mut self) -> QueryStep {
        while let Some(day) = self.day.filter(|_| self.found.len() < self.size) {
            let Some(chains) = self.chains else {
                return QueryStep::Count(Key::chains(self.known.app(), day));
            };
            match self.advance(chains) {
                Advance::Broken(node) => {
                    self.broken.insert(node);
                    self.sources = None;
                }
                Advance::DayIsOver => self.leave_day(day),
                Advance::Found(posting) => {
                    self.after = Some(posting.place());
                    self.found.push(posting);
                }
                Advance::Wanted => return QueryStep::Get(self.known.wanted()),
            }
        }
        let next = self.day.zip(self.after).map(|(day, place)| Cursor { day, place });
        QueryStep::Page(Page { postings: self.found.clone(), next })
    }

    /// Tells what the counter is.
    pub fn counted(&mut self, chains: u64) {
        self.chains = Some(u32::try_from(chains).unwrap_or(u32::MAX));
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        self.known.learn(key, value);
    }

    /// The chains of which not everything could be read so far, so that something may be missing in what was found.
    pub fn damaged(&self) -> impl Iterator<Item = ChainId> {
        self.known.damaged().iter().copied()
    }

    fn leave_day(&mut self, day: Day) {
        self.day = day.previous().filter(|day| *day >= self.first);
        (self.chains, self.sources, self.after) = (None, None, None);
        self.broken.clear();
        self.known.go_to(self.day.unwrap_or(self.first));
    }

    fn advance(&mut self, chains: u32) -> Advance {
        self.known.begin_round();
        let sources = match self.sources.take() {
            Some(sources) => sources,
            None => match self.collect(chains) {
                Some(sources) => sources,
                None => return Advance::Wanted,
            },
        };
        let advance = self.latest_of(&sources);
        self.sources = Some(sources);
        advance
    }

    /// The latest posting after the last one. Nodes come after the chains, the newest first, so that one is read only if
    /// it can have it.
    fn latest_of(&mut self, sources: &[Source]) -> Advance {
        let mut best: Option<Posting> = None;
        for source in sources {
            let found = match source {
                Source::Chain(postings) => first_after(postings, self.after),
                Source::Node { newest, .. }
                    if best.is_some_and(|best| best.place() > Place::latest(*newest)) =>
                {
                    None
                }
                Source::Node { id, .. } => match self.first_of_node(*id) {
                    None => return Advance::Broken(*id),
                    Some(Found::Wanted) => return Advance::Wanted,
                    Some(Found::Nothing) => None,
                    Some(Found::There(posting)) => Some(posting),
                },
            };
            best = best.into_iter().chain(found).max_by_key(Posting::place);
        }
        best.map_or(Advance::DayIsOver, Advance::Found)
    }

    /// What there is of the day; `None` if more is to be read.
    fn collect(&mut self, chains: u32) -> Option<Vec<Source>> {
        let mut sources = Vec::new();
        let mut is_whole = true;
        if let Some(tombstone) = self.tombstones.get(&self.known.day()) {
            let later = tombstone.chains().saturating_add(1)..=chains;
            let serials: Vec<u32> = tombstone.kept().iter().copied().chain(later).collect();
            for serial in serials {
                match self.postings(ChainId { day: self.known.day(), serial }) {
                    Some(postings) => sources.push(Source::Chain(postings)),
                    None => is_whole = false,
                }
            }
            return is_whole.then_some(sources);
        }
        for n in 0..chains.div_ceil(WIDE) {
            let wide = NodeId { day: self.known.day(), level: Level::Wide, n };
            let (first, last) = wide.serials();
            match self.node(wide, chains) {
                Found::There(node) => sources.push(node),
                Found::Wanted => is_whole = false,
                Found::Nothing => {
                    for n in (first / FAN_OUT)..last.min(chains).div_ceil(FAN_OUT) {
                        let narrow = NodeId { level: Level::Narrow, n, ..wide };
                        is_whole &= self.collect_narrow(narrow, chains, &mut sources);
                    }
                }
            }
        }
        sources.sort_by_key(|source| match source {
            Source::Chain(_) => (false, Reverse(UnixMillis(0))),
            Source::Node { newest, .. } => (true, Reverse(*newest)),
        });
        is_whole.then_some(sources)
    }

    /// Adds what there is of 64 chains. Whether that is all of it: else more is to be read.
    fn collect_narrow(&mut self, narrow: NodeId, chains: u32, sources: &mut Vec<Source>) -> bool {
        match self.node(narrow, chains) {
            Found::There(node) => {
                sources.push(node);
                return true;
            }
            Found::Wanted => return false,
            Found::Nothing => {}
        }
        let mut is_whole = true;
        let (first, last) = narrow.serials();
        for serial in first..=last.min(chains) {
            match self.postings(ChainId { day: narrow.day, serial }) {
                Some(postings) => sources.push(Source::Chain(postings)),
                None => is_whole = false,
            }
        }
        is_whole
    }

    /// A node's lists, if it is there and they are.
    fn node(&mut self, id: NodeId, chains: u32) -> Found<Source> {
        if id.serials().1 > chains || self.broken.contains(&id) {
            return Found::Nothing;
        }
        match self.known.node(id) {
            Found::Wanted => Found::Wanted,
            Found::Nothing | Found::There(Node::Split) => Found::Nothing,
            Found::There(Node::Merged { newest, .. }) => Found::There(Source::Node { id, newest }),
        }
    }

    /// What a chain has that fits the filter; `None` if more is to be read.
    fn postings(&mut self, chain: ChainId) -> Option<Vec<Posting>> {
        let filter = self.filter;
        let fitting = |leaf: &Leaf| leaf.postings.iter().filter(|one| filter.matches(one)).copied().collect();
        match self.known.leaf(chain) {
            Found::Wanted => return None,
            Found::There(leaf) => return Some(fitting(leaf)),
            Found::Nothing => {}
        }
        let segments = self.known.chain(chain)?;
        Some(fitting(&Leaf::of(chain, segments)))
    }

    /// The latest posting of a node after the last one; `None` if its lists are damaged.
    fn first_of_node(&mut self, id: NodeId) -> Option<Found<Posting>> {
        let (list, value) = List::narrowest(&self.filter);
        let place = self.after.unwrap_or(Place::latest(UnixMillis(u64::MAX)));
        let after = Slot { value, place: Reverse(place) };
        let (first, n_pages) = match self.known.directory(id, list) {
            Found::Wanted => return Some(Found::Wanted),
            Found::Nothing => return None,
            Found::There(starts) => {
                let first = starts.partition_point(|start| *start <= after).saturating_sub(1);
                (first, starts.partition_point(|start| start.value <= value))
            }
        };
        for page in first..n_pages {
            let page = match self.known.page(id, (list, u32::try_from(page).ok()?)) {
                Found::Wanted => return Some(Found::Wanted),
                Found::Nothing => return None,
                Found::There(page) => page,
            };
            let run = page.iter().filter(|(slot, _)| *slot > after && slot.value == value);
            if let Some((_, posting)) = { run }.find(|(_, posting)| self.filter.matches(posting)) {
                return Some(Found::There(*posting));
            }
        }
        Some(Found::Nothing)
    }
}

/// The latest of sorted postings after a place.
fn first_after(postings: &[Posting], after: Option<Place>) -> Option<Posting> {
    let first = after.map_or(0, |after| postings.partition_point(|posting| posting.place() >= after));
    postings.get(first).copied()
}
