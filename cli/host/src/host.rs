//! An application made ready: components compiled, variables filled in, files copied, the store open.

mod build;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub use self::build::HostBuilder;
use crate::error::StartError;
use crate::key_value::KeyValue;
use crate::listener::Bound;
use crate::log::Log;
use crate::manifest::Manifest;
use crate::routes::Router;
use crate::worker::{Handler, Running};

/// An application that is ready to take requests.
pub struct Host {
    pub(crate) app: Arc<App>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) grace: Duration,
    pub(crate) max_connections: usize,
}

/// What answers requests.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) router: Router,
    pub(crate) handlers: BTreeMap<String, Handler>,
    pub(crate) running: Running,
    pub(crate) key_value: Arc<dyn KeyValue>,
    pub(crate) log: Arc<dyn Log>,
    /// The components' copied files, removed at the end.
    pub(crate) _files: Vec<TempDir>,
    /// Tells other hosts that the state folder is in use.
    pub(crate) _lock: File,
}

impl Host {
    /// Starts to make `manifest`'s application ready.
    pub fn builder(manifest: Manifest) -> HostBuilder {
        HostBuilder::new(manifest)
    }

    /// Takes `address`. Requests are answered from [`Bound::serve`] on.
    ///
    /// # Errors
    /// [`StartError::AddressInUse`] or [`StartError::Listen`].
    pub async fn bind(self, address: SocketAddr) -> Result<Bound, StartError> {
        let failed = |reason: std::io::Error| {
            if reason.kind() == std::io::ErrorKind::AddrInUse {
                StartError::AddressInUse { address }
            } else {
                StartError::Listen { address, reason }
            }
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Bound { host: self, listener, address })
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("application", &self.app.name).finish_non_exhaustive()
    }
}
