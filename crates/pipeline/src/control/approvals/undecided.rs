//! Why nothing was decided about a request for approval. Each text is for who decides.

use http::StatusCode;
use portcullis_approval::{CannotRevoke, CannotVote, InvalidName, NotAVoter, StoreTrouble};

/// Why nothing was decided about a request for approval, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// There are as many votes as count.
    #[error("this request has all the votes that count: reject it, or have it asked again")]
    Full,
    /// The body is not what it should be.
    #[error(
        "send {{\"reason\": \"...\", \"digest\": \"...\"}} and nothing else; `digest` is that of the request that you were shown"
    )]
    Malformed,
    /// There is no such request.
    #[error("there is no such request: `portcullis approvals list` tells which there are")]
    Missing,
    /// Whoever decides has a name that cannot be stored.
    #[error(transparent)]
    Name(InvalidName),
    /// Nobody said why.
    #[error("say why: this needs a reason")]
    NoReason,
    /// Not somebody who votes.
    #[error(transparent)]
    NotAVoter(#[from] NotAVoter),
    /// What is asked of the list is not what can be.
    #[error("a list takes `state` (pending, approved or all), `connection` and `cursor`, each once")]
    Query,
    /// The reason is none that can be kept.
    #[error(transparent)]
    Reason(InvalidName),
    /// Nothing is left to take back.
    #[error(transparent)]
    Revoke(#[from] CannotRevoke),
    /// It may have been said or not.
    #[error(
        "the store failed: it may have been said or not; show the request, and say it again if it was not"
    )]
    Unknown,
    /// The store failed, or holds what cannot be used.
    #[error("requests cannot be read now, so nothing was decided: {0}; try again")]
    Unread(StoreTrouble),
    /// It was said, and what it led to could not be read.
    #[error("it was said, but the store failed when the request was read again: show it")]
    Unseen,
    /// Not this vote.
    #[error(transparent)]
    Vote(#[from] CannotVote),
}

impl Undecided {
    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::NoReason | Self::Query | Self::Reason(_) => StatusCode::BAD_REQUEST,
            Self::Name(_)
            | Self::NotAVoter(_)
            | Self::Vote(CannotVote::NotAnApprover | CannotVote::Requester) => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Revoke(CannotRevoke(state)) | Self::Vote(CannotVote::Decided(state)) => over(state),
            Self::Full | Self::Vote(CannotVote::AlreadyVoted | CannotVote::Changed) => StatusCode::CONFLICT,
            Self::Unknown | Self::Unread(_) | Self::Unseen => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A word for programs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Malformed | Self::Query => "malformed",
            Self::Missing => "no_such_request",
            Self::Name(_) => "unfit_name",
            Self::NoReason => "reason_needed",
            Self::NotAVoter(_) => "not_a_person",
            Self::Reason(_) => "unfit_reason",
            Self::Revoke(CannotRevoke(state)) | Self::Vote(CannotVote::Decided(state)) => state,
            Self::Unknown => "unknown",
            Self::Unread(_) => "store_unavailable",
            Self::Unseen => "unseen",
            Self::Vote(CannotVote::AlreadyVoted) => "already_voted",
            Self::Vote(CannotVote::Changed) => "changed",
            Self::Vote(CannotVote::NotAnApprover) => "not_an_approver",
            Self::Vote(CannotVote::Requester) => "own_request",
        }
    }
}

/// The status of an answer about a request in a state in which nothing can be said any more.
const fn over(state: &str) -> StatusCode {
    match state.as_bytes() {
        b"expired" => StatusCode::GONE,
        _ => StatusCode::CONFLICT,
    }
}
