//! Instances that write, die and race with those who derive indexes and publish checkpoints, on a store that fails.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{
    AppName, Author, ChainId, ChainLimits, Checkpoint, Day, Excerpt, Fate, Item, Key, Next, Problem, Publish,
    PublishStep, Put, Record, RecordId, RecordingId, Refusal, Stage, Tag, Ticket, UnixMillis, Upkeep,
    UpkeepStep, Writer,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::export::{Copy, signing, trusted, wrapping};
use super::{Faulty, Lost, Luck, NOON, Store};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
const N_INSTANCES: usize = 3;
const N_MAINTAINERS: usize = 2;

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// An instance dies, and another one takes its place.
    Die { instance: usize },
    /// What was late arrives.
    Land { n: usize },
    /// Somebody derives indexes, for so many steps; another time they go on.
    Maintain { maintainer: usize, steps: usize },
    /// Somebody publishes a checkpoint, or dies after so many steps.
    Publish { steps: usize },
    /// An instance has a record to write.
    Push { instance: usize, recording: u8, n_bytes: usize },
    /// Time passes.
    Wait { millis: u64 },
    /// An instance asks the store for one thing, and the answer takes a while.
    Work { instance: usize, millis: u64 },
}

/// What happens, and how lucky the operations of the store are.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    events: Vec<Event>,
    luck: Vec<Luck>,
    /// By how much clocks are ahead or behind.
    skew: u64,
}

/// Scripts for a store on which this may go wrong.
pub(crate) fn script(wrong: &'static [Luck], skew: u64) -> impl Strategy<Value = Script> {
    let instance = 0..N_INSTANCES;
    let n_bytes = prop_oneof![20 => 0_usize..200, 1 => 100_000_usize..300_000];
    let millis = prop_oneof![6 => 0_u64..50, 1 => 0_u64..150_000];
    let work = (instance.clone(), millis).prop_map(|(instance, millis)| Event::Work { instance, millis });
    let push = (instance.clone(), 0_u8..4, n_bytes).prop_map(|(instance, recording, n_bytes)| Event::Push {
        instance,
        recording,
        n_bytes,
    });
    let event = prop_oneof![
        8 => work,
        6 => push,
        1 => instance.prop_map(|instance| Event::Die { instance }),
        1 => (1_usize..4).prop_map(|n| Event::Land { n }),
        2 => (0..N_MAINTAINERS, 1_usize..12)
            .prop_map(|(maintainer, steps)| Event::Maintain { maintainer, steps }),
        1 => (1_usize..12).prop_map(|steps| Event::Publish { steps }),
        2 => (0_u64..200_000).prop_map(|millis| Event::Wait { millis }),
    ];
    let luck = prop_oneof![4 => Just(Luck::Good), 1 => proptest::sample::select(wrong)];
    (vec(event, 0..80), vec(luck, 0..200)).prop_map(move |(events, luck)| Script { events, luck, skew })
}

/// Whatever happens: what was acknowledged is in an export that verifies, once, and in the list; nobody else wrote to an
/// instance's chain; and every checkpoint that was published is met.
pub(crate) fn survives(store: &impl Store, app: &AppName, script: &Script) {
    let store = Faulty::new(store, script.luck.iter().copied());
    let mut ledger = Ledger::new(&store, app, script.skew);
    script.events.iter().for_each(|event| ledger.happen(*event));
    store.mend();
    while store.land() {}
    ledger.settle();
    ledger.check();
}

/// A ledger and all who are at it.
pub(crate) struct Ledger<'s, S> {
    store: &'s Faulty<'s, S>,
    app: AppName,
    now: u64,
    instances: Vec<Instance>,
    maintainers: Vec<Option<Upkeep>>,
    n_pushed: u64,
    /// What was pushed, by the ids of the records.
    pushed: BTreeMap<RecordId, (Record, RecordingId)>,
    /// What was said to be there.
    durable: BTreeSet<RecordId>,
    /// The chains that were claimed and begun.
    begun: BTreeSet<ChainId>,
    published: Vec<Checkpoint>,
}

struct Instance {
    writer: Writer,
    /// How far its clock is ahead of that of the one that is the furthest behind.
    skew: u64,
    waiting: Vec<(Ticket, RecordId)>,
}

pub(crate) fn author(app: &AppName, segments: u32) -> Author {
    let limits = ChainLimits { segments, ..ChainLimits::default() };
    Author { app: app.clone(), signing: signing(), wrapping: wrapping(), limits }
}

/// A record that differs from all others with another number.
pub(crate) fn record(n: u64, at: UnixMillis, n_bytes: usize) -> Record {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    Record::Refusal(Refusal {
        id: RecordId::new(at, random),
        at,
        stage: Stage::Parse,
        kind: "protocol".to_owned(),
        explanation: Excerpt::whole("x".repeat(n_bytes)),
        principal: None,
        connection: None,
        method: None,
        name: None,
        arguments: None,
        labels: BTreeSet::new(),
        decision: None,
        approval: None,
        trace: None,
        client_address: None,
        request_bytes: 0,
    })
}

/// The record with what it is found by.
pub(crate) fn item(record: &Record, recording: RecordingId, n: u64) -> Item<'_> {
    let mut fresh = [0; 32];
    fresh[..8].copy_from_slice(&n.to_be_bytes());
    fresh[8..24].copy_from_slice(recording.as_bytes());
    Item {
        recording,
        principal: Some(Tag::new(*recording.as_bytes())),
        connection: Some(Tag::new([9; 16])),
        record,
        fresh,
    }
}

pub(crate) fn set_all(store: &impl Store, puts: &[Put]) -> Result<(), Lost> {
    // All are on their way before the first is answered.
    let done: Vec<_> = puts.iter().map(|put| store.set(put.key.as_str(), &put.value)).collect();
    done.into_iter().collect()
}

/// Claims a chain, as `pipeline::journal` does; `None` if another one may have it.
pub(crate) fn claim(
    store: &impl Store,
    app: &AppName,
    (counter, day): (&Key, Day),
) -> Result<Option<ChainId>, Lost> {
    let serial = store.increment(counter.as_str(), 1)?.try_into().unwrap();
    let chain = ChainId { day, serial };
    let claim = Key::chain_claim(app, chain);
    store.increment(claim.as_str(), 0)?;
    Ok((store.increment(claim.as_str(), 1)? == 1).then_some(chain))
}

impl<'s, S: Store> Ledger<'s, S> {
    pub(crate) fn new(store: &'s Faulty<'s, S>, app: &AppName, skew: u64) -> Self {
        let instances = (0..N_INSTANCES as u64).map(|n| Instance {
            writer: Writer::new(author(app, 6)),
            skew: n * skew / 2,
            waiting: Vec::new(),
        });
        let mut ledger = Self {
            store,
            app: app.clone(),
            now: 0,
            instances: instances.collect(),
            maintainers: (0..N_MAINTAINERS).map(|_| None).collect(),
            n_pushed: 0,
            pushed: BTreeMap::new(),
            durable: BTreeSet::new(),
            begun: BTreeSet::new(),
            published: Vec::new(),
        };
        ledger.pass(NOON);
        ledger
    }

    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Die { instance } => {
                let instance = &mut self.instances[instance];
                instance.writer = Writer::new(author(&self.app, 6));
                instance.waiting.clear();
            }
            Event::Land { n } => _ = (0..n).take_while(|_| self.store.land()).count(),
            Event::Maintain { maintainer, steps } => {
                let upkeep = self.maintainers[maintainer].take();
                self.maintainers[maintainer] = self.maintain(upkeep, steps).unwrap_or(None);
            }
            // Who dies over it tells nobody.
            Event::Publish { steps } => _ = self.publish(steps),
            Event::Push { instance, recording, n_bytes } => self.push(instance, recording, n_bytes),
            Event::Wait { millis } => self.pass(millis),
            Event::Work { instance, millis } => _ = self.work(instance, millis),
        }
    }

    fn pass(&mut self, millis: u64) {
        self.now += millis;
        self.store.pass_to(self.now);
    }

    fn day(&self) -> Day {
        Day::of(UnixMillis(NOON))
    }

    fn push(&mut self, instance: usize, recording: u8, n_bytes: usize) {
        self.n_pushed += 1;
        let instance = &mut self.instances[instance];
        let at = UnixMillis(self.now + instance.skew);
        let record = record(self.n_pushed, at, n_bytes);
        let recording = RecordingId::new([recording + 1; 16]);
        let ticket = instance.writer.push(item(&record, recording, self.n_pushed)).unwrap();
        instance.waiting.push((ticket, record.id()));
        self.pushed.insert(record.id(), (record, recording));
    }

    /// One step of an instance. Whether there was anything to do.
    fn work(&mut self, n: usize, millis: u64) -> bool {
        let instance = &mut self.instances[n];
        let now = self.now + instance.skew;
        let step = instance.writer.step(UnixMillis(now));
        match step {
            Next::Idle | Next::InFlight => return false,
            Next::Claim { counter, day } => {
                if let Ok(Some(chain)) = claim(self.store, &self.app, (&counter, day)) {
                    assert!(self.begun.insert(chain), "{chain} was claimed twice");
                    instance.writer.begin(chain, UnixMillis(now));
                }
            }
            Next::Write(write) => {
                let id = write.id;
                let done = set_all(self.store, &write.puts);
                self.pass(millis);
                let instance = &mut self.instances[n];
                match done {
                    Ok(()) => instance.writer.acknowledged(id, UnixMillis(now + millis)),
                    Err(Lost) => instance.writer.failed(id),
                }
            }
        }
        self.learn(n);
        true
    }

    /// What became of the records of an instance.
    fn learn(&mut self, n: usize) {
        let Instance { writer, waiting, .. } = &mut self.instances[n];
        waiting.retain(|(ticket, id)| {
            let fate = writer.fate(*ticket);
            if fate == Fate::Durable {
                self.durable.insert(*id);
            }
            fate == Fate::Pending
        });
    }

    /// Goes on deriving indexes, or begins. What is left to do is for the next time.
    fn maintain(&self, upkeep: Option<Upkeep>, steps: usize) -> Result<Option<Upkeep>, Lost> {
        let mut upkeep = match upkeep {
            Some(upkeep) => upkeep,
            None => {
                let chains = self.store.increment(Key::chains(&self.app, self.day()).as_str(), 0)?;
                Upkeep::new(self.app.clone(), self.day(), chains, UnixMillis(self.now))
            }
        };
        for _ in 0..steps {
            match upkeep.step() {
                UpkeepStep::Done => return Ok(None),
                UpkeepStep::Get(keys) => {
                    for key in keys {
                        upkeep.got(&key, self.store.get(key.as_str())?.as_deref());
                    }
                }
                UpkeepStep::Set(puts) => {
                    set_all(self.store, &puts)?;
                    upkeep.written();
                }
            }
        }
        Ok(Some(upkeep))
    }

    fn publish(&mut self, steps: usize) -> Result<(), Lost> {
        let (app, keys) = (self.app.clone(), (signing(), trusted()));
        let mut publish = Publish::new(app, keys, UnixMillis(self.now), MINUTE);
        for _ in 0..steps {
            match publish.step() {
                PublishStep::Claim(key) => publish.counted(self.store.increment(key.as_str(), 1)?),
                PublishStep::Count(key) => publish.counted(self.store.increment(key.as_str(), 0)?),
                PublishStep::Done(done) => {
                    self.published.extend(done);
                    return Ok(());
                }
                PublishStep::Get(keys) => {
                    for key in keys {
                        publish.got(&key, self.store.get(key.as_str())?.as_deref());
                    }
                }
                PublishStep::Set(put) => {
                    set_all(self.store, &[put])?;
                    publish.written();
                }
            }
        }
        Err(Lost)
    }

    /// Everybody comes to an end, on a store that works.
    pub(crate) fn settle(&mut self) {
        for n in 0..self.instances.len() {
            while self.work(n, 1) {}
            self.learn(n);
            // What has waited for longer than a lease is given up in the next step, so nothing waits now.
            assert!(self.instances[n].waiting.is_empty(), "instance {n} has not come to an end");
        }
        // Those who have begun in the middle of it end, and then somebody comes long after.
        for n in 0..N_MAINTAINERS {
            let upkeep = self.maintainers[n].take();
            assert!(self.maintain(upkeep, 10_000).unwrap().is_none());
        }
        self.pass(DAY);
        assert!(self.maintain(None, 10_000).unwrap().is_none());
        // Longer than reads are behind.
        self.pass(MINUTE);
        self.publish(10_000).unwrap();
        self.pass(MINUTE);
    }

    /// Everybody has come to an end.
    pub(crate) fn check(&self) {
        let copy = Copy::of(self.store, &self.app, self.day());
        let report = copy.verify(&self.published);
        assert!(report.is_clean(), "{:#?}", report.findings);
        let last = self.published.iter().map(Checkpoint::serial).max();
        assert_eq!(report.vouched.map(|vouched| vouched.serial), last);
        assert!(self.durable.is_empty() || last.is_some());
        self.check_records(&copy);
        let listed = copy.listed(self.store);
        for (chain, record) in copy.records().iter().filter(|(_, record)| self.durable.contains(&record.id()))
        {
            let (_, recording) = self.pushed[&record.id()];
            assert!(listed.contains(&(recording, *chain)), "{} is on record and not listed", record.id());
        }
    }

    /// In the middle of it: chains may be claimed that nobody has begun yet.
    pub(crate) fn check_now(&self, store: &impl Store) {
        let copy = Copy::of(store, &self.app, self.day());
        for finding in copy.verify(&self.published).findings {
            let is_unbegun = matches!(finding.problem, Problem::MissingChain { checkpoint: None, .. });
            assert!(is_unbegun, "{:?}", finding.problem);
        }
        self.check_records(&copy);
    }

    pub(crate) fn n_durable(&self) -> usize {
        self.durable.len()
    }

    /// What was acknowledged is there, nothing is there twice, and nothing that nobody has written.
    fn check_records(&self, copy: &Copy) {
        let records = copy.records();
        let found: BTreeSet<RecordId> = records.iter().map(|(_, record)| record.id()).collect();
        assert_eq!(found.len(), records.len(), "a record is there twice");
        for (_, record) in &records {
            assert_eq!(self.pushed.get(&record.id()).map(|(pushed, _)| pushed), Some(record));
        }
        let lost: Vec<_> = self.durable.difference(&found).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}
