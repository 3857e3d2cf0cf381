//! What lists show.

use portcullis_policy::{Target, Visibility};

use crate::support::{Ask, policies, user};

const REFUND: Target<'static> = Target::Tool { name: "refund" };

#[test]
fn a_tool_is_shown_if_some_arguments_could_make_it_callable() {
    use Visibility::{Hidden, Shown, ShownNeedsApproval};
    let all = r#"@id("all") permit (principal, action, resource);"#;
    for (text, want) in [
        // Without arguments the answer is exact.
        (String::new(), Hidden),
        (all.to_owned(), Shown),
        (r#"@id("p") permit (principal in Group::"demo:finance", action, resource);"#.to_owned(), Shown),
        (r#"@id("p") permit (principal in Group::"demo:support", action, resource);"#.to_owned(), Hidden),
        (r#"@id("p") permit (principal, action in Action::"billing", resource);"#.to_owned(), Shown),
        (r#"@id("p") permit (principal, action in Action::"crm", resource);"#.to_owned(), Hidden),
        (format!(r#"{all} @id("f") forbid (principal, action, resource);"#), Hidden),
        (format!(r#"{all} @id("f") forbid (principal in Group::"demo:support", action, resource);"#), Shown),
        // The client and the time of the list are known.
        (permit_when(r#"context.session.now < datetime("2020-01-01")"#), Hidden),
        (permit_when(r#"context.session.now > datetime("2020-01-01")"#), Shown),
        (permit_when("context.session has client"), Hidden),
        // Arguments and labels are not.
        (permit_when("context.input.amount <= 100"), Shown),
        (permit_when(r#"context.input has amount && context.input.amount.lessThan(decimal("1.0"))"#), Shown),
        (permit_when(r#"context.session.labels.contains("pii.card")"#), Shown),
        (permit_when(r#"context.input.amount <= 100 && principal in Group::"demo:support""#), Hidden),
        (
            format!(
                r#"{all} @id("f") forbid (principal, action, resource) when {{ context.input.amount > 1 }};"#
            ),
            Shown,
        ),
        (permit_when(r#"principal in Group::"demo:support" && context.input.amount <= 100"#), Hidden),
        (permit_when(r#"context.input.amount <= 100 || principal in Group::"demo:support""#), Shown),
        (permit_when(r#"!(context.input.amount <= 100 || principal in Group::"demo:finance")"#), Hidden),
        (permit_when("if context.input.on then context.session has client else false"), Hidden),
        (permit_when("if context.input.on then context.input.also else false"), Shown),
        (
            format!(
                r#"{all} @id("f") forbid (principal, action, resource)
                    when {{ context.input.amount > 1 || principal in Group::"demo:finance" }};"#
            ),
            Hidden,
        ),
        // Neither is what will have been used: no quota hides a tool.
        (permit_when("context.session.usage.day.calls < 1"), Shown),
        (
            format!(
                r#"{all} @id("f") forbid (principal, action, resource)
                    when {{ context.session.usage.day.calls >= 0 }};"#
            ),
            Shown,
        ),
        (permit_when(r#"context.session.usage.day.calls < 1 && principal in Group::"demo:support""#), Hidden),
        (permit_when("!(context.session has usage)"), Hidden),
        // Errors that no argument avoids hide, as they deny.
        (permit_when("principal.shoe_size > 40"), Hidden),
        (permit_when("context.input.amount > 1 && principal.shoe_size > 40"), Hidden),
        (permit_when("context.input.amount > 1 || principal.shoe_size > 40"), Shown),
        (
            permit_when(r#"(if context.input.gold then principal.getTag("tier") else "basic") == "basic""#),
            Shown,
        ),
        (
            format!(
                r#"{all} @id("f") forbid (principal, action, resource)
                    when {{ (if context.input.gold then principal.getTag("tier") else "basic") == "gold" }};"#
            ),
            Shown,
        ),
        // Approval.
        (
            format!(r#"{all} @id("s") @approval("demo:boss") forbid (principal, action, resource);"#),
            ShownNeedsApproval,
        ),
        (
            format!(
                r#"{all} @id("s") @approval("demo:boss") forbid (principal, action, resource)
                    when {{ context.input.amount > 100 }};"#
            ),
            Shown,
        ),
        (r#"@id("s") @approval("demo:boss") forbid (principal, action, resource);"#.to_owned(), Hidden),
        // Observed policies change nothing here either.
        (r#"@id("o") @mode("observe") permit (principal, action, resource);"#.to_owned(), Hidden),
        (format!(r#"{all} @id("o") @mode("observe") forbid (principal, action, resource);"#), Shown),
    ] {
        let ask = Ask::new(user("ada", &["demo:finance"]), REFUND);
        assert_eq!(ask.visibility(&policies(&text)), want, "case: {text}");
    }
}

#[test]
fn what_rules_leave_nothing_of_together_is_hidden() {
    use Visibility::{Hidden, Shown, ShownNeedsApproval};
    let permit =
        |condition: &str| format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#);
    let forbid =
        |condition: &str| format!(r#"@id("f") forbid (principal, action, resource) when {{ {condition} }};"#);
    let hold = |condition: &str| {
        let annotations = r#"@id("s") @approval("demo:boss")"#;
        format!("{annotations} forbid (principal, action, resource) when {{ {condition} }};")
    };
    let upto = |most: i64| permit(&format!("context.input has amount && context.input.amount <= {most}"));
    let above = "context.input.amount > 100";
    for (rules, want) in [
        (vec![upto(100), forbid(above)], Shown),
        (vec![permit(above), forbid(above)], Hidden),
        (vec![permit("context.input.amount > 100"), forbid("context.input.amount >= 101")], Hidden),
        (vec![permit("context.input.amount > 100"), forbid("context.input.amount > 101")], Shown),
        (vec![upto(100), forbid("context.input has amount")], Hidden),
        (
            vec![
                permit(r#"["eu", "us"].contains(context.input.region)"#),
                forbid(r#"context.input.region != "us""#),
            ],
            Shown,
        ),
        (vec![permit(r#"context.input.region == "eu""#), forbid(r#"context.input.region != "us""#)], Hidden),
        (vec![permit("context.input.dry_run"), forbid("!context.input.dry_run")], Shown),
        (vec![permit("context.input.dry_run"), forbid("context.input.dry_run")], Hidden),
        (
            vec![
                permit(r#"context.input.rate.lessThan(decimal("1.5"))"#),
                forbid(r#"context.input.rate.lessThan(decimal("1.6"))"#),
            ],
            Hidden,
        ),
        // A number below all bounds that is none of those excluded.
        (vec![permit("context.input.a < 2"), forbid("[1, 0].contains(context.input.a)")], Shown),
        (
            vec![
                permit("context.input.a > 1 && context.input.a < 4"),
                forbid("[2, 3].contains(context.input.a)"),
            ],
            Hidden,
        ),
        // What errs for all arguments that are allowed.
        (vec![permit("context.input.a == 1 && 9223372036854775807 + 1 > 0")], Hidden),
        // One value cannot be of two types, and a comparison with the wrong one errs, which denies.
        (vec![permit(r#"context.input.a > 1 && context.input.a == "x""#)], Hidden),
        (vec![permit(r#"context.input.a == "x" || context.input.a > 1"#)], Shown),
        (vec![permit("context.input.a == 1"), forbid(r#"context.input.a.lessThan(decimal("0.5"))"#)], Hidden),
        // Labels are there or not.
        (
            vec![
                permit(r#"context.session.labels.contains("pii.card")"#),
                forbid(r#"context.session.labels.contains("pii.card")"#),
            ],
            Hidden,
        ),
        // What needs approval whatever the arguments are says so.
        (vec![permit(above), hold(above)], ShownNeedsApproval),
        (vec![permit("context.input.amount > 50"), hold(above)], Shown),
        (vec![permit(above), hold(above), forbid("context.input.amount < 500")], ShownNeedsApproval),
        // What is no comparison is left open.
        (vec![permit(r#"context.input.s like "a*""#), forbid(r#"context.input.s like "a*""#)], Shown),
        (
            vec![
                permit(r#"context.input.s like "a*" && context.input.s == "b""#),
                forbid("context.input has s"),
            ],
            Hidden,
        ),
        (vec![permit("context.input.o.a > 1"), forbid("context.input.o.a > 1")], Shown),
    ] {
        let text = rules.join("\n");
        let ask = Ask::new(user("ada", &["demo:finance"]), REFUND);
        assert_eq!(ask.visibility(&policies(&text)), want, "case: {text}");
    }
}

#[test]
fn what_takes_too_long_to_rule_out_is_shown() {
    // Each argument has five values to try, so twenty of them more than can be tried.
    let compared: Vec<String> = (0..20).map(|n| format!("context.input.a{n} == 1")).collect();
    let condition = compared.join(" && ");
    let text = format!(
        r#"@id("p") permit (principal, action, resource) when {{ {condition} }};
           @id("f") forbid (principal, action, resource) when {{ {condition} }};"#
    );
    let ask = Ask::new(user("ada", &[]), REFUND);
    assert_eq!(ask.visibility(&policies(&text)), Visibility::Shown);
}

fn permit_when(condition: &str) -> String {
    format!(r#"@id("p") permit (principal, action, resource) when {{ {condition} }};"#)
}

#[test]
fn an_answer_is_judged_by_what_was_found_in_it() {
    use Visibility::{Hidden, Shown, ShownNeedsApproval};
    let all = r#"@id("all") permit (principal, action == Action::"elicit", resource);"#;
    let unless_card = r#"unless { context.session.labels.contains("pii.card") };"#;
    for (text, of_clean, of_card) in [
        (String::new(), Hidden, Hidden),
        (all.to_owned(), Shown, Shown),
        (permit_when(r#"context.session.labels.contains("pii.card")"#), Hidden, Shown),
        (permit_when("context.session.labels.isEmpty()"), Shown, Hidden),
        (permit_when("context.session has client"), Hidden, Hidden),
        // What was asked is not known any more.
        (permit_when(r#"context.input.message like "*card*""#), Shown, Shown),
        (permit_when("context.input.n > 1 && context.session.labels.isEmpty()"), Shown, Hidden),
        (permit_when(r#"context.session.labels.contains("args.unrepresentable")"#), Hidden, Hidden),
        (format!(r#"{all} @id("f") forbid (principal, action, resource) {unless_card}"#), Hidden, Shown),
        (
            format!(
                r#"{all} @id("s") @approval("demo:boss") forbid (principal, action, resource) {unless_card}"#
            ),
            ShownNeedsApproval,
            Shown,
        ),
        (format!(r#"{all} @id("o") @mode("observe") forbid (principal, action, resource);"#), Shown, Shown),
        // An error denies.
        (
            format!(
                r#"{all} @id("f") forbid (principal, action, resource)
                    when {{ context.session.labels.contains("pii.card") && context.session.client == "x" }};"#
            ),
            Shown,
            Hidden,
        ),
    ] {
        let set = policies(&text);
        let clean = Ask::new(user("ada", &[]), Target::Elicit);
        let card = Ask { labels: &["pii.card"], ..clean.clone() };
        let answers = (clean.response_visibility(&set), card.response_visibility(&set));
        assert_eq!(answers, (of_clean, of_card), "case: {text}");
    }
}

#[test]
fn templates_are_shown_if_some_resource_could_be_read() {
    use Visibility::{Hidden, Shown};
    for (text, want) in [
        ("", Hidden),
        (
            r#"@id("p") permit (principal, action == Action::"read", resource in Connection::"billing");"#,
            Shown,
        ),
        (
            r#"@id("p") permit (principal, action == Action::"read", resource) when { resource.uri like "x*" };"#,
            Shown,
        ),
        (
            r#"@id("p") permit (principal, action == Action::"read", resource == Resource::"billing/x");"#,
            Shown,
        ),
        (r#"@id("p") permit (principal in Group::"demo:x", action == Action::"read", resource);"#, Hidden),
        (r#"@id("p") permit (principal, action == Action::"subscribe", resource);"#, Hidden),
        (r#"@id("p") permit (principal, action, resource is Tool);"#, Hidden),
    ] {
        let ask = Ask::new(user("ada", &[]), REFUND);
        assert_eq!(ask.template_visibility(&policies(text)), want, "case: {text}");
    }
}

#[test]
fn a_connection_named_like_a_built_in_action_shows_nothing() {
    let text = r#"@id("p") permit (principal, action, resource);"#;
    let ask = Ask { connection: "call", ..Ask::new(user("ada", &[]), REFUND) };
    assert_eq!(ask.visibility(&policies(text)), Visibility::Hidden);
}
