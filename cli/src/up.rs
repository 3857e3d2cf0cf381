//! `portcullis up`: the embedded host, and with `--demo` the services of the demo in the same process.

mod demo;

pub(crate) use self::demo::{KEY_FILE as DEMO_KEY_FILE, KEY_ID as DEMO_KEY_ID, SECRET_FILE};

use std::collections::BTreeMap;
use std::env;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_host::{Bound, Host, Manifest, Reuse};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Demo as DemoArguments, Up};
use crate::exit::Exit;
use crate::policy::compiled;
use crate::up::demo::Demo;
use crate::{check, terminal};

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn run(mut arguments: Up) -> anyhow::Result<Exit> {
    let manifest = Manifest::load(&arguments.from)?;
    let folder = arguments.from.parent().map(Path::to_path_buf).unwrap_or_default();
    if let Some(exit) = refuse_bad_policies(&folder.join("policies"))? {
        return Ok(exit);
    }
    let state_dir = arguments.state_dir.clone().unwrap_or_else(|| folder.join(".portcullis"));
    if !arguments.demo {
        let bound = host(manifest, &arguments, BTreeMap::new(), state_dir).await?;
        terminal::line(&format!("listening on {}", url(bound.local_addr(), &arguments)));
        return serve(bound).await;
    }
    arguments.listen = free_address(arguments.listen)?;
    let demo = Demo::start(&url(arguments.listen, &arguments), &state_dir).await?;
    let bound = host(manifest, &arguments, demo.variables(), state_dir.clone()).await?;
    let announced = demo.announce(&state_dir)?;
    demo.explain();
    let exit = serve(bound).await;
    drop(announced);
    demo.stop().await;
    exit
}

/// Runs the demo's services alone and says how to run the gateway beside them.
pub(crate) async fn services(arguments: DemoArguments) -> anyhow::Result<Exit> {
    let demo = Demo::start(&format!("http://{}", arguments.listen), &arguments.state_dir).await?;
    let announced = demo.announce(&arguments.state_dir)?;
    demo.explain_spin(arguments.listen);
    stopped().await?;
    drop(announced);
    demo.stop().await;
    Ok(Exit::Ok)
}

/// Bad policies would make every request fail; better not to start.
fn refuse_bad_policies(folder: &Path) -> anyhow::Result<Option<Exit>> {
    if !folder.join("portcullis.toml").exists() {
        return Ok(None);
    }
    compiled::refresh(folder)?;
    let checked = check::check(folder)?;
    checked.tell_warnings();
    checked.problems.iter().for_each(|problem| terminal::error(&problem.to_string()));
    Ok((!checked.problems.is_empty()).then_some(Exit::Invalid))
}

async fn host(
    manifest: Manifest,
    arguments: &Up,
    defaults: BTreeMap<String, String>,
    state_dir: PathBuf,
) -> anyhow::Result<Bound> {
    let mut variables = defaults;
    variables.extend(arguments.variables.iter().cloned());
    let mut reuse = Reuse::default();
    reuse.total = arguments.max_instance_reuse_count;
    reuse.concurrent = arguments.max_instance_concurrent_reuse_count;
    reuse.idle = arguments.idle_instance_timeout;
    reuse.request_timeout = arguments.request_timeout;
    let mut builder = Host::builder(manifest)
        .variables(variables)
        .environment(env::vars().collect())
        .state_dir(state_dir)
        .reuse(reuse)
        .grace(arguments.grace);
    if let Some(folder) = &arguments.cache_dir {
        builder = builder.cache_dir(folder);
    }
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        builder = builder.tls(certificate, key);
    }
    for roots in &arguments.extra_roots {
        builder = builder.extra_roots(roots);
    }
    Ok(builder.build().await?.bind(arguments.listen).await?)
}

async fn serve(bound: Bound) -> anyhow::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let shutdown = async {
        tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
        terminal::error("stopping: requests in flight may finish");
    };
    let stopped = bound.serve(shutdown).await;
    Ok(if stopped.is_flushed { Exit::Ok } else { Exit::Failure })
}

async fn stopped() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::select! { interrupted = tokio::signal::ctrl_c() => interrupted?, _ = terminate.recv() => () }
    Ok(())
}

/// The address with a port: the demo's tokens are made out to it before the gateway listens.
fn free_address(wanted: SocketAddr) -> anyhow::Result<SocketAddr> {
    if wanted.port() != 0 {
        return Ok(wanted);
    }
    let listener = TcpListener::bind(wanted).with_context(|| format!("cannot listen on {wanted}"))?;
    listener.local_addr().context("the system gave no port")
}

fn url(address: SocketAddr, arguments: &Up) -> String {
    let scheme = if arguments.tls_cert.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}
