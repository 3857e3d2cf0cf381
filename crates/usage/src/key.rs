//! Whose usage it is, the keys under which it is kept, and the digests of values.
//!
//! Nothing of a caller's text is in a key, and no value is in the store: both are keyed digests, so that neither who
//! uses what nor a value that was seen can be guessed from a copy of the store.

use std::fmt;

use portcullis_ledger::{AppName, DigestKey, KeyedDigest, UnixMillis};
use portcullis_settings::{ClassName, ConnectionName};

use crate::time::{HOURS_BACK, Hour, Minute};

/// A principal on a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope([u8; 16]);

impl Scope {
    /// The scope of a principal, by the name that policies know it under (`issuer|subject`), on a connection.
    #[must_use]
    pub fn of(key: &DigestKey, principal: &str, connection: &ConnectionName) -> Self {
        // A connection's name has no `|`, so there is one way to read this.
        let digest = key.digest("usage scope", format!("{}|{principal}", connection.as_str()).as_bytes());
        Self(first(&digest))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What stands for a value when distinct ones are counted. The same value has different digests in different scopes,
/// so that the store does not tell who has seen the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueDigest(pub(crate) u64);

impl ValueDigest {
    /// The digest of a value. What counts as the same value must be brought into one spelling before.
    #[must_use]
    pub fn of(key: &DigestKey, scope: Scope, class: &ClassName, value: &str) -> Self {
        let digest = key.digest("usage value", format!("{scope}|{class}|{value}").as_bytes());
        Self(u64::from_be_bytes(first(&digest)))
    }
}

fn first<const N: usize>(digest: &KeyedDigest) -> [u8; N] {
    digest.as_bytes().first_chunk().copied().unwrap_or([0; N])
}

/// A key of the store: at most 255 bytes of `[a-z0-9._:-]`. Made only here, so that no caller's text gets into one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many shares of a minute were claimed: a counter.
    pub(crate) fn counter(app: &AppName, scope: Scope, minute: Minute) -> Self {
        Self::new(app, scope, format_args!("n:{}", minute.0))
    }

    /// A share of a minute: one writer.
    pub(crate) fn share(app: &AppName, scope: Scope, minute: Minute, number: u64) -> Self {
        Self::new(app, scope, format_args!("s:{}:{number}", minute.0))
    }

    /// That a minute was used, and later its total.
    pub(crate) fn minute(app: &AppName, scope: Scope, minute: Minute) -> Self {
        Self::new(app, scope, format_args!("m:{}", minute.0))
    }

    /// That an hour was used, and later its total.
    pub(crate) fn hour(app: &AppName, scope: Scope, hour: Hour) -> Self {
        Self::new(app, scope, format_args!("h:{}", hour.0))
    }

    fn new(app: &AppName, scope: Scope, rest: fmt::Arguments<'_>) -> Self {
        Self(format!("pc1:{}:usage:{scope}:{rest}", app.as_str()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a key of the store is one of usage that no window reaches any more, so that maintenance may delete it.
/// A key that is not one of this application's usage is never.
#[must_use]
pub fn is_expired(app: &AppName, key: &str, now: UnixMillis) -> bool {
    // One hour for readers under way, one for clocks.
    let oldest = Minute::of(now).hour().0.saturating_sub(HOURS_BACK + 2);
    hour_of(app, key).is_some_and(|hour| hour.0 < oldest)
}

fn hour_of(app: &AppName, key: &str) -> Option<Hour> {
    let rest = key.strip_prefix("pc1:")?.strip_prefix(app.as_str())?.strip_prefix(":usage:")?;
    let mut parts = rest.split(':').skip(1);
    let (kind, number) = (parts.next()?, parts.next()?.parse().ok()?);
    match kind {
        "h" => Some(Hour(number)),
        "m" | "n" | "s" => Some(Minute(number).hour()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope([0xab; 16])
    }

    fn keys(app: &AppName, minute: Minute) -> [Key; 4] {
        [
            Key::counter(app, scope(), minute),
            Key::share(app, scope(), minute, 12),
            Key::minute(app, scope(), minute),
            Key::hour(app, scope(), minute.hour()),
        ]
    }

    #[test]
    fn keys_name_application_scope_and_time() {
        let keys = keys(&"app".parse().unwrap(), Minute(29_791_335));
        let rest = ["n:29791335", "s:29791335:12", "m:29791335", "h:496522"];
        for (key, rest) in keys.iter().zip(rest) {
            assert_eq!(key.as_str(), format!("pc1:app:usage:{}:{rest}", "ab".repeat(16)));
        }
    }

    #[test]
    fn the_longest_key_fits_every_store() {
        let app: AppName = "a".repeat(64).parse().unwrap();
        let key = Key::share(&app, scope(), Minute(u64::MAX), u64::MAX);
        let is_safe = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-');
        assert!(key.as_str().len() <= 255 && key.as_str().bytes().all(is_safe));
    }

    #[test]
    fn principals_connections_and_values_are_told_apart() {
        let key = DigestKey::new([1; 32]);
        let connection = |name: &str| name.parse::<ConnectionName>().unwrap();
        let scopes = [
            Scope::of(&key, "okta|ana", &connection("billing")),
            Scope::of(&key, "okta|ben", &connection("billing")),
            Scope::of(&key, "okta|ana", &connection("crm")),
            Scope::of(&DigestKey::new([2; 32]), "okta|ana", &connection("billing")),
        ];
        let class = |name: &str| name.parse::<ClassName>().unwrap();
        let mut digests: Vec<_> = scopes
            .iter()
            .flat_map(|scope| {
                [("pii.email", "a@b.example"), ("pii.email", "c@b.example"), ("pii.card", "a@b.example")]
                    .map(|(name, value)| ValueDigest::of(&key, *scope, &class(name), value))
            })
            .collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 12);
    }

    #[test]
    fn only_usage_that_no_window_reaches_may_be_deleted() {
        let app: AppName = "app".parse().unwrap();
        let now = UnixMillis(1_787_480_130_123);
        let minute = Minute::of(now);
        for (back, expired) in [(0, false), (25 * 60, false), (26 * 60, false), (28 * 60, true)] {
            for key in keys(&app, minute.back(back)) {
                assert_eq!(is_expired(&app, key.as_str(), now), expired, "{key}, {back} minutes ago");
            }
        }
        let other: AppName = "ap".parse().unwrap();
        let old = Key::minute(&app, scope(), Minute(1));
        assert!(is_expired(&app, old.as_str(), now) && !is_expired(&other, old.as_str(), now));
        for key in ["", "pc1:app:intent:00", "pc1:app:usage:", "pc1:app:usage:x:q:1", "pc1:app:usage:x:m:-1"]
        {
            assert!(!is_expired(&app, key, now), "{key}");
        }
    }
}
