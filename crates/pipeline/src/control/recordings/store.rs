//! The store, as readers use it: several values at once, and not more than a request may.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures_util::future::try_join_all;
use portcullis_ledger::{
    Day, DayTotals, DayTotalsStep, FoundTotals, Key, Page, Query, QueryStep, SumUp, Tombstone, UnixMillis,
    Upkeep, UpkeepStep,
};

use crate::checkpoints;
use crate::control::Objection;
use crate::exchange::Exchange;
use crate::ports::{AT_ONCE, Ports, StoreError, count, get_all, get_each};
use crate::refusal::Refusal;

/// How many values one request derives indexes from.
const UPKEEP_READS: usize = 4_096;
/// How old the last checkpoint is before another one follows when somebody reads.
const CHECKPOINT_MILLIS: u64 = 60_000;
/// How many values one request reads to find recordings.
const QUERY_READS: usize = 16_384;

/// What was pruned of some days.
pub(super) type Pruned = BTreeMap<Day, Tombstone>;

/// The tombstones of these days that somebody trusted has signed. Any other counts as none, and the operator is told.
pub(super) async fn pruned<P: Ports>(
    x: &Exchange<P>,
    days: &RangeInclusive<Day>,
) -> Result<Pruned, StoreError> {
    let app = x.gateway.app();
    let all =
        std::iter::successors(Some(*days.start()), |day| day.next()).take_while(|day| day <= days.end());
    let mut pruned = Pruned::new();
    let days: Vec<Day> = all.collect();
    let keys = days.iter().map(|day| Key::tombstone(app, *day)).collect();
    for (day, (_, value)) in days.into_iter().zip(get_all(&*x.ports, keys).await?) {
        let Some(value) = value else { continue };
        match genuine(x, day, &value) {
            Some(tombstone) => _ = pruned.insert(day, tombstone),
            None => x.ports.log(&format!("the tombstone of {day} is not genuine: somebody has changed it")),
        }
    }
    Ok(pruned)
}

/// A tombstone, if it is one of this day.
pub(super) fn genuine<P: Ports>(x: &Exchange<P>, day: Day, value: &[u8]) -> Option<Tombstone> {
    let tombstone = Tombstone::decode(value).ok()?;
    let is_ours = tombstone.app() == x.gateway.app() && tombstone.day() == day;
    (is_ours && tombstone.verify(&x.gateway.ledger_keys().trusted).is_ok()).then_some(tombstone)
}

/// Makes a checkpoint if one is due. Whoever asked for something else need not know how that went.
pub(super) async fn publish<P: Ports>(x: &Exchange<P>) {
    if let Err(error) = checkpoints::publish(&x.gateway, &*x.ports, CHECKPOINT_MILLIS).await {
        x.ports.log(&format!("no checkpoint was made: {error}"));
    }
}

/// Derives what is missing of the indexes of these days, the latest first, as far as one request may; nothing of what was
/// pruned. Nobody has to wait for it, so it does not matter whether it succeeds.
pub(super) async fn upkeep<P: Ports>(x: &Exchange<P>, days: &RangeInclusive<Day>, pruned: &Pruned) {
    let mut left = UPKEEP_READS;
    let all = std::iter::successors(Some(*days.end()), |day| day.previous());
    for day in all.take_while(|day| day >= days.start()).filter(|day| !pruned.contains_key(day)) {
        if let Err(error) = upkeep_of(x, day, &mut left).await {
            return x.ports.log(&format!("the index of {day} is not derived: {error}"));
        }
    }
}

/// The same for one day, which must not have been pruned, with so many reads; 0 are left if these are not enough.
pub(super) async fn upkeep_of<P: Ports>(
    x: &Exchange<P>,
    day: Day,
    left: &mut usize,
) -> Result<(), StoreError> {
    let app = x.gateway.app();
    let chains = count(&*x.ports, &Key::chains(app, day))?;
    derive(x, &mut Upkeep::new(app.clone(), day, chains, UnixMillis(x.now)), left).await
}

/// Derives what is missing of these days, their totals too, the latest first. As [`upkeep`], nobody has to wait for it.
pub(super) async fn sum_up<P: Ports>(x: &Exchange<P>, days: &RangeInclusive<Day>, pruned: &Pruned) {
    let mut left = UPKEEP_READS;
    let all = std::iter::successors(Some(*days.end()), |day| day.previous());
    for day in all.take_while(|day| day >= days.start()).filter(|day| !pruned.contains_key(day)) {
        if let Err(error) = sum_of_day(x, day, &mut left).await {
            return x.ports.log(&format!("the totals of {day} are not derived: {error}"));
        }
    }
}

async fn sum_of_day<P: Ports>(x: &Exchange<P>, day: Day, left: &mut usize) -> Result<(), StoreError> {
    let app = x.gateway.app();
    let chains = count(&*x.ports, &Key::chains(app, day))?;
    derive(x, &mut SumUp::new(app.clone(), day, chains, UnixMillis(x.now)), left).await
}

/// What derives values from others, step by step.
trait Derives {
    fn step(&mut self) -> UpkeepStep;
    fn got(&mut self, key: &Key, value: Option<&[u8]>);
    fn written(&mut self);
}

impl Derives for Upkeep {
    fn step(&mut self) -> UpkeepStep {
        Self::step(self)
    }

    fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        Self::got(self, key, value);
    }

    fn written(&mut self) {
        Self::written(self);
    }
}

impl Derives for SumUp {
    fn step(&mut self) -> UpkeepStep {
        Self::step(self)
    }

    fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        Self::got(self, key, value);
    }

    fn written(&mut self) {
        Self::written(self);
    }
}

async fn derive<P: Ports>(
    x: &Exchange<P>,
    upkeep: &mut impl Derives,
    left: &mut usize,
) -> Result<(), StoreError> {
    let ports = &*x.ports;
    loop {
        match upkeep.step() {
            UpkeepStep::Done => return Ok(()),
            UpkeepStep::Get(keys) => {
                let Some(rest) = left.checked_sub(keys.len()) else {
                    *left = 0;
                    return Ok(());
                };
                *left = rest;
                get_each(ports, &keys, |key, value| upkeep.got(key, value)).await?;
            }
            UpkeepStep::Set(puts) => {
                for some in puts.chunks(AT_ONCE) {
                    try_join_all(some.iter().map(|put| ports.set(put.key.as_str(), &put.value))).await?;
                }
                upkeep.written();
            }
        }
    }
}

/// How many chains a day has, and what its records add up to.
pub(super) async fn totals<P: Ports>(
    x: &Exchange<P>,
    day: Day,
    left: &mut usize,
) -> Result<(u64, FoundTotals), Refusal> {
    let (app, ports) = (x.gateway.app(), &*x.ports);
    let chains = count(ports, &Key::chains(app, day))?;
    let mut totals = DayTotals::new(app.clone(), day, chains, UnixMillis(x.now));
    loop {
        match totals.step() {
            DayTotalsStep::Found(found) => return Ok((chains, found)),
            DayTotalsStep::Get(keys) => {
                *left = left.checked_sub(keys.len()).ok_or(Objection::NotIndexed)?;
                for (key, value) in get_all(ports, keys).await? {
                    totals.got(&key, value.as_deref());
                }
            }
        }
    }
}

/// The page of a query.
pub(super) async fn page<P: Ports>(x: &Exchange<P>, query: &mut Query) -> Result<Page, Refusal> {
    let mut left = QUERY_READS;
    loop {
        match query.step() {
            QueryStep::Page(page) => return Ok(page),
            QueryStep::Count(key) => query.counted(count(&*x.ports, &key)?),
            QueryStep::Get(keys) => {
                left = left.checked_sub(keys.len()).ok_or(Objection::NotIndexed)?;
                get_each(&*x.ports, &keys, |key, value| query.got(key, value)).await?;
            }
        }
    }
}
