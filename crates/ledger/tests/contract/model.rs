//! Stores that cannot run here, as far as the ledger can tell one from another: which operations go wrong, how late reads
//! may be, and by how much clocks may differ then.
//!
//! What goes wrong is read in Spin's source (`key-value-aws`, `key-value-azure`, `key-value-redis`) and in the
//! documentation of the services. All of them set values one by one, so that of a segment and its keys any part may
//! be there.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::suite::{Lost, Luck, Store};

/// A kind of store.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What may become of an operation, but for the best.
    pub(crate) wrong: &'static [Luck],
    /// By how many milliseconds a read may be behind what was acknowledged.
    pub(crate) lag: u64,
    /// By how many milliseconds the clocks of those who write may differ.
    pub(crate) skew: u64,
}

/// As the ledger allows (`SKEW_MILLIS`).
const SKEW: u64 = 60_000;

/// The file is locked, or the disk is full.
pub(crate) const SQLITE: Kind = Kind { name: "sqlite", wrong: &[Luck::Fails], lag: 0, skew: SKEW };

/// A connection breaks with commands in it, which the server has done, will do or will never see.
pub(crate) const REDIS: Kind =
    Kind { name: "redis", wrong: &[Luck::Fails, Luck::Lies, Luck::Late], lag: 0, skew: SKEW };

/// The client repeats what it got no answer to, so that a value may be set again later. An increment is a transaction on
/// the value that was read: one of two at once fails.
pub(crate) const DYNAMO: Kind =
    Kind { name: "dynamo", wrong: &[Luck::Fails, Luck::Lies, Luck::Late, Luck::Twice], lag: 0, skew: SKEW };

/// The same without `consistent_read = true`: reads are behind, seldom by more than a second. The ledger bears what
/// clocks leave of its minute.
pub(crate) const DYNAMO_EVENTUAL: Kind =
    Kind { name: "dynamo-eventual", lag: 25_000, skew: 30_000, ..DYNAMO };

/// The client repeats increments as well, which are patches: a counter may be raised twice. Before the Cosmos client of
/// Spin was replaced, an increment read the counter after raising it, and so two at once could be told the same.
pub(crate) const COSMOS: Kind = Kind {
    name: "cosmos",
    wrong: &[Luck::Fails, Luck::Lies, Luck::Late, Luck::Shared, Luck::Twice],
    ..DYNAMO
};

/// A store in memory that remembers what it held when.
pub(crate) struct Model {
    lag: u64,
    /// One read of so many is not behind: a replica is up to date.
    fresh: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: u64,
    n_reads: u64,
    values: BTreeMap<String, Vec<(u64, Vec<u8>)>>,
    counters: BTreeMap<String, u64>,
}

impl Model {
    pub(crate) fn new(lag: u64) -> Self {
        Self { lag, fresh: 3, state: Mutex::default() }
    }

    /// A store of which every replica is behind.
    pub(crate) fn behind(lag: u64) -> Self {
        Self { fresh: u64::MAX, ..Self::new(lag) }
    }
}

impl Store for Model {
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Lost> {
        let mut state = self.state.lock().unwrap();
        assert!(!state.counters.contains_key(key), "a counter is never set: {key}");
        assert!(key.len() <= 255 && value.len() <= 256 * 1024, "{key} has {} bytes", value.len());
        let now = state.now;
        state.values.entry(key.to_owned()).or_default().push((now, value.to_vec()));
        Ok(())
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Lost> {
        let mut state = self.state.lock().unwrap();
        state.n_reads += 1;
        // So a later read may see less than an earlier one.
        let lag = if state.n_reads.is_multiple_of(self.fresh) { 0 } else { self.lag };
        let seen = state.now.saturating_sub(lag);
        let mut versions = state.values.get(key).into_iter().flatten();
        Ok(versions.rfind(|(at, _)| *at <= seen).map(|(_, value)| value.clone()))
    }

    fn increment(&self, key: &str, by: u64) -> Result<u64, Lost> {
        let mut state = self.state.lock().unwrap();
        assert!(!state.values.contains_key(key), "a counter is never set: {key}");
        let counter = state.counters.entry(key.to_owned()).or_default();
        *counter += by;
        Ok(*counter)
    }

    fn pass_to(&self, now: u64) {
        self.state.lock().unwrap().now = now;
    }
}
