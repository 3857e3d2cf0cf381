//! The permits that come nearest to a question that nothing permits.
//!
//! Each part of a permit's scope and each of its conditions is asked about by itself, and what does not fit is
//! counted. A permit of which one thing does not fit is what the author of a policy looks for first.

use std::fmt;

use cedar_policy as cedar;
use cedar_policy::{ActionConstraint, EntityUid, EvalResult, PrincipalConstraint, ResourceConstraint};

use crate::explain::Place;
use crate::explain::clauses::{Condition, conditions, one_line};
use crate::explain::difference::{Difference, Failing};
use crate::facts::Facts;
use crate::policy::Policy;

/// A permit that does not match, and what keeps it from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The permit.
    pub policy: Policy,
    /// What would have to be different; never empty.
    pub differences: Vec<Difference>,
    /// What was asked about, as `this tool`.
    noun: &'static str,
}

/// The permits with the fewest differences, the nearest first. One whose scope fits is always among them, since it
/// was written for this very caller; one for other actions only if there is nothing else.
pub(super) fn find<'p, 's>(
    permits: impl Iterator<Item = (&'p Policy, Place<'s>)>,
    facts: &Facts,
) -> Vec<NearMiss> {
    let noun = noun(&facts.resource);
    let mut misses: Vec<NearMiss> = permits
        .filter_map(|(policy, place)| {
            Some(NearMiss { policy: policy.clone(), differences: differences(place, facts)?, noun })
        })
        .filter(|miss| !miss.differences.is_empty())
        .collect();
    misses.sort_by_cached_key(NearMiss::rank);
    if misses.iter().any(|miss| !miss.is_for_others()) {
        misses.retain(|miss| !miss.is_for_others());
    }
    let fewest = misses.iter().map(|miss| miss.differences.len()).min();
    misses.retain(|miss| miss.fits_in_scope() || Some(miss.differences.len()) == fewest);
    misses.truncate(MOST);
    misses
}

impl NearMiss {
    fn rank(&self) -> (usize, u8, usize, String) {
        let conditions = self.differences.iter().filter(|found| found.is_condition()).count();
        let farthest = self.differences.iter().map(Difference::distance).max().unwrap_or_default();
        (self.differences.len() - conditions, farthest, conditions, self.policy.id().to_string())
    }

    fn fits_in_scope(&self) -> bool {
        self.differences.iter().all(Difference::is_condition)
    }

    fn is_for_others(&self) -> bool {
        self.differences.iter().any(|found| matches!(found, Difference::Action(_)))
    }
}

/// What keeps a permit from matching; `None` if its text cannot be read again.
fn differences(place: Place<'_>, facts: &Facts) -> Option<Vec<Difference>> {
    let policy = cedar::Policy::parse(None, place.statement.text).ok()?;
    let mut found = of_principal(&policy, facts);
    found.extend(of_action(&policy, facts));
    found.extend(of_resource(&policy, facts));
    found.extend(of_conditions(place, facts));
    Some(found)
}

fn of_principal(policy: &cedar::Policy, facts: &Facts) -> Vec<Difference> {
    let principal = &facts.principal;
    let of_kind = |wanted: &cedar::EntityTypeName| {
        (principal.type_name() != wanted).then(|| Difference::Kind(wanted.to_string()))
    };
    let within = |outer: &EntityUid| {
        let named = || match outer.type_name().basename() {
            "Group" => Difference::Group(shown(outer)),
            _ => Difference::Principal(shown(outer)),
        };
        (!is_in(principal, outer, facts)).then(named)
    };
    match policy.principal_constraint() {
        PrincipalConstraint::Any => Vec::new(),
        PrincipalConstraint::Eq(one) if one == *principal => Vec::new(),
        PrincipalConstraint::Eq(one) => vec![Difference::Principal(shown(&one))],
        PrincipalConstraint::In(outer) => within(&outer).into_iter().collect(),
        PrincipalConstraint::Is(kind) => of_kind(&kind).into_iter().collect(),
        PrincipalConstraint::IsIn(kind, outer) => of_kind(&kind).into_iter().chain(within(&outer)).collect(),
    }
}

fn of_action(policy: &cedar::Policy, facts: &Facts) -> Option<Difference> {
    let wanted = match policy.action_constraint() {
        ActionConstraint::Any => return None,
        ActionConstraint::Eq(action) if action == facts.action => return None,
        ActionConstraint::Eq(action) => vec![action],
        ActionConstraint::In(actions) => {
            if actions.iter().any(|outer| is_in(&facts.action, outer, facts)) {
                return None;
            }
            actions
        }
    };
    Some(Difference::Action(wanted.iter().map(|action| action.id().escaped().to_string()).collect()))
}

fn of_resource(policy: &cedar::Policy, facts: &Facts) -> Option<Difference> {
    let resource = &facts.resource;
    let (fits, wanted) = match policy.resource_constraint() {
        ResourceConstraint::Any => return None,
        ResourceConstraint::Eq(one) => (one == *resource, format!("for {}", shown(&one))),
        ResourceConstraint::In(outer) => (is_in(resource, &outer, facts), format!("in {}", shown(&outer))),
        ResourceConstraint::Is(kind) => (*resource.type_name() == kind, format!("for a {kind}")),
        ResourceConstraint::IsIn(kind, outer) => {
            let fits = *resource.type_name() == kind && is_in(resource, &outer, facts);
            (fits, format!("for a {kind} in {}", shown(&outer)))
        }
    };
    (!fits).then_some(Difference::Resource(wanted))
}

/// Conditions after one that fails may rely on it, so their errors are no news; that they are not right is.
fn of_conditions(place: Place<'_>, facts: &Facts) -> Vec<Difference> {
    let mut found = Vec::new();
    for condition in conditions(place.statement.text) {
        let Some(failing) = failing(&condition, facts) else { continue };
        if found.is_empty() || !matches!(failing, Failing::Errs(_)) {
            let line = place.line(condition.offset);
            found.push(Difference::Condition { text: one_line(condition.text), line, failing });
        }
    }
    found
}

fn failing(condition: &Condition<'_>, facts: &Facts) -> Option<Failing> {
    let Condition { text, offset: _, wanted } = condition;
    let expression: cedar::Expression = text.parse().ok()?;
    match cedar::eval_expression(&facts.request, &facts.entities, &expression) {
        Ok(EvalResult::Bool(value)) if value == *wanted => None,
        Ok(EvalResult::Bool(true)) => Some(Failing::IsTrue),
        Ok(EvalResult::Bool(false)) => Some(Failing::IsFalse),
        Ok(_) => Some(Failing::Errs("it is neither true nor false".to_owned())),
        Err(error) => Some(Failing::Errs(error.to_string())),
    }
}

fn is_in(inner: &EntityUid, outer: &EntityUid, facts: &Facts) -> bool {
    inner == outer || facts.entities.is_ancestor_of(outer, inner)
}

fn shown(entity: &EntityUid) -> String {
    format!("{} \"{}\"", entity.type_name(), entity.id().escaped())
}

fn noun(resource: &EntityUid) -> &'static str {
    match resource.type_name().basename() {
        "DataClass" => "this class of data",
        "Prompt" => "this prompt",
        "Resource" => "this resource",
        "Tool" => "this tool",
        _ => "this",
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, differences, noun } = self;
        write!(f, "{} ({}:{}) permits", policy.id(), policy.file(), policy.line())?;
        let other = |found: &&Difference| matches!(found, Difference::Action(_) | Difference::Resource(_));
        if !differences.iter().any(|found| other(&found)) {
            write!(f, " {noun}, but")?;
        }
        // What else it permits comes first.
        let (others, rest): (Vec<&Difference>, Vec<&Difference>) = differences.iter().partition(other);
        for (index, difference) in others.into_iter().chain(rest).enumerate() {
            write!(f, "{}{difference}", if index == 0 { " " } else { ", " })?;
        }
        Ok(())
    }
}

/// So many are worth reading.
const MOST: usize = 5;
