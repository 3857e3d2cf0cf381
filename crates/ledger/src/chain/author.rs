//! Who writes chains: what is the same for all of an instance's chains.

use crate::key::AppName;
use crate::recording::WrappingKeys;
use crate::sign::SigningKey;

/// What a writer writes with.
#[derive(Clone, Debug)]
pub struct Author {
    /// The application, which every segment names.
    pub app: AppName,
    /// Signs segments.
    pub signing: SigningKey,
    /// Wraps the keys of recordings.
    pub wrapping: WrappingKeys,
    /// How long chains and recordings become.
    pub limits: ChainLimits,
}

/// How long chains and recordings become. What would be longer goes to the next chain, or is cut and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainLimits {
    /// After how many segments a chain ends. One more record, if it is long, may still be finished.
    pub segments: u32,
    /// After how many milliseconds no further segment of a chain is begun.
    pub age_millis: u64,
    /// How many bytes of arguments and answers one chain keeps of one recording. Beyond them, records say how much is
    /// left out.
    pub recording_bytes: usize,
    /// How many bytes may wait to be written. Beyond them, records are refused.
    pub backlog_bytes: usize,
}

impl Default for ChainLimits {
    fn default() -> Self {
        Self { segments: 4_096, age_millis: 30 * 60_000, recording_bytes: 16 << 20, backlog_bytes: 16 << 20 }
    }
}
