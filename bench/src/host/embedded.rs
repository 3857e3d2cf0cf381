//! The embedded host as `portcullis up` runs it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use portcullis_host::{Host, Manifest, Reuse};

use super::Application;
use crate::arguments::Host as Arguments;
use crate::child::{self, Process};
use crate::rows::Instances;

/// How long open connections may keep the host from stopping.
const GRACE: Duration = Duration::from_millis(500);

/// Starts the process. Compiled components are kept in `scratch`, so that only the first start compiles.
pub(super) fn start(
    application: &Application<'_>,
    state: &Path,
    scratch: &Path,
    log: File,
) -> anyhow::Result<Process> {
    let mut command = child::own("host")?;
    command.arg("--from").arg(&application.manifest).arg("--listen").arg(application.address.to_string());
    command.arg("--state-dir").arg(state).arg("--cache-dir").arg(scratch.join("cache"));
    match application.instances {
        Instances::Usual => {}
        Instances::Cold => _ = command.arg("--cold"),
        Instances::Single => _ = command.arg("--single"),
    }
    let mut process = Process::start(command.stdout(log.try_clone()?).stderr(log))?;
    process.tell(&application.variables)?;
    Ok(process)
}

/// The process: serves until its input ends.
pub(crate) fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let variables: BTreeMap<String, String> = child::told()?;
    tokio::runtime::Runtime::new()?.block_on(run(arguments, variables))
}

async fn run(arguments: Arguments, variables: BTreeMap<String, String>) -> anyhow::Result<()> {
    let Arguments { from, listen, state_dir, cache_dir, cold, single } = arguments;
    let mut reuse = Reuse::default();
    if cold {
        reuse.total = 1;
    }
    if single {
        reuse.concurrent = 1;
    }
    let host = Host::builder(Manifest::load(&from)?)
        .variables(variables)
        .state_dir(state_dir)
        .cache_dir(cache_dir)
        .grace(GRACE)
        .reuse(reuse)
        .build()
        .await?;
    let end = child::end_of_input();
    let stopped = host.bind(listen).await?.serve(async {
        // The sender is dropped, never used.
        _ = end.await;
    });
    anyhow::ensure!(stopped.await.is_flushed, "the store was not flushed");
    Ok(())
}
