//! What was decided, and why.
//!
//! A [`Permit`] and a [`Hold`] are proofs: only this crate makes them, they cannot be copied, and what forwards
//! a call takes a permit. Every decision carries its [`Reasons`], which are for records and operators.

use std::fmt;
use std::sync::Arc;

use portcullis_approval::{Cleared, ContentDigest, InvalidName, PolicyRef, RequestId};

use crate::annotations::ApprovalRule;
use crate::facts::Facts;
use crate::policy::Policy;

/// The answer to a [`Question`](crate::Question).
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Go ahead, with this permit.
    Allow(Permit),
    /// No.
    Deny(Denial),
    /// Not before people have approved.
    Hold(Hold),
}

/// Proof that policy allowed something. Whoever acts on it consumes it.
///
/// It names the principal, the action and the resource it is for, but not the arguments: forward exactly what
/// was asked about.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    scope: Scope,
    reasons: Reasons,
    approval: Option<RequestId>,
}

/// What is needed before a call may go ahead: every requirement, each by itself.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    scope: Scope,
    requirements: Vec<Requirement>,
    reasons: Reasons,
}

/// One soft forbid that has to be lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The soft forbid. An approval names its id and digest.
    pub policy: Arc<Policy>,
    /// Who may lift it.
    pub rule: ApprovalRule,
}

/// Why something is not allowed. `Display` is for the caller and says nothing else than that.
#[derive(Debug)]
pub struct Denial {
    scope: Scope,
    kind: DenialKind,
    reasons: Reasons,
}

/// The ways to be denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenialKind {
    /// A policy, or the question itself, could not be evaluated.
    EvaluationError(Vec<EvaluationFailure>),
    /// A hard forbid is satisfied.
    Forbidden,
    /// No permit is satisfied.
    NoPolicyAllows,
}

/// What could not be evaluated, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationFailure {
    /// The policy; `None` if the question could not be put before any.
    pub policy: Option<Arc<Policy>>,
    /// Why, for operators. Quotes no argument.
    pub message: String,
}

/// The policies behind a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    /// The policies that determined it, by id: the permits of an allow, the forbids of a deny, both of a hold,
    /// the policies that errored.
    pub determining: Vec<Arc<Policy>>,
    /// What observed policies would have added.
    pub observed: Vec<Observation>,
}

/// An observed policy that is satisfied, or errs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The policy.
    pub policy: Arc<Policy>,
    /// What it would do.
    pub outcome: ObservedOutcome,
}

/// What an observed policy would do if it were enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservedOutcome {
    /// It would deny, since it cannot be evaluated: why, for operators. Quotes no argument.
    Errs(String),
    /// It would forbid.
    Forbids,
    /// It would ask for approval.
    Holds,
    /// It would permit.
    Permits,
}

/// What a decision is about, as the ids of Cedar entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    principal: String,
    action: String,
    resource: Option<String>,
}

impl Permit {
    pub(crate) const fn new(scope: Scope, reasons: Reasons) -> Self {
        Self { scope, reasons, approval: None }
    }

    /// Who may do what to what.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Why.
    #[must_use]
    pub const fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// The request that people have approved, if policy asked for that.
    #[must_use]
    pub const fn approval(&self) -> Option<RequestId> {
        self.approval
    }
}

impl Hold {
    pub(crate) const fn new(scope: Scope, requirements: Vec<Requirement>, reasons: Reasons) -> Self {
        Self { scope, requirements, reasons }
    }

    /// Who wants to do what to what.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The permit, if the proof is of an approval that lifts every one of these soft forbids as it stands now. That it
    /// is for this very call is for whoever got the proof: it was got by asking about this call.
    ///
    /// # Errors
    /// The hold itself: something is not lifted.
    pub fn cleared(self: Box<Self>, proof: Cleared) -> Result<Permit, Box<Self>> {
        if self.requirements.iter().all(|requirement| requirement.is_lifted_by(&proof)) {
            let Self { scope, requirements: _, reasons } = *self;
            Ok(Permit { scope, reasons, approval: Some(proof.request()) })
        } else {
            Err(self)
        }
    }

    /// Every soft forbid that has to be lifted, by id; at least one.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Why.
    #[must_use]
    pub const fn reasons(&self) -> &Reasons {
        &self.reasons
    }
}

impl Requirement {
    /// What an approval names of the policy.
    ///
    /// # Errors
    /// [`InvalidName`] for an id that no policy has.
    pub fn reference(&self) -> Result<PolicyRef, InvalidName> {
        let id = self.policy.id().as_str().parse()?;
        Ok(PolicyRef { id, digest: ContentDigest::from_bytes(*self.policy.digest().as_bytes()) })
    }

    fn is_lifted_by(&self, proof: &Cleared) -> bool {
        self.reference().is_ok_and(|policy| proof.lifts(&policy))
    }
}

impl Denial {
    pub(crate) const fn new(scope: Scope, kind: DenialKind, reasons: Reasons) -> Self {
        Self { scope, kind, reasons }
    }

    /// In which way.
    #[must_use]
    pub const fn kind(&self) -> &DenialKind {
        &self.kind
    }

    /// Who wanted to do what to what.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Why.
    #[must_use]
    pub const fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// What the caller is told: the same for every denial, so that denials cannot be used to read policies.
    #[must_use]
    pub const fn public_text(&self) -> &'static str {
        "not allowed"
    }

    /// What an operator is told. Names policies and actions, quotes no argument and no URI.
    #[must_use]
    pub fn operator_text(&self) -> String {
        let Scope { principal, action, resource: _ } = &self.scope;
        match &self.kind {
            DenialKind::EvaluationError(failures) => {
                let list: Vec<String> = failures.iter().map(ToString::to_string).collect();
                format!("{action} is denied to {principal}: {}", list.join("; "))
            }
            DenialKind::Forbidden => {
                let list: Vec<String> = self.reasons.determining.iter().map(|policy| named(policy)).collect();
                format!("{action} is denied to {principal} by {}", list.join(", "))
            }
            DenialKind::NoPolicyAllows => format!("no policy allows {action} to {principal}"),
        }
    }
}

impl Scope {
    pub(crate) fn of(facts: &Facts) -> Self {
        Self {
            principal: facts.principal.to_string(),
            action: facts.action.to_string(),
            resource: Some(facts.resource.to_string()),
        }
    }

    /// For what is not about a resource, or could not be put into entities.
    pub(crate) const fn without_resource(principal: String, action: String) -> Self {
        Self { principal, action, resource: None }
    }

    /// The principal, as in `User::"okta|ada"`.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The action, as in `Action::"billing/refund"`; of a life-cycle step its name.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The resource, as in `Tool::"billing/refund"`. It may hold a URI, and a URI may hold personal data.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.public_text())
    }
}

impl fmt::Display for EvaluationFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, message } = self;
        match policy {
            Some(policy) => write!(f, "policy `{}` could not be evaluated: {message}", policy.id()),
            None => f.write_str(message),
        }
    }
}

fn named(policy: &Policy) -> String {
    let id = policy.id();
    policy.reason().map_or_else(|| format!("`{id}`"), |reason| format!("`{id}` ({reason})"))
}
