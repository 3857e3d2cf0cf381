//! The pins of one connection, and their file.
//!
//! `policies/pins/<connection>.json` is written by `portcullis pin` and reviewed like a policy:
//!
//! ```json
//! {
//!   "connection": "billing",
//!   "prompts": [],
//!   "resourceTemplates": [],
//!   "resources": [],
//!   "tools": [{"description": "…", "inputSchema": {}, "name": "refund"}],
//!   "version": 1
//! }
//! ```
//!
//! A kind that the file leaves out is not pinned, and nothing of it is checked. The file holds no digests: they
//! follow from the definitions, and a reader could not check them.

use std::collections::BTreeMap;

use portcullis_mcp::json::{self, Bounds, Json, JsonError, Object};
use portcullis_settings::ConnectionName;

use crate::change::changed_members;
use crate::definition::{Definition, Kind};
use crate::digest::DefinitionDigest;
use crate::visible::escaped;
use crate::write::pretty;

/// The version of the file that is read and written.
const VERSION: i64 = 1;
/// How deep a definition may nest; the data path reads nothing deeper.
pub(crate) const DEPTH: usize = 120;

/// The approved definitions of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    connection: ConnectionName,
    kinds: BTreeMap<Kind, BTreeMap<String, Definition>>,
}

/// How a live definition stands to its pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what was approved.
    Approved,
    /// It differs from what was approved, in these members.
    Changed(Vec<String>),
    /// Nobody has approved it.
    Unknown,
    /// Nothing of its kind is pinned on this connection.
    Unpinned,
}

/// Why a text is not a file of pins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinsError {
    /// It is for another connection than its name says.
    #[error(
        "it has the pins of `{found}`, and its name is that of `{expected}`; rename it, or run `portcullis pin {expected}`"
    )]
    Connection {
        /// The connection that the file names.
        found: String,
        /// The connection that the file is for.
        expected: ConnectionName,
    },
    /// One thing is defined twice.
    #[error("the {} `{name}` is pinned twice; keep one", .kind.as_str())]
    Duplicate {
        /// Of what kind it is.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// It is not JSON.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// A member is not what it must be.
    #[error("`{0}` must be {1}")]
    Member(&'static str, &'static str),
    /// A definition has no name.
    #[error("entry {index} of `{}` has no `{}`", .kind.member(), .kind.key())]
    Nameless {
        /// Of what kind it is.
        kind: Kind,
        /// Its place in the list, from 1.
        index: usize,
    },
    /// A member that nobody knows.
    #[error(
        "unknown member `{0}`; there are connection, prompts, resourceTemplates, resources, tools and version"
    )]
    UnknownMember(String),
    /// It was written by another release.
    #[error("version {0} is not known; this release reads and writes version 1")]
    Version(String),
}

impl PinsError {
    /// The line of the text that is wrong, if that is known.
    #[must_use]
    pub fn line(&self, text: &str) -> usize {
        let Self::Json(error) = self else { return 1 };
        let before = text.as_bytes().get(..error.offset).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

impl Pins {
    /// Pins of these kinds with nothing in them yet.
    #[must_use]
    pub fn new(connection: ConnectionName, kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self { connection, kinds: kinds.into_iter().map(|kind| (kind, BTreeMap::new())).collect() }
    }

    /// Reads the file of a connection.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(connection: &ConnectionName, text: &str) -> Result<Self, PinsError> {
        let Json::Object(file) = json::parse(text.as_bytes(), Bounds::answer(DEPTH))? else {
            return Err(PinsError::Member("the file", "an object"));
        };
        let known = |key: &str| {
            matches!(key, "connection" | "version") || Kind::ALL.iter().any(|kind| kind.member() == key)
        };
        if let Some((unknown, _)) = file.iter().find(|(key, _)| !known(key)) {
            return Err(PinsError::UnknownMember(escaped(unknown)));
        }
        match file.get("version") {
            Some(Json::Number(number)) if number.as_i64() == Some(VERSION) => {}
            Some(other) => return Err(PinsError::Version(escaped(&other.to_string()))),
            None => return Err(PinsError::Member("version", "there")),
        }
        let found = file.get_str("connection").ok_or(PinsError::Member("connection", "a name"))?;
        if found != connection.as_str() {
            return Err(PinsError::Connection { found: escaped(found), expected: connection.clone() });
        }
        let mut pins = Self::new(connection.clone(), []);
        for kind in Kind::ALL {
            if let Some(items) = file.get(kind.member()) {
                pins.kinds.insert(kind, definitions(kind, items)?);
            }
        }
        Ok(pins)
    }

    /// Adds or replaces one definition; its kind is pinned from then on.
    pub fn insert(&mut self, definition: Definition) {
        let pinned = self.kinds.entry(definition.kind()).or_default();
        pinned.insert(definition.name().to_owned(), definition);
    }

    /// The text of the file: sorted, indented, with everything invisible escaped.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut file = Object::new().with("connection", self.connection.as_str()).with("version", VERSION);
        for (kind, pinned) in &self.kinds {
            let items = pinned.values().map(|definition| Json::Object(definition.members().clone()));
            file.insert(kind.member(), items.collect::<Vec<_>>());
        }
        pretty(&file)
    }

    /// Whose pins these are.
    #[must_use]
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// The kinds that are pinned.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.kinds.keys().copied()
    }

    /// The pinned definitions of a kind, by name; `None` if the kind is not pinned.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Option<&BTreeMap<String, Definition>> {
        self.kinds.get(&kind)
    }

    /// One pinned definition.
    #[must_use]
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Definition> {
        self.kinds.get(&kind)?.get(name)
    }

    /// How an item of an upstream's list stands to its pin.
    #[must_use]
    pub fn standing(&self, kind: Kind, item: &Object<'_>) -> Standing {
        let Some(pinned) = self.kinds.get(&kind) else { return Standing::Unpinned };
        let pin = item.get_str(kind.key()).and_then(|name| pinned.get(name));
        match pin {
            None => Standing::Unknown,
            Some(pin) if pin.digest() == DefinitionDigest::of(kind, item) => Standing::Approved,
            Some(pin) => {
                let changes = changed_members(pin.members(), &kind.counted(item));
                Standing::Changed(changes.into_iter().map(|change| change.path).collect())
            }
        }
    }
}

fn definitions(kind: Kind, items: &Json<'_>) -> Result<BTreeMap<String, Definition>, PinsError> {
    let items = items.as_array().ok_or(PinsError::Member(kind.member(), "a list"))?;
    let mut pinned = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let definition = item.as_object().and_then(|item| Definition::of(kind, item));
        let definition = definition.ok_or(PinsError::Nameless { kind, index: index + 1 })?;
        let name = definition.name().to_owned();
        if pinned.insert(name.clone(), definition).is_some() {
            return Err(PinsError::Duplicate { kind, name: escaped(&name) });
        }
    }
    Ok(pinned)
}

#[cfg(test)]
mod tests;
