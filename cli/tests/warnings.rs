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
