//! What is recorded before a call leaves.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::KeyedDigest;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::{RecordId, UnixMillis};
use crate::principal::Who;
use crate::{record, wire};

/// A call that is about to be forwarded. Durable before its first byte leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The id of the call; its outcome has the same.
    pub id: RecordId,
    /// When the call was decided.
    pub at: UnixMillis,
    /// Who called.
    pub principal: Who,
    /// The connection called.
    pub connection: String,
    /// The revision of MCP spoken, such as `2025-11-25`.
    pub revision: String,
    /// A digest of the session's id, which is itself a credential.
    pub session: Option<KeyedDigest>,
    /// The JSON-RPC method.
    pub method: String,
    /// The tool, prompt or resource called, as the caller may see it.
    pub name: Option<String>,
    /// The digest of the definition that the call was decided under, if that was known.
    pub definition: Option<String>,
    /// The id of the request for approval that people have granted, if the call needed one.
    pub approval: Option<String>,
    /// What it was called with.
    pub arguments: Arguments,
    /// The classes found in the request.
    pub labels: BTreeSet<String>,
    /// What policy said.
    pub decision: DecisionSummary,
    /// The trace id of the request (W3C Trace Context).
    pub trace: Option<String>,
    /// The address that the request came from.
    pub client_address: Option<String>,
    /// How many bytes the request's body had.
    pub request_bytes: u64,
}

/// The arguments of a call: provable, and readable as far as the caller may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// A keyed digest of the canonical arguments as they were forwarded, before masking.
    pub digest: KeyedDigest,
    /// The arguments with every masked class replaced, and with the tokens that the caller has sent.
    pub text: Excerpt,
    /// In the place of how many tokens of each class the values were put again, that they stand for.
    pub restored: BTreeMap<String, u32>,
}

/// What policy said to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionSummary {
    /// The answer.
    pub outcome: Verdict,
    /// The digest of the policy bundle that was asked.
    pub bundle: Option<String>,
    /// The enforced policies that determined the answer.
    pub policies: Vec<PolicyRef>,
    /// The policies in observation that would have determined it.
    pub observed: Vec<PolicyRef>,
}

/// The answer of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call may be forwarded.
    Allow,
    /// The call may not be forwarded.
    Deny,
    /// The call may be forwarded once people have approved it.
    Hold,
}

/// One policy, by id and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef {
    /// The policy's `@id`.
    pub id: String,
    /// The digest of the policy's text.
    pub digest: String,
}

impl Intent {
    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    ///
    /// If the record is longer, the text of the arguments is cut and says so; if that is not enough, so are its other
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
