//! The gateway on real Spin: `PORTCULLIS_RUNTIME=spin cargo test`, with `spin` on the path or in `PORTCULLIS_SPIN`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::process::{End, Process};
use super::{Launch, Running, Store};

pub(super) async fn start(launch: &Launch, folder: &Path, address: SocketAddr) -> (Store, Running) {
    // Where it is missing: set PORTCULLIS_SPIN to its path.
    let program = std::env::var_os("PORTCULLIS_SPIN").unwrap_or_else(|| "spin".into());
    let mut command = Command::new(program);
    command
        .args(["up", "--from"])
        .arg(&launch.manifest)
        .args(["--listen", &address.to_string(), "--state-dir"])
        .arg(folder);
    for (name, value) in &launch.variables {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    let process = Process::start(command, folder, address, End::Asked).await;
    (Store::Elsewhere { file: folder.join("sqlite_key_value.db") }, Running::Process(process))
}
