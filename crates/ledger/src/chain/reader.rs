//! Reads the records of a chain back, as far as their keys are there.

use std::collections::BTreeMap;

use crate::chain::label::Label;
use crate::chain::segment::{Segment, bound};
use crate::chain::{ChainId, SegmentId};
use crate::error::DecodeError;
use crate::id::UnixMillis;
use crate::key::AppName;
use crate::record::{MAX_RECORD_BYTES, Record};
use crate::recording::{DataKey, InvalidKeyValue, KeyValue, Place, RecordingId, UnwrapError, WrappingKeys};

/// Whether the records of a recording in a chain can be read.
#[derive(Clone, Debug)]
pub enum Access {
    /// The recording was erased.
    Erased {
        /// When, if that is stated.
        at: Option<UnixMillis>,
    },
    /// It can be read.
    Open(OpenKey),
}

/// The unwrapped key of a recording in a chain.
#[derive(Clone, Debug)]
pub struct OpenKey(DataKey);

/// An entry of a chain that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The record's recording was erased: that it was is all that is left. The label is that of its first piece.
    Erased(Label),
    /// The record.
    Record(Label, Box<Record>),
}

/// Why a record of a chain is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its content is no record.
    #[error("{segment}, entry {index}: {error}")]
    Decode {
        /// The segment in which it ends.
        segment: SegmentId,
        /// The entry with which it ends.
        index: usize,
        /// Why not.
        error: DecodeError,
    },
    /// Its ciphertext was altered, or is not from there, or the key is another one.
    #[error("{segment}, entry {index}: the record is not genuine")]
    Forged {
        /// The segment.
        segment: SegmentId,
        /// The entry.
        index: usize,
    },
    /// The key of its recording cannot be used.
    #[error(transparent)]
    Key(#[from] InvalidKeyValue),
    /// Another segment belongs here.
    #[error("{found} is not the segment that follows in {chain}")]
    OtherSegment {
        /// The segment.
        found: SegmentId,
        /// The chain that is read.
        chain: ChainId,
    },
    /// Its pieces do not follow each other.
    #[error("{segment}, entry {index}: the piece of a record does not follow the one before it")]
    Torn {
        /// The segment.
        segment: SegmentId,
        /// The entry.
        index: usize,
    },
    /// The key of its recording cannot be unwrapped.
    #[error(transparent)]
    Unwrap(#[from] UnwrapError),
}

impl Access {
    /// What the value at [`crate::Key::recording`] gives access to. One that was deleted gives none: the writer
    /// reports no record as durable before its key is.
    ///
    /// # Errors
    /// [`ReadError::Key`] and [`ReadError::Unwrap`].
    pub fn of(
        value: Option<&[u8]>,
        (recording, chain): (RecordingId, ChainId),
        keys: &WrappingKeys,
    ) -> Result<Self, ReadError> {
        match value.map(KeyValue::decode).transpose()? {
            None => Ok(Self::Erased { at: None }),
            Some(KeyValue::Erased { at }) => Ok(Self::Erased { at: Some(at) }),
            Some(KeyValue::Wrapped(wrapped)) => {
                Ok(Self::Open(OpenKey(keys.unwrap(recording, chain, &wrapped)?)))
            }
        }
    }
}

/// Reads one chain, segment by segment.
#[derive(Debug)]
pub struct ChainReader {
    app: AppName,
    chain: ChainId,
    next: u32,
    access: BTreeMap<RecordingId, Access>,
    begun: Option<Begun>,
    /// Whether what comes may be the rest of a record that began before.
    is_amid: bool,
}

/// A record that has not ended.
#[derive(Debug)]
struct Begun {
    /// The label of its first piece.
    first: Label,
    next_piece: u16,
    bytes: Vec<u8>,
}

impl ChainReader {
    /// Reads a chain from its first segment on.
    #[must_use]
    pub const fn new(app: AppName, chain: ChainId) -> Self {
        Self { app, chain, next: 0, access: BTreeMap::new(), begun: None, is_amid: false }
    }

    /// Reads a chain from a later segment on. A record that began before is left out.
    #[must_use]
    pub const fn starting_at(app: AppName, SegmentId { chain, n }: SegmentId) -> Self {
        Self { app, chain, next: n, access: BTreeMap::new(), begun: None, is_amid: true }
    }

    /// Whether a record has begun and not ended: whoever continues after this segment has to begin before it.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// The recordings of a segment whose [`Access`] is not known yet.
    #[must_use]
    pub fn wanted(&self, segment: &Segment<'_>) -> Vec<RecordingId> {
        let recordings = segment.entries().iter().map(|entry| entry.label.recording);
        let mut wanted: Vec<_> = recordings.filter(|one| !self.access.contains_key(one)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Tells whether a recording can be read.
    pub fn allow(&mut self, recording: RecordingId, access: Access) {
        self.access.insert(recording, access);
    }

    /// The records that end in the next segment. One whose access was not told counts as erased.
    ///
    /// Whether somebody vouches for the segment is for [`Segment::verify`].
    ///
    /// # Errors
    /// [`ReadError`]. The chain cannot be read further then.
    pub fn read(&mut self, segment: &Segment<'_>) -> Result<Vec<Read>, ReadError> {
        let header = segment.header();
        let is_next = header.app == self.app && header.id == SegmentId { chain: self.chain, n: self.next };
        if !is_next {
            return Err(ReadError::OtherSegment { found: header.id, chain: self.chain });
        }
        self.next = self.next.saturating_add(1);
        let mut read = Vec::new();
        for (index, entry) in segment.entries().iter().enumerate() {
            let place = (header.id, index);
            if self.is_amid && entry.label.piece > 0 {
                continue;
            }
            self.is_amid = false;
            let first = self.join(entry.label, place)?;
            let plaintext = self.open(&entry.label, entry.ciphertext, place)?;
            read.extend(self.append(first, &entry.label, plaintext, place)?);
        }
        Ok(read)
    }

    /// The label of the record's first piece, if this piece follows what there is of it.
    fn join(&self, label: Label, (segment, index): (SegmentId, usize)) -> Result<Label, ReadError> {
        let first = self.begun.as_ref().map_or(Label { piece: 0, ..label }, |begun| begun.first);
        let next_piece = self.begun.as_ref().map_or(0, |begun| begun.next_piece);
        let follows = label == Label { piece: next_piece, ..first };
        if follows { Ok(first) } else { Err(ReadError::Torn { segment, index }) }
    }

    /// The content of an entry; `None` if its recording was erased.
    fn open(
        &self,
        label: &Label,
        ciphertext: &[u8],
        (segment, index): (SegmentId, usize),
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(Access::Open(OpenKey(key))) = self.access.get(&label.recording) else { return Ok(None) };
        let forged = ReadError::Forged { segment, index };
        let Ok(place) = u16::try_from(index).map(|index| Place { segment: segment.n, index }) else {
            return Err(forged);
        };
        key.open(place, &bound(&self.app, self.chain, label), ciphertext).map(Some).ok_or(forged)
    }

    /// Adds a piece; the record if it is the last one.
    fn append(
        &mut self,
        first: Label,
        label: &Label,
        plaintext: Option<Vec<u8>>,
        (segment, index): (SegmentId, usize),
    ) -> Result<Option<Read>, ReadError> {
        let mut bytes = self.begun.take().map(|begun| begun.bytes).unwrap_or_default();
        let is_erased = plaintext.is_none();
        bytes.extend(plaintext.unwrap_or_default());
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(ReadError::Torn { segment, index });
        }
        if !label.is_final() {
            self.begun = Some(Begun { first, next_piece: label.piece.saturating_add(1), bytes });
            return Ok(None);
        }
        if is_erased {
            return Ok(Some(Read::Erased(first)));
        }
        let record = Record::decode(&bytes).map_err(|error| ReadError::Decode { segment, index, error })?;
        Ok(Some(Read::Record(first, Box::new(record))))
    }
}
