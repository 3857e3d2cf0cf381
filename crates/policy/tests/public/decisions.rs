//! One table: a policy, a question, what comes of it.

use portcullis_policy::{Completion, Decision, Detokenizing, Lifecycle, Target};

use crate::support::{Ask, line, observed, policies, user, workload};

const REFUND: Target<'static> = Target::Tool { name: "refund" };

fn ada() -> portcullis_identity::Principal {
    user("ada", &["demo:finance"])
}

/// The decision on a refund by ada with these arguments.
fn refund(text: &str, input: &str) -> String {
    line(&Ask::new(ada(), REFUND).with(input).decide(&policies(text)))
}

#[test]
fn a_call_is_decided_in_the_documented_order() {
    let permit = r#"@id("p") permit (principal, action, resource);"#;
    let hard = r#"@id("f") forbid (principal, action, resource);"#;
    let soft = r#"@id("s") @approval("demo:boss") forbid (principal, action, resource);"#;
    let two = r#"@id("t") @approval("demo:cfo") @approvers("2") forbid (principal, action, resource);"#;
    let errs = r#"@id("e") permit (principal, action, resource) when { principal.shoe_size > 40 };"#;
    let errs_softly =
        r#"@id("es") @approval("demo:boss") forbid (principal, action, resource) when { context.nothing };"#;
    for (name, parts, want) in [
        ("nothing", &[][..], "no policy allows"),
        ("a permit", &[permit], "allow by p"),
        ("only a forbid", &[hard], "forbidden by f"),
        ("a permit and a forbid", &[permit, hard], "forbidden by f"),
        ("only a soft forbid", &[soft], "no policy allows"),
        ("a permit and a soft forbid", &[permit, soft], "hold: s needs 1 of demo:boss"),
        ("two soft forbids", &[two, permit, soft], "hold: s needs 1 of demo:boss, t needs 2 of demo:cfo"),
        ("a hard forbid beats a soft one", &[permit, soft, hard], "forbidden by f"),
        (
            "an error beats everything",
            &[permit, hard, soft, errs],
            "error: policy `e` could not be evaluated: it reads an attribute or a tag that is not there; ask \
             with `has` or `hasTag` first",
        ),
        (
            "an error in a soft forbid denies too",
            &[permit, errs_softly],
            "error: policy `es` could not be evaluated: record does not have the attribute `nothing`",
        ),
    ] {
        assert_eq!(refund(&parts.join("\n"), "{}"), want, "case: {name}");
    }
}

#[test]
fn observed_policies_are_reported_and_change_nothing() {
    let permit = r#"@id("p") permit (principal, action, resource);"#;
    for (name, text, want, reported) in [
        (
            "permit",
            r#"@id("o") @mode("observe") permit (principal, action, resource);"#,
            "allow by p",
            "o permits",
        ),
        (
            "forbid",
            r#"@id("o") @mode("observe") forbid (principal, action, resource);"#,
            "allow by p",
            "o forbids",
        ),
        (
            "soft forbid",
            r#"@id("o") @mode("observe") @approval("demo:boss") forbid (principal, action, resource);"#,
            "allow by p",
            "o holds",
        ),
        (
            "error",
            r#"@id("o") @mode("observe") forbid (principal, action, resource) when { context.input.x };"#,
            "allow by p",
            "o errs: record does not have the attribute `x`",
        ),
        (
            "not satisfied",
            r#"@id("o") @mode("observe") forbid (principal is Workload, action, resource);"#,
            "allow by p",
            "",
        ),
    ] {
        let decision = Ask::new(ada(), REFUND).decide(&policies(&format!("{permit}\n{text}")));
        assert_eq!(
            (line(&decision).as_str(), observed(&decision).as_str()),
            (want, reported),
            "case: {name}"
        );
    }
    let alone = r#"@id("o") @mode("observe") permit (principal, action, resource);"#;
    assert_eq!(refund(alone, "{}"), "no policy allows");
}

#[test]
fn an_observed_permit_is_reported_beside_an_observed_forbid() {
    let text = r#"
        @id("a") @mode("observe") permit (principal, action, resource);
        @id("b") @mode("observe") forbid (principal, action, resource);"#;
    let decision = Ask::new(ada(), REFUND).decide(&policies(text));
    assert_eq!(observed(&decision), "a permits, b forbids");
}

#[test]
fn targets_are_the_documented_actions_and_resources() {
    let tool = Target::Tool { name: "refund" };
    let prompt = Target::Prompt { name: "letter" };
    let read = Target::Read { uri: "billing://customers/1" };
    let subscribe = Target::Subscribe { uri: "billing://customers/1" };
    let complete_prompt = Target::Complete(Completion::Prompt { name: "letter" });
    let complete_resource = Target::Complete(Completion::Resource { uri: "billing://customers/{id}" });
    for (target, scope, condition) in [
        (tool, r#"action == Action::"billing/refund""#, r#"resource == Tool::"billing/refund""#),
        (tool, r#"action in Action::"billing""#, r#"resource in Connection::"billing""#),
        (tool, r#"action in Action::"call""#, r#"resource.name == "refund""#),
        (prompt, r#"action == Action::"prompt:billing/letter""#, r#"resource == Prompt::"billing/letter""#),
        (prompt, r#"action in Action::"prompt:billing""#, r#"resource in Connection::"billing""#),
        (prompt, r#"action in Action::"get""#, r#"resource.name == "letter""#),
        (read, r#"action == Action::"read""#, r#"resource == Resource::"billing/billing://customers/1""#),
        (read, r#"action == Action::"read""#, r#"resource.uri like "billing://customers/*""#),
        (subscribe, r#"action == Action::"subscribe""#, r#"resource in Connection::"billing""#),
        (complete_prompt, r#"action == Action::"complete""#, r#"resource == Prompt::"billing/letter""#),
        (complete_resource, r#"action == Action::"complete""#, r#"resource.uri like "*{id}""#),
        (Target::Approve, r#"action == Action::"approve""#, r#"resource == Connection::"billing""#),
        (Target::Audit, r#"action == Action::"audit""#, r#"resource == Connection::"billing""#),
        (Target::Configure, r#"action == Action::"configure""#, r#"resource == Connection::"billing""#),
        (Target::Elicit, r#"action == Action::"elicit""#, r#"resource == Connection::"billing""#),
        (Target::Erase, r#"action == Action::"erase""#, r#"resource == Connection::"billing""#),
        (Target::LegalHold, r#"action == Action::"legal_hold""#, r#"resource == Connection::"billing""#),
        (
            Target::ForceApprove,
            r#"action == Action::"force_approve""#,
            r#"resource == Connection::"billing""#,
        ),
        (Target::ListRoots, r#"action == Action::"roots""#, r#"resource == Connection::"billing""#),
        (
            Target::RequestAccess { group: "okta:on-call" },
            r#"action == Action::"request_access""#,
            r#"resource == Group::"okta:on-call""#,
        ),
        (Target::Review, r#"action == Action::"review""#, r#"resource == Connection::"billing""#),
        (Target::Revoke, r#"action == Action::"revoke""#, r#"resource == Connection::"billing""#),
        (Target::Sample, r#"action == Action::"sample""#, r#"resource == Connection::"billing""#),
    ] {
        let text = format!(r#"@id("p") permit (principal, {scope}, resource) when {{ {condition} }};"#);
        let decision = Ask::new(ada(), target).decide(&policies(&text));
        assert_eq!(line(&decision), "allow by p", "case: {target:?} by {scope} when {condition}");
    }
}

#[test]
fn one_connection_is_never_taken_for_another() {
    let text =
        r#"@id("p") permit (principal, action in Action::"billing", resource in Connection::"billing");"#;
    let elsewhere =
        Ask { connection: "billing-2", ..Ask::new(ada(), Target::Tool { name: "billing/refund" }) };
    assert_eq!(line(&elsewhere.decide(&policies(text))), "no policy allows");

    // A tool cannot be named so that its action or resource is another connection's.
    let text = r#"@id("p") permit (principal, action == Action::"b/x", resource == Tool::"b/x");"#;
    for (connection, name, want) in
        [("b", "x", "allow by p"), ("a", "b/x", "no policy allows"), ("a", "../b/x", "no policy allows")]
    {
        let ask = Ask { connection, ..Ask::new(ada(), Target::Tool { name }) };
        assert_eq!(line(&ask.decide(&policies(text))), want, "case: {connection} {name}");
    }
}

#[test]
fn a_connection_named_like_a_built_in_action_is_denied() {
    let text = r#"@id("p") permit (principal, action, resource);"#;
    for connection in ["call", "configure", "detokenize", "elicit", "get", "read", "roots", "unmask"] {
        let ask = Ask { connection, ..Ask::new(ada(), REFUND) };
        let want = "error: the connection has the name of a built-in action";
        assert_eq!(line(&ask.decide(&policies(text))), want, "case: {connection}");
        assert!(portcullis_policy::is_reserved(&connection.parse().unwrap()));
    }
}

#[test]
fn arguments_have_the_types_of_their_values() {
    for (input, condition) in [
        (r#"{"amount": 50}"#, "context.input.amount == 50"),
        (r#"{"amount": -9223372036854775808}"#, "context.input.amount < 0"),
        (r#"{"amount": 49.5}"#, r#"context.input.amount.lessThan(decimal("50.0"))"#),
        (r#"{"amount": -0.5}"#, r#"context.input.amount == decimal("-0.5")"#),
        (r#"{"amount": 1.50000}"#, r#"context.input.amount == decimal("1.5")"#),
        (r#"{"amount": 1e2}"#, "context.input.amount == 100"),
        (r#"{"amount": 123E-4}"#, r#"context.input.amount == decimal("0.0123")"#),
        (r#"{"amount": 0e999}"#, "context.input.amount == 0"),
        (r#"{"amount": 50.0}"#, "context.input.amount == 50 && context.input.amount <= 100"),
        (r#"{"on": true}"#, "context.input.on"),
        (r#"{"who": "ada \"x\" ☃"}"#, r#"context.input.who == "ada \"x\" ☃""#),
        (r#"{"tags": ["a", "b", "a"]}"#, r#"context.input.tags == ["b", "a"]"#),
        (r#"{"to": {"city": {"zip": 1}}}"#, "context.input.to.city.zip == 1"),
        (r#"{"a b": 1}"#, r#"context.input["a b"] == 1"#),
        ("{}", "!(context.input has amount)"),
        ("null", "!(context.input has amount)"),
        (r#"{"amount": null, "to": {"zip": null}}"#, "!(context.input has amount) && context.input.to == {}"),
    ] {
        let text = format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
        assert_eq!(refund(&text, input), "allow by p", "case: {input} when {condition}");
        assert_eq!(refund(&labelled(), input), "no policy allows", "case: {input} is exact");
    }
}

#[test]
fn what_has_no_type_is_there_labelled_and_not_comparable() {
    for input in [
        r#"{"amount": 9223372036854775808}"#,
        r#"{"amount": 0.00001}"#,
        r#"{"amount": 1e300}"#,
        r#"{"amount": 1e99999999999999999999}"#,
        r#"{"amount": 922337203685477.5808}"#,
        r#"{"amount": 52.520008}"#,
    ] {
        assert_eq!(refund(&labelled(), input), "allow by p", "case: {input} is labelled");
        let guarded = r#"@id("p") permit (principal, action, resource)
            unless { context.input has amount && context.input.amount > 100 };"#;
        let want = "error: policy `p` could not be evaluated: type error: expected";
        assert!(refund(guarded, input).starts_with(want), "case: {input}: {}", refund(guarded, input));
        let unread = r#"@id("p") permit (principal, action, resource) when { context.input has amount };"#;
        assert_eq!(refund(unread, input), "allow by p", "case: {input} is not read");
    }
    let subset = r#"@id("p") permit (principal, action, resource)
        when { ["a", "b"].containsAll(context.input.to) };"#;
    assert_eq!(refund(subset, r#"{"to": ["a"]}"#), "allow by p");
    assert_eq!(refund(subset, r#"{"to": ["a", null]}"#), "no policy allows");
    assert_eq!(refund(subset, r#"{"to": ["a", 1e300]}"#), "no policy allows");
}

fn labelled() -> String {
    r#"@id("p") permit (principal, action, resource)
        when { context.session.labels.contains("args.unrepresentable") };"#
        .to_owned()
}

#[test]
fn arguments_that_are_not_an_object_are_denied() {
    let text = r#"@id("p") permit (principal, action, resource);"#;
    for input in ["[]", "1", "true", r#""x""#] {
        assert_eq!(refund(text, input), "error: the arguments are not an object", "case: {input}");
    }
}

#[test]
fn the_session_is_visible() {
    for (condition, want) in [
        (r#"context.session.now == datetime("2026-03-02T10:30:00Z")"#, "allow by p"),
        (r#"context.session.now.toTime() > duration("9h")"#, "allow by p"),
        (r#"context.session.labels.containsAny(["pii.card", "pii.iban"])"#, "allow by p"),
        (r#"context.session.labels.contains("pii.email")"#, "no policy allows"),
        (r#"context.session has client && context.session.client == "cli""#, "allow by p"),
    ] {
        let text = format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
        let ask = Ask { labels: &["pii.card"], client: Some("cli"), ..Ask::new(ada(), REFUND) };
        assert_eq!(line(&ask.decide(&policies(&text))), want, "case: {condition}");
    }
    let text = r#"@id("p") permit (principal, action, resource) when { context.session has client };"#;
    assert_eq!(refund(text, "{}"), "no policy allows");
}

#[test]
fn the_time_is_right_on_every_kind_of_day() {
    for (now, date) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_827_696, "2000-02-29T12:34:56Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_709_251_200, "2024-03-01T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        let text = format!(
            r#"@id("p") permit (principal, action, resource) when {{ context.session.now == datetime("{date}") }};"#
        );
        let ask = Ask { now, ..Ask::new(ada(), REFUND) };
        assert_eq!(line(&ask.decide(&policies(&text))), "allow by p", "case: {date}");
    }
    let ask = Ask { now: 253_402_300_800, ..Ask::new(ada(), REFUND) };
    let text = r#"@id("p") permit (principal, action, resource);"#;
    assert_eq!(line(&ask.decide(&policies(text))), "error: the time could not be expressed in Cedar");
}

#[test]
fn principals_are_their_issuer_subject_groups_and_tags() {
    let job = || workload("repo:acme/app", &["demo:ci"], &[("repository", "acme/app")]);
    for (principal, condition, want) in [
        (ada(), r#"principal == User::"demo|ada""#, "allow by p"),
        (ada(), r#"principal in Group::"demo:finance""#, "allow by p"),
        (ada(), r#"principal in Group::"okta:finance""#, "no policy allows"),
        (ada(), r#"principal.subject == "ada" && principal.issuer == "demo""#, "allow by p"),
        (ada(), r#"principal.hasTag("repository")"#, "no policy allows"),
        (job(), r#"principal == Workload::"demo|repo:acme/app""#, "allow by p"),
        (job(), r#"principal == User::"demo|repo:acme/app""#, "no policy allows"),
        (
            job(),
            r#"principal.hasTag("repository") && principal.getTag("repository") == "acme/app""#,
            "allow by p",
        ),
    ] {
        let text = format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
        assert_eq!(line(&Ask::new(principal, REFUND).decide(&policies(&text))), want, "case: {condition}");
    }
}

#[test]
fn a_denial_tells_the_caller_nothing_and_the_operator_why() {
    let secret = r#"{"x": "4111111111111111"}"#;
    for (text, operator) in [
        ("", r#"no policy allows Action::"billing/refund" to User::"demo|ada""#),
        (
            r#"@id("f") @reason("Never on Mondays") forbid (principal, action, resource);"#,
            r#"Action::"billing/refund" is denied to User::"demo|ada" by `f` (Never on Mondays)"#,
        ),
        (
            r#"@id("e") forbid (principal, action, resource) when { decimal(context.input.x).lessThan(decimal("1.0")) };"#,
            "Action::\"billing/refund\" is denied to User::\"demo|ada\": policy `e` could not be evaluated: a \
             function such as `decimal` or `ip` does not take the value it is given",
        ),
    ] {
        match Ask::new(ada(), REFUND).with(secret).decide(&policies(text)) {
            Decision::Deny(denial) => {
                assert_eq!(
                    (denial.to_string().as_str(), denial.public_text()),
                    ("not allowed", "not allowed")
                );
                assert_eq!(denial.operator_text(), operator);
            }
            other @ (Decision::Allow(_) | Decision::Hold(_)) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_permit_says_what_it_is_for() {
    let set = policies(r#"@id("p") permit (principal, action, resource);"#);
    match Ask::new(ada(), REFUND).decide(&set) {
        Decision::Allow(permit) => {
            let scope = permit.scope();
            assert_eq!(scope.principal(), r#"User::"demo|ada""#);
            assert_eq!(scope.action(), r#"Action::"billing/refund""#);
            assert_eq!(scope.resource(), Some(r#"Tool::"billing/refund""#));
        }
        other @ (Decision::Deny(_) | Decision::Hold(_)) => panic!("{other:?}"),
    }
    let permit = policies("").permit_lifecycle(&ada(), Lifecycle::Ping);
    let scope = permit.scope();
    assert_eq!((scope.principal(), scope.action(), scope.resource()), (r#"User::"demo|ada""#, "ping", None));
    assert!(permit.reasons().determining.is_empty());
}

#[test]
fn data_is_unmasked_only_where_a_permit_says_so() {
    let permit = r#"@id("p") permit (principal, action == Action::"unmask", resource in DataClass::"pii")
        when { context.connection == Connection::"billing" };"#;
    let forbid =
        r#"@id("f") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.card");"#;
    let soft = r#"@id("s") @approval("demo:boss") forbid (principal, action == Action::"unmask", resource);"#;
    let errs = r#"@id("e") forbid (principal, action, resource) when { context.input.amount > 1 };"#;
    for (parts, connection, class, want) in [
        (&[permit][..], "billing", "pii.card", true),
        (&[permit], "billing", "pii", true),
        (&[permit], "billing", "pii.card.amex", true),
        (&[permit], "billing", "secret.key", false),
        (&[permit], "other", "pii.card", false),
        (&[permit, forbid], "billing", "pii.card", false),
        (&[permit, forbid], "billing", "pii.email", true),
        (&[permit, soft], "billing", "pii.email", false),
        (&[permit, errs], "billing", "pii.email", false),
        (&[], "billing", "pii.card", false),
    ] {
        let set = policies(&parts.join("\n"));
        let answer = set.may_unmask(&ada(), &connection.parse().unwrap(), &class.parse().unwrap());
        assert_eq!(answer, want, "case: {class} on {connection} with {parts:?}");
    }
}

#[test]
fn a_tool_gets_values_for_tokens_only_where_a_permit_says_so() {
    let permit = r#"@id("p") permit (principal, action == Action::"detokenize", resource in DataClass::"pii")
        when { context.tool == Tool::"billing/refund" };"#;
    let of_connection = r#"@id("c") permit (principal, action == Action::"detokenize", resource == DataClass::"pii.card")
        when { context.tool in Connection::"billing" && context.connection == Connection::"billing" };"#;
    let by_name = r#"@id("n") permit (principal, action == Action::"detokenize", resource)
        when { context.tool.name like "re*" };"#;
    let forbid =
        r#"@id("f") forbid (principal, action == Action::"detokenize", resource == DataClass::"pii.card");"#;
    let soft =
        r#"@id("s") @approval("demo:boss") forbid (principal, action == Action::"detokenize", resource);"#;
    let errs = r#"@id("e") forbid (principal, action, resource) when { context.session.now > datetime("2026-01-01") };"#;
    let calls = r#"@id("t") permit (principal, action in [Action::"call", Action::"unmask"], resource);"#;
    for (parts, connection, tool, class, want) in [
        (&[permit][..], "billing", "refund", "pii.card", true),
        (&[permit], "billing", "refund", "pii.card.amex", true),
        (&[permit], "billing", "refund", "secret.key", false),
        (&[permit], "billing", "mail", "pii.card", false),
        (&[permit], "other", "refund", "pii.card", false),
        (&[of_connection], "billing", "mail", "pii.card", true),
        (&[of_connection], "other", "mail", "pii.card", false),
        (&[of_connection], "billing", "mail", "pii.email", false),
        (&[by_name], "other", "reverse", "secret.key", true),
        (&[by_name], "other", "mail", "secret.key", false),
        (&[permit, forbid], "billing", "refund", "pii.card", false),
        (&[permit, forbid], "billing", "refund", "pii.email", true),
        (&[permit, soft], "billing", "refund", "pii.email", false),
        (&[permit, errs], "billing", "refund", "pii.email", false),
        (&[calls], "billing", "refund", "pii.card", false),
        (&[], "billing", "refund", "pii.card", false),
    ] {
        let set = policies(&parts.join("\n"));
        let (ada, connection) = (ada(), connection.parse().unwrap());
        let asked = Detokenizing { principal: &ada, connection: &connection, tool };
        let answer = set.may_detokenize(asked, &class.parse().unwrap());
        assert_eq!(answer, want, "case: {class} for {tool} on {connection} with {parts:?}");
    }
}
