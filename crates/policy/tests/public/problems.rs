//! What is wrong with policy files, with the exact messages.

use portcullis_policy::{Coverage, Effect, Mode, PolicySet, Source};

fn problems(sources: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source<'_>> = sources.iter().map(|(file, text)| Source { file, text }).collect();
    match PolicySet::parse(&sources) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn every_problem_has_its_line_and_a_remedy() {
    for (text, want) in PROBLEMS {
        assert_eq!(problems(&[("p.cedar", text)]), [*want], "case: {text}");
    }
}

/// A file, and the one thing that is wrong with it.
const PROBLEMS: &[(&str, &str)] = &[
    (
        "permit (principal, action, resource);",
        "p.cedar:1: this policy has no `@id`; write `@id(\"…\")` before it",
    ),
    (
        "// comment\n\n@reason(\"x\")\npermit (principal, action, resource);",
        "p.cedar:3: this policy has no `@id`; write `@id(\"…\")` before it",
    ),
    (
        "@id(\"a b\")\npermit (principal, action, resource);",
        "p.cedar:1: `@id` cannot be `a b`; write 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`",
    ),
    (
        "@id\npermit (principal, action, resource);",
        "p.cedar:1: `@id` cannot be ``; write 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`",
    ),
    (
        "@id(\"a\")\n@resaon(\"x\")\npermit (principal, action, resource);",
        "p.cedar:2: unknown annotation `@resaon`; did you mean `@reason`?",
    ),
    (
        "@id(\"a\")\n@approver(\"demo:x\")\nforbid (principal, action, resource);",
        "p.cedar:2: unknown annotation `@approver`; did you mean `@approvers`?",
    ),
    (
        "@id(\"a\")\n@severity(\"x\")\npermit (principal, action, resource);",
        "p.cedar:2: unknown annotation `@severity`; known are `@approval`, `@approvers`, `@grant`, `@id`, `@mode`, `@reason`, `@ttl`",
    ),
    (
        "@id(\"a\")\n@reason(\" \")\npermit (principal, action, resource);",
        "p.cedar:2: `@reason` cannot be ` `; say in one sentence why this policy exists",
    ),
    (
        "@id(\"a\")\n@mode(\"Observe\")\npermit (principal, action, resource);",
        "p.cedar:2: `@mode` cannot be `Observe`; write `enforce` or `observe`",
    ),
    (
        "@id(\"a\")\n@approval(\"demo:x\")\npermit (principal, action, resource);",
        "p.cedar:2: `@approval` has no meaning on a permit; put it on a forbid that approval lifts",
    ),
    (
        "@id(\"a\") @ttl(\"5m\")\nforbid (principal, action, resource);",
        "p.cedar:1: `@ttl` has no meaning without `@approval`; add `@approval(\"issuer:group\")`",
    ),
    (
        "@id(\"a\") @approval(\"finance\")\nforbid (principal, action, resource);",
        "p.cedar:1: `@approval` cannot be `finance`; write one group as `issuer:group`",
    ),
    (
        "@id(\"a\") @approval(\"demo:x\")\n@approvers(\"0\")\nforbid (principal, action, resource);",
        "p.cedar:2: `@approvers` cannot be `0`; write a number from 1 to 20",
    ),
    (
        "@id(\"a\") @approval(\"demo:x\")\n@ttl(\"15\")\nforbid (principal, action, resource);",
        "p.cedar:2: `@ttl` cannot be `15`; write a time like `90s`, `15m`, `8h` or `7d`, from 1s to 7d",
    ),
    (
        "@id(\"a\") @approval(\"demo:x\")\n@grant(\"8d\")\nforbid (principal, action, resource);",
        "p.cedar:2: `@grant` cannot be `8d`; write `once` or a time like `30m`, from 1s to 7d",
    ),
    (
        "@id(\"a\")\npermit (principal == ?principal, action, resource);",
        "p.cedar:2: expected a static policy, got a template containing the slot ?principal; try removing the template slot(s) from this policy",
    ),
    (
        "@id(\"a\")\npermit (principal, action, resource)\nwhen { principal.name = \"x\" };",
        "p.cedar:3: '=' is not a valid operator in Cedar; try using '==' instead",
    ),
    ("@id(\"a\")\n@id(\"b\")\npermit (principal, action, resource);", "p.cedar:2: duplicate annotation: @id"),
    (
        "@id(\"a\")\npermit (principal, action, resource)",
        "p.cedar:2: unexpected end of input; expected `;` or identifier",
    ),
    (
        "@id(\"a\") permit (principal, action, resource) when { \"x };",
        "p.cedar:1: invalid token; try checking that all strings are closed properly",
    ),
    (";", "p.cedar:1: unexpected token `;`; expected `@` or identifier"),
];

#[test]
fn all_problems_of_all_files_are_listed_by_file_and_line() {
    let bad = "@id(\"a\")\n@mod(\"observe\")\npermit (principal, action, resource);\n\
               permit (principal, action, resource) when { oops };\n\
               @id(\"b\") permit (principal, action, resource);";
    let good = "@id(\"b\") permit (principal, action, resource);";
    assert_eq!(
        problems(&[("2.cedar", bad), ("1.cedar", good), ("3.cedar", good)]),
        [
            "1.cedar:1: the id `b` is taken by 2.cedar:5; give this policy an id of its own",
            "2.cedar:2: unknown annotation `@mod`; did you mean `@mode`?",
            "2.cedar:4: invalid variable: oops; the valid Cedar variables are `principal`, `action`, `resource`, and `context`; did you mean to enclose `oops` in quotes to make a string?",
            "3.cedar:1: the id `b` is taken by 2.cedar:5; give this policy an id of its own",
        ]
    );
}

#[test]
fn annotations_are_read_as_documented() {
    let text = r#"
        @id("full") @reason("Large refunds") @mode("observe") @approval("demo:finance") @approvers("2")
        @ttl("2h") @grant("30m")
        forbid (principal, action, resource);

        @id("plain") @approval("demo:finance") forbid (principal, action, resource);
        @id("once") @approval("demo:finance") @grant("once") forbid (principal, action, resource);"#;
    let set = PolicySet::parse(&[Source { file: "p.cedar", text }]).unwrap();
    let seen: Vec<String> = set
        .policies()
        .map(|policy| {
            let rule = policy.approval().unwrap();
            let coverage = match rule.coverage {
                Coverage::Once => "once".to_owned(),
                Coverage::Window(time) => format!("{}s", time.as_secs()),
            };
            format!(
                "{} {:?} {:?} {:?} {} {} {}s {} at {}:{}",
                policy.id(),
                policy.effect(),
                policy.mode(),
                policy.reason(),
                rule.approvers,
                rule.group,
                rule.ttl.as_secs(),
                coverage,
                policy.file(),
                policy.line(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "full Forbid Observe Some(\"Large refunds\") 2 demo:finance 7200s 1800s at p.cedar:2",
            "once Forbid Enforce None 1 demo:finance 900s once at p.cedar:7",
            "plain Forbid Enforce None 1 demo:finance 900s once at p.cedar:6",
        ]
    );
    assert!(set.policies().all(|policy| policy.effect() == Effect::Forbid));
    assert_eq!(set.policies().filter(|policy| policy.mode() == Mode::Observe).count(), 1);
}

#[test]
fn digests_follow_meaning_and_not_layout() {
    let digest = |text: &str| {
        let set = PolicySet::parse(&[Source { file: "p.cedar", text }]).unwrap();
        let policy = set.policies().next().unwrap().digest();
        (policy, set.digest())
    };
    let original = digest(r#"@id("a") permit (principal, action, resource) when { 1 == 1 };"#);
    let laid_out = "// why\n@id( \"a\" )\npermit(principal,action,resource)\n  when{1==1} // one\n;";
    assert_eq!(digest(laid_out), original);
    for changed in [
        r#"@id("b") permit (principal, action, resource) when { 1 == 1 };"#,
        r#"@id("a") forbid (principal, action, resource) when { 1 == 1 };"#,
        r#"@id("a") permit (principal, action, resource) when { 1 == 2 };"#,
        r#"@id("a") @reason("x") permit (principal, action, resource) when { 1 == 1 };"#,
        r#"@id("a") @mode("observe") permit (principal, action, resource) when { 1 == 1 };"#,
    ] {
        let (policy, set) = digest(changed);
        assert_ne!(policy, original.0, "case: {changed}");
        assert_ne!(set, original.1, "case: {changed}");
    }
    // Grants and records name digests, so this one may never change.
    assert_eq!(
        original.0.to_string(),
        "sha256:2bd7105b232f2fefbf50df2d98b6f9cd803122f1a0d27fb3265e95808bb21f5e"
    );
}

#[test]
fn the_set_digest_does_not_depend_on_files() {
    let a = r#"@id("a") permit (principal, action, resource);"#;
    let b = r#"@id("b") forbid (principal, action, resource);"#;
    let both = format!("{a}\n{b}");
    let digest = |sources: &[&str]| {
        let sources: Vec<Source<'_>> = sources.iter().map(|text| Source { file: "p.cedar", text }).collect();
        PolicySet::parse(&sources).unwrap().digest()
    };
    assert_eq!(digest(&[a, b]), digest(&[b, a]));
    assert_eq!(digest(&[a, b]), digest(&[&both]));
    assert_ne!(digest(&[a, b]), digest(&[a]));
}

#[test]
fn nothing_at_all_is_a_set_that_denies() {
    for text in ["", "   \n", "// only a comment"] {
        let set = PolicySet::parse(&[Source { file: "p.cedar", text }]).unwrap();
        assert_eq!(set.policies().count(), 0);
    }
}
