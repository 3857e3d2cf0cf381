//! How much of anything one request may use, and how many requests there may be.
//!
//! Each limit has a default and bounds; zero, and values that would switch a limit off, are refused. Not here:
//! enforcing them, and what a principal may use in all, which is policy.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::read::{Report, Section};

/// How much of anything one request may use, and how many requests there may be.
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
    /// How many requests a principal may send. `requests_per_minute` and, at once after a pause, `request_burst`;
    /// 6,000 and 100 unless set, 1 to 1,000,000.
    pub requests: Pace,
    /// How many requests of a principal may be under way at once. `concurrent_requests`, 100 unless set, 1 to 10,000.
    pub concurrent_requests: NonZeroU32,
    /// How many requests a client address may send, whatever its tokens are. `address_requests_per_minute` and
    /// `address_request_burst`; 12,000 and 1,200 unless set, 1 to 1,000,000.
    pub address_requests: Pace,
}

/// So many on average, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many a minute.
    pub per_minute: NonZeroU32,
    /// How many at once.
    pub burst: NonZeroU32,
}

impl Pace {
    /// The burst is below the 128 requests that an instance of Spin serves, else the limit would never be reached there.
    const REQUESTS: Self = Self::new(6_000, 100);
    const ADDRESS_REQUESTS: Self = Self::new(12_000, 1_200);

    const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute: at_least_one(per_minute), burst: at_least_one(burst) }
    }
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
            requests: Pace::REQUESTS,
            concurrent_requests: at_least_one(CONCURRENT),
            address_requests: Pace::ADDRESS_REQUESTS,
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
            requests: pace(&mut number, ["requests_per_minute", "request_burst"], Pace::REQUESTS),
            concurrent_requests: at_least_one(number("concurrent_requests", 1..=10_000, CONCURRENT)),
            address_requests: pace(
                &mut number,
                ["address_requests_per_minute", "address_request_burst"],
                Pace::ADDRESS_REQUESTS,
            ),
        }
    }
}

/// Reads the two numbers of a pace.
fn pace(
    number: &mut impl FnMut(&'static str, RangeInclusive<u32>, u32) -> u32,
    [per_minute, burst]: [&'static str; 2],
    default: Pace,
) -> Pace {
    Pace::new(
        number(per_minute, 1..=MOST_REQUESTS, default.per_minute.get()),
        number(burst, 1..=MOST_REQUESTS, default.burst.get()),
    )
}

/// The bounds leave out zero, so the fallback is never taken.
pub(crate) const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

pub(crate) fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}

/// The bounds above fit every machine's word, so the fallback is never taken.
fn bytes(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

const CONCURRENT: u32 = 100;
const MOST_REQUESTS: u32 = 1_000_000;
