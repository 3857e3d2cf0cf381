//! Who may say what about a request, and when. Whether they may at all (`approve`, `review`, `revoke`, forcing) is
//! policy's: ask it first.

use std::collections::BTreeSet;

use portcullis_ledger::UnixMillis;

use crate::case::{Case, State};
use crate::digest::ContentDigest;
use crate::name::{GroupName, PrincipalId, Reason};
use crate::person::Voter;
use crate::said::{Consent, Rejection, Revocation, Vote};

/// What a voter has seen, and when they decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The digest of the request that was shown, from [`Case::digest`].
    pub request: ContentDigest,
    /// When they decide.
    pub at: UnixMillis,
}

/// Why somebody cannot vote. `Display` is for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotVote {
    /// They have approved before.
    #[error("you have approved this request before; others are still needed")]
    AlreadyVoted,
    /// They have seen something else.
    #[error("this is not the request that you were shown: look at it again")]
    Changed,
    /// Nobody is needed any more. Here is the name of the state.
    #[error("this request is {0}: nobody can vote on it any more")]
    Decided(&'static str),
    /// None of the groups that are asked is theirs.
    #[error("none of the groups that may approve this request is yours")]
    NotAnApprover,
    /// It is their own.
    #[error("this is your own request: somebody else has to decide on it")]
    Requester,
}

/// Why nothing is left to take back. Here is the name of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this request is {0}: there is nothing to revoke")]
pub struct CannotRevoke(pub &'static str);

impl Case {
    /// The consent of a member of an approving group; it counts for every requirement that asks one of their groups.
    ///
    /// # Errors
    /// [`CannotVote`].
    pub fn approve(&self, voter: &Voter, seen: Seen, reason: Option<Reason>) -> Result<Vote, CannotVote> {
        let groups = self.open_for(voter, seen)?;
        if groups.is_empty() {
            return Err(CannotVote::NotAnApprover);
        }
        self.is_pending(seen.at)?;
        let consent = Consent::Approve(groups);
        if self.votes().any(|vote| vote.voter == *voter.id() && vote.consent == consent) {
            return Err(CannotVote::AlreadyVoted);
        }
        Ok(Vote { request: self.digest(), at: seen.at, voter: voter.id().clone(), consent, reason })
    }

    /// The consent of somebody who may force an approval, in place of everybody who is asked. Record it loudly.
    ///
    /// # Errors
    /// [`CannotVote`], but not for being in no group that is asked.
    pub fn force(&self, voter: &Voter, seen: Seen, reason: Reason) -> Result<Vote, CannotVote> {
        self.open_for(voter, seen)?;
        self.is_pending(seen.at)?;
        let voter = voter.id().clone();
        Ok(Vote { request: self.digest(), at: seen.at, voter, consent: Consent::Force, reason: Some(reason) })
    }

    /// The refusal of a member of an approving group, also of one who has approved before.
    ///
    /// # Errors
    /// [`CannotVote`]. What is approved is revoked, not rejected.
    pub fn reject(&self, voter: &Voter, seen: Seen, reason: Reason) -> Result<Rejection, CannotVote> {
        let groups = self.open_for(voter, seen)?;
        if groups.is_empty() {
            return Err(CannotVote::NotAnApprover);
        }
        self.is_pending(seen.at)?;
        Ok(Rejection { request: self.digest(), at: seen.at, voter: voter.id().clone(), groups, reason })
    }

    /// Takes back what is pending or approved; the requester may do so too, if policy lets them.
    ///
    /// # Errors
    /// [`CannotRevoke`].
    pub fn revoke(
        &self,
        by: PrincipalId,
        at: UnixMillis,
        reason: Reason,
    ) -> Result<Revocation, CannotRevoke> {
        match self.state(at) {
            State::Approved(_) | State::Pending(_) => Ok(Revocation { at, by, reason }),
            state @ (State::Consumed | State::Expired(_) | State::Rejected | State::Revoked) => {
                Err(CannotRevoke(state.as_str()))
            }
        }
    }

    /// The groups that are asked and that the voter is in.
    fn open_for(&self, voter: &Voter, seen: Seen) -> Result<BTreeSet<GroupName>, CannotVote> {
        if seen.request != self.digest() {
            return Err(CannotVote::Changed);
        }
        if self.is_asked_by(voter.id()) {
            return Err(CannotVote::Requester);
        }
        let requirements = &self.request().asked.requirements;
        Ok(voter.groups().iter().filter(|group| requirements.names(group)).cloned().collect())
    }

    fn is_pending(&self, now: UnixMillis) -> Result<(), CannotVote> {
        match self.state(now) {
            State::Pending(_) => Ok(()),
            state @ (State::Approved(_)
            | State::Consumed
            | State::Expired(_)
            | State::Rejected
            | State::Revoked) => Err(CannotVote::Decided(state.as_str())),
        }
    }
}
