//! Policies that cannot match are left out, and nobody can tell.

use portcullis_policy::{Completion, Detokenizing, PolicySet, Target, Visibility};
use proptest::prelude::*;

use crate::generated::{Rule, any_condition, ask, rules, set, unscoped};
use crate::support::{Ask, line, observed, policies, user};

const TARGETS: [Target<'static>; 20] = [
    Target::Tool { name: "x" },
    Target::Tool { name: "y" },
    Target::Tool { name: "z" },
    Target::Tool { name: "x/y" },
    Target::Prompt { name: "x" },
    Target::Prompt { name: "y" },
    Target::Read { uri: "x:1" },
    Target::Read { uri: "y:1" },
    Target::Subscribe { uri: "x:1" },
    Target::Complete(Completion::Prompt { name: "y" }),
    Target::Complete(Completion::Resource { uri: "x:1" }),
    Target::Approve,
    Target::Configure,
    Target::Elicit,
    Target::Erase,
    Target::ForceApprove,
    Target::LegalHold,
    Target::ListRoots,
    Target::RequestAccess { group: "okta:dba" },
    Target::Sample,
];

/// Everything that can be asked about one target, and what comes of it.
fn answers(ask: &Ask<'_>, set: &PolicySet) -> (String, String, Vec<Visibility>) {
    let decision = ask.decide(set);
    let seen = vec![ask.visibility(set), ask.response_visibility(set), ask.template_visibility(set)];
    (line(&decision), observed(&decision), seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// A policy with an open scope is always a candidate, so the second set is evaluated in full.
    #[test]
    fn answers_are_those_of_a_full_evaluation(
        rules in rules(any_condition()),
        more in rules(any_condition()),
        target in prop::sample::select(TARGETS.to_vec()),
        connection in prop::sample::select(vec!["billing", "billing", "other", "call"]),
        ask in ask(),
    ) {
        let rules = [rules, more].concat();
        let (indexed, full) = (set(&rules), set(&rules.iter().map(unscoped).collect::<Vec<Rule>>()));
        let ask = Ask { target, connection, ..ask };
        prop_assert_eq!(answers(&ask, &indexed), answers(&ask, &full));
    }

    #[test]
    fn data_is_unmasked_and_given_to_tools_as_after_a_full_evaluation(
        scopes in prop::collection::vec(0_usize..12, 0..5),
        forbids in prop::collection::vec(any::<bool>(), 5),
        class in prop::sample::select(vec!["pii", "pii.card", "pii.card.amex", "secret"]),
        ask in ask(),
    ) {
        const SCOPES: [&str; 12] = [
            "(principal, action, resource);",
            r#"(principal, action == Action::"unmask", resource);"#,
            r#"(principal, action, resource == DataClass::"pii.card");"#,
            r#"(principal, action, resource in DataClass::"pii");"#,
            "(principal, action, resource is DataClass);",
            r#"(principal in Group::"demo:a", action, resource is DataClass in DataClass::"pii.card");"#,
            r#"(principal is User, action in [Action::"unmask", Action::"read"], resource in DataClass::"pii.card");"#,
            r#"(principal, action == Action::"read", resource);"#,
            "(principal, action, resource is Tool);",
            r#"(principal, action == Action::"detokenize", resource) when { context.tool == Tool::"billing/refund" };"#,
            r#"(principal, action in [Action::"unmask", Action::"detokenize"], resource in Connection::"billing");"#,
            r#"(principal == User::"demo|ada", action, resource) unless { context.connection == Connection::"other" };"#,
        ];
        let rules: Vec<Rule> = scopes
            .iter()
            .zip(forbids)
            .map(|(scope, forbids)| Rule {
                annotations: "",
                effect: if forbids { "forbid" } else { "permit" },
                text: SCOPES[*scope].to_owned(),
            })
            .collect();
        let (indexed, full) = (set(&rules), set(&rules.iter().map(unscoped).collect::<Vec<Rule>>()));
        let ask_of = |set: &PolicySet| {
            let (connection, class) = ("billing".parse().unwrap(), class.parse().unwrap());
            let asked = Detokenizing { principal: &ask.principal, connection: &connection, tool: "refund" };
            let unmasks = set.may_unmask(&ask.principal, &connection, &class);
            (unmasks, set.may_detokenize(asked, &class))
        };
        prop_assert_eq!(ask_of(&indexed), ask_of(&full), "{:?}", rules);
    }
}

#[test]
fn scopes_become_conditions() {
    let rule = |text: &str| Rule { annotations: "", effect: "permit", text: text.to_owned() };
    for (scoped, want) in [
        ("(principal, action, resource);", "(principal, action, resource);"),
        (
            r#"(principal is User in Group::"a:b", action in [Action::"x", Action::"y"], resource) when { 1 == 1 };"#,
            r#"(principal, action, resource) when { principal is User in Group::"a:b" } when { action in [Action::"x", Action::"y"] } when { 1 == 1 };"#,
        ),
    ] {
        assert_eq!(unscoped(&rule(scoped)).text, want);
    }
}

#[test]
fn a_policy_that_could_match_nothing_asked_about_never_errs() {
    let text = r#"
        @id("p") permit (principal, action, resource);
        @id("e1") forbid (principal in Group::"demo:x", action, resource) when { context.nothing };
        @id("e2") forbid (principal, action == Action::"billing/other", resource) when { context.nothing };
        @id("e3") forbid (principal, action, resource in Connection::"crm") when { context.nothing };
        @id("e4") forbid (principal is Workload, action, resource) when { context.nothing };
        @id("e5") forbid (principal, action in [], resource) when { context.nothing };"#;
    let ask = Ask::new(user("ada", &["demo:a"]), Target::Tool { name: "refund" });
    assert_eq!(line(&ask.decide(&policies(text))), "allow by p");
    assert_eq!(ask.visibility(&policies(text)), Visibility::Shown);
}
