use super::{HEAD, KEY, settings};
use crate::RuleMode;

const WORLD: &str = "[issuers.okta]\nissuer = \"https://a\"\n[connections.crm]\nurl = \"https://c\"\n\
                     issuers = [\"okta\"]\n[connections.billing]\nurl = \"https://b\"\nissuers = [\"okta\"]\n";

/// What is wrong with these lines, which start on line 12.
fn told(lines: &str) -> String {
    let found = settings(&format!("{HEAD}{WORLD}{lines}"), &[KEY]);
    found.map_or_else(|problems| problems.replace("portcullis.toml:", ""), |_| "nothing".to_owned())
}

#[test]
fn a_rule_is_read_whole() {
    let lines = "# Why not.\n[[deny]]\nid = \"no-sql\"\nlabels = [\"sql.destructive\", \"secret\"]\n\
                 connections = [\"crm\"]\ntools = [\n  \"run_*\",\n  \"sql\",\n]\ngroups = [\"okta:vendors\"]\n\
                 except_groups = [\"okta:dba\"]\nreason = \"vendors do not\"\nmode = \"observe\"\n\n# next\n\
                 [[deny]]\nid = \"other\"\nconnections = [\"billing\"]";
    let rules = settings(&format!("{HEAD}{WORLD}{lines}"), &[KEY]).unwrap().deny;
    let [rule, other] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((rule.id.as_str(), rule.line, rule.mode), ("no-sql", 13, RuleMode::Observe));
    assert_eq!(rule.reason.as_deref(), Some("vendors do not"));
    let labels: Vec<(usize, &str)> = rule.labels.iter().map(|at| (at.line, at.value.as_str())).collect();
    assert_eq!(labels, [(15, "sql.destructive"), (15, "secret")]);
    let tools: Vec<(usize, &str)> = rule.tools.iter().map(|at| (at.line, at.value.as_str())).collect();
    assert_eq!(tools, [(18, "run_*"), (19, "sql")]);
    assert!(rule.text.starts_with("[[deny]]\nid = \"no-sql\"") && rule.text.ends_with("mode = \"observe\""));
    assert_eq!((other.mode, other.labels.len(), other.text.lines().count()), (RuleMode::Enforce, 0, 3));
}

#[test]
fn every_mistake_has_its_line() {
    let long = vec!["\"a\""; 65].join(", ");
    for (name, lines, want) in [
        ("nothing wrong", "id = \"a\"\ntools = [\"x\"]", "nothing"),
        ("no id", "tools = [\"x\"]", "12: `deny.id` is missing"),
        (
            "an id that is none",
            "id = \"a b\"\ntools = [\"x\"]",
            "13: `deny.id`: `a b` is not an id of a rule: use 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`",
        ),
        (
            "about everything",
            "id = \"a\"\nexcept_groups = [\"okta:dba\"]",
            "12: this rule would deny every request; say `labels`, `connections`, `tools` or `groups`",
        ),
        (
            "a list without entries",
            "id = \"a\"\nlabels = []",
            "12: `deny.labels` is empty; name one, or leave it out",
        ),
        (
            "a connection that is not there",
            "id = \"a\"\nconnections = [\"crm\", \"biling\"]",
            "14: connection `biling` is not defined; did you mean `billing`?",
        ),
        (
            "a group without its issuer",
            "id = \"a\"\ngroups = [\"vendors\"]",
            "14: `deny.groups`: `vendors` is not a group: write it with its issuer, as in `okta:dba`",
        ),
        (
            "a group of nobody",
            "id = \"a\"\ntools = [\"x\"]\nexcept_groups = [\"otka:dba\"]",
            "15: `deny.except_groups`: issuer `otka` of `otka:dba` is not defined; did you mean `okta`?",
        ),
        (
            "a class that is no name",
            "id = \"a\"\nlabels = [\"sql.*\"]",
            "14: `deny.labels`: `sql.*` is not a class name: use words of a-z, 0-9, `-` and `_` with dots between them, \
             at most 63 characters",
        ),
        (
            "a key that is misspelt",
            "id = \"a\"\ntools = [\"x\"]\nlabel = [\"sql\"]",
            "15: unknown key `deny.label`; did you mean `labels`?",
        ),
        (
            "a mode that there is not",
            "id = \"a\"\ntools = [\"x\"]\nmode = \"observed\"",
            "15: `deny.mode`: `observed` is no mode; did you mean `observe`?",
        ),
        (
            "no reason",
            "id = \"a\"\ntools = [\"x\"]\nreason = \" \"",
            "15: `deny.reason`: say in one line of at most 1024 bytes why the rule exists",
        ),
        (
            "the same id twice",
            "id = \"a\"\ntools = [\"x\"]\n[[deny]]\nid = \"a\"\ntools = [\"y\"]",
            "15: the id `a` is taken by the rule on line 12",
        ),
        (
            "too much",
            &format!("id = \"a\"\ntools = [{long}]"),
            "12: `deny.tools` has 65 entries and may have 64; write two rules",
        ),
        (
            "one table",
            "",
            "12: `deny.id` is missing\n12: this rule would deny every request; say `labels`, `connections`, \
                           `tools` or `groups`",
        ),
    ] {
        assert_eq!(told(&format!("[[deny]]\n{lines}")), want, "case: {name}");
    }
    assert_eq!(told("[deny]\nid = \"a\""), "12: `deny` must be a list of tables, not a table");
    let many: String = (0..129).map(|n| format!("[[deny]]\nid = \"r{n}\"\ntools = [\"x\"]\n")).collect();
    assert_eq!(told(&many), "396: there are more than 128 rules; write policies instead");
}
