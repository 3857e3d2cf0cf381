//! Minutes, hours, and the times that keep instances out of each other's way.
//!
//! No instance ever waits for another. What lets a minute become immutable is time alone, so every assumption about
//! clocks and about the store is one of the constants here, and [`GRACE`] is their sum.

use std::time::Duration;

use portcullis_ledger::UnixMillis;

/// How long counts may wait before [`Pace::Interval`](crate::Pace::Interval) publishes them.
pub const PUBLISH_EVERY: Duration = Duration::from_secs(1);
/// How long counts may be unpublished before their instance admits no further call.
pub const PUBLISH_WITHIN: Duration = Duration::from_secs(5);
/// How old a reading of the others may be before it is read again.
pub const READ_EVERY: Duration = Duration::from_secs(1);
/// How old a reading of the others may be before it is no longer one.
pub const READ_WITHIN: Duration = Duration::from_secs(2);
/// How far the clocks of two instances may differ.
pub const SKEW: Duration = Duration::from_secs(5);
/// How long the shell may take over a publication; a write that was not sent by then is given up.
pub const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How long after [`Tally::publish`](crate::Tally::publish) its writes may still reach the store.
pub const SETTLED_AFTER: Duration = Duration::from_secs(15);
/// How long after the end of a minute an unacknowledged share of it may be written once more.
pub const RETRY_WITHIN: Duration = Duration::from_secs(5);
/// How long after its end a minute is immutable.
pub const GRACE: Duration = Duration::from_secs(30);

// INVARIANT: whoever reads a minute after its grace reads what everybody else reads.
const _: () = assert!(RETRY_WITHIN.as_secs() + SETTLED_AFTER.as_secs() + SKEW.as_secs() <= GRACE.as_secs());
const _: () = assert!(SEND_WITHIN.as_secs() < SETTLED_AFTER.as_secs());

const MINUTE_MS: u64 = 60_000;
const SLICE_MS: u64 = 10_000;
/// How many slices a minute has: what slides in the window of a minute.
pub(crate) const SLICES: u8 = 6;

/// How many whole minutes before the current one belong to the last hour.
pub(crate) const MINUTES_BACK: u64 = 60;
/// How many whole hours before the current one belong to the last day.
pub(crate) const HOURS_BACK: u64 = 24;

/// A minute of the clock, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Minute(pub(crate) u64);

/// An hour of the clock, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour(pub(crate) u64);

impl Minute {
    pub(crate) fn of(at: UnixMillis) -> Self {
        Self(at.0 / MINUTE_MS)
    }

    pub(crate) fn end(self) -> UnixMillis {
        UnixMillis(self.0.saturating_add(1).saturating_mul(MINUTE_MS))
    }

    pub(crate) fn hour(self) -> Hour {
        Hour(self.0 / 60)
    }

    pub(crate) fn back(self, minutes: u64) -> Self {
        Self(self.0.saturating_sub(minutes))
    }

    /// Whether nothing about this minute can change any more.
    pub(crate) fn is_sealed(self, now: UnixMillis) -> bool {
        now >= later(self.end(), GRACE)
    }

    /// The minutes before this one that belong to the last hour, and those of the current hour with them.
    pub(crate) fn last_hour(self) -> impl Iterator<Item = Self> {
        (self.back(MINUTES_BACK).0..self.0).map(Self)
    }
}

impl Hour {
    pub(crate) fn minutes(self) -> impl Iterator<Item = Minute> {
        let first = self.0.saturating_mul(60);
        (first..first.saturating_add(60)).map(Minute)
    }

    /// Whether nothing about this hour can change any more.
    pub(crate) fn is_sealed(self, now: UnixMillis) -> bool {
        Minute(self.0.saturating_mul(60).saturating_add(59)).is_sealed(now)
    }

    /// The hours before this one that belong to the last day.
    pub(crate) fn last_day(self) -> impl Iterator<Item = Self> {
        (self.0.saturating_sub(HOURS_BACK)..self.0).map(Self)
    }
}

/// The slice of its minute that this time is in.
pub(crate) fn slice(at: UnixMillis) -> u8 {
    u8::try_from(at.0 % MINUTE_MS / SLICE_MS).unwrap_or(0)
}

/// The first slice of `minute` that belongs to the minute before `now`; [`SLICES`] if none does.
pub(crate) fn first_slice(minute: Minute, now: UnixMillis) -> u8 {
    let slices = u64::from(SLICES);
    let first = (now.0 / SLICE_MS).saturating_sub(slices);
    let passed = first.saturating_sub(minute.0.saturating_mul(slices));
    u8::try_from(passed.min(slices)).unwrap_or(SLICES)
}

/// This time, later.
pub(crate) fn later(at: UnixMillis, by: Duration) -> UnixMillis {
    UnixMillis(at.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
}

/// Whether more than `limit` lies between the two times.
pub(crate) fn is_over(since: UnixMillis, limit: Duration, now: UnixMillis) -> bool {
    now > later(since, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_sealed_only_after_its_grace() {
        let minute = Minute(10);
        for (at, sealed) in [(600_000, false), (660_000, false), (689_999, false), (690_000, true)] {
            assert_eq!(minute.is_sealed(UnixMillis(at)), sealed, "at {at}");
        }
        assert!(!Hour(0).is_sealed(UnixMillis(3_629_999)));
        assert!(Hour(0).is_sealed(UnixMillis(3_630_000)));
    }

    #[test]
    fn the_window_of_a_minute_covers_at_least_one_and_at_most_a_slice_more() {
        for now in (120_000..240_000).step_by(777) {
            let now = UnixMillis(now);
            let minute = Minute::of(now);
            let oldest = [minute.back(1), minute]
                .into_iter()
                .filter_map(|minute| {
                    let first = first_slice(minute, now);
                    (first < SLICES).then(|| minute.0 * MINUTE_MS + u64::from(first) * SLICE_MS)
                })
                .min()
                .unwrap();
            assert!((60_000..70_000).contains(&(now.0 - oldest)), "now {now:?}, oldest {oldest}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for at in [UnixMillis(0), UnixMillis(u64::MAX)] {
            let minute = Minute::of(at);
            assert!(minute.last_hour().count() <= 60 && minute.hour().last_day().count() <= 24);
            _ = (minute.is_sealed(at), minute.hour().is_sealed(at), slice(at), first_slice(minute, at));
        }
    }
}
