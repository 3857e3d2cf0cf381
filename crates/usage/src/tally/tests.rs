mod world;

use portcullis_ledger::DigestKey;
use portcullis_settings::ClassName;

use self::world::{Instance, Store, class, scope};
use super::*;
use crate::bucket::Totals;
use crate::key::ValueDigest;
use crate::reading::Usage;
use crate::stored::{DecodeError, Stored};
use crate::time::{GRACE, Minute, PUBLISH_EVERY, SKEW, later};

/// The middle of a minute, and of an hour.
const START: UnixMillis = UnixMillis(1_787_481_015_000);

fn plus(seconds: u64) -> UnixMillis {
    UnixMillis(START.0 + seconds * 1000)
}

fn known(reading: Reading) -> Usage {
    match reading {
        Reading::Known(usage) => *usage,
        Reading::Unknown(why) => panic!("unknown: {why}"),
    }
}

fn calls(usage: &Usage) -> [u64; 3] {
    [&usage.minute, &usage.hour, &usage.day].map(Totals::calls)
}

#[test]
fn nothing_is_known_before_it_was_read_nor_when_that_is_long_ago() {
    let (mut store, mut instance) = (Store::default(), Instance::new(0));
    assert_eq!(instance.tally.read(scope(0), START), Reading::Unknown(Unknown::Stale));
    instance.tally.admit(scope(0), START).unwrap();
    assert_eq!(instance.tally.read(scope(0), START), Reading::Unknown(Unknown::Stale));
    instance.load(&mut store, scope(0), START);
    assert_eq!(calls(&known(instance.tally.read(scope(0), plus(2)))), [0; 3]);
    assert_eq!(instance.tally.read(scope(0), plus(3)), Reading::Unknown(Unknown::Stale));
}

#[test]
fn own_counts_are_exact_at_once_and_those_of_others_after_they_were_published_and_read() {
    let mut store = Store::default();
    let [mut a, mut b] = [Instance::new(0), Instance::new(1)];
    a.load(&mut store, scope(0), START);
    b.load(&mut store, scope(0), START);
    a.count(scope(0), START);
    assert_eq!(calls(&known(a.tally.read(scope(0), START))), [1; 3]);
    a.publish(&mut store, scope(0), Pace::Now, START);
    assert_eq!(calls(&known(b.tally.read(scope(0), START))), [0; 3]);
    b.load(&mut store, scope(0), plus(2));
    assert_eq!(calls(&known(b.tally.read(scope(0), plus(2)))), [1; 3]);
}

#[test]
fn scopes_do_not_mix() {
    let (mut store, mut a, mut b) = (Store::default(), Instance::new(0), Instance::new(1));
    a.count(scope(1), START);
    a.publish(&mut store, scope(1), Pace::Now, START);
    b.load(&mut store, scope(2), START);
    assert_eq!(calls(&known(b.tally.read(scope(2), START))), [0; 3]);
}

/// One instance counts, another reads at each of these times: what its windows still hold.
#[test]
fn windows_slide() {
    let mut store = Store::default();
    let mut a = Instance::new(0);
    a.count(scope(0), START);
    a.publish(&mut store, scope(0), Pace::Now, START);
    // START is in the middle of a slice, 15 s into its minute, and 30 minutes into its hour.
    for (seconds, expected) in [
        (0, [1, 1, 1]),
        (60, [1, 1, 1]),
        (70, [0, 1, 1]),
        (60 * 60, [0, 1, 1]),
        (61 * 60, [0, 0, 1]),
        (24 * 3600, [0, 0, 1]),
        (25 * 3600, [0, 0, 0]),
    ] {
        let mut reader = Instance::new(1);
        reader.load(&mut store, scope(0), plus(seconds));
        let usage = known(reader.tally.read(scope(0), plus(seconds)));
        assert_eq!(calls(&usage), expected, "after {seconds} s");
        assert_eq!(usage.day.distinct(&class()), Some(expected[2]));
        assert_eq!(usage.day.findings(&class()), Some(expected[2]));
        // Whoever reads also writes the totals that were missing.
        reader.count(scope(1), plus(seconds));
    }
}

#[test]
fn a_failed_claim_loses_nothing() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    a.count(scope(0), START);
    store.failing_claims = true;
    a.publish(&mut store, scope(0), Pace::Now, START);
    store.failing_claims = false;
    a.publish(&mut store, scope(0), Pace::Now, START);
    let mut b = Instance::new(1);
    b.load(&mut store, scope(0), START);
    assert_eq!(calls(&known(b.tally.read(scope(0), START))), [1; 3], "the number that was lost is absent");
    assert!(store.counters.values().any(|claimed| *claimed == 2));
}

#[test]
fn a_write_in_doubt_counts_once_whether_it_arrived_or_not() {
    for arrives in [true, false] {
        let (mut store, mut a) = (Store::default(), Instance::new(0));
        a.count(scope(0), START);
        store.arrives_and_fails = Some(arrives);
        a.publish(&mut store, scope(0), Pace::Now, START);
        store.arrives_and_fails = None;
        // The share is not retried before its minute is over; then it is read back.
        a.load(&mut store, scope(0), plus(100));
        a.publish(&mut store, scope(0), Pace::Now, plus(100));
        assert_eq!(calls(&known(a.tally.read(scope(0), plus(100))))[1..], [1, 1], "arrives: {arrives}");
        let mut b = Instance::new(1);
        b.load(&mut store, scope(0), plus(200));
        assert_eq!(calls(&known(b.tally.read(scope(0), plus(200))))[1..], [1, 1], "arrives: {arrives}");
    }
}

#[test]
fn a_late_write_of_an_old_revision_cannot_undo_a_newer_one() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    a.count(scope(0), START);
    store.arrives_and_fails = Some(false);
    let late = a.publish(&mut store, scope(0), Pace::Now, START);
    store.arrives_and_fails = None;
    a.publish(&mut store, scope(0), Pace::Now, plus(1));
    a.count(scope(0), plus(2));
    a.publish(&mut store, scope(0), Pace::Now, plus(2));
    store.values.extend(late);
    let mut b = Instance::new(1);
    b.load(&mut store, scope(0), plus(6));
    assert_eq!(calls(&known(b.tally.read(scope(0), plus(6)))), [2; 3]);
}

#[test]
fn an_instance_that_cannot_publish_admits_no_more_and_knows_nothing() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    a.count(scope(0), START);
    store.arrives_and_fails = Some(false);
    a.publish(&mut store, scope(0), Pace::Now, START);
    assert_eq!(a.tally.admit(scope(0), plus(5)), Ok(()));
    assert_eq!(a.tally.admit(scope(0), plus(6)), Err(Unknown::Unpublished));
    a.load(&mut store, scope(0), plus(6));
    assert_eq!(a.tally.read(scope(0), plus(6)), Reading::Unknown(Unknown::Unpublished));
    assert_eq!(a.tally.admit(scope(1), plus(6)), Ok(()), "other principals are not held off");
    store.arrives_and_fails = None;
    a.publish(&mut store, scope(0), Pace::Now, plus(6));
    assert_eq!(a.tally.admit(scope(0), plus(6)), Ok(()));
}

#[test]
fn a_store_that_fails_makes_usage_unknown() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    store.failing_reads = true;
    a.load(&mut store, scope(0), START);
    assert_eq!(a.tally.read(scope(0), START), Reading::Unknown(Unknown::Store));
    store.failing_reads = false;
    a.load(&mut store, scope(0), START);
    known(a.tally.read(scope(0), START));
}

#[test]
fn what_cannot_be_understood_makes_usage_unknown() {
    let app = "app".parse().unwrap();
    let hour = Minute::of(START).hour();
    let minute = Minute::of(START);
    let total = Stored::Minute(crate::bucket::Bucket::default()).encode();
    let share = Key::share(&app, scope(0), minute, 1);
    for (key, value, expected) in [
        (Key::minute(&app, scope(0), minute.back(9)), vec![1, b'?'], Unknown::Damaged(DecodeError::Damaged)),
        (Key::minute(&app, scope(0), minute.back(9)), vec![2], Unknown::Damaged(DecodeError::Newer(2))),
        (
            Key::hour(&app, scope(0), hour.last_day().next().unwrap()),
            vec![],
            Unknown::Damaged(DecodeError::Damaged),
        ),
        (
            Key::hour(&app, scope(0), hour.last_day().next().unwrap()),
            total.clone(),
            Unknown::Damaged(DecodeError::Damaged),
        ),
        (share, total.clone(), Unknown::Damaged(DecodeError::Damaged)),
        (Key::minute(&app, scope(0), minute), total, Unknown::Clock),
    ] {
        let (mut store, mut a) = (Store::default(), Instance::new(0));
        store.counters.insert(Key::counter(&app, scope(0), minute), 1);
        store.values.insert(key.clone(), value);
        a.load(&mut store, scope(0), START);
        assert_eq!(a.tally.read(scope(0), START), Reading::Unknown(expected), "{key}");
    }
}

#[test]
fn more_shares_than_are_read_make_usage_unknown() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    let counter = Key::counter(&"app".parse().unwrap(), scope(0), Minute::of(START));
    store.counters.insert(counter, crate::MAX_SHARES + 1);
    a.load(&mut store, scope(0), START);
    assert_eq!(a.tally.read(scope(0), START), Reading::Unknown(Unknown::TooManyShares));
}

#[test]
fn a_clock_that_is_behind_is_noticed() {
    let mut store = Store::default();
    let [mut a, mut b, mut behind] = [0, 1, 2].map(Instance::new);
    a.count(scope(0), START);
    a.publish(&mut store, scope(0), Pace::Now, START);
    let sealed = later(Minute::of(START).end(), GRACE);
    b.load(&mut store, scope(0), sealed);
    b.count(scope(0), sealed);
    b.publish(&mut store, scope(0), Pace::Now, sealed);
    // Within the skew that is allowed, and beyond.
    let [allowed, beyond] = [SKEW.as_secs(), SKEW.as_secs() + 1].map(|s| UnixMillis(sealed.0 - s * 1000));
    behind.load(&mut store, scope(0), beyond);
    assert_eq!(behind.tally.read(scope(0), beyond), Reading::Unknown(Unknown::Clock));
    let mut behind = Instance::new(3);
    behind.load(&mut store, scope(0), allowed);
    known(behind.tally.read(scope(0), allowed));
}

#[test]
fn memory_is_bounded_and_what_has_no_room_is_refused() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    for n in 0..MAX_SCOPES as u64 {
        a.count(scope(n), START);
    }
    assert_eq!(a.tally.admit(scope(1000), START), Err(Unknown::Full));
    assert_eq!(a.tally.read(scope(1000), START), Reading::Unknown(Unknown::Full));
    assert!(a.tally.count(scope(1000), &Amounts::default(), START).is_err());
    assert_eq!(a.tally.admit(scope(3), START), Ok(()));
    a.publish(&mut store, scope(5), Pace::Now, START);
    assert_eq!(a.tally.admit(scope(1000), START), Ok(()), "what is published may be forgotten");
    assert_eq!(a.tally.scopes.len(), MAX_SCOPES);
    // And is not lost.
    let mut b = Instance::new(1);
    b.load(&mut store, scope(5), START);
    assert_eq!(calls(&known(b.tally.read(scope(5), START))), [1; 3]);
}

#[test]
fn publishing_at_intervals_waits_and_publishing_now_does_not() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    assert!(a.tally.publish(scope(0), Pace::Now, START).is_none(), "there is nothing");
    a.count(scope(0), START);
    assert!(!a.publish(&mut store, scope(0), Pace::Interval, START).is_empty(), "the first at once");
    a.count(scope(0), START);
    assert!(a.publish(&mut store, scope(0), Pace::Interval, START).is_empty());
    assert_eq!(a.publish(&mut store, scope(0), Pace::Now, START).len(), 1, "one write");
    a.count(scope(0), START);
    assert_eq!(a.publish(&mut store, scope(0), Pace::Interval, plus(1)).len(), 1);
}

#[test]
fn two_requests_of_one_instance_do_not_publish_or_read_twice() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    a.count(scope(0), START);
    let first = a.tally.publish(scope(0), Pace::Now, START).unwrap();
    a.count(scope(0), START);
    assert!(a.tally.publish(scope(0), Pace::Now, START).is_none(), "one write is under way");
    a.drive(&mut store, first, START);
    assert_eq!(a.publish(&mut store, scope(0), Pace::Now, START).len(), 1);

    a.load(&mut store, scope(0), START);
    let refresh = a.tally.load(scope(0), UnixMillis(START.0 + 1500)).unwrap();
    assert!(a.tally.load(scope(0), UnixMillis(START.0 + 1600)).is_none(), "one reading is under way");
    a.tally.loaded(refresh, plus(2));
    assert!(a.tally.load(scope(0), plus(3)).is_some(), "and it told nothing");
}

/// A share that this instance claims while it reads is its own, and not one of the others.
#[test]
fn a_share_claimed_during_a_reading_counts_once() {
    let (mut store, mut a) = (Store::default(), Instance::new(0));
    a.tally.admit(scope(0), START).unwrap();
    let load = a.tally.load(scope(0), START).unwrap();
    a.count(scope(0), START);
    a.publish(&mut store, scope(0), Pace::Now, START);
    a.drive_load(&mut store, load, START);
    assert_eq!(calls(&known(a.tally.read(scope(0), START))), [1; 3]);
}

#[test]
fn a_cold_reading_of_a_busy_day_is_bounded_and_a_warm_one_is_small() {
    let mut store = Store::default();
    // A new instance each minute for 26 hours, none of which reads.
    for minute in 0..26 * 60 {
        let mut instance = Instance::new(minute);
        let now = plus(minute * 60);
        instance.load(&mut store, scope(0), now);
        instance.count(scope(0), now);
        instance.publish(&mut store, scope(0), Pace::Now, now);
    }
    let now = plus(26 * 3600);
    let mut reader = Instance::new(9999);
    store.gets = 0;
    reader.load(&mut store, scope(0), now);
    assert!(store.gets <= 24 + 61 + 4, "cold: {} values read", store.gets);
    // The current hour and 24 before it; the current minute has no share yet.
    assert_eq!(calls(&known(reader.tally.read(scope(0), now))), [1, 60, 24 * 60 + 30]);
    store.gets = 0;
    reader.load(&mut store, scope(0), UnixMillis(now.0 + 1500));
    assert!(store.gets <= 3, "warm: {} values read", store.gets);
}

#[test]
fn distinct_values_are_counted_across_instances_and_windows() {
    let mut store = Store::default();
    let key = DigestKey::new([1; 32]);
    let class: ClassName = "pii.email".parse().unwrap();
    for instance in 0..4_u64 {
        let mut instance = Instance::new(instance);
        // Half of what each sees, the next one sees too.
        let seen = instance.id * 300..instance.id * 300 + 600;
        let values = seen.map(|n| (class.clone(), ValueDigest::of(&key, scope(0), &class, &n.to_string())));
        let amounts = Amounts { values: values.collect(), ..Amounts::default() };
        let now = plus(instance.id * 120);
        instance.tally.count(scope(0), &amounts, now).unwrap();
        instance.publish(&mut store, scope(0), Pace::Now, now);
    }
    let (mut reader, now) = (Instance::new(9), plus(400));
    reader.load(&mut store, scope(0), now);
    let usage = known(reader.tally.read(scope(0), now));
    // 1,500 different ones; an estimate, and the same for everyone.
    let distinct = usage.day.distinct(&class).unwrap();
    assert!(distinct.abs_diff(1500) < 150, "{distinct}");
    assert_eq!(usage.hour.distinct(&class), Some(distinct));
    assert_eq!(usage.minute.distinct(&class), Some(600), "exact");
}

/// Every instance calls as often as it can, as long as what it reads is below a limit. Admitted is then at most
/// `limit + (instances - 1) * calls a second * (publish interval + read interval)`.
#[test]
fn a_limit_is_overshot_by_no_more_than_the_formula_says() {
    const LIMIT: u64 = 300;
    const TICK_MS: u64 = 50;
    for n_instances in [1, 2, 5, 20] {
        let mut store = Store::default();
        let mut instances: Vec<_> = (0..n_instances).map(Instance::new).collect();
        let mut admitted = 0;
        for tick in 0..1200 {
            let now = UnixMillis(START.0 + tick * TICK_MS);
            for instance in &mut instances {
                instance.load(&mut store, scope(0), now);
                if known(instance.tally.read(scope(0), now)).day.calls() < LIMIT {
                    instance.count(scope(0), now);
                    admitted += 1;
                }
                instance.publish(&mut store, scope(0), Pace::Interval, now);
            }
        }
        let each_ms = PUBLISH_EVERY.as_millis() + READ_EVERY.as_millis() + 2 * u128::from(TICK_MS);
        let bound = LIMIT + (n_instances - 1) * u64::try_from(each_ms).unwrap() / TICK_MS;
        assert!((LIMIT..=bound).contains(&admitted), "{n_instances}: {admitted}, at most {bound}");
        assert_eq!(admitted > LIMIT, n_instances > 1, "an instance alone is exact");
    }
}
