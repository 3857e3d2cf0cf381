//! Arguments as a definition types them: one type each, however they are written, or a rule that reads them errs.

use portcullis_mcp::json;
use portcullis_policy::{InputType, Target};

use crate::support::{Ask, line, policies, user};

const REFUND: &str = r##"{
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "reason": {"type": "string"},
        "urgent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "order": {"type": "object", "properties": {"total": {"$ref": "#/$defs/money"}}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
        "either": {"type": ["string", "integer"]},
        "limit": {"type": ["integer", "null"]}
    },
    "required": ["amount"],
    "$defs": {"money": {"type": "number"}}
}"##;

/// What a policy with this condition decides of a call with these arguments.
fn decided(condition: &str, input: &str) -> String {
    let text = format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
    let ask = Ask { schema: Some(REFUND), ..Ask::new(user("ada", &[]), Target::Tool { name: "refund" }) };
    line(&ask.with(input).decide(&policies(&text)))
}

#[test]
fn the_definition_decides_the_type_and_not_the_value() {
    for (condition, inputs) in [
        (
            r#"context.input.amount == decimal("100.0")"#,
            &[r#"{"amount": 100}"#, r#"{"amount": 100.0}"#, r#"{"amount": 1e2}"#][..],
        ),
        (
            r#"context.input.amount.lessThan(decimal("0.0"))"#,
            &[r#"{"amount": -5}"#, r#"{"amount": -0.0001}"#],
        ),
        ("context.input.count == 3", &[r#"{"count": 3}"#, r#"{"count": 3.0}"#, r#"{"count": 30e-1}"#]),
        (r#"context.input.order.total == decimal("2.0")"#, &[r#"{"order": {"total": 2}}"#]),
        (r#"context.input.lines.contains({ price: decimal("1.0") })"#, &[r#"{"lines": [{"price": 1}]}"#]),
        ("context.input.urgent", &[r#"{"urgent": true}"#]),
        (r#"context.input.tags.contains("a")"#, &[r#"{"tags": ["b", "a"]}"#]),
        ("!(context.input has limit)", &["{}", r#"{"limit": null}"#]),
        // Where the definition says nothing, the value does.
        ("context.input.either == 5", &[r#"{"either": 5}"#, r#"{"either": 5.0}"#]),
        (r#"context.input.other == decimal("1.5")"#, &[r#"{"other": 1.5}"#]),
        ("context.input.other == 1", &[r#"{"other": 1}"#]),
        ("context.input.order.other == 1", &[r#"{"order": {"other": 1}}"#]),
    ] {
        for input in inputs {
            assert_eq!(decided(condition, input), "allow by p", "case: {condition} with {input}");
        }
    }
}

#[test]
fn a_value_of_another_type_is_there_labelled_and_errs() {
    let labelled = r#"context.session.labels.contains("args.unrepresentable")"#;
    for (reads, input) in [
        ("context.input.count < 9", r#"{"count": 3.5}"#),
        ("context.input.count < 9", r#"{"count": "3"}"#),
        ("context.input.count < 9", r#"{"count": 9223372036854775808}"#),
        ("context.input.limit < 9", r#"{"limit": [1]}"#),
        (r#"context.input.amount.lessThan(decimal("9.0"))"#, r#"{"amount": 0.00001}"#),
        (r#"context.input.amount.lessThan(decimal("9.0"))"#, r#"{"amount": 12345678901234567890}"#),
        (r#"context.input.amount.lessThan(decimal("9.0"))"#, r#"{"amount": {"value": 1}}"#),
        (r#"context.input.amount.lessThan(decimal("9.0"))"#, r#"{"amount": true}"#),
        (r#"context.input.reason like "*""#, r#"{"reason": 5}"#),
        (r#"context.input.reason like "*""#, r#"{"reason": ["x"]}"#),
        ("context.input.urgent", r#"{"urgent": "yes"}"#),
        (r#"context.input.tags.contains("a")"#, r#"{"tags": "a"}"#),
        // To look for something in a set errs as a whole, since it would pass over what is not there as itself.
        (r#"context.input.tags.contains("a")"#, r#"{"tags": ["a", 5]}"#),
        (r#"context.input.tags.contains("a")"#, r#"{"tags": ["a", null]}"#),
        (
            r#"context.input.lines.contains({ price: decimal("1.0") })"#,
            r#"{"lines": [{"price": 1}, {"price": "x"}]}"#,
        ),
        (r#"context.input.order.total.lessThan(decimal("9.0"))"#, r#"{"order": {"total": "2"}}"#),
        (r#"context.input.order.total.lessThan(decimal("9.0"))"#, r#"{"order": 2}"#),
    ] {
        let read = decided(reads, input);
        let errs = "error: policy `p` could not be evaluated: ";
        assert!(read.starts_with(errs), "case: {reads} with {input}: {read}");
        let guarded = decided(&format!("!({reads})"), input);
        assert!(guarded.starts_with(errs), "case: !({reads}) with {input}: {guarded}");
        assert_eq!(decided(labelled, input), "allow by p", "case: {input} is labelled");
        assert_eq!(
            decided("context.input has amount || true", input),
            "allow by p",
            "case: {input} is not read"
        );
    }
    for input in [r#"{"amount": 5, "tags": [], "other": {"x": [1, "a", true]}}"#, r#"{"amount": null}"#, "{}"]
    {
        assert_eq!(decided(labelled, input), "no policy allows", "case: {input} is not labelled");
    }
}

#[test]
fn values_that_do_not_fit_are_equal_only_as_they_are_written() {
    let same = r#"context.input.reason == context.input.order.total"#;
    assert_eq!(decided(same, r#"{"reason": [1], "order": {"total": [2]}}"#), "no policy allows");
    assert_eq!(decided(same, r#"{"reason": [1], "order": {"total": [1]}}"#), "allow by p");
}

#[test]
fn arguments_that_are_nested_a_hundred_deep_are_bounded_whatever_the_definition_says() {
    let mut schema = r#"{"type": "integer"}"#.to_owned();
    let mut input = json::Json::from(1_i64);
    for _ in 0..100 {
        schema = format!(r#"{{"type": "object", "properties": {{"a": {schema}}}}}"#);
        input = json::Json::Object(json::Object::new().with("a", input));
    }
    let schema = json::parse(schema.as_bytes(), json::Bounds::answer(250)).unwrap();
    let types = InputType::of_schema(schema.as_object().unwrap());
    let text = r#"@id("p") permit (principal, action, resource)
        when { context.session.labels.contains("args.unrepresentable") };"#;
    let set = policies(text);
    let ask = Ask::new(user("ada", &[]), Target::Tool { name: "refund" });
    let decision = ask.question(Some(&input), |question| {
        set.decide(&portcullis_policy::Question { types: Some(&types), ..*question })
    });
    assert_eq!(line(&decision), "allow by p");
}

#[test]
fn what_a_server_asks_of_a_client_has_the_types_of_the_protocol() {
    let ask = |target, condition: &str, input: &str| {
        let text = format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
        line(&Ask::new(user("ada", &[]), target).with(input).decide(&policies(&text)))
    };
    let url = r#"context.input has mode && context.input.mode == "url""#;
    assert_eq!(ask(Target::Elicit, url, r#"{"mode": "url", "message": "x"}"#), "allow by p");
    let errs = "error: policy `p` could not be evaluated: type error: expected";
    assert!(ask(Target::Elicit, r#"context.input.message like "*""#, r#"{"message": 5}"#).starts_with(errs));
    let temperature = r#"context.input.temperature.lessThan(decimal("0.5"))"#;
    assert_eq!(ask(Target::Sample, temperature, r#"{"temperature": 0}"#), "allow by p");
    assert!(ask(Target::Sample, "context.input.maxTokens < 9", r#"{"maxTokens": 1.5}"#).starts_with(errs));
}
