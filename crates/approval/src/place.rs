//! The keys under which approvals lie in the store.

use std::fmt;

use portcullis_ledger::{AppName, KeyedDigest, UnixMillis};

use crate::id::RequestId;

/// A key of the store: at most 255 bytes of `[a-z0-9._:-]`, and nobody's text in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

/// A day since 1970-01-01, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) u64);

/// What lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// That a principal has asked for groups, and when last.
    Asker(KeyedDigest),
    /// A counter: whoever raises it to 1 may write the request.
    Claim(RequestId),
    /// What was asked, once: an item of a day's list.
    Entry(Day, u64),
    /// A counter: how many items a day's list may have.
    Index(Day),
    /// A request to begin looking at; never more than a hint.
    Latest(KeyedDigest),
    /// What of a principal waits for people, as far as whoever took the number knew.
    Open(KeyedDigest, u64),
    /// A counter: how many of those there may be.
    Opened(KeyedDigest),
    /// That somebody has rejected it.
    Rejected(RequestId),
    /// The request.
    Request(RequestId),
    /// That somebody has taken it back.
    Revoked(RequestId),
    /// A counter: how many votes there may be.
    Seats(RequestId),
    /// The votes that approved it, once more, so that they are read at once.
    Settled(RequestId),
    /// A counter: whoever raises it to 1 may use the grant.
    Spent(RequestId),
    /// That the grant was used.
    Used(RequestId),
    /// A vote.
    Vote(RequestId, u64),
    /// That the request is claimed and not written, and since when.
    Waiting(RequestId),
}

impl Key {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn new(app: &AppName, place: Place) -> Self {
        let app = app.as_str();
        Self(match place {
            Place::Asker(principal) => format!("pc1:{app}:approval:asker:{principal}"),
            Place::Claim(id) => format!("pc1:{app}:approval:claim:{id}"),
            Place::Entry(day, number) => format!("pc1:{app}:approval:entry:{}:{number}", day.0),
            Place::Index(day) => format!("pc1:{app}:approval:index:{}", day.0),
            Place::Latest(subject) => format!("pc1:{app}:approval:latest:{subject}"),
            Place::Open(principal, number) => format!("pc1:{app}:approval:open:{principal}:{number}"),
            Place::Opened(principal) => format!("pc1:{app}:approval:opened:{principal}"),
            Place::Rejected(id) => format!("pc1:{app}:approval:rejected:{id}"),
            Place::Request(id) => format!("pc1:{app}:approval:request:{id}"),
            Place::Revoked(id) => format!("pc1:{app}:approval:revoked:{id}"),
            Place::Seats(id) => format!("pc1:{app}:approval:seats:{id}"),
            Place::Settled(id) => format!("pc1:{app}:approval:settled:{id}"),
            Place::Spent(id) => format!("pc1:{app}:approval:spent:{id}"),
            Place::Used(id) => format!("pc1:{app}:approval:used:{id}"),
            Place::Vote(id, number) => format!("pc1:{app}:approval:vote:{id}:{number}"),
            Place::Waiting(id) => format!("pc1:{app}:approval:waiting:{id}"),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Day {
    /// The list of what does not end by itself, beside the lists of days: nothing was asked on that day.
    pub(crate) const LASTING: Self = Self(0);

    pub(crate) const fn of(at: UnixMillis) -> Self {
        Self(at.0 / DAY_MS)
    }

    /// `None` before 1970.
    pub(crate) fn before(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Generation;

    #[test]
    fn keys_are_plain_fit_every_store_and_differ() {
        let app: AppName = "a".repeat(64).parse().unwrap();
        let subject = KeyedDigest::new([0xff; 32]);
        let id = RequestId { subject, generation: Generation::from_number(u32::MAX).unwrap() };
        let day = Day(u64::MAX);
        let keys = [
            Place::Claim(id),
            Place::Entry(day, u64::MAX),
            Place::Index(day),
            Place::Latest(subject),
            Place::Asker(subject),
            Place::Open(subject, u64::MAX),
            Place::Opened(subject),
            Place::Rejected(id),
            Place::Request(id),
            Place::Revoked(id),
            Place::Seats(id),
            Place::Settled(id),
            Place::Spent(id),
            Place::Used(id),
            Place::Vote(id, u64::MAX),
            Place::Waiting(id),
        ]
        .map(|place| Key::new(&app, place));
        let is_safe = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-');
        for key in &keys {
            assert!(key.as_str().len() <= 255 && key.as_str().bytes().all(is_safe), "{key}");
        }
        let n_keys = keys.len();
        assert_eq!(std::collections::BTreeSet::from(keys).len(), n_keys);
    }
}
