//! The digest of a definition: what a record or a grant refers to.
//!
//! The order of members does not count; everything else does. A number counts as it is spelled, so `1` and `1.0`
//! differ: an upstream that begins to write numbers in another way has changed, and a reader that compared values
//! would have to agree with every client on what a value is.

use std::fmt;

use portcullis_mcp::json::{Json, Object};
use sha2::{Digest as _, Sha256};

use crate::definition::Kind;

/// SHA-256 over the canonical form of a definition. Shown as `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefinitionDigest([u8; 32]);

impl DefinitionDigest {
    /// The digest of an item of a list.
    #[must_use]
    pub fn of(kind: Kind, item: &Object<'_>) -> Self {
        let mut hash = Sha256::new_with_prefix(b"portcullis definition 1\0");
        absorb_text(&mut hash, kind.member());
        absorb_object(&mut hash, &kind.counted(item));
        Self(hash.finalize().into())
    }

    /// A digest that was taken before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Each value begins with its type, and each text and list with its length, so that no two values have the same
/// bytes. The depth is that of the parser.
fn absorb(hash: &mut Sha256, value: &Json<'_>) {
    match value {
        Json::Null => hash.update(b"n"),
        Json::Bool(true) => hash.update(b"t"),
        Json::Bool(false) => hash.update(b"f"),
        Json::Number(number) => {
            hash.update(b"#");
            absorb_text(hash, number.as_str());
        }
        Json::String(text) => {
            hash.update(b"s");
            absorb_text(hash, text);
        }
        Json::Array(items) => {
            hash.update(b"a");
            absorb_length(hash, items.len());
            items.iter().for_each(|item| absorb(hash, item));
        }
        Json::Object(object) => absorb_object(hash, object),
    }
}

fn absorb_object(hash: &mut Sha256, object: &Object<'_>) {
    hash.update(b"o");
    absorb_length(hash, object.len());
    let mut members: Vec<_> = object.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in members {
        absorb_text(hash, key);
        absorb(hash, value);
    }
}

fn absorb_text(hash: &mut Sha256, text: &str) {
    absorb_length(hash, text.len());
    hash.update(text.as_bytes());
}

fn absorb_length(hash: &mut Sha256, length: usize) {
    hash.update(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
}

impl fmt::Display for DefinitionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DefinitionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
