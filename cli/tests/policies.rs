//! `portcullis test` and `portcullis explain`, as a security engineer uses them and as a script reads them.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use portcullis_tests::components;
use serde_json::Value;
use tempfile::TempDir;

const SETTINGS: &str = r#"
public_url = "{{ public_url }}"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "{{ okta }}"
groups_claim = "/realm/roles"
attributes = ["team"]
workload_when = { claim = "idtyp", equals = "app" }
[issuers.ci]
issuer = "https://ci.example.com"
principal = "workload"
attributes = ["ref"]
[connections.wiki]
url = "https://wiki.example.com/mcp"
issuers = ["okta"]
[connections.deploy]
url = "https://deploy.example.com/mcp"
issuers = ["okta", "ci"]
"#;

const POLICIES: &str = r#"// Comments move the lines.
@id("wiki.read")
@reason("Everybody in staff reads")
permit (principal in Group::"okta:staff", action == Action::"wiki/read", resource);

@id("wiki.write")
permit (principal is User in Group::"okta:staff", action == Action::"wiki/write", resource)
when {
    principal.hasTag("team") &&
    principal.getTag("team") == "docs" && // only they
    context.input has size && context.input.size <= 10
};

@id("wiki.write-held")
@approval("okta:editors")
@approvers("2")
forbid (principal, action == Action::"wiki/write", resource)
when { context.input has size && context.input.size > 5 };

@id("wiki.no-mail")
@mode("observe")
forbid (principal, action in Action::"call", resource)
when { context.session.labels.contains("pii.email") };

@id("deploy.main")
permit (principal is Workload, action == Action::"deploy/run", resource)
when { principal.hasTag("ref") && principal.getTag("ref") == "main" };

@id("wiki.mail-in-clear")
permit (principal in Group::"okta:editors", action == Action::"unmask", resource == DataClass::"pii.email")
when { context.connection == Connection::"wiki" };

@id("wiki.mail-for-write")
permit (principal in Group::"okta:staff", action == Action::"detokenize", resource == DataClass::"pii.email")
when { context.tool == Tool::"wiki/write" };
"#;

/// A policy folder `policies` in a folder of its own, with these files of tests.
fn folder(tests: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let policies = folder.path().join("policies");
    fs::create_dir_all(policies.join("tests")).expect("a folder");
    fs::write(policies.join("portcullis.toml"), SETTINGS).expect("a file");
    fs::write(policies.join("wiki.cedar"), POLICIES).expect("a file");
    for (name, text) in tests {
        fs::write(policies.join("tests").join(name), text).expect("a file");
    }
    folder
}

fn portcullis(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(folder).output().expect("the program runs")
}

/// What a command answers: its exit code, and what it says.
fn answer(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = portcullis(folder, arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn json(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = portcullis(folder, arguments);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON and nothing else"))
}

#[test]
fn the_policies_that_ship_do_what_their_tests_say() {
    let (code, told) = json(components::workspace(), &["test", "--json"]);
    let failed: Vec<&Value> =
        told["tests"].as_array().expect("tests").iter().filter(|test| test["passed"] != true).collect();
    assert_eq!((code, failed.as_slice()), (Some(0), &[][..]));
    assert_eq!(told["failed"], 0);
}

/// A policy that decides no test could be deleted, or turned around, without a test failing.
#[test]
fn every_policy_that_ships_decides_a_test() {
    let folder = components::workspace().join("policies");
    let mut policies = BTreeSet::new();
    for entry in fs::read_dir(&folder).expect("the policies") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let text = fs::read_to_string(path).expect("a policy file");
            for policy in text.split("@id(\"").skip(1) {
                // What is only watched decides nothing.
                if !policy.split(';').next().unwrap_or_default().contains("@mode(\"observe\")") {
                    policies.insert(policy.split('"').next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    let settings = fs::read_to_string(folder.join("portcullis.toml")).expect("the settings");
    let rules = settings.split("\n[[deny]]\nid = \"").skip(1);
    policies.extend(rules.map(|rule| rule.split('"').next().unwrap_or_default().to_owned()));
    let (_, told) = json(components::workspace(), &["test", "--json"]);
    let tests = told["tests"].as_array().expect("tests").iter();
    let decided: BTreeSet<String> = tests
        .flat_map(|test| test["determining"].as_array().expect("policies"))
        .map(|policy| policy["id"].as_str().expect("an id").to_owned())
        .collect();
    let idle: Vec<&String> = policies.difference(&decided).collect();
    assert!(policies.len() > 20 && idle.is_empty(), "no test is decided by {idle:?}");
}

const PASSING: &str = r#"
connection = "wiki"

[principals.author]
groups = ["okta:staff"]
attributes = { team = "docs" }

[[test]]
name = "reads"
principal = "author"
tool = "read"
expect = "allow"
by = ["wiki.read"]
listed = true

[[test]]
name = "writes a little"
principal = "author"
tool = "write"
arguments = { size = 5 }
expect = "allow"

[[test]]
name = "writes much when editors approve"
principal = "author"
tool = "write"
arguments = '{"size": 6}'
expect = "hold"
by = ["wiki.write", "wiki.write-held"]
approval = ["okta:editors"]

[[test]]
name = "a program does not write"
principal = { issuer = "okta", claims = { sub = "robot", idtyp = "app", team = "docs", realm = { roles = ["staff"] } } }
tool = "write"
arguments = { size = 5 }
expect = "deny"
by = []

[[test]]
name = "a person of the same claims does"
principal = { issuer = "okta", claims = '{"sub": "ann", "team": "docs", "realm": {"roles": ["staff"]}}' }
tool = "write"
arguments = { size = 5 }
expect = "allow"

[[test]]
name = "editors see addresses"
principal = { groups = ["okta:editors"] }
tool = "read"
masks = [{ answer = "ann@example.com, 4111111111111111", shows = "ann@example.com, [card]" }]

[[test]]
name = "authors do not, in keys neither"
principal = "author"
tool = "read"
masks = [{ answer = { "ann@example.com" = ["bob@example.com", 1] }, shows = { "[email]" = ["[email]", 1] } }]

[[test]]
name = "a job deploys"
connection = "deploy"
principal = { issuer = "ci", attributes = { ref = "main" } }
tool = "run"
expect = "allow"
"#;

#[test]
fn tests_pass_and_are_counted() {
    let folder =
        folder(&[("a.toml", PASSING), ("b.toml", "connection = \"wiki\"\n"), ("notes.md", "no test")]);
    let (code, said) = answer(folder.path(), &["test"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "policies/tests/a.toml: 8 passed\npolicies/tests/b.toml: 0 passed\n8 passed, 0 failed\n")
    );
    let (code, said) =
        answer(Path::new("/"), &["test", folder.path().join("policies").to_str().expect("a path")]);
    assert!(code == Some(0) && said.contains("8 passed"), "{said}");
}

#[test]
fn a_failing_test_says_what_was_expected_and_what_decided() {
    // One thing at a time is made wrong.
    for (from, to, want) in [
        (
            "expect = \"hold\"",
            "expect = \"allow\"",
            "FAILED policies/tests/a.toml:23: writes much when editors approve\n  decision: expected allow, got \
             hold\n  hold: wiki.write-held needs the approval of 2 in okta:editors\n  determined by wiki.write \
             (policies/wiki.cedar:6)\n  determined by wiki.write-held (policies/wiki.cedar:14)\n",
        ),
        (
            "approval = [\"okta:editors\"]",
            "approval = [\"okta:admins\"]",
            "  approval: expected okta:admins, got okta:editors\n",
        ),
        ("by = [\"wiki.read\"]", "by = [\"wiki.write\"]", "  by: expected wiki.write, got wiki.read\n"),
        ("by = [\"wiki.read\"]", "by = []", "  by: expected nothing, got wiki.read\n"),
        ("listed = true", "listed = false", "  listed: expected false, got true\n"),
        ("listed = true", "listed = \"needs-approval\"", "  listed: expected needs-approval, got true\n"),
        (
            "arguments = { size = 5 }\nexpect = \"allow\"",
            "arguments = { size = 11 }\nexpect = \"allow\"",
            "  decision: expected allow, got deny\n  deny: no permit matches\n  nearest: wiki.write \
             (policies/wiki.cedar:6) permits this tool, but only when `context.input.size <= 10` (line 11)\n",
        ),
        (
            "ann@example.com, [card]",
            "[email], [card]",
            "  masks: expected [email], [card], got ann@example.com, [card]\n",
        ),
        (
            "{ \"[email]\" = [\"[email]\", 1] }",
            "{ \"[email]\" = [\"[email]\", 2] }",
            "  masks: expected {\"[email]\":[\"[email]\",2]}, got {\"[email]\":[\"[email]\",1]}\n",
        ),
    ] {
        assert!(PASSING.contains(from), "{from}");
        let folder = folder(&[("a.toml", &PASSING.replacen(from, to, 1))]);
        let (code, said) = answer(folder.path(), &["test"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(want) && said.contains("7 passed, 1 failed"), "case: {to}: {said}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn what_is_wrong_with_a_test_file_is_listed_with_its_line() {
    const START: &str = "connection = \"wiki\"\n[[test]]\nname = \"n\"\n";
    for (test, want) in [
        (
            "principal = { groups = [\"okta:staff\"] }\ntool = \"read\"\nexpects = \"allow\"\n",
            [
                "a.toml:6: unknown key `test.expects`; did you mean `expect`?",
                "a.toml:2: the test expects nothing",
            ],
        ),
        (
            "principal = { groups = [\"staff\"] }\ntool = \"read\"\nexpect = \"permit\"\n",
            [
                "a.toml:4: the group `staff` has no issuer; did you mean `ci:staff` or `okta:staff`?",
                "a.toml:6: `test.expect` cannot be `permit`; expected `allow`, `deny`, `hold`",
            ],
        ),
        (
            "principal = { groups = [\"okta:staff\", \"staf\"] }\ntool = 7\nexpect = \"deny\"\n",
            [
                "a.toml:4: the group `staf` has no issuer; did you mean `ci:staf` or `okta:staf`?",
                "a.toml:5: `test.tool` must be a text, not a whole number",
            ],
        ),
        (
            "principal = { groups = [\"okat:staff\"] }\ntool = \"read\"\nprompt = \"p\"\nexpect = \"deny\"\n",
            ["a.toml:4: the settings have no issuer `okat`; did you mean `okta`?", "is one thing too many"],
        ),
        (
            "principal = { issuer = \"okta\", groups = [\"ci:x\"] }\nexpect = \"deny\"\n",
            [
                "a.toml:4: `ci:x` is not a group of the issuer `okta`",
                "a.toml:2: the test does nothing; give one of `action`",
            ],
        ),
        (
            "principal = { groups = [\"okta:a\"], attributes = { teem = 1 } }\ntool = \"read\"\nby = [\"wiki.raed\"]\n",
            [
                "a.toml:4: `teem` is not among the `attributes` of `issuers.okta`; did you mean `team`?",
                "a.toml:6: no policy has the id `wiki.raed`; did you mean `wiki.read`?",
            ],
        ),
        (
            "principal = \"author\"\ntool = \"read\"\narguments = '{\"a\": 1, \"a\": 2}'\nexpect = \"deny\"\n",
            [
                "a.toml:4: there is no `[principals.author]`; there is none",
                "a.toml:6: `test.arguments`: not JSON that the gateway takes",
            ],
        ),
        (
            "principal = { issuer = \"okta\" }\nprompt = \"x\"\ndetokenize = \"pii.card\"\nexpect = \"deny\"\n",
            ["a.toml:6: `test.detokenize` is a class of which a tool gets values; give the `tool`", ""],
        ),
        (
            "principal = { issuer = \"okta\" }\ntool = \"x\"\ndetokenize = \"pii..card\"\nexpect = \"deny\"\n",
            ["a.toml:6: `test.detokenize`: `pii..card` is not a class name", ""],
        ),
        (
            "principal = { issuer = \"ci\" }\nunmask = \"pii..card\"\nlisted = true\nexpect = \"deny\"\n",
            ["a.toml:5: `test.unmask`: `pii..card` is not a class name", ""],
        ),
        (
            "principal = { issuer = \"ci\" }\nunmask = \"pii.card\"\nlisted = true\nexpect = \"deny\"\n",
            [
                "a.toml:6: `test.listed` is for tools, prompts and resources; no list has this",
                "a.toml:2: callers of `ci` cannot use `wiki`: its `issuers` do not list it",
            ],
        ),
        (
            "connection = \"wikki\"\nprincipal = { issuer = \"okta\" }\nresource = \"file:///a/../b\"\nexpect = \"deny\"\n",
            ["a.toml:6: `test.resource`: `file:///a/../b` is not a plain URI; the gateway refuses it", ""],
        ),
        (
            "connection = \"wikki\"\nprincipal = { issuer = \"okta\" }\nresource = \"a://b\"\narguments = {}\nexpect = \"deny\"\n",
            [
                "a.toml:4: the settings have no connection `wikki`; did you mean `wiki`?",
                "a.toml:7: policies see no `arguments` of this",
            ],
        ),
        (
            "principal = { issuer = \"okta\", claims = { realm = { roles = 7 }, sub = \"a\" } }\ntool = \"t\"\nexpect = \"deny\"\n",
            [
                "a.toml:4: a token with these claims is refused: claim \"/realm/roles\" of the token cannot be used",
                "",
            ],
        ),
        (
            "principal = { issuer = \"okta\", claims = { sub = \"a\" }, groups = [] }\ntool = \"t\"\nnow = 2026-01-01\n",
            [
                "a.toml:4: unknown key `test.principal.groups`",
                "a.toml:6: `test.now` must be a time with an offset",
            ],
        ),
        (
            "principal = { issuer = \"okta\" }\naction = \"aprove\"\nmasks = [{ answer = \"a\", show = \"b\" }]\n",
            [
                "a.toml:5: `test.action`: `aprove` is not an action on a connection; did you mean `approve`?",
                "a.toml:6: unknown key `test.masks.show`; did you mean `shows`?",
            ],
        ),
        (
            "principal = { issuer = \"okta\" }\ntool = \"t\"\nlabels = [\"PII\"]\nexpect = \"deny\"\n[[test]]\nname = 1\n",
            ["a.toml:6: `test.labels`: `PII` is not a class name", "a.toml:9: `test.name` must be a text"],
        ),
        ("principal = ", ["a.toml:4: not TOML", ""]),
    ] {
        let folder = folder(&[("a.toml", &format!("{START}{test}"))]);
        let (code, said) = answer(folder.path(), &["test"]);
        assert_eq!(code, Some(3), "{said}");
        for want in want {
            assert!(said.contains(want), "case: {test}\nexpected: {want}\nsaid: {said}");
        }
    }
}

#[test]
fn problems_are_listed_for_scripts_too_and_before_anything_runs() {
    let folder = folder(&[("a.toml", PASSING), ("b.toml", "tests = []\n")]);
    let (code, told) = json(folder.path(), &["test", "--json"]);
    assert_eq!(code, Some(3));
    let problem = &told["problems"][0];
    assert_eq!(
        (&problem["file"], &problem["line"]),
        (&Value::from("policies/tests/b.toml"), &Value::from(1))
    );
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("unknown key `tests`")), "{told}");

    fs::write(folder.path().join("policies/wiki.cedar"), "permit (principal, action, resource);")
        .expect("a file");
    for command in [&["test", "--json"][..], &["explain", "--json", "wiki", "read"]] {
        let (code, told) = json(folder.path(), command);
        assert_eq!(code, Some(3), "{told}");
        assert_eq!(told["problems"][0]["file"], "policies/wiki.cedar", "{told}");
    }
}

#[test]
fn a_folder_without_tests_does_not_pass() {
    let empty = folder(&[]);
    let (code, said) = answer(empty.path(), &["test"]);
    assert!(code == Some(1) && said.contains("policies/tests has no tests"), "{said}");
    fs::remove_dir(empty.path().join("policies/tests")).expect("no folder");
    let (code, said) = answer(empty.path(), &["test"]);
    assert!(code == Some(1) && said.contains("cannot list policies/tests"), "{said}");
}

#[test]
fn results_are_told_to_scripts() {
    let text = PASSING.replacen("expect = \"hold\"", "expect = \"allow\"", 1);
    let folder = folder(&[("a.toml", &text)]);
    let (code, told) = json(folder.path(), &["test", "--json"]);
    assert_eq!((code, &told["passed"], &told["failed"]), (Some(1), &Value::from(7), &Value::from(1)));
    let test = &told["tests"][2];
    for (pointer, want) in [
        ("/file", Value::from("policies/tests/a.toml")),
        ("/line", Value::from(23)),
        ("/name", Value::from("writes much when editors approve")),
        ("/passed", Value::from(false)),
        ("/decision", Value::from("hold")),
        ("/failures/0/what", Value::from("decision")),
        ("/failures/0/expected", Value::from("allow")),
        ("/failures/0/actual", Value::from("hold")),
        ("/determining/1/id", Value::from("wiki.write-held")),
        ("/determining/1/line", Value::from(14)),
        ("/approvals/0/group", Value::from("okta:editors")),
        ("/approvals/0/approvers", Value::from(2)),
    ] {
        assert_eq!(test.pointer(pointer), Some(&want), "{pointer}: {test}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn explain_says_what_decides_and_what_is_missing() {
    const WRITER: [&str; 4] = ["--group", "okta:staff", "--attribute", "team=docs"];
    let folder = folder(&[]);
    for (caller, call, code, want) in [
        (
            &WRITER[..2],
            &["wiki", "read"][..],
            0,
            &[
                "ALLOW  okta|somebody, call read on wiki\n  a permit matches",
                "  wiki.read (policies/wiki.cedar:2): Everybody in staff reads\n      2 | @id(\"wiki.read\")\n",
                "      4 | permit (principal in Group::\"okta:staff\"",
                "wiki.no-mail (policies/wiki.cedar:20) does not match",
            ][..],
        ),
        (
            &WRITER,
            &["wiki", "write", "size=6"],
            2,
            &[
                "HOLD  okta|somebody, call write on wiki\n  wiki.write-held needs the approval of 2 in okta:editors\n",
                "     14 | @id(\"wiki.write-held\")\n     15 | @approval",
            ],
        ),
        (
            &WRITER,
            &["wiki", "write", "size=5", "text=ann@example.com"],
            0,
            &["found in the request: pii.email", "wiki.no-mail (policies/wiki.cedar:20) would forbid it"],
        ),
        (
            &WRITER,
            &["--label", "pii.card", "wiki", "write", "size=5", "text=ann@example.com"],
            0,
            &["found in the request: pii.card", "wiki.no-mail (policies/wiki.cedar:20) does not match"],
        ),
        (
            &WRITER,
            &["wiki", "write", "size=\"6\""],
            2,
            &[
                "DENY",
                "policy `wiki.write` could not be evaluated: type error: expected long, got string",
                "policy `wiki.write-held` could not be evaluated",
            ],
        ),
        (
            &["--issuer", "okta"],
            &["wiki", "read"],
            2,
            &[
                "DENY  okta|somebody, call read on wiki\n  no permit matches\n",
                "  wiki.read (policies/wiki.cedar:2) permits this tool, but only for Group \"okta:staff\"\n",
            ],
        ),
        (
            &["--group", "okta:staff"],
            &["wiki", "write"],
            2,
            &[
                "wiki.write (policies/wiki.cedar:6) permits this tool, but only when `principal.hasTag(\"team\")` (line 9), \
             only when `context.input has size` (line 11)\n",
            ],
        ),
        (
            &["--group", "okta:staff", "--attribute", "team=sales"],
            &["wiki", "write", "size=1"],
            2,
            &["but only when `principal.getTag(\"team\") == \"docs\"` (line 10)\n"],
        ),
        (
            &["--group", "okta:staff", "--kind", "workload", "--attribute", "team=docs"],
            &["wiki", "write", "size=1"],
            2,
            &["permits this tool, but only for a User\n"],
        ),
        (&["--group", "okta:staff"], &["wiki", "delete"], 2, &["permits only `wiki/read`\n"]),
        (
            &["--group", "okta:staff"],
            &["--unmask", "pii.email", "wiki"],
            2,
            &["permits this class of data, but only for Group \"okta:editors\"\n"],
        ),
        (&["--group", "okta:editors"], &["--unmask", "pii.email", "wiki"], 0, &["wiki.mail-in-clear"]),
        (
            &["--group", "okta:editors"],
            &["--unmask", "pii.email", "deploy"],
            2,
            &["only when `context.connection == Connection::\"wiki\"` (line 31)"],
        ),
        (
            &["--group", "okta:staff"],
            &["--detokenize", "pii.email", "wiki", "write"],
            0,
            &["ALLOW  okta|somebody, detokenize pii.email for write on wiki\n", "wiki.mail-for-write"],
        ),
        (
            &["--group", "okta:staff"],
            &["--detokenize", "pii.email", "wiki", "read"],
            2,
            &["only when `context.tool == Tool::\"wiki/write\"` (line 35)"],
        ),
        (&["--issuer", "ci", "--attribute", "ref=main"], &["deploy", "run"], 0, &["deploy.main"]),
        (
            &["--issuer", "ci", "--attribute", "ref=fix"],
            &["deploy", "run"],
            2,
            &["but only when `principal.getTag(\"ref\") == \"main\"` (line 27)"],
        ),
        (
            &["--issuer", "okta"],
            &["--action", "approve", "wiki"],
            2,
            &["approve on wiki\n  no permit matches"],
        ),
    ] {
        let arguments = [&["explain", "--now", "2026-03-02T10:30:00Z"], caller, call].concat();
        let (found, said) = answer(folder.path(), &arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {said}");
        for want in want {
            assert!(said.contains(want), "{arguments:?}\nexpected: {want}\nsaid: {said}");
        }
    }
}

const RULE: &str = r#"
[[deny]]
id = "no-sql"
labels = ["sql"]
connections = ["wiki"]
except_groups = ["okta:editors"]
reason = "the wiki is no database"
"#;

/// A policy folder whose settings have a rule besides.
fn ruled(rule: &str, tests: &[(&str, &str)]) -> TempDir {
    let folder = folder(tests);
    fs::write(folder.path().join("policies/portcullis.toml"), format!("{SETTINGS}{rule}")).expect("a file");
    folder
}

#[test]
fn rules_of_the_settings_are_explained_as_they_are_written() {
    let folder = ruled(RULE, &[]);
    let ask = |more: &[&str]| {
        let arguments =
            [&["explain", "--group", "okta:staff"], more, &["wiki", "read", "q=drop table users"]];
        answer(folder.path(), &arguments.concat())
    };
    let (code, said) = ask(&[]);
    let place = SETTINGS.lines().count() + 2;
    let next = place + 1;
    let shown = format!(
        "Determined by\n  no-sql (policies/portcullis.toml:{place}): the wiki is no database\n  {place:>5} | [[deny]]\n  \
         {next:>5} | id = \"no-sql\"\n"
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&shown), "expected: {shown}\nsaid: {said}");
    let end = "reason = \"the wiki is no database\"\n\nObserved, changing nothing\n";
    assert!(!said.contains("forbid (") && said.contains(end), "{said}");
    assert_eq!(ask(&["--label", "pii.card"]).0, Some(0));
    let arguments = ["explain", "--group", "okta:staff", "--json", "--label", "sql.read", "wiki", "read"];
    let (_, told) = json(folder.path(), &arguments);
    assert_eq!(told.pointer("/determining/0/id"), Some(&Value::from("no-sql")), "{told}");
    assert!(told["texts"][0].as_str().is_some_and(|text| text.starts_with("[[deny]]")), "{told}");
}

#[test]
fn rules_of_the_settings_are_tested_like_policies() {
    let tests = r#"
connection = "wiki"
[principals.author]
groups = ["okta:staff"]
[[test]]
name = "no SQL"
principal = "author"
tool = "read"
arguments = { q = "DELETE FROM pages" }
expect = "deny"
by = ["no-sql"]
listed = true
[[test]]
name = "in whatever form"
principal = "author"
tool = "read"
arguments = { q = "data:text/plain;base64,REVMRVRFIEZST00gcGFnZXM=" }
by = ["no-sql"]
[[test]]
name = "but for editors"
principal = { groups = ["okta:staff", "okta:editors"] }
tool = "read"
labels = ["sql.read"]
expect = "allow"
[[test]]
name = "blobs are shown as they are masked"
principal = "author"
tool = "read"
masks = [{ answer = { blob = "NDExMSAxMTExIDExMTEgMTExMQ==", mimeType = "text/plain" }, shows = { blob = "W2NhcmRd", mimeType = "text/plain" } }]
"#;
    let (code, said) = answer(ruled(RULE, &[("rules.toml", tests)]).path(), &["test"]);
    assert_eq!(code, Some(0), "{said}");
    // Without the rule it is something else that is decided.
    let (code, said) = answer(folder(&[("rules.toml", tests)]).path(), &["test"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("`no-sql`"), "{said}");
}

#[test]
fn the_claims_of_a_token_are_read_as_the_gateway_reads_them() {
    let folder = folder(&[]);
    let claims = folder.path().join("claims.json");
    for (text, code, want) in [
        (
            r#"{"sub": "ann", "team": "docs", "realm": {"roles": ["staff"]}}"#,
            0,
            "ALLOW  okta|ann, call write",
        ),
        (
            r#"{"sub": "bot", "idtyp": "app", "team": "docs", "realm": {"roles": ["staff"]}}"#,
            2,
            "only for a User",
        ),
        (r#"{"sub": "ann", "team": "docs", "groups": ["staff"]}"#, 2, "only for Group \"okta:staff\""),
        (r#"{"team": "docs"}"#, 64, "a token with these claims is refused: the token has no claim `sub`"),
        (r#"{"sub": "ann", "sub": "bob"}"#, 64, "not a JSON object with distinct names"),
    ] {
        fs::write(&claims, text).expect("a file");
        let arguments = ["explain", "--claims", "claims.json", "--issuer", "okta", "wiki", "write", "size=1"];
        let (found, said) = answer(folder.path(), &arguments);
        assert!(found == Some(code) && said.contains(want), "case: {text}: {said}");
    }
}

#[test]
fn an_explanation_is_told_to_scripts() {
    let folder = folder(&[]);
    let (code, told) =
        json(folder.path(), &["explain", "--json", "--issuer", "okta", "wiki", "read", "a=b@c.example"]);
    assert_eq!(code, Some(2));
    for (pointer, want) in [
        ("/decision", "deny"),
        ("/principal", "okta|somebody"),
        ("/connection", "wiki"),
        ("/wanted", "call read"),
        ("/why/0", "no permit matches"),
        ("/labels/0", "pii.email"),
        ("/nearest/0/policy/id", "wiki.read"),
        ("/nearest/0/policy/file", "policies/wiki.cedar"),
        ("/nearest/0/differences/0/kind", "group"),
        ("/observed/0/policy/id", "wiki.no-mail"),
        ("/observed/0/text", "would forbid it"),
    ] {
        assert_eq!(told.pointer(pointer), Some(&Value::from(want)), "{pointer}: {told}");
    }
    let (code, told) = json(folder.path(), &["explain", "--json", "--group", "okta:staff", "wiki", "read"]);
    assert_eq!((code, &told["determining"][0]["line"]), (Some(0), &Value::from(2)));
    assert!(told["texts"][0].as_str().is_some_and(|text| text.starts_with("@id(\"wiki.read\")")), "{told}");
}

#[test]
fn a_question_that_nobody_could_ask_is_wrong_usage() {
    let folder = folder(&[]);
    for (arguments, want) in [
        (&["wiki"][..], "say what is called"),
        (&["--group", "staff", "wiki", "read"], "did you mean `ci:staff` or `okta:staff`?"),
        (&["wiki", "read"], "say which `issuer`"),
        (&["--group", "okta:staff", "wikki", "read"], "did you mean `wiki`?"),
        (&["--issuer", "ci", "wiki", "read"], "callers of `ci` cannot use `wiki`"),
        (&["--issuer", "okta", "wiki", "read", "size"], "expected NAME=VALUE"),
        (&["--issuer", "okta", "--kind", "robot", "wiki", "read"], "`robot` is not a kind"),
        (&["--issuer", "okta", "--now", "today", "wiki", "read"], "`today` is not a time"),
        (&["--issuer", "okta", "--resource", "a://b", "wiki", "a=b"], "policies see no arguments of this"),
        (&["--issuer", "okta", "--label", "PII", "wiki", "read"], "is not a class name"),
        (&["--prompt", "a", "--resource", "a://b", "wiki"], "cannot be used with"),
        (&["--claims", "x.json", "--group", "okta:staff", "wiki", "read"], "cannot be used with"),
    ] {
        let (code, said) = answer(folder.path(), &[&["explain"], arguments].concat());
        assert!(code == Some(64) && said.contains(want), "{arguments:?}: {said}");
    }
}

const QUOTA: &str = r#"
@id("wiki.pages-a-day")
forbid (principal in Group::"okta:staff", action in Action::"wiki", resource)
when { context.session.usage.day.calls >= 300 || context.session.usage.hour.distinct["pii.email"] >= 20 };
"#;

/// A policy folder with a rule about usage, and these tests.
fn folder_with_quota(tests: &str) -> TempDir {
    let folder = folder(&[("a.toml", tests)]);
    fs::write(folder.path().join("policies/quota.cedar"), QUOTA).expect("a file");
    folder
}

#[test]
fn tests_speak_of_what_was_used_before() {
    let case = |(number, (usage, want)): (usize, (&str, &str))| {
        format!(
            "[[test]]\nname = \"{number}\"\nprincipal = {{ groups = [\"okta:staff\"] }}\ntool = \"read\"\n\
             {usage}\nexpect = \"{want}\"\nlisted = true\n"
        )
    };
    let cases = [
        ("", "allow"),
        ("usage = { day = { calls = 299 } }", "allow"),
        ("usage = { day = { calls = 300 } }", "deny"),
        ("usage = { hour = { calls = 300 } }", "allow"),
        ("usage.hour.distinct.\"pii.email\" = 20", "deny"),
        (
            "usage = { hour = { distinct.pii.email = 19 }, minute = { bytes = 1, items = 1, denials = 1 } }",
            "allow",
        ),
        ("usage = \"unknown\"", "deny"),
    ];
    let tests: String = cases.into_iter().enumerate().map(case).collect();
    let folder = folder_with_quota(&format!("connection = \"wiki\"\n{tests}"));
    let (code, said) = answer(folder.path(), &["test"]);
    assert_eq!((code, said.as_str()), (Some(0), "policies/tests/a.toml: 7 passed\n7 passed, 0 failed\n"));
}

#[test]
fn quotas_may_count_what_own_detectors_find() {
    let quota = QUOTA.replace("pii.email", "acme.contract");
    let tests = "connection = \"wiki\"\n[[test]]\nname = \"n\"\nprincipal = { groups = [\"okta:staff\"] }\n\
                 tool = \"read\"\nusage.hour.distinct.\"acme.contract\" = 20\nexpect = \"deny\"\n\
                 [[test]]\nname = \"m\"\nprincipal = { groups = [\"okta:staff\"] }\ntool = \"read\"\nexpect = \"allow\"\n";
    let folder = folder(&[("a.toml", tests)]);
    fs::write(folder.path().join("policies/quota.cedar"), quota).expect("a file");
    let (code, said) = answer(folder.path(), &["check"]);
    assert!(code == Some(3) && said.contains("acme.contract"), "{said}");
    let detectors = "[[detector]]\nclass = \"acme.contract\"\nregex = 'AC-[0-9]{4}'\n";
    fs::write(folder.path().join("policies/detectors.toml"), detectors).expect("a file");
    let (code, said) = answer(folder.path(), &["test"]);
    assert_eq!((code, said.as_str()), (Some(0), "policies/tests/a.toml: 2 passed\n2 passed, 0 failed\n"));
}

#[test]
fn usage_that_nobody_counts_is_a_problem_of_the_file() {
    for (usage, want) in [
        ("usage = 3", "`test.usage` must be a table of counts or \"unknown\", not a whole number"),
        ("usage = \"unkown\"", "must be a table of counts or \"unknown\""),
        ("usage = { week = { calls = 1 } }", "`week` is no window of usage"),
        ("usage = { day = { call = 1 } }", "`call` is not counted in usage; did you mean `calls`?"),
        ("usage = { day = { calls = -1 } }", "`test.usage.day.calls` must be a whole number, 0 or more"),
        ("usage = { day = { calls = \"many\" } }", "must be a whole number, 0 or more"),
        ("usage = { day = 3 }", "is not counted in usage"),
        ("usage = { day = { distinct = 3 } }", "`day.distinct` needs a class"),
        ("usage = { day = { distinct = { \"pii.mail\" = 3 } } }", "nothing detects `pii.mail`; did you mean"),
    ] {
        let test = format!(
            "connection = \"wiki\"\n[[test]]\nname = \"n\"\nprincipal = {{ groups = [\"okta:staff\"] }}\n\
             tool = \"read\"\n{usage}\nexpect = \"deny\"\n"
        );
        let folder = folder_with_quota(&test);
        let (code, said) = answer(folder.path(), &["test"]);
        assert!(code == Some(3) && said.contains("a.toml:6: ") && said.contains(want), "{usage}: {said}");
    }
}

#[test]
fn explain_takes_what_was_used_before() {
    let folder = folder_with_quota("");
    let explain = |usage: &[&str]| {
        let given = usage.iter().flat_map(|count| ["--usage", count]);
        let arguments: Vec<&str> =
            ["explain", "--group", "okta:staff"].into_iter().chain(given).chain(["wiki", "read"]).collect();
        answer(folder.path(), &arguments)
    };
    for (usage, code, want) in [
        (&[][..], 0, "ALLOW"),
        (&["day.calls=299", "hour.distinct.pii.email=19"], 0, "ALLOW"),
        (&["day.calls=300"], 2, "wiki.pages-a-day"),
        (&["hour.distinct.pii.email=20"], 2, "wiki.pages-a-day"),
        (&["unknown"], 2, "`wiki.pages-a-day` could not be evaluated"),
        (&["unknown", "day.calls=1"], 64, "not both"),
        (&["day.calls=many"], 64, "`many` is not a whole number"),
        (&["day.calls"], 64, "expected NAME=VALUE"),
        (&["calls=1"], 64, "`calls` is no window of usage"),
    ] {
        let (ended, said) = explain(usage);
        assert!(ended == Some(code) && said.contains(want), "{usage:?}: {ended:?} {said}");
    }
}
