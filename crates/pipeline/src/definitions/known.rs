//! What this instance has seen of upstreams' definitions, for a minute and in bounded memory.

use std::collections::BTreeMap;

use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_settings::ConnectionName;

use crate::definitions::read::Place;
use crate::definitions::stored::Stored;

/// How long what was seen is believed, in milliseconds.
pub(crate) const BELIEVED_MS: u64 = 60_000;
/// The most definitions of one list that are remembered.
pub(super) const MOST: usize = 20_000;
/// The longest name that is remembered, in bytes. A longer one cannot be called where definitions count.
const LONGEST_NAME: usize = 256;
/// The most sessions that are remembered to have read a list.
const MOST_READERS: usize = 256;

/// The definitions of all upstreams, as far as they were seen.
#[derive(Debug, Default)]
pub(crate) struct Known {
    lists: BTreeMap<ConnectionName, BTreeMap<Kind, List>>,
}

/// What is known of one list.
#[derive(Debug, Default)]
struct List {
    items: BTreeMap<String, Entry>,
    /// What another instance has found.
    stored: Option<Stored>,
    /// When all of it was read, by session: some servers show each session something else. So that calls of what does
    /// not exist do not make the gateway read again.
    read: BTreeMap<Option<String>, u64>,
    /// What was found before this time is no longer true.
    changed_at: Option<u64>,
}

/// What is remembered of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    at: u64,
    seen: Seen,
    of: Extent,
}

/// How much of a list was shown at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A page of several. The others may have the same names, so it approves nothing.
    Page,
    /// All of it.
    Whole,
}

/// What an upstream has shown under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A definition.
    One(DefinitionDigest),
    /// Several that differ; which of them a call means is the upstream's secret.
    Several,
}

impl Seen {
    /// The definition, if there is one only.
    pub(crate) fn one(self) -> Option<DefinitionDigest> {
        match self {
            Self::One(digest) => Some(digest),
            Self::Several => None,
        }
    }
}

/// How what is pinned stands to what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is what was approved.
    Approved,
    /// It was not in the list.
    Gone,
    /// It is something else.
    Seen(Seen),
}

impl Standing {
    /// How a pinned definition stands to what was seen under its name.
    pub(crate) fn of(pinned: DefinitionDigest, seen: Seen) -> Self {
        if seen == Seen::One(pinned) { Self::Approved } else { Self::Seen(seen) }
    }
}

/// What an upstream has shown at once.
#[derive(Debug, Default)]
pub(crate) struct Shown(BTreeMap<String, Seen>);

impl Shown {
    /// Adds one definition.
    pub(crate) fn add(&mut self, name: &str, digest: DefinitionDigest) {
        let is_full = name.len() > LONGEST_NAME || self.0.len() >= MOST;
        match self.0.get_mut(name) {
            Some(seen) if *seen != Seen::One(digest) => *seen = Seen::Several,
            Some(_) => {}
            None if is_full => {}
            None => _ = self.0.insert(name.to_owned(), Seen::One(digest)),
        }
    }

    /// Whether nothing was shown that is checked.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The definitions that have their name to themselves.
    pub(crate) fn digests(&self) -> impl Iterator<Item = DefinitionDigest> {
        self.0.values().filter_map(|seen| seen.one())
    }
}

impl Known {
    /// Remembers a whole list. What single pages have shown no longer counts.
    pub(crate) fn learn(&mut self, connection: &ConnectionName, kind: Kind, shown: Shown, now: u64) {
        let list = self.list(connection, kind);
        list.items.retain(|_, entry| is_fresh(entry.at, now) && entry.of == Extent::Whole);
        list.extend(shown, |seen| Entry { at: now, seen, of: Extent::Whole });
    }

    /// Remembers one page of a list. Where it shows something else than the whole list had, one of the two is no longer
    /// true or the name has several definitions; only the whole list can tell.
    pub(crate) fn learn_page(&mut self, connection: &ConnectionName, kind: Kind, mut shown: Shown, now: u64) {
        let list = self.list(connection, kind);
        list.items.retain(|_, entry| is_fresh(entry.at, now));
        shown.0.retain(|name, seen| !list.items.get(name).is_some_and(|known| known.holds_against(*seen)));
        list.extend(shown, |seen| Entry { at: now, seen, of: Extent::Page });
    }

    /// Remembers that this session, or who has none, has been shown all of a list.
    pub(crate) fn was_read(&mut self, connection: &ConnectionName, place: &Place<'_>, now: u64) {
        let read = &mut self.list(connection, place.kind).read;
        read.retain(|_, at| is_fresh(*at, now));
        if read.len() >= MOST_READERS {
            read.clear();
        }
        read.insert(place.reader(), now);
    }

    /// Remembers what another instance has found, unless the upstream has said since that it has changed.
    pub(crate) fn take(&mut self, connection: &ConnectionName, kind: Kind, stored: Stored) {
        let list = self.list(connection, kind);
        if list.changed_at.is_none_or(|changed| stored.at() > changed) {
            list.stored = Some(stored);
        }
    }

    /// The upstream says that a list has changed: nothing that is known of it counts any longer.
    pub(crate) fn forget(&mut self, connection: &ConnectionName, kind: Kind, now: u64) {
        *self.list(connection, kind) = List { changed_at: Some(now), ..List::default() };
    }

    /// What was last seen under a name.
    pub(crate) fn seen(&self, connection: &ConnectionName, kind: Kind, name: &str, now: u64) -> Option<Seen> {
        self.lists.get(connection)?.get(&kind)?.entry(name, now).map(|entry| entry.seen)
    }

    /// What the whole list had under a name, `Some(None)` if nothing; `None` if that is not known.
    pub(crate) fn whole(
        &self,
        connection: &ConnectionName,
        place: &Place<'_>,
        name: &str,
        now: u64,
    ) -> Option<Option<Seen>> {
        let list = self.lists.get(connection)?.get(&place.kind)?;
        match list.entry(name, now) {
            Some(Entry { seen, of: Extent::Whole, .. }) => Some(Some(seen)),
            Some(Entry { of: Extent::Page, .. }) => None,
            None => list.read.get(&place.reader()).is_some_and(|at| is_fresh(*at, now)).then_some(None),
        }
    }

    /// How what is pinned stands to what was seen; `None` if that is not known.
    pub(crate) fn standing(
        &self,
        connection: &ConnectionName,
        place: &Place<'_>,
        name: &str,
        pinned: DefinitionDigest,
        now: u64,
    ) -> Option<Standing> {
        let list = self.lists.get(connection)?.get(&place.kind)?;
        match list.entry(name, now) {
            Some(Entry { seen, of: Extent::Whole, .. }) => return Some(Standing::of(pinned, seen)),
            // What was found before does not know of it.
            Some(Entry { seen, of: Extent::Page, .. }) if seen != Seen::One(pinned) => return None,
            Some(Entry { of: Extent::Page, .. }) => {}
            None if list.read.get(&place.reader()).is_some_and(|at| is_fresh(*at, now)) => {
                return Some(Standing::Gone);
            }
            None => {}
        }
        let stored = list.stored.as_ref().filter(|stored| is_fresh(stored.at(), now))?;
        // What it lacks may be there for another session.
        stored.has(pinned).then_some(Standing::Approved)
    }

    fn list(&mut self, connection: &ConnectionName, kind: Kind) -> &mut List {
        self.lists.entry(connection.clone()).or_default().entry(kind).or_default()
    }
}

impl List {
    fn entry(&self, name: &str, now: u64) -> Option<Entry> {
        self.items.get(name).copied().filter(|entry| is_fresh(entry.at, now))
    }

    fn extend(&mut self, shown: Shown, entry: impl Fn(Seen) -> Entry) {
        if self.items.len() + shown.0.len() > MOST {
            self.items.clear();
        }
        self.items.extend(shown.0.into_iter().map(|(name, seen)| (name, entry(seen))));
    }
}

impl Entry {
    /// Whether a page that shows this changes nothing. A name that had several definitions in the whole list has them
    /// on different pages, and each shows one.
    fn holds_against(self, seen: Seen) -> bool {
        self.of == Extent::Whole && (self.seen == seen || self.seen == Seen::Several)
    }
}

/// Whether what was seen then is still believed.
pub(crate) fn is_fresh(at: u64, now: u64) -> bool {
    now.saturating_sub(at) < BELIEVED_MS
}

#[cfg(test)]
mod tests;
