//! What can be wrong with an export.

use crate::chain::{ChainId, SegmentError, SegmentId};
use crate::day::Day;
use crate::id::RecordId;
use crate::sign::SignatureError;

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line of the export at which it was found, from 1 on; 0 if it is in no line.
    pub line: u64,
    /// The first record of the segment that it is about, as far as the segment can be read.
    pub record: Option<RecordId>,
    /// What is wrong.
    pub problem: Problem,
}

impl Finding {
    pub(super) fn of(line: u64, problem: Problem) -> Self {
        Self { line, record: None, problem }
    }
}

/// What is wrong with an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A segment comes after the one with which its chain had ended.
    #[error("{0} comes after the end of its chain")]
    AfterEnd(SegmentId),
    /// A checkpoint's heads are not those that it is of.
    #[error("the chains of checkpoint {serial} were altered")]
    CheckpointAltered {
        /// Which checkpoint.
        serial: u64,
    },
    /// It is no checkpoint.
    #[error("a checkpoint is malformed")]
    CheckpointMalformed,
    /// A checkpoint that was published is not there, or is another one.
    #[error("checkpoint {serial} was published and is missing")]
    CheckpointMissing {
        /// Which checkpoint.
        serial: u64,
    },
    /// A checkpoint does not follow any of those before it.
    #[error("checkpoint {serial} does not follow the ones before it: one was removed, added or moved")]
    CheckpointUnlinked {
        /// Which checkpoint.
        serial: u64,
    },
    /// Nobody vouches for a checkpoint.
    #[error("checkpoint {serial}: {error}")]
    CheckpointUnsigned {
        /// Which checkpoint, as it says.
        serial: u64,
        /// Why not.
        error: SignatureError,
    },
    /// A day's counter is lower than a checkpoint has seen it.
    #[error("{day} has {chains} chains, but checkpoint {checkpoint} has seen {seen}")]
    CountLowered {
        /// The day.
        day: Day,
        /// How many chains it is said to have.
        chains: u32,
        /// How many it had.
        seen: u32,
        /// The checkpoint that knows.
        checkpoint: u64,
    },
    /// The end of a chain is missing.
    #[error("{chain} ends after {segments} segments, but checkpoint {checkpoint} has seen {seen}")]
    CutShort {
        /// The chain.
        chain: ChainId,
        /// How many segments it has.
        segments: u32,
        /// How many it had.
        seen: u32,
        /// The checkpoint that knows.
        checkpoint: u64,
    },
    /// The export ends before its end, or lines are missing or too many.
    #[error("the export is not complete")]
    Incomplete,
    /// It is no segment.
    #[error("{id}: {error}")]
    Malformed {
        /// Where it is.
        id: SegmentId,
        /// Why not.
        error: SegmentError,
    },
    /// Another segment lies there, or one of another application.
    #[error("at {at} is {found}: segments were moved")]
    Misplaced {
        /// Where it is.
        at: SegmentId,
        /// What it says it is.
        found: SegmentId,
    },
    /// A chain that a checkpoint has seen, or that was claimed, is not there.
    #[error("{} is missing{}: {}", .chain, and_more(*.more), seen_by(*.checkpoint))]
    MissingChain {
        /// The chain.
        chain: ChainId,
        /// How many more are missing after it.
        more: u32,
        /// The checkpoint that has seen it; without one it may never have been begun.
        checkpoint: Option<u64>,
    },
    /// A day that a checkpoint has seen is not there.
    #[error("{day} is missing, but checkpoint {checkpoint} has seen it")]
    MissingDay {
        /// The day.
        day: Day,
        /// The checkpoint that knows.
        checkpoint: u64,
    },
    /// Segments in the middle of a chain, or at its beginning, are not there.
    #[error("{} is missing{}", .first, and_more(*.more))]
    MissingSegments {
        /// The first that is missing.
        first: SegmentId,
        /// How many more are missing.
        more: u32,
    },
    /// It is of another application.
    #[error("it is of another ledger")]
    OtherLedger,
    /// Lines are in another order than they are exported in.
    #[error("the line is not where it belongs")]
    OutOfOrder,
    /// A published checkpoint is signed by nobody who is trusted.
    #[error("the published checkpoint {serial} is not signed by a trusted key")]
    PublishedForged {
        /// Which checkpoint, as it says.
        serial: u64,
    },
    /// A segment comes once more, or too late.
    #[error("{0} comes once more, or too late")]
    Repeated(SegmentId),
    /// A segment is not the one that a checkpoint has seen.
    #[error("{id} is not what checkpoint {checkpoint} has seen")]
    Rewritten {
        /// The segment.
        id: SegmentId,
        /// The checkpoint that knows.
        checkpoint: u64,
    },
    /// A tombstone says that something else was pruned than the checkpoints have seen.
    #[error("the tombstone of {day} is not of what the checkpoints have seen")]
    TombstoneDisagrees {
        /// The day.
        day: Day,
    },
    /// It is no tombstone.
    #[error("a tombstone is malformed")]
    TombstoneMalformed,
    /// Nobody vouches for a tombstone.
    #[error("the tombstone of {day}: {error}")]
    TombstoneUnsigned {
        /// The day, as it says.
        day: Day,
        /// Why not.
        error: SignatureError,
    },
    /// A chain is there that was never claimed.
    #[error("{0} was never claimed")]
    Unclaimed(ChainId),
    /// A segment does not follow the one before it.
    #[error("{0} does not follow the segment before it")]
    Unlinked(SegmentId),
    /// It is no line of an export.
    #[error("{0}")]
    Unreadable(String),
    /// Nobody vouches for a segment.
    #[error("{id}: {error}")]
    Unsigned {
        /// The segment.
        id: SegmentId,
        /// Why not.
        error: SignatureError,
    },
}

fn and_more(more: u32) -> String {
    match more {
        0 => String::new(),
        more => format!(", and {more} more after it"),
    }
}

fn seen_by(checkpoint: Option<u64>) -> String {
    match checkpoint {
        None => "it was never begun, or it was removed".to_owned(),
        Some(serial) => format!("checkpoint {serial} has seen it"),
    }
}
