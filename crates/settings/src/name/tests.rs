use super::{ClassName, ConnectionName, VariableName};

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
fn a_refused_name_is_shown_on_one_short_line() {
    let problem = format!("x\n{}", "y".repeat(500)).parse::<ConnectionName>().unwrap_err().to_string();
    assert!(!problem.contains('\n') && problem.len() < 200, "{problem}");
}
