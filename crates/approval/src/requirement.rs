//! What must be approved: one requirement for each soft forbid, all of them needed.

use std::num::NonZeroU8;
use std::time::Duration;

use crate::digest::ContentDigest;
use crate::name::{GroupName, PolicyName};

/// Which policy, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyRef {
    /// Its `@id`.
    pub id: PolicyName,
    /// Its content digest, which is over its annotations too. Editing another policy does not change it.
    pub digest: ContentDigest,
}

/// One soft forbid that has to be lifted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The soft forbid.
    pub policy: PolicyRef,
    /// Whose members may lift it.
    pub group: GroupName,
    /// How many different people must.
    pub approvers: NonZeroU8,
    /// How long the request stays open, and how long a grant for one call may wait for it.
    pub ttl: Duration,
    /// What one approval covers.
    pub coverage: Coverage,
}

/// What one approval covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// One call.
    Once,
    /// Any number of calls within this time from the approval on.
    Window(Duration),
    /// All that there will be, until it is taken back.
    Lasting,
}

/// All that a request needs: at least one requirement, none of a policy twice, by policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirements(Vec<Requirement>);

/// Why requirements cannot be met, or not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequirements {
    /// There is none, so nothing is to be approved.
    #[error("there is nothing to be approved")]
    Empty,
    /// One policy is named twice.
    #[error("the policy `{0}` is named twice")]
    Repeated(PolicyName),
    /// A time is less than a second, or more than seven days.
    #[error("the policy `{0}` has a time that is not from 1s to 7d")]
    Time(PolicyName),
    /// There are more than can be kept.
    #[error(
        "more than {MAX_REQUIREMENTS} policies, or more than {MAX_APPROVERS} people, would have to approve"
    )]
    TooMany,
}

impl Requirements {
    /// Takes what a decision to hold asks for, in any order.
    ///
    /// # Errors
    /// [`InvalidRequirements`]. Such a call cannot be approved: deny it.
    pub fn new(mut requirements: Vec<Requirement>) -> Result<Self, InvalidRequirements> {
        requirements.sort();
        let approvers: usize = requirements.iter().map(|one| usize::from(one.approvers.get())).sum();
        if requirements.is_empty() {
            return Err(InvalidRequirements::Empty);
        }
        if requirements.len() > MAX_REQUIREMENTS || approvers > MAX_APPROVERS {
            return Err(InvalidRequirements::TooMany);
        }
        let mut pairs = requirements.iter().zip(requirements.iter().skip(1));
        if let Some((one, _)) = pairs.find(|(one, next)| one.policy.id == next.policy.id) {
            return Err(InvalidRequirements::Repeated(one.policy.id.clone()));
        }
        if let Some(one) = requirements.iter().find(|one| !one.has_good_times()) {
            return Err(InvalidRequirements::Time(one.policy.id.clone()));
        }
        Ok(Self(requirements))
    }

    /// The requirements, by policy.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.iter()
    }

    /// What all of these say about this policy.
    #[must_use]
    pub fn of_policy(&self, id: &PolicyName) -> Option<&Requirement> {
        self.0.iter().find(|one| one.policy.id == *id)
    }

    /// Whether members of this group are asked.
    #[must_use]
    pub fn names(&self, group: &GroupName) -> bool {
        self.0.iter().any(|one| one.group == *group)
    }

    /// How long the request stays open: as long as the least patient policy says.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.0.iter().map(|one| one.ttl).min().unwrap_or_default()
    }

    /// What the approval of all covers: one call if one policy says so, and the shortest time otherwise, if
    /// there is any.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.0.iter().map(|one| one.coverage).min().unwrap_or(Coverage::Once)
    }

    /// How long what was approved stays usable, from the approval on.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        let spans = self.0.iter().map(|one| match one.coverage {
            Coverage::Once => one.ttl,
            Coverage::Window(span) => span,
            Coverage::Lasting => Duration::MAX,
        });
        spans.min().unwrap_or_default()
    }
}

impl Coverage {
    /// For how long calls are covered; no time where one call is, and all of it where it lasts.
    #[must_use]
    pub const fn span(self) -> Duration {
        match self {
            Self::Once => Duration::ZERO,
            Self::Window(span) => span,
            Self::Lasting => Duration::MAX,
        }
    }
}

impl Requirement {
    fn has_good_times(&self) -> bool {
        let span = match self.coverage {
            Coverage::Once | Coverage::Lasting => self.ttl,
            Coverage::Window(span) => span,
        };
        [self.ttl, span].iter().all(|time| (SHORTEST..=LONGEST).contains(time) && time.subsec_nanos() == 0)
    }
}

/// The most policies that one request may have to satisfy.
pub const MAX_REQUIREMENTS: usize = 32;
/// The most people who may have to approve one request, over all of its policies.
pub const MAX_APPROVERS: usize = 64;
const SHORTEST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn one(id: &str, approvers: u8, ttl: u64, coverage: Coverage) -> Requirement {
        Requirement {
            policy: PolicyRef { id: id.parse().unwrap(), digest: ContentDigest::from_bytes([1; 32]) },
            group: "okta:finance".parse().unwrap(),
            approvers: NonZeroU8::new(approvers).unwrap(),
            ttl: Duration::from_secs(ttl),
            coverage,
        }
    }

    fn minutes(n: u64) -> Coverage {
        Coverage::Window(Duration::from_secs(n * 60))
    }

    #[test]
    fn what_cannot_be_approved_is_told() {
        let many = |n: usize, approvers| {
            (0..n).map(|i| one(&format!("p{i}"), approvers, 60, Coverage::Once)).collect()
        };
        for (name, requirements, want) in [
            ("none", vec![], "there is nothing to be approved"),
            (
                "twice",
                vec![one("a", 1, 60, Coverage::Once), one("a", 2, 60, minutes(1))],
                "the policy `a` is named twice",
            ),
            ("many", many(33, 1), "more than 32 policies, or more than 64 people, would have to approve"),
            ("crowd", many(4, 20), "more than 32 policies, or more than 64 people, would have to approve"),
            (
                "no time",
                vec![one("a", 1, 0, Coverage::Once)],
                "the policy `a` has a time that is not from 1s to 7d",
            ),
            (
                "no window",
                vec![one("a", 1, 9, minutes(0))],
                "the policy `a` has a time that is not from 1s to 7d",
            ),
            (
                "for ever",
                vec![one("a", 1, 9, minutes(99_999))],
                "the policy `a` has a time that is not from 1s to 7d",
            ),
        ] {
            let told = Requirements::new(requirements).unwrap_err().to_string();
            assert_eq!(told, want, "case: {name}");
        }
    }

    #[test]
    fn the_strictest_policy_decides_on_times_and_uses() {
        for (requirements, ttl, coverage, lasts) in [
            (vec![one("a", 1, 900, Coverage::Once)], 900, Coverage::Once, 900),
            (vec![one("a", 1, 900, minutes(30)), one("b", 1, 600, minutes(60))], 600, minutes(30), 1800),
            (vec![one("a", 1, 900, minutes(5)), one("b", 1, 600, Coverage::Once)], 600, Coverage::Once, 300),
        ] {
            let all = Requirements::new(requirements).unwrap();
            let secs = |duration: Duration| duration.as_secs();
            assert_eq!((secs(all.ttl()), all.coverage(), secs(all.lasts())), (ttl, coverage, lasts));
        }
    }
}
