//! The pins of all connections in one sequence of bytes, from which an instance starts without parsing any.
//!
//! ```text
//! magic 8 | format 4 | SHA-256 of the head 32 | head | texts
//! head: connections 4 | definitions 4 | bytes of connection names 4 | bytes of names 4 | bytes of texts 4
//!       each connection: end of its name 4 | pinned kinds 4 | end of the definitions of each of the four kinds 4
//!       each definition: end of its name 4 | end of its text 4 | its schema in the text 4, 4 | digest 32 | SHA-256 of the text 32
//!       names of connections | names of definitions
//! ```
//! All numbers are little-endian. Connections are sorted by name, definitions by connection, kind and name, so that
//! both are found in place.
//!
//! The head decides which definition is approved, so all of it is hashed when the bytes are opened: about 100 bytes
//! for each definition. The texts only say what has changed and what a schema is; each is checked when it is read.
//!
//! INVARIANT: what format 1 means never changes. `tests/golden` has a file to hold us to it.

mod read;
mod write;

use std::fmt;

use portcullis_mcp::json::Object;
use portcullis_settings::ConnectionName;

use crate::approved::read::{Layout, Member};
use crate::change::changed_members;
use crate::definition::Kind;
use crate::digest::DefinitionDigest;
use crate::file::{Pins, Standing};

/// What is approved on all connections.
#[derive(Clone, PartialEq, Eq)]
pub struct Approved {
    bytes: Vec<u8>,
    layout: Layout,
}

/// What is approved under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// A definition with this digest.
    Approved(DefinitionDigest),
    /// Nothing.
    Missing,
    /// Nothing, and nothing of its kind is pinned on this connection: it is not checked.
    Unpinned,
}

/// Why bytes are not taken for approved definitions. Each text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovedError {
    /// Some of it was changed.
    #[error("the approved definitions are damaged: build them again from the files in `pins/`")]
    Damaged,
    /// It was written by a later version of this software.
    #[error(
        "the approved definitions have format {found} and this version reads up to format {FORMAT}: upgrade the \
         gateway first, or build them with the gateway's own version"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It is something else.
    #[error("these are not approved definitions: give what was written as such")]
    NotApproved,
    /// Its end is missing.
    #[error("the approved definitions are cut short: copy them again")]
    Truncated,
}

impl Approved {
    /// What these pins approve. Of two for one connection, the last one counts.
    #[must_use]
    pub fn of<'p>(pins: impl IntoIterator<Item = &'p Pins>) -> Self {
        write::approved(pins)
    }

    /// Opens what [`Approved::to_bytes`] of this or an earlier version gave.
    ///
    /// # Errors
    /// [`ApprovedError`] if the bytes are anything else.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ApprovedError> {
        let layout = Layout::open(&bytes)?;
        Ok(Self { bytes, layout })
    }

    /// The bytes, as they are stored. The same pins give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Whether the connection has pins at all.
    #[must_use]
    pub fn has_pins(&self, connection: &ConnectionName) -> bool {
        self.layout.connection(&self.bytes, connection.as_str()).is_some()
    }

    /// What is approved under a name, a URI or a URI template. A connection without pins has nothing approved.
    #[must_use]
    pub fn pin(&self, connection: &ConnectionName, kind: Kind, name: &str) -> Pin {
        let Some(found) = self.layout.connection(&self.bytes, connection.as_str()) else {
            return Pin::Missing;
        };
        if !found.pins(kind) {
            return Pin::Unpinned;
        }
        match self.layout.definition(&self.bytes, &found, kind, name) {
            Some(member) => Pin::Approved(member.digest),
            None => Pin::Missing,
        }
    }

    /// The digest of an approved definition.
    #[must_use]
    pub fn digest(&self, connection: &ConnectionName, kind: Kind, name: &str) -> Option<DefinitionDigest> {
        match self.pin(connection, kind, name) {
            Pin::Approved(digest) => Some(digest),
            Pin::Missing | Pin::Unpinned => None,
        }
    }

    /// How an item of an upstream's list stands to its pin.
    #[must_use]
    pub fn standing(&self, connection: &ConnectionName, kind: Kind, item: &Object<'_>) -> Standing {
        let name = item.get_str(kind.key());
        match (self.pin(connection, kind, name.unwrap_or_default()), name) {
            (Pin::Unpinned, _) => Standing::Unpinned,
            // What has no name has no pin, whatever is pinned under an empty one.
            (Pin::Missing, _) | (Pin::Approved(_), None) => Standing::Unknown,
            (Pin::Approved(digest), Some(_)) if digest == DefinitionDigest::of(kind, item) => {
                Standing::Approved
            }
            (Pin::Approved(_), Some(_)) => Standing::Changed(self.changed(connection, kind, item)),
        }
    }

    /// The paths in which an item of an upstream's list differs from its pin. None are known where the pin's text is
    /// damaged.
    #[must_use]
    pub fn changed(&self, connection: &ConnectionName, kind: Kind, item: &Object<'_>) -> Vec<String> {
        let member = item.get_str(kind.key()).and_then(|name| self.member(connection, kind, name));
        let pinned = member.and_then(|member| self.layout.object(&self.bytes, &member));
        let changes = pinned.map(|pinned| changed_members(&pinned, &kind.counted(item)));
        changes.into_iter().flatten().map(|change| change.path).collect()
    }

    /// The approved `inputSchema` of a tool as JSON text; `None` if the tool is not pinned or has no schema.
    ///
    /// # Errors
    /// [`ApprovedError::Damaged`] if the text is not the one that was put in.
    pub fn input_schema(
        &self,
        connection: &ConnectionName,
        tool: &str,
    ) -> Result<Option<&str>, ApprovedError> {
        let Some(member) = self.member(connection, Kind::Tool, tool) else { return Ok(None) };
        self.layout.schema(&self.bytes, &member).ok_or(ApprovedError::Damaged)
    }

    /// An approved definition, whole; `None` if there is none.
    ///
    /// # Errors
    /// [`ApprovedError::Damaged`] if its text is not the one that was put in.
    pub fn definition(
        &self,
        connection: &ConnectionName,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Object<'static>>, ApprovedError> {
        let Some(member) = self.member(connection, kind, name) else { return Ok(None) };
        self.layout.object(&self.bytes, &member).map(Some).ok_or(ApprovedError::Damaged)
    }

    fn member(&self, connection: &ConnectionName, kind: Kind, name: &str) -> Option<Member> {
        let found = self.layout.connection(&self.bytes, connection.as_str())?;
        self.layout.definition(&self.bytes, &found, kind, name)
    }
}

impl Default for Approved {
    /// Nothing is approved.
    fn default() -> Self {
        Self::of([])
    }
}

impl fmt::Debug for Approved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approved").field("layout", &self.layout).finish_non_exhaustive()
    }
}

const MAGIC: &[u8; 8] = b"PCPINNED";
/// The version of the format that is written, and the latest that is read.
const FORMAT: u32 = 1;
/// Before it are the magic, the format and the digest of the head.
const HEAD_START: usize = 44;

#[cfg(test)]
mod tests;
