//! Which targets of a list the scope of a policy takes in.
//!
//! Everything about a request is known here but the target, of which only the kind is known. So a policy is about
//! all targets, about none, or about those that it names.

use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};

use crate::facts::Facts;
use crate::thing::Kind;

/// The targets of a list that a policy is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those with one of these actions and, if given, this resource.
    Actions {
        names: Vec<EntityUid>,
        resource: Option<EntityUid>,
    },
    All,
    Nothing,
    /// The one with this resource.
    Resource(EntityUid),
}

/// What one part of a scope takes in.
enum Part<N> {
    All,
    Named(N),
    Nothing,
}

impl Reach {
    /// The reach of a policy in a list of this kind; the facts are those of any of its targets.
    pub(crate) fn of(policy: &Policy, kind: &Kind, facts: &Facts) -> Self {
        if !takes_principal(policy, facts) {
            return Self::Nothing;
        }
        match (actions(policy, kind, facts), resource(policy, kind, facts)) {
            (Part::Nothing, _) | (_, Part::Nothing) => Self::Nothing,
            (Part::All, Part::All) => Self::All,
            (Part::All, Part::Named(resource)) => Self::Resource(resource),
            (Part::Named(names), Part::All) => Self::Actions { names, resource: None },
            (Part::Named(names), Part::Named(resource)) => Self::Actions { names, resource: Some(resource) },
        }
    }
}

fn takes_principal(policy: &Policy, facts: &Facts) -> bool {
    let principal = &facts.principal;
    let is_in = |group: &EntityUid| principal == group || facts.entities.is_ancestor_of(group, principal);
    match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Eq(one) => *principal == one,
        PrincipalConstraint::In(group) => is_in(&group),
        PrincipalConstraint::Is(kind) => *principal.type_name() == kind,
        PrincipalConstraint::IsIn(kind, group) => *principal.type_name() == kind && is_in(&group),
    }
}

fn actions(policy: &Policy, kind: &Kind, facts: &Facts) -> Part<Vec<EntityUid>> {
    let named = |actions: Vec<EntityUid>| match (kind.action_varies, actions.contains(&facts.action)) {
        (true, _) => Part::Named(actions),
        (false, true) => Part::All,
        (false, false) => Part::Nothing,
    };
    match policy.action_constraint() {
        ActionConstraint::Any => Part::All,
        ActionConstraint::Eq(action) => named(vec![action]),
        ActionConstraint::In(actions) => {
            let holds_it = |outer| facts.entities.is_ancestor_of(outer, &facts.action);
            // What an action is in is the same for all, unless that is the action itself.
            if actions.iter().any(|outer| *outer != facts.action && holds_it(outer)) {
                Part::All
            } else {
                named(actions)
            }
        }
    }
}

fn resource(policy: &Policy, kind: &Kind, facts: &Facts) -> Part<EntityUid> {
    let right_type = |wanted: &_| facts.resource.type_name() == wanted;
    let named = |resource: EntityUid| match (kind.resource_varies, resource == facts.resource) {
        (true, _) => Part::Named(resource),
        (false, true) => Part::All,
        (false, false) => Part::Nothing,
    };
    let within = |outer: EntityUid| {
        let holds_it = outer != facts.resource && facts.entities.is_ancestor_of(&outer, &facts.resource);
        if holds_it { Part::All } else { named(outer) }
    };
    match policy.resource_constraint() {
        ResourceConstraint::Any => Part::All,
        ResourceConstraint::Eq(resource) => named(resource),
        ResourceConstraint::In(outer) => within(outer),
        ResourceConstraint::Is(wanted) if right_type(&wanted) => Part::All,
        ResourceConstraint::IsIn(wanted, outer) if right_type(&wanted) => within(outer),
        ResourceConstraint::Is(_) | ResourceConstraint::IsIn(..) => Part::Nothing,
    }
}
