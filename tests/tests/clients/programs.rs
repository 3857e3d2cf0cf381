//! Starting the clients that are programs of other languages, where they are installed.
//!
//! `tests/clients/install.sh` puts them under `target/clients`. Where they are missing, the tests leave them out and
//! say so; with `PORTCULLIS_REQUIRE_CLIENTS=1` a missing client is a failure.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use portcullis_tests::components::workspace;
use serde_json::Value;

use crate::rust_sdk;

/// What runs a client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    /// This process.
    Rust,
    /// A virtual environment, and a script.
    Python { folder: &'static str, script: &'static str },
    /// A script for Node.
    TypeScript(&'static str),
}

/// What a folder was made from: `install.sh` leaves a copy in it, so that old versions count as missing.
const MADE_FROM: [(&str, &[&str]); 3] = [
    ("node", &["package.json", "package-lock.json", ".npmrc"]),
    ("py1", &["requirements-v1.txt"]),
    ("py2", &["requirements-v2.txt"]),
];

/// What to do about a missing one, or one of other versions than those that are pinned.
pub(crate) const HOW_TO_INSTALL: &str = "install what is pinned with tests/clients/install.sh";

/// How long a program may take altogether. It gives up on each step long before, and says which one it was.
const LONGEST: Duration = Duration::from_secs(240);

/// The folders whose clients cannot run. Says so where somebody reads it.
pub(crate) fn missing() -> Vec<&'static str> {
    let missing: Vec<&str> =
        MADE_FROM.iter().filter(|(folder, from)| !is_made(folder, from)).map(|(folder, _)| *folder).collect();
    if !missing.is_empty() {
        let text = format!("\n!! NOT RUN: the MCP clients in {missing:?}; {HOW_TO_INSTALL}\n");
        // Not by a macro: what those write is shown only when a test fails.
        io::stderr().write_all(text.as_bytes()).unwrap();
    }
    missing
}

/// Whether a missing client is a failure.
pub(crate) fn are_required() -> bool {
    std::env::var_os("PORTCULLIS_REQUIRE_CLIENTS").is_some_and(|value| value == "1")
}

fn is_made(folder: &str, from: &[&str]) -> bool {
    let expected: String =
        from.iter().map(|name| fs::read_to_string(sources().join(name)).unwrap()).collect();
    fs::read_to_string(installed().join(folder).join("made-from")).is_ok_and(|found| found == expected)
}

impl Program {
    /// The folder that the program needs, if any.
    pub(crate) fn folder(self) -> Option<&'static str> {
        match self {
            Self::Rust => None,
            Self::Python { folder, .. } => Some(folder),
            Self::TypeScript(_) => Some("node"),
        }
    }

    /// Runs the client to its end and returns what it saw. The scripts for Node are in `scripts`.
    ///
    /// # Errors
    /// That it did not run, or did not say what it saw; with all that it wrote.
    pub(crate) fn run(self, scripts: &Path, plan: &Value) -> Result<Value, String> {
        match self {
            Self::Rust => Ok(portcullis_tests::run(rust_sdk::drive(plan))),
            Self::Python { folder, script } => {
                let mut python = Command::new(installed().join(folder).join("bin/python"));
                // Nothing is written beside the sources.
                report(python.arg("-B").arg(sources().join(script)), plan)
            }
            Self::TypeScript(script) => {
                let own = installed().join("runtime/node_modules/.bin/node");
                let mut node = Command::new(if own.exists() { own } else { "node".into() });
                report(node.arg(scripts.join(script)), plan)
            }
        }
    }
}

fn report(command: &mut Command, plan: &Value) -> Result<Value, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let mut stdin = child.stdin.take().unwrap();
    // A program that fails early does not read it; it tells why on its own.
    _ = stdin.write_all(plan.to_string().as_bytes());
    drop(stdin);
    let output = output_within(child, LONGEST);
    let told = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&told).ok().filter(|_told| output.status.success()).ok_or_else(|| {
        format!("{command:?}: {}\n{told}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
    })
}

fn output_within(child: Child, limit: Duration) -> Output {
    let id = child.id().to_string();
    let (finished, watched): (Sender<()>, _) = channel();
    let watch = std::thread::spawn(move || {
        if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(finished);
    watch.join().unwrap();
    output
}

/// Scripts for Node find packages in the folders above them, so they are copied to where the packages are.
pub(crate) fn staged_scripts() -> Option<tempfile::TempDir> {
    let node = installed().join("node");
    let staged = node.exists().then(|| tempfile::tempdir_in(node).unwrap())?;
    for entry in fs::read_dir(sources()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&path, staged.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    Some(staged)
}

fn sources() -> PathBuf {
    workspace().join("tests/clients")
}

fn installed() -> PathBuf {
    workspace().join("target/clients")
}
