//! What keeps a permit from matching, in words.

use std::fmt;

/// One thing that would have to be different for a permit to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is for other actions, as `billing/refund`.
    Action(Vec<String>),
    /// A condition does not come out as it must.
    Condition {
        /// The condition, in one line.
        text: String,
        /// Where it is in its file.
        line: usize,
        /// In which way.
        failing: Failing,
    },
    /// It is for the members of a group, as `Group "demo:vendors"`.
    Group(String),
    /// It is for the other kind of principal, as `Workload`.
    Kind(String),
    /// It is for one other principal.
    Principal(String),
    /// It is for other resources, as `in Connection "billing"`.
    Resource(String),
}

/// In which way a condition does not come out as it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failing {
    /// It cannot be evaluated.
    Errs(String),
    /// It must be true and is not.
    IsFalse,
    /// It must be false and is not.
    IsTrue,
}

impl Difference {
    /// Its name for scripts.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Action(_) => "action",
            Self::Condition { .. } => "condition",
            Self::Group(_) => "group",
            Self::Kind(_) => "kind",
            Self::Principal(_) => "principal",
            Self::Resource(_) => "resource",
        }
    }

    pub(super) const fn is_condition(&self) -> bool {
        matches!(self, Self::Condition { .. })
    }

    /// How far it is from what was asked: arguments and groups change every day, what is asked for is the question.
    pub(super) const fn distance(&self) -> u8 {
        match self {
            Self::Condition { .. } => 0,
            Self::Group(_) => 1,
            Self::Kind(_) | Self::Principal(_) => 2,
            Self::Resource(_) => 3,
            Self::Action(_) => 4,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(actions) => {
                let shown: Vec<String> =
                    actions.iter().take(MOST_SHOWN).map(|action| format!("`{action}`")).collect();
                let more = actions.len().saturating_sub(MOST_SHOWN);
                write!(f, "only {}", shown.join(", "))?;
                if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
            }
            Self::Condition { text, line, failing } => match failing {
                Failing::Errs(error) => {
                    write!(f, "only when `{text}` (line {line}), which cannot be evaluated: {error}")
                }
                Failing::IsFalse => write!(f, "only when `{text}` (line {line})"),
                Failing::IsTrue => write!(f, "not when `{text}` (line {line})"),
            },
            Self::Group(name) | Self::Principal(name) => write!(f, "only for {name}"),
            Self::Kind(name) => write!(f, "only for a {name}"),
            Self::Resource(name) => write!(f, "only {name}"),
        }
    }
}

/// So many actions are named.
const MOST_SHOWN: usize = 5;
