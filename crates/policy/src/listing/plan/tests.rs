use std::collections::BTreeSet;

use portcullis_identity::{Principal, PrincipalKind, UnixSeconds};

use super::Plan;
use crate::question::{Session, Target};
use crate::set::{PolicySet, Source};

const TOOLS: [&str; 4] = ["get", "list", "refund", "query"];

/// What is evaluated for a list of tools: the numbers of kinds, of policies that are evaluated for every tool and
/// of those that are looked up by name.
fn evaluated(text: &str, more: &[Target<'_>]) -> (usize, usize, usize) {
    let set = PolicySet::parse(&[Source { file: "test.cedar", text }]).unwrap();
    let principal = Principal::for_test("demo", "ada", PrincipalKind::User, &["a"]);
    let (connection, labels) = ("billing".parse().unwrap(), BTreeSet::new());
    let session = Session { labels: &labels, client: None, now: UnixSeconds(0), usage: None };
    let mut listing = set.listing(&principal, &connection, session);
    for target in TOOLS.map(|name| Target::Tool { name }).iter().chain(more) {
        listing.visibility(*target);
    }
    let counts = listing.plans.iter().map(|(_, plan)| counts(plan));
    let (open, selective) = counts.fold((0, 0), |(n, m), (open, selective)| (n + open, m + selective));
    (listing.plans.len(), open, selective)
}

fn counts(Plan { candidates: _, stems: _, rules, holds, settled, common: _ }: &Plan<'_>) -> (usize, usize) {
    (rules.open.n_policies() + holds.open.n_policies(), settled.len())
}

#[test]
fn policies_are_evaluated_for_each_item_only_if_they_read_it() {
    let scoped = |scope: &str, conditions: &str| format!("@id(\"p\") permit ({scope}) {conditions};");
    for (text, want) in [
        (String::new(), (1, 0, 0)),
        (scoped("principal, action, resource", ""), (1, 0, 0)),
        (
            scoped("principal, action in Action::\"billing\", resource in Connection::\"billing\"", ""),
            (1, 0, 0),
        ),
        (scoped("principal, action, resource", "when { context.input.amount > 1 }"), (1, 0, 0)),
        (scoped("principal, action, resource", "when { resource.name like \"get*\" }"), (1, 1, 0)),
        (
            scoped("principal in Group::\"demo:a\", action, resource", "when { resource.name == \"x\" }"),
            (1, 1, 0),
        ),
        // What is about others, other connections or other kinds is not evaluated at all.
        (
            scoped("principal in Group::\"demo:b\", action, resource", "when { resource.name == \"x\" }"),
            (1, 0, 0),
        ),
        (
            scoped("principal, action in Action::\"crm\", resource", "when { resource.name == \"x\" }"),
            (1, 0, 0),
        ),
        (scoped("principal, action, resource is Prompt", "when { resource.name == \"x\" }"), (1, 0, 0)),
        // What names its targets is looked up.
        (scoped("principal, action == Action::\"billing/get\", resource", ""), (1, 0, 1)),
        (scoped("principal, action, resource == Tool::\"billing/get\"", ""), (1, 0, 1)),
        (scoped("principal, action, resource == Tool::\"billing/other\"", ""), (1, 0, 0)),
    ] {
        assert_eq!(evaluated(&text, &[]), want, "case: {text}");
    }
}

#[test]
fn targets_of_a_kind_have_one_plan() {
    let text = "@id(\"p\") permit (principal, action, resource) when { resource.name == \"x\" };";
    let prompts = ["x", "y"].map(|name| Target::Prompt { name });
    assert_eq!(evaluated(text, &prompts), (2, 2, 0));
    let text = "@id(\"p\") permit (principal, action, resource) when { action == Action::\"read\" };";
    let resources = ["x:1", "x:2"].map(|uri| Target::Read { uri });
    // Every resource is read by the same action, but every tool has its own.
    assert_eq!(evaluated(text, &resources), (2, 1, 0));
}
