//! How much of anything one request may use.
//!
//! Each limit has a default and bounds; zero, and values that would switch a limit off, are refused. Not here:
//! enforcing them, and limits per principal, which are policy.

use std::time::Duration;

use crate::read::{Report, Section};

/// How much of anything one request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest request body, in bytes. `body_bytes`, 1 MiB unless set, 1 KiB to 64 MiB.
    pub body_bytes: usize,
    /// How long a caller may take to send its body. `body_seconds`, 10 s unless set, 1 s to 300 s.
    pub body_time: Duration,
    /// How deep JSON may nest. `depth`, 64 unless set, 8 to 120, below what the JSON parser itself bears.
    pub depth: usize,
    /// The longest single message from upstream, in bytes. `frame_bytes`, 8 MiB unless set, 1 KiB to 64 MiB.
    pub frame_bytes: usize,
    /// How long an upstream may take to begin its answer, and between two messages of it.
    /// `response_seconds`, 60 s unless set, 1 s to 3600 s.
    pub response_time: Duration,
    /// The longest bearer token, in bytes. `token_bytes`, 16 KiB unless set, 512 B to 64 KiB.
    pub token_bytes: usize,
    /// How many requests with a refused token one client address may send in a minute before it is refused
    /// without a look at its token. `failures_per_minute`, 60 unless set, 1 to 100,000.
    pub failures_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            body_time: Duration::from_secs(10),
            depth: 64,
            frame_bytes: 8 << 20,
            response_time: Duration::from_secs(60),
            token_bytes: 16 << 10,
            failures_per_minute: 60,
        }
    }
}

impl Limits {
    /// Reads `[limits]`.
    pub(crate) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let mut number = |key, bounds, default| section.number(report, key, bounds, default);
        Self {
            body_bytes: bytes(number("body_bytes", 1 << 10..=64 << 20, 1 << 20)),
            body_time: seconds(number("body_seconds", 1..=300, 10)),
            depth: bytes(number("depth", 8..=120, 64)),
            frame_bytes: bytes(number("frame_bytes", 1 << 10..=64 << 20, 8 << 20)),
            response_time: seconds(number("response_seconds", 1..=3600, 60)),
            token_bytes: bytes(number("token_bytes", 512..=64 << 10, 16 << 10)),
            failures_per_minute: number("failures_per_minute", 1..=100_000, 60),
        }
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}

/// The bounds above fit every machine's word, so the fallback is never taken.
fn bytes(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
