//! What policies read of what was used, and what is not known.

use portcullis_policy::{Target, Usage, Used};

use crate::support::{Ask, line, policies, used, user};

const READ: Target<'static> = Target::Tool { name: "read" };
const ALL: &str = r#"@id("all") permit (principal, action, resource);"#;

fn forbid_when(condition: &str) -> String {
    format!(r#"{ALL} @id("quota") forbid (principal, action, resource) when {{ {condition} }};"#)
}

/// The decision on a read after this usage.
fn check(text: &str, usage: Option<Usage>) -> String {
    line(&Ask { usage, ..Ask::new(user("ada", &[]), READ) }.decide(&policies(text)))
}

#[test]
fn a_limit_is_reached_when_it_is_used_up() {
    for (condition, usage, want) in [
        ("context.session.usage.day.calls >= 300", used(299, 0), "allow by all"),
        ("context.session.usage.day.calls >= 300", used(300, 0), "forbidden by quota"),
        (r#"context.session.usage.day.distinct["pii.email"] >= 200"#, used(0, 199), "allow by all"),
        (r#"context.session.usage.day.distinct["pii.email"] >= 200"#, used(0, 200), "forbidden by quota"),
        (r#"context.session.usage.day.findings["pii.email"] >= 400"#, used(0, 200), "forbidden by quota"),
        ("context.session.usage.hour.calls >= 1", used(300, 0), "allow by all"),
        (
            "context.session.usage.minute.denials + context.session.usage.minute.items > 0",
            used(1, 1),
            "allow by all",
        ),
        // More than Cedar can count is very much.
        ("context.session.usage.day.calls == 9223372036854775807", used(u64::MAX, 0), "forbidden by quota"),
    ] {
        assert_eq!(check(&forbid_when(condition), Some(usage)), want, "case: {condition}");
    }
}

#[test]
fn every_member_is_there_and_holds_what_it_says() {
    let [calls, denials, bytes, items] = [1, 2, 3, 4];
    let used = Used { calls, denials, bytes, items, ..Used::default() };
    let usage = Usage { minute: used.clone(), hour: used.clone(), day: used };
    for window in ["minute", "hour", "day"] {
        let condition = format!(
            "context.session.usage.{window} == {{calls: 1, denials: 2, bytes: 3, items: 4, findings: {{}}, distinct: {{}}}}"
        );
        assert_eq!(check(&forbid_when(&condition), Some(usage.clone())), "forbidden by quota", "{window}");
    }
}

#[test]
fn what_is_not_known_denies_whoever_reads_it_and_nobody_else() {
    let errs = "error: policy `quota` could not be evaluated";
    let unknown_class = || {
        let mut usage = used(0, 0);
        usage.day.distinct.insert("pii.card".parse().unwrap(), None);
        usage
    };
    for (condition, usage, want) in [
        ("context.session.usage.day.calls >= 300", None, errs),
        ("context.session has usage && context.session.usage.day.calls >= 300", None, errs),
        ("context.session has usage.day && context.session.usage.day.calls >= 300", None, errs),
        (r#"context.session.usage.day.distinct has "pii.card""#, None, errs),
        ("context.session has usage", None, "forbidden by quota"),
        ("context.session has client && context.session.usage.day.calls >= 300", None, "allow by all"),
        (r#"context.session.usage.day.distinct["pii.card"] >= 1"#, Some(unknown_class()), errs),
        (r#"context.session.usage.day.distinct["pii.email"] >= 1"#, Some(unknown_class()), "allow by all"),
        // A class that nobody detects is no class that nobody has seen.
        (r#"context.session.usage.day.distinct["pii.mail"] >= 1"#, Some(used(0, 0)), errs),
    ] {
        let said = check(&forbid_when(condition), usage);
        assert!(said.starts_with(want), "case: {condition}: {said}");
    }
}

#[test]
fn usage_is_asked_for_only_where_a_rule_about_it_can_match() {
    let quota = r#"@id("quota") forbid (principal in Group::"demo:vendors", action in Action::"billing", resource)
        when { context.session.usage.day.calls >= 300 };"#;
    let observed = format!(r#"@mode("observe") {quota}"#);
    let of_resource = r#"@id("r") forbid (principal, action == Action::"read", resource == Resource::"billing/a:b")
        when { context.session.usage.day.items > 10 };"#;
    let vendor = || user("vic", &["demo:vendors"]);
    let read = Target::Read { uri: "x:y" };
    for (text, ask, any, of_this) in [
        (ALL.to_owned(), Ask::new(vendor(), READ), false, false),
        (format!("{ALL} {quota}"), Ask::new(vendor(), READ), true, true),
        (format!("{ALL} {observed}"), Ask::new(vendor(), READ), true, true),
        (format!("{ALL} {quota}"), Ask::new(user("ada", &["demo:staff"]), READ), true, false),
        (format!("{ALL} {quota}"), Ask::new(vendor(), read), true, false),
        (format!("{ALL} {quota}"), Ask { connection: "crm", ..Ask::new(vendor(), READ) }, true, false),
        (format!("{ALL} {quota}"), Ask { connection: "call", ..Ask::new(vendor(), READ) }, true, false),
        // Which resources an answer holds is not known before.
        (of_resource.to_owned(), Ask::new(vendor(), read), true, true),
        (ALL.replace("all\"", "usage\""), Ask::new(vendor(), READ), false, false),
    ] {
        let set = policies(&text);
        let may = ask.question(None, |question| {
            set.may_read_usage(question.principal, question.connection, question.target)
        });
        assert_eq!((set.reads_usage(), may), (any, of_this), "case: {text}");
    }
}
