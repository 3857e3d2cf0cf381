use proptest::prelude::*;
use serde_json::json;

use super::{KeyCache, Lookup};
use crate::test_issuer::{jwk, key_set};
use crate::{JwkSet, UnixSeconds};

/// What happens to a cache, and what is asked of it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Fetched(&'static str),
    Failed,
    Lookup(&'static str, &'static str),
}
use Step::{Failed, Fetched, Lookup as Ask};

/// A key set with one key of this name.
fn keys(kid: &str) -> JwkSet {
    let mut jwk = jwk("ES256");
    jwk["kid"] = json!(kid);
    key_set(&[jwk])
}

/// `fetch`, `unavailable`, or the keys that are used: `a` if the set has that key, else `b`.
fn ask(cache: &mut KeyCache, kid: Option<&str>, now: u64) -> &'static str {
    match cache.lookup(kid, UnixSeconds(now)) {
        Lookup::Fetch => "fetch",
        Lookup::Keys(keys) if keys.knows(Some("a")) => "a",
        Lookup::Keys(_) => "b",
        Lookup::Unavailable => "unavailable",
    }
}

fn run(name: &str, steps: &[(u64, Step)]) {
    let mut cache = KeyCache::new();
    for (now, step) in steps {
        match step {
            Fetched(kid) => cache.fetched(UnixSeconds(*now), keys(kid)),
            Failed => cache.failed(UnixSeconds(*now)),
            Ask(kid, want) => assert_eq!(ask(&mut cache, Some(kid), *now), *want, "case: {name} at {now}"),
        }
    }
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

#[test]
fn keys_are_fetched_when_they_must_be() {
    run("first use", &[(0, Ask("a", "fetch")), (1, Fetched("a")), (1, Ask("a", "a"))]);
    run("fresh for an hour", &[(0, Fetched("a")), (HOUR - 1, Ask("a", "a")), (HOUR, Ask("a", "fetch"))]);
    run(
        "the issuer is down and there are no keys",
        &[
            (10, Ask("a", "fetch")),
            (10, Failed),
            (10, Ask("a", "unavailable")),
            (14, Ask("a", "unavailable")),
            (15, Ask("a", "fetch")),
        ],
    );
    run(
        "the issuer is down and old keys are used for a day",
        &[
            (0, Fetched("a")),
            (HOUR, Ask("a", "fetch")),
            (HOUR, Failed),
            (HOUR, Ask("a", "a")),
            (HOUR + 29, Ask("a", "a")),
            (HOUR + 30, Ask("a", "fetch")),
            (DAY - 1, Failed),
            (DAY - 1, Ask("a", "a")),
            (DAY, Ask("a", "unavailable")),
            (DAY + 4, Ask("a", "fetch")),
        ],
    );
}

#[test]
fn an_unknown_key_causes_a_fetch_now_and_then() {
    run(
        "a rotation is noticed",
        &[
            (0, Fetched("a")),
            (29, Ask("b", "a")),
            (30, Ask("b", "fetch")),
            (31, Fetched("b")),
            (31, Ask("b", "b")),
            (31, Ask("a", "b")),
        ],
    );
    run(
        "a key that is not there is not looked for again",
        &[
            (0, Fetched("a")),
            (30, Ask("x", "fetch")),
            (30, Fetched("a")),
            (60, Ask("x", "a")),
            (60, Ask("y", "fetch")),
            (60, Fetched("a")),
            (329, Ask("x", "a")),
            (330, Ask("x", "fetch")),
        ],
    );
    run(
        "a key that turns up is not absent any more",
        &[
            (0, Fetched("a")),
            (30, Ask("b", "fetch")),
            (30, Fetched("a")),
            (90, Fetched("b")),
            (91, Fetched("a")),
            (121, Ask("b", "fetch")),
        ],
    );
    run(
        "a failed fetch does not make a key absent",
        &[(0, Fetched("a")), (30, Ask("b", "fetch")), (30, Failed), (60, Ask("b", "fetch"))],
    );
}

#[test]
fn keys_from_another_instance_keep_their_age() {
    run("stored an hour ago", &[(1000, Fetched("a")), (1000 + HOUR, Ask("a", "fetch"))]);
    run("stored later than ours", &[(100, Fetched("a")), (50, Fetched("b")), (101, Ask("a", "a"))]);
}

#[test]
fn a_token_without_a_key_name_uses_the_keys_there_are() {
    let mut cache = KeyCache::new();
    cache.fetched(UnixSeconds(0), keys("a"));
    assert_eq!(ask(&mut cache, None, 1000), "a");
}

#[test]
fn a_clock_that_goes_back_keeps_the_keys() {
    run("set back", &[(DAY, Fetched("a")), (10, Ask("a", "a")), (10, Ask("b", "a"))]);
}

proptest! {
    /// Strangers who name any keys at any time cause at most one fetch in 30 seconds.
    #[test]
    fn strangers_cannot_make_us_fetch_at_will(asks in prop::collection::vec((0_u64..3, "[a-z]{1,3}"), 1..300)) {
        let mut cache = KeyCache::new();
        cache.fetched(UnixSeconds(0), keys("a"));
        let (mut now, mut last_fetch) = (0, 0);
        for (pause, kid) in asks {
            now += pause;
            if ask(&mut cache, Some(&kid), now) == "fetch" {
                prop_assert!(now - last_fetch >= 30, "fetched at {last_fetch} and {now}");
                last_fetch = now;
                cache.fetched(UnixSeconds(now), keys("a"));
                prop_assert_eq!(ask(&mut cache, Some(&kid), now), "a");
            }
        }
        prop_assert!(cache.absent.len() <= super::MAX_NAMES && cache.wanted.len() <= super::MAX_NAMES);
    }

    /// Keys older than a day are never used, whatever happened before.
    #[test]
    fn keys_older_than_a_day_are_never_used(steps in prop::collection::vec((0_u64..50_000, any::<bool>(), any::<bool>()), 1..60)) {
        let mut cache = KeyCache::new();
        let (mut now, mut fetched_at) = (0, None);
        for (pause, fetch, works) in steps {
            now += pause;
            match (fetch, works) {
                (true, true) => {
                    cache.fetched(UnixSeconds(now), keys("a"));
                    fetched_at = Some(now);
                }
                (true, false) => cache.failed(UnixSeconds(now)),
                (false, _) if ask(&mut cache, Some("a"), now) == "a" => {
                    prop_assert!(fetched_at.is_some_and(|at| now - at < DAY));
                }
                (false, _) => (),
            }
        }
    }
}
