//! What it costs to tell what the records of a day add up to: a line for a day of 100,000 records and one of a million.
//!
//! ```text
//! 1000000 records in 3907 chains, 40 of them open: 1320 values in 9 rounds, 98 ms; derived before that: 1370 values, 120 ms
//! ```
//!
//! The store is a map in memory, so what is measured is how much is read, and the processor time for it. A chain is what an
//! instance writes that serves 128 calls, 16 at a time: 256 records in 32 segments. All but the last have ended, and their
//! totals were derived while they came, as scrapes do.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints what it measures, or fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use portcullis_ledger::{
    AppName, Author, ChainId, ChainLimits, Day, DayTotals, DayTotalsStep, Excerpt, FoundTotals, Item, Key,
    Next, Record, RecordId, RecordingId, Refusal, SigningKey, Stage, SumUp, Tag, UnixMillis, UpkeepStep,
    WrappingKeys, Writer,
};

const NOON: u64 = 1_787_486_400_000;
const SEGMENTS: u32 = 32;
const RECORDS_OF_SEGMENT: u32 = 8;
const RECORDS_OF_CHAIN: u32 = SEGMENTS * RECORDS_OF_SEGMENT;
/// How many of the last chains have not ended.
const OPEN: u32 = 40;
/// After how many chains somebody derives what can be.
const BETWEEN: u32 = 64;

type Store = BTreeMap<Key, Vec<u8>>;

fn main() {
    for n_records in [100_000, 1_000_000] {
        measure(n_records);
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn measure(n_records: u32) {
    let n_chains = n_records.div_ceil(RECORDS_OF_CHAIN);
    let (mut store, mut segments) = (Store::new(), Vec::new());
    let mut derived = (0, Duration::ZERO);
    let now = UnixMillis(NOON + 60_000);
    for serial in 1..=n_chains {
        let limits = match serial <= n_chains - OPEN {
            true => ChainLimits { segments: SEGMENTS, ..ChainLimits::default() },
            false => ChainLimits::default(),
        };
        let n_records = RECORDS_OF_CHAIN.min(n_records - (serial - 1) * RECORDS_OF_CHAIN);
        let written = chain(serial, limits, n_records);
        if serial <= n_chains - OPEN {
            segments.extend(written.keys().cloned());
        }
        store.extend(written);
        if serial % BETWEEN == 0 || serial == n_chains {
            let start = Instant::now();
            derived = (sum_up(&mut store, u64::from(serial), now), start.elapsed());
            // What was counted is not looked at any more.
            segments.drain(..).for_each(|key| drop(store.remove(&key)));
        }
    }
    // As the next one finds it.
    let again = Instant::now();
    derived = (sum_up(&mut store, u64::from(n_chains), now), again.elapsed().min(derived.1));
    let start = Instant::now();
    let (found, n_values, n_rounds) = read(&store, u64::from(n_chains), now);
    let elapsed = start.elapsed();
    let counted: u64 = found.totals.by_connection.values().map(|total| total.records).sum();
    assert_eq!(counted, u64::from(n_records));
    println!(
        "{n_records} records in {n_chains} chains, {OPEN} of them open: {n_values} values in {n_rounds} rounds, {} ms; \
         derived before that: {} values, {} ms",
        elapsed.as_millis(),
        derived.0,
        derived.1.as_millis()
    );
}

/// What an instance writes.
fn chain(serial: u32, limits: ChainLimits, n_records: u32) -> Store {
    let key = "2026-08".parse().unwrap();
    let author = Author {
        app: app(),
        signing: SigningKey::from_seed(key, [3; 32]),
        wrapping: WrappingKeys::new(&[4; 32], &[]),
        limits,
    };
    let (mut writer, mut store) = (Writer::new(author), Store::new());
    let at = UnixMillis(NOON);
    for n in 0..n_records {
        let number = (serial - 1) * RECORDS_OF_CHAIN + n;
        let spread = |part: u32, of: u32| {
            let hash =
                portcullis_ledger::ContentHash::of(&[part, number % of].map(u32::to_be_bytes).concat());
            *hash.as_bytes().first_chunk::<16>().unwrap()
        };
        let item = Item {
            recording: RecordingId::new(spread(1, 50_000)),
            principal: Some(Tag::new(spread(2, 3_000))),
            connection: Some(Tag::new(spread(3, 10))),
            record: &refusal(number, at),
            fresh: [8; 32],
        };
        writer.push(item).unwrap();
        if (n + 1) % RECORDS_OF_SEGMENT != 0 && n + 1 != n_records {
            continue;
        }
        if store.is_empty() {
            assert!(matches!(writer.step(at), Next::Claim { .. }));
            writer.begin(ChainId { day: Day::of(at), serial }, at);
        }
        let Next::Write(write) = writer.step(at) else { return store };
        let id = write.id;
        store.extend(write.puts.iter().map(|put| (put.key.clone(), put.value.clone())));
        writer.acknowledged(id, at);
    }
    store
}

fn refusal(n: u32, at: UnixMillis) -> Record {
    let mut random = [0; 10];
    random.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
    Record::Refusal(Refusal {
        id: RecordId::new(at, random),
        at,
        stage: Stage::Parse,
        kind: "protocol".to_owned(),
        explanation: Excerpt::whole("why"),
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

/// Derives what can be; how many values are read for it.
fn sum_up(store: &mut Store, n_chains: u64, now: UnixMillis) -> usize {
    let mut sum_up = SumUp::new(app(), Day::of(now), n_chains, now);
    let mut n_values = 0;
    loop {
        match sum_up.step() {
            UpkeepStep::Done => return n_values,
            UpkeepStep::Get(keys) => {
                n_values += keys.len();
                keys.iter().for_each(|key| sum_up.got(key, store.get(key).map(Vec::as_slice)));
            }
            UpkeepStep::Set(puts) => {
                store.extend(puts.into_iter().map(|put| (put.key, put.value)));
                sum_up.written();
            }
        }
    }
}

/// What there is, and in how many reads and rounds of reads.
fn read(store: &Store, n_chains: u64, now: UnixMillis) -> (FoundTotals, usize, usize) {
    let mut totals = DayTotals::new(app(), Day::of(now), n_chains, now);
    let (mut n_values, mut n_rounds) = (0, 0);
    loop {
        match totals.step() {
            DayTotalsStep::Found(found) => return (found, n_values, n_rounds),
            DayTotalsStep::Get(keys) => {
                (n_values, n_rounds) = (n_values + keys.len(), n_rounds + 1);
                keys.iter().for_each(|key| totals.got(key, store.get(key).map(Vec::as_slice)));
            }
        }
    }
}

fn app() -> AppName {
    "portcullis".parse().unwrap()
}
