//! Just-in-time access: being in a group for a time, by the same requests and votes as calls.
//!
//! Nothing ends a membership but its time and its revocation, and both do on the next call: the group is looked up for
//! each call that could use it, and is no part of any token or session.

use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_identity::{Principal, VerifiedToken};
use portcullis_settings::GroupName as ListedGroup;

use crate::digest::ContentDigest;
use crate::grant::Cleared;
use crate::name::{GroupName, InvalidName};
use crate::person::Requester;
use crate::request::{Access, Asked, Subject};
use crate::requirement::{Coverage, LONGEST, PolicyRef, Requirement, Requirements};

/// A group that can be asked for, and who may grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRule {
    /// The group.
    pub group: GroupName,
    /// Whose members may grant it.
    pub approvers: GroupName,
    /// How many different people must.
    pub n_approvers: NonZeroU8,
    /// How long a request stays open.
    pub ttl: Duration,
    /// How long the group can be granted for.
    pub longest: Duration,
}

/// Why a group cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAsk {
    /// The principal is in it.
    #[error("you are in the group `{0}`")]
    AlreadyIn(GroupName),
    /// The principal has a name that cannot be stored.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The rule is one that nobody can meet.
    #[error(
        "the group `{0}` cannot be asked for: its rule has times that are not from 1s to 7d, or too many approvers"
    )]
    Rule(GroupName),
    /// It is for no time, or for longer than the rule allows.
    #[error("the group `{group}` can be asked for from 1 second to {longest_s} seconds, in whole seconds")]
    Time {
        /// The group.
        group: GroupName,
        /// The longest time, in seconds.
        longest_s: u64,
    },
}

impl AccessRule {
    /// What a principal asks for: this group, for so long.
    ///
    /// # Errors
    /// [`CannotAsk`].
    pub fn ask(&self, principal: &Principal, duration: Duration) -> Result<Asked, CannotAsk> {
        if self.is_of(principal) {
            return Err(CannotAsk::AlreadyIn(self.group.clone()));
        }
        let longest = self.longest.min(LONGEST);
        if duration.is_zero() || duration > longest || duration.subsec_nanos() != 0 {
            return Err(CannotAsk::Time { group: self.group.clone(), longest_s: longest.as_secs() });
        }
        self.asked(principal, duration)
    }

    /// What tells whether a principal has this group now: [`Find`](crate::Find) it for each call.
    ///
    /// # Errors
    /// [`CannotAsk::Name`], [`CannotAsk::Rule`]: then they do not have it.
    pub fn held(&self, principal: &Principal) -> Result<Asked, CannotAsk> {
        self.asked(principal, self.longest.min(LONGEST))
    }

    /// Whether a principal is in the group by itself: its token says so, and nobody has to grant it.
    #[must_use]
    pub fn is_of(&self, principal: &Principal) -> bool {
        let found = principal.groups.iter().find(|group| group.as_str() == self.group.as_str());
        found.is_some_and(|group| !principal.granted.contains_key(group))
    }

    /// The caller with the group, for one request, if this is what people have granted. `None` if they have granted
    /// something else, or under another rule.
    #[must_use]
    pub fn admit(&self, token: &VerifiedToken, cleared: &Cleared) -> Option<VerifiedToken> {
        let rule = self.policy().ok()?;
        let group: ListedGroup = self.group.as_str().parse().ok()?;
        cleared.lifts(&rule).then(|| token.clone().joined(&group, cleared.request().to_string()))
    }

    fn policy(&self) -> Result<PolicyRef, InvalidName> {
        Ok(PolicyRef { id: POLICY.parse()?, digest: self.digest() })
    }

    fn asked(&self, principal: &Principal, duration: Duration) -> Result<Asked, CannotAsk> {
        let requirement = Requirement {
            policy: self.policy()?,
            group: self.approvers.clone(),
            approvers: self.n_approvers,
            ttl: self.ttl,
            coverage: Coverage::Window(duration),
        };
        let requirements =
            Requirements::new(vec![requirement]).map_err(|_| CannotAsk::Rule(self.group.clone()))?;
        let access = Access { requester: Requester::of(principal)?, group: self.group.clone() };
        Ok(Asked { subject: Subject::Access(access), requirements })
    }

    /// Of all that the rule says: a rule that was changed grants nothing that was granted before.
    fn digest(&self) -> ContentDigest {
        let Self { group, approvers, n_approvers, ttl, longest } = self;
        let numbers = [u64::from(n_approvers.get()), ttl.as_secs(), longest.as_secs()].map(u64::to_be_bytes);
        let texts = [group.as_str().as_bytes(), approvers.as_str().as_bytes()];
        let parts: Vec<&[u8]> = texts.into_iter().chain(numbers.iter().map(<[u8; 8]>::as_slice)).collect();
        ContentDigest::of("portcullis access rule 1", &parts)
    }
}

/// All rules have one name: their digests tell them apart.
const POLICY: &str = "portcullis/access";
