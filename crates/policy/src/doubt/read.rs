//! What the conditions of one policy read of arguments, labels, usage and attributes.
//!
//! Finding too much read is safe, finding too little is not: what is not known here reads everything. Conditions are
//! looked at in Cedar's public syntax tree, as in [`crate::reads`].

use std::collections::BTreeSet;

use cedar_policy::Policy;
use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp, Var};

use crate::doubt::{Gap, Gaps};
use crate::usage::USAGE;

/// What a policy reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// The arguments whose values count, by the names of the members that lead to them.
    values: BTreeSet<Vec<String>>,
    /// Those of which it only counts that they are there.
    presences: BTreeSet<Vec<String>>,
    labels: bool,
    /// Whether it counts that an argument had no exact counterpart, which is a label too and never recorded.
    unrepresentable: bool,
    usage: bool,
    attributes: bool,
}

/// The gaps that touch a policy.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) gaps: Gaps,
    /// Whether the policy can be evaluated with what is missing unknown.
    is_foreseeable: bool,
}

impl Touched {
    pub(super) fn is_empty(&self) -> bool {
        self.gaps.is_empty()
    }

    pub(super) const fn is_foreseeable(&self) -> bool {
        self.is_foreseeable
    }
}

impl Read {
    pub(super) fn everything() -> Self {
        let mut read = Self::default();
        read.all();
        read
    }

    pub(super) fn of_policy(policy: &Policy) -> Self {
        let mut read = Self::default();
        if !policy.has_non_scope_constraint() {
            return read;
        }
        match policy.to_pst() {
            Ok(policy) => policy.body().clauses().iter().for_each(|clause| match clause {
                Clause::When(condition) | Clause::Unless(condition) => read.add(condition),
            }),
            Err(_) => read.all(),
        }
        read
    }

    /// Which of these gaps may change what the policy says.
    pub(super) fn touched(&self, gaps: &Gaps) -> Touched {
        let is_touched = |gap: &&Gap| match gap {
            Gap::Argument(gap) => self.reads_argument(gap) || self.unrepresentable,
            Gap::Attributes => self.attributes,
            Gap::Labels => self.labels,
            Gap::Usage => self.usage,
        };
        let gaps: Gaps = gaps.iter().filter(is_touched).cloned().collect();
        let has_arguments = gaps.iter().any(|gap| matches!(gap, Gap::Argument(_)));
        let is_hidden = gaps.contains(&Gap::Attributes) || (has_arguments && self.unrepresentable);
        Touched { gaps, is_foreseeable: !is_hidden }
    }

    fn reads_argument(&self, gap: &[String]) -> bool {
        let reads_value = |path: &Vec<String>| path.starts_with(gap) || gap.starts_with(path);
        // That a value is there is known, but not what is in it.
        let reads_presence = |path: &Vec<String>| path.starts_with(gap) && path.len() > gap.len();
        self.values.iter().any(reads_value) || self.presences.iter().any(reads_presence)
    }

    fn all(&mut self) {
        self.values.insert(Vec::new());
        (self.labels, self.unrepresentable, self.usage, self.attributes) = (true, true, true, true);
    }

    fn add(&mut self, expression: &Expr) {
        match expression {
            Expr::Literal(_) | Expr::Var(Var::Action | Var::Principal | Var::Resource) => {}
            Expr::Var(Var::Context) => _ = self.values.insert(Vec::new()),
            Expr::UnaryOp { op: UnaryOp::IsEmpty, expr } if is_labels(expr) => self.any_label(),
            Expr::UnaryOp { expr, .. } | Expr::Like { expr, .. } => self.add(expr),
            Expr::GetAttr { expr, attr } => self.add_attribute(expr, std::slice::from_ref(attr), false),
            Expr::HasAttr { expr, attrs } => {
                let attrs: Vec<_> = attrs.iter().cloned().collect();
                self.add_attribute(expr, &attrs, true);
            }
            Expr::BinaryOp {
                op: BinaryOp::Contains | BinaryOp::ContainsAll | BinaryOp::ContainsAny,
                left,
                right,
            } if is_labels(left) => self.add_labels(right),
            Expr::BinaryOp { op: BinaryOp::GetTag | BinaryOp::HasTag, left, right } => {
                self.attributes = true;
                self.add(left);
                self.add(right);
            }
            Expr::BinaryOp { op: _, left, right } => {
                self.add(left);
                self.add(right);
            }
            Expr::Is { expr, entity_type: _, in_expr } => {
                self.add(expr);
                in_expr.iter().for_each(|outer| self.add(outer));
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                [cond, then_expr, else_expr].into_iter().for_each(|part| self.add(part));
            }
            Expr::Set(items) => items.iter().for_each(|item| self.add(item)),
            Expr::Record(members) => members.values().for_each(|member| self.add(member)),
            // Neither is written in a policy. What a later Cedar adds is not known to read nothing.
            Expr::Slot(_) | Expr::Unknown { .. } | _ => self.all(),
        }
    }

    /// An attribute of something, or an attribute of that, and so on; or whether it is there.
    fn add_attribute<T: AsRef<str>>(&mut self, of: &Expr, attributes: &[T], is_presence: bool) {
        let names = attributes.iter().map(|name| name.as_ref().to_owned());
        let Some(mut path) = path_of(of) else {
            self.add(of);
            // Whatever it is an attribute of.
            return names.for_each(|name| self.add_name(&name));
        };
        path.extend(names);
        match path.split_first() {
            Some((input, rest)) if input == INPUT => {
                let paths = if is_presence { &mut self.presences } else { &mut self.values };
                paths.insert(rest.to_vec());
            }
            Some((_, rest)) => rest.iter().for_each(|name| self.add_name(name)),
            None => self.all(),
        }
    }

    /// An attribute that only the session has, by its name.
    fn add_name(&mut self, name: &str) {
        match name {
            LABELS => self.any_label(),
            USAGE => self.usage = true,
            _ => {}
        }
    }

    fn any_label(&mut self) {
        (self.labels, self.unrepresentable) = (true, true);
    }

    /// That some labels are there. Where they are written out, it is known which.
    fn add_labels(&mut self, which: &Expr) {
        self.labels = true;
        let is_recorded = |label: &Expr| matches!(label, Expr::Literal(Literal::String(label)) if !label.starts_with(UNREPRESENTABLE_IN));
        let all_recorded = if let Expr::Set(labels) = which {
            labels.iter().all(|label| is_recorded(label))
        } else {
            is_recorded(which)
        };
        self.unrepresentable |= !all_recorded;
        self.add(which);
    }
}

/// The members of the context that lead to what an expression is; `None` if it is something else.
fn path_of(expression: &Expr) -> Option<Vec<String>> {
    if let Expr::GetAttr { expr, attr } = expression {
        let mut path = path_of(expr)?;
        path.push(attr.to_string());
        return Some(path);
    }
    matches!(expression, Expr::Var(Var::Context)).then(Vec::new)
}

fn is_labels(expression: &Expr) -> bool {
    path_of(expression).is_some_and(|path| path.iter().eq([SESSION, LABELS]))
}

const INPUT: &str = "input";
const LABELS: &str = "labels";
const SESSION: &str = "session";
/// What the label begins with that no record has: `args`, or `args.unrepresentable`.
const UNREPRESENTABLE_IN: &str = "args";
