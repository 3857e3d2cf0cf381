//! The embedded host: runs a Spin application on one machine, without Spin.
//!
//! It reads the same `spin.toml`, offers components the same interfaces under the same rules (routes, injected
//! headers, variables, key-value labels, allowed outbound hosts, instance reuse), and keeps key-value data in the
//! same SQLite table, so an application that runs here runs on Spin, and the other way round. What it does not
//! implement, it refuses at start.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis_host::{Host, Manifest};
//!
//! let manifest = Manifest::load("spin.toml")?;
//! let host = Host::builder(manifest).state_dir("/var/lib/portcullis").build().await?;
//! let bound = host.bind("127.0.0.1:3000".parse()?).await?;
//! println!("serving http://{}", bound.local_addr());
//! let stopped = bound.serve(std::future::pending()).await;
//! assert!(stopped.is_flushed);
//! # Ok(())
//! # }
//! ```
//!
//! What differs from Spin, on purpose: a component does not see the caller's `Host` and hop-by-hop headers, only the
//! request's authority; a compare-and-swap on an absent key fails if the key has appeared since; doubled routes
//! are errors; every connection has `TCP_NODELAY`; keys and values have limits
//! ([`MAX_KEY_BYTES`], [`MAX_VALUE_BYTES`]).
//!
//! Not here: a command line, reading of the environment, signals. They are the caller's.

mod allowed_hosts;
mod bindings;
mod client;
mod engine;
mod error;
mod files;
mod guest;
mod headers;
mod host;
mod key_value;
mod listener;
mod log;
mod manifest;
mod outbound;
mod routes;
mod template;
mod tls;
mod variables;
mod worker;

pub use self::client::{Client, ClientError};
pub use self::error::StartError;
pub use self::host::{Host, HostBuilder};
pub use self::key_value::{
    Change, Changed, Key, KeyValue, KeyValueError, MAX_KEY_BYTES, MAX_PAGE, MAX_VALUE_BYTES, Memory,
    OpenError, Pending, Sqlite, Value,
};
pub use self::listener::{Bound, Stopped};
pub use self::log::{Line, Log, MemoryLog, StderrLog};
pub use self::manifest::{Component, Manifest, ManifestError, Problem, Problems};
pub use self::variables::VariableError;
pub use self::worker::Reuse;
