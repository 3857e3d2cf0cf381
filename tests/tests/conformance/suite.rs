//! Running the suite: one process for a revision and a server, its results read from the files that it writes.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portcullis_tests::components;
use serde_json::Value;

/// The oldest Node that the suite runs on.
const OLDEST_NODE: u32 = 22;
const PROGRAM: &str = "@modelcontextprotocol/conformance/dist/index.js";
const INSTALL: &str = "npm ci --prefix tests/conformance --ignore-scripts";

/// How long one scenario may take, in milliseconds. The longest takes five seconds on two idle cores.
const SCENARIO_TIMEOUT: &str = "15000";

/// The installed suite.
pub(crate) struct Suite {
    node: PathBuf,
    program: PathBuf,
}

/// The checks of one run.
pub(crate) type Checks = BTreeMap<Key, Check>;

/// Which check it is. A scenario may make one check several times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) scenario: String,
    pub(crate) id: String,
    name: String,
    occurrence: usize,
}

impl Key {
    /// The first check of this kind in a scenario.
    pub(crate) fn first(scenario: &str, id: &str, name: &str) -> Self {
        Self { scenario: scenario.to_owned(), id: id.to_owned(), name: name.to_owned(), occurrence: 1 }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, id, name, occurrence } = self;
        write!(f, "{scenario} {id} ({name} {occurrence})")
    }
}

/// How a check went.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) status: Status,
    pub(crate) message: String,
}

/// The statuses of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Failure,
    Info,
    Skipped,
    Success,
    Warning,
}

impl Status {
    fn parse(text: &str) -> Self {
        match text {
            "FAILURE" => Self::Failure,
            "INFO" => Self::Info,
            "SKIPPED" => Self::Skipped,
            "SUCCESS" => Self::Success,
            "WARNING" => Self::Warning,
            other => panic!("`{other}` is no status that these tests know"),
        }
    }
}

impl Suite {
    /// The suite, if it is installed with a Node that runs it. If not, that is said past the test's capture.
    ///
    /// # Panics
    /// If it is not installed, but `PORTCULLIS_REQUIRE_CONFORMANCE=1` says that it must be.
    pub(crate) fn installed() -> Option<Self> {
        let modules = components::workspace().join("tests/conformance/node_modules");
        let program = modules.join(PROGRAM);
        let own = modules.join(".bin/node");
        let node = if own.exists() { own } else { "node".into() };
        if program.exists() && is_new_enough(&node) {
            return Some(Self { node, program });
        }
        let why = "it is not installed, or there is no Node 22";
        let told = format!("\n!! NOT RUN: the conformance suite of MCP: {why}: {INSTALL}\n");
        io::stderr().write_all(told.as_bytes()).expect("standard error");
        let required = std::env::var_os("PORTCULLIS_REQUIRE_CONFORMANCE").is_some_and(|value| value == "1");
        assert!(!required, "{told}");
        None
    }

    /// Runs every scenario of a revision at a server.
    pub(crate) fn run(&self, revision: &str, url: &str) -> Checks {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(&self.node);
        command.arg(&self.program).args(["server", "--url", url, "--timeout", SCENARIO_TIMEOUT]);
        command.arg("--output-dir").arg(folder.path());
        // Extensions belong to no revision; of the frozen sets only that of 2026-07-28 has those for servers.
        match revision {
            "2026-07-28" => command.args(["--requirements", revision]),
            _ => command.args(["--suite", "all", "--spec-version", revision]),
        };
        let output = command.output().expect("the suite runs");
        let checks = read(folder.path());
        assert!(!checks.is_empty(), "the suite made no check: {}", text(&output));
        checks
    }
}

fn is_new_enough(node: &Path) -> bool {
    let version = Command::new(node).arg("--version").output();
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    major.is_some_and(|major: u32| major >= OLDEST_NODE)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The results: a folder `server-<scenario>-<time>` for each scenario, with a list of checks.
fn read(folder: &Path) -> Checks {
    let mut checks = Checks::new();
    for entry in fs::read_dir(folder).expect("the results") {
        let path = entry.expect("a result").path();
        let scenario = scenario(&path);
        let list = fs::read_to_string(path.join("checks.json")).expect("the checks");
        let list: Vec<Value> = serde_json::from_str(&list).expect("a list of checks");
        for check in list {
            let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
            let mut key = Key::first(&scenario, &text("id"), &text("name"));
            while checks.contains_key(&key) {
                key.occurrence += 1;
            }
            let status = Status::parse(&text("status"));
            checks.insert(key, Check { status, message: text("errorMessage") });
        }
    }
    checks
}

fn scenario(path: &Path) -> String {
    let name = path.file_name().expect("a name").to_string_lossy();
    let name = name.strip_prefix("server-").expect("a scenario for servers");
    // Six parts of the time, as in `2026-07-28T12-00-00-000Z`.
    name.rsplitn(7, '-').last().expect("a scenario").to_owned()
}
