//! Whoever follows gets every segment once and in order, whenever they look and whatever is derived meanwhile.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::chain::testing::*;
use crate::index::{Upkeep, UpkeepStep};
use crate::{ChainLimits, Item, LEASE_MILLIS, SETTLE_MILLIS, SKEW_MILLIS, Verdict, Writer};

/// Longer than any chain may be silent.
const OVER: u64 = LEASE_MILLIS + SETTLE_MILLIS + SKEW_MILLIS + 1;

/// A round: what was found in it, and whether it ended with too much.
fn round(follow: &mut Follow, store: &Store) -> (Vec<SegmentId>, Vec<SegmentId>, bool) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    loop {
        match follow.step() {
            FollowStep::Count(key) => {
                follow.counted(u64::from(store.counters.get(key.as_str()).copied().unwrap_or(0)))
            }
            FollowStep::Get(keys) => {
                assert!(!keys.is_empty());
                keys.iter().for_each(|key| follow.got(key, store.get(key)));
            }
            FollowStep::Missing(id) => missing.push(id),
            FollowStep::Quiet => return (found, missing, false),
            FollowStep::Segment(id, value) => {
                assert_eq!(store.get(&Key::segment(&app(), id)), Some(&value[..]));
                found.push(id);
            }
            FollowStep::TooMany => return (found, missing, true),
        }
    }
}

fn write(store: &mut Store, writer: &mut Writer, n: u64, now: u64) {
    let record = intent(n, now, Verdict::Allow);
    let (recording, fresh) = (recording(1), fresh(n));
    writer.push(Item { recording, principal: None, connection: None, record: &record, fresh }).unwrap();
    store.serve_all(writer, now);
}

fn writer() -> Writer {
    Writer::new(author(ChainLimits { segments: 7, ..ChainLimits::default() }))
}

fn upkeep(store: &mut Store, now: u64) {
    let day = Day::of(UnixMillis(now));
    let mut upkeep = Upkeep::new(app(), day, u64::from(store.count(day)), UnixMillis(now));
    loop {
        match upkeep.step() {
            UpkeepStep::Done => return,
            UpkeepStep::Get(keys) => keys.iter().for_each(|key| upkeep.got(key, store.get(key))),
            UpkeepStep::Set(puts) => {
                store.put(&puts);
                upkeep.written();
            }
        }
    }
}

fn segments(store: &Store) -> Vec<String> {
    let mut keys: Vec<_> = store.values.keys().filter(|key| key.contains(":segment:")).cloned().collect();
    keys.sort();
    keys
}

fn keys(ids: &[SegmentId]) -> Vec<String> {
    let mut keys: Vec<_> = ids.iter().map(|id| Key::segment(&app(), *id).as_str().to_owned()).collect();
    keys.sort();
    keys
}

/// What happens next: a writer writes, indexes are derived, a round, or time passes.
#[derive(Clone, Copy, Debug)]
enum Event {
    Write(usize),
    Upkeep,
    Round,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_usize..3).prop_map(Event::Write),
        1 => Just(Event::Upkeep),
        3 => Just(Event::Round),
        2 => (1_u64..40_000).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_segment_is_given_out_once_and_in_order(events in vec(event(), 0..60), begins_at in 0_usize..20) {
        let mut store = Store::default();
        let mut writers = [writer(), writer(), writer()];
        let (mut now, mut follow, mut found) = (NOON, None::<Follow>, Vec::new());
        let mut ended: Vec<String> = Vec::new();
        for (n, event) in (0_u64..).zip(&events) {
            if usize::try_from(n) == Ok(begins_at) {
                upkeep(&mut store, now);
                // What has a leaf has ended, and is not given out.
                let leaves = store.values.keys().filter_map(|key| key.split_once(":leaf:"));
                let of: Vec<String> = leaves.map(|(_, chain)| format!(":segment:{chain}:")).collect();
                ended = segments(&store).into_iter().filter(|key| of.iter().any(|of| key.contains(of))).collect();
                let mut begun = Follow::new(app(), UnixMillis(now));
                // What ends before it is looked for the first time is not given out either.
                found.extend(round(&mut begun, &store).0);
                follow = Some(begun);
            }
            match *event {
                Event::Pass(ms) => now += ms,
                Event::Round => if let Some(follow) = &mut follow {
                    follow.again(UnixMillis(now));
                    let (more, missing, _) = round(follow, &store);
                    prop_assert_eq!(missing, []);
                    found.extend(more);
                },
                Event::Upkeep => upkeep(&mut store, now),
                Event::Write(which) => write(&mut store, &mut writers[which], n, now),
            }
        }
        let Some(mut follow) = follow else { return Ok(()) };
        follow.again(UnixMillis(now));
        let (more, missing, _) = round(&mut follow, &store);
        found.extend(more);
        let mut expected = segments(&store);
        expected.retain(|key| !ended.contains(key));
        prop_assert_eq!((keys(&found), missing), (expected, vec![]));
        for pair in found.iter().filter(|id| id.n > 0) {
            let before = SegmentId { n: pair.n - 1, ..*pair };
            let place = |id: &SegmentId| found.iter().position(|one| one == id);
            prop_assert!(place(&before) < place(pair));
        }
        // Once everything is over, nothing is read any more but how many chains there are.
        follow.again(UnixMillis(now + OVER));
        round(&mut follow, &store);
        follow.again(UnixMillis(now + OVER));
        let mut n_steps = 0;
        loop {
            match follow.step() {
                FollowStep::Count(_) => follow.counted(u64::from(store.count(Day::of(UnixMillis(NOON))))),
                FollowStep::Quiet => break,
                step @ (FollowStep::Get(_) | FollowStep::Missing(_) | FollowStep::Segment(..) | FollowStep::TooMany) => {
                    prop_assert!(false, "{:?}", step);
                }
            }
            n_steps += 1;
        }
        prop_assert!(n_steps <= 2);
    }
}

#[test]
fn a_segment_that_was_taken_away_is_told_when_its_chain_is_over() {
    let (mut store, mut writer) = (Store::default(), writer());
    for n in 0..4 {
        write(&mut store, &mut writer, n, NOON + n);
    }
    let chain = ChainId { day: Day::of(UnixMillis(NOON)), serial: 1 };
    let lost = SegmentId { chain, n: 2 };
    store.values.remove(Key::segment(&app(), lost).as_str());
    let mut follow = Follow::new(app(), UnixMillis(NOON + 10));
    let (found, missing, _) = round(&mut follow, &store);
    assert_eq!((found, missing), (vec![SegmentId { chain, n: 0 }, SegmentId { chain, n: 1 }], vec![]));
    follow.again(UnixMillis(NOON + OVER + 10));
    let (found, missing, _) = round(&mut follow, &store);
    assert_eq!((found, missing), (vec![], vec![lost]));
}

#[test]
fn more_chains_than_are_followed_are_told() {
    let mut store = Store::default();
    let mut writers: Vec<_> = (0..MAX_CHAINS).map(|_| writer()).collect();
    for (n, writer) in (0..).zip(&mut writers) {
        write(&mut store, writer, n, NOON);
    }
    let mut follow = Follow::new(app(), UnixMillis(NOON));
    let (found, _, is_too_much) = round(&mut follow, &store);
    assert_eq!((found.len(), is_too_much), (MAX_CHAINS, false));
    write(&mut store, &mut writer(), 99, NOON);
    follow.again(UnixMillis(NOON));
    assert_eq!(round(&mut follow, &store), (vec![], vec![], true));
}

#[test]
fn a_chain_of_yesterday_is_followed_over_midnight_and_one_of_today_is_found() {
    let (mut store, mut old, mut new) = (Store::default(), writer(), writer());
    let midnight = Day::of(UnixMillis(NOON)).end().0;
    write(&mut store, &mut old, 1, midnight - 5_000);
    let mut follow = Follow::new(app(), UnixMillis(midnight - 4_000));
    assert_eq!(round(&mut follow, &store).0.len(), 1);
    write(&mut store, &mut old, 2, midnight + 1_000);
    write(&mut store, &mut new, 3, midnight + 2_000);
    follow.again(UnixMillis(midnight + 3_000));
    assert_eq!(round(&mut follow, &store).0.len(), 2);
    // Somebody who comes then finds all three.
    let mut late = Follow::new(app(), UnixMillis(midnight + 3_000));
    assert_eq!(round(&mut late, &store).0.len(), 3);
}
