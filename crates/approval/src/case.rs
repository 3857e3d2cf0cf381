//! A request with everything that was said about it, and what follows from that.
//!
//! The state is a fold over sets that only grow, so it is the same whatever order records arrive in, and whatever
//! arrives twice. Three rules keep it safe while some of them have not arrived:
//!
//! - Nothing undoes a rejection, a revocation or a use. A rejection that crossed with the last approval counts too: it
//!   can only take away.
//! - An approval counts if it was given before the deadline, once per person and requirement, never for a group, and
//!   never by who asks.
//! - The time of a grant begins with the approval that completed it. Using it, or asking again, begins nothing anew.
//!
//! One person may approve and later reject; nobody may reject and later approve. So a person has no vote that is
//! overwritten: a late write of an old one could turn a rejection into an approval.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::UnixMillis;

use crate::digest::ContentDigest;
use crate::name::{GroupName, PolicyName, PrincipalId};
use crate::request::Request;
use crate::requirement::{Coverage, Requirement};
use crate::said::{Consent, Rejection, Revocation, Use, Vote};
use crate::time::later;

/// A request with what is known of it. Made by reading the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    request: Request,
    digest: ContentDigest,
    votes: BTreeSet<Vote>,
    rejections: BTreeSet<Rejection>,
    revocations: BTreeSet<Revocation>,
    uses: BTreeSet<Use>,
}

/// Something that was said about a request, or became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Rejection(Rejection),
    Revocation(Revocation),
    Use(Use),
    Vote(Vote),
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Everybody who is needed has approved, and it can be used.
    Approved(Approval),
    /// It was for one call, which was made.
    Consumed,
    /// Its time is over.
    Expired(Expiry),
    /// These are still needed.
    Pending(Vec<Missing>),
    /// Somebody has rejected it.
    Rejected,
    /// Somebody has taken it back.
    Revoked,
}

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// When the last approval that was needed was given.
    pub at: UnixMillis,
    /// From when on it cannot be used.
    pub until: UnixMillis,
    /// For how many calls it is.
    pub coverage: Coverage,
    /// By whom.
    pub authority: Authority,
}

/// On whose word something was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// All that the policies ask for.
    Approvers,
    /// One person, in place of them.
    Force(PrincipalId),
}

/// Why the time of a request is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It was granted, and the grant has ended.
    Ended,
    /// Not enough people have answered in time.
    Unanswered,
}

/// What one policy still needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The policy.
    pub policy: PolicyName,
    /// Whose members are asked.
    pub group: GroupName,
    /// How many of them have approved.
    pub approved: usize,
    /// How many must.
    pub needed: usize,
}

impl Case {
    pub(crate) const fn new(request: Request, digest: ContentDigest) -> Self {
        Self {
            request,
            digest,
            votes: BTreeSet::new(),
            rejections: BTreeSet::new(),
            revocations: BTreeSet::new(),
            uses: BTreeSet::new(),
        }
    }

    pub(crate) fn add(&mut self, statement: Statement) {
        match statement {
            Statement::Rejection(rejection) => _ = self.rejections.insert(rejection),
            Statement::Revocation(revocation) => _ = self.revocations.insert(revocation),
            Statement::Use(used) => _ = self.uses.insert(used),
            Statement::Vote(vote) => _ = self.votes.insert(vote),
        }
    }

    /// What was asked.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// The digest of the request. Who votes names the one that they have seen.
    #[must_use]
    pub const fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// All consent that was given, also what does not count, by time.
    pub fn votes(&self) -> impl Iterator<Item = &Vote> {
        let mut votes: Vec<&Vote> = self.votes.iter().collect();
        votes.sort_by_key(|vote| vote.at);
        votes.into_iter()
    }

    /// All rejections, also what does not count.
    pub fn rejections(&self) -> impl Iterator<Item = &Rejection> {
        self.rejections.iter()
    }

    /// All revocations.
    pub fn revocations(&self) -> impl Iterator<Item = &Revocation> {
        self.revocations.iter()
    }

    /// What used it up.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter()
    }

    /// Where the request stands at this time.
    #[must_use]
    pub fn state(&self, now: UnixMillis) -> State {
        let requirements = &self.request.asked.requirements;
        if requirements.coverage() == Coverage::Once && !self.uses.is_empty() {
            return State::Consumed;
        }
        if self.rejections.iter().any(|rejection| self.counts_rejection(rejection)) {
            return State::Rejected;
        }
        if !self.revocations.is_empty() {
            return State::Revoked;
        }
        match self.approval() {
            Some(approval) if now < approval.until => State::Approved(approval),
            Some(_) => State::Expired(Expiry::Ended),
            None if now < self.request.deadline() => State::Pending(self.missing()),
            None => State::Expired(Expiry::Unanswered),
        }
    }

    /// What was granted, whatever became of it since.
    fn approval(&self) -> Option<Approval> {
        let requirements = &self.request.asked.requirements;
        let each: Option<Vec<UnixMillis>> = requirements.iter().map(|one| self.satisfied_at(one)).collect();
        let by_approvers =
            each.and_then(|times| times.into_iter().max()).map(|at| (at, Authority::Approvers));
        let by_force = self.forced().min_by_key(|vote| vote.at);
        let by_force = by_force.map(|vote| (vote.at, Authority::Force(vote.voter.clone())));
        // With both at the same time, the approvers come first: `min_by_key` takes the first of equals.
        let (at, authority) = by_approvers.into_iter().chain(by_force).min_by_key(|(at, _)| *at)?;
        let until = later(at, requirements.lasts());
        Some(Approval { at, until, coverage: requirements.coverage(), authority })
    }

    /// Whether somebody has consented in place of everybody.
    pub(crate) fn is_forced(&self) -> bool {
        self.forced().next().is_some()
    }

    fn forced(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().filter(|vote| vote.consent == Consent::Force && self.counts(vote))
    }

    /// When enough different people had approved what this policy forbids.
    fn satisfied_at(&self, requirement: &Requirement) -> Option<UnixMillis> {
        let mut times: Vec<UnixMillis> = self.approvers(requirement).into_values().collect();
        times.sort_unstable();
        times.into_iter().nth(usize::from(requirement.approvers.get()).checked_sub(1)?)
    }

    /// Who has approved what this policy forbids, and when first.
    fn approvers(&self, requirement: &Requirement) -> BTreeMap<&PrincipalId, UnixMillis> {
        let mut first = BTreeMap::new();
        for vote in self.votes.iter().filter(|vote| self.counts(vote)) {
            if let Consent::Approve(groups) = &vote.consent
                && groups.contains(&requirement.group)
            {
                let at = first.entry(&vote.voter).or_insert(vote.at);
                *at = (*at).min(vote.at);
            }
        }
        first
    }

    pub(crate) fn missing(&self) -> Vec<Missing> {
        let missing = |one: &Requirement| Missing {
            policy: one.policy.id.clone(),
            group: one.group.clone(),
            approved: self.approvers(one).len(),
            needed: usize::from(one.approvers.get()),
        };
        let all = self.request.asked.requirements.iter().map(missing);
        all.filter(|missing| missing.approved < missing.needed).collect()
    }

    fn counts(&self, vote: &Vote) -> bool {
        vote.request == self.digest && vote.at < self.request.deadline() && !self.is_asked_by(&vote.voter)
    }

    /// However late it is: that only shows how far clocks differ, and the request may still be open elsewhere.
    fn counts_rejection(&self, rejection: &Rejection) -> bool {
        let requirements = &self.request.asked.requirements;
        let is_approver = rejection.groups.iter().any(|group| requirements.names(group));
        rejection.request == self.digest && is_approver && !self.is_asked_by(&rejection.voter)
    }

    pub(crate) fn is_asked_by(&self, person: &PrincipalId) -> bool {
        self.request.asked.subject.requester().includes(person)
    }
}

impl State {
    /// The name of the state.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::Consumed => "consumed",
            Self::Expired(_) => "expired",
            Self::Pending(_) => "pending",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }
}
