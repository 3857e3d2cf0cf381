//! What is known about a scope's usage when a call is decided.

use crate::bucket::Totals;
use crate::stored::DecodeError;

/// The usage over the three windows. Each reaches back at least as far as its name says, and a little further:
/// a minute up to 70 seconds, an hour up to 61 minutes, a day up to 25 hours. Distinct values of the minute are
/// those of the current and the previous minute of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The last minute.
    pub minute: Totals,
    /// The last hour.
    pub hour: Totals,
    /// The last day.
    pub day: Totals,
}

/// What is known. A rule that reads usage must not be evaluated with less than [`Reading::Known`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This instance's own usage, exactly, and what the others had published when they were last read.
    Known(Box<Usage>),
    /// Not known; why, for the operator.
    Unknown(Unknown),
}

/// Why usage is not known. `Display` is for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// Another instance has closed a minute that has not passed here.
    #[error("the clocks of the instances differ too much; check the time of every machine")]
    Clock,
    /// A value in the store could not be read.
    #[error(transparent)]
    Damaged(#[from] DecodeError),
    /// Too many scopes have unpublished usage in this instance.
    #[error("this instance counts for more principals than it has room for")]
    Full,
    /// What the others have used was never read here, or too long ago.
    #[error("what the other instances have counted was not read in time")]
    Stale,
    /// The store did not answer.
    #[error("the store did not tell what was used")]
    Store,
    /// More instances have shares in one minute than are read.
    #[error("more instances count for this principal than can be read")]
    TooManyShares,
    /// This instance could not publish what it has counted.
    #[error("what this instance has counted could not be published in time")]
    Unpublished,
}
