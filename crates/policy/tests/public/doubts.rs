//! What a decision hangs on that is not known.

use portcullis_mcp::json;
use portcullis_policy::{Decision, Doubts, Gap, Gaps, Target};

use crate::support::{Ask, policies, user, workload};

const REFUND: Target<'_> = Target::Tool { name: "refund" };
const SCHEMA: &str = r#"{"type":"object","properties":{"amount":{"type":"number"},"note":{"type":"string"},"n":{"type":"integer"}}}"#;

fn ask(input: &str) -> Ask<'static> {
    Ask { labels: &["pii.card"], ..Ask::new(user("ana", &["okta:staff"]), REFUND) }.with(input)
}

fn gap(name: &str) -> Gap {
    match name {
        "attributes" => Gap::Attributes,
        "labels" => Gap::Labels,
        "usage" => Gap::Usage,
        path => Gap::Argument(path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()),
    }
}

fn doubts(text: &str, ask: &Ask<'_>, gaps: &[&str]) -> Vec<String> {
    let policies = policies(text);
    let input = json::parse(ask.input.as_bytes(), json::Bounds::request(64)).unwrap();
    let gaps: Gaps = gaps.iter().map(|name| gap(name)).collect();
    let found = ask.question(Some(&input), |question| Doubts::new(&policies).of_call(question, &gaps));
    found.iter().map(ToString::to_string).collect()
}

/// A permit of everything, and these.
fn with_permit(rest: &str) -> String {
    format!("@id(\"all\") permit (principal, action, resource);\n{rest}")
}

fn forbid(condition: &str) -> String {
    with_permit(&format!("@id(\"no\") forbid (principal, action, resource) when {{ {condition} }};"))
}

const NOTE: &str = r#"{"note":"[card]","n":5,"to":{"card":"[card]","land":"de"},"amount":1.5}"#;

#[test]
fn a_decision_hangs_on_what_policies_read_and_nothing_else() {
    let all = ["note", "to.card", "labels", "usage", "attributes"];
    for (condition, expected) in [
        ("true", &[][..]),
        ("context.input has n && context.input.n > 7", &[]),
        ("context.input has note && context.input.note like \"*x*\"", &["arguments.note"]),
        // It is there, whatever it is.
        ("!(context.input has note)", &[]),
        ("context.input has other", &[]),
        ("context.input.to.land == \"fr\"", &[]),
        ("context.input.to.card == \"x\"", &["arguments.to.card"]),
        ("context.input.to == {\"land\": \"de\"}", &["arguments.to.card"]),
        ("context.input == {\"land\": \"de\"}", &["arguments.note", "arguments.to.card"]),
        // What is known is enough.
        ("context.input.n == 4 && context.input.note == \"x\"", &[]),
        ("if context.input.n == 5 then false else context.input.note == \"x\"", &[]),
        ("context.session.labels.contains(\"pii.card\")", &["labels"]),
        ("context.session.usage.day.calls > 3", &["usage"]),
        ("context.session.now < datetime(\"2020-01-01\")", &[]),
        ("principal.hasTag(\"ref\")", &["attributes"]),
        ("principal.subject == \"bob\"", &[]),
        // That something had no counterpart in Cedar is never recorded.
        (
            "context.session.labels.contains(\"args.unrepresentable\")",
            &["arguments.note", "arguments.to.card", "labels"],
        ),
        ("context.session.labels.isEmpty()", &["arguments.note", "arguments.to.card", "labels"]),
        (
            "(if context.input.n == 5 then context.session else context.session).labels.contains(\"x\")",
            &["arguments.note", "arguments.to.card", "labels"],
        ),
    ] {
        assert_eq!(doubts(&forbid(condition), &ask(NOTE), &all), expected, "{condition}");
        let soft = forbid(condition).replace("@id(\"no\")", "@id(\"no\") @approval(\"okta:dba\")");
        assert_eq!(doubts(&soft, &ask(NOTE), &all), expected, "soft: {condition}");
    }
}

#[test]
fn what_is_denied_in_any_case_hangs_on_nothing() {
    let reads = "@id(\"no\") forbid (principal, action, resource) when { context.input.note == \"x\" };";
    let hard = "@id(\"hard\") forbid (principal, action, resource);";
    let errs = "@id(\"errs\") forbid (principal, action, resource) when { context.input.absent };";
    let soft = "@id(\"soft\") @approval(\"okta:dba\") forbid (principal, action, resource);";
    for (text, expected) in [
        (reads.to_owned(), &[][..]),
        (with_permit(&format!("{reads}{hard}")), &[]),
        (with_permit(&format!("{reads}{errs}")), &[]),
        (with_permit(&format!("{reads}{soft}")), &["arguments.note"]),
        (reads.replace("forbid", "permit"), &["arguments.note"]),
        // One for others is no candidate, and one that is only watched decides nothing.
        (with_permit(&reads.replace("(principal,", "(principal in Group::\"okta:x\",")), &[]),
        (with_permit(&reads.replace("@id", "@mode(\"observe\") @id")), &[]),
    ] {
        assert_eq!(doubts(&text, &ask(NOTE), &["note"]), expected, "{text}");
    }
}

#[test]
fn all_arguments_may_be_missing() {
    let ask = Ask { schema: Some(SCHEMA), ..ask("{}") };
    for (condition, expected) in [
        ("context.input has n && context.input.n > 7", &["arguments"][..]),
        ("principal == User::\"okta|bob\"", &[]),
    ] {
        assert_eq!(doubts(&forbid(condition), &ask, &[""]), expected, "{condition}");
    }
    // Who is no program is not asked for what programs have.
    let text =
        "@id(\"w\") permit (principal is Workload, action, resource) when { principal.hasTag(\"ref\") };";
    assert_eq!(doubts(text, &ask, &["attributes"]), [""; 0]);
    let job = Ask { principal: workload("job", &["okta:ci"], &[("ref", "main")]), ..ask };
    assert_eq!(doubts(text, &job, &["attributes"]), ["attributes"]);
}

/// Where no doubt is found, whatever was masked, the answer is the same.
#[test]
fn without_a_doubt_every_value_gets_the_same_answer() {
    let conditions = [
        "true",
        "context.input.note == \"x\"",
        "context.input has note && context.input.note like \"*a*\"",
        "context.input.n > 4 && context.input.note == \"x\"",
        "context.input.n > 9 && context.input.note == \"x\"",
        "context.input.n > 4 || context.input.note == \"x\"",
        "context.input.note == \"x\" || context.input.n > 4",
        "context.input.note < 3",
        "context.input.amount.lessThan(decimal(\"2.0\")) && context.input.note == \"x\"",
        "context.input.amount.lessThan(decimal(\"1.0\")) && context.input.note == \"x\"",
        "[\"x\", \"y\"].contains(context.input.note)",
        "context.session.labels.contains(\"args.unrepresentable\")",
        "context.session.labels.containsAny([\"pii.card\", \"args\"])",
        "context.input == {\"note\": \"x\"}",
        "context.input has note.x",
    ];
    let values =
        [r#""x""#, r#""a""#, r#""[card]""#, "3", "99999999999999999999", "true", r#"{"x":1}"#, "[1]"];
    let (mut n_sure, mut n_unsure) = (0, 0);
    for schema in [None, Some(SCHEMA)] {
        for (left, right) in conditions.iter().flat_map(|left| conditions.map(|right| (left, right))) {
            let text = format!(
                "@id(\"p\") permit (principal, action, resource) when {{ {left} }};\n\
                 @id(\"q\") @approval(\"okta:dba\") forbid (principal, action, resource) when {{ {right} }};"
            );
            let policies = policies(&text);
            let ask = |value: &str| {
                let input = format!(r#"{{"note":{value},"n":5,"amount":1.5}}"#);
                Ask { schema, ..ask(&input) }
            };
            if !doubts(&text, &ask(r#""[card]""#), &["note"]).is_empty() {
                n_unsure += 1;
                continue;
            }
            n_sure += 1;
            let answer = |value: &str| match ask(value).decide(&policies) {
                Decision::Allow(_) => "allow",
                Decision::Deny(_) => "deny",
                Decision::Hold(_) => "hold",
            };
            let first = answer(r#""[card]""#);
            values.iter().for_each(|value| assert_eq!(answer(value), first, "{value}: {text}"));
        }
    }
    assert!(n_sure > 20 && n_unsure > 20, "{n_sure} {n_unsure}");
}

#[test]
fn what_may_be_seen_in_clear_may_hang_on_attributes() {
    let ana = user("ana", &["okta:staff"]);
    let (connection, class) = ("billing".parse().unwrap(), "pii.email".parse().unwrap());
    for (condition, expected) in
        [("principal.hasTag(\"ref\")", true), ("context.connection == Connection::\"billing\"", false)]
    {
        let text = format!(
            "@id(\"u\") permit (principal, action == Action::\"unmask\", resource) when {{ {condition} }};"
        );
        let policies = policies(&text);
        assert_eq!(Doubts::new(&policies).of_unmasking(&ana, &connection, &class), expected, "{condition}");
    }
}
