//! The billing service: a believable MCP server with customers, money and personal data.
//!
//! It runs on the official Rust SDK over Streamable HTTP at `/mcp`, keeps its rows in SQLite in memory, and wants
//! its own credential on every request. [`Effects`] tells a test what really ran and what arrived.

mod catalogue;
mod changes;
mod effects;
mod gate;
mod model;
mod reconcile;
mod refunds;
mod seed;
mod server;
mod sql;
mod store;
mod tools;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

pub use self::effects::{Call, Effects, Operation, SeenRequest};
pub use self::refunds::Refund;
pub use self::seed::{CUSTOMERS, INVOICES, NOTES};
pub use self::store::StoreError;
use crate::http::listener::{self, Listener};
use crate::{Secret, StartError};

/// The seed that the demonstration uses.
pub const SEED: u64 = 2026;

/// How requests of revision 2026-07-28 are answered. Older revisions are always answered with an event stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// JSON, and an event stream when a tool reports progress before its result.
    #[default]
    Json,
    /// Always an event stream.
    Stream,
}

/// How to start the service.
#[derive(Clone, Debug)]
pub struct BillingConfig {
    /// What every request must carry as `Authorization: Bearer …`.
    pub credential: Secret,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What the generated rows depend on.
    pub seed: u64,
    /// How the newest revision is answered.
    pub answers: Answers,
    /// `Host` values to accept beside the loopback names, for a demonstration in containers.
    pub extra_hosts: Vec<String>,
}

impl BillingConfig {
    /// A service on a free loopback port with this credential and [`SEED`].
    #[must_use]
    pub fn new(credential: Secret) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { credential, listen, seed: SEED, answers: Answers::default(), extra_hosts: Vec::new() }
    }
}

/// The running service. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Billing {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it did.
    pub effects: Effects,
    changes: changes::Changes,
    listener: Listener,
}

impl Billing {
    /// Fills a new database and listens.
    ///
    /// # Errors
    /// [`StartError::Listen`] when the address is taken, [`StartError::Database`] when SQLite fails.
    pub async fn start(config: BillingConfig) -> Result<Self, StartError> {
        let effects = Effects::default();
        let changes = changes::Changes::default();
        let store = store::Store::seeded(config.seed)?;
        let desk = tools::Desk { store, effects: effects.clone(), changes: changes.clone() };
        let (socket, addr) = listener::bind(config.listen).await?;
        let stop = CancellationToken::new();
        let toolbox = Arc::new(tools::toolbox());
        let mcp = StreamableHttpService::new(
            move || Ok(server::BillingServer::new(desk.clone(), Arc::clone(&toolbox))),
            Arc::new(LocalSessionManager::default()),
            transport(&config, stop.clone()),
        );
        let gate = gate::Gate { credential: Arc::new(config.credential), effects: effects.clone(), mcp };
        Ok(Self { addr, effects, changes, listener: Listener::serve(socket, gate, stop) })
    }

    /// The URL of the MCP endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.addr, gate::PATH)
    }

    /// Describes a tool differently from now on and tells every listener: the change that pins are there to catch.
    pub fn redefine(&self, tool: &str, description: &str) {
        self.changes.redefine(tool, description);
    }

    /// Stops, and returns when the port is free; open streams are ended.
    pub async fn stop(self) {
        self.listener.stop().await;
    }
}

fn transport(config: &BillingConfig, stop: CancellationToken) -> StreamableHttpServerConfig {
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(true)
        .with_json_response(config.answers == Answers::Json)
        .with_allowed_hosts(loopback.into_iter().chain(config.extra_hosts.iter().cloned()))
        .with_cancellation_token(stop)
}

#[cfg(test)]
mod tests;
