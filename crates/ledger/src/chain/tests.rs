//! Laws of chains: nothing that is reported as durable is lost, doubled or moved, however a store behaves.

use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::*;
use super::*;
use crate::{ContentHash, Key, KeyValue, MAX_VALUE_BYTES, Record, RecordingId, Verdict};

#[derive(Clone, Copy, Debug)]
enum Op {
    Push {
        recording: u8,
        n_bytes: usize,
    },
    Serve(Answer),
    /// Written in time, acknowledged after a while.
    ServeSlowly(u64),
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let answer = prop_oneof![
        4 => Just(Answer::Acknowledged),
        1 => Just(Answer::Half),
        1 => Just(Answer::Landed),
        1 => Just(Answer::Refused),
    ];
    let n_bytes = prop_oneof![6 => 0_usize..200, 1 => 50_000_usize..70_000, 1 => 250_000_usize..300_000];
    prop_oneof![
        5 => (0_u8..4, n_bytes).prop_map(|(recording, n_bytes)| Op::Push { recording, n_bytes }),
        5 => answer.prop_map(Op::Serve),
        1 => (0_u64..200_000).prop_map(Op::ServeSlowly),
        1 => (0_u64..100_000).prop_map(Op::Wait),
    ]
}

/// Reads all of a day's chains; every segment must be genuine and follow the one before it.
fn read_back(store: &Store, day: Day) -> Vec<Record> {
    let mut records = Vec::new();
    for serial in 1..=store.count(day) {
        let chain = ChainId { day, serial };
        let mut reader = ChainReader::new(app(), chain);
        let (mut previous, mut at) = (ContentHash::NOTHING, UnixMillis(0));
        for bytes in store.chain(chain) {
            let segment = Segment::parse(bytes).unwrap();
            segment.verify(&trusted()).unwrap();
            assert_eq!(segment.header().previous, previous);
            assert!(segment.header().at >= at);
            (previous, at) = (segment.hash(), segment.header().at);
            for recording in reader.wanted(&segment) {
                let value = store.get(&Key::recording(&app(), recording, chain));
                reader.allow(recording, Access::of(value, (recording, chain), &wrapping()).unwrap());
            }
            for read in reader.read(&segment).unwrap() {
                match read {
                    Read::Record(_, record) => records.push(*record),
                    // The key of a segment that was never acknowledged may be missing.
                    Read::Erased(_) => {}
                }
            }
        }
    }
    records
}

fn run(limits: ChainLimits, ops: &[Op]) -> (Store, Vec<(Record, Fate)>) {
    let (mut store, mut writer, mut now) = (Store::default(), Writer::new(author(limits)), NOON);
    let mut pushed = Vec::new();
    for op in ops {
        match *op {
            Op::Push { recording: n, n_bytes } => {
                let number = pushed.len() as u64;
                let record = refusal(number, now, &"x".repeat(n_bytes));
                let item = Item {
                    recording: recording(n),
                    principal: None,
                    connection: Some(tag(n)),
                    record: &record,
                    fresh: fresh(number),
                };
                let ticket = writer.push(item).unwrap();
                assert_eq!(writer.fate(ticket), Fate::Pending);
                pushed.push((record, ticket));
            }
            Op::Serve(answer) => _ = store.serve(&mut writer, now, answer),
            Op::ServeSlowly(millis) => {
                if let Next::Write(write) = writer.step(UnixMillis(now)) {
                    let write = write.clone();
                    assert_eq!(writer.step(UnixMillis(now)), Next::InFlight);
                    store.put(&write.puts);
                    now += millis;
                    writer.acknowledged(write.id, UnixMillis(now));
                }
            }
            Op::Wait(millis) => now += millis,
        }
    }
    store.serve_all(&mut writer, now);
    assert_eq!(writer.step(UnixMillis(now)), Next::Idle);
    let fates = pushed.into_iter().map(|(record, ticket)| (record, writer.fate(ticket))).collect();
    (store, fates)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_durable_is_there_once_and_in_order(
        ops in vec(op(), 0..40),
        segments in 1_u32..8,
        age_millis in prop_oneof![Just(1_800_000_u64), 0_u64..100_000],
    ) {
        let limits = ChainLimits { segments, age_millis, ..ChainLimits::default() };
        let (store, pushed) = run(limits, &ops);
        let mut stored = read_back(&store, Day::of(UnixMillis(NOON))).into_iter();
        for (record, fate) in pushed {
            prop_assert_ne!(fate, Fate::Pending);
            if fate == Fate::Durable {
                // What was given up may be there too; nothing else may, and nothing twice.
                prop_assert!(stored.any(|found| found == record), "{} is not there", record.id());
            }
        }
    }

    #[test]
    fn nothing_is_stored_that_was_not_pushed_and_nothing_twice(ops in vec(op(), 0..40)) {
        let (store, pushed) = run(ChainLimits { segments: 5, ..ChainLimits::default() }, &ops);
        let mut pushed = pushed.into_iter();
        for found in read_back(&store, Day::of(UnixMillis(NOON))) {
            prop_assert!(pushed.any(|(record, _)| record == found), "{} is out of place", found.id());
        }
    }

    #[test]
    fn without_faults_nothing_is_given_up(pushes in vec((0_u8..4, 0_usize..100_000), 0..40)) {
        let ops: Vec<_> = pushes
            .into_iter()
            .flat_map(|(recording, n_bytes)| {
                [Op::Push { recording, n_bytes }, Op::Serve(Answer::Acknowledged)]
            })
            .collect();
        let (_, pushed) = run(ChainLimits { segments: 4, ..ChainLimits::default() }, &ops);
        prop_assert!(pushed.iter().all(|(_, fate)| *fate == Fate::Durable));
    }

    #[test]
    fn any_bytes_can_be_parsed_without_harm(bytes: Vec<u8>) {
        prop_assert!(Segment::parse(&bytes).is_err());
        prop_assert!(Segment::parse(&[b"pcseg\x01", &bytes[..]].concat()).is_err() || !bytes.is_empty());
    }
}

/// One chain of three segments, each with records of two recordings.
fn small_store() -> (Store, ChainId) {
    let (mut store, mut writer) = (Store::default(), Writer::new(author(ChainLimits::default())));
    for n in 0..6 {
        let record = intent(n, NOON + n, Verdict::Allow);
        let n = u8::try_from(n % 2).unwrap();
        writer
            .push(Item {
                recording: recording(n),
                principal: Some(tag(9)),
                connection: Some(tag(8)),
                record: &record,
                fresh: fresh(u64::from(n)),
            })
            .unwrap();
        if n == 1 {
            store.serve_all(&mut writer, NOON);
        }
    }
    (store, ChainId { day: Day::of(UnixMillis(NOON)), serial: 1 })
}

#[test]
fn records_that_wait_together_become_one_value() {
    let (store, chain) = small_store();
    let segments = store.chain(chain);
    let n_entries: Vec<_> =
        segments.iter().map(|bytes| Segment::parse(bytes).unwrap().entries().len()).collect();
    assert_eq!(n_entries, [2, 2, 2]);
    // Beside the segments, one key for each recording.
    assert_eq!(store.values.len(), 5);
}

#[test]
fn a_retry_writes_the_same_bytes() {
    let (mut store, mut writer) = (Store::default(), Writer::new(author(ChainLimits::default())));
    let push = |writer: &mut Writer, n: u64| {
        let record = refusal(n, NOON, "why");
        let item = Item {
            recording: recording(0),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(n),
        };
        writer.push(item).unwrap()
    };
    let first = push(&mut writer, 0);
    assert!(store.serve(&mut writer, NOON, Answer::Acknowledged), "the claim");
    let Next::Write(write) = writer.step(UnixMillis(NOON)) else { panic!("nothing to write") };
    let write = write.clone();
    let second = push(&mut writer, 1);
    writer.failed(write.id);
    // What came meanwhile is not in it, and the time is not another one.
    assert_eq!(writer.step(UnixMillis(NOON + 10_000)), Next::Write(&write));
    writer.acknowledged(write.id, UnixMillis(NOON + 10_000));
    assert_eq!((writer.fate(first), writer.fate(second)), (Fate::Durable, Fate::Pending));
}

#[test]
fn what_is_not_acknowledged_within_the_lease_is_given_up() {
    for (at, expected) in [(LEASE_MILLIS, Fate::Durable), (LEASE_MILLIS + 1, Fate::GivenUp)] {
        let (mut store, mut writer) = (Store::default(), Writer::new(author(ChainLimits::default())));
        let record = refusal(0, NOON, "why");
        let item = Item {
            recording: recording(0),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(0),
        };
        let ticket = writer.push(item).unwrap();
        store.serve(&mut writer, NOON, Answer::Acknowledged);
        store.serve(&mut writer, NOON, Answer::Landed);
        store.serve(&mut writer, NOON + at, Answer::Acknowledged);
        assert_eq!(writer.fate(ticket), expected, "after {at} ms");
    }
    for (at, expected) in
        [(LEASE_MILLIS + SETTLE_MILLIS, Fate::Durable), (LEASE_MILLIS + SETTLE_MILLIS + 1, Fate::GivenUp)]
    {
        let (mut store, mut writer) = (Store::default(), Writer::new(author(ChainLimits::default())));
        let record = refusal(0, NOON, "why");
        let item = Item {
            recording: recording(0),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(0),
        };
        let ticket = writer.push(item).unwrap();
        store.serve(&mut writer, NOON, Answer::Acknowledged);
        let Next::Write(&Write { id, .. }) = writer.step(UnixMillis(NOON)) else {
            panic!("nothing to write")
        };
        writer.acknowledged(id, UnixMillis(NOON + at));
        assert_eq!(writer.fate(ticket), expected, "acknowledged after {at} ms");
        // Readers do not take the chain for ended before.
        assert!(!is_over(UnixMillis(NOON), UnixMillis(NOON + LEASE_MILLIS + SETTLE_MILLIS + SKEW_MILLIS)));
    }
}

#[test]
fn an_acknowledgement_counts_for_its_own_write_only() {
    let (mut store, mut writer) = (Store::default(), Writer::new(author(ChainLimits::default())));
    let push = |writer: &mut Writer, n| {
        let record = refusal(n, NOON, "why");
        let (recording, fresh) = (recording(0), fresh(n));
        writer.push(Item { recording, principal: None, connection: None, record: &record, fresh }).unwrap()
    };
    let first = push(&mut writer, 0);
    store.serve(&mut writer, NOON, Answer::Acknowledged);
    let Next::Write(&Write { id, .. }) = writer.step(UnixMillis(NOON)) else { panic!("nothing to write") };
    // Nobody says how it went; the next record goes to another chain.
    let second = push(&mut writer, 1);
    let later = NOON + LEASE_MILLIS + SETTLE_MILLIS;
    assert_eq!(writer.step(UnixMillis(later)), Next::InFlight);
    store.serve(&mut writer, later + 1, Answer::Acknowledged);
    let Next::Write(&Write { id: next, .. }) = writer.step(UnixMillis(later + 1)) else {
        panic!("nothing to write")
    };
    assert_ne!(id, next);
    writer.acknowledged(id, UnixMillis(later + 1));
    assert_eq!((writer.fate(first), writer.fate(second)), (Fate::GivenUp, Fate::Pending));
    writer.acknowledged(next, UnixMillis(later + 1));
    assert_eq!((writer.fate(first), writer.fate(second)), (Fate::GivenUp, Fate::Durable));
}

#[test]
fn a_store_that_does_not_keep_up_makes_records_refused() {
    let limits = ChainLimits { backlog_bytes: 1_000, ..ChainLimits::default() };
    let mut writer = Writer::new(author(limits));
    let record = refusal(0, NOON, &"x".repeat(1_000));
    let item =
        Item { recording: recording(0), principal: None, connection: None, record: &record, fresh: fresh(0) };
    assert!(writer.push(item).is_ok());
    assert_eq!(writer.push(item), Err(Backlog));
}

#[test]
fn a_recording_that_is_too_long_says_what_is_left_out() {
    let limits = ChainLimits { recording_bytes: 2_000, ..ChainLimits::default() };
    let (mut store, mut writer) = (Store::default(), Writer::new(author(limits)));
    for n in 0..4 {
        let record = refusal(n, NOON, &"x".repeat(900));
        let n = u8::try_from(n / 3).unwrap();
        let item = Item {
            recording: recording(n),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(0),
        };
        writer.push(item).unwrap();
    }
    store.serve_all(&mut writer, NOON);
    let omitted = read_back(&store, Day::of(UnixMillis(NOON))).into_iter().map(|record| match record {
        Record::Refusal(refusal) => (refusal.explanation.text().len(), refusal.explanation.n_omitted()),
        Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) => panic!("another kind"),
    });
    let omitted: Vec<_> = omitted.collect();
    assert_eq!(omitted[0], (900, 0));
    assert!(omitted[2].0 < 900 && omitted[2].0 as u64 + omitted[2].1 == 900, "{omitted:?}");
    assert_eq!(omitted[3], (900, 0), "another recording has its own limit");
}

#[test]
fn a_chain_ends_when_it_is_full() {
    let limits = ChainLimits { segments: 2, ..ChainLimits::default() };
    let (mut store, mut writer) = (Store::default(), Writer::new(author(limits)));
    for n in 0..5 {
        let record = refusal(n, NOON, "why");
        let item = Item {
            recording: recording(0),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(n),
        };
        writer.push(item).unwrap();
        store.serve_all(&mut writer, NOON);
    }
    let day = Day::of(UnixMillis(NOON));
    let lengths = |serial| store.chain(ChainId { day, serial }).len();
    assert_eq!((store.count(day), lengths(1), lengths(2), lengths(3)), (3, 2, 2, 1));
    let ends = |serial: u32, n: usize| {
        Segment::parse(store.chain(ChainId { day, serial })[n]).unwrap().header().continuation
    };
    assert_eq!((ends(1, 0), ends(1, 1)), (Continuation::MayContinue, Continuation::Ends));
    let opening = |n| Segment::parse(store.chain(ChainId { day, serial: 1 })[n]).unwrap().header().opening;
    assert_eq!(opening(0), Some(Opening { segments: 2, age_millis: 1_800_000 }));
    assert_eq!(opening(1), None);
}

#[test]
fn an_erased_recording_is_told_from_the_others_and_the_chain_still_verifies() {
    let (mut store, chain) = small_store();
    let key = Key::recording(&app(), recording(1), chain);
    for erased in [Some(KeyValue::Erased { at: UnixMillis(NOON) }.encode()), None] {
        match erased {
            Some(value) => _ = store.values.insert(key.as_str().to_owned(), value),
            None => _ = store.values.remove(key.as_str()),
        }
        let mut reader = ChainReader::new(app(), chain);
        let mut read = Vec::new();
        for bytes in store.chain(chain) {
            let segment = Segment::parse(bytes).unwrap();
            segment.verify(&trusted()).unwrap();
            for recording in reader.wanted(&segment) {
                let value = store.get(&Key::recording(&app(), recording, chain));
                reader.allow(recording, Access::of(value, (recording, chain), &wrapping()).unwrap());
            }
            read.extend(reader.read(&segment).unwrap());
        }
        let erased: Vec<_> = read.iter().map(|read| matches!(read, Read::Erased(_))).collect();
        assert_eq!(erased, [false, true, false, true, false, true]);
    }
}

#[test]
fn a_record_opens_nowhere_but_where_it_was_written() {
    let (store, chain) = small_store();
    let values = store.chain(chain);
    let segment = Segment::parse(values[0]).unwrap();
    let open = |reader: &mut ChainReader, recording: RecordingId| {
        let value = store.get(&Key::recording(&app(), recording, chain));
        reader.allow(recording, Access::of(value, (recording, chain), &wrapping()).unwrap());
    };
    let mut swapped = ChainReader::new(app(), chain);
    // The key of one recording does not open another.
    let value = store.get(&Key::recording(&app(), recording(1), chain));
    assert!(matches!(Access::of(value, (recording(0), chain), &wrapping()), Err(ReadError::Unwrap(_))));
    open(&mut swapped, recording(0));
    open(&mut swapped, recording(1));
    // Exchange the ciphertexts of the two entries: same length, other place.
    let (first, second) = (segment.entries()[0].ciphertext, segment.entries()[1].ciphertext);
    let bytes = values[0].to_vec();
    let at = |needle: &[u8]| bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    let (a, b) = (at(first), at(second));
    let mut moved = bytes.clone();
    moved[a..a + first.len()].copy_from_slice(second);
    moved[b..b + second.len()].copy_from_slice(first);
    let moved = Segment::parse(&moved).unwrap();
    assert!(moved.verify(&trusted()).is_err());
    assert!(matches!(swapped.read(&moved), Err(ReadError::Forged { index: 0, .. })));
    // A segment is read in its place only.
    let mut late = ChainReader::new(app(), chain);
    let second = Segment::parse(values[1]).unwrap();
    assert!(matches!(late.read(&second), Err(ReadError::OtherSegment { .. })));
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_segment_is_noticed() {
    let (store, chain) = small_store();
    let bytes = store.chain(chain)[1];
    let is_noticed = |bytes: &[u8]| Segment::parse(bytes).is_err_or_unsigned();
    for place in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[place] ^= 1 << (place % 8);
        assert!(is_noticed(&flipped), "byte {place}");
    }
    for end in (0..bytes.len()).step_by(7) {
        assert!(is_noticed(&bytes[..end]), "cut at {end}");
    }
    assert!(is_noticed(&[bytes, &[0]].concat()));
    assert!(bytes.len() < MAX_VALUE_BYTES && !is_noticed(bytes));
}

trait Noticed {
    fn is_err_or_unsigned(&self) -> bool;
}

impl Noticed for Result<Segment<'_>, SegmentError> {
    fn is_err_or_unsigned(&self) -> bool {
        self.as_ref().map_or(true, |segment| segment.verify(&trusted()).is_err())
    }
}

#[test]
fn a_newer_format_says_so() {
    let (store, chain) = small_store();
    let mut newer = store.chain(chain)[0].to_vec();
    newer[5] = 2;
    assert_eq!(Segment::parse(&newer).unwrap_err(), SegmentError::NewerFormat { found: 2 });
}
