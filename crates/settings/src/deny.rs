//! `[[deny]]`: what is refused whatever policies allow, for those who need no language for it.
//!
//! A rule is about everything that fits all of its lists; a list that is left out fits everything. Not here: whether
//! the tools and classes that it names exist (the command line checks that), and what it decides (`policy` makes a
//! policy of it, so that there is one way in which decisions come about).

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::name::{ClassName, ConnectionName, GroupName, RuleId, ToolPattern};
use crate::read::{Located, suggest};

/// One rule.
///
/// INVARIANT: at least one of `labels`, `connections`, `tools` and `groups` is not empty, and none has more than
/// [`DenyRule::MOST`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyRule {
    /// Unique among the rules. Records name it as they name policies.
    pub id: RuleId,
    /// Why it exists, for operators.
    pub reason: Option<String>,
    /// Whether it counts.
    pub mode: RuleMode,
    /// Of these classes, or those in them, one was found in the request. Each with its line.
    pub labels: Vec<Located<ClassName>>,
    /// The request is to one of these.
    pub connections: BTreeSet<ConnectionName>,
    /// It calls one of these tools. Each with its line.
    pub tools: Vec<Located<ToolPattern>>,
    /// The caller is in one of these.
    pub groups: BTreeSet<GroupName>,
    /// The caller is in none of these.
    pub except_groups: BTreeSet<GroupName>,
    /// Where it begins in the file, from 1.
    pub line: usize,
    /// As it is written.
    pub text: String,
}

impl DenyRule {
    /// The most entries of each list.
    pub const MOST: usize = 64;
}

/// Whether a rule counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleMode {
    /// It denies.
    #[default]
    Enforce,
    /// It is recorded that it would deny, and changes nothing.
    Observe,
}

impl RuleMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Enforce, Self::Observe];

    /// As settings spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        }
    }
}

impl FromStr for RuleMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no mode; {}", suggest(text, &names)))
    }
}
