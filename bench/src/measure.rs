//! Measuring: row by row, each on a fresh host, so that none pays for what another has left behind.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_demo::Secret;
use portcullis_demo::oidc::{Persona, Provider, ProviderConfig};
use tokio::runtime::Runtime;

use crate::arguments::{self, Options};
use crate::exchange::Exchange;
use crate::host::{self, Application, Host};
use crate::ledger::{self, Stored};
use crate::load::{self, Plan};
use crate::machine::{self, Machine};
use crate::policies;
use crate::processes::{self, Usage};
use crate::report::{Measured, Report};
use crate::rows::{ROWS, Row, Way};
use crate::upstream::Upstream;
use crate::{clock, scan, terminal};

/// How long a row runs before it counts: instances start, keys are fetched, connections are opened.
const WARM_UP_SECONDS: u64 = 2;

/// Measures what the options ask for, prints the table and writes the file.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| is_chosen(row, options)).collect();
    let bench = Bench::start(options)?;
    bench.prepare(&rows)?;
    let mut report = Report {
        measured_at: clock::unix_seconds(),
        machine: Machine::here(),
        runtime: options.runtime,
        debug_assertions: cfg!(debug_assertions),
        warm_up_seconds: WARM_UP_SECONDS,
        load_average_before: machine::load_average(),
        load_average_after: String::new(),
        rows: Vec::new(),
        scans: Vec::new(),
    };
    for round in 1..=options.rounds.get() {
        for connections in options.concurrency.iter().map(|count| count.get()) {
            for row in rows.iter().filter(|row| connections == 1 || !row.is_whole()) {
                terminal::progress(&format!("round {round}: {} with {connections} at a time", row.name));
                let measured = bench.measure(row, connections).with_context(|| format!("row `{}`", row.name));
                report.rows.push(Measured { round, ..measured? });
            }
        }
    }
    if options.rows.is_empty() {
        terminal::progress("scanning");
        report.scans = scan::measure(&target(), options.rounds.get())?;
    }
    report.load_average_after = machine::load_average();
    terminal::line(&report.table());
    let file = options.json.clone().unwrap_or_else(|| target().join("bench.json"));
    fs::write(&file, report.json()?).with_context(|| format!("`{}` cannot be written", file.display()))?;
    terminal::progress(&format!("written to {}", file.display()));
    Ok(())
}

/// Measures only how fast texts are scanned, and prints the table.
pub(crate) fn scan(arguments: &arguments::Scan) -> anyhow::Result<()> {
    terminal::line(&scan::table(&scan::measure(&target(), arguments.rounds.get())?));
    Ok(())
}

fn is_chosen(row: &Row, options: &Options) -> bool {
    options.rows.is_empty() || options.rows.contains(&row)
}

/// Everything around the host.
struct Bench<'o> {
    options: &'o Options,
    upstream: Upstream,
    provider: Provider,
    /// State of hosts goes here: on a disk, since writing to it is part of what is measured.
    scratch: PathBuf,
    /// Runs the provider.
    _runtime: Runtime,
}

impl<'o> Bench<'o> {
    fn start(options: &'o Options) -> anyhow::Result<Self> {
        let scratch = target().join("bench");
        fs::create_dir_all(&scratch).context("no scratch folder can be made")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let provider = runtime.block_on(Provider::start(ProviderConfig::default()))?;
        Ok(Self { options, upstream: Upstream::start()?, provider, scratch, _runtime: runtime })
    }

    /// Starts each host once and stops it: components are compiled now and not while memory is measured.
    fn prepare(&self, rows: &[&Row]) -> anyhow::Result<()> {
        for row in rows.iter().filter(|row| row.n_stored > 0) {
            ledger::stored(&self.scratch, row.n_stored)?;
        }
        for (way, is_of_console) in [(Way::Bare, false), (Way::Gateway, false), (Way::Gateway, true)] {
            let is_such = |row: &&&Row| (row.way, row.exchange.is_of_console()) == (way, is_of_console);
            if let Some(row) = rows.iter().find(is_such) {
                terminal::progress(&format!("preparing the host for `{}`", row.name));
                drop(self.host(row, host::free_address()?)?);
            }
        }
        Ok(())
    }

    fn measure(&self, row: &Row, connections: usize) -> anyhow::Result<Measured> {
        if row.way == Way::Direct {
            let plan = self.plan(row, self.upstream.address, connections)?;
            let (load, (), ()) = load::run(&plan, || Ok(()), || Ok(()))?;
            return Ok(Measured::new(row, connections, load, None));
        }
        let address = host::free_address()?;
        let host = self.host(row, address)?;
        let plan = self.plan(row, address, connections)?;
        let begin = || {
            processes::forget_peak(host.id())?;
            processes::usage(host.id())
        };
        let end = || processes::usage(host.id());
        let (load, before, after) = load::run(&plan, begin, end).with_context(|| host.log())?;
        Ok(Measured::new(row, connections, load, Some(used(before, after))))
    }

    fn host(&self, row: &Row, address: SocketAddr) -> anyhow::Result<Host> {
        let upstream_origin = format!("http://{}", self.upstream.address);
        let stored = self.stored(row)?;
        // What is recorded already is read with the secret that it was recorded with.
        let secret = stored.as_ref().map_or_else(Secret::random, |_| Secret::new(ledger::SECRET));
        let application = match row.way {
            Way::Bare | Way::Direct => Application {
                manifest: host::fixtures().join("bare.toml"),
                variables: BTreeMap::from([
                    ("upstream_origin", upstream_origin),
                    ("upstream_path", row.exchange.path(Way::Bare, None)),
                ]),
                address,
                instances: row.instances,
                store: stored.map(|stored| stored.file),
            },
            Way::Gateway => Application {
                manifest: self.manifest(row)?,
                variables: BTreeMap::from([
                    ("public_url", format!("http://{address}")),
                    ("secret_key", secret.expose().to_owned()),
                    ("upstream_origin", upstream_origin),
                    ("upstream_token", Secret::random().expose().to_owned()),
                    ("oidc_issuer", self.provider.issuer().to_owned()),
                ]),
                address,
                instances: row.instances,
                store: stored.map(|stored| stored.file),
            },
        };
        Host::start(self.options, &application, &self.scratch)
    }

    /// The manifest of the gateway, with the policies of the row.
    fn manifest(&self, row: &Row) -> anyhow::Result<PathBuf> {
        let fixtures = host::fixtures();
        match row.n_more_policies {
            0 if row.exchange.is_of_console() => Ok(fixtures.join("console.toml")),
            0 => Ok(fixtures.join(policies::MANIFEST)),
            n_more => policies::with_more(&fixtures, &self.scratch, n_more, row.is_bundled),
        }
    }

    /// The store that a row starts with, if there is to be anything in it.
    fn stored(&self, row: &Row) -> anyhow::Result<Option<Stored>> {
        (row.n_stored > 0).then(|| ledger::stored(&self.scratch, row.n_stored)).transpose()
    }

    fn plan(&self, row: &Row, address: SocketAddr, connections: usize) -> anyhow::Result<Plan> {
        let Row { way, exchange, .. } = *row;
        let (present, absent) = exchange.expected(way);
        let stored = self.stored(row)?;
        Ok(Plan {
            address,
            method: exchange.method().to_string(),
            path: exchange.path(way, stored.as_ref().map(|stored| &stored.about)),
            headers: self.headers(exchange, address),
            body: exchange.body(),
            trial: exchange.trial().body(),
            present: present.to_owned(),
            absent: absent.map(ToOwned::to_owned),
            // An event has three lines.
            lines: exchange.events().filter(|_| row.is_whole()).map(|events| 3 * events),
            is_whole: row.is_whole(),
            connections,
            warm_up_seconds: if row.is_whole() { 0 } else { WARM_UP_SECONDS },
            seconds: self.options.seconds.get(),
        })
    }

    /// The same on every way, so that what differs is not the request.
    fn headers(&self, exchange: Exchange, address: SocketAddr) -> BTreeMap<String, String> {
        let resource = format!("http://{address}{}", exchange.resource());
        let persona = if exchange.is_of_console() { Persona::Auditor } else { Persona::Finance };
        let token = self.provider.token(persona, &resource);
        [
            ("accept", "application/json, text/event-stream".to_owned()),
            ("authorization", format!("Bearer {}", token.expose())),
            ("content-type", "application/json".to_owned()),
            ("mcp-protocol-version", "2025-11-25".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

fn used(before: Usage, after: Usage) -> Usage {
    Usage { cpu: after.cpu.saturating_sub(before.cpu), peak_kib: after.peak_kib }
}

/// The target folder of the workspace.
fn target() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    workspace.map(|workspace| workspace.join("target")).unwrap_or_default()
}
