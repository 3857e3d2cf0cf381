//! Policies against the schema, by Cedar's validator in strict mode.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{PolicySet, ValidationError, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic;
use portcullis_policy::Problem;

use crate::cedar::{SchemaError, TagType};
use crate::message::{self, Said};
use crate::place::Placed;
use crate::world::World;

/// What the validator says of one policy.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) errors: Vec<Said>,
    pub(crate) warnings: Vec<Said>,
}

/// What the validator says of policies, by id. `unpinned` are actions of which nothing is known but their names.
pub(crate) fn validate(
    policies: &[Placed<'_>],
    world: &World,
    unpinned: &BTreeSet<String>,
) -> Result<BTreeMap<String, Verdict>, SchemaError> {
    let mut verdicts = BTreeMap::new();
    let mut open: Vec<&Placed<'_>> = policies.iter().collect();
    // Cedar has one type for all tags, claims have several: whichever type suits a policy is the one it means.
    for tags in TagType::ALL {
        let validator = Validator::new(world.schema_with(tags, unpinned)?);
        let found = run(&validator, &open);
        for (id, verdict) in found {
            let better = |known: &Verdict| verdict.errors.len() < known.errors.len();
            if verdicts.get(&id).is_none_or(better) {
                verdicts.insert(id, verdict);
            }
        }
        let is_wrong = |placed: &&Placed<'_>| {
            verdicts.get(placed.policy.id().as_str()).is_some_and(|verdict| !verdict.errors.is_empty())
        };
        open.retain(|placed| is_wrong(placed) && placed.tokens().any(|token| token.text == "getTag"));
        if open.is_empty() {
            break;
        }
    }
    Ok(verdicts)
}

fn run(validator: &Validator, policies: &[&Placed<'_>]) -> BTreeMap<String, Verdict> {
    let ids = policies.iter().map(|placed| placed.policy.id().to_string());
    let mut verdicts: BTreeMap<String, Verdict> = ids.map(|id| (id, Verdict::default())).collect();
    let set = PolicySet::from_policies(policies.iter().map(|placed| placed.cedar.clone()));
    // Ids are unique in a set that has been read.
    let Ok(set) = set else { return verdicts };
    let result = validator.validate(&set, ValidationMode::Strict);
    for error in result.validation_errors() {
        if let Some(verdict) = verdicts.get_mut(id_of(error)) {
            verdict.errors.push(message::of_error(error, place(error)));
        }
    }
    for warning in result.validation_warnings() {
        if let Some(verdict) = verdicts.get_mut(id_of_warning(warning)) {
            verdict.warnings.push(message::of_warning(warning, place(warning)));
        }
    }
    verdicts
}

/// Where in the text of its policy something is, in bytes, and how long it is.
fn place(diagnostic: &dyn Diagnostic) -> (usize, usize) {
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    label.map_or((0, 0), |label| (label.offset(), label.len()))
}

/// The problems of a policy that its verdict leads to: one for each place and reason, with all actions that have it.
pub(crate) fn problems(placed: &Placed<'_>, said: &[Said]) -> Vec<Problem> {
    let mut joined: Vec<(Said, BTreeSet<String>)> = Vec::new();
    for said in said {
        let actions = said.action.iter().cloned();
        match joined
            .iter_mut()
            .find(|(known, _)| (known.offset, &known.reason) == (said.offset, &said.reason))
        {
            Some((_, known)) => known.extend(actions),
            None => joined.push((said.clone(), actions.collect())),
        }
    }
    let told = joined.into_iter().map(|(said, actions)| {
        let (message, advice) = said.reason.told(&actions);
        placed.problem(said.offset, message, advice)
    });
    told.collect()
}

fn id_of(error: &ValidationError) -> &str {
    let id: &cedar_policy::PolicyId = error.policy_id();
    id.as_ref()
}

fn id_of_warning(warning: &ValidationWarning) -> &str {
    let id: &cedar_policy::PolicyId = warning.policy_id();
    id.as_ref()
}
