//! Tasks around the build: `cargo xtask <task>`, and `cargo up`, which is `cargo xtask up`.
//!
//! It has no dependencies, so that the first command of a newcomer starts at once.

use std::env;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask <task>

  build        build the components for wasm32-wasip2
  up [ARGS]    build everything and run `portcullis up --demo [ARGS]`
  bench [ARGS] build everything and run the benchmark
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match task.as_str() {
        "build" => build(),
        "up" => build() && up(&rest),
        "bench" => build() && build_scan() && bench(&rest),
        _ => {
            eprint(USAGE);
            return ExitCode::from(64);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn build() -> bool {
    let packages = [
        "--package",
        "portcullis-gateway",
        "--package",
        "portcullis-console",
        "--package",
        "portcullis-bare",
    ];
    cargo(&["build", "--release", "--target", "wasm32-wasip2"], &packages)
}

/// The program that scans texts, for the benchmark to run as a component.
fn build_scan() -> bool {
    let scan = ["--package", "portcullis-detect", "--example", "throughput"];
    cargo(&["build", "--release", "--target", "wasm32-wasip2"], &scan)
}

fn up(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    cargo(&["run", "--package", "portcullis", "--", "up", "--demo"], &arguments)
}

fn bench(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Not for release: that would compile the host's engine a second time, which takes longer than measuring.
    cargo(&["run", "--package", "portcullis-bench", "--"], &arguments)
}

/// Runs cargo in the workspace; the same cargo that runs this.
fn cargo(arguments: &[&str], more: &[&str]) -> bool {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(arguments).args(more).status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprint(&format!("cargo cannot be started: {error}\n"));
            false
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is a command for people")]
fn eprint(text: &str) {
    eprint!("{text}");
}
