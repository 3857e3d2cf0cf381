//! Laws of totals: whatever was derived, by whom and how far, they are what a count over the records is; what is derived is
//! always the same; and what is missing is told.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::chain::testing::*;
use crate::index::{
    DayTotals, DayTotalsStep, FoundTotals, Held, Prune, PruneStep, SumUp, Upkeep, UpkeepStep,
};
use crate::{
    CallResult, ChainLimits, DecisionSummary, Drift, Excerpt, Item, Outcome, Record, Segment, SegmentId,
    TombstoneDraft, UnixMillis, Writer,
};

/// A kind of record, as totals tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Call,
    Denied,
    Drift,
    Held,
    /// Long enough for several pieces.
    LongOutcome,
    Outcome,
    Unasked,
}

/// One record: what, the recording, principal and connection.
type Spec = (What, u8, Option<u8>, Option<u8>);

/// Long after everything, on the same day, and long after the day.
const EVENING: u64 = NOON + 8 * 60 * 60 * 1000;
const WEEKS_LATER: u64 = NOON + 20 * 24 * 60 * 60 * 1000;

fn day() -> Day {
    Day::of(UnixMillis(NOON))
}

fn spec() -> impl Strategy<Value = Spec> {
    let what = prop_oneof![
        6 => Just(What::Call),
        6 => Just(What::Outcome),
        1 => Just(What::LongOutcome),
        1 => Just(What::Denied),
        1 => Just(What::Held),
        1 => Just(What::Unasked),
        1 => Just(What::Drift),
    ];
    (what, 0_u8..9, option::of(0_u8..4), option::of(0_u8..2))
}

/// Chains, each with its records; those without records were claimed and never begun.
fn chains() -> impl Strategy<Value = Vec<Vec<Spec>>> {
    vec(vec(spec(), 0..5), 0..22)
}

fn refused(n: u64, at: u64, verdict: Option<Verdict>) -> Record {
    let Record::Refusal(mut one) = refusal(n, at, "why") else { panic!("a refusal is one") };
    let summary = |outcome| DecisionSummary { outcome, bundle: None, policies: vec![], observed: vec![] };
    one.decision = verdict.map(summary);
    Record::Refusal(one)
}

fn record(what: What, n: u64, at: u64) -> Record {
    let outcome = |length: usize| {
        Record::Outcome(Outcome {
            id: id(n, at),
            at: UnixMillis(at),
            result: CallResult::Completed { is_error: false },
            upstream_status: None,
            bytes_out: 0,
            frames: 0,
            findings: Default::default(),
            masked: Default::default(),
            text: Excerpt::whole("x".repeat(length)),
            timings: Default::default(),
        })
    };
    match what {
        What::Call => intent(n, at, Verdict::Allow),
        What::Denied => refused(n, at, Some(Verdict::Deny)),
        What::Drift => Record::Drift(Drift {
            id: id(n, at),
            at: UnixMillis(at),
            connection: "billing".to_owned(),
            kind: "tool".to_owned(),
            name: "refund".to_owned(),
            pinned: None,
            live: None,
            setting: "log".to_owned(),
            changed: vec![],
            approval: None,
        }),
        What::Held => refused(n, at, Some(Verdict::Hold)),
        What::LongOutcome => outcome(130_000),
        What::Outcome => outcome(10),
        What::Unasked => refused(n, at, None),
    }
}

fn store(chains: &[Vec<Spec>]) -> Store {
    let mut store = Store::default();
    for (number, specs) in (0_u64..).zip(chains) {
        if specs.is_empty() {
            store.claim(&Key::chains(&app(), day()));
        }
        // Every second chain says that it has ended.
        let segments = if number % 2 == 0 { u32::try_from(specs.len()).unwrap() } else { u32::MAX };
        let mut writer = Writer::new(author(ChainLimits { segments, ..ChainLimits::default() }));
        let now = NOON + number * 1_000;
        for (n, (what, r, p, c)) in (0..).zip(specs) {
            let n = number * 100 + n;
            let record = record(*what, n, now);
            let (recording, principal) = (recording(*r), p.map(|p| tag(p + 1)));
            let connection = c.map(|c| tag(c + 10));
            writer.push(Item { recording, principal, connection, record: &record, fresh: fresh(n) }).unwrap();
            store.serve_all(&mut writer, now);
        }
    }
    store
}

/// A count over the records, and over the bytes of all segments.
fn counted(chains: &[Vec<Spec>], store: &Store) -> Totals {
    let mut totals = Totals::default();
    for (serial, specs) in (1..).zip(chains) {
        if specs.is_empty() {
            continue;
        }
        totals.chains += 1;
        for (what, r, p, c) in specs {
            let total = totals.by_connection.entry(c.map(|c| tag(c + 10))).or_default();
            total.records += 1;
            match what {
                What::Call => total.calls += 1,
                What::Denied => total.refusals.deny += 1,
                What::Drift => total.drift += 1,
                What::Held => total.refusals.hold += 1,
                What::LongOutcome | What::Outcome => total.outcomes += 1,
                What::Unasked => total.refusals.other += 1,
            }
            total.recordings.insert(&[*r; 16]);
            if let Some(p) = p {
                total.principals.insert(&[p + 1; 16]);
            }
        }
        for value in store.chain(ChainId { day: day(), serial }) {
            totals.segments += 1;
            totals.bytes += value.len() as u64;
            for entry in Segment::parse(value).unwrap().entries() {
                let total = totals.by_connection.get_mut(&entry.label.connection).unwrap();
                total.bytes += 82 + entry.ciphertext.len() as u64;
            }
        }
    }
    totals
}

/// What is run, and when, and the write that it dies in.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// Everything but totals, by a release that had none.
    Old(u64, usize),
    Sum(u64, usize),
}

fn run() -> impl Strategy<Value = Run> {
    let when = || prop_oneof![NOON..EVENING, Just(WEEKS_LATER)];
    prop_oneof![
        1 => (when(), 0_usize..12).prop_map(|(now, writes)| Run::Old(now, writes)),
        2 => (when(), 0_usize..12).prop_map(|(now, writes)| Run::Sum(now, writes)),
    ]
}

fn is_total(key: &str) -> bool {
    key.contains(":sum:") || key.contains(":total:")
}

/// Derives what can be, and dies in the middle of its `writes`th write if it gets there.
fn derive(store: &mut Store, run: Run) {
    let chains = u64::from(store.count(day()));
    let (now, writes) = match run {
        Run::Old(now, writes) | Run::Sum(now, writes) => (UnixMillis(now), writes),
    };
    let mut old = Upkeep::new(app(), day(), chains, now);
    let mut sum = SumUp::new(app(), day(), chains, now);
    let before: BTreeSet<String> = store.values.keys().cloned().collect();
    let mut n_writes = 0;
    loop {
        let step = match run {
            Run::Old(..) => old.step(),
            Run::Sum(..) => sum.step(),
        };
        match step {
            UpkeepStep::Done => break,
            UpkeepStep::Get(keys) => {
                assert!(!keys.is_empty());
                for key in keys {
                    old.got(&key, store.get(&key));
                    sum.got(&key, store.get(&key));
                }
            }
            UpkeepStep::Set(puts) if n_writes == writes => {
                store.put(&puts[..puts.len() / 2]);
                break;
            }
            UpkeepStep::Set(puts) => {
                n_writes += 1;
                store.put(&puts);
                match run {
                    Run::Old(..) => old.written(),
                    Run::Sum(..) => sum.written(),
                }
            }
        }
    }
    if matches!(run, Run::Old(..)) {
        store.values.retain(|key, _| !is_total(key) || before.contains(key));
    }
}

/// The totals that a reader finds, and how many values it reads for them.
fn found(store: &Store, now: u64) -> FoundTotals {
    let mut totals = DayTotals::new(app(), day(), u64::from(store.count(day())), UnixMillis(now));
    loop {
        match totals.step() {
            DayTotalsStep::Found(found) => return found,
            DayTotalsStep::Get(keys) => {
                assert!(!keys.is_empty());
                keys.iter().for_each(|key| totals.got(key, store.get(key)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_a_count_over_the_records_whatever_was_derived(chains in chains(), runs in vec(run(), 0..5)) {
        let mut store = store(&chains);
        let expected = counted(&chains, &store);
        for run in runs {
            derive(&mut store, run);
            for now in [NOON, EVENING, WEEKS_LATER] {
                let found = found(&store, now);
                prop_assert_eq!(&found.totals, &expected);
                prop_assert!(found.damaged.is_empty() && !found.is_pruned);
            }
        }
    }

    #[test]
    fn totals_that_are_derived_in_pieces_and_after_an_earlier_release_are_those_derived_at_once(
        chains in chains(),
        runs in vec(run(), 0..5),
    ) {
        let mut at_once = store(&chains);
        let mut in_pieces = at_once.clone();
        derive(&mut at_once, Run::Sum(WEEKS_LATER, usize::MAX));
        for run in runs {
            derive(&mut in_pieces, run);
        }
        derive(&mut in_pieces, Run::Sum(WEEKS_LATER, usize::MAX));
        in_pieces.values.retain(|key, _| !key.contains(":part:"));
        prop_assert_eq!(&at_once.values, &in_pieces.values);
        derive(&mut at_once, Run::Sum(WEEKS_LATER, 0));
        prop_assert_eq!(&at_once.values, &in_pieces.values, "there is nothing left to be written");
        prop_assert_eq!(found(&at_once, WEEKS_LATER).open, 0);
    }

    #[test]
    fn totals_that_are_damaged_are_made_from_what_they_were_derived_from(
        chains in chains(),
        damaged: prop::sample::Index,
        value in vec(any::<u8>(), 0..40),
        moved: prop::sample::Index,
    ) {
        let mut store = store(&chains);
        let expected = counted(&chains, &store);
        derive(&mut store, Run::Sum(WEEKS_LATER, usize::MAX));
        let derived: Vec<_> = store.values.keys().filter(|key| is_total(key)).cloned().collect();
        prop_assume!(!derived.is_empty());
        let damaged = &derived[damaged.index(derived.len())];
        store.values.insert(damaged.clone(), value);
        prop_assert_eq!(&found(&store, WEEKS_LATER).totals, &expected);
        // Another one in its place is not taken for it.
        let other = store.values[&derived[moved.index(derived.len())]].clone();
        store.values.insert(damaged.clone(), other);
        prop_assert_eq!(&found(&store, WEEKS_LATER).totals, &expected);
    }

    #[test]
    fn a_segment_that_is_gone_is_told_or_already_counted(
        chains in chains(),
        runs in vec(run(), 0..3),
        gone: prop::sample::Index,
    ) {
        let mut store = store(&chains);
        let expected = counted(&chains, &store);
        for run in runs {
            derive(&mut store, run);
        }
        let segments: Vec<_> = store.values.keys().filter(|key| key.contains(":segment:")).cloned().collect();
        // The last segment of a chain that may go on is one that was never there, for whoever has seen nothing later.
        let is_last = |key: &str| {
            let (chain, n) = key.rsplit_once(':').unwrap();
            !store.values.contains_key(&format!("{chain}:{}", n.parse::<u32>().unwrap() + 1))
        };
        let leaf = |key: &str| key.rsplit_once(':').unwrap().0.replace(":segment:", ":leaf:");
        let missed = |key: &&String| !is_last(key) || store.values.contains_key(&leaf(key));
        let noticeable: Vec<_> = segments.iter().filter(missed).cloned().collect();
        prop_assume!(!noticeable.is_empty());
        store.values.remove(&noticeable[gone.index(noticeable.len())]);
        let found = found(&store, WEEKS_LATER);
        prop_assert!(found.totals == expected || found.damaged.len() == 1, "{:?}", found);
    }

    #[test]
    fn totals_of_a_pruned_day_are_of_what_was_kept(chains in chains(), held in 0_u8..9) {
        let mut store = store(&chains);
        derive(&mut store, Run::Sum(WEEKS_LATER, usize::MAX));
        let held = Held { recordings: BTreeSet::from([recording(held)]), chains: BTreeSet::new() };
        let mut prune = Prune::new(app(), day(), u64::from(store.count(day())), held);
        let pruned = loop {
            match prune.step() {
                PruneStep::Get(keys) => keys.iter().for_each(|key| prune.got(key, store.get(key))),
                PruneStep::Open(chain) => panic!("{chain} has ended"),
                PruneStep::Pruned(pruned) => break pruned,
            }
        };
        let (at, kept) = (UnixMillis(WEEKS_LATER), pruned.kept.clone());
        let draft = TombstoneDraft { app: app(), day: day(), heads: pruned.heads, at, kept: kept.clone() };
        let tombstone = crate::Tombstone::sign(draft, &signing()).unwrap();
        store.values.insert(Key::tombstone(&app(), day()).as_str().to_owned(), tombstone.encode());
        let mut left = chains.clone();
        for (serial, specs) in (1..).zip(&mut left) {
            if !kept.contains(&serial) {
                specs.clear();
            }
        }
        let expected = counted(&left, &store);
        // Wherever the deleting has got to.
        for key in pruned.delete.iter().flatten() {
            let found = found(&store, WEEKS_LATER);
            prop_assert_eq!((&found.totals, found.is_pruned, found.damaged.len()), (&expected, true, 0));
            store.values.remove(key.as_str());
        }
        prop_assert_eq!(&found(&store, WEEKS_LATER).totals, &expected);
        // What says that it was pruned says so even if it cannot be read.
        store.values.insert(Key::tombstone(&app(), day()).as_str().to_owned(), b"x".to_vec());
        prop_assert!(found(&store, WEEKS_LATER).is_pruned);
    }

    #[test]
    fn any_bytes_are_a_total_or_none(of_version in any::<bool>(), bytes in vec(any::<u8>(), 0..200)) {
        let bytes = if of_version { [&[VERSION], &bytes[..]].concat() } else { bytes };
        if let Ok((of, totals)) = Totals::read(&mut Reader::new(&bytes)) {
            prop_assert_eq!(&totals.written(of)[MAGIC.len()..], &bytes[..]);
        }
    }
}

#[test]
fn totals_of_many_connections_fit_a_value_as_long_as_that_can_be() {
    let of = TotalOf::Node(NodeId { day: day(), level: Level::Wide, n: 0 });
    // Spread evenly, as digests are.
    let digest = |n: u64, part: u64| {
        let mixed = (n * 1_000 + part + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = [7; 16];
        bytes[..8].copy_from_slice(&mixed.to_be_bytes());
        bytes
    };
    let totals = |n_connections: u64, n_principals: u64| {
        let mut totals = Totals::default();
        for n in 0..n_connections {
            let total = totals.by_connection.entry(Some(Tag::new(digest(n, 999)))).or_default();
            total.calls = 7;
            (0..n_principals).for_each(|part| total.principals.insert(&digest(n, part)));
        }
        totals
    };
    for (n_connections, n_principals, is_exact) in
        [(10, 300, true), (100, 300, true), (200, 300, false), (2_000, 30, false)]
    {
        let bytes = totals(n_connections, n_principals).encode(of).unwrap();
        assert!(bytes.len() <= MAX_VALUE_BYTES);
        let (read_of, read) = Totals::read(&mut Reader::new(&bytes[MAGIC.len()..])).unwrap();
        assert_eq!((read_of, read.by_connection.len() as u64), (of, n_connections));
        assert!(read.by_connection.values().all(|total| total.calls == 7));
        let exact = read.by_connection.values().all(|total| total.principals.is_exact());
        assert_eq!(exact, is_exact, "{n_connections}");
    }
    assert_eq!(totals(4_000, 1).encode(of), None);
}

#[test]
fn of_a_chain_that_grows_only_what_is_new_is_read() {
    let mut store = Store::default();
    let mut writer = Writer::new(author(ChainLimits::default()));
    let mut grow = |store: &mut Store, from: u64, to: u64| {
        for n in from..to {
            let record = record(What::Call, n, NOON);
            let connection = Some(tag(10));
            let item = Item {
                recording: recording(1),
                principal: None,
                connection,
                record: &record,
                fresh: fresh(n),
            };
            writer.push(item).unwrap();
            store.serve_all(&mut writer, NOON);
        }
    };
    let segments_read = |store: &Store| {
        let mut totals = DayTotals::new(app(), day(), 1, UnixMillis(NOON));
        let mut n_read = 0;
        loop {
            match totals.step() {
                DayTotalsStep::Found(found) => {
                    return (found.totals.by_connection[&Some(tag(10))].calls, n_read);
                }
                DayTotalsStep::Get(keys) => {
                    n_read += keys.iter().filter(|key| key.as_str().contains(":segment:")).count();
                    keys.iter().for_each(|key| totals.got(key, store.get(key)));
                }
            }
        }
    };
    grow(&mut store, 0, 40);
    assert!(segments_read(&store).1 >= 40);
    derive(&mut store, Run::Sum(NOON, usize::MAX));
    assert_eq!(segments_read(&store), (40, 2));
    grow(&mut store, 40, 42);
    assert_eq!(segments_read(&store), (42, 4));
    // What does not follow on it is not added to it.
    let key = Key::index_part(&app(), ChainId { day: day(), serial: 1 });
    let part = store.values[key.as_str()].clone();
    let mut other = Store::default();
    let mut writer = Writer::new(author(ChainLimits::default()));
    let record = record(What::Drift, 1, NOON);
    let item =
        Item { recording: recording(1), principal: None, connection: None, record: &record, fresh: fresh(9) };
    for _ in 0..50 {
        writer.push(item).unwrap();
        other.serve_all(&mut writer, NOON);
    }
    other.values.insert(key.as_str().to_owned(), part);
    let found = found(&other, NOON);
    assert_eq!(found.totals.by_connection.keys().collect::<Vec<_>>(), [&None]);
    assert_eq!(found.totals.by_connection[&None].drift, 50);
    // Once it has ended, there is its leaf, and its total.
    derive(&mut store, Run::Sum(EVENING, usize::MAX));
    assert_eq!(segments_read(&store), (42, 0));
}

#[test]
fn a_day_that_is_over_and_summed_up_takes_two_reads() {
    let specs = vec![(What::Call, 1, None, Some(1)); 3];
    let mut store = store(&vec![specs; 20]);
    derive(&mut store, Run::Sum(WEEKS_LATER, usize::MAX));
    let mut totals = DayTotals::new(app(), day(), 20, UnixMillis(WEEKS_LATER));
    let mut n_read = 0;
    let found = loop {
        match totals.step() {
            DayTotalsStep::Found(found) => break found,
            DayTotalsStep::Get(keys) => {
                n_read += keys.len();
                keys.iter().for_each(|key| totals.got(key, store.get(key)));
            }
        }
    };
    assert_eq!((n_read, found.totals.by_connection[&Some(tag(11))].calls), (2, 60));
    // A chain that is claimed later is not overlooked.
    let mut later = DayTotals::new(app(), day(), 21, UnixMillis(WEEKS_LATER));
    let segment = Key::segment(&app(), SegmentId { chain: ChainId { day: day(), serial: 21 }, n: 0 });
    loop {
        match later.step() {
            DayTotalsStep::Found(_) => panic!("its segments were not looked for"),
            DayTotalsStep::Get(keys) if keys.contains(&segment) => break,
            DayTotalsStep::Get(keys) => keys.iter().for_each(|key| later.got(key, store.get(key))),
        }
    }
}
