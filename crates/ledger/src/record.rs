//! The kinds of record together, and the limit on their stored form.

use crate::drift::Drift;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::{RecordId, UnixMillis};
use crate::intent::Intent;
use crate::json::Object;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::wire;

/// The longest stored form of a record, in bytes: what every store takes as one value.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The longest record that a chain takes, in bytes. It lies there in pieces.
pub const MAX_RECORD_BYTES: usize = 4 << 20;

/// The version of the encoding. Every version that was released is read forever.
pub(crate) const VERSION: u64 = 1;

/// How many bytes it takes to say that a text was cut.
const CUT_NOTE_BYTES: usize = r#","omitted":18446744073709551615"#.len();

/// Any record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A definition that is not the approved one.
    Drift(Drift),
    /// A call that is about to be forwarded.
    Intent(Intent),
    /// How a call ended.
    Outcome(Outcome),
    /// A request that was not forwarded.
    Refusal(Refusal),
}

impl Record {
    /// The id; an intent and its outcome have the same.
    #[must_use]
    pub fn id(&self) -> RecordId {
        match self {
            Self::Drift(drift) => drift.id,
            Self::Intent(intent) => intent.id,
            Self::Outcome(outcome) => outcome.id,
            Self::Refusal(refusal) => refusal.id,
        }
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        match self {
            Self::Drift(drift) => drift.at,
            Self::Intent(intent) => intent.at,
            Self::Outcome(outcome) => outcome.at,
            Self::Refusal(refusal) => refusal.at,
        }
    }

    /// The stored form, at most [`MAX_VALUE_BYTES`] long.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Drift(drift) => drift.encode(),
            Self::Intent(intent) => intent.encode(),
            Self::Outcome(outcome) => outcome.encode(),
            Self::Refusal(refusal) => refusal.encode(),
        }
    }

    /// The form in which a chain keeps it: at most [`MAX_RECORD_BYTES`] long, its body at most `max_body_bytes`.
    ///
    /// What is longer is cut, and the record says how much is missing.
    #[must_use]
    pub fn encode_for_chain(&self, max_body_bytes: usize) -> Vec<u8> {
        match self {
            Self::Drift(drift) => encode_within(drift.clone(), MAX_RECORD_BYTES, max_body_bytes),
            Self::Intent(intent) => encode_within(intent.clone(), MAX_RECORD_BYTES, max_body_bytes),
            Self::Outcome(outcome) => encode_within(outcome.clone(), MAX_RECORD_BYTES, max_body_bytes),
            Self::Refusal(refusal) => encode_within(refusal.clone(), MAX_RECORD_BYTES, max_body_bytes),
        }
    }

    /// Reads any kind of record of this or an earlier release.
    ///
    /// # Errors
    /// [`DecodeError`] if `bytes` are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match wire::kind(bytes)?.as_str() {
            Drift::KIND => wire::decode(bytes).map(Self::Drift),
            Intent::KIND => wire::decode(bytes).map(Self::Intent),
            Outcome::KIND => wire::decode(bytes).map(Self::Outcome),
            Refusal::KIND => wire::decode(bytes).map(Self::Refusal),
            kind => Err(DecodeError::UnexpectedKind { kind: kind.to_owned() }),
        }
    }
}

/// What all kinds have in common when they are written.
pub(crate) trait Stored: Clone {
    /// What `kind` says in the stored form.
    const KIND: &'static str;

    /// Writes every field but version and kind.
    fn write(&self, object: &mut Object);

    /// The one text that may be long, if there is one.
    fn body(&mut self) -> Option<&mut Excerpt>;

    /// Cuts every other string and list to a length at which the record fits.
    fn cut_names(&mut self);
}

/// Writes a record as one value, see [`encode_within`].
pub(crate) fn encode_to_fit<R: Stored>(record: &R) -> Vec<u8> {
    encode_within(record.clone(), MAX_VALUE_BYTES, MAX_VALUE_BYTES)
}

/// Writes a record in at most `max_bytes`, of which at most `max_body_bytes` are its body. What does not fit is cut: the
/// body alone if that is enough, else names and lists first, so that what is left of the body does not depend on how
/// long they were.
///
/// Names come from tokens and requests, which the edge and the protocol bound, so they are whole as long as those
/// bounds are what they are. A record that no store takes would be worse than one that is cut.
fn encode_within<R: Stored>(mut record: R, max_bytes: usize, max_body_bytes: usize) -> Vec<u8> {
    if let Some(body) = record.body() {
        body.shrink_to(max_body_bytes);
    }
    let whole = encode(&record);
    if whole.len() <= max_bytes {
        return whole;
    }
    let shorter = with_shorter_body(record.clone(), whole.len().saturating_sub(max_bytes));
    if shorter.len() <= max_bytes {
        return shorter;
    }
    record.cut_names();
    let named = encode(&record);
    let excess = named.len().saturating_sub(max_bytes);
    if excess == 0 { named } else { with_shorter_body(record, excess) }
}

/// `excess` is by how much the record as it is would be too long.
fn with_shorter_body<R: Stored>(mut record: R, excess: usize) -> Vec<u8> {
    if let Some(body) = record.body() {
        body.shrink_by(excess.saturating_add(CUT_NOTE_BYTES));
    }
    encode(&record)
}

fn encode<R: Stored>(record: &R) -> Vec<u8> {
    let mut object = Object::new();
    object.plain("v", VERSION);
    object.string("kind", R::KIND);
    record.write(&mut object);
    object.finish().into_bytes()
}

#[cfg(test)]
mod tests;
