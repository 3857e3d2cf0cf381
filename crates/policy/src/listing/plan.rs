//! Which policies have to be evaluated for which targets of one kind.

use std::collections::BTreeMap;

use cedar_policy::{EntityUid, Policy};

use crate::evaluate::{Prepared, Prospect};
use crate::listing::Sight;
use crate::reach::Reach;
use crate::visibility::Visibility;

/// How to answer for the targets of one kind.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    rules: Share<'p>,
    holds: Share<'p>,
}

/// Policies that are evaluated together when a target is asked about by itself.
#[derive(Debug, Default)]
struct Share<'p> {
    /// What those say that say the same about all targets.
    settled: Prospect,
    /// Those that are evaluated for each target.
    open: Option<Prepared>,
    /// Those that name the targets that they are about.
    selective: Vec<Selective<'p>>,
    /// Where these are, by each action that they name, or by the resource if they name no action.
    by_name: BTreeMap<EntityUid, Vec<usize>>,
}

/// A policy that names the targets that it is about.
#[derive(Debug)]
struct Selective<'p> {
    policy: &'p Policy,
    /// The resource, if it names one beside actions.
    resource: Option<EntityUid>,
    /// What it says, once it is known and does not depend on the target.
    settled: Option<Prospect>,
}

impl<'p> Plan<'p> {
    /// A plan for all targets of the kind of this one; `None` if it cannot be put before the policies.
    pub(super) fn new(sight: &Sight<'_, 'p>) -> Option<Self> {
        let policies = sight.policies;
        Some(Self { rules: Share::new(&policies.rules, sight)?, holds: Share::new(&policies.holds, sight)? })
    }

    /// How a target appears; `None` if it cannot be put before the policies.
    pub(super) fn look_at(&mut self, sight: &Sight<'_, 'p>) -> Option<Visibility> {
        Some(Visibility::of(self.rules.look_at(sight)?, self.holds.look_at(sight)?))
    }
}

impl<'p> Share<'p> {
    fn new(group: &'p Prepared, sight: &Sight<'_, 'p>) -> Option<Self> {
        let mut share = Self::default();
        let (mut same, mut open) = (Vec::new(), Vec::new());
        for policy in group.policies() {
            match Reach::of(policy, &sight.kind, sight.facts()?) {
                Reach::Actions { names, resource } => share.select(policy, names, resource),
                Reach::All if sight.tells_apart(policy) => open.push(policy.clone()),
                Reach::All => same.push(policy.clone()),
                Reach::Nothing => {}
                Reach::Resource(name) => share.select(policy, vec![name], None),
            }
        }
        share.settled = sight.judge(&Prepared::new(same).ok()?)?;
        share.open = if open.is_empty() { None } else { Some(Prepared::new(open).ok()?) };
        Some(share)
    }

    fn select(&mut self, policy: &'p Policy, names: Vec<EntityUid>, resource: Option<EntityUid>) {
        for name in names {
            self.by_name.entry(name).or_default().push(self.selective.len());
        }
        self.selective.push(Selective { policy, resource, settled: None });
    }

    fn look_at(&mut self, sight: &Sight<'_, 'p>) -> Option<Prospect> {
        let mut prospect = self.settled;
        if let Some(open) = &self.open {
            prospect = prospect.join(sight.judge(open)?);
        }
        for name in [&sight.thing.action.id, &sight.thing.resource] {
            for index in self.by_name.get(name).into_iter().flatten() {
                if let Some(selective) = self.selective.get_mut(*index) {
                    prospect = prospect.join(selective.look_at(sight)?);
                }
            }
        }
        Some(prospect)
    }
}

impl<'p> Selective<'p> {
    fn look_at(&mut self, sight: &Sight<'_, 'p>) -> Option<Prospect> {
        if self.resource.as_ref().is_some_and(|resource| *resource != sight.thing.resource) {
            return Some(Prospect::default());
        }
        if let Some(settled) = self.settled {
            return Some(settled);
        }
        let prospect = sight.judge(&Prepared::new(vec![self.policy.clone()]).ok()?)?;
        if !sight.tells_apart(self.policy) {
            self.settled = Some(prospect);
        }
        Some(prospect)
    }
}

#[cfg(test)]
mod tests;
