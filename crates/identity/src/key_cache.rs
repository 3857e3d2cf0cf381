//! When to fetch an issuer's keys, and which to use meanwhile: a state machine with no clock and no network.
//!
//! ```text
//!            fetched                 1 h                      24 h
//!   empty ────────────► fresh ────────────────► stale ───────────────► empty
//!                         │ unknown key: fetch,   │ fetch; while that fails,
//!                         │ once in 30 s          │ use what we have
//! ```
//! An instance may start from keys that another one stored: [`KeyCache::fetched`] takes the time of the fetch.
//! Not here: fetching. While one request fetches, the shell should let others for the same issuer wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::keys::JwkSet;
use crate::time::UnixSeconds;

/// The keys of one issuer and what is known about their age.
#[derive(Clone, Debug, Default)]
pub struct KeyCache {
    keys: Option<Fetched>,
    /// The last time a fetch ended, well or not.
    attempted: Option<UnixSeconds>,
    /// Keys that tokens named and that a fetch is to bring.
    wanted: BTreeSet<String>,
    /// Keys that tokens named and that the issuer did not have, with the time of that fetch.
    absent: BTreeMap<String, UnixSeconds>,
}

#[derive(Clone, Debug)]
struct Fetched {
    at: UnixSeconds,
    keys: JwkSet,
}

/// What to do about a token that names a key.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'k> {
    /// Fetch the keys, report with [`KeyCache::fetched`] or [`KeyCache::failed`], and look up again.
    Fetch,
    /// Verify with these. They may lack the key; then the token is refused.
    Keys(&'k JwkSet),
    /// There are no keys and it is too early to try again: refuse, the issuer is down.
    Unavailable,
}

impl KeyCache {
    /// A cache without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do about a token that names the key `kid`, or none.
    pub fn lookup(&mut self, kid: Option<&str>, now: UnixSeconds) -> Lookup<'_> {
        if self.keys.as_ref().is_some_and(|fetched| now.since(fetched.at) >= USABLE) {
            self.keys = None;
        }
        let Some(fetched) = &self.keys else {
            let may_try = self.may_try(now, RETRY_EMPTY);
            return if may_try { Lookup::Fetch } else { Lookup::Unavailable };
        };
        let is_stale = now.since(fetched.at) >= FRESH;
        let is_unknown = !fetched.keys.knows(kid) && !self.is_known_absent(kid, now);
        if (is_stale || is_unknown) && self.may_try(now, RETRY) {
            if let Some(kid) = kid.filter(|_| is_unknown && self.wanted.len() < MAX_NAMES) {
                self.wanted.insert(kid.to_owned());
            }
            return Lookup::Fetch;
        }
        match &self.keys {
            Some(fetched) => Lookup::Keys(&fetched.keys),
            None => Lookup::Unavailable,
        }
    }

    /// Keys have arrived; `at` is when they were fetched, which may be a while ago and elsewhere, but not later
    /// than now.
    pub fn fetched(&mut self, at: UnixSeconds, keys: JwkSet) {
        self.attempted = self.attempted.max(Some(at));
        if self.keys.as_ref().is_some_and(|fetched| fetched.at > at) {
            return;
        }
        self.absent.retain(|kid, _| !keys.knows(Some(kid)));
        for kid in std::mem::take(&mut self.wanted) {
            if !keys.knows(Some(&kid)) {
                self.remember_absent(kid, at);
            }
        }
        self.keys = Some(Fetched { at, keys });
    }

    /// The keys could not be fetched.
    pub fn failed(&mut self, now: UnixSeconds) {
        self.attempted = self.attempted.max(Some(now));
        self.wanted.clear();
    }

    fn may_try(&self, now: UnixSeconds, pause: Duration) -> bool {
        self.attempted.is_none_or(|attempted| now.since(attempted) >= pause)
    }

    fn is_known_absent(&self, kid: Option<&str>, now: UnixSeconds) -> bool {
        kid.and_then(|kid| self.absent.get(kid)).is_some_and(|since| now.since(*since) < ABSENT)
    }

    fn remember_absent(&mut self, kid: String, at: UnixSeconds) {
        if self.absent.len() >= MAX_NAMES {
            let oldest = self.absent.iter().min_by_key(|(_, since)| **since).map(|(kid, _)| kid.clone());
            oldest.and_then(|kid| self.absent.remove(&kid));
        }
        self.absent.insert(kid, at);
    }
}

/// How long keys are used without asking again.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long keys are used while the issuer does not answer.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// The pause between fetches while there are keys: strangers can name unknown keys as fast as they like.
const RETRY: Duration = Duration::from_secs(30);
/// The pause between fetches while there are none and every caller is refused.
const RETRY_EMPTY: Duration = Duration::from_secs(5);
/// How long a key that the issuer did not have causes no further fetch.
const ABSENT: Duration = Duration::from_secs(5 * 60);
/// How many names of keys from strangers are kept.
const MAX_NAMES: usize = 64;

#[cfg(test)]
mod tests;
