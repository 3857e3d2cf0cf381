//! How often something may happen for each key: a token bucket, kept as one time per key.
//!
//! One instance keeps it alone, so with n instances up to n times as much can pass. It is there to keep a flood away
//! from what costs more; what a principal may use in all is for [`Usage`](crate::Usage) to say.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// So often, on average, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute.
    pub per_minute: NonZeroU32,
    /// How many at once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// How long it takes until one more may happen.
    fn interval(self) -> Duration {
        MINUTE / self.per_minute.get()
    }

    /// How far ahead of the clock a full burst is.
    fn tolerance(self) -> Duration {
        self.interval().saturating_mul(self.burst.get())
    }
}

/// A bucket for each key, for a bounded number of keys. Beyond that, keys that are new share one bucket, so that a
/// flood of keys is held off as if it were one.
#[derive(Debug)]
pub struct Rates<K> {
    rate: Rate,
    capacity: usize,
    /// When the bucket of a key will be full. One that is full is the same as none.
    full_at: BTreeMap<K, Duration>,
    others_full_at: Duration,
}

impl<K: Ord> Rates<K> {
    /// Full buckets for at most `capacity` keys.
    #[must_use]
    pub fn new(rate: Rate, capacity: usize) -> Self {
        Self { rate, capacity, full_at: BTreeMap::new(), others_full_at: Duration::ZERO }
    }

    /// Takes one for this key. `now` is a clock that only goes forward, from any start.
    ///
    /// # Errors
    /// The time until one is there, if none is. Nothing is taken then.
    pub fn take(&mut self, key: K, now: Duration) -> Result<(), Duration> {
        if self.full_at.len() >= self.capacity && !self.full_at.contains_key(&key) {
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        let fits = self.full_at.len() < self.capacity || self.full_at.contains_key(&key);
        let place = if fits { self.full_at.entry(key).or_insert(now) } else { &mut self.others_full_at };
        let full_at = (*place).max(now).saturating_add(self.rate.interval());
        match full_at.saturating_sub(now).checked_sub(self.rate.tolerance()) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *place = full_at;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rates(per_minute: u32, burst: u32, capacity: usize) -> Rates<u32> {
        let rate = Rate { per_minute: per_minute.try_into().unwrap(), burst: burst.try_into().unwrap() };
        Rates::new(rate, capacity)
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let mut rates = rates(60, 3, 8);
        for (key, now, expected) in [
            (1, at(10), Ok(())),
            (1, at(10), Ok(())),
            (1, at(10), Ok(())),
            (1, at(10), Err(at(1))),
            (2, at(10), Ok(())),
            (1, at(11), Ok(())),
            (1, at(11), Err(at(1))),
            (1, at(100), Ok(())),
        ] {
            assert_eq!(rates.take(key, now), expected, "key {key} at {now:?}");
        }
    }

    #[test]
    fn a_flood_of_keys_is_bounded_in_memory_and_held_off_as_one() {
        let mut rates = rates(60, 2, 10);
        let passed = (0..1000).filter(|key| rates.take(*key, at(5)).is_ok()).count();
        assert_eq!((passed, rates.full_at.len()), (12, 10));
        assert_eq!(rates.take(3, at(5)), Ok(()), "a key that is known keeps its own bucket");
        assert_eq!(rates.take(5000, at(8)), Ok(()), "buckets that are full again make room");
    }

    proptest! {
        #[test]
        fn no_span_has_more_than_its_share(
            per_minute in 1_u32..600, burst in 1_u32..20, steps in proptest::collection::vec(0_u64..5000, 1..200),
        ) {
            let mut rates = rates(per_minute, burst, 4);
            let mut now = Duration::ZERO;
            let mut passed = Vec::new();
            for step in steps {
                now += Duration::from_millis(step);
                if rates.take(1, now).is_ok() {
                    passed.push(now);
                }
            }
            for (first, start) in passed.iter().enumerate() {
                for (last, end) in passed.iter().enumerate().skip(first) {
                    let most = f64::from(burst) + (*end - *start).as_secs_f64() * f64::from(per_minute) / 60.0;
                    prop_assert!((last - first + 1) as f64 <= most + 0.001);
                }
            }
        }
    }
}
