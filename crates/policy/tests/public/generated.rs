//! Policies and questions made at random.

use portcullis_identity::{AttributeValue, Principal, PrincipalKind};
use portcullis_policy::{PolicySet, Source, Target, Usage};
use proptest::prelude::*;

use crate::support::{Ask, MONDAY, principal, used};

/// One policy, without its id.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) annotations: &'static str,
    pub(crate) effect: &'static str,
    pub(crate) text: String,
}

pub(crate) const OBSERVED: &str = r#"@mode("observe")"#;
pub(crate) const SOFT: &str = r#"@approval("demo:boss")"#;

pub(crate) fn set(rules: &[Rule]) -> PolicySet {
    let texts = texts(rules);
    let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { file: "law.cedar", text }).collect();
    PolicySet::parse(&sources).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Each rule with an id, as a file of its own.
pub(crate) fn texts(rules: &[Rule]) -> Vec<String> {
    let text = |(index, rule): (usize, &Rule)| {
        let Rule { annotations, effect, text } = rule;
        format!("@id(\"p{index}\") {annotations} {effect} {text}")
    };
    rules.iter().enumerate().map(text).collect()
}

/// The same policy with an open scope and what its scope says as its first conditions: no index can leave it out.
pub(crate) fn unscoped(rule: &Rule) -> Rule {
    let scope = rule.text.strip_prefix('(').and_then(|text| text.split_once(')')).unwrap();
    let (scope, conditions) = scope;
    let mut depth = 0;
    let parts: Vec<&str> = scope
        .split(|c| {
            depth += i32::from(c == '[') - i32::from(c == ']');
            c == ',' && depth == 0
        })
        .map(str::trim)
        .collect();
    let conditions_of_scope: String = parts
        .iter()
        .filter(|part| !["principal", "action", "resource"].contains(part))
        .map(|part| format!(" when {{ {part} }}"))
        .collect();
    let text = format!("(principal, action, resource){conditions_of_scope}{conditions}");
    Rule { text, ..rule.clone() }
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
        r#"resource == Prompt::"billing/x""#,
        r#"resource in Connection::"billing""#,
        r#"resource in [Connection::"other", Connection::"billing"]"#,
        r#"resource in [Connection::"other", Tool::"billing/x"]"#,
        r#"resource in Resource::"billing/x:1""#,
        "resource is Tool",
        r#"resource is Tool in Connection::"billing""#,
        r#"resource is Prompt in Prompt::"billing/x""#,
        "if resource is Resource then resource.uri == \"x:1\" else resource.name == \"y\"",
        r#"resource.hasTag("t")"#,
        "{it: resource}.it == resource",
        r#"{it: resource}.it == Tool::"billing/x""#,
        r#"[principal, resource].contains(Prompt::"billing/y")"#,
        "principal in resource",
        "resource in principal",
        r#"Tool::"billing/x" has name"#,
        r#"Tool::"billing/y".name == "y""#,
        r#"Tool::"billing/x" in Connection::"billing""#,
        r#"Action::"billing/x" in Action::"call""#,
        r#"Action::"read" in Action::"call""#,
        r#"action in Action::"billing""#,
        r#"action in Action::"read""#,
        r#"action in Action::"billing/x""#,
        r#"action in [Action::"call", Action::"get"]"#,
        r#"action in [Action::"prompt:billing/x", Action::"other"]"#,
        r#"action == Action::"billing/y""#,
        r#"[action].contains(Action::"billing/x")"#,
        "action has name",
        r#"User::"demo|ada".subject == "ada""#,
        r#"Group::"demo:a" in Group::"demo:b""#,
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

/// Conditions that compare one argument with constants.
fn comparing_atom() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "context.input has a",
        "context.input.a == 1",
        "2 != context.input.a",
        "context.input.a < 2",
        "context.input.a <= 2",
        "context.input.a > 1",
        "1 >= context.input.a",
        "[1, 3].contains(context.input.a)",
        "[\"x\", 1].contains(context.input.a)",
        "context.input.a",
        "context.input.a == true",
        "context.input has s",
        r#"context.input.s == "x""#,
        r#"context.input.s != "y""#,
        r#"["x", "y"].contains(context.input.s)"#,
        r#"context.input.d.lessThan(decimal("1.5"))"#,
        r#"context.input.d.greaterThanOrEqual(decimal("1.25"))"#,
        r#"decimal("1.5").lessThanOrEqual(context.input.d)"#,
        r#"context.input.d == decimal("1.25")"#,
    ])
    .prop_map(str::to_owned)
}

/// Every value that makes a difference to [`comparing_atom`], for each of its arguments.
pub(crate) fn compared_inputs() -> Vec<String> {
    const A: [&str; 9] = ["", "0", "1", "2", "3", "{}", "true", "false", "\"x\""];
    const S: [&str; 4] = ["", "\"x\"", "\"y\"", "{}"];
    const D: [&str; 6] = ["", "1", "1.2499", "1.25", "1.3", "1.5"];
    let member = |name: &str, value: &str| (!value.is_empty()).then(|| format!("\"{name}\":{value}"));
    let mut inputs = Vec::new();
    for a in A {
        for s in S {
            for d in D {
                let members = [member("a", a), member("s", s), member("d", d)];
                inputs.push(format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(",")));
            }
        }
    }
    inputs
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
        r#"(if context.input.t then principal.getTag("t") else "v") == "v""#,
        "(if context.input.t then 1 else principal.shoe_size) == 1",
        "(context.input.t && principal.shoe_size > 40) == false",
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

/// Conditions that read what was used.
fn usage_atom() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "context.session has usage",
        "context.session has usage.day.calls",
        "context.session.usage.day.calls >= 2",
        "context.session.usage.hour.calls > 0",
        r#"context.session.usage.day.distinct["pii.email"] >= 1"#,
        r#"context.session.usage.day.distinct["pii.card"] == 0"#,
        r#"context.session.usage.day.findings["pii.email"] > context.session.usage.day.calls"#,
        r#"context.session["us\u{61}ge"].day.calls < 1"#,
        r#"{it: context.session}.it["usage"].minute.bytes == 0"#,
        "context.session.usage == context.session.usage",
        r#"context.session == Session::"current""#,
        r#"if context.session.usage.day.calls > 1 then principal.shoe_size > 40 else true"#,
        "context.input.a > context.session.usage.day.calls",
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

pub(crate) fn any_condition() -> BoxedStrategy<String> {
    condition(prop_oneof![3 => plain_atom(), 3 => reading_atom(), 1 => usage_atom()]).boxed()
}

pub(crate) fn plain_condition() -> BoxedStrategy<String> {
    condition(plain_atom()).boxed()
}

pub(crate) fn comparing_condition() -> BoxedStrategy<String> {
    condition(prop_oneof![1 => plain_atom(), 3 => comparing_atom()]).boxed()
}

pub(crate) fn labelled_condition() -> BoxedStrategy<String> {
    condition(prop_oneof![plain_atom(), label_atom()]).boxed()
}

pub(crate) fn rule(condition: BoxedStrategy<String>) -> impl Strategy<Value = Rule> {
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
        r#"principal in User::"demo|ada""#,
        "principal is Workload",
        r#"principal is User in Group::"demo:b""#,
    ]);
    let what = prop::sample::select(vec![
        "action",
        r#"action in Action::"call""#,
        r#"action in Action::"billing""#,
        r#"action == Action::"billing/x""#,
        r#"action == Action::"read""#,
        r#"action in [Action::"read", Action::"billing/y"]"#,
        r#"action in [Action::"billing/x", Action::"billing/y", Action::"prompt:billing/x"]"#,
        r#"action in [Action::"get", Action::"billing/x"]"#,
        "action in []",
    ]);
    let which = prop::sample::select(vec![
        "resource",
        "resource",
        "resource",
        r#"resource in Connection::"billing""#,
        r#"resource in Connection::"other""#,
        r#"resource in Tool::"billing/x""#,
        r#"resource == Tool::"billing/x""#,
        r#"resource == Prompt::"billing/y""#,
        r#"resource == Resource::"billing/x:1""#,
        r#"resource == Connection::"billing""#,
        "resource is Tool",
        "resource is Prompt",
        r#"resource is Tool in Connection::"billing""#,
        r#"resource is Tool in Tool::"billing/y""#,
        r#"resource is Resource in Connection::"other""#,
    ]);
    let clause = prop_oneof![
        1 => Just(String::new()),
        3 => condition.clone().prop_map(|condition| format!(" when {{ {condition} }}")),
        1 => condition.prop_map(|condition| format!(" unless {{ {condition} }}")),
    ];
    (kind, who, what, which, clause).prop_map(|((annotations, effect), who, what, which, clause)| Rule {
        annotations,
        effect,
        text: format!("({who}, {what}, {which}){clause};"),
    })
}

pub(crate) fn rules(condition: BoxedStrategy<String>) -> impl Strategy<Value = Vec<Rule>> {
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

/// What was used, or that it is not known.
pub(crate) fn usage() -> impl Strategy<Value = Option<Usage>> {
    prop::sample::select(vec![None, Some((0, 0)), Some((1, 2)), Some((2, 1)), Some((u64::MAX, u64::MAX / 2))])
        .prop_map(|counts| counts.map(|(calls, addresses)| used(calls, addresses)))
}

pub(crate) fn ask() -> impl Strategy<Value = Ask<'static>> {
    let target = prop::sample::select(vec![
        Target::Tool { name: "x" },
        Target::Tool { name: "y" },
        Target::Read { uri: "x:1" },
        Target::Prompt { name: "x" },
    ]);
    let labels = prop::sample::select(vec![&[][..], &["pii.card"], &["pii.card", "pii.email"]]);
    let client = prop::sample::select(vec![None, Some("cli"), Some("web")]);
    let now = prop::sample::select(vec![0, MONDAY, 1_800_000_000]);
    (who(), target, input(), labels, client, now, usage()).prop_map(
        |(principal, target, input, labels, client, now, usage)| Ask {
            schema: None,
            labels,
            client,
            now,
            usage,
            ..Ask::new(principal, target).with(&input)
        },
    )
}
