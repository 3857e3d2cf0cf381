//! When an event is tried, and when it is given up.
//!
//! Everything follows from when the event happened: nobody has to write down that an attempt has failed, and where
//! nobody comes by for a while, the attempts that were missed become one.

use std::time::Duration;

use portcullis_ledger::UnixMillis;

/// How long after the event each attempt may be made. The first is made at once by whoever saw the event happen, and
/// nobody else makes it.
pub const ATTEMPTS: [Duration; 11] = [
    Duration::ZERO,
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(4 * 60 * 60),
    Duration::from_secs(8 * 60 * 60),
    Duration::from_secs(16 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];
/// How long the last attempt may be made.
const LAST_CHANCE: Duration = Duration::from_secs(60 * 60);

/// What is to be done about an event that has not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its time is over.
    GiveUp,
    /// This attempt, unless somebody has made it.
    Try(usize),
    /// Whoever saw it happen is about to send it.
    Wait,
}

/// What is to be done now.
#[must_use]
pub fn step(happened: UnixMillis, now: UnixMillis) -> Step {
    let age = Duration::from_millis(now.0.saturating_sub(happened.0));
    let end = ATTEMPTS.last().copied().unwrap_or_default().saturating_add(LAST_CHANCE);
    match ATTEMPTS.iter().rposition(|after| *after <= age) {
        _ if age >= end => Step::GiveUp,
        None | Some(0) => Step::Wait,
        Some(attempt) => Step::Try(attempt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_follow_from_the_time_of_the_event() {
        let happened = UnixMillis(1_000_000);
        for (seconds, want) in [
            (0, Step::Wait),
            (29, Step::Wait),
            (30, Step::Try(1)),
            (119, Step::Try(1)),
            (120, Step::Try(2)),
            (3 * 3600, Step::Try(6)),
            (24 * 3600, Step::Try(10)),
            (25 * 3600 - 1, Step::Try(10)),
            (25 * 3600, Step::GiveUp),
            (1_000_000, Step::GiveUp),
        ] {
            assert_eq!(step(happened, UnixMillis(happened.0 + seconds * 1000)), want, "after {seconds} s");
        }
        assert_eq!(step(happened, UnixMillis(0)), Step::Wait, "a clock that is behind");
        assert!(ATTEMPTS.is_sorted());
    }
}
