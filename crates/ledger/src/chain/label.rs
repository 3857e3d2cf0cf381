//! What stands beside the ciphertext of a record: all that indexes need, and which piece of the record it is.

use crate::bytes::{Reader, Unreadable};
use crate::id::{RecordId, UnixMillis};
use crate::intent::Verdict;
use crate::recording::{RecordingId, TAG_BYTES, Tag};

/// How many bytes a label has in a segment.
pub(crate) const LABEL_BYTES: usize = 78;

/// What a record is, without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// A definition that is not the approved one.
    Drift,
    /// A call that is about to be forwarded.
    Intent,
    /// How a call ended.
    Outcome,
    /// A request that was not forwarded.
    Refusal,
}

/// What is known of an entry without its key. A long record has several entries, its pieces, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The id of the record.
    pub record: RecordId,
    /// What it is.
    pub kind: RecordKind,
    /// When it happened.
    pub at: UnixMillis,
    /// The recording that it belongs to.
    pub recording: RecordingId,
    /// Who called, if that was proved.
    pub principal: Option<Tag>,
    /// The connection called.
    pub connection: Option<Tag>,
    /// What policy said, if it was asked.
    pub verdict: Option<Verdict>,
    /// Which piece of the record this is, from 0 on.
    pub piece: u16,
    /// How many pieces the record has, at least 1.
    pub pieces: u16,
}

impl Label {
    /// Whether the record ends with this piece.
    #[must_use]
    pub fn is_final(&self) -> bool {
        u32::from(self.piece) + 1 == u32::from(self.pieces)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self { record, kind, at, recording, principal, connection, verdict, piece, pieces } = self;
        let mut out = Vec::with_capacity(LABEL_BYTES);
        out.extend([kind_code(*kind), verdict_code(*verdict)]);
        out.extend(piece.to_be_bytes());
        out.extend(pieces.to_be_bytes());
        out.extend(record.to_bytes());
        out.extend(at.0.to_be_bytes());
        out.extend(recording.as_bytes());
        out.extend(tag_bytes(*principal));
        out.extend(tag_bytes(*connection));
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let (kind, verdict) = (read_kind(reader.u8()?)?, read_verdict(reader.u8()?)?);
        let (piece, pieces) = (reader.u16()?, reader.u16()?);
        let label = Self {
            record: RecordId::from_bytes(reader.array()?),
            kind,
            at: UnixMillis(reader.u64()?),
            recording: RecordingId::new(reader.array()?),
            principal: read_tag(reader.array()?),
            connection: read_tag(reader.array()?),
            verdict,
            piece,
            pieces,
        };
        if piece < pieces { Ok(label) } else { Err(Unreadable) }
    }
}

/// Nobody's tag is all zeros, except with a chance of one in 2^128.
pub(crate) fn tag_bytes(tag: Option<Tag>) -> [u8; TAG_BYTES] {
    tag.map_or([0; TAG_BYTES], |tag| *tag.as_bytes())
}

pub(crate) fn read_tag(bytes: [u8; TAG_BYTES]) -> Option<Tag> {
    (bytes != [0; TAG_BYTES]).then(|| Tag::new(bytes))
}

const fn kind_code(kind: RecordKind) -> u8 {
    match kind {
        RecordKind::Drift => 1,
        RecordKind::Intent => 2,
        RecordKind::Outcome => 3,
        RecordKind::Refusal => 4,
    }
}

fn read_kind(code: u8) -> Result<RecordKind, Unreadable> {
    [RecordKind::Drift, RecordKind::Intent, RecordKind::Outcome, RecordKind::Refusal]
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
        .ok_or(Unreadable)
}

const fn verdict_code(verdict: Option<Verdict>) -> u8 {
    match verdict {
        None => 0,
        Some(Verdict::Allow) => 1,
        Some(Verdict::Deny) => 2,
        Some(Verdict::Hold) => 3,
    }
}

fn read_verdict(code: u8) -> Result<Option<Verdict>, Unreadable> {
    [None, Some(Verdict::Allow), Some(Verdict::Deny), Some(Verdict::Hold)]
        .into_iter()
        .find(|verdict| verdict_code(*verdict) == code)
        .ok_or(Unreadable)
}
