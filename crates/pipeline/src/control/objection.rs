//! Why something asked of `/api` is not done. Each text says what to do, and is for the caller.

use http::StatusCode;
use portcullis_ledger::RecordingId;
use portcullis_policy::{BundleDigest, BundleError, EnvelopeError, Serial};
use portcullis_release::{Lost, Refused};

use super::{NotSignedIn, Undecided, Undone};
use crate::access::Unasked;

/// Why something asked of `/api` is not done. What was in force before stays, unless the text says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// Nobody was asked for a group.
    #[error(transparent)]
    Access(#[from] Unasked),
    /// Nothing was decided about a request for approval.
    #[error(transparent)]
    Approval(#[from] Undecided),
    /// Nothing was done with a recording, or not all.
    #[error(transparent)]
    Undone(#[from] Undone),
    /// The push came to nothing, or may have.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The body is not what it should be.
    #[error("send the envelope, a line feed and the bundle: `portcullis policy push` does")]
    Malformed,
    /// The body is of another kind.
    #[error("the body must be {0} without an encoding")]
    MediaType(&'static str),
    /// There is nothing that policies could be about.
    #[error("the settings have no connection, so nobody may configure one: add one first")]
    NoConnection,
    /// The serial is not the next one.
    #[error("the policy has serial {found}, and the next one is {next}: push again")]
    NotNext {
        /// Its serial.
        found: Serial,
        /// The one that can be used.
        next: Serial,
    },
    /// It cannot be put in force.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The days have more chains than one request reads without an index.
    #[error(
        "the index of these days is not derived yet, which goes on with each request: ask again, or for fewer days"
    )]
    NotIndexed,
    /// No record of it was found.
    #[error("nothing is recorded of {0} on these days: give `day`, or `from` and `to`")]
    NoRecording(RecordingId),
    /// What is asked for cannot be understood.
    #[error("{0}")]
    Query(String),
    /// Nothing of it is in the store, or not all.
    #[error("the bundle {0} is not in the store, or not all of it: push its files instead")]
    NotStored(BundleDigest),
    /// Nobody was signed in.
    #[error(transparent)]
    SignIn(#[from] NotSignedIn),
    /// Too many pushes were begun and not ended, or the settings ask for a serial that is too far away.
    #[error(
        "hundreds of serials after the last one are claimed, or below `policy.minimum_serial`: lower that, or remove \
         the claims from the store"
    )]
    TooManyClaims,
}

impl Objection {
    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Access(unasked) => unasked.status(),
            Self::Approval(undecided) => undecided.status(),
            Self::SignIn(why) => why.status(),
            Self::Undone(undone) => undone.status(),
            Self::Lost(Lost::Serial) | Self::NotNext { .. } => StatusCode::CONFLICT,
            Self::Lost(Lost::Store | Lost::Unannounced | Lost::Unknown)
            | Self::NotIndexed
            | Self::TooManyClaims => StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed | Self::Query(_) => StatusCode::BAD_REQUEST,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoConnection => StatusCode::FORBIDDEN,
            Self::NoRecording(_) | Self::NotStored(_) => StatusCode::NOT_FOUND,
            Self::Refused(refused) => match refused {
                Refused::Envelope(EnvelopeError::UnknownKey(_) | EnvelopeError::WrongSignature) => {
                    StatusCode::FORBIDDEN
                }
                Refused::BelowMinimum { .. } | Refused::Envelope(EnvelopeError::Stale { .. }) => {
                    StatusCode::CONFLICT
                }
                Refused::Bundle(_)
                | Refused::Envelope(_)
                | Refused::Misplaced { .. }
                | Refused::MissingPart { .. }
                | Refused::NewerEntry { .. }
                | Refused::Unreadable(_)
                | Refused::Section(_)
                | Refused::UnknownSection(_) => StatusCode::BAD_REQUEST,
            },
        }
    }

    /// What the caller is told: this text, but where it is more than a stranger should know.
    pub(crate) fn told(&self) -> String {
        if let Self::SignIn(why) = self { why.told().to_owned() } else { self.to_string() }
    }

    /// Why, in one word, for the record.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Access(_) => "not_asked",
            Self::Approval(_) => "not_decided",
            Self::SignIn(_) => "not_signed_in",
            Self::Undone(_) => "not_done",
            Self::NotIndexed | Self::NoRecording(_) | Self::Query(_) => "not_read",
            Self::Lost(_)
            | Self::Malformed
            | Self::MediaType(_)
            | Self::NoConnection
            | Self::NotNext { .. }
            | Self::NotStored(_)
            | Self::Refused(_)
            | Self::TooManyClaims => "not_pushed",
        }
    }

    /// A word for programs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Access(unasked) => unasked.word(),
            Self::Approval(undecided) => undecided.word(),
            Self::SignIn(why) => why.word(),
            Self::Undone(undone) => undone.word(),
            Self::Lost(Lost::Serial) | Self::NotNext { .. } => "serial_taken",
            Self::Lost(Lost::Store) => "store_unavailable",
            Self::Lost(Lost::Unannounced) => "unannounced",
            Self::Lost(Lost::Unknown) => "unknown",
            Self::Malformed => "malformed",
            Self::MediaType(_) => "media_type",
            Self::NoConnection => "denied",
            Self::NotIndexed => "not_indexed",
            Self::NoRecording(_) => "no_recording",
            Self::Query(_) => "query",
            Self::NotStored(_) => "not_stored",
            Self::TooManyClaims => "too_many_claims",
            Self::Refused(refused) => match refused {
                Refused::BelowMinimum { .. } | Refused::Envelope(EnvelopeError::Stale { .. }) => "stale",
                Refused::Bundle(BundleError::NewerFormat { .. } | BundleError::NewerLanguage { .. })
                | Refused::Envelope(EnvelopeError::NewerFormat { .. })
                | Refused::NewerEntry { .. }
                | Refused::UnknownSection(_) => "newer",
                Refused::Bundle(_) | Refused::MissingPart { .. } | Refused::Section(_) => "damaged",
                Refused::Envelope(EnvelopeError::UnknownKey(_)) => "unknown_key",
                Refused::Envelope(EnvelopeError::WrongSignature) => "wrong_signature",
                Refused::Envelope(EnvelopeError::OtherBundle { .. }) => "other_bundle",
                Refused::Envelope(EnvelopeError::Malformed(_))
                | Refused::Misplaced { .. }
                | Refused::Unreadable(_) => "malformed",
            },
        }
    }
}

impl From<EnvelopeError> for Objection {
    fn from(error: EnvelopeError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<BundleError> for Objection {
    fn from(error: BundleError) -> Self {
        Self::Refused(error.into())
    }
}
