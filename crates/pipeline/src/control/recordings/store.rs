//! The store, as readers use it: several values at once, and not more than a request may.

use std::ops::RangeInclusive;

use futures_util::future::try_join_all;
use portcullis_ledger::{
    Day, DayTotals, DayTotalsStep, FoundTotals, Key, Page, Query, QueryStep, SumUp, UnixMillis, Upkeep,
    UpkeepStep,
};

use crate::control::Objection;
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError};
use crate::refusal::Refusal;

/// How many values are read at once.
const AT_ONCE: usize = 64;
/// How many values one request derives indexes from.
const UPKEEP_READS: usize = 4_096;
/// How many values one request reads to find recordings.
const QUERY_READS: usize = 16_384;

/// A value that was read, and where.
pub(super) type Read = (Key, Option<Vec<u8>>);

/// Reads these values, in order.
pub(super) async fn get_all<P: Ports>(ports: &P, keys: Vec<Key>) -> Result<Vec<Read>, StoreError> {
    let mut read = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let values = try_join_all(some.iter().map(|key| ports.get(key.as_str()))).await?;
        read.extend(some.iter().cloned().zip(values));
    }
    Ok(read)
}

/// What a counter is.
pub(super) fn count<P: Ports>(ports: &P, key: &Key) -> Result<u64, StoreError> {
    ports.increment(key.as_str(), 0)
}

/// Derives what is missing of the indexes of these days, the latest first, as far as one request may. Nobody has to wait
/// for it, so it does not matter whether it succeeds.
pub(super) async fn upkeep<P: Ports>(x: &Exchange<P>, days: &RangeInclusive<Day>) {
    let mut left = UPKEEP_READS;
    let all = std::iter::successors(Some(*days.end()), |day| day.previous());
    for day in all.take_while(|day| day >= days.start()) {
        if let Err(error) = of_day(x, day, &mut left).await {
            return x.ports.log(&format!("the index of {day} is not derived: {error}"));
        }
    }
}

async fn of_day<P: Ports>(x: &Exchange<P>, day: Day, left: &mut usize) -> Result<(), StoreError> {
    let (app, ports) = (x.gateway.app(), &*x.ports);
    let chains = count(ports, &Key::chains(app, day))?;
    derive(x, &mut Upkeep::new(app.clone(), day, chains, UnixMillis(x.now)), left).await
}

/// Derives what is missing of these days, their totals too, the latest first. As [`upkeep`], nobody has to wait for it.
pub(super) async fn sum_up<P: Ports>(x: &Exchange<P>, days: &RangeInclusive<Day>) {
    let mut left = UPKEEP_READS;
    let all = std::iter::successors(Some(*days.end()), |day| day.previous());
    for day in all.take_while(|day| day >= days.start()) {
        if let Err(error) = sum_of_day(x, day, &mut left).await {
            return x.ports.log(&format!("the totals of {day} are not derived: {error}"));
        }
    }
}

async fn sum_of_day<P: Ports>(x: &Exchange<P>, day: Day, left: &mut usize) -> Result<(), StoreError> {
    let (app, ports) = (x.gateway.app(), &*x.ports);
    let is_past = day < Day::of(UnixMillis(x.now));
    if is_past && ports.get(Key::tombstone(app, day).as_str()).await?.is_some() {
        // What is derived of what was deleted would be wrong.
        return Ok(());
    }
    let chains = count(ports, &Key::chains(app, day))?;
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
                for (key, value) in get_all(ports, keys).await? {
                    upkeep.got(&key, value.as_deref());
                }
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
                for (key, value) in get_all(&*x.ports, keys).await? {
                    query.got(&key, value.as_deref());
                }
            }
        }
    }
}
