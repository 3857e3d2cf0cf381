//! What one instance of a component has: its WASI, its stores, its variables, its way out.
//!
//! Built afresh for every instance, from what [`ComponentState`] keeps for all of them.

mod key_value;
mod keys;
mod output;
mod wasi_key_value;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::StoreLimits;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::output::Output;
use crate::bindings;
use crate::key_value::{Key, KeyValue};
use crate::log::Log;
use crate::outbound::Outbound;
use crate::variables::ComponentVariables;

/// Most stores that an instance may have open at once.
const MAX_OPEN_STORES: usize = 256;

/// What all instances of one component share.
pub(crate) struct ComponentState {
    pub(crate) id: String,
    pub(crate) environment: BTreeMap<String, String>,
    /// The directory that the component sees, read-only, as `/`; `None` if it has no files.
    pub(crate) files: Option<PathBuf>,
    pub(crate) variables: ComponentVariables,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) key_value: Arc<dyn KeyValue>,
    pub(crate) outbound: Outbound,
    pub(crate) log: Arc<dyn Log>,
}

/// The data of one instance's store.
pub(crate) struct Guest {
    component: Arc<ComponentState>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    open_stores: usize,
    limits: StoreLimits,
}

/// An open store or bucket: a label that the component may use.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OpenStore {
    label: Arc<str>,
}

/// A compare-and-swap under way.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct OpenSwap {
    label: Arc<str>,
    key: Key,
    /// What the guest has seen.
    seen: Option<Vec<u8>>,
}

impl Guest {
    pub(crate) fn new(component: &Arc<ComponentState>) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtx::builder();
        let environment: Vec<_> = component.environment.iter().collect();
        wasi.envs(&environment)
            .stdout(Output::new(&component.id, &component.log))
            .stderr(Output::new(&component.id, &component.log))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .socket_addr_check(|_, _| Box::pin(async { false }));
        if let Some(files) = &component.files {
            wasi.preopened_dir(files, "/", FsPerms::ReadOnly)?;
        }
        Ok(Self {
            component: Arc::clone(component),
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: component.outbound.clone(),
            open_stores: 0,
            limits: crate::worker::limits(),
        })
    }

    /// What the instance may take of the machine.
    pub(crate) fn limits(&mut self) -> &mut StoreLimits {
        &mut self.limits
    }
}

/// Adds everything that a component may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    bindings::Application::add_to_linker::<_, HasGuest>(linker, |guest| guest)
}

/// Names [`Guest`] as the state behind the imports in `wit/`.
pub(crate) struct HasGuest;

impl HasData for HasGuest {
    type Data<'a> = &'a mut Guest;
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}
