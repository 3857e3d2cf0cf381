//! Why an application does not start. Each is a sentence for the operator.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::key_value::OpenError;
use crate::variables::VariableError;

/// Why an application does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    // The application's fault.
    /// An allowed host is not one, with its variables filled in.
    #[error("component `{component}`: {reason}")]
    AllowedHost {
        /// The component's id.
        component: String,
        /// What is wrong; names the entry as written, without values.
        reason: String,
    },
    /// The component is not one that this host can run.
    #[error("component `{component}` cannot run here: `{}`: {reason}", .path.display())]
    Component {
        /// The component's id.
        component: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The files of a component cannot be copied.
    #[error("the files of component `{component}`: {reason}")]
    Files {
        /// The component's id.
        component: String,
        /// What is wrong.
        reason: String,
    },
    /// The component has not been built.
    #[error("component `{component}` has no file `{}`{}", .path.display(), build_hint(.build))]
    NotBuilt {
        /// The component's id.
        component: String,
        /// Where its file should be.
        path: PathBuf,
        /// The commands that build it, from the manifest.
        build: Vec<String>,
    },

    // The operator's fault.
    /// The address is in use.
    #[error("the address {address} is already in use")]
    AddressInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        reason: std::io::Error,
    },
    /// The certificate, its key, or an extra root cannot be used.
    #[error("{what} `{}`: {reason}", .path.display())]
    Tls {
        /// Which of the files.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Variables have no value, or values have no variable.
    #[error(transparent)]
    Variables(#[from] VariableError),

    // The machine's fault.
    /// The engine does not start.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    /// The key-value store cannot be opened.
    #[error(transparent)]
    KeyValue(#[from] OpenError),
    /// The state folder cannot be made.
    #[error("cannot make the state folder `{}`: {reason}", .path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },
}

fn build_hint(commands: &[String]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    format!("; build it with `{}`", commands.join(" && "))
}
