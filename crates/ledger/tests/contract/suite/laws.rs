//! The laws that any store has to let the ledger keep.

use std::collections::BTreeSet;

use portcullis_ledger::{
    AppName, Day, Fate, Next, RecordId, RecordingId, UnixMillis, Upkeep, UpkeepStep, Writer,
};

use super::export::Copy;
use super::ledger::{Event, Ledger, author, claim, item, record, set_all};
use super::{Faulty, Lost, Luck, NOON, Store};

/// How many chains there are to be indexed: more than the 64 of a node.
const N_CHAINS: u32 = 70;

/// The longest value of the gateway.
const LONGEST: usize = 256 * 1024;

pub(crate) fn values_are_as_they_were_set(store: &impl Store, app: &AppName) {
    let key = format!("pc1:{}:{}", app.as_str(), "k".repeat(240 - app.as_str().len()));
    assert_eq!(store.get(&key), Ok(None));
    let all_bytes: Vec<u8> = (0..=255).collect();
    for value in [&all_bytes[..], b"", &all_bytes, &vec![0xa5; LONGEST], b"last", b"last"] {
        assert_eq!(store.set(&key, value), Ok(()));
        assert_eq!(store.get(&key).unwrap().as_deref(), Some(value));
    }
    assert_eq!(store.get(&format!("{key}2")), Ok(None));
}

/// Whoever raises a counter from 0 to 1 has won it; who got no answer has not.
pub(crate) fn a_claim_is_won_by_one_at_most(store: &(impl Store + Sync), app: &AppName) {
    let key = format!("pc1:{}:claim", app.as_str());
    let claim = || {
        store.increment(&key, 0).ok()?;
        store.increment(&key, 1).ok()
    };
    let counters: Vec<u64> = std::thread::scope(|scope| {
        let claims: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..4).map(|_| claim()).collect::<Vec<_>>())).collect();
        claims.into_iter().flat_map(|claims| claims.join().unwrap()).flatten().collect()
    });
    let distinct: BTreeSet<u64> = counters.iter().copied().collect();
    assert_eq!(distinct.len(), counters.len(), "two have got the same: {counters:?}");
    assert!(counters.iter().all(|counter| (1..=32).contains(counter)));
    let last = store.increment(&key, 0).unwrap();
    assert!(distinct.last().is_none_or(|highest| *highest <= last));
}

/// Four instances write at the same time, each as fast as the store lets it.
pub(crate) fn instances_at_once_leave_one_ledger(store: &(impl Store + Sync), app: &AppName) {
    let day = Day::of(UnixMillis(NOON));
    let write = |instance: u64| {
        let mut writer = Writer::new(author(app, 5));
        let mut written = Vec::new();
        for n in 0..12 {
            let record = record(instance * 100 + n, UnixMillis(NOON + n), 50);
            let recording = RecordingId::new([u8::try_from(instance).unwrap(); 16]);
            let ticket = writer.push(item(&record, recording, n)).unwrap();
            while writer.fate(ticket) == Fate::Pending {
                step(&mut writer, (store, app), NOON + n).unwrap();
            }
            assert_eq!(writer.fate(ticket), Fate::Durable);
            written.push(record.id());
        }
        written
    };
    let written: Vec<RecordId> = std::thread::scope(|scope| {
        let write = &write;
        let instances: Vec<_> = (0..4).map(|n| scope.spawn(move || write(n))).collect();
        instances.into_iter().flat_map(|instance| instance.join().unwrap()).collect()
    });
    let copy = Copy::of(store, app, day);
    let report = copy.verify(&[]);
    assert!(report.is_clean(), "{:#?}", report.findings);
    let mut found: Vec<RecordId> = copy.records().iter().map(|(_, record)| record.id()).collect();
    found.sort_unstable();
    let mut written = written;
    written.sort_unstable();
    assert_eq!(found, written);
}

/// Does what a writer wants done; it has a chain of its own.
pub(crate) fn step(writer: &mut Writer, (store, app): (&impl Store, &AppName), now: u64) -> Result<(), Lost> {
    match writer.step(UnixMillis(now)) {
        Next::Idle | Next::InFlight => {}
        Next::Claim { counter, day } => {
            if let Some(chain) = claim(store, app, (&counter, day))? {
                writer.begin(chain, UnixMillis(now));
            }
        }
        Next::Write(write) => {
            let id = write.id;
            set_all(store, &write.puts)?;
            writer.acknowledged(id, UnixMillis(now));
        }
    }
    Ok(())
}

/// Everybody is cut off from the store after one operation, after two, and so on, `every` so many; what became of the
/// last one differs. What others find then verifies, and has all that was acknowledged.
pub(crate) fn a_crash_between_any_two_operations_leaves_a_ledger_that_verifies(
    store: &impl Store,
    apps: &mut impl FnMut() -> AppName,
    every: usize,
) {
    let push = |instance, recording| Event::Push { instance, recording, n_bytes: 20 };
    let work = |instance| Event::Work { instance, millis: 1 };
    let publish = Event::Publish { steps: 100 };
    let begin = [push(0, 0), push(0, 1), work(0), work(0), push(1, 0), work(1), work(1), publish];
    let later = [Event::Wait { millis: 300_000 }, Event::Maintain { maintainer: 0, steps: 100 }];
    let again = [push(0, 2), work(0), work(0), push(0, 2), work(0), publish];
    // What is late arrives before others come, or after all is over.
    for (last, is_over) in [(Luck::Good, false), (Luck::Lies, false), (Luck::Late, false), (Luck::Late, true)]
    {
        for after in (0..).step_by(every) {
            let app = apps();
            let faulty = Faulty::cut_off(store, after, last);
            let mut ledger = Ledger::new(&faulty, &app, 0);
            for event in begin.iter().chain(&later).chain(&again) {
                ledger.happen(*event);
            }
            let is_whole = faulty.n_operations() <= after;
            ledger.check_now(store);
            if !is_over {
                while faulty.land() {}
                ledger.check_now(store);
            }
            faulty.mend();
            ledger.settle();
            ledger.check();
            if is_over {
                while faulty.land() {}
                ledger.check_now(store);
                ledger.settle();
                ledger.check();
            }
            if is_whole {
                assert!(ledger.n_durable() == 5 && after > 20, "{after} operations");
                break;
            }
        }
    }
}

/// One after the other dies deriving the index of more chains than a node has; then two do it at once.
pub(crate) fn an_index_of_many_chains_is_whole_whoever_derives_it(store: &impl Store, app: &AppName) {
    let day = Day::of(UnixMillis(NOON));
    let mut writer = Writer::new(author(app, 1));
    for n in 0..N_CHAINS {
        let at = NOON + u64::from(n);
        let recording = RecordingId::new([u8::try_from(n).unwrap(); 16]);
        let record = record(n.into(), UnixMillis(at), 20);
        let ticket = writer.push(item(&record, recording, n.into())).unwrap();
        while writer.fate(ticket) == Fate::Pending {
            step(&mut writer, (store, app), at).unwrap();
        }
    }
    let evening = NOON + 8 * 60 * 60_000;
    store.pass_to(evening);
    let upkeep = || Upkeep::new(app.clone(), day, N_CHAINS.into(), UnixMillis(evening));
    let mut n_died = 0;
    for (after, last) in (20..).step_by(60).zip([Luck::Lies, Luck::Late, Luck::Good].into_iter().cycle()) {
        let faulty = Faulty::cut_off(store, after, last);
        let mut upkeep = upkeep();
        let derived =
            std::iter::repeat_with(|| advance(&mut upkeep, &faulty)).find(|step| *step != Ok(false));
        while faulty.land() {}
        check_listed(store, app);
        if derived == Some(Ok(true)) {
            break;
        }
        n_died += 1;
    }
    assert!(n_died > 2, "{n_died}");
    // What is missing of an index is derived again, by two who do not know of each other.
    for serial in [66, 69] {
        store.set(&format!("pc1:{}:l2:leaf:{day}:{serial}", app.as_str()), b"damaged").unwrap();
    }
    let mut both = [upkeep(), upkeep()];
    while both.each_mut().map(|upkeep| advance(upkeep, store).unwrap()) != [true, true] {}
    check_listed(store, app);
}

/// One step of upkeep; whether it is done.
pub(crate) fn advance(upkeep: &mut Upkeep, store: &impl Store) -> Result<bool, Lost> {
    match upkeep.step() {
        UpkeepStep::Done => return Ok(true),
        UpkeepStep::Get(keys) => {
            for key in keys {
                upkeep.got(&key, store.get(key.as_str())?.as_deref());
            }
        }
        UpkeepStep::Set(puts) => {
            set_all(store, &puts)?;
            upkeep.written();
        }
    }
    Ok(false)
}

fn check_listed(store: &impl Store, app: &AppName) {
    let day = Day::of(UnixMillis(NOON));
    let listed = Copy::of(store, app, day).listed(store);
    let serials: BTreeSet<u32> = listed.iter().map(|(_, chain)| chain.serial).collect();
    assert_eq!((listed.len(), serials), (70, (1..=N_CHAINS).collect()));
}
