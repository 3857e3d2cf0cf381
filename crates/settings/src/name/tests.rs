use super::{ClassName, ConnectionName, GroupName, RuleId, ToolPattern, VariableName};

#[test]
fn connection_names_are_dns_labels() {
    for good in ["a", "0", "billing", "billing-2", &"a".repeat(63)] {
        assert_eq!(good.parse::<ConnectionName>().unwrap().as_str(), good);
    }
    for bad in ["", "-a", "Billing", "a_b", "a/b", "a.b", "é", "a b", "..", &"a".repeat(64)] {
        assert!(bad.parse::<ConnectionName>().is_err(), "case: {bad}");
    }
}

#[test]
fn variable_names_follow_spin() {
    for good in ["a", "billing_token", "a1_2"] {
        assert!(good.parse::<VariableName>().is_ok(), "case: {good}");
    }
    for bad in ["", "1a", "_a", "a_", "a__b", "A", "a-b", "a.b"] {
        assert!(bad.parse::<VariableName>().is_err(), "case: {bad}");
    }
}

#[test]
fn class_names_are_dotted_words() {
    for good in ["pii.card", "secret", "pii.tax-id.de_vat"] {
        assert!(good.parse::<ClassName>().is_ok(), "case: {good}");
    }
    for bad in ["", ".", "pii.", ".pii", "pii..card", "PII.card", "pii.-card", "pii card", "pii.*"] {
        assert!(bad.parse::<ClassName>().is_err(), "case: {bad}");
    }
}

#[test]
fn groups_name_their_issuer() {
    for (good, issuer) in [("okta:dba", "okta"), ("a:b:c", "a"), ("okta:Ops Team", "okta")] {
        assert_eq!(good.parse::<GroupName>().unwrap().issuer(), issuer);
    }
    for bad in ["", "dba", ":dba", "okta:", "Okta:dba", "okta:a\nb"] {
        assert!(bad.parse::<GroupName>().is_err(), "case: {bad}");
    }
}

#[test]
fn ids_of_rules_are_those_of_policies() {
    for good in ["a", "settings/no-sql_1:B.c", &"a".repeat(128)] {
        assert!(good.parse::<RuleId>().is_ok(), "case: {good}");
    }
    for bad in ["", "a b", "é", "a\"", &"a".repeat(129)] {
        assert!(bad.parse::<RuleId>().is_err(), "case: {bad}");
    }
}

#[test]
fn a_star_stands_for_any_characters() {
    for (pattern, fits, does_not) in [
        ("run", &["run"][..], &["", "runs", "rerun", "Run"][..]),
        ("run_*", &["run_", "run_sql", "run_*"], &["run", "rerun_sql"]),
        ("*_sql", &["_sql", "run_sql", "a_sql_sql"], &["run_sql_x", "sql"]),
        ("a*b*c", &["abc", "aXbYc", "abbc", "abcbc"], &["ac", "acb", "ab", "bc"]),
        ("a*a", &["aa", "aba"], &["a"]),
        ("*", &["", "anything"], &[]),
        ("**x", &["x", "yx"], &["", "xy"]),
    ] {
        let parsed: ToolPattern = pattern.parse().unwrap();
        assert_eq!(parsed.is_exact(), pattern == "run");
        assert!(fits.iter().all(|tool| parsed.fits(tool)), "case: {pattern}");
        assert!(!does_not.iter().any(|tool| parsed.fits(tool)), "case: {pattern}");
    }
    for bad in ["", "a\nb", &"a".repeat(257)] {
        assert!(bad.parse::<ToolPattern>().is_err(), "case: {bad}");
    }
}

#[test]
fn a_refused_name_is_shown_on_one_short_line() {
    let problem = format!("x\n{}", "y".repeat(500)).parse::<ConnectionName>().unwrap_err().to_string();
    assert!(!problem.contains('\n') && problem.len() < 200, "{problem}");
}
