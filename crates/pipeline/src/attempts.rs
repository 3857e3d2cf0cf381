//! How many refused tokens each address has sent, so that guessing is slow and cannot fill the store.
//!
//! Counted per instance: the number of instances bounds how far the limit can be overshot.

use std::collections::BTreeMap;
use std::net::IpAddr;

const WINDOW_MS: u64 = 60_000;
/// Addresses remembered at once. When there are more, those whose window is over are forgotten; if none is,
/// every further address counts as one.
const REMEMBERED: usize = 1024;

/// Failures per address in the current minute.
#[derive(Debug)]
pub(crate) struct Attempts {
    limit: u32,
    failures: BTreeMap<Option<IpAddr>, (u64, u32)>,
}

impl Attempts {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, failures: BTreeMap::new() }
    }

    /// Whether this address has used up its failures.
    pub(crate) fn exhausted(&self, address: Option<IpAddr>, now: u64) -> bool {
        let shared = self.failures.len() >= REMEMBERED && !self.failures.contains_key(&address);
        let counted = self.failures.get(if shared { &None } else { &address });
        counted.is_some_and(|(start, count)| now.saturating_sub(*start) < WINDOW_MS && *count >= self.limit)
    }

    /// Counts one failure.
    pub(crate) fn failed(&mut self, address: Option<IpAddr>, now: u64) {
        if self.failures.len() >= REMEMBERED {
            self.failures.retain(|_, (start, _)| now.saturating_sub(*start) < WINDOW_MS);
        }
        let known = self.failures.len() < REMEMBERED || self.failures.contains_key(&address);
        let entry = self.failures.entry(if known { address } else { None }).or_insert((now, 0));
        if now.saturating_sub(entry.0) >= WINDOW_MS {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(number.into()))
    }

    #[test]
    fn an_address_is_held_off_for_the_rest_of_its_minute_and_no_other_is() {
        let mut attempts = Attempts::new(2);
        attempts.failed(address(1), 1000);
        assert!(!attempts.exhausted(address(1), 1000));
        attempts.failed(address(1), 2000);
        assert!(attempts.exhausted(address(1), 60_999));
        assert!(!attempts.exhausted(address(2), 2000));
        assert!(!attempts.exhausted(address(1), 61_000));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_addresses_is_counted_together() {
        let mut attempts = Attempts::new(5);
        for number in 0..10_000 {
            attempts.failed(address(number), 1000);
        }
        assert!(attempts.failures.len() <= REMEMBERED + 1);
        assert!(attempts.exhausted(address(20_000), 1000));
        assert!(!attempts.exhausted(address(20_000), 61_001));
    }
}
