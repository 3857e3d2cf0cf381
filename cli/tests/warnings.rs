//! What is dangerous although it is allowed is said aloud, each time.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SETTINGS: &str = r#"
public_url = "http://127.0.0.1:3000"
secret_key = "{{ secret_key }}"
[insecure_anonymous]
subject = "suite"
[connections.open]
url = "http://127.0.0.1:3001/mcp"
issuers = ["anonymous"]
"#;

/// Its component is not there, so nothing starts.
const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "warnings"
version = "0.1.0"
[[trigger.http]]
route = "/..."
component = "gateway"
[component.gateway]
source = "absent.wasm"
"#;

fn portcullis(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(folder).output().expect("the program runs")
}

#[test]
fn callers_without_a_token_are_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).expect("a folder");
    fs::write(policies.join("portcullis.toml"), SETTINGS).expect("a file");
    fs::write(folder.path().join("spin.toml"), MANIFEST).expect("a file");
    for (arguments, code) in [(["check", "policies"], 0), (["up", "--listen=127.0.0.1:0"], 1)] {
        let output = portcullis(folder.path(), &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.starts_with("policies/portcullis.toml:4: WARNING: `insecure_anonymous` is on"),
            "{arguments:?}: {said}"
        );
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
}

#[test]
fn a_connection_without_pins_is_told_and_a_file_of_pins_must_be_one() {
    let pinned = r#"{"version":1,"connection":"open","tools":[]}"#;
    let (none, checked) =
        (None::<(&str, &str)>, "`open` has no pins, so no policy about its tools can be checked");
    for (setting, pins, code, told, wrong) in [
        ("", none, 0, Some(format!("{checked}, and nobody sees or calls anything of it; run")), None),
        (
            "hold",
            none,
            0,
            Some(format!(
                "{checked}, and nobody sees or calls anything of it before its owners have approved it; run"
            )),
            None,
        ),
        ("log", none, 0, Some(format!("{checked}; run")), None),
        ("block", Some(("open.json", pinned)), 0, None, None),
        ("block", Some(("open.json", "{\n\n oops")), 3, None, Some("./pins/open.json:3: ")),
        (
            "block",
            Some(("wiki.json", pinned)),
            3,
            None,
            Some("./pins/wiki.json:1: the settings have no connection `wiki`"),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let setting = if setting.is_empty() { String::new() } else { format!("drift = \"{setting}\"\n") };
        let owners =
            if setting.contains("hold") { "owners = { group = \"anonymous:owners\" }\n" } else { "" };
        fs::write(folder.path().join("portcullis.toml"), format!("{SETTINGS}{setting}{owners}"))
            .expect("a file");
        if let Some((name, text)) = pins {
            fs::create_dir(folder.path().join("pins")).expect("a folder");
            fs::write(folder.path().join("pins").join(name), text).expect("a file");
        }
        let output = portcullis(folder.path(), &["check", "."]);
        let case = format!("{setting}{pins:?}: {output:?}");
        assert_eq!(output.status.code(), Some(code), "{case}");
        let (said, listed) =
            (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        match told {
            Some(told) => assert!(said.contains(&told), "{case}"),
            None => assert!(!said.contains("has no pins"), "{case}"),
        }
        assert!(wrong.is_none_or(|wrong| listed.starts_with(wrong)), "{case}");
    }
}
