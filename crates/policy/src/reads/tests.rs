use cedar_policy::Policy;

use super::{Reads, may_name_usage};

#[test]
fn conditions_read_what_could_tell_two_targets_apart() {
    for (conditions, want) in [
        ("", Reads::NOTHING),
        ("when { true }", Reads::NOTHING),
        (r#"when { principal in Group::"demo:a" && principal.issuer == "demo" }"#, Reads::NOTHING),
        (
            "when { context.input.resource > 1 || context.session.now.toTime() > duration(\"1h\") }",
            Reads::NOTHING,
        ),
        (r#"when { context.session.labels.containsAny(["resource", "action"]) }"#, Reads::NOTHING),
        (r#"unless { [principal].contains(User::"demo|ada") }"#, Reads::NOTHING),
        (r#"when { {action: 1}.action == 1 && context has action.resource }"#, Reads::NOTHING),
        // The same for all targets of a kind on a connection.
        (r#"when { resource in Connection::"billing" }"#, Reads::NOTHING),
        (r#"when { resource in [Connection::"billing", Connection::"crm"] }"#, Reads::NOTHING),
        ("when { resource is Tool || action is Action }", Reads::NOTHING),
        (r#"when { resource is Tool in Connection::"billing" }"#, Reads::NOTHING),
        (r#"unless { action in [Action::"call", Action::"billing", Action::"read"] }"#, Reads::NOTHING),
        // Not the same.
        ("when { resource.name like \"x*\" }", Reads::RESOURCE),
        ("when { resource has name }", Reads::RESOURCE),
        ("unless { resource.getTag(context.input.key) == 1 }", Reads::RESOURCE),
        (r#"when { true } unless { resource in Tool::"billing/x" }"#, Reads::RESOURCE),
        (r#"when { resource in [Connection::"billing", Tool::"billing/x"] }"#, Reads::RESOURCE),
        (r#"when { resource in context.input.it }"#, Reads::RESOURCE),
        (r#"when { resource is Tool in Tool::"billing/x" }"#, Reads::RESOURCE),
        (r#"when { principal in resource }"#, Reads::RESOURCE),
        (r#"when { Tool::"billing/x" has name }"#, Reads::RESOURCE),
        (r#"when { principal.subject == Prompt::"billing/x".name }"#, Reads::RESOURCE),
        (r#"when { if context.input.on then [1] == [2] else {it: resource} == {} }"#, Reads::RESOURCE),
        (r#"when { action == Action::"read" }"#, Reads::ACTION),
        (r#"when { action in Action::"billing/x" }"#, Reads::ACTION),
        (r#"when { action in [Action::"billing", Action::"billing/x"] }"#, Reads::ACTION),
        (r#"when { Action::"billing/x" in Action::"billing" }"#, Reads::ACTION),
        ("when { action in principal }", Reads::ACTION),
        (r#"when { {it: action, that: resource} == {} }"#, Reads::ACTION | Reads::RESOURCE),
        ("when { context.session.usage.day.calls >= 300 }", Reads::USAGE),
        (r#"unless { context["session"]["us\u{61}ge"].day.calls < 1 }"#, Reads::USAGE),
        ("when { context.session has usage }", Reads::USAGE),
        ("when { context has session.usage.day }", Reads::USAGE),
        ("when { {it: context.session}.it.usage.day.distinct[\"pii.email\"] > 1 }", Reads::USAGE),
        ("when { context.session == context.input.session }", Reads::NOTHING),
        (r#"when { context.input.text == "usage" }"#, Reads::NOTHING),
        // Not known to be the same.
        (r#"when { Connection::"billing" in Elsewhere::"x" }"#, Reads::EVERYTHING),
        (r#"when { resource in Elsewhere::Connection::"x" }"#, Reads::EVERYTHING),
        (r#"when { unknown("it") }"#, Reads::EVERYTHING),
    ] {
        let text =
            format!("permit (principal, action == Action::\"c/x\", resource == Tool::\"c/x\") {conditions};");
        let policy = Policy::parse(None, text).unwrap();
        assert_eq!(Reads::of_policy(&policy), want, "case: {conditions}");
    }
}

#[test]
fn a_text_that_cannot_name_usage_is_told_without_parsing() {
    for (text, want) in [
        ("permit (principal, action, resource) when { context.session.labels.isEmpty() };", false),
        ("forbid (principal, action, resource) when { context.session.usage.day.calls > 1 };", true),
        (r#"forbid (principal, action, resource) when { context.session["us\x61ge"].day.calls > 1 };"#, true),
        ("forbid (principal, action, resource) when { context.session has \"us\\\n  age\" };", true),
    ] {
        assert_eq!(may_name_usage(text), want, "case: {text}");
        let reads = Policy::parse(None, text).is_ok_and(|policy| Reads::of_policy(&policy).usage());
        assert!(want || !reads, "case: {text}");
    }
}
