//! A recorded call beside what the policies of a folder make of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_identity::Principal;
use portcullis_ledger::{RecordId, UnixMillis, Verdict};
use portcullis_policy::{Policy, Requirement};
use portcullis_settings::ConnectionName;

use crate::judge::call::Was;

/// What policies say now.
#[derive(Debug)]
pub(super) enum Now {
    Allow,
    /// Why, in a sentence.
    Deny(String),
    Hold(Vec<Requirement>),
}

/// A call that was judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) id: RecordId,
    pub(super) at: UnixMillis,
    pub(super) caller: String,
    pub(super) principal: Principal,
    pub(super) connection: String,
    /// The connection, if the settings have it.
    pub(super) on: Option<ConnectionName>,
    pub(super) method: String,
    pub(super) name: String,
    pub(super) knows_attributes: bool,
    pub(super) was: Was,
    /// What became of the policies that determined it then, in their order.
    pub(super) fates: Vec<Fate>,
    pub(super) now: Now,
    /// The policies that determine it now.
    pub(super) by: Vec<Arc<Policy>>,
    pub(super) masks: Vec<Mask>,
    /// The classes whose tokens were opened and would not be.
    pub(super) withheld: Vec<String>,
    /// What is not on record as it was, and may make this come out differently.
    pub(super) doubts: BTreeSet<String>,
    /// Whether an approval that was given does not cover what it would wait for now.
    pub(super) needs_new_approval: bool,
}

/// What became of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is another one under its id.
    Changed,
    /// There is none of its id.
    Gone,
    /// It is there as it was.
    Same,
}

/// How values of a class appear to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) class: String,
    pub(super) was: Sight,
    pub(super) now: Sight,
    /// How many values the answer had.
    pub(super) n_values: u32,
}

/// How a value appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// As it is.
    Clear,
    /// Something stands in its place.
    Masked,
    /// As it is, since nothing looks for it.
    Unfound,
}

impl Judged {
    /// Whether something would be different.
    pub(super) fn is_changed(&self) -> bool {
        self.is_decided_otherwise() || !self.masks.is_empty() || !self.withheld.is_empty()
    }

    /// Whether the decision would be another one.
    pub(super) fn is_decided_otherwise(&self) -> bool {
        self.was() != self.now.word()
    }

    /// What was decided, in a word.
    pub(super) const fn was(&self) -> &'static str {
        word(self.was.verdict)
    }
}

impl Now {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Allow => word(Verdict::Allow),
            Self::Deny(_) => word(Verdict::Deny),
            Self::Hold(_) => word(Verdict::Hold),
        }
    }
}

impl Fate {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Same => "same",
        }
    }
}

impl Sight {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Masked => "masked",
            Self::Unfound => "not found",
        }
    }

    /// Whether the caller sees the value.
    pub(super) const fn is_seen(self) -> bool {
        match self {
            Self::Clear | Self::Unfound => true,
            Self::Masked => false,
        }
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Hold => "hold",
    }
}
