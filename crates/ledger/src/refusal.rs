//! What is recorded when a request is refused.

use std::collections::BTreeSet;

use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::{RecordId, UnixMillis};
use crate::intent::{Arguments, DecisionSummary};
use crate::principal::Who;
use crate::stage::Stage;
use crate::{record, wire};

/// A request that was not forwarded. What is unknown at the stage that refused it is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The id of the refusal, which the caller may be told.
    pub id: RecordId,
    /// When it was refused.
    pub at: UnixMillis,
    /// The stage that refused it.
    pub stage: Stage,
    /// Why, in one word, such as `token_expired`.
    pub kind: String,
    /// Why, for the operator. No token and no unmasked value.
    pub explanation: Excerpt,
    /// Who called, if that was proved.
    pub principal: Option<Who>,
    /// The connection called.
    pub connection: Option<String>,
    /// The JSON-RPC method.
    pub method: Option<String>,
    /// The tool, prompt or resource called, as the caller may see it.
    pub name: Option<String>,
    /// What it was called with, if policy refused the call; never in the records of earlier releases.
    pub arguments: Option<Arguments>,
    /// The classes found in the request, if policy refused it.
    pub labels: BTreeSet<String>,
    /// What policy said, if it was asked.
    pub decision: Option<DecisionSummary>,
    /// The id of the request for approval that the call waits for, or that was rejected.
    pub approval: Option<String>,
    /// The trace id of the request (W3C Trace Context).
    pub trace: Option<String>,
    /// The address that the request came from.
    pub client_address: Option<String>,
    /// How many bytes of the request's body were read.
    pub request_bytes: u64,
}

impl Refusal {
    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    ///
    /// If the record is longer, the text of the arguments, or else the explanation, is cut and says so; if that is not
    /// enough, so are its other strings and lists.
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
