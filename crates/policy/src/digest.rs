//! Content digests of policies: what a grant and a record refer to.
//!
//! A digest is over the tokens of a policy with its annotations. Reformatting or commenting changes nothing,
//! any other change makes another policy, and Cedar's own printer, which may change, plays no part.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::policy::PolicyId;
use crate::scan::tokens;

/// The content digest of one policy (SHA-256 over its tokens). Shown as `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyDigest([u8; 32]);

/// The content digest of a whole set: the ids and digests of its policies. Shown as `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicySetDigest([u8; 32]);

impl PolicyDigest {
    pub(crate) fn of(statement: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(b"portcullis policy 1\0");
        for token in tokens(statement) {
            absorb(&mut hash, token.text.as_bytes());
        }
        Self(hash.finalize().into())
    }

    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PolicySetDigest {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The order is that of the ids, so files may be named and ordered freely.
    pub(crate) fn of<'p>(policies: impl Iterator<Item = (&'p PolicyId, PolicyDigest)>) -> Self {
        let mut hash = Sha256::new_with_prefix(b"portcullis policy set 1\0");
        for (id, digest) in policies {
            absorb(&mut hash, id.as_str().as_bytes());
            absorb(&mut hash, digest.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Adds one part with its length before it, so that no two lists of parts have the same bytes.
fn absorb(hash: &mut Sha256, part: &[u8]) {
    hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(part);
}

pub(crate) fn show(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("sha256:")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Display for PolicySetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for PolicySetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}
