//! Input that is too large, too deep, misspelt or made to confuse: a clear problem, or a denial.

use portcullis_policy::{PolicySet, Source, Target, Visibility};
use proptest::prelude::*;

use crate::support::{Ask, line, policies, user};

fn problem(text: &str) -> Option<String> {
    PolicySet::parse(&[Source { file: "p.cedar", text }]).err().map(|problems| problems.to_string())
}

fn when(condition: &str) -> String {
    format!("@id(\"a\")\npermit (principal, action, resource)\nwhen {{ {condition} }};")
}

#[test]
fn a_group_without_its_issuer_is_a_problem() {
    let scope = |scope: &str| format!("@id(\"a\")\nforbid ({scope}, action, resource);");
    let want = |line, group: &str| {
        format!(
            "p.cedar:{line}: `Group::\"{group}\"` names no issuer, so nobody is in it; write \
             `Group::\"issuer:{group}\"`"
        )
    };
    for (text, found) in [
        (scope(r#"principal in Group::"support""#), Some(want(2, "support"))),
        (scope(r#"principal is User in Group :: "support""#), Some(want(2, "support"))),
        (scope(r#"principal in Group::"okta:support""#), None),
        (scope(r#"principal in Group::":support""#), Some(want(2, ":support"))),
        (scope(r#"principal in Group::"Ok ta:support""#), Some(want(2, "Ok ta:support"))),
        (when(r#"principal in Group::"a""#), Some(want(3, "a"))),
        (when(r#"principal in [Group::"okta:a", Group::"b"]"#), Some(want(3, "b"))),
        // Only the group of this name has issuers; what a string says is no group.
        (when(r#"principal in Other::Group::"a""#), None),
        (when(r#"principal.subject == "Group::a""#), None),
        (when(r#"principal.subject == "Group::\"a\"""#), None),
        (when(r#"{Group: "a"}.Group == "a""#), None),
    ] {
        assert_eq!(problem(&text), found, "case: {text}");
    }
    let two = when(r#"principal in Group::"a" || principal in Group::"b""#);
    assert_eq!(problem(&two), Some(format!("{}\n{}", want(3, "a"), want(3, "b"))));
}

#[test]
fn a_policy_that_is_too_large_is_a_problem() {
    let megabyte = when(&format!("principal.subject == \"{}\"", "x".repeat(1024 * 1024)));
    let want = format!(
        "p.cedar:1: this policy has {} bytes; 65536 are the most; split it into several policies",
        megabyte.len()
    );
    assert_eq!(problem(&megabyte), Some(want));
    // A file may be as large as it likes.
    let many: String = (0..1000)
        .map(|n| format!("@id(\"p{n}\") permit (principal, action == Action::\"c/{n:900}\", resource);\n"))
        .collect();
    assert!(many.len() > 900_000);
    assert_eq!(problem(&many), None);
}

#[test]
fn long_sets_are_fine_and_deep_conditions_are_not() {
    let names: Vec<String> = (0..3000).map(|n| format!("\"name-{n}\"")).collect();
    assert_eq!(problem(&when(&format!("[{}].contains(principal.subject)", names.join(", ")))), None);
    let chain = |operand: &str, operator: &str, n: usize| vec![operand; n].join(operator);
    let wrapped = |left: &str, right: &str, n: usize| format!("{}true{}", left.repeat(n), right.repeat(n));
    for (name, condition, is_deep) in [
        ("100 terms", chain("true", " && ", 100), false),
        ("300 terms", chain("true", " && ", 300), true),
        ("5000 terms", chain("true", "||", 5000), true),
        ("5000 sums", format!("{} == 1", chain("1", "+", 5000)), true),
        ("30 brackets", wrapped("(", ")", 30), false),
        ("50 brackets", wrapped("(", ")", 50), true),
        ("10000 brackets", wrapped("(", ")", 10_000), true),
        ("sets", format!("{} == []", wrapped("[", "]", 50)), true),
        ("records", format!("{} == {{}}", wrapped("{a: ", "}", 50)), true),
        ("negations", format!("{}true", "!".repeat(200)), true),
        ("negated brackets", wrapped("!(", ")", 50), true),
        ("alternatives", wrapped("if true then ", " else false", 100), true),
        ("attributes", format!("context{} == 1", ".a".repeat(200)), true),
        ("functions", format!("{}1{}", "[".repeat(50), "].contains(1)".repeat(50)), true),
        (
            "a deep part beside a long one",
            format!("[{}, 1] == [{}]", wrapped("(", ")", 50), names.join(",")),
            true,
        ),
        ("brackets that never end", "(".repeat(10_000), true),
    ] {
        let found = problem(&when(&condition)).unwrap_or_default();
        let says_so = found.contains("nested too deeply: 150 operators or 37 brackets are the most");
        assert_eq!(says_so, is_deep, "case: {name}: {found:.200}");
        assert!(is_deep || found.is_empty(), "case: {name}: {found:.200}");
    }
}

#[test]
fn names_that_differ_only_in_signs_are_different() {
    const NAMES: [&str; 16] = [
        "a-b", "a.b", "a/b", "a_b", "a b", "ab", "a--b", "a:b", "a|b", "A-b", "a-b ", "a\"b", "a\\b",
        "permit", "if", "__cedar",
    ];
    for named in NAMES {
        let escaped = named.replace('\\', "\\\\").replace('"', "\\\"");
        let by_action =
            format!(r#"@id("p") permit (principal, action == Action::"billing/{escaped}", resource);"#);
        let by_resource =
            format!(r#"@id("p") permit (principal, action, resource == Tool::"billing/{escaped}");"#);
        for set in [policies(&by_action), policies(&by_resource)] {
            for name in NAMES {
                let ask = Ask::new(user("ada", &[]), Target::Tool { name });
                let (decision, shown) = (line(&ask.decide(&set)), ask.visibility(&set));
                let want = if name == named {
                    ("allow by p", Visibility::Shown)
                } else {
                    ("no policy allows", Visibility::Hidden)
                };
                assert_eq!((decision.as_str(), shown), want, "{named} is not {name}");
            }
        }
    }
}

#[test]
fn numbers_that_cedar_cannot_hold_deny_what_compares_them() {
    let small = policies(r#"@id("p") permit (principal, action, resource) when { context.input.n < 100 };"#);
    let unless_large =
        policies(r#"@id("p") permit (principal, action, resource) unless { context.input.n > 100 };"#);
    let ask = |input: &str| Ask::new(user("ada", &[]), Target::Tool { name: "x" }).with(input);
    for number in [
        "9223372036854775808",
        "-9223372036854775809",
        "12345678901234567890",
        "99999999999999999999",
        "0.12345678901234567890",
        "-12345678901234567890.5",
        "1e20",
    ] {
        for set in [&small, &unless_large] {
            let decided = line(&ask(&format!("{{\"n\":{number}}}")).decide(set));
            assert!(decided.starts_with("error: policy `p` could not be evaluated"), "{number}: {decided}");
        }
    }
    assert_eq!(line(&ask(r#"{"n":-9223372036854775808}"#).decide(&small)), "allow by p");
}

#[test]
fn classes_cannot_be_in_themselves() {
    // What a class is in follows from its name, so there is no way to write a cycle.
    let set =
        policies(r#"@id("p") permit (principal, action == Action::"unmask", resource in DataClass::"a.a");"#);
    let ada = user("ada", &[]);
    for (class, want) in [("a", false), ("a.a", true), ("a.a.a", true), ("a.a.b", true), ("b.a.a", false)] {
        let seen = set.may_unmask(&ada, &"billing".parse().unwrap(), &class.parse().unwrap());
        assert_eq!(seen, want, "case: {class}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_brackets_and_operators_make_the_parser_panic(text in "[\\(\\)\\[\\]{}!&|,;=a.-]{0,400}") {
        let _ = problem(&when(&text));
    }
}
