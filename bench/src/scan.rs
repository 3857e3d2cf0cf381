//! How fast detection scans texts in WebAssembly: the example `throughput` of `portcullis-detect`, run by itself in the
//! engine of the embedded host.
//!
//! Its clock counts the processor time of the thread that runs it, so that other work on the machine takes no part; of
//! many scans of a text the fastest counts.

mod parse;
mod table;

use std::path::Path;

use anyhow::Context as _;
use rustix::time::{ClockId, clock_getres, clock_gettime};
use serde::Serialize;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p2::bindings::sync::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{HostMonotonicClock, WasiCtx, WasiCtxView, WasiView};

pub(crate) use self::table::table;

/// The fastest scan of one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Scan {
    /// What kind of text it is.
    pub(crate) text: String,
    pub(crate) bytes: u64,
    pub(crate) nanoseconds: u64,
    pub(crate) findings: u64,
}

/// More than all lines take.
const OUTPUT_BYTES: usize = 1 << 16;

/// Scans every kind of text, in so many rounds. `target` is where cargo builds.
pub(crate) fn measure(target: &Path, rounds: usize) -> anyhow::Result<Vec<Scan>> {
    let file = target.join("wasm32-wasip2/release/examples/throughput.wasm");
    // As in the host, where a guest can be interrupted.
    let engine = Engine::new(Config::new().epoch_interruption(true)).map_err(told)?;
    let component = Component::from_file(&engine, &file)
        .map_err(told)
        .with_context(|| format!("`{}` cannot be used; run `cargo xtask bench`", file.display()))?;
    let mut fastest: Vec<Scan> = Vec::new();
    for _ in 0..rounds {
        for scan in parse::scans(&run(&engine, &component)?)? {
            match fastest.iter_mut().find(|known| (&known.text, known.bytes) == (&scan.text, scan.bytes)) {
                Some(known) => known.nanoseconds = known.nanoseconds.min(scan.nanoseconds),
                None => fastest.push(scan),
            }
        }
    }
    Ok(fastest)
}

/// Runs the program; what it prints.
fn run(engine: &Engine, component: &Component) -> anyhow::Result<String> {
    let output = MemoryOutputPipe::new(OUTPUT_BYTES);
    let wasi = WasiCtx::builder().stdout(output.clone()).inherit_stderr().monotonic_clock(ThreadTime).build();
    let mut store = Store::new(engine, Guest { wasi, resources: ResourceTable::new() });
    // Nothing advances the epoch, so this is never reached.
    store.set_epoch_deadline(1);
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(told)?;
    let command = Command::instantiate(&mut store, component, &linker).map_err(told)?;
    let ended = command.wasi_cli_run().call_run(&mut store).map_err(told)?;
    anyhow::ensure!(ended.is_ok(), "the program that scans has failed");
    String::from_utf8(output.contents().to_vec()).context("the program that scans does not print text")
}

/// What the engine says, with all of its causes.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}

struct Guest {
    wasi: WasiCtx,
    resources: ResourceTable,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// The processor time that this thread has used, in nanoseconds.
struct ThreadTime;

impl HostMonotonicClock for ThreadTime {
    fn resolution(&self) -> u64 {
        nanoseconds(clock_getres(ClockId::ThreadCPUTime))
    }

    fn now(&self) -> u64 {
        nanoseconds(clock_gettime(ClockId::ThreadCPUTime))
    }
}

fn nanoseconds(time: rustix::time::Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or_default())
}
