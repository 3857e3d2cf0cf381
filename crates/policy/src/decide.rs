//! The one place where Allow, Deny and Hold come from.

use std::sync::Arc;

use portcullis_identity::Principal;

use crate::bundle::Group;
use crate::decision::{
    Decision, Denial, DenialKind, EvaluationFailure, Hold, Observation, ObservedOutcome, Permit, Reasons,
    Requirement, Scope,
};
use crate::evaluate::Outcome;
use crate::facts::{Facts, FactsError};
use crate::policy::{Effect, Policy, PolicyId};
use crate::question::{Lifecycle, Question};
use crate::set::PolicySet;

impl PolicySet {
    /// Decides one question.
    ///
    /// In this order: an enforced policy that cannot be evaluated denies, a hard forbid denies, having no permit
    /// denies, soft forbids hold, and what is left is allowed. Observed policies only show in the reasons.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        match Facts::of_call(question, &self.vocabulary) {
            Ok(facts) => self.decide_on(&facts),
            Err(error) => Decision::Deny(unusable(question, &error)),
        }
    }

    /// The permit for a step of the protocol that needs a verified caller and nothing else.
    pub fn permit_lifecycle(&self, principal: &Principal, step: Lifecycle) -> Permit {
        let principal = self.vocabulary.principal(principal).to_string();
        Permit::new(Scope::without_resource(principal, step.as_str().to_owned()), Reasons::default())
    }

    pub(crate) fn decide_on(&self, facts: &Facts) -> Decision {
        let scope = Scope::of(facts);
        let candidates = self.candidates(facts);
        let evaluate = |group| self.prepare(group, &candidates).evaluate(facts);
        let observed = self.observed([Group::ObservedPermits, Group::ObservedForbids].map(evaluate));
        let reasons = |determining| Reasons { determining, observed };
        let (rules, holds) = (evaluate(Group::Rules), evaluate(Group::Holds));

        let failures = self.failures(&[&rules, &holds]);
        if !failures.is_empty() {
            let erring = failures.iter().filter_map(|failure| failure.policy.clone()).collect();
            return Decision::Deny(Denial::new(
                scope,
                DenialKind::EvaluationError(failures),
                reasons(erring),
            ));
        }
        let determining = self.named(&rules.determining);
        if !rules.allowed {
            let nothing_matched = rules.determining.is_empty();
            let kind = if nothing_matched { DenialKind::NoPolicyAllows } else { DenialKind::Forbidden };
            return Decision::Deny(Denial::new(scope, kind, reasons(determining)));
        }
        if holds.determining.is_empty() {
            return Decision::Allow(Permit::new(scope, reasons(determining)));
        }
        match self.requirements(&holds.determining) {
            Some(requirements) => {
                let soft = requirements.iter().map(|requirement| Arc::clone(&requirement.policy));
                let reasons = reasons(determining.into_iter().chain(soft).collect());
                Decision::Hold(Hold::new(scope, requirements, reasons))
            }
            // No requirement may get lost: the call would go ahead without it.
            None => Decision::Deny(Denial::new(scope, DenialKind::Forbidden, reasons(determining))),
        }
    }

    /// What came of evaluating observed policies.
    fn observed(&self, outcomes: [Outcome; 2]) -> Vec<Observation> {
        let mut observations = Vec::new();
        for Outcome { allowed: _, determining, errors } in outcomes {
            observations.extend(self.named(&determining).into_iter().map(|policy| {
                let outcome = match (policy.effect(), policy.approval()) {
                    (Effect::Permit, _) => ObservedOutcome::Permits,
                    (Effect::Forbid, None) => ObservedOutcome::Forbids,
                    (Effect::Forbid, Some(_)) => ObservedOutcome::Holds,
                };
                Observation { policy, outcome }
            }));
            observations.extend(errors.into_iter().filter_map(|(key, message)| {
                Some(Observation { policy: self.find(&key)?, outcome: ObservedOutcome::Errs(message) })
            }));
        }
        observations.sort_by(|left, right| left.policy.id().cmp(right.policy.id()));
        observations
    }

    fn failures(&self, outcomes: &[&Outcome]) -> Vec<EvaluationFailure> {
        let errors = outcomes.iter().flat_map(|outcome| &outcome.errors);
        let mut failures: Vec<EvaluationFailure> = errors
            .map(|(key, message)| EvaluationFailure { policy: self.find(key), message: message.clone() })
            .collect();
        failures.sort_by(|left, right| id_of(left).cmp(&id_of(right)));
        failures
    }

    /// The policies with these keys, by id: Cedar lists them in no particular order.
    fn named(&self, keys: &[String]) -> Vec<Arc<Policy>> {
        let mut policies: Vec<Arc<Policy>> = keys.iter().filter_map(|key| self.find(key)).collect();
        policies.sort_by(|left, right| left.id().cmp(right.id()));
        policies
    }

    /// What each of these soft forbids asks for, by id; `None` if one of them is not a soft forbid of this set.
    fn requirements(&self, keys: &[String]) -> Option<Vec<Requirement>> {
        let requirement = |key: &String| {
            let policy = self.find(key)?;
            let rule = policy.approval()?.clone();
            Some(Requirement { policy, rule })
        };
        let mut requirements = keys.iter().map(requirement).collect::<Option<Vec<_>>>()?;
        requirements.sort_by(|left, right| left.policy.id().cmp(right.policy.id()));
        Some(requirements)
    }
}

/// The denial of a question that cannot be put before the policies.
fn unusable(question: &Question<'_>, error: &FactsError) -> Denial {
    let scope = Scope::without_resource(question.principal.id().to_string(), "this request".to_owned());
    let failure = EvaluationFailure { policy: None, message: error.to_string() };
    Denial::new(scope, DenialKind::EvaluationError(vec![failure]), Reasons::default())
}

fn id_of(failure: &EvaluationFailure) -> Option<&PolicyId> {
    failure.policy.as_ref().map(|policy| policy.id())
}
