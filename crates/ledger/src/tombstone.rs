//! What is left of a day whose chains were pruned: a signed statement of what was there.
//!
//! ```text
//! "pctom" | format 1 | application | day 4 | number of chains 4 | root 32 | time 8
//!   | number of chains that are kept 4 | their serials 4 each | name of the key | signature 64
//! ```
//! The root is that of the Merkle tree over the heads of all of the day's chains, in order. So what was pruned is what the
//! checkpoints have seen, and nothing else.

use std::collections::BTreeSet;

use crate::bytes::{Reader, Unreadable, length, put_name};
use crate::checkpoint::{Head, root};
use crate::day::Day;
use crate::hash::ContentHash;
use crate::id::UnixMillis;
use crate::key::AppName;
use crate::sign::{SignatureError, Signed, Signing, SigningKey, TrustedKeys};

const MAGIC: [u8; 5] = *b"pctom";
const FORMAT: u8 = 1;

/// The most chains of a pruned day that can be kept, so that a tombstone is one value.
pub const MAX_KEPT: usize = 32_768;

/// What is to be said of a day that is pruned.
#[derive(Clone, Debug)]
pub struct TombstoneDraft {
    /// The application.
    pub app: AppName,
    /// The day.
    pub day: Day,
    /// The heads of all of its chains, in order, from the first to the last one that was claimed.
    pub heads: Vec<Head>,
    /// When it is pruned.
    pub at: UnixMillis,
    /// The chains that stay, for recordings that must not be deleted.
    pub kept: Vec<u32>,
}

/// The statement. Nothing in it is to be believed before [`Tombstone::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    app: AppName,
    day: Day,
    chains: u32,
    root: ContentHash,
    at: UnixMillis,
    kept: Vec<u32>,
    signed: Signed,
}

/// Bytes that are no tombstone of this release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tombstone is malformed, or was written by a newer release")]
pub struct InvalidTombstone;

/// Why a day cannot be pruned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TombstoneError {
    /// The heads are not those of chains 1, 2, 3 and so on of the day.
    #[error("the heads are not those of all chains of {0} in order")]
    Heads(Day),
    /// Too many chains are kept.
    #[error("at most {MAX_KEPT} chains of a pruned day can be kept")]
    TooManyKept,
}

impl Tombstone {
    /// Signs a tombstone. Write it before anything is deleted.
    ///
    /// # Errors
    /// [`TombstoneError`].
    pub fn sign(draft: TombstoneDraft, key: &SigningKey) -> Result<Self, TombstoneError> {
        let TombstoneDraft { app, day, heads, at, mut kept } = draft;
        kept.sort_unstable();
        kept.dedup();
        let is_whole =
            (1..).zip(&heads).all(|(serial, head)| head.chain.day == day && head.chain.serial == serial);
        if !is_whole {
            return Err(TombstoneError::Heads(day));
        }
        if kept.len() > MAX_KEPT {
            return Err(TombstoneError::TooManyKept);
        }
        let signed = Signed { key: key.id().clone(), signature: [0; 64] };
        let mut tombstone =
            Self { app, day, chains: length(heads.len()), root: root(&heads), at, kept, signed };
        tombstone.signed.signature = key.sign(Signing::Tombstone, ContentHash::of(&tombstone.content()));
        Ok(tombstone)
    }

    /// The same day with these chains kept, which must still be whole: some need not be kept any more, or some were held
    /// before any was deleted.
    #[must_use]
    pub fn keeping(&self, kept: &[u32], at: UnixMillis, key: &SigningKey) -> Self {
        let kept: BTreeSet<u32> = kept.iter().copied().filter(|serial| *serial <= self.chains).collect();
        let kept = kept.into_iter().take(MAX_KEPT).collect();
        let signed = Signed { key: key.id().clone(), signature: [0; 64] };
        let mut tombstone = Self { at, kept, signed, ..self.clone() };
        tombstone.signed.signature = key.sign(Signing::Tombstone, ContentHash::of(&tombstone.content()));
        tombstone
    }

    /// Checks that a trusted key vouches for the tombstone.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, trusted: &TrustedKeys) -> Result<(), SignatureError> {
        trusted.check(Signing::Tombstone, ContentHash::of(&self.content()), &self.signed)
    }

    /// Whether these are the heads of the day when it was pruned, in order.
    #[must_use]
    pub fn is_of(&self, heads: &[Head]) -> bool {
        length(heads.len()) == self.chains && root(heads) == self.root
    }

    /// The application that it is of.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        &self.app
    }

    /// The day that was pruned.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// How many chains the day had.
    #[must_use]
    pub const fn chains(&self) -> u32 {
        self.chains
    }

    /// The chains that were not pruned, in order.
    #[must_use]
    pub fn kept(&self) -> &[u32] {
        &self.kept
    }

    /// Whether this chain was not pruned.
    #[must_use]
    pub fn keeps(&self, serial: u32) -> bool {
        self.kept.binary_search(&serial).is_ok()
    }

    /// The stored form, at most [`crate::MAX_VALUE_BYTES`] long.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.content();
        out.extend(self.signed.signature);
        out
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`InvalidTombstone`] if `bytes` are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidTombstone> {
        Self::read(&mut Reader::new(bytes)).map_err(|Unreadable| InvalidTombstone)
    }

    fn content(&self) -> Vec<u8> {
        let Self { app, day, chains, root, at, kept, signed } = self;
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.push(FORMAT);
        put_name(&mut out, app.as_str());
        out.extend(day.number().to_be_bytes());
        out.extend(chains.to_be_bytes());
        out.extend(root.as_bytes());
        out.extend(at.0.to_be_bytes());
        out.extend(length(kept.len()).to_be_bytes());
        kept.iter().for_each(|serial| out.extend(serial.to_be_bytes()));
        put_name(&mut out, signed.key.as_str());
        out
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        if reader.array()? != MAGIC || reader.u8()? != FORMAT {
            return Err(Unreadable);
        }
        let app = reader.name()?.parse().map_err(|_| Unreadable)?;
        let day = Day::new(reader.u32()?).ok_or(Unreadable)?;
        let (chains, root) = (reader.u32()?, ContentHash::new(reader.array()?));
        let (at, n_kept) = (UnixMillis(reader.u64()?), reader.u32()?);
        let kept = (0..n_kept).map(|_| reader.u32()).collect::<Result<Vec<_>, _>>()?;
        let key = reader.name()?.parse().map_err(|_| Unreadable)?;
        let signed = Signed { key, signature: reader.array()? };
        reader.end()?;
        let is_ascending = kept.is_sorted_by(|one, next| one < next);
        let tombstone = Self { app, day, chains, root, at, kept, signed };
        if is_ascending { Ok(tombstone) } else { Err(Unreadable) }
    }
}
