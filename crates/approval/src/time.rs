//! Time as a value.

use std::time::Duration;

use portcullis_ledger::UnixMillis;

/// This time, later; the end of time stays the end of time.
#[must_use]
pub fn later(at: UnixMillis, by: Duration) -> UnixMillis {
    UnixMillis(at.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
}
