//! What the scope of a policy names, and what a question is about, as keys that can be looked up.
//!
//! A policy matches a question only if in each part of its scope it has a key of the question's. The reverse does
//! not hold: `==` and `in` have the same key, so that some policies are candidates which Cedar then finds not to
//! match. A policy without a key of the question's is not satisfied and cannot err, so leaving it out is exact.

use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};

use crate::facts::Facts;
use crate::thing::Kind;

/// The parts of a scope. Bundles keep them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Principal,
    Action,
    Resource,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Principal, Self::Action, Self::Resource];
}

/// The keys under which a policy is looked up in one part.
pub(crate) fn of_policy(policy: &Policy, part: Part) -> Vec<String> {
    match part {
        Part::Principal => match policy.principal_constraint() {
            PrincipalConstraint::Any => vec![ANYTHING.to_owned()],
            PrincipalConstraint::Eq(one)
            | PrincipalConstraint::In(one)
            | PrincipalConstraint::IsIn(_, one) => {
                vec![of_entity(&one)]
            }
            PrincipalConstraint::Is(kind) => vec![of_type(&kind)],
        },
        Part::Action => match policy.action_constraint() {
            ActionConstraint::Any => vec![ANYTHING.to_owned()],
            ActionConstraint::Eq(one) => vec![of_entity(&one)],
            ActionConstraint::In(some) => some.iter().map(of_entity).collect(),
        },
        Part::Resource => match policy.resource_constraint() {
            ResourceConstraint::Any => vec![ANYTHING.to_owned()],
            ResourceConstraint::Eq(one) | ResourceConstraint::In(one) | ResourceConstraint::IsIn(_, one) => {
                vec![of_entity(&one)]
            }
            ResourceConstraint::Is(kind) => vec![of_type(&kind)],
        },
    }
}

/// The keys that a question has in one part; `None` if it could have any.
pub(crate) fn of_question(facts: &Facts, part: Part) -> Option<Vec<String>> {
    match part {
        Part::Principal => Some(all_of(&facts.principal, facts)),
        Part::Action => Some(all_of(&facts.action, facts)),
        Part::Resource if facts.any_resource => None,
        Part::Resource => Some(all_of(&facts.resource, facts)),
    }
}

/// The keys that all questions of a kind have in one part; the facts are those of one of them.
pub(crate) fn of_kind(kind: &Kind, facts: &Facts, part: Part) -> Vec<String> {
    let (entity, varies) = match part {
        Part::Principal => (&facts.principal, false),
        Part::Action => (&facts.action, kind.action_varies),
        Part::Resource => (&facts.resource, kind.resource_varies),
    };
    let mut keys = all_of(entity, facts);
    if varies {
        let own = of_entity(entity);
        keys.retain(|key| *key != own);
    }
    keys
}

/// The key of an entity by itself.
pub(crate) fn of_entity(entity: &EntityUid) -> String {
    // A type has no such character, so where the id begins is plain.
    format!("{}\0{}", entity.type_name(), AsRef::<str>::as_ref(entity.id()))
}

fn of_type(kind: &EntityTypeName) -> String {
    kind.to_string()
}

fn all_of(entity: &EntityUid, facts: &Facts) -> Vec<String> {
    let around = facts.entities.ancestors(entity).into_iter().flatten();
    let named = std::iter::once(entity).chain(around).map(of_entity);
    [ANYTHING.to_owned(), of_type(entity.type_name())].into_iter().chain(named).collect()
}

/// What every question has.
const ANYTHING: &str = "";
