//! Derives the totals of a day, after everything else that can be derived of it.
//!
//! A state machine without a store, as [`Upkeep`] is, which it begins with. A chain's total is written before its leaf;
//! of a leaf without one, which an earlier release has left, it is made from the segments. From 64 totals
//! comes the next, and of a day that is over one of all its chains: then nothing of the day is read any more.

use super::known::{Found, Known};
use super::leaf::Leaf;
use super::node::{Level, NodeId};
use super::total::{TotalOf, Totals};
use super::upkeep::{Upkeep, UpkeepStep};
use super::{FAN_OUT, WIDE};
use crate::chain::{ChainId, Put, is_over};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};

/// How much is asked for at once, about. The first chains are read to their end before many others are begun, so that
/// something is derived however early this is stopped.
const ROUND: usize = 256;

/// Derives what can be derived of one day, totals included. See the [module](self).
#[derive(Debug)]
pub struct SumUp {
    known: Known,
    chains: u32,
    is_day_over: bool,
    upkeep: Upkeep,
    stage: Stage,
    /// Which 4096 chains are looked at.
    wide: u32,
    /// All before these; `None` if one of them is not derived.
    sum: Option<Totals>,
    /// What is to be written.
    batch: Vec<Put>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Perhaps all is done, and has been for long.
    Looking,
    /// Leaves and nodes are derived.
    Indexing,
    /// Totals are.
    Summing,
    Done,
}

/// What there is to do for some chains.
enum Work {
    /// Nothing: this is their total, if it can be derived now.
    Summed(Option<Totals>),
    Wanted,
    Write(Vec<Put>),
}

impl SumUp {
    /// Looks at a day of which `chains` were claimed by now.
    #[must_use]
    pub fn new(app: AppName, day: Day, chains: u64, now: UnixMillis) -> Self {
        Self {
            known: Known::new(app.clone(), day),
            chains: u32::try_from(chains).unwrap_or(u32::MAX),
            is_day_over: is_over(day.end(), now),
            upkeep: Upkeep::new(app, day, chains, now),
            stage: Stage::Looking,
            wide: 0,
            sum: Some(Totals::default()),
            batch: Vec::new(),
        }
    }

    /// What to do next. The steps are those of an [`Upkeep`].
    pub fn step(&mut self) -> UpkeepStep {
        loop {
            if !self.batch.is_empty() {
                return UpkeepStep::Set(self.batch.clone());
            }
            self.known.begin_round();
            match self.stage {
                Stage::Done => return UpkeepStep::Done,
                Stage::Looking => match self.look() {
                    Some(next) => self.stage = next,
                    None => return UpkeepStep::Get(self.known.wanted()),
                },
                Stage::Indexing => match self.upkeep.step() {
                    UpkeepStep::Done => self.stage = Stage::Summing,
                    step @ (UpkeepStep::Get(_) | UpkeepStep::Set(_)) => return step,
                },
                Stage::Summing => match self.wide() {
                    Work::Wanted => return UpkeepStep::Get(self.known.wanted()),
                    Work::Write(batch) => self.batch = batch,
                    Work::Summed(total) => self.leave(total),
                },
            }
        }
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        match self.stage {
            Stage::Indexing => self.upkeep.got(key, value),
            Stage::Done | Stage::Looking | Stage::Summing => self.known.learn(key, value),
        }
    }

    /// All of the last [`UpkeepStep::Set`] is written.
    pub fn written(&mut self) {
        if self.batch.is_empty() {
            return self.upkeep.written();
        }
        for Put { key, value } in std::mem::take(&mut self.batch) {
            self.known.learn(&key, Some(&value));
        }
    }

    /// Whether the day has its total; `None` if that is to be read.
    fn look(&mut self) -> Option<Stage> {
        if self.chains == 0 {
            return Some(Stage::Done);
        }
        if !self.is_day_over {
            return Some(Stage::Indexing);
        }
        match self.known.total(self.of_day()) {
            Found::Wanted => None,
            Found::There(_) => Some(Stage::Done),
            Found::Nothing => Some(Stage::Indexing),
        }
    }

    const fn of_day(&self) -> TotalOf {
        TotalOf::Day { day: self.known.day(), chains: self.chains }
    }

    /// Goes on behind these 4096 chains. Behind the last, the day's total is written if it is over and all is there.
    fn leave(&mut self, total: Option<Totals>) {
        self.sum = self.sum.take().zip(total).map(|(mut sum, total)| {
            sum.join(&total);
            sum
        });
        self.known.forget();
        self.wide = self.wide.saturating_add(1);
        if self.wide < self.chains.div_ceil(WIDE) {
            return;
        }
        self.stage = Stage::Done;
        if let Some(sum) = self.sum.take().filter(|_| self.is_day_over) {
            self.batch = put(self.known.app(), self.of_day(), &sum).into_iter().collect();
        }
    }

    fn wide(&mut self) -> Work {
        let wide = NodeId { day: self.known.day(), level: Level::Wide, n: self.wide };
        let (first, last) = wide.serials();
        if let Some(found) = self.stored(wide) {
            return found;
        }
        let narrow = (first / FAN_OUT)..last.min(self.chains).div_ceil(FAN_OUT);
        let (mut sum, mut is_wanted) = (Some(Totals::default()), false);
        for n in narrow {
            match self.narrow(NodeId { level: Level::Narrow, n, ..wide }) {
                Work::Summed(total) => add(&mut sum, total),
                Work::Wanted => is_wanted = true,
                Work::Write(batch) => return Work::Write(batch),
            }
            if self.known.n_wanted() >= ROUND {
                return Work::Wanted;
            }
        }
        if is_wanted { Work::Wanted } else { self.derived(wide, sum) }
    }

    /// What is to be done for 64 chains.
    fn narrow(&mut self, id: NodeId) -> Work {
        if let Some(found) = self.stored(id) {
            return found;
        }
        let (first, last) = id.serials();
        let (mut sum, mut is_wanted, mut batch) = (Some(Totals::default()), false, Vec::new());
        for serial in first..=last.min(self.chains) {
            match self.chain(ChainId { day: id.day, serial }) {
                Work::Summed(total) => add(&mut sum, total),
                Work::Wanted => is_wanted = true,
                Work::Write(puts) => batch.extend(puts),
            }
            if self.known.n_wanted() >= ROUND {
                break;
            }
        }
        match (batch.is_empty(), is_wanted) {
            (false, _) => Work::Write(batch),
            (true, true) => Work::Wanted,
            (true, false) => self.derived(id, sum),
        }
    }

    fn chain(&mut self, chain: ChainId) -> Work {
        let of = TotalOf::Chain(chain);
        match self.known.total(of) {
            Found::Wanted => return Work::Wanted,
            Found::There(totals) => return Work::Summed(Some(totals.clone())),
            Found::Nothing => {}
        }
        // Without a leaf it may still grow, or be damaged.
        let head = match self.known.leaf(chain) {
            Found::Wanted => return Work::Wanted,
            Found::Nothing => return Work::Summed(None),
            Found::There(leaf) => leaf.head,
        };
        let Some(segments) = self.known.chain(chain) else { return Work::Wanted };
        // What was there when the leaf was derived and is not now was removed: nothing is derived of it.
        if Leaf::of(chain, segments.iter().copied()).head != head {
            return Work::Summed(None);
        }
        let totals = Totals::of_chain(segments.into_iter().map(|segment| &segment.totals));
        match put(self.known.app(), of, &totals) {
            Some(put) => Work::Write(vec![put]),
            None => Work::Summed(Some(totals)),
        }
    }

    /// The total of a node, if it is there or to be read; `None` if there is none.
    fn stored(&mut self, id: NodeId) -> Option<Work> {
        if id.serials().1 > self.chains {
            return None;
        }
        match self.known.total(TotalOf::Node(id)) {
            Found::Wanted => Some(Work::Wanted),
            Found::There(totals) => Some(Work::Summed(Some(totals.clone()))),
            Found::Nothing => None,
        }
    }

    /// What is to be done with the sum of all that a node is of.
    fn derived(&self, id: NodeId, sum: Option<Totals>) -> Work {
        let full = sum.as_ref().filter(|_| id.serials().1 <= self.chains);
        match full.and_then(|sum| put(self.known.app(), TotalOf::Node(id), sum)) {
            Some(put) => Work::Write(vec![put]),
            None => Work::Summed(sum),
        }
    }
}

/// What is to be written for a total, if one value holds it.
pub(super) fn put(app: &AppName, of: TotalOf, totals: &Totals) -> Option<Put> {
    Some(Put { key: of.key(app), value: totals.encode(of)? })
}

fn add(sum: &mut Option<Totals>, total: Option<Totals>) {
    match (sum.as_mut(), total) {
        (Some(sum), Some(total)) => sum.join(&total),
        (None, _) | (_, None) => *sum = None,
    }
}
