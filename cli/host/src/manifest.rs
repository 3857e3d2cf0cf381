//! The application's `spin.toml` (manifest version 2), read strictly.
//!
//! An unknown key is an error, and so is a key of Spin that this host does not implement: what the file asks for
//! happens, or the host does not start. The text goes through the DTOs of `file` into the checked types here.
//! Values of variables, and whether files exist, are looked at later, by [`crate::Host`]'s builder.

mod check;
mod file;
mod problem;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use self::problem::{Problem, Problems};
use crate::allowed_hosts::HostTemplate;
use crate::routes::Router;
use crate::template::Template;

/// A checked manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub(crate) path: PathBuf,
    pub(crate) root: PathBuf,
    pub(crate) application: Application,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) components: BTreeMap<String, Component>,
    pub(crate) router: Router,
}

/// The `[application]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
}

/// One entry of `[variables]`. It is required when it has no default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
}

/// One `[component.<id>]` table.
#[derive(Clone, Debug)]
pub struct Component {
    pub(crate) id: String,
    pub(crate) source: PathBuf,
    pub(crate) description: Option<String>,
    pub(crate) allowed_hosts: Vec<HostTemplate>,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) variables: BTreeMap<String, Template>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) files: Vec<Mount>,
    pub(crate) excluded: Vec<glob::Pattern>,
    pub(crate) build: Vec<String>,
}

/// One entry of a component's `files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// A path or glob pattern; files keep their path relative to the manifest.
    Pattern(String),
    /// A file or directory that appears elsewhere in the guest. `destination` has no leading slash.
    Placement { source: PathBuf, destination: PathBuf },
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file does not say what it must; all problems found are listed.
    #[error("{}", .problems.located(.path))]
    Invalid {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, at least one.
        problems: Problems,
    },
    /// The file cannot be read.
    #[error("cannot read the manifest `{}`: {reason}", .path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    ///
    /// # Errors
    /// [`ManifestError::Unreadable`] if the file cannot be read, [`ManifestError::Invalid`] with every problem
    /// found. A problem of TOML syntax, an unknown key or a wrong type hides those behind it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ManifestError> {
        let path = path.as_ref();
        let unreadable = |reason| ManifestError::Unreadable { path: path.to_owned(), reason };
        let source = std::fs::read_to_string(path).map_err(unreadable)?;
        let absolute = std::path::absolute(path).map_err(unreadable)?;
        Self::parse(&absolute, &source)
            .map_err(|problems| ManifestError::Invalid { path: path.to_owned(), problems })
    }

    /// Checks `source` as the manifest at `path`; touches no file.
    pub(crate) fn parse(path: &Path, source: &str) -> Result<Self, Problems> {
        check::manifest(path, source)
    }

    /// The application's name.
    pub fn name(&self) -> &str {
        &self.application.name
    }

    /// The application's version, if it has one.
    pub fn version(&self) -> Option<&str> {
        self.application.version.as_deref()
    }

    /// The application's description, if it has one.
    pub fn description(&self) -> Option<&str> {
        self.application.description.as_deref()
    }

    /// The names of the application's variables, in order.
    pub fn variable_names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The components, in order of their ids.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// The routes as written, each with its component's id, in order of precedence.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.router.entries()
    }
}

impl Component {
    /// The component's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The component's description, if it has one.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where the compiled component is, as an absolute path.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The commands that build the component; empty if the manifest has none.
    pub fn build_commands(&self) -> &[String] {
        &self.build
    }
}

#[cfg(test)]
mod tests;
