//! The script of the approval page, run by Node in a browser of stubs (`tests/page`).
//!
//! Where there is no Node it is left out and said so; with `PORTCULLIS_REQUIRE_CLIENTS=1` that is a failure.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

#[test]
fn signing_in_on_the_page_is_safe_against_what_comes_back() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("page/sign-in.test.mjs");
    let output = match Command::new("node").arg("--test").arg(&script).output() {
        Ok(output) => output,
        Err(error) => {
            let is_required =
                std::env::var_os("PORTCULLIS_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
            assert!(!is_required, "no Node: {error}");
            let text = format!("\n!! NOT RUN: the tests of the approval page's script: no Node ({error})\n");
            // Not by a macro: what those write is shown only when a test fails.
            return io::stderr().write_all(text.as_bytes()).unwrap();
        }
    };
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("pass 9"), "not all were run: {told}");
}
