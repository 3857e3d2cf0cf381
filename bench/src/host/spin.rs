//! `spin up`

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::Application;
use crate::child::Process;
use crate::rows::Instances;

pub(super) fn start(
    program: &Path,
    application: &Application<'_>,
    state: &Path,
    log: File,
) -> anyhow::Result<Process> {
    let mut command = Command::new(program);
    command
        .args(["up", "--from"])
        .arg(&application.manifest)
        .arg("--listen")
        .arg(application.address.to_string());
    command.arg("--state-dir").arg(state);
    match application.instances {
        Instances::Usual => {}
        Instances::Cold => _ = command.args(["--max-instance-reuse-count", "1"]),
        Instances::Single => _ = command.args(["--max-instance-concurrent-reuse-count", "1"]),
    }
    for (name, value) in &application.variables {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    Process::start(command.stdout(log.try_clone()?).stderr(log))
}
