//! Why somebody did not get to ask for a group. Each text is for them.

use http::StatusCode;
use portcullis_approval::{CannotAsk, InvalidName};

/// Why nothing is asked of people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// It is not theirs to ask for, or for no such time.
    #[error(transparent)]
    Cannot(#[from] CannotAsk),
    /// As many of their requests wait as may.
    #[error("{0} of your requests wait for people already: wait until some of them are decided")]
    Full(u32),
    /// What came along is not what should.
    #[error(
        "say `group`, `for` as in \"30m\" (whole seconds `s`, minutes `m` or hours `h`) and `reason`, and nothing else"
    )]
    Malformed,
    /// The settings do not list the group. Whoever asks is told what is told where policy says no.
    #[error("the policies in force do not let you ask for this group, or nobody can")]
    NotOffered,
    /// The reason is none that can be kept.
    #[error(transparent)]
    Reason(InvalidName),
}

impl Unasked {
    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Cannot(CannotAsk::AlreadyIn(_)) => StatusCode::CONFLICT,
            Self::Cannot(CannotAsk::Name(_) | CannotAsk::Rule(_)) | Self::NotOffered => StatusCode::FORBIDDEN,
            Self::Cannot(CannotAsk::Time { .. }) | Self::Malformed | Self::Reason(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Full(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// A word for programs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Cannot(CannotAsk::AlreadyIn(_)) => "already_in",
            Self::Cannot(CannotAsk::Name(_)) => "unfit_name",
            Self::Cannot(CannotAsk::Rule(_)) | Self::NotOffered => "denied",
            Self::Cannot(CannotAsk::Time { .. }) => "unfit_time",
            Self::Full(_) => "too_many_open",
            Self::Malformed => "malformed",
            Self::Reason(_) => "unfit_reason",
        }
    }

    /// What a program is told that asks by the tool.
    pub(crate) fn public_text(&self) -> String {
        match self {
            Self::NotOffered => "not allowed".to_owned(),
            Self::Cannot(_) | Self::Full(_) | Self::Malformed | Self::Reason(_) => self.to_string(),
        }
    }
}
