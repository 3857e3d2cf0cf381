//! The one place where the benchmark reads the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, on the clock that only goes forward.
#[expect(clippy::disallowed_methods, reason = "time is what a benchmark measures")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970-01-01T00:00:00Z.
#[expect(clippy::disallowed_methods, reason = "results say when they were measured")]
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
