//! Chains of segments: how records lie in the store.
//!
//! One instance writes one chain at a time, and nobody else writes to it. All records that are pending in the instance
//! become one segment, which is one value; each segment names the hash of the one before it and is signed. So a record
//! that is removed, altered, moved or inserted is found, as far as there is a later segment or a
//! checkpoint to miss it.
//!
//! [`Writer`] says what to write and knows what is durable; [`Segment`] reads a value back, and [`ChainReader`] its
//! records.

mod author;
mod copy;
mod label;
mod open;
mod queue;
mod reader;
mod segment;
mod writer;

use std::fmt;

use crate::day::Day;
use crate::id::UnixMillis;

pub use author::{Author, ChainLimits};
pub use copy::records_in;
pub(crate) use label::{LABEL_BYTES, read_tag, tag_bytes};
pub use label::{Label, RecordKind};
pub use reader::{Access, ChainReader, Read, ReadError};
pub use segment::{Entry, Header, Opening, Segment, SegmentError};
pub use writer::{Backlog, Fate, Item, Next, Put, Ticket, Write, Writer};

/// How long after its last segment, or after its claim, a writer may begin to write the next one.
pub const LEASE_MILLIS: u64 = 60_000;

/// How long after the lease a writer still believes an acknowledgement.
pub const SETTLE_MILLIS: u64 = 60_000;

/// By how much the clocks of two instances may differ.
pub const SKEW_MILLIS: u64 = 60_000;

/// After how many recordings a chain ends, so that what indexes say of it is one value. A recording that is of several
/// principals or connections counts for each.
pub(crate) const MAX_RECORDINGS: usize = 1_024;

/// A chain: the day of its claim, and which of the day it is, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainId {
    /// The day on which it was claimed.
    pub day: Day,
    /// What the day's counter was after the claim.
    pub serial: u32,
}

/// A segment: its chain, and which of the chain it is, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentId {
    /// The chain.
    pub chain: ChainId,
    /// Its place in the chain.
    pub n: u32,
}

/// Whether a chain goes on after a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// The segment is the last one.
    Ends,
    /// There may be another one.
    MayContinue,
}

/// Whether, at `now`, no writer can add to a chain any more whose latest segment is of `latest`.
///
/// Later than this a writer believes no acknowledgement, even if its clock is behind by [`SKEW_MILLIS`]: what it may
/// still have written is recorded nowhere as done.
#[must_use]
pub fn is_over(latest: UnixMillis, now: UnixMillis) -> bool {
    now.0.saturating_sub(latest.0) > LEASE_MILLIS + SETTLE_MILLIS + SKEW_MILLIS
}

/// As in `2026-08-23/7`.
impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.day, self.serial)
    }
}

/// As in `2026-08-23/7/0`.
impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chain, self.n)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
