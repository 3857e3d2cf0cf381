//! What the ledger needs of a store, and what it makes of one: the suite for every kind of store.
//!
//! It runs here on models of stores and of their races, and in the host's tests on the stores that there are. A store is
//! used as the gateway uses it: values are set and read by key, counters are raised, and nothing else.

pub(crate) mod export;
mod faults;
pub(crate) mod laws;
pub(crate) mod ledger;

pub(crate) use faults::{Faulty, Luck};
pub(crate) use laws::{
    a_claim_is_won_by_one_at_most, a_crash_between_any_two_operations_leaves_a_ledger_that_verifies,
    an_index_of_many_chains_is_whole_whoever_derives_it, instances_at_once_leave_one_ledger,
    values_are_as_they_were_set,
};
pub(crate) use ledger::{script, survives};

/// Midday of 2026-08-23.
pub(crate) const NOON: u64 = 1_787_486_400_000;

/// A store.
pub(crate) trait Store {
    /// Sets a value.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Lost>;

    /// Reads a value.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Lost>;

    /// Adds to a counter, and returns what it then is.
    fn increment(&self, key: &str, by: u64) -> Result<u64, Lost>;

    /// Tells the time, in milliseconds. Only models care.
    fn pass_to(&self, _now: u64) {}
}

/// The store has not acknowledged it: it has done nothing or all of it, or will do it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;
