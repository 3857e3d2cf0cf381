//! What was pushed with a serial, as it lies in the store, and its bundle.

use portcullis_ledger::UnixMillis;
use portcullis_policy::{BundleDigest, PolicySet, Serial, SignedBundle};
use serde::{Deserialize, Serialize};

use crate::refused::Refused;
use crate::trusted::Trusted;
use crate::{CHUNK_BYTES, MAX_BUNDLE_BYTES, SECTIONS};

/// What was pushed with a serial. Nothing but the envelope is signed: the rest is for people, and for fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which bundle, with which serial, and who vouches for it.
    pub envelope: SignedBundle,
    /// The principal that pushed it, as `issuer|subject`.
    pub by: String,
    /// When it was pushed.
    pub at: UnixMillis,
    /// How long the bundle is, in bytes.
    pub length: usize,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// The stored form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u64,
    envelope: String,
    by: String,
    at: u64,
    length: usize,
}

impl Entry {
    /// Reads what lies at a serial. Whether anybody vouches for it is for [`Entry::check`].
    ///
    /// # Errors
    /// [`Refused::Unreadable`], [`Refused::NewerEntry`], and [`Refused::Envelope`] if the envelope cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let unreadable = |error: serde_json::Error| Refused::Unreadable(error.to_string());
        // A later version may have members that this one does not know, so its number comes first.
        let Version { v } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if v > VERSION {
            return Err(Refused::NewerEntry { found: v });
        }
        let Stored { v: _, envelope, by, at, length } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if length > MAX_BUNDLE_BYTES {
            return Err(Refused::Unreadable(format!(
                "its bundle would be longer than {MAX_BUNDLE_BYTES} bytes"
            )));
        }
        Ok(Self { envelope: SignedBundle::parse(envelope.as_bytes())?, by, at: UnixMillis(at), length })
    }

    /// Whether what lies at a serial is to be believed.
    ///
    /// # Errors
    /// [`Refused::Misplaced`], [`Refused::BelowMinimum`], and [`Refused::Envelope`] if no trusted key has signed it.
    pub fn check(&self, at: Serial, trusted: &Trusted, minimum: u64) -> Result<(), Refused> {
        self.envelope.verify_signature(|id| trusted.key(id))?;
        let found = self.envelope.serial();
        if found != at {
            return Err(Refused::Misplaced { found, at });
        }
        if found < Serial(minimum) {
            return Err(Refused::BelowMinimum { found, minimum });
        }
        Ok(())
    }

    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { envelope, by, at, length } = self;
        let stored =
            Stored { v: VERSION, envelope: envelope.to_json(), by: by.clone(), at: at.0, length: *length };
        // Numbers and texts always serialise.
        serde_json::to_vec(&stored).unwrap_or_default()
    }
}

/// In how many chunks a bundle of this length lies in the store.
#[must_use]
pub const fn n_chunks(length: usize) -> usize {
    length.div_ceil(CHUNK_BYTES)
}

/// Opens the bundle that an envelope is for, from its chunks in order; a missing one is `None`.
///
/// An instance that starts needs an answer at once, so only the head is looked at; a policy whose text was changed then
/// counts as one that errs. Where there is something better to keep, `is_replacing` has all of it looked at.
///
/// # Errors
/// [`Refused::MissingPart`], [`Refused::Bundle`], [`Refused::UnknownSection`], and [`Refused::Envelope`] if it is
/// another bundle.
pub fn open(
    expected: BundleDigest,
    chunks: Vec<Option<Vec<u8>>>,
    is_replacing: bool,
) -> Result<PolicySet, Refused> {
    let mut bytes = Vec::new();
    for (index, chunk) in chunks.into_iter().enumerate() {
        bytes.extend(chunk.ok_or(Refused::MissingPart { index })?);
    }
    let set = PolicySet::from_bundle(bytes)?;
    let found = set.bundle_digest();
    if found != expected {
        return Err(portcullis_policy::EnvelopeError::OtherBundle { expected, found }.into());
    }
    if is_replacing && !set.is_intact() {
        return Err(portcullis_policy::BundleError::Damaged.into());
    }
    if let Some(unknown) = set.sections().find(|section| !SECTIONS.contains(&section.name)) {
        return Err(Refused::UnknownSection(unknown.name.to_owned()));
    }
    Ok(set)
}

/// The version of the stored form. Every version that was released is read forever.
const VERSION: u64 = 1;
