//! Which policies have to be evaluated for which targets of one kind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::bundle::Group;
use crate::evaluate::Prepared;
use crate::listing::Sight;
use crate::prospect::{self, Budget, Prospect};
use crate::set::{KindCandidates, Member, Names};
use crate::visibility::Visibility;

/// How to answer for the targets of one kind.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    candidates: KindCandidates<'p>,
    /// What the names of the targets begin with, before what each of them is called.
    stems: Names,
    rules: Share,
    holds: Share,
    /// What policies say that name their targets, by number, if it does not depend on the target.
    settled: BTreeMap<usize, Prospect>,
    /// How targets appear about which no policy says anything of their own.
    common: Option<Visibility>,
}

/// Policies that are evaluated together when a target is asked about by itself, and can match every target.
#[derive(Debug)]
struct Share {
    /// What those say that say the same about all targets.
    settled: Prospect,
    /// Those that are evaluated for each target.
    open: Prepared,
}

impl<'p> Plan<'p> {
    /// A plan for all targets of the kind of this one, which is called `own`; `None` if it cannot be put before the
    /// policies.
    pub(super) fn new(sight: &Sight<'_, 'p>, own: &str) -> Option<Self> {
        let candidates = sight.policies.candidates_of_kind(&sight.kind, sight.facts()?);
        let share = |group| Share::new(sight.policies.members(group, &candidates.all), sight);
        let (rules, holds) = (share(Group::Rules)?, share(Group::Holds)?);
        let stems = sight.names().without_end(own)?;
        Some(Self { candidates, stems, rules, holds, settled: BTreeMap::new(), common: None })
    }

    /// How a target appears that is called `own`, if no policy says anything about it that it does not say about all.
    pub(super) fn common(&mut self, own: &str, budget: &mut Budget) -> Option<Visibility> {
        let Self { candidates, stems, rules, holds, common, .. } = self;
        if !rules.is_common() || !holds.is_common() || candidates.are_named(stems, own) {
            return None;
        }
        Some(*common.get_or_insert_with(|| prospect::visibility(&rules.settled, &holds.settled, budget)))
    }

    /// How a target appears; `None` if it cannot be put before the policies.
    pub(super) fn look_at(&mut self, sight: &Sight<'_, 'p>, budget: &mut Budget) -> Option<Visibility> {
        let named = self.candidates.only_by_name(&sight.names());
        let mut rules = self.rules.look_at(sight)?;
        let mut holds = self.holds.look_at(sight)?;
        if let Some(named) = named {
            for (group, prospect) in [(Group::Rules, &mut rules), (Group::Holds, &mut holds)] {
                for (number, member) in sight.policies.members(group, &named) {
                    *prospect = std::mem::take(prospect).join(self.ask(number, member, sight)?);
                }
            }
        }
        Some(prospect::visibility(&rules, &holds, budget))
    }

    /// What one policy says that names this target.
    fn ask(&mut self, number: usize, member: &Member, sight: &Sight<'_, 'p>) -> Option<Prospect> {
        let ask = || sight.judge(&Prepared::new([member]));
        if sight.tells_apart(member) {
            return ask();
        }
        // What its scope says of the targets that it names, it says of all of them.
        match self.settled.entry(number) {
            Entry::Occupied(known) => Some(known.get().clone()),
            Entry::Vacant(new) => Some(new.insert(ask()?).clone()),
        }
    }
}

impl Share {
    fn new<'m>(members: impl Iterator<Item = (usize, &'m Member)>, sight: &Sight<'_, '_>) -> Option<Self> {
        let (open, same): (Vec<&Member>, Vec<&Member>) =
            members.map(|(_, member)| member).partition(|member| sight.tells_apart(member));
        Some(Self { settled: sight.judge(&Prepared::new(same))?, open: Prepared::new(open) })
    }

    /// Whether it says the same about all targets.
    fn is_common(&self) -> bool {
        self.open.n_policies() == 0
    }

    fn look_at(&self, sight: &Sight<'_, '_>) -> Option<Prospect> {
        if self.is_common() {
            return Some(self.settled.clone());
        }
        Some(self.settled.clone().join(sight.judge(&self.open)?))
    }
}

#[cfg(test)]
mod tests;
