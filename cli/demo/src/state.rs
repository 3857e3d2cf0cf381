//! The state folder: how another process finds the running demonstration.
//!
//! `portcullis up --demo` writes `demo.json` (mode 0600) into `.portcullis/` (mode 0700) and removes it when it
//! stops; `portcullis token` and `portcullis pin` read it. The file holds the secret that opens the development token
//! endpoint and the credential of the internal server, so it is as good as any persona's identity, and as good as
//! nothing once the demonstration is gone.

mod platform;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Secret;

/// The folder, relative to the current directory, unless another is asked for.
pub const DEFAULT_FOLDER: &str = ".portcullis";

/// The file in it.
const FILE: &str = "demo.json";

/// The version of the file's format; another version is not read.
const VERSION: u32 = 2;

/// What a running demonstration says about itself.
#[derive(Clone, Debug)]
pub struct DemoState {
    /// Where the gateway answers.
    pub gateway_url: String,
    /// The issuer of the development tokens.
    pub issuer: String,
    /// Where development tokens are made.
    pub development_token_url: String,
    /// What opens that URL.
    pub development_secret: Secret,
    /// Every connection with its client-visible URL, which is also the audience of its tokens.
    pub connections: BTreeMap<String, String>,
    /// The variables with which the internal servers are reached, as the manifest names them.
    pub upstream: BTreeMap<String, String>,
    /// The process that runs the demonstration.
    pub pid: u32,
}

/// The file's own shape.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    gateway_url: String,
    issuer: String,
    development_token_url: String,
    development_secret: String,
    connections: BTreeMap<String, String>,
    upstream: BTreeMap<String, String>,
    pid: u32,
}

/// Why there is no state to read or write.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// No demonstration was started in this folder.
    #[error("no demonstration runs here: {} does not exist; start one with `portcullis up --demo`", .0.display())]
    Missing(PathBuf),
    /// The process that wrote the file is gone.
    #[error("the demonstration of process {pid} is gone, but left {}; delete it or start a new one", path.display())]
    Stale {
        /// The process that is gone.
        pid: u32,
        /// The file it left.
        path: PathBuf,
    },
    /// Another process runs a demonstration in this folder.
    #[error("process {pid} already runs a demonstration in this folder")]
    Running {
        /// That process.
        pid: u32,
    },
    /// The file is not what this version writes.
    #[error("{} is not a state file of this version; delete it", .0.display())]
    Malformed(PathBuf),
    /// The operating system refused.
    #[error("cannot use {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl DemoState {
    /// The audience of a token for this connection, by its name.
    #[must_use]
    pub fn audience(&self, connection: &str) -> Option<&str> {
        self.connections.get(connection).map(String::as_str)
    }

    /// Reads the state of the demonstration that runs in this folder.
    ///
    /// # Errors
    /// [`StateError::Missing`] when none was started, [`StateError::Stale`] when its process is gone,
    /// [`StateError::Malformed`] and [`StateError::File`] when the file cannot be read.
    pub fn read(folder: &Path) -> Result<Self, StateError> {
        let path = folder.join(FILE);
        let state = load(&path)?;
        if platform::is_alive(state.pid) {
            Ok(state)
        } else {
            Err(StateError::Stale { pid: state.pid, path })
        }
    }

    /// Writes the state for others to read. The returned guard removes it again.
    ///
    /// # Errors
    /// [`StateError::Running`] when a living process has its state here, [`StateError::File`] when the folder or
    /// the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<StateFile, StateError> {
        let path = folder.join(FILE);
        match load(&path) {
            Ok(other) if other.pid != self.pid && platform::is_alive(other.pid) => {
                return Err(StateError::Running { pid: other.pid });
            }
            // A stale or foreign file is replaced: its process is gone, or it was never ours to trust.
            Ok(_) | Err(_) => {}
        }
        let failed = |source| StateError::File { path: path.clone(), source };
        platform::private_folder(folder).map_err(failed)?;
        let text = serde_json::to_vec_pretty(&Document::from(self)).map_err(|error| failed(error.into()))?;
        // Written beside and renamed: a reader sees the old file or the whole new one, never a half.
        let fresh = folder.join(format!("{FILE}.{}", self.pid));
        remove(&fresh).map_err(failed)?;
        let mut file = platform::private_file(&fresh).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, &path).map_err(failed)?;
        Ok(StateFile { path, pid: self.pid })
    }
}

/// The written file. Dropping it removes the file, unless another demonstration has replaced it.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    pid: u32,
}

impl StateFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        if load(&self.path).is_ok_and(|state| state.pid == self.pid) {
            // What cannot be removed now is stale later, and readers say so.
            let _best_effort = remove(&self.path);
        }
    }
}

fn load(path: &Path) -> Result<DemoState, StateError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StateError::Missing(path.to_owned()));
        }
        Err(source) => return Err(StateError::File { path: path.to_owned(), source }),
    };
    match serde_json::from_slice::<Document>(&text) {
        Ok(document) if document.version == VERSION => Ok(document.into()),
        Ok(_) | Err(_) => Err(StateError::Malformed(path.to_owned())),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

impl From<&DemoState> for Document {
    fn from(state: &DemoState) -> Self {
        let DemoState {
            gateway_url,
            issuer,
            development_token_url,
            development_secret,
            connections,
            upstream,
            pid,
        } = state.clone();
        let development_secret = development_secret.expose().to_owned();
        Self {
            version: VERSION,
            gateway_url,
            issuer,
            development_token_url,
            development_secret,
            connections,
            upstream,
            pid,
        }
    }
}

impl From<Document> for DemoState {
    fn from(document: Document) -> Self {
        let Document {
            version: _,
            gateway_url,
            issuer,
            development_token_url,
            development_secret,
            connections,
            upstream,
            pid,
        } = document;
        let development_secret = Secret::new(development_secret);
        Self { gateway_url, issuer, development_token_url, development_secret, connections, upstream, pid }
    }
}

#[cfg(test)]
mod tests;
