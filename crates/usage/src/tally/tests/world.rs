//! Many instances and a store that fails in every way it can, under one random schedule.
//!
//! Every call carries a value of its own, so the digests in a sketch tell exactly which calls a reading has seen, and a
//! call that was counted twice shows as more calls than digests.

use std::collections::BTreeSet;

use portcullis_settings::ClassName;
use proptest::prelude::*;

use super::super::*;
use crate::bucket::Totals;
use crate::key::ValueDigest;
use crate::load::{Get, Peek, Step};
use crate::publish::{Publish, PublishStep};
use crate::stored::Stored;
use crate::time::{READ_WITHIN, SEND_WITHIN, SETTLED_AFTER, SKEW};

pub(super) fn scope(n: u64) -> Scope {
    Scope::of(&portcullis_ledger::DigestKey::new([0; 32]), &n.to_string(), &"billing".parse().unwrap())
}

pub(super) fn class() -> ClassName {
    "pii.email".parse().unwrap()
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) counters: BTreeMap<Key, u64>,
    pub(super) values: BTreeMap<Key, Vec<u8>>,
    pub(super) gets: usize,
    pub(super) failing_reads: bool,
    pub(super) failing_claims: bool,
    /// Writes of shares fail; whether they are there all the same.
    pub(super) arrives_and_fails: Option<bool>,
}

impl Store {
    fn increment(&mut self, key: &Key, by: u64) -> u64 {
        let count = self.counters.entry(key.clone()).or_default();
        *count += by;
        *count
    }

    /// Writes a value. A total may only ever be replaced by itself.
    fn set(&mut self, key: Key, value: Vec<u8>) {
        let is_total =
            |value: &[u8]| matches!(Stored::decode(value), Ok(Stored::Hour(_) | Stored::Minute(_)));
        if let Some(before) = self.values.get(&key).filter(|before| is_total(before)) {
            assert_eq!(before, &value, "the total {key} was changed");
        }
        self.values.insert(key, value);
    }
}

/// An instance whose every question is answered at once.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: u64,
    pub(super) tally: Tally,
    counted: u64,
}

impl Instance {
    pub(super) fn new(id: u64) -> Self {
        Self { id, tally: Tally::new("app".parse().unwrap()), counted: 0 }
    }

    /// Counts a call with a value that no other has. Returns its digest.
    pub(super) fn count(&mut self, scope: Scope, now: UnixMillis) -> u64 {
        self.counted += 1;
        let digest = (self.id << 32 | self.counted).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let amounts = Amounts {
            calls: 1,
            findings: BTreeMap::from([(class(), 1)]),
            values: vec![(class(), ValueDigest(digest))],
            ..Amounts::default()
        };
        self.tally.count(scope, &amounts, now).unwrap();
        digest
    }

    pub(super) fn load(&mut self, store: &mut Store, scope: Scope, now: UnixMillis) {
        self.tally.admit(scope, now).ok();
        if let Some(load) = self.tally.load(scope, now) {
            self.drive_load(store, load, now);
        }
    }

    pub(super) fn drive_load(&mut self, store: &mut Store, mut load: Load, now: UnixMillis) {
        loop {
            match load.step() {
                Step::Done => return self.tally.loaded(load, now),
                Step::Peek(peeks) => peeks.into_iter().for_each(|peek| {
                    let count = store.increment(peek.key(), 0);
                    load.counted(peek, Ok(count));
                }),
                Step::Get(gets) => gets.into_iter().for_each(|get| {
                    store.gets += 1;
                    let value = store.values.get(get.key()).map(Vec::as_slice);
                    load.read(get, if store.failing_reads { Err(StoreFailed) } else { Ok(value) });
                }),
            }
        }
    }

    /// Publishes, if it is time. Returns what was written last.
    pub(super) fn publish(
        &mut self,
        store: &mut Store,
        scope: Scope,
        pace: Pace,
        now: UnixMillis,
    ) -> BTreeMap<Key, Vec<u8>> {
        let publish = self.tally.publish(scope, pace, now);
        publish.map(|publish| self.drive(store, publish, now)).unwrap_or_default()
    }

    pub(super) fn drive(
        &mut self,
        store: &mut Store,
        mut publish: Publish,
        now: UnixMillis,
    ) -> BTreeMap<Key, Vec<u8>> {
        let mut last = BTreeMap::new();
        let outcome = loop {
            match publish.step() {
                PublishStep::Done => break Ok(()),
                PublishStep::Claim(key) => {
                    let number = store.increment(&key, 1);
                    if store.failing_claims {
                        break Err(StoreFailed);
                    }
                    self.tally.claimed(&mut publish, number);
                }
                PublishStep::Write(values) => {
                    last.clone_from(&values);
                    let fails = publish.was_sent().then_some(store.arrives_and_fails).flatten();
                    if fails != Some(false) {
                        values.into_iter().for_each(|(key, value)| store.set(key, value));
                    }
                    if fails.is_some() {
                        break Err(StoreFailed);
                    }
                }
            }
        };
        self.tally.published(&publish, outcome, now);
        last
    }
}

/// SplitMix64: one number decides a whole world.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
}

/// An instance whose questions are answered one by one, with anything in between.
struct Running {
    instance: Instance,
    /// How far its clock is ahead.
    skew: u64,
    load: Option<(Load, Vec<Peek>, Vec<Get>)>,
    publish: Option<Publishing>,
}

struct Publishing {
    publish: Publish,
    since: UnixMillis,
    writes: Vec<(Key, Vec<u8>)>,
    /// The calls in the share that is written.
    sent: BTreeSet<u64>,
}

struct World {
    chance: Chance,
    now: u64,
    store: Store,
    /// Writes that are under way and that nobody waits for any more.
    late: Vec<(u64, Key, Vec<u8>)>,
    running: Vec<Running>,
    born: u64,
    /// When each call was counted, by its digest, and where.
    counted: BTreeMap<u64, (u64, u64)>,
    /// When each call's share was acknowledged.
    acknowledged: BTreeMap<u64, u64>,
    readings: u64,
    /// The most calls that a reading lacked.
    most_missing: usize,
}

fn digests(totals: &Totals) -> BTreeSet<u64> {
    let all = totals.distinct.iter().flat_map(|(_, sketch)| sketch.digests());
    all.collect()
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let now = 1_787_400_000_000 + chance.below(7_200_000);
        Self {
            chance,
            now,
            store: Store::default(),
            late: Vec::new(),
            running: Vec::new(),
            born: 0,
            counted: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            readings: 0,
            most_missing: 0,
        }
    }

    fn spawn(&mut self) {
        self.born += 1;
        let skew = self.chance.below(millis(SKEW) + 1);
        let instance = Instance::new(self.born);
        self.running.push(Running { instance, skew, load: None, publish: None });
    }

    fn pass(&mut self, by: u64) {
        self.now += by;
        self.late.sort_by_key(|(at, ..)| *at);
        while self.late.first().is_some_and(|(at, ..)| *at <= self.now) {
            let (_, key, value) = self.late.remove(0);
            self.store.set(key, value);
        }
    }

    fn clock(&self, n: usize) -> UnixMillis {
        UnixMillis(self.now + self.running[n].skew)
    }

    /// Anything happens.
    fn happen(&mut self) {
        let by = match self.chance.below(1000) {
            0 => self.chance.below(4 * 3_600_000),
            1..=6 => self.chance.below(100_000),
            7..=20 => self.chance.below(4000),
            _ => self.chance.below(30),
        };
        self.pass(by);
        if self.running.len() < 2 || (self.running.len() < 5 && self.chance.percent(2)) {
            self.spawn();
        }
        let n = usize::try_from(self.chance.below(self.running.len() as u64)).unwrap();
        match self.chance.below(1000) {
            0..=3 => drop(self.running.remove(n)),
            4..=140 => self.call(n),
            141..=300 => self.start_load(n),
            301..=600 => self.go_on_loading(n),
            601..=750 => self.start_publish(n),
            751..=950 => (0..=self.chance.below(5)).for_each(|_| self.go_on_publishing(n)),
            _ => self.check(n),
        }
    }

    fn call(&mut self, n: usize) {
        let now = self.clock(n);
        let instance = &mut self.running[n].instance;
        if instance.tally.admit(scope(0), now).is_ok() {
            let digest = instance.count(scope(0), now);
            self.counted.insert(digest, (self.now, instance.id));
        }
    }

    fn start_load(&mut self, n: usize) {
        let now = self.clock(n);
        let running = &mut self.running[n];
        // Now and then the request that was reading goes away.
        if running.load.is_none() || self.chance.percent(5) {
            _ = running.instance.tally.admit(scope(0), now);
            let load = running.instance.tally.load(scope(0), now);
            running.load = load.map(|load| (load, Vec::new(), Vec::new()));
        }
    }

    /// Answers a few questions of a load.
    fn go_on_loading(&mut self, n: usize) {
        let now = self.clock(n);
        for _ in 0..=self.chance.below(200) {
            let Some((mut load, mut peeks, mut gets)) = self.running[n].load.take() else { return };
            if let Some(peek) = peeks.pop() {
                let count = self.store.increment(peek.key(), 0);
                load.counted(peek, Ok(count));
            } else if let Some(get) = gets.pop() {
                let fails = self.chance.below(2000) == 0;
                let value = self.store.values.get(get.key()).map(Vec::as_slice);
                load.read(get, if fails { Err(StoreFailed) } else { Ok(value) });
            } else {
                match load.step() {
                    Step::Done => {
                        self.running[n].instance.tally.loaded(load, now);
                        return self.check(n);
                    }
                    Step::Get(more) => gets = more,
                    Step::Peek(more) => peeks = more,
                }
            }
            self.running[n].load = Some((load, peeks, gets));
        }
    }

    fn start_publish(&mut self, n: usize) {
        let now = self.clock(n);
        let pace = if self.chance.percent(50) { Pace::Now } else { Pace::Interval };
        let running = &mut self.running[n];
        // Now and then the request that was publishing goes away.
        if running.publish.is_none() || self.chance.percent(2) {
            let publish = running.instance.tally.publish(scope(0), pace, now);
            let under_way =
                |publish| Publishing { publish, since: now, writes: Vec::new(), sent: BTreeSet::new() };
            running.publish = publish.map(under_way);
        }
    }

    fn go_on_publishing(&mut self, n: usize) {
        let now = self.clock(n);
        let Some(under_way) = self.running[n].publish.take() else { return };
        let Publishing { mut publish, since, mut writes, mut sent } = under_way;
        let tally = &mut self.running[n].instance.tally;
        if now.0 - since.0 > millis(SEND_WITHIN) {
            return tally.published(&publish, Err(StoreFailed), now);
        }
        if let Some((key, value)) = writes.pop() {
            if let Ok(Stored::Share { bucket, .. }) = Stored::decode(&value) {
                sent.extend(bucket.distinct.iter().flat_map(|(_, sketch)| sketch.digests()));
            }
            match self.chance.below(100) {
                0..=4 => return tally.published(&publish, Err(StoreFailed), now),
                5..=9 => {
                    // As late as it may be at all; the clocks of instances run at one speed.
                    let latest = since.0 + millis(SETTLED_AFTER) - now.0;
                    let at = self.now + self.chance.below(latest);
                    self.late.push((at, key, value));
                    if self.chance.percent(80) {
                        tally.published(&publish, Err(StoreFailed), now);
                    }
                    return;
                }
                10..=12 => {
                    self.store.set(key, value);
                    return tally.published(&publish, Err(StoreFailed), now);
                }
                _ => self.store.set(key, value),
            }
        } else {
            match publish.step() {
                PublishStep::Write(values) => writes.extend(values),
                PublishStep::Claim(key) => {
                    let number = self.store.increment(&key, 1);
                    if self.chance.percent(3) {
                        return tally.published(&publish, Err(StoreFailed), now);
                    }
                    tally.claimed(&mut publish, number);
                }
                PublishStep::Done => {
                    for digest in sent {
                        self.acknowledged.entry(digest).or_insert(self.now);
                    }
                    return tally.published(&publish, Ok(()), now);
                }
            }
        }
        self.running[n].publish = Some(Publishing { publish, since, writes, sent });
    }

    /// What an instance knows is right.
    fn check(&mut self, n: usize) {
        let now = self.clock(n);
        let Running { instance, .. } = &self.running[n];
        let Reading::Known(usage) = instance.tally.read(scope(0), now) else { return };
        let id = instance.id;
        self.readings += 1;
        let day = digests(&usage.day);
        assert_eq!(usage.day.calls(), day.len() as u64, "a call counts twice, or not, in the day");
        let hour = digests(&usage.hour);
        assert_eq!(usage.hour.calls(), hour.len() as u64, "a call counts twice, or not, in the hour");
        let (day_ms, hour_ms, minute_ms) = (86_400_000, 3_600_000, 60_000);
        // What was known a moment ago, and the clocks: as old as a reading may be.
        let stale = millis(READ_WITHIN) + millis(SKEW);
        for (digest, (at, by)) in &self.counted {
            let age = self.now - at;
            let is_seen_by_all = self.acknowledged.get(digest).is_some_and(|at| at + stale <= self.now);
            if *by == id || is_seen_by_all {
                assert!(age > day_ms || day.contains(digest), "the day lacks a call");
                assert!(age > hour_ms || hour.contains(digest), "the hour lacks a call");
            }
            // A count may wait for its publication, and then counts for a later minute.
            let waited = self.acknowledged.get(digest).unwrap_or(&self.now).saturating_sub(*at);
            let slack = waited + 2 * minute_ms;
            assert!(age <= day_ms + hour_ms + slack || !day.contains(digest), "the day has an old call");
            assert!(age <= hour_ms + minute_ms + slack || !hour.contains(digest), "the hour has an old call");
        }
        self.most_missing = self.most_missing.max(self.counted.len().saturating_sub(day.len()));
        assert!(usage.minute.calls() <= usage.hour.calls() && usage.hour.calls() <= usage.day.calls());
    }

    /// Lets all that run publish what they have, and compares what is read then, and read from totals.
    fn end(mut self) -> Self {
        for _ in 0..40 {
            self.pass(3000);
            for n in 0..self.running.len() {
                let now = self.clock(n);
                let Running { instance, load, publish, .. } = &mut self.running[n];
                (*load, *publish) = (None, None);
                instance.load(&mut self.store, scope(0), now);
                let publish = instance.tally.publish(scope(0), Pace::Now, now);
                publish.map(|publish| instance.drive(&mut self.store, publish, now));
            }
        }
        let alive: BTreeSet<u64> = self.running.iter().map(|running| running.instance.id).collect();
        let mut seen = Vec::new();
        for wait in [0, 100_000, 4_000_000] {
            self.pass(wait);
            let mut reader = Instance::new(u64::from(u32::MAX));
            let now = UnixMillis(self.now + millis(SKEW));
            reader.load(&mut self.store, scope(0), now);
            let Reading::Known(usage) = reader.tally.read(scope(0), now) else { panic!("unknown") };
            let day = digests(&usage.day);
            assert_eq!(usage.day.calls(), day.len() as u64);
            for (digest, (at, by)) in &self.counted {
                let must = alive.contains(by) || self.acknowledged.contains_key(digest);
                assert!(!must || self.now - at > 86_400_000 || day.contains(digest), "a call is lost");
            }
            seen.push(day);
        }
        let before = &seen[0];
        assert!(seen[2].is_subset(before), "totals have what the shares had not");
        self
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Readings have all of what was acknowledged before they were made, nothing twice, and nothing from nowhere;
    /// totals never change once they are written.
    #[test]
    fn readings_are_right_whatever_fails(seed: u64) {
        let mut world = World::new(seed);
        for _ in 0..1500 {
            world.happen();
        }
        world.end();
    }
}

/// The property above says something: worlds have readings, and they lack what is not published.
#[test]
fn worlds_are_worth_looking_at() {
    let mut worlds = (0..20).map(|seed| {
        let mut world = World::new(seed);
        (0..1500).for_each(|_| world.happen());
        (world.readings, world.most_missing, world.acknowledged.len())
    });
    let all: Vec<_> = worlds.by_ref().collect();
    assert!(all.iter().all(|(readings, _, acknowledged)| *readings > 20 && *acknowledged > 20), "{all:?}");
    assert!(all.iter().any(|(_, missing, _)| *missing > 0), "{all:?}");
}
