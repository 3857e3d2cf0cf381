//! What people have said about a request, and what became of it. Each is written once and stays.

use std::collections::BTreeSet;

use portcullis_ledger::{RecordId, UnixMillis};

use crate::digest::ContentDigest;
use crate::name::{GroupName, PrincipalId, Reason};

/// One person's consent.
///
/// INVARIANT: only [`Case`](crate::Case) makes one for a person who may vote, or it was read from the store, where it
/// is sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    pub(crate) request: ContentDigest,
    pub(crate) at: UnixMillis,
    pub(crate) voter: PrincipalId,
    pub(crate) consent: Consent,
    pub(crate) reason: Option<Reason>,
}

/// In which way somebody consents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consent {
    /// As a member of these groups that were asked. It counts once for each requirement that asks one of them.
    Approve(BTreeSet<GroupName>),
    /// In place of everybody, by a right of its own.
    Force,
}

/// One person's refusal. It is final, whoever else has approved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    pub(crate) request: ContentDigest,
    pub(crate) at: UnixMillis,
    pub(crate) voter: PrincipalId,
    pub(crate) groups: BTreeSet<GroupName>,
    pub(crate) reason: Reason,
}

/// Taking back what was asked, or what was granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revocation {
    /// When.
    pub at: UnixMillis,
    /// By whom.
    pub by: PrincipalId,
    /// Why.
    pub reason: Reason,
}

/// The trace of a grant for one call that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// When.
    pub at: UnixMillis,
    /// The id of the call's records.
    pub call: RecordId,
}

impl Vote {
    /// The digest of the request that the voter has seen.
    #[must_use]
    pub const fn request(&self) -> ContentDigest {
        self.request
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> UnixMillis {
        self.at
    }

    /// By whom.
    #[must_use]
    pub const fn voter(&self) -> &PrincipalId {
        &self.voter
    }

    /// In which way.
    #[must_use]
    pub const fn consent(&self) -> &Consent {
        &self.consent
    }

    /// Why, if they say; always with force.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }
}

impl Rejection {
    /// When.
    #[must_use]
    pub const fn at(&self) -> UnixMillis {
        self.at
    }

    /// By whom.
    #[must_use]
    pub const fn voter(&self) -> &PrincipalId {
        &self.voter
    }

    /// The groups that were asked and that they are in.
    #[must_use]
    pub const fn groups(&self) -> &BTreeSet<GroupName> {
        &self.groups
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }
}
