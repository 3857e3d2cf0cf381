//! Checkpoints: signed statements of how long each chain is, to be published outside of the store.
//!
//! Who can write to the store can cut the end of a chain off, or remove it whole, and nothing that is left misses it. A
//! checkpoint does, if it is kept where they cannot reach: in a log, in a file, with somebody else. It is small, whatever
//! it speaks for: the heads of chains that are new since the checkpoint before it are in the store, and only the root of
//! a Merkle tree over them is in the statement.
//!
//! ```text
//! "pcchk" | format 1 | application | serial 8 | time 8 | hash of the checkpoint before it 32
//!   | number of days 2 | days | number of heads 4 | root 32 | name of the key | signature 64
//! day = day 4 | number of chains 4            head = day 4 | chain 4 | number of segments 4 | hash of the last 32
//! ```
//! In the store the heads follow. The hash of a checkpoint is that of all before the signature.

use crate::bytes::{Reader, Unreadable, length, put_name};
use crate::chain::ChainId;
use crate::day::Day;
use crate::hash::{ContentHash, MerkleTree};
use crate::id::UnixMillis;
use crate::key::AppName;
use crate::sign::{SignatureError, Signed, Signing, SigningKey, TrustedKeys};
use base64ct::{Base64UrlUnpadded, Encoding};

const MAGIC: [u8; 5] = *b"pcchk";
const FORMAT: u8 = 1;
const HEAD_BYTES: usize = 44;

/// The most heads of one checkpoint, so that it is one value. If there are more, another checkpoint follows.
pub const MAX_HEADS: usize = 4_096;

/// The most days of one checkpoint.
pub const MAX_DAYS: usize = 366;

/// How long a chain was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The chain.
    pub chain: ChainId,
    /// How many segments it had. Of a chain that was claimed and that nobody can begin any more, 0.
    pub segments: u32,
    /// The hash of the last; [`ContentHash::NOTHING`] if there was none.
    pub hash: ContentHash,
}

/// What a checkpoint is to say.
#[derive(Clone, Debug)]
pub struct CheckpointDraft {
    /// The application.
    pub app: AppName,
    /// Its place among the checkpoints; every later one has a higher number.
    pub serial: u64,
    /// When it is made.
    pub at: UnixMillis,
    /// The hash of the latest checkpoint before it; [`ContentHash::NOTHING`] of the first one.
    pub previous: ContentHash,
    /// How many chains were claimed on each day that has new ones.
    pub days: Vec<(Day, u32)>,
    /// The chains that are new or longer than in the checkpoints before.
    pub heads: Vec<Head>,
}

/// A checkpoint as it is published. Nothing in it is to be believed before [`Checkpoint::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    app: AppName,
    serial: u64,
    at: UnixMillis,
    previous: ContentHash,
    days: Vec<(Day, u32)>,
    n_heads: u32,
    root: ContentHash,
    signed: Signed,
}

/// A checkpoint as it is stored: with the heads that its root is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    checkpoint: Checkpoint,
    heads: Vec<Head>,
}

/// Bytes or text that are no checkpoint of this release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint is malformed, or was written by a newer release")]
pub struct InvalidCheckpoint;

/// A draft that says more than a checkpoint can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a checkpoint has at most {MAX_HEADS} chains and {MAX_DAYS} days")]
pub struct CheckpointTooLong;

impl From<Unreadable> for InvalidCheckpoint {
    fn from(_: Unreadable) -> Self {
        Self
    }
}

impl StoredCheckpoint {
    /// Signs a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointTooLong`]; leave the rest to the next one.
    pub fn sign(draft: CheckpointDraft, key: &SigningKey) -> Result<Self, CheckpointTooLong> {
        let CheckpointDraft { app, serial, at, previous, days, mut heads } = draft;
        if heads.len() > MAX_HEADS || days.len() > MAX_DAYS {
            return Err(CheckpointTooLong);
        }
        heads.sort_unstable();
        let signed = Signed { key: key.id().clone(), signature: [0; 64] };
        let n_heads = length(heads.len());
        let mut checkpoint =
            Checkpoint { app, serial, at, previous, days, n_heads, root: root(&heads), signed };
        checkpoint.signed.signature = key.sign(Signing::Checkpoint, checkpoint.hash());
        Ok(Self { checkpoint, heads })
    }

    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.checkpoint.encode();
        self.heads.iter().for_each(|head| out.extend(head.encode()));
        out
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`] if `bytes` are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidCheckpoint> {
        let mut reader = Reader::new(bytes);
        let checkpoint = Checkpoint::read(&mut reader)?;
        let heads = (0..checkpoint.n_heads).map(|_| Head::read(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { checkpoint, heads })
    }

    /// What is published of it.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The heads; `None` if they are not those that the root is of.
    #[must_use]
    pub fn heads(&self) -> Option<&[Head]> {
        (root(&self.heads) == self.checkpoint.root).then_some(&self.heads)
    }
}

impl Checkpoint {
    /// What its text begins with.
    pub const TEXT_PREFIX: &str = "pcchk1.";

    /// Checks that a trusted key vouches for the checkpoint.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, trusted: &TrustedKeys) -> Result<(), SignatureError> {
        trusted.check(Signing::Checkpoint, self.hash(), &self.signed)
    }

    /// The text to be published: one line of visible ASCII.
    #[must_use]
    pub fn to_text(&self) -> String {
        [Self::TEXT_PREFIX, &Base64UrlUnpadded::encode_string(&self.encode())].concat()
    }

    /// Reads what was published.
    ///
    /// # Errors
    /// [`InvalidCheckpoint`] if `text` is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidCheckpoint> {
        let encoded = text.trim().strip_prefix(Self::TEXT_PREFIX).ok_or(InvalidCheckpoint)?;
        let bytes = Base64UrlUnpadded::decode_vec(encoded).map_err(|_| InvalidCheckpoint)?;
        let mut reader = Reader::new(&bytes);
        let checkpoint = Self::read(&mut reader)?;
        reader.end()?;
        Ok(checkpoint)
    }

    /// The application that it is of.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        &self.app
    }

    /// Its place among the checkpoints.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> UnixMillis {
        self.at
    }

    /// The hash of the checkpoint before it.
    #[must_use]
    pub const fn previous(&self) -> ContentHash {
        self.previous
    }

    /// How many chains had been claimed on each day that had new ones.
    #[must_use]
    pub fn days(&self) -> &[(Day, u32)] {
        &self.days
    }

    /// What the next checkpoint names.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(&self.content())
    }

    fn content(&self) -> Vec<u8> {
        let Self { app, serial, at, previous, days, n_heads, root, signed } = self;
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.push(FORMAT);
        put_name(&mut out, app.as_str());
        out.extend(serial.to_be_bytes());
        out.extend(at.0.to_be_bytes());
        out.extend(previous.as_bytes());
        out.extend(u16::try_from(days.len()).unwrap_or(u16::MAX).to_be_bytes());
        for (day, chains) in days {
            out.extend(day.number().to_be_bytes());
            out.extend(chains.to_be_bytes());
        }
        out.extend(n_heads.to_be_bytes());
        out.extend(root.as_bytes());
        put_name(&mut out, signed.key.as_str());
        out
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = self.content();
        out.extend(self.signed.signature);
        out
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        if reader.array()? != MAGIC || reader.u8()? != FORMAT {
            return Err(Unreadable);
        }
        let app = reader.name()?.parse().map_err(|_| Unreadable)?;
        let (serial, at) = (reader.u64()?, UnixMillis(reader.u64()?));
        let previous = ContentHash::new(reader.array()?);
        let n_days = reader.u16()?;
        let day = |reader: &mut Reader<'_>| Ok((Day::new(reader.u32()?).ok_or(Unreadable)?, reader.u32()?));
        let days = (0..n_days).map(|_| day(reader)).collect::<Result<_, Unreadable>>()?;
        let (n_heads, root) = (reader.u32()?, ContentHash::new(reader.array()?));
        let key = reader.name()?.parse().map_err(|_| Unreadable)?;
        let signed = Signed { key, signature: reader.array()? };
        Ok(Self { app, serial, at, previous, days, n_heads, root, signed })
    }
}

impl Head {
    fn encode(&self) -> [u8; HEAD_BYTES] {
        let Self { chain: ChainId { day, serial }, segments, hash } = self;
        let numbers = [day.number(), *serial, *segments].into_iter().flat_map(u32::to_be_bytes);
        let mut out = [0; HEAD_BYTES];
        out.iter_mut().zip(numbers.chain(*hash.as_bytes())).for_each(|(to, from)| *to = from);
        out
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let chain = ChainId { day: Day::new(reader.u32()?).ok_or(Unreadable)?, serial: reader.u32()? };
        Ok(Self { chain, segments: reader.u32()?, hash: ContentHash::new(reader.array()?) })
    }
}

/// The root over heads in this order.
pub(crate) fn root(heads: &[Head]) -> ContentHash {
    heads.iter().map(Head::encode).collect::<MerkleTree>().root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::testing::{NOON, app, signing, trusted};

    fn draft() -> CheckpointDraft {
        let day = Day::of(UnixMillis(NOON));
        let head = |serial| Head {
            chain: ChainId { day, serial },
            segments: serial,
            hash: ContentHash::of(&[u8::try_from(serial).unwrap()]),
        };
        CheckpointDraft {
            app: app(),
            serial: 3,
            at: UnixMillis(NOON),
            previous: ContentHash::of(b"before"),
            days: vec![(day, 9)],
            heads: [5, 2, 9].map(head).to_vec(),
        }
    }

    #[test]
    fn a_checkpoint_reads_back_from_its_value_and_its_text() {
        let stored = StoredCheckpoint::sign(draft(), &signing()).unwrap();
        assert_eq!(StoredCheckpoint::decode(&stored.encode()).as_ref(), Ok(&stored));
        assert_eq!(stored.checkpoint().verify(&trusted()), Ok(()));
        assert_eq!(stored.heads().unwrap().len(), 3);
        let text = stored.checkpoint().to_text();
        assert_eq!(Checkpoint::parse(&format!("{text}\n")).as_ref(), Ok(stored.checkpoint()));
        for wrong in ["", "pcchk1.", text.trim_start_matches('p'), &format!("{text}AA")] {
            assert_eq!(Checkpoint::parse(wrong), Err(InvalidCheckpoint), "{wrong}");
        }
    }

    #[test]
    fn every_flipped_bit_of_a_checkpoint_is_noticed() {
        let bytes = StoredCheckpoint::sign(draft(), &signing()).unwrap().encode();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let is_genuine = StoredCheckpoint::decode(&flipped)
                .is_ok_and(|one| one.checkpoint().verify(&trusted()).is_ok() && one.heads().is_some());
            assert!(!is_genuine, "bit {bit}");
        }
    }

    #[test]
    fn the_longest_checkpoint_is_one_value_and_a_longer_one_is_refused() {
        let head = draft().heads[0];
        let full = CheckpointDraft {
            days: vec![(head.chain.day, 1); MAX_DAYS],
            heads: vec![head; MAX_HEADS],
            ..draft()
        };
        let stored = StoredCheckpoint::sign(full.clone(), &signing()).unwrap();
        assert!(stored.encode().len() <= crate::MAX_VALUE_BYTES);
        for more in [
            CheckpointDraft { heads: vec![head; MAX_HEADS + 1], ..full.clone() },
            CheckpointDraft { days: vec![(head.chain.day, 1); MAX_DAYS + 1], ..full },
        ] {
            assert_eq!(StoredCheckpoint::sign(more, &signing()), Err(CheckpointTooLong));
        }
    }
}
