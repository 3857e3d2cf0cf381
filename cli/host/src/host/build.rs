//! Making an application ready, step by step; the first problem ends it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

use super::{App, Host};
use crate::allowed_hosts::AllowedHosts;
use crate::engine::{self, LoadError, private_folder};
use crate::error::StartError;
use crate::files;
use crate::guest::{self, ComponentState, Guest};
use crate::key_value::{KeyValue, Sqlite};
use crate::log::{Log, StderrLog};
use crate::manifest::{Component, Manifest};
use crate::outbound::{Connections, Outbound};
use crate::tls;
use crate::variables::{ComponentVariables, Values};
use crate::worker::{Handler, Reuse, Running, Workers};

/// How long requests in flight may go on when the host stops, unless set.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Connections at the same time, unless set.
const DEFAULT_MAX_CONNECTIONS: usize = 1_024;

/// Instances at the same time, unless set; Spin's default.
const DEFAULT_MAX_INSTANCES: u32 = 1_000;

/// The settings of a [`Host`] that is being made.
#[must_use = "nothing starts before `build`"]
pub struct HostBuilder {
    manifest: Manifest,
    variables: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    state_dir: PathBuf,
    cache_dir: Option<PathBuf>,
    key_value: Option<Arc<dyn KeyValue>>,
    reuse: Reuse,
    log: Arc<dyn Log>,
    tls: Option<(PathBuf, PathBuf)>,
    extra_roots: Vec<PathBuf>,
    grace: Duration,
    max_connections: usize,
    max_instances: u32,
}

impl HostBuilder {
    pub(super) fn new(manifest: Manifest) -> Self {
        Self {
            state_dir: manifest.root.join(".portcullis"),
            manifest,
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            cache_dir: None,
            key_value: None,
            reuse: Reuse::default(),
            log: Arc::new(StderrLog),
            tls: None,
            extra_roots: Vec::new(),
            grace: DEFAULT_GRACE,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_instances: DEFAULT_MAX_INSTANCES,
        }
    }

    /// Values of variables, by name. They go before all others; a name that the manifest lacks is an error.
    pub fn variables(mut self, values: BTreeMap<String, String>) -> Self {
        self.variables = values;
        self
    }

    /// The process's environment, of which only `SPIN_VARIABLE_<NAME>` is looked at.
    pub fn environment(mut self, environment: BTreeMap<String, String>) -> Self {
        self.environment = environment;
        self
    }

    /// Where data and compiled components are kept; `.portcullis` beside the manifest unless set.
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = folder.into();
        self
    }

    /// Where compiled components are kept; `cache` in the state folder unless set. Hosts may share it.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(folder.into());
        self
    }

    /// The key-value store; the SQLite file `key-value.db` in the state folder unless set.
    pub fn key_value(mut self, store: Arc<dyn KeyValue>) -> Self {
        self.key_value = Some(store);
        self
    }

    /// How instances are reused; Spin's defaults unless set.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = reuse;
        self
    }

    /// Where lines for the operator go; standard error unless set.
    pub fn log(mut self, log: Arc<dyn Log>) -> Self {
        self.log = log;
        self
    }

    /// Listens with TLS, with the certificate chain and the private key in these PEM files.
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Some((certificate.into(), key.into()));
        self
    }

    /// Trusts the certificates in this PEM file, besides the public roots, for outbound requests.
    pub fn extra_roots(mut self, file: impl Into<PathBuf>) -> Self {
        self.extra_roots.push(file.into());
        self
    }

    /// How long requests in flight may go on when the host stops; 10 s unless set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Most connections at the same time; further ones wait to be accepted. 1024 unless set.
    pub fn max_connections(mut self, max_connections: usize) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// Most instances at the same time, over all components; a request that would need one more is answered with
    /// status 503. An open stream keeps its instance. Each reserves about 4 GiB of address space. 1000 unless set.
    pub fn max_instances(mut self, max_instances: u32) -> Self {
        self.max_instances = max_instances;
        self
    }

    /// Makes the application ready. The first time this compiles its components, which takes a while.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is running then.
    pub async fn build(self) -> Result<Host, StartError> {
        // Compiling, copying and opening files block.
        let built = tokio::task::spawn_blocking(move || self.build_blocking()).await;
        built.map_err(|error| StartError::Engine(error.to_string()))?
    }

    fn build_blocking(self) -> Result<Host, StartError> {
        let values = Values::resolve(&self.manifest, &self.variables, &self.environment)?;
        let tls = self.tls.as_ref().map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()?;
        let connections = self.connections()?;
        let state_error = |reason| StartError::State { path: self.state_dir.clone(), reason };
        private_folder(&self.state_dir).map_err(state_error)?;
        let lock = files::lock(&self.state_dir).map_err(state_error)?;
        let key_value = match &self.key_value {
            Some(store) => Arc::clone(store),
            None => Arc::new(Sqlite::open(self.state_dir.join("key-value.db"))?),
        };
        let engine_error = |error: wasmtime::Error| StartError::Engine(format!("{error:#}"));
        let engine = engine::engine(self.max_instances, &*self.log).map_err(engine_error)?;
        let mut linker = Linker::new(&engine);
        guest::add_to_linker(&mut linker).map_err(engine_error)?;
        let mut maker = Maker {
            builder: &self,
            engine,
            linker,
            values,
            connections,
            key_value: Arc::clone(&key_value),
            running: Running::new(),
            files: Vec::new(),
        };
        let mut handlers = BTreeMap::new();
        for (_, id) in self.manifest.router.entries() {
            if let Some(component) = self.manifest.components.get(id)
                && !handlers.contains_key(id)
            {
                handlers.insert(id.to_owned(), maker.handler(component)?);
            }
        }
        let app = App {
            name: self.manifest.name().to_owned(),
            version: self.manifest.version().map(str::to_owned),
            router: self.manifest.router.clone(),
            handlers,
            running: maker.running,
            key_value,
            log: Arc::clone(&self.log),
            _files: maker.files,
            _lock: lock,
        };
        Ok(Host { app: Arc::new(app), tls, grace: self.grace, max_connections: self.max_connections })
    }

    fn connections(&self) -> Result<Connections, StartError> {
        let mut roots = Vec::new();
        for file in &self.extra_roots {
            roots.extend(tls::certificates(file)?);
        }
        Connections::new(roots).map_err(|error| StartError::Tls {
            what: "cannot trust the extra roots in",
            path: self.extra_roots.first().cloned().unwrap_or_default(),
            reason: error.to_string(),
        })
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the values of variables: they may be secret.
        f.debug_struct("HostBuilder")
            .field("manifest", &self.manifest.path)
            .field("state_dir", &self.state_dir)
            .finish_non_exhaustive()
    }
}

/// Makes the handlers of components.
struct Maker<'b> {
    builder: &'b HostBuilder,
    engine: Engine,
    linker: Linker<Guest>,
    values: Values,
    connections: Connections,
    key_value: Arc<dyn KeyValue>,
    running: Running,
    files: Vec<TempDir>,
}

impl Maker<'_> {
    fn handler(&mut self, component: &Component) -> Result<Handler, StartError> {
        let log = &self.builder.log;
        let allowed = AllowedHosts::resolve(&component.allowed_hosts, &self.values).map_err(|error| {
            StartError::AllowedHost { component: component.id.clone(), reason: error.to_string() }
        })?;
        let pre = self.compiled(component)?;
        let state = ComponentState {
            id: component.id.clone(),
            environment: component.environment.clone(),
            files: self.files(component)?,
            variables: ComponentVariables::new(&component.variables, &self.values),
            stores: component.stores.clone(),
            key_value: Arc::clone(&self.key_value),
            outbound: Outbound::new(&component.id, allowed, self.connections.clone(), Arc::clone(log)),
            log: Arc::clone(log),
        };
        Ok(Handler::new(Workers {
            engine: self.engine.clone(),
            pre,
            component: Arc::new(state),
            reuse: self.builder.reuse,
            running: self.running.clone(),
        }))
    }

    fn compiled(&self, component: &Component) -> Result<ProxyPre<Guest>, StartError> {
        let path = &component.source;
        let unusable = |reason: String| StartError::Component {
            component: component.id.clone(),
            path: path.clone(),
            reason,
        };
        if !path.exists() {
            return Err(StartError::NotBuilt {
                component: component.id.clone(),
                path: path.clone(),
                build: component.build.clone(),
            });
        }
        let cache_dir = self.builder.cache_dir.clone();
        let cache_dir = cache_dir.unwrap_or_else(|| self.builder.state_dir.join("cache"));
        let compiled = engine::load(&self.engine, path, &cache_dir, &self.builder.log)
            .map_err(|error: LoadError| unusable(error.to_string()))?;
        let instance =
            self.linker.instantiate_pre(&compiled).map_err(|error| unusable(format!("{error:#}")))?;
        pre(instance).map_err(unusable)
    }

    fn files(&mut self, component: &Component) -> Result<Option<PathBuf>, StartError> {
        let root: &Path = &self.builder.manifest.root;
        let copied = files::copy(component, root, &self.builder.state_dir).map_err(|error| {
            StartError::Files { component: component.id.clone(), reason: error.to_string() }
        })?;
        let path = copied.as_ref().map(|folder| folder.path().to_owned());
        self.files.extend(copied);
        Ok(path)
    }
}

/// The component as an HTTP handler of WASI 0.3, else of 0.2.
fn pre(instance: InstancePre<Guest>) -> Result<ProxyPre<Guest>, String> {
    if let Ok(pre) = p3::bindings::ServicePre::new(instance.clone()) {
        return Ok(ProxyPre::P3(pre));
    }
    p2::bindings::ProxyPre::new(instance).map(ProxyPre::P2).map_err(|_| {
        "it exports neither `wasi:http/handler@0.3` nor `wasi:http/incoming-handler@0.2`".to_owned()
    })
}
