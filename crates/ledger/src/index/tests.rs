//! Laws of indexes: whatever was derived, by whom and how far, a query finds what is there; and what is derived is always
//! the same.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::posting::sort;
use super::*;
use crate::chain::testing::*;
use crate::{
    ChainId, ChainLimits, Day, Item, Key, Next, Segment, SegmentId, Tombstone, TombstoneDraft, UnixMillis,
    Verdict, Writer,
};

/// One record: the recording, principal and connection, what policy said, and when.
type Spec = (u8, Option<u8>, u8, Verdict, u64);

fn day() -> Day {
    Day::of(UnixMillis(NOON))
}

/// Long after everything, on the same day.
const EVENING: u64 = NOON + 8 * 60 * 60 * 1000;

fn spec() -> impl Strategy<Value = Spec> {
    let verdict = prop_oneof![5 => Just(Verdict::Allow), 1 => Just(Verdict::Deny), 1 => Just(Verdict::Hold)];
    (0_u8..5, option::of(0_u8..3), 0_u8..2, verdict, 0_u64..5_000)
}

/// Chains, each with its records; those without records were claimed and never begun.
fn chains() -> impl Strategy<Value = Vec<Vec<Spec>>> {
    vec(vec(spec(), 0..5), 0..22)
}

fn posting(chain: ChainId, (r, p, c, verdict, at): Spec) -> Posting {
    Posting {
        recording: recording(r),
        chain,
        principal: p.map(|p| tag(p + 1)),
        connection: Some(tag(c + 10)),
        first_at: UnixMillis(NOON + at),
        last_at: UnixMillis(NOON + at),
        records: 1,
        verdicts: Verdicts::only(verdict),
    }
}

/// What there is to be found, the latest first.
fn all(chains: &[Vec<Spec>]) -> Vec<Posting> {
    let mut all = Vec::new();
    for (serial, specs) in (1..).zip(chains) {
        let mut joined: BTreeMap<_, Posting> = BTreeMap::new();
        for spec in specs {
            let one = posting(ChainId { day: day(), serial }, *spec);
            let key = (one.recording, one.principal, one.connection);
            joined.entry(key).and_modify(|known| known.join(&one)).or_insert(one);
        }
        all.extend(joined.into_values());
    }
    sort(&mut all);
    all
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
        for (n, spec) in (0..).zip(specs) {
            let one = posting(ChainId { day: day(), serial: 1 }, *spec);
            let record = intent(number * 100 + n, one.first_at.0, spec.3);
            let Posting { recording, principal, connection, .. } = one;
            let fresh = fresh(number * 100 + n);
            writer.push(Item { recording, principal, connection, record: &record, fresh }).unwrap();
            store.serve_all(&mut writer, NOON + number * 1_000);
        }
        assert_eq!(writer.step(UnixMillis(NOON + number * 1_000)), Next::Idle);
    }
    store
}

/// Runs upkeep, which dies in the middle of its `writes`th write if it gets there.
fn upkeep(store: &mut Store, now: u64, writes: usize) {
    let mut upkeep = Upkeep::new(app(), day(), u64::from(store.count(day())), UnixMillis(now));
    let mut n_writes = 0;
    loop {
        match upkeep.step() {
            UpkeepStep::Done => return,
            UpkeepStep::Get(keys) => {
                assert!(!keys.is_empty());
                keys.iter().for_each(|key| upkeep.got(key, store.get(key)));
            }
            UpkeepStep::Set(puts) if n_writes == writes => return store.put(&puts[..puts.len() / 2]),
            UpkeepStep::Set(puts) => {
                n_writes += 1;
                store.put(&puts);
                upkeep.written();
            }
        }
    }
}

/// All pages of a query, each with a query of its own.
fn query(store: &Store, filter: Filter, size: usize) -> Vec<Posting> {
    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let mut query = Query::new(app(), &(day()..=day()), filter, cursor).with_size(size);
        let page = loop {
            match query.step() {
                QueryStep::Count(_) => query.counted(u64::from(store.count(day()))),
                QueryStep::Get(keys) => {
                    assert!(!keys.is_empty());
                    keys.iter().for_each(|key| query.got(key, store.get(key)));
                }
                QueryStep::Page(page) => break page,
            }
        };
        assert!(page.postings.len() <= size);
        found.extend(page.postings);
        // As a client hands it back.
        let Some(next) = page.next else { return found };
        cursor = Some(next.to_string().parse().unwrap());
    }
}

fn filter() -> impl Strategy<Value = Filter> {
    let verdict = prop::sample::select(vec![Verdict::Allow, Verdict::Deny, Verdict::Hold]);
    (option::of(0_u8..5), option::of(0_u8..3), option::of(0_u8..2), option::of(verdict)).prop_map(
        |(r, p, c, verdict)| Filter {
            recording: r.map(recording),
            principal: p.map(|p| tag(p + 1)),
            connection: c.map(|c| tag(c + 10)),
            verdict,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_query_finds_what_a_filter_over_all_records_finds(
        chains in chains(),
        filters in vec(filter(), 1..4),
        size in 1_usize..12,
        runs in vec((NOON..EVENING, 0_usize..12), 0..4),
    ) {
        let mut store = store(&chains);
        for (now, writes) in runs {
            upkeep(&mut store, now, writes);
        }
        for filter in filters.into_iter().chain([Filter::default()]) {
            let expected: Vec<_> = all(&chains).into_iter().filter(|one| filter.matches(one)).collect();
            prop_assert_eq!(query(&store, filter, size), expected);
        }
    }

    #[test]
    fn what_is_derived_in_pieces_and_twice_is_what_is_derived_at_once(
        chains in chains(),
        runs in vec((NOON..EVENING, 0_usize..12), 0..5),
    ) {
        let mut at_once = store(&chains);
        let mut in_pieces = at_once.clone();
        upkeep(&mut at_once, EVENING, usize::MAX);
        for (now, writes) in runs {
            upkeep(&mut in_pieces, now, writes);
        }
        upkeep(&mut in_pieces, EVENING, usize::MAX);
        // While a chain grows, it depends on when somebody looks.
        in_pieces.values.retain(|key, _| !key.contains(":part:"));
        prop_assert_eq!(&at_once.values, &in_pieces.values);
        upkeep(&mut at_once, EVENING, 0);
        prop_assert_eq!(at_once.values, in_pieces.values, "there is nothing left to be written");
    }

    #[test]
    fn what_is_damaged_is_read_from_what_it_was_derived_from(
        chains in chains(),
        damaged: prop::sample::Index,
        value in vec(any::<u8>(), 0..40),
    ) {
        let mut store = store(&chains);
        let segments: Vec<_> = store.values.keys().cloned().collect();
        upkeep(&mut store, EVENING, usize::MAX);
        let derived: Vec<_> = store.values.keys().filter(|key| !segments.contains(key)).cloned().collect();
        if !derived.is_empty() {
            store.values.insert(derived[damaged.index(derived.len())].clone(), value);
        }
        prop_assert_eq!(query(&store, Filter::default(), 7), all(&chains));
    }

    #[test]
    fn any_text_is_a_cursor_or_none(text in "\\PC{0,120}") {
        prop_assert!(text.parse::<Cursor>().is_err() || text.parse::<Cursor>().unwrap().to_string() == text);
    }
}

#[test]
fn several_days_are_read_the_latest_first() {
    let hour = 60 * 60 * 1000;
    let mut store = Store::default();
    for n in 0..3 {
        let now = NOON + n * 24 * hour;
        let record = intent(n, now, Verdict::Allow);
        let mut writer = Writer::new(author(ChainLimits::default()));
        let item = Item {
            recording: recording(1),
            principal: None,
            connection: None,
            record: &record,
            fresh: fresh(n),
        };
        writer.push(item).unwrap();
        store.serve_all(&mut writer, now);
    }
    let last = Day::of(UnixMillis(NOON + 48 * hour));
    let mut found = Vec::new();
    let mut query = Query::new(app(), &(day()..=last), Filter::default(), None);
    loop {
        match query.step() {
            QueryStep::Count(key) => {
                query.counted(u64::from(store.counters.get(key.as_str()).copied().unwrap_or(0)))
            }
            QueryStep::Get(keys) => keys.iter().for_each(|key| query.got(key, store.get(key))),
            QueryStep::Page(page) => {
                assert_eq!(page.next, None);
                found.extend(page.postings.into_iter().map(|posting| posting.chain.day.to_string()));
                break;
            }
        }
    }
    assert_eq!(found, ["2026-08-25", "2026-08-24", "2026-08-23"]);
    let mut none = Query::new(app(), &(last..=day()), Filter::default(), None);
    assert_eq!(none.step(), QueryStep::Page(Page { postings: Vec::new(), next: None }));
}

#[test]
fn a_chain_that_may_still_be_begun_has_no_leaf() {
    let one = vec![(0, None, 0, Verdict::Allow, 0)];
    let over = crate::LEASE_MILLIS + crate::SETTLE_MILLIS + crate::SKEW_MILLIS + 1;
    let leaf =
        |store: &Store, serial| store.get(&Key::index_leaf(&app(), ChainId { day: day(), serial })).is_some();
    let mut store = store(&[vec![], one, vec![]]);
    // The second chain was opened one second after noon, and has not ended.
    upkeep(&mut store, NOON + 1_000 + over - 1, usize::MAX);
    assert_eq!([1, 2, 3].map(|serial| leaf(&store, serial)), [false; 3]);
    upkeep(&mut store, NOON + 1_000 + over, usize::MAX);
    assert_eq!([1, 2, 3].map(|serial| leaf(&store, serial)), [true, true, false]);
    upkeep(&mut store, day().end().0 + over, usize::MAX);
    assert_eq!([1, 2, 3].map(|serial| leaf(&store, serial)), [true; 3]);
}

/// What there is of a day, as a checkpoint or a tombstone says it.
fn heads(store: &Store) -> (Vec<crate::Head>, u32) {
    let mut heads = Heads::new(app(), day(), 1..=store.count(day()));
    loop {
        match heads.step() {
            HeadsStep::Get(keys) => keys.iter().for_each(|key| heads.got(key, store.get(key))),
            HeadsStep::Found { heads, open_from } => return (heads, open_from),
        }
    }
}

#[test]
fn how_long_a_chain_is_takes_a_few_reads_however_long_it_is() {
    let mut store = Store::default();
    let mut writer = Writer::new(author(ChainLimits { segments: 1_000, ..ChainLimits::default() }));
    for n in 0..300 {
        let record = intent(n, NOON, Verdict::Allow);
        let (recording, fresh) = (recording(1), fresh(n));
        writer.push(Item { recording, principal: None, connection: None, record: &record, fresh }).unwrap();
        store.serve_all(&mut writer, NOON);
    }
    let chain = ChainId { day: day(), serial: 1 };
    for length in (0..=300_u32).rev() {
        store.values.remove(Key::segment(&app(), SegmentId { chain, n: length }).as_str());
        let (mut heads, mut n_reads) = (Heads::new(app(), day(), 1..=1), 0);
        let found = loop {
            match heads.step() {
                HeadsStep::Get(keys) => {
                    n_reads += keys.len();
                    keys.iter().for_each(|key| heads.got(key, store.get(key)));
                }
                HeadsStep::Found { heads, .. } => break heads,
            }
        };
        let last = store.chain(chain).last().map(|value| Segment::parse(value).unwrap().hash());
        assert_eq!(found.first().map(|head| (head.segments, head.hash)), last.map(|hash| (length, hash)));
        assert!(n_reads <= 40, "{n_reads} reads for {length} segments");
    }
}

#[test]
fn a_day_is_as_large_as_its_leaves_say() {
    let one = vec![(0, None, 0, Verdict::Allow, 0)];
    let mut store = store(&[one.clone(), vec![], one]);
    let all = |store: &Store| {
        let segments = store.values.iter().filter(|(key, _)| key.contains(":segment:"));
        segments.map(|(_, value)| value.len() as u64).sum::<u64>()
    };
    let measured = |store: &Store| {
        let mut size = Size::new(app(), day(), 1..=3);
        loop {
            match size.step() {
                SizeStep::Get(keys) => keys.iter().for_each(|key| size.got(key, store.get(key))),
                SizeStep::Found { bytes, without_leaf } => return (bytes, without_leaf),
            }
        }
    };
    assert_eq!(measured(&store), (0, Some(ChainId { day: day(), serial: 1 })));
    upkeep(&mut store, day().end().0 * 2, usize::MAX);
    assert_eq!(measured(&store), (all(&store), None));
}

fn held(recordings: &[u8]) -> Held {
    Held { recordings: recordings.iter().copied().map(recording).collect(), ..Held::default() }
}

fn prune(store: &Store, of: &[u8]) -> PruneStep {
    driven(store, Prune::new(app(), day(), u64::from(store.count(day())), held(of)))
}

fn driven(store: &Store, mut prune: Prune) -> PruneStep {
    loop {
        match prune.step() {
            PruneStep::Get(keys) => keys.iter().for_each(|key| prune.got(key, store.get(key))),
            step @ (PruneStep::Open(_) | PruneStep::Pruned(_)) => return step,
        }
    }
}

fn tombstone(pruned: &Pruned) -> Tombstone {
    let (heads, kept, at) = (pruned.heads.clone(), pruned.kept.clone(), UnixMillis(NOON));
    Tombstone::sign(TombstoneDraft { app: app(), day: day(), heads, at, kept }, &signing()).unwrap()
}

/// What a query finds that knows the tombstone.
fn left(store: &Store, tombstone: &Tombstone) -> Vec<Posting> {
    let query = Query::new(app(), &(day()..=day()), Filter::default(), None);
    let mut query = query.without([tombstone.clone()]);
    loop {
        match query.step() {
            QueryStep::Count(_) => query.counted(u64::from(store.count(day()))),
            QueryStep::Get(keys) => keys.iter().for_each(|key| query.got(key, store.get(key))),
            QueryStep::Page(page) => return page.postings,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn heads_are_the_same_before_and_after_leaves_are_derived(chains in chains()) {
        let mut store = store(&chains);
        let (before, open_from) = heads(&store);
        prop_assert_eq!(open_from, 1);
        upkeep(&mut store, day().end().0 * 2, usize::MAX);
        let (mut after, open_from) = heads(&store);
        prop_assert_eq!(open_from, store.count(day()) + 1);
        prop_assert_eq!(after.len(), chains.len());
        after.retain(|head| head.segments > 0);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn pruning_leaves_nothing_but_what_is_held_wherever_it_was_stopped(
        chains in chains(),
        of in vec(0_u8..5, 0..2),
        chain in option::of(1_u32..22),
        stops in vec(0_usize..40, 0..4),
    ) {
        let mut store = store(&chains);
        upkeep(&mut store, day().end().0 * 2, usize::MAX);
        let chain = chain.filter(|serial| *serial <= store.count(day()));
        let chain = chain.map(|serial| ChainId { day: day(), serial });
        let held = Held { chains: chain.into_iter().collect(), ..held(&of) };
        let first = Prune::new(app(), day(), u64::from(store.count(day())), held.clone());
        let PruneStep::Pruned(pruned) = driven(&store, first) else { panic!("all chains have ended") };
        let all_heads = heads(&store).0;
        prop_assert_eq!(&pruned.heads, &all_heads);
        let tombstone = tombstone(&pruned);
        let is_kept = |posting: &Posting| pruned.kept.contains(&posting.chain.serial);
        let of: Vec<_> = of.into_iter().map(recording).collect();
        let kept: Vec<_> = all(&chains).into_iter().filter(is_kept).collect();
        prop_assert!(all(&chains).iter().all(|one| is_kept(one) || !of.contains(&one.recording)));
        prop_assert!(chain.is_none_or(|chain| pruned.kept.contains(&chain.serial)));
        for stop in stops.into_iter().chain([usize::MAX]) {
            let again = Prune::going_on(app(), tombstone.clone(), held.clone());
            let PruneStep::Pruned(pruned) = driven(&store, again) else { panic!("it goes on") };
            prop_assert_eq!(&pruned.kept, tombstone.kept());
            for key in pruned.delete.iter().flatten().take(stop) {
                store.values.remove(key.as_str());
            }
            // Whoever reads a copy of the store meanwhile can.
            prop_assert!(crate::records_in(&app(), &wrapping(), &store.values).is_ok());
            prop_assert_eq!(&left(&store, &tombstone), &kept);
        }
        prop_assert_eq!(query(&store, Filter::default(), 9), kept);
        // Of all others, nothing is left.
        let rest = store.values.keys().all(|key| {
            let serial = key.split(":2026-08-23:").nth(1).and_then(|rest| rest.split(':').next());
            pruned.kept.contains(&serial.unwrap().parse().unwrap())
        });
        prop_assert!(rest, "{:?}", store.values.keys());

        // What is held no longer goes with another tombstone.
        let again = Prune::going_on(app(), tombstone.clone(), Held::default());
        let PruneStep::Pruned(pruned) = driven(&store, again) else { panic!("it goes on") };
        prop_assert_eq!(&pruned.kept, &[0_u32; 0]);
        let fewer = tombstone.keeping(&pruned.kept, UnixMillis(NOON + 1), &signing());
        prop_assert!(fewer.verify(&trusted()).is_ok() && fewer.is_of(&all_heads));
        let again = Prune::going_on(app(), fewer, Held::default());
        let PruneStep::Pruned(pruned) = driven(&store, again) else { panic!("it goes on") };
        for key in pruned.delete.iter().flatten() {
            store.values.remove(key.as_str());
        }
        prop_assert!(store.values.is_empty(), "{:?}", store.values.keys());
    }
}

#[test]
fn a_day_with_an_open_chain_is_not_pruned() {
    let mut store = store(&[vec![], vec![(0, None, 0, Verdict::Allow, 0)]]);
    let open = |serial| PruneStep::Open(ChainId { day: day(), serial });
    assert_eq!(prune(&store, &[]), open(1));
    upkeep(&mut store, NOON, usize::MAX);
    assert_eq!(prune(&store, &[]), open(1));
    upkeep(&mut store, day().end().0 * 2, usize::MAX);
    assert!(matches!(prune(&store, &[]), PruneStep::Pruned(_)));
}
