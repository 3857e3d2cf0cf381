//! What policies say while something is unknown, and what follows from it for a list.

use std::sync::Arc;

use cedar_policy as cedar;

use crate::formula::Formula;
use crate::residual::{Nothing, Possible, Suppose};
use crate::visibility::Visibility;
use crate::witness::Witnesses;

/// What some policies say. They are rules, or soft forbids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prospect {
    /// Whatever the unknowns are, a policy errs.
    pub(crate) errs: bool,
    /// Whatever the unknowns are, a forbid is satisfied.
    pub(crate) forbids: bool,
    /// Whatever the unknowns are, a permit is satisfied.
    pub(crate) permits: bool,
    /// What hangs on the unknowns.
    pub(crate) open: Vec<Arc<OpenRule>>,
}

/// A policy that hangs on what is unknown.
#[derive(Debug)]
pub(crate) struct OpenRule {
    effect: cedar::Effect,
    condition: Formula,
}

/// How many conditions may be looked at to find out what holds of several together.
///
/// It takes some 100 ns to look at one. Where more would be needed, each is looked at by itself.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    /// For one item.
    const ITEM: usize = 4_096;

    /// For a single item.
    pub(crate) const fn of_item() -> Self {
        Self(Self::ITEM)
    }

    /// For all items of a list together: there may be thousands.
    pub(crate) const fn of_list() -> Self {
        Self(25 * Self::ITEM)
    }

    /// Whether there is enough for this much work, which then is used up.
    fn affords(&mut self, n_conditions: usize) -> bool {
        let rest = self.0.checked_sub(n_conditions).filter(|_| n_conditions <= Self::ITEM);
        rest.inspect(|rest| self.0 = *rest).is_some()
    }
}

impl Prospect {
    /// What can be said of these policies and others together.
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.errs |= other.errs;
        self.forbids |= other.forbids;
        self.permits |= other.permits;
        self.open.extend(other.open);
        self
    }

    /// Adds a policy of which only a condition is left.
    pub(crate) fn add(&mut self, residual: &cedar::Policy) {
        let rule = OpenRule { effect: residual.effect(), condition: Formula::of_policy(residual) };
        self.open.push(Arc::new(rule));
    }

    /// Adds a policy that is satisfied.
    pub(crate) fn add_satisfied(&mut self, policy: &cedar::Policy) {
        match policy.effect() {
            cedar::Effect::Forbid => self.forbids = true,
            cedar::Effect::Permit => self.permits = true,
        }
    }

    /// What may be said of these policies if something is supposed; `None` if one errs.
    fn suppose(&self, supposed: &impl Suppose) -> Option<Supposed> {
        let mut said = Supposed { forbids: self.forbids, permits: self.permits };
        if self.errs {
            return None;
        }
        for rule in &self.open {
            let possible = Possible::of(&rule.condition, supposed);
            if possible == Possible::ERROR {
                return None;
            }
            match rule.effect {
                cedar::Effect::Forbid => said.forbids |= !possible.falsity,
                cedar::Effect::Permit => said.permits |= possible.truth,
            }
        }
        Some(said)
    }
}

/// What policies say if something is supposed.
#[derive(Clone, Copy, Debug)]
struct Supposed {
    /// A forbid is satisfied.
    forbids: bool,
    /// A permit may be satisfied.
    permits: bool,
}

/// How an item appears of which rules and soft forbids say this.
pub(crate) fn visibility(rules: &Prospect, holds: &Prospect, budget: &mut Budget) -> Visibility {
    let apart = appears(rules, holds, &Nothing);
    if apart == Visibility::Hidden {
        return apart;
    }
    let open = || rules.open.iter().chain(&holds.open);
    let n_open = open().count();
    if n_open == 0 || !budget.affords(n_open) {
        return apart;
    }
    let witnesses = Witnesses::of(open().map(|rule| &rule.condition));
    if !budget.affords(witnesses.count().saturating_mul(n_open)) {
        return apart;
    }
    let mut best = Visibility::Hidden;
    for witness in witnesses.iter() {
        match appears(rules, holds, &witness) {
            Visibility::Shown => return Visibility::Shown,
            Visibility::ShownNeedsApproval => best = Visibility::ShownNeedsApproval,
            Visibility::Hidden => {}
        }
    }
    best
}

fn appears(rules: &Prospect, holds: &Prospect, supposed: &impl Suppose) -> Visibility {
    let said = rules.suppose(supposed).zip(holds.suppose(supposed));
    match said {
        None | Some((Supposed { forbids: true, .. } | Supposed { permits: false, .. }, _)) => {
            Visibility::Hidden
        }
        Some((_, Supposed { forbids: true, .. })) => Visibility::ShownNeedsApproval,
        Some(_) => Visibility::Shown,
    }
}
