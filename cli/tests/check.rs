//! `portcullis check`, as a person and as a script reads it.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

const SETTINGS: &str = r#"public_url = "https://mcp.example.com"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "https://okta.example.com"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["okta"]
"#;

const PINS: &str = r#"{
  "connection": "crm",
  "tools": [
    {"inputSchema": {"properties": {"name": {"type": "string"}}, "type": "object"}, "name": "find"},
    {"inputSchema": {"type": "string"}, "name": "odd"}
  ],
  "version": 1
}"#;

const POLICY: &str = r#"@id("p")
permit (principal in Group::"okta:staff", action == Action::"crm/find", resource)
when { context.input has name };
"#;

/// Checks a folder of these files; the exit code, what is printed, and what else is said.
fn check(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("policies/pins")).expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join("policies").join(name), text).expect("a file");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    let output = command.arg("check").args(arguments).current_dir(folder.path()).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const NO_PROBLEMS: &str = "policies: no problems\n";
const UNTYPED: &str = "policies/pins/crm.json:1: WARNING: the arguments of `crm/odd` have no types that policies know, so \
                       no rule can read them\n";

#[test]
fn a_folder_is_checked_as_a_whole() {
    let (settings, policy) = (("portcullis.toml", SETTINGS), ("p.cedar", POLICY));
    let misspelt = POLICY.replace("has name", "has nmae");
    let unknown = POLICY.replace("crm/find", "crm/fnd");
    let twice = PINS.replace("\"odd\"", "\"find\"");
    let cut = PINS.replace("\"version\": 1\n}", "\"version\"");
    for (pins, policy, code, printed, said) in [
        (Some(("pins/crm.json", PINS)), policy, 0, NO_PROBLEMS, UNTYPED),
        (
            None,
            policy,
            0,
            NO_PROBLEMS,
            "policies/portcullis.toml:5: WARNING: `crm` has no pins, so no policy about its tools can be checked, and \
             nobody sees or calls anything of it; run `portcullis pin crm`\npolicies/p.cedar:1: WARNING: the arguments that `p` reads are not checked, since \
             nothing is pinned of `crm`; run `portcullis pin crm`\n",
        ),
        (
            Some(("pins/crm.json", PINS)),
            ("p.cedar", &misspelt),
            3,
            "policies/p.cedar:3: `context.input.nmae` is no argument of `crm/find`; did you mean `name`?\n",
            UNTYPED,
        ),
        (
            Some(("pins/crm.json", PINS)),
            ("p.cedar", &unknown),
            3,
            "policies/p.cedar:2: `crm` has no pinned tool `fnd`; did you mean `find`? If not, approve it with \
             `portcullis pin crm`\n",
            UNTYPED,
        ),
        (
            Some(("pins/cmr.json", PINS)),
            policy,
            3,
            "policies/pins/cmr.json:1: the settings have no connection `cmr`; did you mean `crm`?\n",
            "",
        ),
        (
            Some(("pins/crm.json", &twice)),
            policy,
            3,
            "policies/pins/crm.json:1: the tool `find` is pinned twice; keep one\n",
            "",
        ),
        (
            Some(("pins/crm.json", &cut)),
            policy,
            3,
            "policies/pins/crm.json:7: unexpected end at byte 210\n",
            "",
        ),
    ] {
        let files: Vec<(&str, &str)> = [settings, policy].into_iter().chain(pins).collect();
        let found = check(&files, &[]);
        assert_eq!(found, (Some(code), printed.to_owned(), said.to_owned()), "case: {pins:?}");
    }
}

#[test]
fn problems_and_warnings_are_told_to_scripts() {
    let policy = POLICY.replace("okta:staff", "okat:staff");
    let files = [("portcullis.toml", SETTINGS), ("p.cedar", policy.as_str()), ("pins/crm.json", PINS)];
    let (code, printed, said) = check(&files, &["--json"]);
    let told: Value = serde_json::from_str(&printed).expect("JSON and nothing else");
    let want = json!({
        "problems": [{
            "file": "policies/p.cedar",
            "line": 2,
            "message": "`okat:staff` is of the issuer `okat`, which the settings do not have; did you mean `okta`?",
        }],
        "warnings": [{
            "file": "policies/pins/crm.json",
            "line": 1,
            "message": "the arguments of `crm/odd` have no types that policies know, so no rule can read them",
        }],
    });
    assert_eq!((code, told, said.as_str()), (Some(3), want, ""));
}

#[test]
fn every_file_is_read_before_anything_is_refused() {
    let files = [
        ("portcullis.toml", "public_url = 5\n"),
        ("p.cedar", "permit (principal, action, resource);"),
        ("pins/crm.json", "[]"),
    ];
    let (code, printed, _) = check(&files, &[]);
    assert_eq!(code, Some(3));
    for want in [
        "policies/portcullis.toml:1: ",
        "policies/p.cedar:1: ",
        "policies/pins/crm.json:1: `the file` must be an object",
    ] {
        assert!(printed.contains(want), "expected: {want}\nprinted: {printed}");
    }
}

#[test]
fn rules_of_the_settings_are_checked_with_everything_else() {
    for (rule, code, printed) in [
        ("id = \"r\"\nlabels = [\"sql\"]\ntools = [\"find\"]\nconnections = [\"crm\"]", 0, NO_PROBLEMS),
        (
            "id = \"r\"\nconnections = [\"cmr\"]\ngroups = [\"staff\"]\nlabel = [\"sql\"]",
            3,
            "policies/portcullis.toml:10: connection `cmr` is not defined; did you mean `crm`?\n\
             policies/portcullis.toml:11: `deny.groups`: `staff` is not a group: write it with its issuer, as in \
             `okta:dba`\npolicies/portcullis.toml:12: unknown key `deny.label`; did you mean `labels`?\n",
        ),
        (
            "id = \"r\"\nlabels = [\"sql.destructiv\"]\ntools = [\"fnd\"]",
            3,
            "policies/portcullis.toml:10: no request has the label `sql.destructiv`; did you mean `sql.destructive`?\n\
             policies/portcullis.toml:11: `crm` has no pinned tool `fnd`; did you mean `find`? If not, approve it with \
             `portcullis pin crm`\n",
        ),
        (
            "id = \"p\"\ntools = [\"find\"]",
            3,
            "policies/portcullis.toml:8: the id `p` is taken by policies/p.cedar:1; give this rule an id of its own\n",
        ),
    ] {
        let settings = format!("{SETTINGS}[[deny]]\n{rule}\n");
        let files = [("portcullis.toml", settings.as_str()), ("p.cedar", POLICY), ("pins/crm.json", PINS)];
        let (found, told, said) = check(&files, &[]);
        assert_eq!((found, told.as_str()), (Some(code), printed), "case: {rule}: {said}");
    }
}

const DETECTORS: &str =
    "[[detector]]\nclass = \"acme.contract\"\nregex = '\\bAC-\\d{4}\\b'\nexamples = [\"AC-2041\"]\n";

#[test]
fn detectors_are_checked_with_everything_else() {
    let (settings, pins) = (("portcullis.toml", SETTINGS), ("pins/crm.json", PINS));
    let unmask = "@id(\"p\")\npermit (principal in Group::\"okta:staff\", action == Action::\"unmask\", resource == \
                  DataClass::\"acme.contract\");";
    let broken = DETECTORS.replace("AC-2041", "AC-1");
    let (_, printed, _) = check(&[settings, pins, ("p.cedar", unmask), ("detectors.toml", &broken)], &[]);
    assert_eq!(printed, "policies/detectors.toml:4: `examples`: nothing is found in `AC-1`\n");
    let (_, printed, _) = check(&[settings, pins, ("p.cedar", unmask), ("detectors.toml", DETECTORS)], &[]);
    assert_eq!(printed, "policies/detectors.toml:1: it is not compiled; run `portcullis policy compile`\n");
    let misspelt = unmask.replace("acme.contract", "acme.contrat");
    let (code, printed, _) =
        check(&[settings, pins, ("p.cedar", &misspelt), ("detectors.toml", DETECTORS)], &[]);
    assert_eq!(code, Some(3));
    assert!(printed.contains("did you mean `acme.contract`?"), "{printed}");
}

#[test]
fn a_compiled_folder_has_no_problems_until_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let policies = folder.path().join("policies");
    fs::create_dir_all(policies.join("pins")).expect("a folder");
    for (name, text) in [
        ("portcullis.toml", SETTINGS),
        ("pins/crm.json", PINS),
        ("p.cedar", POLICY),
        ("detectors.toml", DETECTORS),
    ] {
        fs::write(policies.join(name), text).expect("a file");
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let output = command.args(arguments).current_dir(folder.path()).output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run(&["policy", "compile"]).starts_with("policies/detectors.bin: "));
    assert_eq!(run(&["check"]), NO_PROBLEMS);
    fs::write(policies.join("detectors.toml"), DETECTORS.replace("4}", "5}").replace("2041", "20415"))
        .expect("a file");
    let stale = "`detectors.bin` is not what it would be compiled to; run `portcullis policy compile`";
    assert_eq!(run(&["check"]), format!("policies/detectors.toml:1: {stale}\n"));
    assert!(run(&["policy", "build"]).starts_with("policies/policy.bundle: sha256:"));
    assert_eq!(run(&["check"]), NO_PROBLEMS, "a bundle has its own");
}
