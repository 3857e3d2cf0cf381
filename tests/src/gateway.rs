//! A running gateway with everything around it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use portcullis_demo::Secret;
use portcullis_demo::billing::{Billing, BillingConfig};
use portcullis_demo::oidc::{Persona, Provider, ProviderConfig};
use portcullis_host::{Host, Manifest, MemoryLog, Sqlite};
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{Record, Report, Verifier, records_in};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::Secret as SettingsSecret;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::client::{self, Answer};
use crate::faults::Faulty;
use crate::gateway::process::Process;
use crate::{components, runtime, scripted::Scripted};

/// What the store of a host is in.
const FILE: &str = "key-value.db";

mod hosted;
mod process;
mod spin;

pub use self::hosted::serve as serve_hosted;

/// How a test's own gateway differs from the shared one.
#[derive(Clone, Debug)]
pub struct Options {
    /// The manifest to run.
    pub manifest: PathBuf,
    /// Values of further variables.
    pub variables: BTreeMap<String, String>,
    /// The test that calls [`serve_hosted`], if the host is to be a process of its own. Restarting then kills it.
    pub hosted: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            manifest: components::workspace().join("tests/fixtures/spin.toml"),
            variables: BTreeMap::new(),
            hosted: None,
        }
    }
}

/// A running gateway, the demo's services, and a scripted upstream.
pub struct Gateway {
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// The identity provider.
    pub provider: Provider,
    /// The billing server, at the connection `billing`.
    pub billing: Billing,
    /// The scripted upstream, at the connection `scripted`.
    pub scripted: Scripted,
    /// What the gateway shows its upstreams; a caller must never see it.
    pub credential: String,
    store: Store,
    ledger: LedgerKeys,
    folder: TempDir,
    running: Running,
    launch: Launch,
}

/// What a gateway is started with.
struct Launch {
    manifest: PathBuf,
    variables: BTreeMap<String, String>,
    hosted: Option<&'static str>,
}

impl Launch {
    async fn start(&self, folder: &Path, address: SocketAddr) -> (Store, Running) {
        match (Runtime::chosen(), self.hosted) {
            (Runtime::Embedded, None) => embedded(self, folder, address).await,
            (Runtime::Embedded, Some(test)) => hosted::start(self, test, folder, address).await,
            (Runtime::Spin, _) => spin::start(self, folder, address).await,
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How the store of a gateway can be reached.
enum Store {
    Embedded {
        faults: Arc<Faulty>,
        file: PathBuf,
    },
    /// In another process, but its file can be read.
    Elsewhere {
        file: PathBuf,
    },
}

/// What keeps the gateway running.
enum Running {
    Embedded { log: Arc<MemoryLog>, stop: oneshot::Sender<()>, stopped: oneshot::Receiver<()> },
    Process(Process),
}

/// Which host the tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runtime {
    Embedded,
    Spin,
}

impl Runtime {
    fn chosen() -> Self {
        match std::env::var_os("PORTCULLIS_RUNTIME") {
            Some(name) if name == "spin" => Self::Spin,
            _ => Self::Embedded,
        }
    }
}

impl Gateway {
    /// The gateway that all tests of a process share.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Gateway> = LazyLock::new(|| {
            // A test may be on the runtime already; starting needs a thread of its own.
            let starting = std::thread::spawn(|| runtime::run(Gateway::start(Options::default())));
            starting.join().expect("the gateway starts")
        });
        &SHARED
    }

    /// Starts a gateway of a test's own.
    ///
    /// # Panics
    /// If anything does not start.
    pub async fn start(options: Options) -> Self {
        components::build();
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address();
        let credential = Secret::random();
        let provider = Provider::start(ProviderConfig { listen: any_port(), ..ProviderConfig::default() });
        let provider = provider.await.expect("the provider starts");
        provider.serve_page(&format!("http://{address}/approve/signed-in"));
        let billing = Billing::start(BillingConfig::new(credential.clone())).await.expect("billing starts");
        let scripted = Scripted::start().await;
        let mut variables: BTreeMap<String, String> = [
            ("public_url", format!("http://{address}")),
            ("secret_key", Secret::random().expose().to_owned()),
            ("billing_origin", format!("http://{}", billing.addr)),
            ("billing_token", credential.expose().to_owned()),
            ("oidc_issuer", provider.issuer().to_owned()),
            ("scripted_origin", format!("http://{}", scripted.address)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        variables.extend(options.variables);
        let secret = variables.get("secret_key").cloned().unwrap_or_default();
        let ledger = LedgerKeys::of(&Sealer::new(&SettingsSecret::new(secret), &[])).expect("keys");
        let launch = Launch { manifest: options.manifest, variables, hosted: options.hosted };
        let (store, running) = launch.start(folder.path(), address).await;
        let credential = credential.expose().to_owned();
        Self { address, provider, billing, scripted, credential, store, ledger, folder, running, launch }
    }

    /// Ends a host that is a process of its own, at once; any other goes on.
    pub fn end(&self) {
        match &self.running {
            Running::Process(process) => process.end(),
            Running::Embedded { .. } => {}
        }
    }

    /// Ends the host and starts another one over the same store. Nothing else is left of the first.
    #[must_use]
    pub async fn restarted(mut self) -> Self {
        self.running.stop().await;
        (self.store, self.running) = self.launch.start(self.folder.path(), self.address).await;
        self
    }

    /// A token of this persona for a connection.
    pub fn token(&self, persona: Persona, connection: &str) -> String {
        self.provider.token(persona, &self.resource(connection)).expose().to_owned()
    }

    /// The audience of a connection's tokens, and its URL; of all connections together for an empty name.
    pub fn resource(&self, connection: &str) -> String {
        format!("http://{}{}", self.address, path(connection))
    }

    /// Asks `/api` as a persona: a GET, or a POST of a body of a kind.
    pub async fn api(&self, persona: Persona, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let token = self.provider.token(persona, &format!("http://{}/api", self.address));
        client::console(self.address, Some(token.expose()), path, body).await
    }

    /// Says something of a request for approval: `approve`, `reject`.
    pub async fn say(&self, persona: Persona, id: &str, verb: &str) -> Answer {
        let body = serde_json::json!({ "reason": "as it was asked for" });
        let body = Some(("application/json", body.to_string().into_bytes()));
        self.api(persona, &format!("/api/approvals/{id}/{verb}"), body).await
    }

    /// Sends a POST with this body.
    pub async fn post(&self, connection: &str, token: Option<&str>, body: &str) -> Answer {
        let path = path(connection);
        client::send(self.address, client::post(self.address, &path, token, client::full(body.to_owned())))
            .await
    }

    /// Makes a call of revision 2026-07-28.
    pub async fn call(&self, connection: &str, persona: Persona, method: &str, params: Value) -> Answer {
        let path = path(connection);
        let token = self.token(persona, connection);
        client::send(self.address, client::modern(self.address, &path, &token, method, params)).await
    }

    /// What the ledger is written and read with.
    pub const fn ledger_keys(&self) -> &LedgerKeys {
        &self.ledger
    }

    /// Exports the whole ledger as an auditor, and proves it.
    ///
    /// # Panics
    /// If it cannot be exported.
    pub async fn verified(&self) -> Report {
        let mut verifier = Verifier::new(self.ledger.trusted.clone(), Vec::new());
        let mut cursor = String::new();
        loop {
            let page = self.api(Persona::Auditor, &format!("/api/ledger/export?{cursor}"), None).await;
            assert_eq!(page.status, 200, "{page:?}");
            let page: Value = serde_json::from_str(&page.text).expect("JSON");
            let lines = page["lines"].as_array().expect("lines");
            lines.iter().for_each(|line| verifier.line(line.as_str().expect("a line")));
            match page["next"].as_str() {
                Some(next) => cursor = format!("cursor={next}"),
                None => return verifier.finish(),
            }
        }
    }

    /// The records in the store, in the order of their ids.
    ///
    /// # Panics
    /// If the store or a record cannot be read.
    pub fn records(&self) -> Vec<Record> {
        let app = "portcullis".parse().expect("a name");
        let records = records_in(&app, &self.ledger.wrapping, &self.stored()).expect("the ledger");
        let mut records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
        records.sort_by_key(Record::id);
        records
    }

    /// Everything in the store as text, records as they are read: what must not be at rest must not be in it.
    ///
    /// # Panics
    /// If the store or a record cannot be read.
    pub fn store_text(&self) -> String {
        let values = self.stored().into_iter();
        let values = values.map(|(key, value)| format!("{key} {}\n", String::from_utf8_lossy(&value)));
        let records = self.records().into_iter();
        let records = records.map(|record| format!("{}\n", String::from_utf8_lossy(&record.encode())));
        values.chain(records).collect()
    }

    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        let file = match &self.store {
            Store::Embedded { file, .. } | Store::Elsewhere { file } => file,
        };
        let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store");
        let mut query = store.prepare("SELECT key, value FROM spin_key_value").expect("a query");
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)));
        rows.expect("rows").map(|row| row.expect("a row")).collect()
    }

    /// Lets the store make `count` more changes and then fail. `false` where that cannot be done, as in another process.
    pub fn fail_store_after(&self, count: i64) -> bool {
        match &self.store {
            Store::Embedded { faults, .. } => faults.fail_after(count),
            Store::Elsewhere { .. } => return false,
        }
        true
    }

    /// What the component has told the operator so far.
    pub fn log(&self) -> String {
        match &self.running {
            Running::Embedded { log, .. } => log.lines().join("\n"),
            Running::Process(process) => process.log(),
        }
    }

    /// A folder that goes with the gateway.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Running {
    /// Ends when nobody listens any more.
    async fn stop(&mut self) {
        match self {
            Self::Embedded { stop, stopped, .. } => {
                let (nobody, _) = oneshot::channel();
                drop(std::mem::replace(stop, nobody));
                // The sender goes when it has ended.
                _ = stopped.await;
            }
            Self::Process(process) => process.stop(),
        }
    }
}

async fn embedded(launch: &Launch, folder: &Path, address: SocketAddr) -> (Store, Running) {
    let file = folder.join(FILE);
    let faults = Arc::new(Faulty::new(Arc::new(Sqlite::open(&file).expect("a store"))));
    let log = Arc::new(MemoryLog::default());
    let host = Host::builder(Manifest::load(&launch.manifest).expect("a manifest"))
        .variables(launch.variables.clone())
        .state_dir(folder)
        .cache_dir(components::scratch().join("cache"))
        .key_value(Arc::clone(&faults) as Arc<_>)
        .log(Arc::clone(&log) as Arc<_>)
        .grace(Duration::from_millis(100))
        .build()
        .await
        .expect("the host starts");
    let bound = host.bind(address).await.expect("the address");
    let (stop, told) = oneshot::channel::<()>();
    let (ended, stopped) = oneshot::channel::<()>();
    runtime::spawn(async move {
        let _outcome = bound
            .serve(async move {
                // Dropping the sender stops it too.
                _ = told.await;
            })
            .await;
        drop(ended);
    });
    (Store::Embedded { faults, file }, Running::Embedded { log, stop, stopped })
}

fn path(connection: &str) -> String {
    if connection.is_empty() { "/mcp".to_owned() } else { format!("/mcp/{connection}") }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn free_address() -> SocketAddr {
    TcpListener::bind(any_port()).and_then(|listener| listener.local_addr()).expect("a free port")
}
