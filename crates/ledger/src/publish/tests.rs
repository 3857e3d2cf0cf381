//! Checkpoints that follow each other see everything, whoever makes them and wherever one dies.

use super::*;
use crate::chain::testing::*;
use crate::{ChainLimits, Item, Line, SegmentId, Upkeep, UpkeepStep, Verdict, Verifier, Writer};

const MINUTE: u64 = 60_000;

/// A store, and a writer of each chain that is open.
#[derive(Default)]
struct Ledger {
    store: Store,
    writers: Vec<Writer>,
    published: Vec<Checkpoint>,
    n: u64,
}

impl Ledger {
    /// Writes a record to a new chain, which may go on.
    fn open(&mut self, now: u64) {
        self.writers.push(Writer::new(author(ChainLimits::default())));
        self.write(self.writers.len() - 1, now);
    }

    fn write(&mut self, writer: usize, now: u64) {
        self.n += 1;
        let record = intent(self.n, now, Verdict::Allow);
        let item = Item {
            recording: recording(1),
            principal: Some(tag(1)),
            connection: Some(tag(2)),
            record: &record,
            fresh: fresh(self.n),
        };
        self.writers[writer].push(item).unwrap();
        self.store.serve_all(&mut self.writers[writer], now);
    }

    /// Runs until it is done, or until `steps` are.
    fn publish(&mut self, now: u64, steps: usize) -> Option<Checkpoint> {
        let keys = (signing(), trusted());
        let mut publish = Publish::new(app(), keys, UnixMillis(now), MINUTE);
        for _ in 0..steps {
            match publish.step() {
                PublishStep::Claim(key) => publish.counted(u64::from(self.store.claim(&key))),
                PublishStep::Count(key) => {
                    publish.counted(u64::from(self.store.counters.get(key.as_str()).copied().unwrap_or(0)));
                }
                PublishStep::Done(done) => {
                    self.published.extend(done.clone());
                    return done;
                }
                PublishStep::Get(keys) => {
                    assert!(!keys.is_empty());
                    keys.iter().for_each(|key| publish.got(key, self.store.get(key)));
                }
                PublishStep::Set(put) => {
                    self.store.put(&[put]);
                    publish.written();
                }
            }
        }
        None
    }

    fn checkpoint(&mut self, now: u64) -> Option<Checkpoint> {
        self.publish(now, 1_000)
    }

    fn upkeep(&mut self, now: u64) {
        let day = Day::of(UnixMillis(now));
        let count = self.store.count(day).into();
        let mut upkeep = Upkeep::new(app(), day, count, UnixMillis(now));
        loop {
            match upkeep.step() {
                UpkeepStep::Done => return,
                UpkeepStep::Get(keys) => keys.iter().for_each(|key| upkeep.got(key, self.store.get(key))),
                UpkeepStep::Set(puts) => {
                    self.store.put(&puts);
                    upkeep.written();
                }
            }
        }
    }

    /// What is wrong, as somebody finds who has all that was published.
    fn problems(&self, days: &[Day]) -> Vec<String> {
        let mut lines = vec![Line::Ledger(app())];
        for serial in 1.. {
            if serial > self.store.counters.get(Key::checkpoints(&app()).as_str()).copied().unwrap_or(0) {
                break;
            }
            let value = self.store.get(&Key::checkpoint(&app(), serial.into()));
            lines.extend(value.map(|value| Line::Checkpoint(value.to_vec())));
        }
        for day in days {
            lines.push(Line::Day { day: *day, chains: self.store.count(*day) });
            for serial in 1..=self.store.count(*day) {
                let chain = ChainId { day: *day, serial };
                let segments = (0..).zip(self.store.chain(chain));
                lines.extend(
                    segments.map(|(n, value)| Line::Segment {
                        id: SegmentId { chain, n },
                        value: value.to_vec(),
                    }),
                );
            }
        }
        lines.push(Line::End { lines: lines.len() as u64 + 1 });
        let mut verifier = Verifier::new(trusted(), self.published.clone());
        lines.iter().for_each(|line| verifier.line(&line.to_json()));
        verifier.finish().findings.into_iter().map(|finding| finding.problem.to_string()).collect()
    }
}

fn today() -> Day {
    Day::of(UnixMillis(NOON))
}

fn segment(serial: u32, n: u32) -> String {
    Key::segment(&app(), SegmentId { chain: ChainId { day: today(), serial }, n }).as_str().to_owned()
}

#[test]
fn what_grows_after_a_checkpoint_is_in_the_next_one_and_nothing_new_is_no_checkpoint() {
    let mut ledger = Ledger::default();
    ledger.open(NOON);
    ledger.open(NOON);
    let first = ledger.checkpoint(NOON + 1).unwrap();
    assert_eq!((first.serial(), first.previous()), (1, ContentHash::NOTHING));
    assert_eq!(first.days().last(), Some(&(today(), 2)));
    ledger.write(0, NOON + 2);
    assert_eq!(ledger.checkpoint(NOON + 3), None, "the last one is younger than a minute");
    let second = ledger.checkpoint(NOON + 1 + MINUTE).unwrap();
    assert_eq!((second.serial(), second.previous()), (2, first.hash()));
    assert_eq!(ledger.checkpoint(NOON + 3 * MINUTE), None, "nothing is new");
    assert_eq!(ledger.problems(&[today()]), [""; 0]);

    // Each end that was cut off is known to be missing.
    let whole = ledger.store.clone();
    ledger.store.values.remove(&segment(1, 1));
    assert_eq!(
        ledger.problems(&[today()]),
        [format!("{}/1 ends after 1 segments, but checkpoint 2 has seen 2", today())]
    );
    ledger.store = whole;
    ledger.store.values.remove(&segment(2, 0));
    assert_eq!(ledger.problems(&[today()]), [format!("{}/2 is missing: checkpoint 2 has seen it", today())]);
}

#[test]
fn a_chain_that_may_still_begin_is_not_passed_over() {
    let mut ledger = Ledger::default();
    ledger.store.claim(&Key::chains(&app(), today()));
    ledger.open(NOON);
    // Chain 1 is claimed and not begun.
    let first = ledger.checkpoint(NOON).unwrap();
    assert_eq!(first.days().last(), Some(&(today(), 0)));
    let mut late = Writer::new(author(ChainLimits::default()));
    let record = intent(900, NOON, Verdict::Allow);
    let item = Item {
        recording: recording(1),
        principal: None,
        connection: None,
        record: &record,
        fresh: fresh(900),
    };
    late.push(item).unwrap();
    assert!(matches!(late.step(UnixMillis(NOON)), crate::Next::Claim { .. }));
    late.begin(ChainId { day: today(), serial: 1 }, UnixMillis(NOON));
    ledger.store.serve_all(&mut late, NOON + 1);
    let second = ledger.checkpoint(NOON + 2 * MINUTE).unwrap();
    assert_eq!(second.days().last(), Some(&(today(), 2)));
    ledger.store.values.remove(&segment(1, 0));
    assert_eq!(ledger.problems(&[today()]), [format!("{}/1 is missing: checkpoint 2 has seen it", today())]);
}

#[test]
fn what_has_ended_is_looked_at_once_more_and_then_no_longer() {
    let mut ledger = Ledger::default();
    (0..5).for_each(|_| ledger.open(NOON));
    assert!(ledger.checkpoint(NOON).is_some());
    let later = NOON + 10 * MINUTE;
    ledger.upkeep(later);
    ledger.open(later);
    assert!(ledger.checkpoint(later).is_some());
    let stored = ledger.store.get(&Key::checkpoint(&app(), 2)).unwrap();
    let stored = StoredCheckpoint::decode(stored).unwrap();
    assert_eq!(
        stored.heads().unwrap().len(),
        1,
        "only the new chain: the others have ended as they were seen"
    );
    assert_eq!(ledger.problems(&[today()]), [""; 0]);
}

#[test]
fn one_that_dies_leaves_nothing_wrong_and_two_at_once_agree() {
    for steps in 0..12 {
        let mut ledger = Ledger::default();
        ledger.open(NOON);
        ledger.publish(NOON, steps);
        ledger.published.clear();
        ledger.write(0, NOON + 5);
        ledger.checkpoint(NOON + 2 * MINUTE).unwrap();
        // Another one that had begun at the same time.
        let counter = ledger.store.counters.clone();
        ledger.write(0, NOON + 10);
        ledger.checkpoint(NOON + 4 * MINUTE).unwrap();
        assert!(
            ledger.store.counters[Key::checkpoints(&app()).as_str()]
                > counter[Key::checkpoints(&app()).as_str()]
        );
        assert_eq!(ledger.problems(&[today()]), [""; 0], "after {steps} steps");
    }
}

#[test]
fn a_forged_checkpoint_is_passed_over_and_the_next_day_follows() {
    let mut ledger = Ledger::default();
    ledger.open(NOON);
    let first = ledger.checkpoint(NOON).unwrap();
    let serial = ledger.store.claim(&Key::checkpoints(&app()));
    let key = Key::checkpoint(&app(), serial.into());
    ledger.store.put(&[Put { key: key.clone(), value: vec![1; 300] }]);
    let tomorrow = NOON + 24 * 60 * MINUTE;
    ledger.upkeep(NOON + 10 * MINUTE);
    ledger.open(tomorrow);
    let next = ledger.checkpoint(tomorrow).unwrap();
    assert_eq!((next.serial(), next.previous()), (3, first.hash()));
    let day = Day::of(UnixMillis(tomorrow));
    assert_eq!(next.days(), [(day, 1)], "the first day is over, and all of it was seen");
    ledger.store.values.remove(key.as_str());
    assert_eq!(ledger.problems(&[today(), day]), [""; 0]);
}
