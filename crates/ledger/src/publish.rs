//! Makes the next checkpoint, if one is due.
//!
//! A state machine without a store. It keeps nothing: what the checkpoint before says is where it goes on, so anybody may
//! run it at any time, also several at once, and one that dies leaves at most a serial without a checkpoint.
//!
//! A checkpoint has the heads that have changed since the one before, and those of chains that may still grow: these are
//! where the next one looks again, besides at what was claimed meanwhile. It counts the chains of a day only up to the first
//! that may still begin, so that this one is not passed over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::chain::{ChainId, Put, is_over};
use crate::checkpoint::{Checkpoint, CheckpointDraft, Head, StoredCheckpoint};
use crate::day::Day;
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::index::{Heads, HeadsStep};
use crate::key::{AppName, Key};
use crate::sign::{SigningKey, TrustedKeys};

/// How many chains one checkpoint looks at. What is left comes in the next one.
const MAX_CHAINS: usize = 1_024;
/// How many days before this one the first checkpoint looks at.
const FIRST_DAYS: u32 = 7;
/// How many days one checkpoint looks at.
const MAX_DAYS: usize = 31;
/// How many serials without a checkpoint are passed over to find the latest one.
const MAX_BACK: u64 = 16;

/// What is needed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishStep {
    /// Raise this counter by 1, and tell [`Publish::counted`] what it then is.
    Claim(Key),
    /// Read this counter by adding 0, and tell [`Publish::counted`].
    Count(Key),
    /// Nothing. A checkpoint is there to be published, unless none was due.
    Done(Option<Checkpoint>),
    /// Read these values, in any order or all at once, and tell [`Publish::got`] each.
    Get(Vec<Key>),
    /// Write this value, and when it is acknowledged call [`Publish::written`].
    Set(Put),
}

/// The making of one checkpoint. See the [module](self).
#[derive(Debug)]
pub struct Publish {
    app: AppName,
    signing: SigningKey,
    trusted: TrustedKeys,
    now: UnixMillis,
    interval_millis: u64,
    state: State,
    /// What the checkpoint before says.
    hash: ContentHash,
    stated: BTreeMap<Day, u32>,
    known: BTreeMap<ChainId, Head>,
    /// The days to be looked at, with the number of their chains.
    days: Vec<(Day, u32)>,
}

#[derive(Debug)]
enum State {
    /// How many serials were claimed is not known.
    Serials,
    /// The latest checkpoints are looked for.
    Previous(BTreeMap<Key, Option<Vec<u8>>>, Vec<Key>),
    /// These days are to be counted.
    Count(VecDeque<Day>),
    /// The heads are looked for; which chain each value is of that is read for that.
    Heads(BTreeMap<ChainId, Heads>, BTreeMap<Key, ChainId>),
    /// A serial is to be found.
    Serial(CheckpointDraft),
    /// That of the draft is to be claimed, from 0 on once it is known to be there.
    Claim {
        draft: CheckpointDraft,
        is_there: bool,
    },
    /// It is to be written.
    Write(StoredCheckpoint),
    Done(Option<Checkpoint>),
}

impl Publish {
    /// Makes a checkpoint if the latest one is at least `interval_millis` old and there is something new to say.
    #[must_use]
    pub fn new(
        app: AppName,
        (signing, trusted): (SigningKey, TrustedKeys),
        now: UnixMillis,
        interval_millis: u64,
    ) -> Self {
        Self {
            app,
            signing,
            trusted,
            now,
            interval_millis,
            state: State::Serials,
            hash: ContentHash::NOTHING,
            stated: BTreeMap::new(),
            known: BTreeMap::new(),
            days: Vec::new(),
        }
    }

    /// What to do next.
    pub fn step(&mut self) -> PublishStep {
        loop {
            let next = match &mut self.state {
                State::Serials => return PublishStep::Count(Key::checkpoints(&self.app)),
                State::Previous(values, keys) => {
                    let missing: Vec<Key> =
                        keys.iter().filter(|key| !values.contains_key(*key)).cloned().collect();
                    if !missing.is_empty() {
                        return PublishStep::Get(missing);
                    }
                    let values: Vec<Vec<u8>> =
                        keys.iter().filter_map(|key| values.get(key)?.clone()).collect();
                    self.follow(&values)
                }
                State::Count(days) => match days.front() {
                    Some(day) => return PublishStep::Count(Key::chains(&self.app, *day)),
                    None => State::Heads(self.candidates(), BTreeMap::new()),
                },
                State::Heads(chains, wanted) => {
                    let keys = chains.iter_mut().flat_map(|(chain, heads)| needed(heads, *chain));
                    *wanted = keys.collect();
                    if !wanted.is_empty() {
                        return PublishStep::Get(wanted.keys().cloned().collect());
                    }
                    let found: BTreeMap<ChainId, (Option<Head>, bool)> =
                        chains.iter_mut().map(|(chain, heads)| (*chain, found(heads))).collect();
                    self.draft(&found)
                }
                State::Serial(_) => return PublishStep::Claim(Key::checkpoints(&self.app)),
                State::Claim { draft, is_there } => {
                    let claim = Key::checkpoint_claim(&self.app, draft.serial);
                    return if *is_there { PublishStep::Claim(claim) } else { PublishStep::Count(claim) };
                }
                State::Write(stored) => {
                    let serial = stored.checkpoint().serial();
                    let key = Key::checkpoint(&self.app, serial);
                    return PublishStep::Set(Put { key, value: stored.encode() });
                }
                State::Done(done) => return PublishStep::Done(done.clone()),
            };
            self.state = next;
        }
    }

    /// Tells what the counter is.
    pub fn counted(&mut self, count: u64) {
        let next = match &mut self.state {
            State::Serials => {
                let serials = (1..=count).rev().take(usize::try_from(MAX_BACK).unwrap_or(usize::MAX));
                let keys = serials.map(|serial| Key::checkpoint(&self.app, serial)).collect();
                State::Previous(BTreeMap::new(), keys)
            }
            State::Count(days) => {
                let counted = days.pop_front().map(|day| (day, u32::try_from(count).unwrap_or(u32::MAX)));
                self.days.extend(counted);
                return;
            }
            State::Serial(draft) => {
                State::Claim { draft: CheckpointDraft { serial: count, ..draft.clone() }, is_there: false }
            }
            State::Claim { draft, is_there: false } => State::Claim { draft: draft.clone(), is_there: true },
            // There are no more days and heads than there may be.
            State::Claim { draft, is_there: true } if count == 1 => {
                let signed = StoredCheckpoint::sign(draft.clone(), &self.signing).ok();
                signed.map_or(State::Done(None), State::Write)
            }
            // Somebody else was told the same serial.
            State::Claim { draft, is_there: true } => State::Serial(draft.clone()),
            State::Done(_) | State::Heads(..) | State::Previous(..) | State::Write(_) => return,
        };
        self.state = next;
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        match &mut self.state {
            State::Previous(values, _) => {
                values.insert(key.clone(), value.map(<[u8]>::to_vec));
            }
            State::Heads(chains, wanted) => {
                if let Some(heads) = wanted.get(key).and_then(|chain| chains.get_mut(chain)) {
                    heads.got(key, value);
                }
            }
            State::Claim { .. }
            | State::Count(_)
            | State::Done(_)
            | State::Serial(_)
            | State::Serials
            | State::Write(_) => {}
        }
    }

    /// The checkpoint is written.
    pub fn written(&mut self) {
        if let State::Write(stored) = &self.state {
            self.state = State::Done(Some(stored.checkpoint().clone()));
        }
    }

    /// Goes on from the latest genuine checkpoint among these, the latest first.
    fn follow(&mut self, values: &[Vec<u8>]) -> State {
        let genuine = values.iter().filter_map(|value| StoredCheckpoint::decode(value).ok()).find(|stored| {
            let checkpoint = stored.checkpoint();
            *checkpoint.app() == self.app
                && checkpoint.verify(&self.trusted).is_ok()
                && stored.heads().is_some()
        });
        let today = Day::of(self.now);
        let first = match &genuine {
            None => Day::new(today.number().saturating_sub(FIRST_DAYS)),
            Some(stored) => {
                let checkpoint = stored.checkpoint();
                if self.now.0 < checkpoint.at().0.saturating_add(self.interval_millis) {
                    return State::Done(None);
                }
                self.hash = checkpoint.hash();
                self.stated = checkpoint.days().iter().copied().collect();
                let heads = stored.heads().unwrap_or_default();
                self.known = heads.iter().map(|head| (head.chain, *head)).collect();
                self.stated.keys().next_back().and_then(|last| last.next())
            }
        };
        let new = std::iter::successors(first, |day| day.next()).take_while(|day| *day <= today);
        let days = self.stated.keys().copied().chain(new);
        State::Count(days.take(MAX_DAYS).collect())
    }

    /// The chains that may have grown, and those that are new.
    fn candidates(&self) -> BTreeMap<ChainId, Heads> {
        let mut candidates = BTreeMap::new();
        for (day, count) in &self.days {
            let stated = self.stated.get(day).copied().unwrap_or(0);
            let old = self.known.keys().filter(|chain| chain.day == *day).map(|chain| chain.serial);
            let serials: BTreeSet<u32> =
                old.chain(stated.saturating_add(1)..=*count).take(MAX_CHAINS).collect();
            for serial in serials {
                if candidates.len() < MAX_CHAINS {
                    let heads = Heads::new(self.app.clone(), *day, serial..=serial);
                    candidates.insert(ChainId { day: *day, serial }, heads);
                }
            }
        }
        candidates
    }

    /// What there is to say.
    fn draft(&self, found: &BTreeMap<ChainId, (Option<Head>, bool)>) -> State {
        let mut days = Vec::new();
        let mut heads = Vec::new();
        let mut is_new = false;
        for (day, count) in &self.days {
            let stated = self.stated.get(day).copied().unwrap_or(0);
            let of_day = |serial| found.get(&ChainId { day: *day, serial });
            // The first that is not known to have begun or to be given up.
            let mut after = (stated.saturating_add(1)..=*count)
                .take(MAX_CHAINS.saturating_add(1))
                .skip_while(|serial| matches!(of_day(*serial), Some((Some(_), _))));
            let counted = after.next().map_or(*count, |serial| serial.saturating_sub(1)).max(stated);
            let before = heads.len();
            let chains = ChainId { day: *day, serial: 0 }..=ChainId { day: *day, serial: u32::MAX };
            for (chain, (head, is_open)) in found.range(chains) {
                let Some(head) = head else { continue };
                let has_changed = self.known.get(chain) != Some(head);
                if has_changed || *is_open {
                    heads.push(*head);
                }
                is_new |= has_changed;
            }
            let is_settled = counted == *count && heads.len() == before && is_over(day.end(), self.now);
            // The last one says where the next checkpoint begins.
            if !is_settled || self.days.last().is_some_and(|(last, _)| last == day) {
                days.push((*day, counted));
            }
        }
        if !is_new {
            return State::Done(None);
        }
        let (app, at, previous) = (self.app.clone(), self.now, self.hash);
        State::Serial(CheckpointDraft { app, serial: 0, at, previous, days, heads })
    }
}

/// What is to be read for a chain.
fn needed(heads: &mut Heads, chain: ChainId) -> impl Iterator<Item = (Key, ChainId)> {
    let keys = match heads.step() {
        HeadsStep::Get(keys) => keys,
        HeadsStep::Found { .. } => Vec::new(),
    };
    keys.into_iter().map(move |key| (key, chain))
}

/// The head of the one chain, and whether it may still change.
fn found(heads: &mut Heads) -> (Option<Head>, bool) {
    match heads.step() {
        HeadsStep::Found { heads: found, open_from } => {
            let head = found.first().copied();
            (head, head.is_none_or(|head| open_from <= head.chain.serial))
        }
        HeadsStep::Get(_) => (None, true),
    }
}

#[cfg(test)]
mod tests;
