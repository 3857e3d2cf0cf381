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

/// Writes a record. What does not fit is cut: the body alone if that is enough, else names and lists first, so that
/// what is left of the body does not depend on how long they were.
///
/// Names come from tokens and requests, which the edge and the protocol bound, so they are whole as long as those
/// bounds are what they are. A record that no store takes would be worse than one that is cut.
pub(crate) fn encode_to_fit<R: Stored>(record: &R) -> Vec<u8> {
    let whole = encode(record);
    if whole.len() <= MAX_VALUE_BYTES {
        return whole;
    }
    let shorter = with_shorter_body(record.clone(), whole.len());
    if shorter.len() <= MAX_VALUE_BYTES {
        return shorter;
    }
    let mut cut = record.clone();
    cut.cut_names();
    let named = encode(&cut);
    if named.len() <= MAX_VALUE_BYTES { named } else { with_shorter_body(cut, named.len()) }
}

/// `length` is that of the record as it is.
fn with_shorter_body<R: Stored>(mut record: R, length: usize) -> Vec<u8> {
    if let Some(body) = record.body() {
        body.shrink_by(length.saturating_sub(MAX_VALUE_BYTES).saturating_add(CUT_NOTE_BYTES));
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
