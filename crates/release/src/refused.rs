//! Why something that lies in the store is not put in force.

use portcullis_policy::{BundleError, EnvelopeError, Serial};

/// Why what was pushed is not put in force. Each text says what to do; what was in force before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its serial is lower than the settings allow.
    #[error(
        "the policy has serial {found}, and `policy.minimum_serial` is {minimum}: push it again with a later serial"
    )]
    BelowMinimum {
        /// Its serial.
        found: Serial,
        /// The lowest that is allowed.
        minimum: u64,
    },
    /// The bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A part of the bundle is not in the store.
    #[error("part {index} of the policy bundle is not in the store: push the policy again")]
    MissingPart {
        /// Which one, from 0.
        index: usize,
    },
    /// The entry is for another serial: somebody has copied it.
    #[error(
        "the policy with serial {found} lies where serial {at} belongs: push the policy again, and look who writes to the store"
    )]
    Misplaced {
        /// What the envelope says.
        found: Serial,
        /// Where it lies.
        at: Serial,
    },
    /// The entry was written by a later version of this software.
    #[error(
        "the entry of the policy has version {found}, which is later than this version's: upgrade the gateway first"
    )]
    NewerEntry {
        /// Its version.
        found: u64,
    },
    /// A section of the bundle cannot be used.
    #[error("{0}")]
    Section(String),
    /// The entry is not one.
    #[error("the entry of the policy cannot be read: {0}: push the policy again")]
    Unreadable(String),
    /// The bundle has a section that this version does not know, and could be stricter than it looks.
    #[error(
        "the policy bundle has a section `{0}`, which this version does not know: upgrade the gateway first"
    )]
    UnknownSection(String),
}
