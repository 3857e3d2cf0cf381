//! A segment as it lies in the store.
//!
//! ```text
//! "pcseg" | format 1 | application | day 4 | chain 4 | n 4 | hash of the segment before it 32 | time 8 | ends? 1
//!   | of segment 0 only: most segments 4, oldest age 8
//!   | name of the key | number of entries 2 | entries | signature 64
//! entry = label 78 | length 4 | ciphertext
//! ```
//! The hash of a segment is that of all before the signature, and it is what is signed. Names have their length before
//! them in one byte; numbers have the highest byte first.

use crate::bytes::{Reader, Unreadable, length, put_name};
use crate::chain::label::Label;
use crate::chain::{ChainId, ChainLimits, Continuation, SegmentId};
use crate::day::Day;
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::key::AppName;
use crate::sign::{SignatureError, Signed, Signing, SigningKey, TrustedKeys};

const MAGIC: [u8; 5] = *b"pcseg";
const FORMAT: u8 = 1;
const SIGNATURE_BYTES: usize = 64;
/// The longest header and signature there can be.
pub(crate) const FRAME_BYTES: usize = 5 + 1 + 65 + 12 + 32 + 8 + 1 + 12 + 65 + 2 + SIGNATURE_BYTES;

/// A segment that was read. Nothing in it is to be believed before [`Segment::verify`].
#[derive(Clone, Debug)]
pub struct Segment<'b> {
    header: Header,
    entries: Vec<Entry<'b>>,
    hash: ContentHash,
    signed: Signed,
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The application that it is of.
    pub app: AppName,
    /// Its place.
    pub id: SegmentId,
    /// The hash of the segment before it; [`ContentHash::NOTHING`] of the first one.
    pub previous: ContentHash,
    /// When it was made. In a chain, times do not go back.
    pub at: UnixMillis,
    /// Whether the chain ends with it.
    pub continuation: Continuation,
    /// What the chain was opened with, in its first segment.
    pub opening: Option<Opening>,
}

/// What a chain was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// After how many segments the chain ends.
    pub segments: u32,
    /// After how many milliseconds no further segment is begun.
    pub age_millis: u64,
}

/// A record, or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'b> {
    /// What is known of it without its key.
    pub label: Label,
    /// The rest.
    pub ciphertext: &'b [u8],
}

/// Why bytes are not a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// It is not in the form of a segment.
    #[error("the segment is malformed")]
    Malformed,
    /// It was written by a newer release.
    #[error("the segment has format {found}, which this release does not know")]
    NewerFormat {
        /// What it says its format is.
        found: u8,
    },
}

impl From<Unreadable> for SegmentError {
    fn from(_: Unreadable) -> Self {
        Self::Malformed
    }
}

impl From<ChainLimits> for Opening {
    fn from(limits: ChainLimits) -> Self {
        let ChainLimits { segments, age_millis, recording_bytes: _, backlog_bytes: _ } = limits;
        Self { segments, age_millis }
    }
}

impl<'b> Segment<'b> {
    /// Reads a segment.
    ///
    /// # Errors
    /// [`SegmentError`] if `bytes` are anything else.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, SegmentError> {
        let (content, signature) = bytes.split_last_chunk().ok_or(SegmentError::Malformed)?;
        let mut reader = Reader::new(content);
        if reader.array()? != MAGIC {
            return Err(SegmentError::Malformed);
        }
        match reader.u8()? {
            0 => return Err(SegmentError::Malformed),
            FORMAT => {}
            found => return Err(SegmentError::NewerFormat { found }),
        }
        let header = Header::read(&mut reader)?;
        let key = reader.name()?.parse().map_err(|_| SegmentError::Malformed)?;
        let n_entries = reader.u16()?;
        let entries = (0..n_entries).map(|_| Entry::read(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        let signed = Signed { key, signature: *signature };
        Ok(Self { header, entries, hash: ContentHash::of(content), signed })
    }

    /// Checks that a trusted key vouches for the segment. Whether it is where it belongs is another matter.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, trusted: &TrustedKeys) -> Result<(), SignatureError> {
        trusted.check(Signing::Segment, self.hash, &self.signed)
    }

    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its records and pieces of records, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'b>] {
        &self.entries
    }

    /// What the next segment of the chain names.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let app = reader.name()?.parse().map_err(|_| Unreadable)?;
        let day = Day::new(reader.u32()?).ok_or(Unreadable)?;
        let chain = ChainId { day, serial: reader.u32()? };
        let id = SegmentId { chain, n: reader.u32()? };
        let previous = ContentHash::new(reader.array()?);
        let at = UnixMillis(reader.u64()?);
        let continuation = match reader.u8()? {
            0 => Continuation::MayContinue,
            1 => Continuation::Ends,
            _ => return Err(Unreadable),
        };
        let opening = match id.n {
            0 => Some(Opening { segments: reader.u32()?, age_millis: reader.u64()? }),
            _ => None,
        };
        Ok(Self { app, id, previous, at, continuation, opening })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let Self { app, id: SegmentId { chain, n }, previous, at, continuation, opening } = self;
        out.extend(MAGIC);
        out.push(FORMAT);
        put_name(out, app.as_str());
        out.extend(chain.day.number().to_be_bytes());
        out.extend(chain.serial.to_be_bytes());
        out.extend(n.to_be_bytes());
        out.extend(previous.as_bytes());
        out.extend(at.0.to_be_bytes());
        out.push(match continuation {
            Continuation::Ends => 1,
            Continuation::MayContinue => 0,
        });
        if let Some(Opening { segments, age_millis }) = opening {
            out.extend(segments.to_be_bytes());
            out.extend(age_millis.to_be_bytes());
        }
    }
}

impl<'b> Entry<'b> {
    fn read(reader: &mut Reader<'b>) -> Result<Self, Unreadable> {
        let label = Label::read(reader)?;
        let n = reader.u32()?;
        Ok(Self { label, ciphertext: reader.take(n)? })
    }
}

/// The stored form, and its hash. `opening` of the header must be there in segment 0, and only there.
pub(crate) fn encode(
    header: &Header,
    entries: &[(Label, Vec<u8>)],
    signing: &SigningKey,
) -> (Vec<u8>, ContentHash) {
    let mut out = Vec::new();
    header.write(&mut out);
    put_name(&mut out, signing.id().as_str());
    out.extend(u16::try_from(entries.len()).unwrap_or(u16::MAX).to_be_bytes());
    for (label, ciphertext) in entries {
        out.extend(label.encode());
        out.extend(length(ciphertext.len()).to_be_bytes());
        out.extend(ciphertext);
    }
    let hash = ContentHash::of(&out);
    out.extend(signing.sign(Signing::Segment, hash));
    (out, hash)
}

/// What the ciphertext of an entry is bound to, besides its place: the application, the chain, and its label.
pub(crate) fn bound(app: &AppName, chain: ChainId, label: &Label) -> Vec<u8> {
    let mut out = Vec::new();
    put_name(&mut out, app.as_str());
    out.extend(chain.day.number().to_be_bytes());
    out.extend(chain.serial.to_be_bytes());
    out.extend(label.encode());
    out
}
