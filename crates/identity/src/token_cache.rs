//! Tokens that were verified a moment ago, so that a signature is checked once per instance.
//!
//! Entries are found by a digest of the token and the resource it was verified for; the token itself is not kept.
//! An entry lives until the token expires, at most five minutes. So a key that its issuer withdraws is believed for that
//! long at most. Not here: whether a token was withdrawn, which nobody asks yet.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_settings::Resource;
use sha2::{Digest, Sha256};

use crate::time::UnixSeconds;
use crate::token::BearerToken;
use crate::verify::VerifiedToken;

/// A bounded store of verified tokens.
#[derive(Clone, Debug)]
pub struct TokenCache {
    capacity: usize,
    entries: BTreeMap<[u8; 32], Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// The first second at which the entry no longer counts.
    until: UnixSeconds,
    token: VerifiedToken,
}

impl TokenCache {
    /// A cache for at most `capacity` tokens; zero keeps none.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, entries: BTreeMap::new() }
    }

    /// The proof that this token was verified for this resource, if it was and still counts.
    #[must_use]
    pub fn get(
        &self,
        token: BearerToken<'_>,
        resource: &Resource,
        now: UnixSeconds,
    ) -> Option<&VerifiedToken> {
        let entry = self.entries.get(&key(token, resource))?;
        (now < entry.until).then_some(&entry.token)
    }

    /// Remembers that `token` was verified, for the resource that `verified` names.
    pub fn insert(&mut self, token: BearerToken<'_>, verified: VerifiedToken, now: UnixSeconds) {
        let until = verified.expires().min(now.plus(LONGEST));
        if until <= now || self.capacity == 0 {
            return;
        }
        if self.entries.len() >= self.capacity {
            self.make_room(now);
        }
        let key = key(token, verified.resource());
        self.entries.insert(key, Entry { until, token: verified });
    }

    /// Drops what no longer counts, and if that is nothing, what soonest will not.
    fn make_room(&mut self, now: UnixSeconds) {
        self.entries.retain(|_, entry| now < entry.until);
        if self.entries.len() >= self.capacity {
            let soonest = self.entries.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| *key);
            soonest.and_then(|key| self.entries.remove(&key));
        }
    }
}

fn key(token: BearerToken<'_>, resource: &Resource) -> [u8; 32] {
    // Neither a token nor a resource contains a zero byte, so the two cannot run into each other.
    Sha256::new()
        .chain_update(token.as_bytes())
        .chain_update([0])
        .chain_update(resource.as_str())
        .finalize()
        .into()
}

/// How long a verified token is believed without checking it again.
const LONGEST: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
