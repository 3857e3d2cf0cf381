//! What is wrong with policies, each in one line with its place and what to do.
#![cfg(test)]

use portcullis_mcp::json::{self, Bounds};
use portcullis_pins::Pins;
use portcullis_policy::{Explainer, Problem, Source};
use portcullis_schema::{Findings, World};
use portcullis_settings::Draft;

const SETTINGS: &str = r#"
public_url = "https://mcp.example.com"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "https://okta.example.com"
attributes = ["team", "roles"]
[issuers.github]
issuer = "https://token.actions.githubusercontent.com"
principal = "workload"
attributes = ["repository"]
[connections.billing]
url = "https://billing.example.com/mcp"
issuers = ["okta", "github"]
[connections.wiki]
url = "https://wiki.example.com/mcp"
issuers = ["okta"]
"#;

const PINS: &str = r##"{"connection": "billing", "version": 1,
    "tools": [
        {"name": "refund", "inputSchema": {"type": "object", "properties": {
            "amount": {"type": "number"}, "count": {"type": "integer"}, "reason": {"type": "string"},
            "either": {"type": ["string", "integer"]}, "tags": {"type": "array", "items": {"type": "string"}},
            "order": {"type": "object", "properties": {"total": {"type": "number"}}},
            "tool-name": {"type": "string"}
        }, "required": ["amount"]}},
        {"name": "list_customers", "inputSchema": {"type": "object", "properties": {"limit": {"type": "integer"}}}},
        {"name": "get-customer", "inputSchema": {"type": "object"}},
        {"name": "get.customer", "inputSchema": {"type": "object"}},
        {"name": "permit/if", "inputSchema": {"type": "object"}},
        {"name": "odd", "inputSchema": {"type": "string"}}
    ],
    "prompts": [{"name": "letter", "arguments": [{"name": "customer_id", "required": true}, {"name": "tone"}]}]
}"##;

fn findings(policies: &str) -> Findings {
    let draft = Draft::parse(SETTINGS, "portcullis.toml").unwrap();
    let pins = Pins::parse(&"billing".parse().unwrap(), PINS).unwrap();
    let world = World::new(&draft, [&pins]);
    let explainer = Explainer::parse(&[Source { file: "p.cedar", text: policies }]).unwrap();
    portcullis_schema::check(&world, &explainer).unwrap()
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// A permit of this scope and condition, on lines of their own.
fn permit(scope: &str, condition: &str) -> String {
    format!("@id(\"p\")\npermit (\n    {scope}\n)\nwhen {{\n    {condition}\n}};")
}

const REFUND: &str = r#"principal, action == Action::"billing/refund", resource"#;

/// What is said of a condition of the tool `refund`; `""` if nothing is.
fn of_condition(condition: &str) -> String {
    let Findings { problems, warnings } = findings(&permit(REFUND, condition));
    told(&problems) + &warnings.iter().map(|warning| format!("warning: {warning}\n")).collect::<String>()
}

#[test]
fn what_exists_and_fits_is_right() {
    for condition in [
        r#"context.input.amount.lessThan(decimal("5.0"))"#,
        "context.input has count && context.input.count < 5",
        r#"context.input has reason && context.input.reason like "*x*""#,
        r#"context.input has tags && context.input.tags.contains("a")"#,
        r#"context.input has order.total && context.input.order.total.greaterThan(decimal("1.0"))"#,
        r#"context.input has "tool-name" && context.input["tool-name"] == "x""#,
        r#"context.session.labels.containsAny(["pii.card", "args.unrepresentable"])"#,
        r#"context.session.now > datetime("2026-01-01") && context.session has client"#,
        r#"context.session.usage.day.distinct["pii.email"] < 50 && context.session.usage.minute.calls < 9"#,
        r#"principal.hasTag("team") && principal.getTag("team") == "x""#,
        r#"principal.hasTag("roles") && principal.getTag("roles").contains("x")"#,
        r#"principal in Group::"okta:support" && resource == Tool::"billing/refund""#,
        r#"principal.subject == "x" && resource.name == "refund" && resource in Connection::"billing""#,
    ] {
        assert_eq!(of_condition(condition), "", "case: {condition}");
    }
    for scope in [
        r#"principal, action in Action::"call", resource in Connection::"billing""#,
        r#"principal, action == Action::"billing/get-customer", resource"#,
        r#"principal, action in [Action::"billing/get.customer", Action::"billing/permit/if"], resource"#,
        r#"principal is Workload, action == Action::"read", resource is Resource"#,
        r#"principal, action == Action::"complete", resource in Connection::"wiki""#,
        r#"principal, action in Action::"prompt:billing", resource == Prompt::"billing/letter""#,
        r#"principal in Group::"github:ci", action in [Action::"approve", Action::"sample"], resource"#,
        r#"principal, action == Action::"unmask", resource in DataClass::"pii""#,
        r#"principal == User::"okta|ann", action, resource"#,
        // Nothing of the wiki is pinned, so anything may exist.
        r#"principal, action == Action::"wiki/anything", resource == Tool::"wiki/anything""#,
    ] {
        let Findings { problems, warnings } = findings(&permit(scope, "true"));
        assert_eq!((told(&problems), told(&warnings)), (String::new(), String::new()), "case: {scope}");
    }
}
