//! A gateway in a process of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client;

/// A running gateway; ended when dropped.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    end: End,
}

/// How it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is asked to, as Spin must be: killed, it would leave its trigger behind.
    Asked,
    /// It is killed, whatever it is doing.
    Killed,
}

impl Process {
    /// Starts a program that will listen there, and waits until it does.
    pub(super) async fn start(mut command: Command, folder: &Path, address: SocketAddr, end: End) -> Self {
        let log = folder.join("process.log");
        let output = File::options().create(true).append(true).open(&log).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the log"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let process = Self { child, log, end };
        process.wait_until_alive(address).await;
        process
    }

    /// What it has written so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it.
    pub(super) fn end(&self) {
        let signal = match self.end {
            End::Asked => "-TERM",
            End::Killed => "-KILL",
        };
        _ = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
    }

    /// Ends it, and waits until it is gone.
    pub(super) fn stop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.end();
        }
        _ = self.child.wait();
    }

    /// Nothing says when it is ready, so it is asked until it answers.
    async fn wait_until_alive(&self, address: SocketAddr) {
        let asked = async {
            loop {
                let request = http::Request::get("/healthz").header("host", address.to_string());
                let request = request.body(client::full("")).expect("a request");
                match client::attempt(address, request).await {
                    Some(answer) if answer.status.is_success() => return,
                    Some(_) | None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let alive = tokio::time::timeout(Duration::from_secs(60), asked).await;
        assert!(alive.is_ok(), "it does not answer: {}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
