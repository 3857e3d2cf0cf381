//! Laws that hold for all policies and all questions, tried on generated ones.

use portcullis_policy::{Decision, DenialKind, PolicySet, Source, Target, Visibility};
use proptest::prelude::*;

use crate::support::{Ask, MONDAY, line, principal, user};
use portcullis_identity::{AttributeValue, Principal, PrincipalKind};

/// One policy, without its id.
#[derive(Clone, Debug)]
struct Rule {
    annotations: &'static str,
    effect: &'static str,
    text: String,
}

const OBSERVED: &str = r#"@mode("observe")"#;
const SOFT: &str = r#"@approval("demo:boss")"#;

fn set(rules: &[Rule]) -> PolicySet {
    let texts: Vec<String> = rules
        .iter()
        .enumerate()
        .map(|(index, Rule { annotations, effect, text })| {
            format!("@id(\"p{index}\") {annotations} {effect} {text}")
        })
        .collect();
    let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { file: "law.cedar", text }).collect();
    PolicySet::parse(&sources).unwrap_or_else(|problems| panic!("{problems}"))
}

/// How much a decision lets through.
fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::Deny(_) => 0,
        Decision::Hold(_) => 1,
        Decision::Allow(_) => 2,
    }
}

fn failed(decision: &Decision) -> bool {
    match decision {
        Decision::Deny(denial) => matches!(denial.kind(), DenialKind::EvaluationError(_)),
        Decision::Allow(_) | Decision::Hold(_) => false,
    }
}

/// Conditions that read neither arguments nor labels.
fn plain_atom() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "true",
        "false",
        r#"principal.subject == "ada""#,
        r#"principal in Group::"demo:a""#,
        "principal is Workload",
        r#"principal.hasTag("t")"#,
        r#"principal.hasTag("t") && principal.getTag("t") == "v""#,
        r#"principal.getTag("t") == "v""#,
        "principal.shoe_size > 40",
        r#"resource.name == "x""#,
        r#"resource has uri && resource.uri like "x*""#,
        r#"resource in Connection::"billing""#,
        r#"action in Action::"billing""#,
        "context.session has client",
        r#"context.session.client == "cli""#,
        r#"context.session.now < datetime("2026-06-01")"#,
        r#"context.session.now.toTime() < duration("9h")"#,
        "9223372036854775807 + 1 > 0",
    ])
    .prop_map(str::to_owned)
}

/// Conditions that read labels and no arguments.
fn label_atom() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        r#"context.session.labels.contains("pii.card")"#,
        r#"context.session.labels.containsAny(["pii.email", "x"])"#,
        "context.session.labels.isEmpty()",
        r#"context.session.labels == ["pii.card"]"#,
        "context.session.labels.pii",
        r#"if context.session.labels.contains("pii.card") then principal.shoe_size > 40 else true"#,
    ])
    .prop_map(str::to_owned)
}

/// Conditions that read arguments or labels.
fn reading_atom() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "context has input",
        "context.input has a",
        "context.input has o && context.input.o has a",
        "context.input has o.a",
        "context.input.a == 1",
        "context.input.a < 2",
        "context.input.a + 1 > 2",
        "context.input.a == context.input.b",
        "context.input.a != context.input.a",
        "-context.input.a < 0",
        "context.input == {}",
        "context.input == {a: 1}",
        "{x: context.input.a}.x == 1",
        "{x: context.input.a, y: 1}.y == 1",
        "[context.input.a, 1].contains(1)",
        "[1, 2].containsAll([context.input.a])",
        r#"context.input.l.contains("x")"#,
        "context.input.l.isEmpty()",
        r#"context.input.s like "x*""#,
        r#"context.input.s == "x""#,
        r#"principal.getTag(context.input.s) == "v""#,
        r#"context.input.d.lessThan(decimal("1.5"))"#,
        r#"decimal(context.input.s).lessThan(decimal("1.5"))"#,
        "context.input.o.a == 1",
        "context.input.t",
        "!context.input.t",
        "if context.input.t then principal.shoe_size > 40 else true",
        "if context.input has a then false else true",
        r#"context.input.s is User"#,
        r#"context.input.s in Group::"demo:a""#,
        r#"principal in [Group::"demo:a", context.input.s]"#,
        r#"context.session.labels.contains("pii.card")"#,
        r#"context.session.labels.contains("args.unrepresentable")"#,
        "context.session.labels.isEmpty()",
        "context.session == {}",
        r#"context == {input: context.input, session: context.session}"#,
    ])
    .prop_map(str::to_owned)
}

fn condition(atom: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    atom.prop_recursive(3, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("(({a}) && ({b}))")),
            two.prop_map(|(a, b)| format!("(({a}) || ({b}))")),
            inner.prop_map(|a| format!("!({a})")),
            three.prop_map(|(a, b, c)| format!("(if ({a}) then ({b}) else ({c}))")),
        ]
    })
}

fn any_condition() -> BoxedStrategy<String> {
    condition(prop_oneof![plain_atom(), reading_atom()]).boxed()
}

fn plain_condition() -> BoxedStrategy<String> {
    condition(plain_atom()).boxed()
}

fn labelled_condition() -> BoxedStrategy<String> {
    condition(prop_oneof![plain_atom(), label_atom()]).boxed()
}

fn rule(condition: BoxedStrategy<String>) -> impl Strategy<Value = Rule> {
    let kind = prop::sample::select(vec![
        ("", "permit"),
        ("", "permit"),
        ("", "permit"),
        ("", "forbid"),
        (SOFT, "forbid"),
        (SOFT, "forbid"),
        (OBSERVED, "permit"),
        (OBSERVED, "forbid"),
    ]);
    let who = prop::sample::select(vec![
        "principal",
        "principal",
        r#"principal in Group::"demo:a""#,
        r#"principal == User::"demo|ada""#,
        "principal is Workload",
    ]);
    let what = prop::sample::select(vec![
        "action",
        r#"action in Action::"call""#,
        r#"action in Action::"billing""#,
        r#"action == Action::"billing/x""#,
        r#"action in [Action::"read", Action::"billing/y"]"#,
    ]);
    let clause = prop_oneof![
        1 => Just(String::new()),
        3 => condition.clone().prop_map(|condition| format!(" when {{ {condition} }}")),
        1 => condition.prop_map(|condition| format!(" unless {{ {condition} }}")),
    ];
    (kind, who, what, clause).prop_map(|((annotations, effect), who, what, clause)| Rule {
        annotations,
        effect,
        text: format!("({who}, {what}, resource){clause};"),
    })
}

fn rules(condition: BoxedStrategy<String>) -> impl Strategy<Value = Vec<Rule>> {
    prop::collection::vec(rule(condition), 0..6)
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "0", "1", "2", "-1", "1.0", "1.25", "1e99", "null", "true", "false", "\"x\"", "\"xy\"", "\"1.0\"",
        "\"t\"", "[]", "{}",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            inner.prop_map(|value| format!(r#"{{"a":{value}}}"#)),
        ]
    })
}

fn input() -> impl Strategy<Value = String> {
    let keys = vec!["a", "b", "d", "l", "o", "s", "t"];
    let keys = prop::sample::subsequence(keys, 0..=7);
    (keys, prop::collection::vec(value(), 7)).prop_map(|(keys, values)| {
        let members: Vec<String> =
            keys.iter().zip(values).map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn who() -> impl Strategy<Value = Principal> {
    let kind = prop::sample::select(vec![PrincipalKind::User, PrincipalKind::Workload]);
    let subject = prop::sample::select(vec!["ada", "bob"]);
    let groups = prop::sample::subsequence(vec!["demo:a", "demo:b"], 0..=2);
    (kind, subject, groups, any::<bool>()).prop_map(|(kind, subject, groups, tagged)| {
        let mut principal = principal(kind, subject, &groups);
        if tagged {
            principal.attributes.insert("t".to_owned(), AttributeValue::Text("v".to_owned()));
        }
        principal
    })
}

fn ask() -> impl Strategy<Value = Ask<'static>> {
    let target = prop::sample::select(vec![
        Target::Tool { name: "x" },
        Target::Tool { name: "y" },
        Target::Read { uri: "x:1" },
        Target::Prompt { name: "x" },
    ]);
    let labels = prop::sample::select(vec![&[][..], &["pii.card"], &["pii.card", "pii.email"]]);
    let client = prop::sample::select(vec![None, Some("cli"), Some("web")]);
    let now = prop::sample::select(vec![0, MONDAY, 1_800_000_000]);
    (who(), target, input(), labels, client, now).prop_map(
        |(principal, target, input, labels, client, now)| Ask {
            labels,
            client,
            now,
            ..Ask::new(principal, target).with(&input)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_never_hide_what_could_be_called(rules in rules(any_condition()), ask in ask()) {
        let set = set(&rules);
        let decision = ask.decide(&set);
        if rank(&decision) > 0 {
            prop_assert_ne!(ask.visibility(&set), Visibility::Hidden, "{}", line(&decision));
            if let Target::Read { .. } = ask.target {
                prop_assert_ne!(ask.template_visibility(&set), Visibility::Hidden, "{}", line(&decision));
            }
        }
        if rank(&decision) == 2 {
            prop_assert_ne!(ask.visibility(&set), Visibility::ShownNeedsApproval);
        }
    }

    #[test]
    fn lists_are_exact_for_rules_that_read_no_arguments(rules in rules(plain_condition()), ask in ask()) {
        let set = set(&rules);
        let want = match ask.decide(&set) {
            Decision::Allow(_) => Visibility::Shown,
            Decision::Deny(_) => Visibility::Hidden,
            Decision::Hold(_) => Visibility::ShownNeedsApproval,
        };
        prop_assert_eq!(ask.visibility(&set), want);
    }

    #[test]
    fn answers_are_never_stopped_for_what_was_asked(rules in rules(any_condition()), ask in ask()) {
        let set = set(&rules);
        // An input with its label for what has no type is judged with that label, and an answer has none.
        let ask = Ask { input: ask.input.replace("1e99", "7").replace("null", "8"), ..ask };
        let decision = ask.decide(&set);
        if rank(&decision) > 0 {
            prop_assert_ne!(ask.response_visibility(&set), Visibility::Hidden, "{}", line(&decision));
        }
        if rank(&decision) == 2 {
            prop_assert_ne!(ask.response_visibility(&set), Visibility::ShownNeedsApproval);
        }
    }

    #[test]
    fn answers_are_judged_exactly_by_rules_that_read_labels(
        rules in rules(labelled_condition()),
        ask in ask(),
    ) {
        let set = set(&rules);
        let ask = Ask { input: "{}".to_owned(), ..ask };
        let want = match ask.decide(&set) {
            Decision::Allow(_) => Visibility::Shown,
            Decision::Deny(_) => Visibility::Hidden,
            Decision::Hold(_) => Visibility::ShownNeedsApproval,
        };
        prop_assert_eq!(ask.response_visibility(&set), want);
    }

    #[test]
    fn adding_a_forbid_never_allows_more(
        mut rules in rules(any_condition()),
        more in rule(any_condition()),
        soft: bool,
        ask in ask(),
    ) {
        let before = rank(&ask.decide(&set(&rules)));
        rules.push(Rule { annotations: if soft { SOFT } else { "" }, effect: "forbid", ..more });
        prop_assert!(rank(&ask.decide(&set(&rules))) <= before);
    }

    #[test]
    fn removing_a_permit_never_allows_more(mut rules in rules(any_condition()), ask in ask()) {
        let before = ask.decide(&set(&rules));
        let permit = rules.iter().position(|rule| rule.effect == "permit" && rule.annotations.is_empty());
        // A permit that errs denies; taking it away may well allow.
        if let (Some(permit), false) = (permit, failed(&before)) {
            rules.remove(permit);
            prop_assert!(rank(&ask.decide(&set(&rules))) <= rank(&before));
        }
    }

    #[test]
    fn observing_changes_nothing(rules in rules(any_condition()), ask in ask()) {
        let enforced: Vec<Rule> = rules.iter().filter(|rule| rule.annotations != OBSERVED).cloned().collect();
        let (with, without) = (set(&rules), set(&enforced));
        prop_assert_eq!(rank(&ask.decide(&with)), rank(&ask.decide(&without)));
        prop_assert_eq!(ask.visibility(&with), ask.visibility(&without));
    }

    #[test]
    fn an_error_in_an_enforced_policy_denies(
        mut rules in rules(any_condition()),
        effect in prop::sample::select(vec![("", "permit"), ("", "forbid"), (SOFT, "forbid")]),
        ask in ask(),
    ) {
        let (annotations, effect) = effect;
        let text = "(principal, action, resource) when { principal.shoe_size > 40 };".to_owned();
        rules.push(Rule { annotations, effect, text });
        prop_assert!(failed(&ask.decide(&set(&rules))));
        prop_assert_eq!(ask.visibility(&set(&rules)), Visibility::Hidden);
    }

    #[test]
    fn the_order_of_policies_means_nothing(rules in rules(any_condition()), ask in ask()) {
        let texts: Vec<String> = rules
            .iter()
            .enumerate()
            .map(|(index, Rule { annotations, effect, text })| format!("@id(\"p{index}\") {annotations} {effect} {text}"))
            .collect();
        let parse = |texts: Vec<&String>| {
            let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { file: "law.cedar", text }).collect();
            PolicySet::parse(&sources).unwrap()
        };
        let (forward, backward) = (parse(texts.iter().collect()), parse(texts.iter().rev().collect()));
        prop_assert_eq!(line(&ask.decide(&forward)), line(&ask.decide(&backward)));
        prop_assert_eq!(forward.digest(), backward.digest());
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*", tail in "[@\"();{}a-z:/\\\\ \n]*") {
        for text in [text.clone(), tail.clone(), format!("@id(\"{text}\") permit (principal, action, resource); {tail}")] {
            let _ = PolicySet::parse(&[Source { file: "law.cedar", text: &text }]);
        }
    }

    #[test]
    fn names_are_injective(a in "[a-z0-9/:|]{1,6}", b in "[a-z0-9/:|]{1,6}") {
        let text = format!(r#"@id("p") permit (principal, action == Action::"c/{a}", resource == Tool::"c/{a}");"#);
        let ask = Ask { connection: "c", ..Ask::new(user("ada", &[]), Target::Tool { name: &b }) };
        prop_assert_eq!(rank(&ask.decide(&set_of(&text))) == 2, a == b);
    }
}

fn set_of(text: &str) -> PolicySet {
    PolicySet::parse(&[Source { file: "law.cedar", text }]).unwrap()
}
