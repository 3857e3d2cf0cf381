//! The stages of a request, in the order in which a request passes them.

use std::str::FromStr;

/// A stage of the data path. Ordered as a request passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Host, origin, sizes, rates.
    Edge,
    /// From the token to the principal.
    Authenticate,
    /// From bytes to frames.
    Parse,
    /// Findings in the request.
    Detect,
    /// Policy.
    Decide,
    /// Writing the intent.
    Intent,
    /// The upstream, from the first byte sent to the head of its answer.
    Forward,
    /// Masking and checking what comes back.
    Guard,
    /// Writing the outcome.
    Outcome,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 9] = [
        Self::Edge,
        Self::Authenticate,
        Self::Parse,
        Self::Detect,
        Self::Decide,
        Self::Intent,
        Self::Forward,
        Self::Guard,
        Self::Outcome,
    ];

    /// The name that records use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Authenticate => "authenticate",
            Self::Parse => "parse",
            Self::Detect => "detect",
            Self::Decide => "decide",
            Self::Intent => "intent",
            Self::Forward => "forward",
            Self::Guard => "guard",
            Self::Outcome => "outcome",
        }
    }
}

/// A name that no stage has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown stage")]
pub struct UnknownStage;

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name).ok_or(UnknownStage)
    }
}
