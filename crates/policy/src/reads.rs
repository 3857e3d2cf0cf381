//! What the conditions of a policy read of a target, and whether they read usage.
//!
//! A policy that reads nothing of its target says the same about every target that its scope takes in, so a list
//! asks it once. Finding too much read costs time; finding too little would give one item the answer of another.
//! So only what is known to be the same for all is left out, and whatever is not known reads everything.
//!
//! Usage is read from the store only for policies that read it. It is an attribute, so a policy that reads it names it:
//! to compare a whole session with something compares entities by their names.
//!
//! Conditions are looked at in Cedar's public syntax tree, which is made from the text of the policy.

use std::ops::BitOr;

use cedar_policy::Policy;
use cedar_policy::pst::{BinaryOp, Clause, EntityUID, Expr, Literal, Var};

use crate::thing::Kind;
use crate::usage::USAGE;

/// What may come out differently for two targets of one list, or at two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    action: bool,
    resource: bool,
    usage: bool,
}

impl Reads {
    const NOTHING: Self = Self { action: false, resource: false, usage: false };
    const ACTION: Self = Self { action: true, ..Self::NOTHING };
    const RESOURCE: Self = Self { resource: true, ..Self::NOTHING };
    const USAGE: Self = Self { usage: true, ..Self::NOTHING };
    pub(crate) const EVERYTHING: Self = Self { action: true, resource: true, usage: true };

    /// What the conditions read; the scope is not among them.
    pub(crate) fn of_policy(policy: &Policy) -> Self {
        if !policy.has_non_scope_constraint() {
            return Self::NOTHING;
        }
        let Ok(policy) = policy.to_pst() else {
            return Self::EVERYTHING;
        };
        policy.body().clauses().iter().fold(Self::NOTHING, |reads, clause| match clause {
            Clause::When(condition) | Clause::Unless(condition) => reads | Self::of(condition),
        })
    }

    /// Whether two things of this kind may get different answers.
    pub(crate) const fn tell_apart(self, kind: &Kind) -> bool {
        (self.action && kind.action_varies) || (self.resource && kind.resource_varies)
    }

    /// Whether the usage of a principal may be read.
    pub(crate) const fn usage(self) -> bool {
        self.usage
    }

    fn of(expression: &Expr) -> Self {
        match expression {
            Expr::Literal(literal) => Self::of_literal(literal),
            Expr::Var(Var::Principal | Var::Context) => Self::NOTHING,
            Expr::Var(Var::Action) => Self::ACTION,
            Expr::Var(Var::Resource) => Self::RESOURCE,
            Expr::UnaryOp { expr, .. } | Expr::Like { expr, .. } => Self::of(expr),
            Expr::GetAttr { expr, attr } => Self::of(expr) | Self::of_attribute(attr),
            Expr::HasAttr { expr, attrs } => {
                attrs.iter().fold(Self::of(expr), |reads, attr| reads | Self::of_attribute(attr))
            }
            Expr::BinaryOp { op: BinaryOp::In, left, right } => Self::of_membership(left, right),
            Expr::BinaryOp { op: _, left, right } => Self::of(left) | Self::of(right),
            Expr::Is { expr, entity_type: _, in_expr: Some(outer) } => Self::of_membership(expr, outer),
            // Things of a kind have one type.
            Expr::Is { expr, entity_type: _, in_expr: None } if matches!(**expr, Expr::Var(_)) => {
                Self::NOTHING
            }
            Expr::Is { expr, entity_type: _, in_expr: None } => Self::of(expr),
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                Self::of(cond) | Self::of(then_expr) | Self::of(else_expr)
            }
            Expr::Set(items) => items.iter().fold(Self::NOTHING, |reads, item| reads | Self::of(item)),
            Expr::Record(members) => {
                members.values().fold(Self::NOTHING, |reads, member| reads | Self::of(member))
            }
            // Neither is written in a policy. What a later Cedar adds is not known to read nothing.
            Expr::Slot(_) | Expr::Unknown { .. } | _ => Self::EVERYTHING,
        }
    }

    /// Whatever it is an attribute of.
    fn of_attribute(name: &str) -> Self {
        if name == USAGE { Self::USAGE } else { Self::NOTHING }
    }

    /// `inner in outer`. Things of a kind are in the same connection and their actions in the same actions.
    fn of_membership(inner: &Expr, outer: &Expr) -> Self {
        // Where each thing has an action of its own, that alone has a `/` in its id.
        let above_actions = |entity: &EntityUID| !entity.eid.contains('/');
        let above_resources = |entity: &EntityUID| type_of(entity) == Some("Connection");
        let shared = (*inner == Expr::Var(Var::Action) && all_entities(outer, above_actions))
            || (*inner == Expr::Var(Var::Resource) && all_entities(outer, above_resources));
        if shared { Self::NOTHING } else { Self::of(inner) | Self::of(outer) }
    }

    fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::Bool(_) | Literal::Long(_) | Literal::String(_) => Self::NOTHING,
            // Its attributes, or what it is in, can be asked for: they are there only if it is the target's.
            Literal::EntityUID(entity) => match type_of(entity) {
                Some("Action") => Self::ACTION,
                Some("Prompt" | "Resource" | "Tool") => Self::RESOURCE,
                Some("Connection" | "DataClass" | "Group" | "Session" | "User" | "Workload") => Self::NOTHING,
                Some(_) | None => Self::EVERYTHING,
            },
            _ => Self::EVERYTHING,
        }
    }
}

impl BitOr for Reads {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            action: self.action || other.action,
            resource: self.resource || other.resource,
            usage: self.usage || other.usage,
        }
    }
}

/// Whether an expression is an entity, or a set of them, that all are so.
fn all_entities(expression: &Expr, is_so: impl Fn(&EntityUID) -> bool) -> bool {
    let holds = |item: &Expr| matches!(item, Expr::Literal(Literal::EntityUID(entity)) if is_so(entity));
    if let Expr::Set(items) = expression { items.iter().all(|item| holds(item)) } else { holds(expression) }
}

/// Whether the text of a policy may read usage. False only if it cannot: a name is written as it is, or as a string,
/// and only with a backslash can a string be written otherwise.
pub(crate) fn may_name_usage(text: &str) -> bool {
    text.contains(USAGE) || text.contains('\\')
}

/// The name of the type, if it is in no namespace.
fn type_of(entity: &EntityUID) -> Option<&str> {
    let name = &entity.ty.0;
    name.namespace.is_empty().then(|| name.id.as_ref())
}

#[cfg(test)]
mod tests;
