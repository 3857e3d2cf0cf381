//! Many targets asked about together get the answers that each gets by itself.

use portcullis_policy::{Completion, Decision, Listing, PolicySet, Target, Visibility};
use proptest::prelude::*;

use crate::generated::{Rule, any_condition, ask, rules, set};
use crate::support::{Ask, policies, user};

/// What a list could hold and much that it could not, so that targets of different kinds meet in one listing.
const TARGETS: [Target<'static>; 22] = [
    Target::Tool { name: "x" },
    Target::Tool { name: "y" },
    Target::Tool { name: "z" },
    Target::Tool { name: "" },
    Target::Tool { name: "x/y" },
    Target::Tool { name: "x" },
    Target::Prompt { name: "x" },
    Target::Prompt { name: "y" },
    Target::Prompt { name: "billing/x" },
    Target::Read { uri: "x:1" },
    Target::Read { uri: "x:2" },
    Target::Read { uri: "y:1" },
    Target::Subscribe { uri: "x:1" },
    Target::Subscribe { uri: "y:1" },
    Target::Complete(Completion::Prompt { name: "x" }),
    Target::Complete(Completion::Prompt { name: "y" }),
    Target::Complete(Completion::Resource { uri: "x:1" }),
    Target::Complete(Completion::Resource { uri: "x" }),
    Target::Elicit,
    Target::ListRoots,
    Target::Configure,
    Target::Read { uri: "x:1" },
];

/// How the targets appear to who asks, in one listing.
fn together(ask: &Ask<'_>, targets: &[Target<'_>], set: &PolicySet) -> Vec<Visibility> {
    ask.question(None, |question| {
        see(targets, set.listing(question.principal, question.connection, question.session))
    })
}

fn see(targets: &[Target<'_>], mut listing: Listing<'_>) -> Vec<Visibility> {
    targets.iter().map(|target| listing.visibility(*target)).collect()
}

fn one_by_one(ask: &Ask<'_>, targets: &[Target<'_>], set: &PolicySet) -> Vec<Visibility> {
    targets.iter().map(|target| Ask { target: *target, ..ask.clone() }.visibility(set)).collect()
}

/// The decision on a call without arguments, as an answer about contents.
fn decided(ask: &Ask<'_>, target: Target<'_>, set: &PolicySet) -> Visibility {
    match (Ask { target, input: "{}".to_owned(), ..ask.clone() }).decide(set) {
        Decision::Allow(_) => Visibility::Shown,
        Decision::Deny(_) => Visibility::Hidden,
        Decision::Hold(_) => Visibility::ShownNeedsApproval,
    }
}

/// Sets in which several policies say something about the same target.
fn many_rules() -> impl Strategy<Value = Vec<Rule>> {
    (rules(any_condition()), rules(any_condition())).prop_map(|(some, more)| [some, more].concat())
}

/// The targets in an order of their own, since the first of a kind is the one that is looked at most closely.
fn targets() -> impl Strategy<Value = Vec<Target<'static>>> {
    Just(TARGETS.to_vec()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_shows_what_each_item_shows_by_itself(rules in many_rules(), targets in targets(), ask in ask()) {
        let set = set(&rules);
        prop_assert_eq!(together(&ask, &targets, &set), one_by_one(&ask, &targets, &set), "{:?}", targets);
    }

    #[test]
    fn contents_show_what_may_be_read_by_itself(rules in many_rules(), targets in targets(), ask in ask()) {
        let set = set(&rules);
        let want: Vec<Visibility> = targets.iter().map(|target| decided(&ask, *target, &set)).collect();
        let seen = ask.question(None, |question| {
            see(&targets, set.contents(question.principal, question.connection, question.session))
        });
        prop_assert_eq!(seen, want, "{:?}", targets);
    }
}

#[test]
fn what_cannot_be_asked_shows_nothing() {
    let set = policies(r#"@id("p") permit (principal, action, resource);"#);
    let ada = Ask::new(user("ada", &[]), Target::Configure);
    let shown = |ask: &Ask<'_>| {
        let seen = together(ask, &TARGETS, &set);
        assert_eq!(seen, one_by_one(ask, &TARGETS, &set));
        seen.iter().filter(|visibility| **visibility == Visibility::Shown).count()
    };
    assert_eq!(shown(&ada), TARGETS.len());
    assert_eq!(shown(&Ask { connection: "call", ..ada.clone() }), 0);
    assert_eq!(shown(&Ask { now: u64::MAX, ..ada }), 0);
}

#[test]
fn a_policy_that_waits_for_something_unknown_hides_contents() {
    let set = policies(r#"@id("p") permit (principal, action, resource) unless { unknown("it") };"#);
    let ada = Ask::new(user("ada", &[]), Target::Configure);
    let seen = ada.question(None, |question| {
        see(&TARGETS, set.contents(question.principal, question.connection, question.session))
    });
    assert_eq!(seen, [Visibility::Hidden; TARGETS.len()]);
    assert_eq!(decided(&ada, Target::Elicit, &set), Visibility::Hidden);
    assert_eq!(together(&ada, &TARGETS, &set), one_by_one(&ada, &TARGETS, &set));
}
