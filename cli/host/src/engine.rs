//! The WebAssembly engine, and compiled components kept on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

pub(crate) use self::cache::private_folder;
use self::cache::{Cache, Untrusted};
use crate::log::{Log, LogExt as _};

mod cache;

/// Largest linear memory of an instance.
pub(crate) const MAX_MEMORY_BYTES: usize = 512 << 20;

/// Most elements of a table; each is a function that can be called through a pointer.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Memory and table bytes that a used slot keeps, so that the next instance need not fault them in again.
const KEEP_RESIDENT: usize = 1 << 20;

/// How long a guest may compute before other tasks of its thread get a turn.
const EPOCH: Duration = Duration::from_millis(10);

/// Makes an engine for `max_instances` instances at the same time, and starts its clock.
pub(crate) fn engine(max_instances: u32, log: &dyn Log) -> wasmtime::Result<Engine> {
    let pooled = Engine::new(
        config().allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(max_instances))),
    );
    let engine = match pooled {
        Ok(engine) => engine,
        // The pool reserves address space, which some systems limit; without it instances start more slowly.
        Err(error) => {
            log.host(format_args!("no instance pool ({error}); instances are allocated one by one"));
            Engine::new(config().allocation_strategy(InstanceAllocationStrategy::OnDemand))?
        }
    };
    start_clock(&engine)?;
    Ok(engine)
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    config
}

fn pooling(max_instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(max_instances)
        .total_core_instances(max_instances.saturating_mul(4))
        .total_memories(max_instances)
        .total_tables(max_instances.saturating_mul(2))
        .total_stacks(max_instances.saturating_mul(4))
        .max_core_instances_per_component(200)
        .max_memories_per_component(32)
        .max_tables_per_component(64)
        .max_core_instance_size(10 << 20)
        .max_component_instance_size(10 << 20)
        .max_tables_per_module(2)
        .max_memories_per_module(2)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(MAX_MEMORY_BYTES)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    pool
}

/// Advances the engine's epoch for as long as the engine lives. A guest that computes without end then still yields,
/// so that it cannot hold a thread of the runtime for ever.
fn start_clock(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    })?;
    Ok(())
}

/// Why a component cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("{0:#}")]
    Invalid(wasmtime::Error),
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
}

/// Loads the component at `path`, from `cache_dir` if this engine has compiled the same bytes before.
///
/// Takes seconds when it must compile; call it where that does not matter.
pub(crate) fn load(
    engine: &Engine,
    path: &Path,
    cache_dir: &Path,
    log: &Arc<dyn Log>,
) -> Result<Component, LoadError> {
    let wasm = std::fs::read(path)?;
    let cache = Cache::new(engine, cache_dir);
    let entry = cache.entry(&wasm);
    match cache.get(&entry) {
        Ok(Some(component)) => return Ok(component),
        Ok(None) => {}
        Err(Untrusted) => log.host(format_args!(
            "{} is not used: it or its folder belongs to somebody else, or others can write to it",
            entry.display()
        )),
    }
    log.host(format_args!("compiling {}", path.display()));
    let component = Component::from_binary(engine, &wasm).map_err(LoadError::Invalid)?;
    if let Err(reason) = cache.put(&entry, &component) {
        log.host(format_args!("the compiled component is not kept in {}: {reason}", entry.display()));
    }
    Ok(component)
}
