//! The gateway on real Spin: `PORTCULLIS_RUNTIME=spin cargo test`, with `spin` on the path or in `PORTCULLIS_SPIN`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Running, Store};
use crate::client;

/// The running `spin up`; stopped when dropped.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) fn stop(&mut self) {
        // Spin passes SIGTERM on to its trigger; killed, it would leave it behind.
        _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(super) async fn start(
    manifest: &Path,
    variables: &BTreeMap<String, String>,
    folder: &Path,
    address: SocketAddr,
) -> (Store, Running) {
    let program = std::env::var_os("PORTCULLIS_SPIN").unwrap_or_else(|| "spin".into());
    let log = folder.join("spin.log");
    let output = File::create(&log).expect("a log");
    let mut command = Command::new(program);
    command
        .args(["up", "--from"])
        .arg(manifest)
        .args(["--listen", &address.to_string(), "--state-dir"])
        .arg(folder);
    for (name, value) in variables {
        command.arg("--variable").arg(format!("{name}={value}"));
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("the log"))
        .stderr(output)
        .spawn()
        .expect("`spin` starts: set PORTCULLIS_SPIN to its path");
    let process = Process { child, log };
    wait_until_alive(address, &process).await;
    (Store::Spin { file: folder.join("sqlite_key_value.db") }, Running::Spin(process))
}

/// Spin says nothing when it is ready, so it is asked until it answers.
async fn wait_until_alive(address: SocketAddr, process: &Process) {
    let asked = async {
        loop {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                let request = http::Request::get("/healthz").header("host", address.to_string());
                let request = request.body(client::full("")).expect("a request");
                if client::send(address, request).await.status.is_success() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let alive = tokio::time::timeout(Duration::from_secs(60), asked).await;
    assert!(alive.is_ok(), "spin does not answer: {}", process.log());
}
