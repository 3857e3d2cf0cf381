//! The official conformance suite of MCP, at a server directly and through the gateway.
//!
//! Each revision is one test. What passes directly must pass through the gateway too, check by check, but for what
//! `tests/conformance/expected-failures.txt` lists. `docs/conformance.md` says how to install the suite.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failing test is its report"
)]

mod compare;
mod everything;
mod suite;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use portcullis_tests::{Gateway, Options, components, run};

use crate::compare::Expected;
use crate::suite::{Checks, Status, Suite};

/// The manifest's folder, with the settings and policies of these tests.
const FIXTURE: &str = "tests/fixtures/conformance";

/// The server that is met directly, and a gateway with a server of the same kind behind it.
struct Pair {
    direct: SocketAddr,
    gateway: Gateway,
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    run(async {
        let direct = everything::start().await;
        // Another one, so that neither run sees what the other changes.
        let behind = everything::start().await;
        let variables = [("everything_origin".to_owned(), format!("http://{behind}"))].into();
        let manifest = file("spin.toml");
        Pair { direct, gateway: Gateway::start(Options { manifest, variables, ..Options::default() }).await }
    })
});

fn file(name: &str) -> PathBuf {
    components::workspace().join(FIXTURE).join(name)
}

/// Runs the suite for a revision; directly, `passes` checks pass and none fails.
fn conforms(revision: &str, passes: usize) {
    let Some(suite) = Suite::installed() else { return };
    let through_url = PAIR.gateway.resource("everything");
    let direct_url = format!("http://{}/mcp", PAIR.direct);
    let (direct, through) = std::thread::scope(|scope| {
        let direct = scope.spawn(|| suite.run(revision, &direct_url));
        let through = suite.run(revision, &through_url);
        (direct.join().expect("the direct run ends"), through)
    });
    assert_clean(revision, &direct, passes);
    let verdict = Expected::read(revision).compare(&direct, &through);
    assert!(verdict.is_empty(), "MCP {revision} through the gateway:\n{verdict}");
}

/// A server that fails by itself would hide what the gateway breaks.
fn assert_clean(revision: &str, direct: &Checks, passes: usize) {
    let failed: Vec<String> = direct
        .iter()
        .filter(|(_, check)| matches!(check.status, Status::Failure | Status::Warning))
        .map(|(key, check)| format!("  {key}: {}", check.message))
        .collect();
    assert!(failed.is_empty(), "MCP {revision} directly:\n{}", failed.join("\n"));
    let passed = direct.values().filter(|check| check.status == Status::Success).count();
    assert_eq!(passed, passes, "checks of MCP {revision} that pass directly");
}

#[test]
fn revision_2025_03_26() {
    conforms("2025-03-26", 3);
}

#[test]
fn revision_2025_06_18() {
    conforms("2025-06-18", 56);
}

#[test]
fn revision_2025_11_25() {
    conforms("2025-11-25", 84);
}

#[test]
fn revision_2026_07_28_with_tasks() {
    conforms("2026-07-28", 197);
}

#[test]
fn every_instance_warns_that_callers_need_no_token() {
    let answer = run(PAIR.gateway.post("everything", None, "{}"));
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(PAIR.gateway.log().contains("WARNING: `insecure_anonymous` is on"), "{}", PAIR.gateway.log());
}
