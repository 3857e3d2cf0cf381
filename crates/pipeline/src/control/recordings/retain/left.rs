//! How much of its work one request may still do.

use crate::ports::{Ports, StoreError};

/// How many values one request reads.
const READS: usize = 131_072;
/// How many values one request deletes.
const DELETES: usize = 16_384;
/// How many counters of days one request asks for. All else in the instance waits for each.
const COUNTS: usize = 512;
/// For how long one request goes on, in microseconds.
const LONGEST_US: u64 = 20_000_000;

/// Why it does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// This is as much as one request does.
    Enough,
    /// This day stays as it is, for this reason.
    Stays(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How much is left.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) reads: usize,
    deletes: usize,
    counts: usize,
    until: u64,
}

impl Left {
    pub(super) fn of<P: Ports>(ports: &P) -> Self {
        let until = ports.monotonic().saturating_add(LONGEST_US);
        Self { reads: READS, deletes: DELETES, counts: COUNTS, until }
    }

    /// Takes so many reads.
    pub(super) fn read<P: Ports>(&mut self, ports: &P, n: usize) -> Result<(), Stop> {
        self.in_time(ports)?;
        self.reads = self.reads.checked_sub(n).ok_or(Stop::Enough)?;
        Ok(())
    }

    /// Takes so many deletions, if any are left: a chain is never too long to be begun.
    pub(super) fn delete<P: Ports>(&mut self, ports: &P, n: usize) -> Result<(), Stop> {
        self.in_time(ports)?;
        if self.deletes == 0 {
            return Err(Stop::Enough);
        }
        self.deletes = self.deletes.saturating_sub(n);
        Ok(())
    }

    /// Takes a counter.
    pub(super) fn count<P: Ports>(&mut self, ports: &P) -> Result<(), Stop> {
        self.in_time(ports)?;
        self.counts = self.counts.checked_sub(1).ok_or(Stop::Enough)?;
        Ok(())
    }

    fn in_time<P: Ports>(&self, ports: &P) -> Result<(), Stop> {
        if ports.monotonic() > self.until { Err(Stop::Enough) } else { Ok(()) }
    }
}
