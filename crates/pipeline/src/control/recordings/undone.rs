//! Why nothing was done with a recording. Each text is for whoever asked.

use http::StatusCode;
use portcullis_approval::InvalidName;
use portcullis_ledger::ChainId;

use crate::control::Objection;
use crate::refusal::Refusal;

/// Why a recording is not held, let go or erased, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// It is on hold, so it is not held again, and not erased.
    #[error("it is on legal hold, since {by} said so: {reason}")]
    Held {
        /// Who holds it.
        by: String,
        /// Why.
        reason: String,
    },
    /// It is not known what is on hold.
    #[error(
        "entry {0} of the legal holds is missing or was changed, so it is not known what is on hold, and nothing is \
         deleted: if it does not appear within a minute, holding or releasing anything notes that it is missing"
    )]
    HoldsUnknown(u64),
    /// The body is not what it should be.
    #[error("send {{\"reason\": \"...\"}} and nothing else")]
    Malformed,
    /// Some of it is done.
    #[error("the store failed: {done} of {of} keys are erased for good; ask again for the rest")]
    PartlyErased {
        /// How many keys are erased.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// Nobody said why.
    #[error("say why: this needs a reason")]
    NoReason,
    /// It is not on hold.
    #[error("it is not on legal hold")]
    NotHeld,
    /// The reason is none that can be kept.
    #[error(transparent)]
    Reason(InvalidName),
    /// There is no room for more.
    #[error(
        "there were {0} legal holds and releases in the life of this store, which is the most that there may be"
    )]
    TooMany(u64),
    /// It is in more chains than one request looks at.
    #[error("it has more parts on these days than one request looks at: ask for fewer days")]
    TooManyParts,
    /// It may have been written or not.
    #[error(
        "the store failed: it may have been written or not; ask for `/api/holds`, and again if it was not"
    )]
    Unknown,
    /// Somebody may still write to it.
    #[error(
        "chain {0} may still be written to, so what is erased now could come again: end the session or wait until the \
         token is over, and ask again some minutes later"
    )]
    Written(ChainId),
}

impl Undone {
    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::NoReason | Self::Reason(_) | Self::TooManyParts => {
                StatusCode::BAD_REQUEST
            }
            Self::Held { .. } | Self::NotHeld | Self::TooMany(_) | Self::Written(_) => StatusCode::CONFLICT,
            Self::HoldsUnknown(_) | Self::PartlyErased { .. } | Self::Unknown => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// A word for programs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Held { .. } => "on_hold",
            Self::HoldsUnknown(_) => "holds_unknown",
            Self::Malformed => "malformed",
            Self::PartlyErased { .. } => "partly_erased",
            Self::NoReason => "reason_needed",
            Self::NotHeld => "not_on_hold",
            Self::Reason(_) => "unfit_reason",
            Self::TooMany(_) => "too_many_holds",
            Self::TooManyParts => "too_many_parts",
            Self::Unknown => "unknown",
            Self::Written(_) => "still_written",
        }
    }
}

impl From<Undone> for Refusal {
    fn from(undone: Undone) -> Self {
        Objection::from(undone).into()
    }
}
