//! What an index says of a recording in a chain, and the order in which it says it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::bytes::{Reader, Unreadable};
use crate::chain::{ChainId, Label, read_tag, tag_bytes};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::intent::Verdict;
use crate::recording::{RecordingId, Tag};

/// A recording in one chain, for one principal and connection. A recording that goes on in other chains has a posting in
/// each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The recording.
    pub recording: RecordingId,
    /// The chain that has these records of it.
    pub chain: ChainId,
    /// Who called, if that was proved.
    pub principal: Option<Tag>,
    /// The connection called.
    pub connection: Option<Tag>,
    /// When the earliest of the records happened.
    pub first_at: UnixMillis,
    /// When the latest of them happened.
    pub last_at: UnixMillis,
    /// How many records there are.
    pub records: u32,
    /// What policy said to them.
    pub verdicts: Verdicts,
}

/// A set of decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(u8);

/// The place of a posting among those of a day. In lists the latest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) first_at: UnixMillis,
    pub(super) serial: u32,
    recording: RecordingId,
    principal: Option<Tag>,
    connection: Option<Tag>,
}

/// Where the next page of a query begins. Made by a query, and good for as long as the postings are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) day: Day,
    pub(super) place: Place,
}

/// Text that is no cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that was given out")]
pub struct InvalidCursor;

impl Posting {
    pub(super) fn of(label: &Label, chain: ChainId) -> Self {
        let Label { at, recording, principal, connection, verdict, .. } = *label;
        let verdicts = verdict.map(Verdicts::only).unwrap_or_default();
        Self { recording, chain, principal, connection, first_at: at, last_at: at, records: 1, verdicts }
    }

    /// Adds the records of another posting of the same recording, principal, connection and chain.
    pub(super) fn join(&mut self, other: &Self) {
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        self.records = self.records.saturating_add(other.records);
        self.verdicts = Verdicts(self.verdicts.0 | other.verdicts.0);
    }

    pub(super) fn place(&self) -> Place {
        let Self { recording, chain, principal, connection, first_at, .. } = *self;
        Place { first_at, serial: chain.serial, recording, principal, connection }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let Self { last_at, records, verdicts, .. } = self;
        self.place().write(out);
        out.extend(last_at.0.to_be_bytes());
        out.extend(records.to_be_bytes());
        out.push(verdicts.0);
    }

    pub(super) fn read(day: Day, reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let Place { first_at, serial, recording, principal, connection } = Place::read(reader)?;
        let (last_at, records) = (UnixMillis(reader.u64()?), reader.u32()?);
        let verdicts = Some(reader.u8()?).filter(|bits| bits & !Verdicts::ALL == 0);
        let (chain, verdicts) = (ChainId { day, serial }, Verdicts(verdicts.ok_or(Unreadable)?));
        Ok(Self { recording, chain, principal, connection, first_at, last_at, records, verdicts })
    }
}

/// Sorts as lists are: the latest first.
pub(super) fn sort(postings: &mut [Posting]) {
    postings.sort_unstable_by_key(|posting| Reverse(posting.place()));
}

impl Verdicts {
    const ALL: u8 = 0b111;

    pub(super) const fn only(verdict: Verdict) -> Self {
        Self(Self::bit(verdict))
    }

    /// Whether policy said this at least once.
    #[must_use]
    pub const fn contains(self, verdict: Verdict) -> bool {
        self.0 & Self::bit(verdict) != 0
    }

    const fn bit(verdict: Verdict) -> u8 {
        match verdict {
            Verdict::Allow => 1,
            Verdict::Deny => 2,
            Verdict::Hold => 4,
        }
    }
}

impl Place {
    /// What is after all postings that begin at `at` or later, in the order of lists read backwards: an upper bound.
    pub(super) const fn latest(at: UnixMillis) -> Self {
        let (most, tag) = (RecordingId::new([255; 16]), Some(Tag::new([255; 16])));
        Self { first_at: at, serial: u32::MAX, recording: most, principal: tag, connection: tag }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let Self { first_at, serial, recording, principal, connection } = self;
        out.extend(first_at.0.to_be_bytes());
        out.extend(serial.to_be_bytes());
        out.extend(recording.as_bytes());
        out.extend(tag_bytes(*principal));
        out.extend(tag_bytes(*connection));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            first_at: UnixMillis(reader.u64()?),
            serial: reader.u32()?,
            recording: RecordingId::new(reader.array()?),
            principal: read_tag(reader.array()?),
            connection: read_tag(reader.array()?),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![1];
        bytes.extend(self.day.number().to_be_bytes());
        self.place.write(&mut bytes);
        f.write_str(&Base64UrlUnpadded::encode_string(&bytes))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| InvalidCursor)?;
        Self::read(&mut Reader::new(&bytes)).map_err(|Unreadable| InvalidCursor)
    }
}

impl Cursor {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        if reader.u8()? != 1 {
            return Err(Unreadable);
        }
        let day = Day::new(reader.u32()?).ok_or(Unreadable)?;
        let place = Place::read(reader)?;
        reader.end().map(|()| Self { day, place })
    }
}
