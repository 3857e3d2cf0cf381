//! What is recorded when a call is over.

use std::collections::BTreeMap;

use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::{RecordId, UnixMillis};
use crate::stage::Stage;
use crate::{record, wire};

/// How a forwarded call ended. Durable before the last frame of the answer is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The id of the call; its intent has the same.
    pub id: RecordId,
    /// When the call was over.
    pub at: UnixMillis,
    /// How it ended.
    pub result: CallResult,
    /// The HTTP status of the upstream's answer, if there was one.
    pub upstream_status: Option<u16>,
    /// How many bytes of bodies the caller got.
    pub bytes_out: u64,
    /// How many frames the caller got.
    pub frames: u64,
    /// How many values of each class the answer had.
    pub findings: BTreeMap<String, u32>,
    /// How many of them were masked.
    pub masked: BTreeMap<String, u32>,
    /// The answer as the caller saw it.
    pub text: Excerpt,
    /// How long each stage took, in microseconds.
    pub timings: BTreeMap<Stage, u64>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// The caller took the request back.
    Cancelled,
    /// The upstream answered.
    Completed {
        /// Whether the answer is a JSON-RPC error, or a tool result marked as one.
        is_error: bool,
    },
    /// The upstream gave no answer that could be passed on.
    Failed {
        /// Why, in one word, such as `timeout`.
        kind: String,
    },
    /// The answer was cut short: the caller left, or the upstream's stream broke.
    Interrupted,
}

impl Outcome {
    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    ///
    /// If the record is longer, the text of the answer is cut and says so; if that is not enough, so are its other
    /// strings and lists.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        record::encode_to_fit(self)
    }

    /// Reads what [`Self::encode`] of this or an earlier release wrote.
    ///
    /// # Errors
    /// [`DecodeError`] if `bytes` are anything else, also another kind of record.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        wire::decode(bytes)
    }
}
