//! What is recorded when an upstream's definition is not the approved one.

use crate::error::DecodeError;
use crate::id::{RecordId, UnixMillis};
use crate::{record, wire};

/// A definition that differs from its pin, or has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The id of the record.
    pub id: RecordId,
    /// When it was seen.
    pub at: UnixMillis,
    /// The connection whose upstream it is of.
    pub connection: String,
    /// What is defined, such as `tool`.
    pub kind: String,
    /// Its name, URI or URI template, with every masked class replaced.
    pub name: String,
    /// The digest of the approved definition, if there is one.
    pub pinned: Option<String>,
    /// The digest of the upstream's definition, if the upstream has shown one.
    pub live: Option<String>,
    /// What the settings do with it: `block`, `hold` or `log`.
    pub setting: String,
    /// The paths of the members that differ, as far as they are known, with every masked class replaced.
    pub changed: Vec<String>,
    /// The request in which people are asked to approve it, if they are.
    pub approval: Option<String>,
}

impl Drift {
    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    ///
    /// If the record is longer, its strings and its list are cut and say so.
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
