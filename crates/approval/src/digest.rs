//! Digests of what may be public: policies, definitions, requests. Arguments have keyed ones.

use std::fmt;
use std::str::FromStr;

use portcullis_ledger::{InvalidDigest, KeyedDigest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256, shown as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// A digest that was taken elsewhere, such as that of a policy or of a definition.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        absorb(&mut bytes, purpose.as_bytes());
        parts.iter().for_each(|part| absorb(&mut bytes, part));
        Self(Sha256::digest(&bytes).into())
    }
}

/// Adds one part with its length before it, so that no two lists of parts have the same bytes.
pub(crate) fn absorb(out: &mut Vec<u8>, part: &[u8]) {
    out.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend(part);
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", KeyedDigest::new(self.0))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let digits = text.strip_prefix("sha256:").ok_or(InvalidDigest)?;
        Ok(Self(*digits.parse::<KeyedDigest>()?.as_bytes()))
    }
}

impl TryFrom<String> for ContentDigest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        text.parse()
    }
}

impl From<ContentDigest> for String {
    fn from(digest: ContentDigest) -> Self {
        digest.to_string()
    }
}
