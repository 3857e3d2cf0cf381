use std::collections::BTreeSet;

use portcullis_identity::{Principal, PrincipalKind, UnixSeconds};

use super::{PolicySet, Source};
use crate::bundle::Bundle;
use crate::question::{Question, Session, Target};

/// A set such as a large installation has: each policy is about one tool of one of ten connections.
fn text(n_policies: usize) -> String {
    let policy = |n: usize| {
        let (connection, tool, group) = (n % 10, n / 10, n % 7);
        format!(
            "@id(\"p{n}\") permit (principal in Group::\"demo:g{group}\", \
             action == Action::\"c{connection}/t{tool}\", resource);\n"
        )
    };
    let everywhere = "@id(\"all\") forbid (principal, action, resource) when { context.input has secret };\n";
    (0..n_policies).map(policy).chain([everywhere.to_owned()]).collect()
}

fn open(n_policies: usize) -> PolicySet {
    let bundle = Bundle::build(&[Source { file: "p.cedar", text: &text(n_policies) }], &[]).unwrap();
    PolicySet::from_bundle(bundle.into_bytes()).unwrap()
}

fn n_parsed(set: &PolicySet) -> usize {
    set.members.iter().filter(|member| member.get().is_some()).count()
}

fn ask<A>(name: &str, ask: impl FnOnce(&Question<'_>) -> A) -> A {
    let principal = Principal::for_test("demo", "ada", PrincipalKind::User, &["g0", "g1", "g2"]);
    let (connection, labels) = ("c1".parse().unwrap(), BTreeSet::new());
    ask(&Question {
        principal: &principal,
        connection: &connection,
        target: Target::Tool { name },
        input: None,
        types: None,
        session: Session { labels: &labels, client: None, now: UnixSeconds(0), usage: None },
    })
}

#[test]
fn opening_a_bundle_parses_nothing_and_a_question_only_its_candidates() {
    for n_policies in [10, 100, 1000] {
        let set = open(n_policies);
        assert_eq!(n_parsed(&set), 0);
        let _ = ask("t0", |question| set.decide(question));
        // `p1`, which names the tool, and `all`, whatever else there is.
        assert_eq!(n_parsed(&set), 2, "of {n_policies}");
        let _ = ask("t0", |question| set.visibility(question));
        assert_eq!(n_parsed(&set), 2, "of {n_policies}");
    }
}

#[test]
fn a_list_parses_only_the_policies_that_name_its_items() {
    let set = open(1000);
    let seen = |name: &str| {
        ask("", |question| {
            let mut listing = set.listing(question.principal, question.connection, question.session);
            ["u0", name, "u2"].map(|name| listing.visibility(Target::Tool { name }))
        })
    };
    let _ = seen("u1");
    assert_eq!(n_parsed(&set), 1);
    let _ = seen("t0");
    assert_eq!(n_parsed(&set), 2);
}

#[test]
fn a_set_that_was_read_from_files_is_parsed() {
    let text = text(10);
    let set = PolicySet::parse(&[Source { file: "p.cedar", text: &text }]).unwrap();
    assert_eq!(n_parsed(&set), 11);
}

#[test]
fn all_policies_can_be_listed_without_having_been_candidates() {
    let set = open(100);
    assert_eq!(set.policies().count(), 101);
    assert_eq!(n_parsed(&set), 101);
}
