//! Runs Cedar over policies of one kind.
//!
//! Cedar skips a policy that errors. Nothing here does: an [`Outcome`] lists the errors beside what was
//! satisfied, and it is for the caller to deny.

use cedar_policy as cedar;
use cedar_policy::{AuthorizationError, EvaluationError};

use crate::facts::Facts;
use crate::prospect::Prospect;
use crate::set::Member;

/// Policies that are evaluated together.
#[derive(Debug)]
pub(crate) struct Prepared {
    authorizer: cedar::Authorizer,
    policies: cedar::PolicySet,
    /// The keys of those whose text cannot be trusted.
    unreadable: Vec<String>,
}

/// What came of evaluating them.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// A permit is satisfied and no forbid is.
    pub(crate) allowed: bool,
    /// The keys of the satisfied forbids, or if there are none of the satisfied permits.
    pub(crate) determining: Vec<String>,
    /// The keys of the policies that errored, each with a reason that quotes no argument.
    pub(crate) errors: Vec<(String, String)>,
}

impl Prepared {
    pub(crate) fn new<'m>(members: impl IntoIterator<Item = &'m Member>) -> Self {
        let mut policies = cedar::PolicySet::new();
        let mut unreadable = Vec::new();
        for Member { key, cedar, .. } in members {
            // Adding fails only for a key that is there already.
            if cedar.as_ref().is_none_or(|cedar| policies.add(cedar.clone()).is_err()) {
                unreadable.push(key.clone());
            }
        }
        Self { authorizer: cedar::Authorizer::new(), policies, unreadable }
    }

    /// How many policies there are.
    pub(crate) fn n_policies(&self) -> usize {
        self.policies.policies().count() + self.unreadable.len()
    }

    pub(crate) fn evaluate(&self, facts: &Facts) -> Outcome {
        let response = self.authorizer.is_authorized(&facts.request, &self.policies, &facts.entities);
        let diagnostics = response.diagnostics();
        Outcome {
            allowed: response.decision() == cedar::Decision::Allow,
            determining: diagnostics.reason().map(|id| AsRef::<str>::as_ref(id).to_owned()).collect(),
            errors: diagnostics.errors().map(describe).chain(self.unreadable()).collect(),
        }
    }

    /// What can be said while nothing is unknown: all of it.
    pub(crate) fn settle(&self, facts: &Facts) -> Prospect {
        let Outcome { allowed, determining, errors } = self.evaluate(facts);
        Prospect {
            errs: !errors.is_empty(),
            forbids: !allowed && !determining.is_empty(),
            permits: allowed,
            open: Vec::new(),
        }
    }

    pub(crate) fn foresee(&self, facts: &Facts) -> Prospect {
        let open = self.authorizer.is_authorized_partial(&facts.request, &self.policies, &facts.entities);
        let errs = !self.unreadable.is_empty() || open.definitely_errored().next().is_some();
        let mut prospect = Prospect { errs, ..Prospect::default() };
        for policy in open.definitely_satisfied() {
            prospect.add_satisfied(&policy);
        }
        for policy in open.nontrivial_residuals() {
            prospect.add(&policy);
        }
        prospect
    }

    fn unreadable(&self) -> impl Iterator<Item = (String, String)> {
        let why = "its text in the policy bundle is damaged; build the bundle again from its policy files";
        self.unreadable.iter().map(move |id| (id.clone(), why.to_owned()))
    }
}

fn describe(error: &AuthorizationError) -> (String, String) {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    (AsRef::<str>::as_ref(error.policy_id()).to_owned(), without_values(error.inner()))
}

/// What went wrong, without any value of the request: the text is recorded, and an argument may be a secret.
fn without_values(error: &EvaluationError) -> String {
    match error {
        // These speak of the policy's text and of types only.
        EvaluationError::RecordAttrDoesNotExist(error) => error.to_string(),
        EvaluationError::FailedExtensionFunctionLookup(error) => error.to_string(),
        EvaluationError::TypeError(error) => error.to_string(),
        EvaluationError::WrongNumArguments(error) => error.to_string(),
        EvaluationError::UnlinkedSlot(error) => error.to_string(),
        EvaluationError::RecursionLimit(error) => error.to_string(),
        // The texts of these quote ids, operands or arguments.
        EvaluationError::EntityDoesNotExist(_) => {
            "it reads an attribute of an entity that has none".to_owned()
        }
        EvaluationError::EntityAttrDoesNotExist(_) => {
            "it reads an attribute or a tag that is not there; ask with `has` or `hasTag` first".to_owned()
        }
        EvaluationError::IntegerOverflow(_) => "integer overflow".to_owned(),
        EvaluationError::FailedExtensionFunctionExecution(_) => {
            "a function such as `decimal` or `ip` does not take the value it is given".to_owned()
        }
        EvaluationError::NonValue(_) => "it reads an unknown".to_owned(),
    }
}
