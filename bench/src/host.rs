//! The host that runs a component, in a process of its own, with a state folder of its own.

pub(crate) mod embedded;
mod spin;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::arguments::{Options, Runtime};
use crate::child::Process;
use crate::clock;
use crate::rows::Instances;

/// How long a host may take to listen; the first time it compiles the component.
const START: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How much of a host's log is shown when something fails.
const SHOWN_LINES: usize = 20;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Application<'a> {
    /// The manifest.
    pub(crate) manifest: PathBuf,
    /// The values of its variables.
    pub(crate) variables: BTreeMap<&'a str, String>,
    /// Where it shall listen.
    pub(crate) address: SocketAddr,
    /// How instances are used.
    pub(crate) instances: Instances,
    /// What its store has when it starts; nothing unless given.
    pub(crate) store: Option<PathBuf>,
}

/// A running host.
#[derive(Debug)]
pub(crate) struct Host {
    process: Process,
    log: PathBuf,
    /// Removed when the process has ended.
    _state: TempDir,
}

impl Host {
    /// Starts the host that the options name and waits until it listens.
    pub(crate) fn start(
        options: &Options,
        application: &Application<'_>,
        scratch: &Path,
    ) -> anyhow::Result<Self> {
        let state = tempfile::tempdir_in(scratch).context("no state folder can be made")?;
        if let Some(store) = &application.store {
            let name = match options.runtime {
                Runtime::Embedded => "key-value.db",
                Runtime::Spin => "sqlite_key_value.db",
            };
            fs::copy(store, state.path().join(name)).context("the store cannot be copied")?;
        }
        let log = state.path().join("host.log");
        let output = File::create(&log)?;
        let process = match options.runtime {
            Runtime::Embedded => embedded::start(application, state.path(), scratch, output),
            Runtime::Spin => spin::start(&options.spin, application, state.path(), output),
        };
        let mut host = Self { process: process?, log, _state: state };
        host.wait(application.address)?;
        Ok(host)
    }

    /// The process whose usage counts, with those below it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The end of what the host and its component have said.
    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(SHOWN_LINES);
        lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
    }

    fn wait(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let until = clock::now() + START;
        while TcpStream::connect(address).is_err() {
            anyhow::ensure!(self.process.is_running(), "the host has stopped:\n{}", self.log());
            anyhow::ensure!(clock::now() < until, "the host does not listen:\n{}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}

/// The manifests, settings and policies of the benchmark.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// An address that nobody uses. Tokens are made out to it before the host listens.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}
