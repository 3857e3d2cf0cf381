//! Many targets of one request, asked about one after the other.
//!
//! A list may have thousands of items, and for most of them the policies see no difference: their scopes take in
//! all of a connection, and their conditions read who asks and nothing of the item. So each policy is sorted once,
//! for each kind of target, by what it can say about different targets:
//!
//! - the same about all of them: it is evaluated once;
//! - something only about those that it names: it is looked up by the name, and evaluated for those;
//! - something else about each, since a condition reads the target: it is evaluated for each.
//!
//! INVARIANT: the answers are those of [`PolicySet::visibility`] and, for contents, of [`PolicySet::decide`]. What
//! policies say is joined without regard to order, so it does not matter which of them are evaluated together.

mod plan;

use std::cell::OnceCell;

use portcullis_identity::Principal;
use portcullis_settings::ConnectionName;

use crate::evaluate::Prepared;
use crate::facts::{Circumstances, Facts, FactsError};
use crate::listing::plan::Plan;
use crate::prospect::{Budget, Prospect};
use crate::question::{Session, Target};
use crate::scope;
use crate::set::{Member, Names, PolicySet};
use crate::thing::{Kind, Thing};
use crate::visibility::Visibility;

/// What one request sees of many targets. It answers for each as if it were asked about by itself.
#[derive(Debug)]
pub struct Listing<'p> {
    policies: &'p PolicySet,
    connection: &'p ConnectionName,
    /// `None` if the request cannot be put before the policies.
    circumstances: Option<Circumstances>,
    judge: Judge,
    /// For each sort of target that was asked about.
    plans: Vec<(Target<'static>, Plan<'p>)>,
    budget: Budget,
}

/// How policies are evaluated.
type Judge = fn(&Prepared, &Facts) -> Prospect;

/// One target while it is looked at.
#[derive(Debug)]
struct Sight<'s, 'p> {
    policies: &'p PolicySet,
    judge: Judge,
    kind: Kind,
    thing: Thing,
    circumstances: &'s Circumstances,
    /// Made only if a policy has to be evaluated.
    facts: OnceCell<Option<Facts>>,
}

impl PolicySet {
    /// For the items of a list: each target appears as in [`PolicySet::visibility`]. Labels and usage are not read.
    #[must_use]
    pub fn listing<'p>(
        &'p self,
        principal: &'p Principal,
        connection: &'p ConnectionName,
        session: Session<'p>,
    ) -> Listing<'p> {
        let circumstances = Circumstances::of_listing(principal, &session, &self.vocabulary);
        Listing::new(self, connection, (circumstances, Prepared::foresee))
    }

    /// For what an answer holds besides what was asked for: each target appears as [`PolicySet::decide`] decides
    /// on it without arguments. What is allowed is shown, what is held needs approval, what is denied is hidden.
    #[must_use]
    pub fn contents<'p>(
        &'p self,
        principal: &'p Principal,
        connection: &'p ConnectionName,
        session: Session<'p>,
    ) -> Listing<'p> {
        let circumstances = Circumstances::of_plain_calls(principal, &session, &self.vocabulary);
        Listing::new(self, connection, (circumstances, Prepared::settle))
    }
}

impl<'p> Listing<'p> {
    fn new(
        policies: &'p PolicySet,
        connection: &'p ConnectionName,
        (circumstances, judge): (Result<Circumstances, FactsError>, Judge),
    ) -> Self {
        Self {
            policies,
            connection,
            circumstances: circumstances.ok(),
            judge,
            plans: Vec::new(),
            budget: Budget::of_list(),
        }
    }

    /// How this target appears.
    pub fn visibility(&mut self, target: Target<'_>) -> Visibility {
        // What cannot be put before the policies is denied.
        self.look_at(target).unwrap_or(Visibility::Hidden)
    }

    fn look_at(&mut self, target: Target<'_>) -> Option<Visibility> {
        let Self { policies, connection, circumstances, judge, plans, budget } = self;
        let sort = target.sort();
        let known = plans.iter().position(|(of, _)| *of == sort);
        // For most targets of a list this is all that is done.
        let plan = known.and_then(|known| plans.get_mut(known));
        if let Some(shown) = plan.and_then(|(_, plan)| plan.common(target.own_text(), budget)) {
            return Some(shown);
        }
        let thing = Thing::of_target(target, connection, &policies.vocabulary).ok()?;
        let sight = Sight {
            policies,
            judge: *judge,
            kind: thing.kind(),
            thing,
            circumstances: circumstances.as_ref()?,
            facts: OnceCell::new(),
        };
        let known = match known {
            Some(known) => known,
            None => {
                plans.push((sort, Plan::new(&sight, target.own_text())?));
                plans.len() - 1
            }
        };
        let (_, plan) = plans.get_mut(known)?;
        plan.look_at(&sight, budget)
    }
}

impl Sight<'_, '_> {
    fn facts(&self) -> Option<&Facts> {
        self.facts.get_or_init(|| self.circumstances.clone().of(self.thing.clone()).ok()).as_ref()
    }

    fn judge(&self, policies: &Prepared) -> Option<Prospect> {
        Some((self.judge)(policies, self.facts()?))
    }

    /// Whether a policy may say different things about this target and another of its kind.
    fn tells_apart(&self, member: &Member) -> bool {
        member.reads().tell_apart(&self.kind)
    }

    /// What only this target of its kind is called.
    fn names(&self) -> Names {
        let Thing { action, resource, .. } = &self.thing;
        Names {
            action: self.kind.action_varies.then(|| scope::of_entity(&action.id)),
            resource: self.kind.resource_varies.then(|| scope::of_entity(resource)),
        }
    }
}
