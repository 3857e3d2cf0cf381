//! The policies that come with the project: they parse, and decide what their comments say.

use std::fs;
use std::path::Path;

use portcullis_identity::Principal;
use portcullis_policy::{Detokenizing, PolicySet, Source, Target, Visibility};

use crate::support::{Ask, MONDAY, line, observed, used, user, workload};

fn starter() -> PolicySet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    let sources: Vec<Source<'_>> = files.iter().map(|(file, text)| Source { file, text }).collect();
    PolicySet::parse(&sources).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Somebody who has used nothing today.
fn asking(principal: Principal, target: Target<'_>) -> Ask<'_> {
    Ask { usage: Some(used(0, 0)), ..Ask::new(principal, target) }
}

fn vendor() -> Principal {
    user("vera", &["demo:vendors"])
}

fn support() -> Principal {
    user("sam", &["demo:support"])
}

fn finance() -> Principal {
    user("fay", &["demo:finance"])
}

fn contractor() -> Principal {
    user("cora", &["demo:contractors"])
}

fn job(repository: &str, branch: &str, environment: &str) -> Principal {
    let tags = [("repository", repository), ("ref", branch), ("environment", environment)];
    workload("repo:acme/billing-reports", &["demo:ci"], &tags)
}

fn nightly() -> Principal {
    job("acme/billing-reports", "refs/heads/main", "production")
}

const TOOLS: [&str; 9] = [
    "execute_sql",
    "export_customers",
    "get_customer",
    "get_invoice",
    "list_customers",
    "list_invoices",
    "query",
    "reconcile",
    "refund",
];

/// What of the demo's `refund` counts here.
const REFUND: &str =
    r#"{"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}"#;

/// What comes of an amount that is not there as a decimal.
const UNREPRESENTABLE: &str = "error: policy `finance.refunds` could not be evaluated: type error: expected decimal, \
                               got (entity of type `Unrepresentable`)";

#[test]
fn every_policy_says_why_it_exists() {
    let set = starter();
    assert!(set.policies().count() > 10);
    for policy in set.policies() {
        assert!(policy.reason().is_some(), "{} has no @reason", policy.id());
    }
}

#[test]
fn each_audience_sees_and_calls_its_tools() {
    let set = starter();
    let look_up = ["get_customer", "get_invoice", "list_customers", "list_invoices", "query"];
    let with_refund = ["get_customer", "get_invoice", "list_customers", "list_invoices", "query", "refund"];
    for (who, principal, want) in [
        ("nobody", user("nora", &[]), &[][..]),
        ("vendor", vendor(), &look_up),
        ("vendor in support", user("vic", &["demo:vendors", "demo:support"]), &look_up),
        ("support", support(), &with_refund),
        ("finance", finance(), &with_refund),
        ("contractor", contractor(), &["get_invoice", "list_invoices", "reconcile"]),
        ("policy writer", user("pat", &["demo:policy-writers"]), &[]),
        ("auditor", user("avi", &["demo:auditors"]), &[]),
        ("breaking the glass", user("bea", &["demo:break-glass"]), &["execute_sql"]),
        ("nightly report", nightly(), &["list_invoices", "reconcile"]),
        ("a fork", job("evil/billing-reports", "refs/heads/main", "production"), &[]),
        ("a branch", job("acme/billing-reports", "refs/heads/fix", "production"), &[]),
        ("no production", job("acme/billing-reports", "refs/heads/main", "staging"), &[]),
        ("a job without tags", workload("repo:acme/billing-reports", &["demo:ci"], &[]), &[]),
        ("a job in finance", workload("repo:acme/x", &["demo:finance"], &[]), &["list_invoices"]),
        ("other issuer", user("vera", &["okta:vendors"]), &[]),
    ] {
        let shown = |name: &&&str| {
            let ask = asking(principal.clone(), Target::Tool { name });
            ask.visibility(&set) != Visibility::Hidden
        };
        let called = |name: &&&str| {
            let ask = Ask { schema: Some(REFUND), ..asking(principal.clone(), Target::Tool { name }) };
            let ask = ask.with(r#"{"amount": 50}"#);
            line(&ask.decide(&set)).starts_with("allow")
        };
        assert_eq!(
            TOOLS.iter().filter(shown).collect::<Vec<_>>(),
            want.iter().collect::<Vec<_>>(),
            "{who} sees"
        );
        assert_eq!(
            TOOLS.iter().filter(called).collect::<Vec<_>>(),
            want.iter().collect::<Vec<_>>(),
            "{who} calls"
        );
    }
}

#[test]
fn refunds_have_limits() {
    let set = starter();
    for (principal, amount, want) in [
        (vendor(), "1", "forbidden by vendors.no-effects"),
        (support(), "100", "allow by support.small-refunds"),
        (support(), "100.00", "allow by support.small-refunds"),
        (support(), "1e2", "allow by support.small-refunds"),
        (support(), "101", "hold: support.larger-refunds-need-finance needs 1 of demo:finance"),
        (support(), "1000", "hold: support.larger-refunds-need-finance needs 1 of demo:finance"),
        (support(), "1001", "no policy allows"),
        (support(), "0", "no policy allows"),
        (support(), "-5", "no policy allows"),
        (support(), "null", "no policy allows"),
        (finance(), "101", "allow by finance.refunds"),
        (finance(), "10000", "allow by finance.refunds"),
        (finance(), "10000.01", "no policy allows"),
        (support(), "99.5", "allow by support.small-refunds"),
        (support(), "100.01", "hold: support.larger-refunds-need-finance needs 1 of demo:finance"),
        (finance(), "99.5", "allow by finance.refunds"),
        (finance(), "99.99999", UNREPRESENTABLE),
        (finance(), "1e99", UNREPRESENTABLE),
        (finance(), "\"50\"", UNREPRESENTABLE),
        (
            user("ann", &["demo:support", "demo:finance"]),
            "50",
            "allow by finance.refunds, support.small-refunds",
        ),
        (
            user("ann", &["demo:support", "demo:finance"]),
            "500",
            "allow by finance.refunds, support.larger-refunds",
        ),
        (user("vic", &["demo:support", "demo:vendors"]), "500", "forbidden by vendors.no-effects"),
    ] {
        let ask = Ask { schema: Some(REFUND), ..asking(principal, Target::Tool { name: "refund" }) }
            .with(&format!(r#"{{"invoice_id": "inv_0001", "amount": {amount}, "reason": "x"}}"#));
        let decided = line(&ask.decide(&set));
        assert!(decided.starts_with(want), "case: {amount}: {decided}");
    }
}

#[test]
fn resources_and_prompts_follow_the_same_audiences() {
    let set = starter();
    let customer = Target::Read { uri: "billing://customers/cus_0001" };
    let rules = Target::Read { uri: "billing://policy/refunds" };
    let payroll = Target::Read { uri: "billing://payroll/2026" };
    let dunning = Target::Prompt { name: "dunning_letter" };
    let summary = Target::Prompt { name: "summarise_account" };
    for (principal, target, want) in [
        (vendor(), customer, "allow by vendors.read"),
        (vendor(), rules, "allow by vendors.read"),
        (vendor(), payroll, "no policy allows"),
        (vendor(), summary, "allow by vendors.summarise"),
        (vendor(), dunning, "no policy allows"),
        (support(), payroll, "allow by support.read"),
        (support(), dunning, "allow by support.letters"),
        (finance(), dunning, "allow by finance.letters"),
        (nightly(), customer, "forbidden by ci.nothing-else"),
        (nightly(), summary, "forbidden by ci.nothing-else"),
        (user("nora", &[]), rules, "no policy allows"),
    ] {
        let decided = line(&asking(principal, target).decide(&set));
        assert_eq!(decided, want, "case: {target:?}");
    }
    let templates = |principal| Ask::new(principal, rules).template_visibility(&set);
    assert_eq!(templates(vendor()), Visibility::Shown);
    assert_eq!(templates(nightly()), Visibility::Hidden);
}

#[test]
fn only_finance_sees_e_mail_and_nobody_sees_cards() {
    let set = starter();
    for (principal, connection, class, want) in [
        (finance(), "billing", "pii.email", true),
        (finance(), "billing", "pii.card", false),
        (finance(), "billing", "pii.iban", false),
        (finance(), "crm", "pii.email", false),
        (support(), "billing", "pii.email", false),
        (vendor(), "billing", "pii.email", false),
        (nightly(), "billing", "pii.email", false),
    ] {
        let answer = set.may_unmask(&principal, &connection.parse().unwrap(), &class.parse().unwrap());
        assert_eq!(answer, want, "case: {} {class} on {connection}", principal.id());
    }
}

#[test]
fn support_finds_customers_by_addresses_and_sql_gets_none() {
    let set = starter();
    let connection = "billing".parse().unwrap();
    for (principal, class, want) in [
        (support(), "pii.email", &["list_customers"][..]),
        (support(), "pii.card", &[]),
        (finance(), "pii.email", &[]),
        (vendor(), "pii.email", &[]),
    ] {
        let data = class.parse().unwrap();
        let may = |tool: &&str| {
            let asked = Detokenizing { principal: &principal, connection: &connection, tool };
            set.may_detokenize(asked, &data)
        };
        let tools: Vec<&str> = TOOLS.into_iter().filter(may).collect();
        assert_eq!(tools, want, "case: {} {class}", principal.id());
    }
}

#[test]
fn card_numbers_in_arguments_are_watched() {
    let ask = Ask { labels: &["pii.card"], ..asking(vendor(), Target::Tool { name: "query" }) };
    let decision = ask.decide(&starter());
    assert_eq!(line(&decision), "allow by vendors.look-up");
    assert_eq!(observed(&decision), "guardrails.cards-in-arguments forbids");
}

#[test]
fn a_contract_ends_by_itself() {
    let set = starter();
    let stayed = user("stan", &["demo:contractors", "demo:support"]);
    let last_second = 1_782_863_999; // 2026-06-30T23:59:59Z
    for (principal, tool, now, want) in [
        (contractor(), "reconcile", MONDAY, "allow by contractors.reconcile-invoices"),
        (contractor(), "get_customer", MONDAY, "no policy allows"),
        (contractor(), "reconcile", MONDAY + 12 * 3600, "no policy allows"),
        (contractor(), "reconcile", last_second - 12 * 3600, "allow by contractors.reconcile-invoices"),
        (contractor(), "reconcile", last_second, "no policy allows"),
        (contractor(), "reconcile", last_second + 1, "forbidden by contractors.over"),
        (stayed.clone(), "get_customer", last_second, "allow by support.look-up"),
        (stayed, "get_customer", last_second + 1, "forbidden by contractors.over"),
    ] {
        let ask = Ask { now, ..asking(principal, Target::Tool { name: tool }) };
        assert_eq!(line(&ask.decide(&set)), want, "case: {tool} at {now}");
    }
}

#[test]
fn nobody_does_two_things_that_belong_apart() {
    let set = starter();
    let groups =
        ["demo:policy-writers", "demo:finance", "demo:auditors", "demo:security-on-call", "demo:support"];
    let may = |principal: &Principal, target| {
        line(&asking(principal.clone(), target).decide(&set)).starts_with("allow")
    };
    // Whatever groups somebody collects.
    for chosen in 0_u32..1 << groups.len() {
        let mine: Vec<&str> =
            (0..groups.len()).filter(|n| chosen & (1 << n) != 0).map(|n| groups[n]).collect();
        let principal = user("mo", &mine);
        let (configures, approves) = (may(&principal, Target::Configure), may(&principal, Target::Approve));
        assert!(!(configures && approves), "{mine:?}");
        let (writes, decides) = (mine.contains(&groups[0]), mine.contains(&groups[1]));
        assert_eq!((configures, approves), (writes && !decides, decides && !writes), "{mine:?}");
        for target in [Target::Configure, Target::Approve, Target::Revoke] {
            assert!(!may(&workload("bot", &mine, &[]), target), "{mine:?}");
        }
    }
}

#[test]
fn a_vendor_meets_fifty_customers_a_day() {
    let set = starter();
    let target = Target::Tool { name: "get_customer" };
    for (customers, want) in [(49, "allow by vendors.look-up"), (50, "forbidden by vendors.customers-a-day")]
    {
        let ask = Ask { usage: Some(used(customers, customers)), ..Ask::new(vendor(), target) };
        assert_eq!(line(&ask.decide(&set)), want, "{customers}");
        assert_eq!(ask.visibility(&set), Visibility::Shown, "tomorrow it may be called again");
    }
}
