//! Where the policies come from that are in force, and who may change them over the network.
//!
//! Not here: what signatures are made of (`policy`), and what may be asked of `/api` (`pipeline`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};

use crate::connection::Scope;
use crate::name::{IssuerName, KeyName};

/// `[policy]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySettings {
    /// Whose signatures on policies count.
    pub keys: BTreeMap<KeyName, PolicyKey>,
    /// Where the policies come from.
    pub source: PolicySource,
    /// Nothing pushed with a lower serial is ever in force; if it is not 0, something pushed must be.
    pub minimum_serial: u64,
}

/// Where the policies come from that are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicySource {
    /// The mounted files, whatever was pushed.
    #[default]
    Files,
    /// What was pushed last; the mounted files only until something was.
    Pushed,
}

/// An Ed25519 public key, which is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyKey([u8; 32]);

impl PolicyKey {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for PolicyKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for PolicyKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut bytes = [0; 32];
        let decoded = text.strip_prefix(PREFIX).map(|base64| Base64::decode(base64, &mut bytes));
        match decoded {
            Some(Ok(decoded)) if decoded.len() == 32 => Ok(Self(bytes)),
            Some(_) | None => {
                Err("a key is `ed25519:` and its 32 bytes in base64; `portcullis policy keygen` makes one")
            }
        }
    }
}

impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", Base64::encode_string(&self.0))
    }
}

/// `[console]`: whose callers may use `/api` at all. Policies decide what they may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// The issuers.
    pub issuers: BTreeSet<IssuerName>,
    /// Scopes that a token must carry.
    pub scopes: BTreeSet<Scope>,
}

const PREFIX: &str = "ed25519:";
