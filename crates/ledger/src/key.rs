//! Keys of the platform's store.
//!
//! Some stores share one key space between applications and some treat odd characters oddly, so every key starts with
//! `pc1:` and the application's name, and consists of `[a-z0-9._:-]`. Text of a caller is never part of a key.

use std::fmt;
use std::str::FromStr;

use crate::chain::{ChainId, SegmentId};
use crate::day::Day;
use crate::id::RecordId;
use crate::index::{List, NodeId};
use crate::recording::RecordingId;

/// The longest name of an application, in bytes.
const MAX_APP_BYTES: usize = 64;

/// The name under which an application keeps its records: 1 to 64 characters of `[a-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppName(String);

impl AppName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that cannot be part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no application name: 1 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`")]
pub struct InvalidAppName {
    name: String,
}

impl FromStr for AppName {
    type Err = InvalidAppName;

    fn from_str(name: &str) -> Result<Self, InvalidAppName> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        match name.len() {
            1..=MAX_APP_BYTES if name.bytes().all(is_allowed) => Ok(Self(name.to_owned())),
            _ => Err(InvalidAppName { name: name.to_owned() }),
        }
    }
}

/// A key of the store. Made only by the functions here, so that no caller's text gets into one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Where it is noted that a call has ended which a client may take up again.
    #[must_use]
    pub fn ended(app: &AppName, id: RecordId) -> Self {
        Self(format!("pc1:{}:ended:{id}", app.as_str()))
    }

    /// The counter of the chains of a day. Who raises it by 1 may claim the chain of the number that it then is. Never set,
    /// and read by adding 0.
    #[must_use]
    pub fn chains(app: &AppName, day: Day) -> Self {
        Self::of_chains(app, format_args!("chains:{day}"))
    }

    /// The counter by which a chain is claimed: who raises it from 0 to 1 has the chain. Some stores tell two who raise the
    /// counter of the day at once the same number.
    #[must_use]
    pub fn chain_claim(app: &AppName, ChainId { day, serial }: ChainId) -> Self {
        Self::of_chains(app, format_args!("claim:{day}:{serial}"))
    }

    /// Where a segment is.
    #[must_use]
    pub fn segment(app: &AppName, SegmentId { chain: ChainId { day, serial }, n }: SegmentId) -> Self {
        Self::of_chains(app, format_args!("segment:{day}:{serial}:{n}"))
    }

    /// Where the key of a recording in a chain is, or the mark that it was erased.
    #[must_use]
    pub fn recording(app: &AppName, recording: RecordingId, ChainId { day, serial }: ChainId) -> Self {
        Self::of_chains(app, format_args!("key:{recording}:{day}:{serial}"))
    }

    /// The counter of checkpoints. Who raises it by 1 may claim the serial that it then is. Never set, and read by adding 0.
    #[must_use]
    pub fn checkpoints(app: &AppName) -> Self {
        Self::of_chains(app, format_args!("checkpoints"))
    }

    /// The counter by which a serial is claimed: who raises it from 0 to 1 has it.
    #[must_use]
    pub fn checkpoint_claim(app: &AppName, serial: u64) -> Self {
        Self::of_chains(app, format_args!("checkpoint-claim:{serial}"))
    }

    /// Where a checkpoint is.
    #[must_use]
    pub fn checkpoint(app: &AppName, serial: u64) -> Self {
        Self::of_chains(app, format_args!("checkpoint:{serial}"))
    }

    /// Where it is said that a day was pruned.
    #[must_use]
    pub fn tombstone(app: &AppName, day: Day) -> Self {
        Self::of_chains(app, format_args!("tombstone:{day}"))
    }

    /// Where maintenance notes what it knows of a day that is over. It may be lost.
    #[must_use]
    pub fn extent(app: &AppName, day: Day) -> Self {
        Self::of_chains(app, format_args!("extent:{day}"))
    }

    /// Where maintenance notes the first day that may have something to be pruned. It may be lost.
    #[must_use]
    pub fn oldest(app: &AppName) -> Self {
        Self::of_chains(app, format_args!("oldest"))
    }

    /// The counter of those who would write the tombstone of a day within a span of time. Who raises it to 1 may.
    #[must_use]
    pub fn pruning(app: &AppName, day: Day, span: u64) -> Self {
        Self::of_chains(app, format_args!("pruning:{day}:{span}"))
    }

    /// Where it is noted when a checkpoint was last made or begun. It may be lost.
    #[must_use]
    pub fn checked(app: &AppName) -> Self {
        Self::of_chains(app, format_args!("checked"))
    }

    /// The counter of entries about what must not be deleted. Who raises it by 1 has the number that it then is.
    #[must_use]
    pub fn holds(app: &AppName) -> Self {
        Self::of_chains(app, format_args!("holds"))
    }

    /// Where an entry about what must not be deleted is.
    #[must_use]
    pub fn hold(app: &AppName, n: u64) -> Self {
        Self::of_chains(app, format_args!("hold:{n}"))
    }

    /// The counter by which such an entry is claimed: who raises it from 0 to 1 writes it.
    #[must_use]
    pub fn hold_claim(app: &AppName, n: u64) -> Self {
        Self::of_chains(app, format_args!("hold-claim:{n}"))
    }

    /// Where it is said that an entry was missing when a later one was written.
    #[must_use]
    pub fn hold_missing(app: &AppName, n: u64) -> Self {
        Self::of_chains(app, format_args!("hold-missing:{n}"))
    }

    /// Where the postings of one chain are.
    pub(crate) fn index_leaf(app: &AppName, ChainId { day, serial }: ChainId) -> Self {
        Self::of_chains(app, format_args!("leaf:{day}:{serial}"))
    }

    /// Where it says that the lists of a node are there.
    pub(crate) fn index_node(app: &AppName, NodeId { day, level, n }: NodeId) -> Self {
        Self::of_chains(app, format_args!("node:{day}:{}:{n}", level.number()))
    }

    /// Where the directory of a list is.
    pub(crate) fn index_list(app: &AppName, NodeId { day, level, n }: NodeId, list: List) -> Self {
        Self::of_chains(app, format_args!("list:{day}:{}:{n}:{}", level.number(), list.as_str()))
    }

    /// Where a page of a list is.
    pub(crate) fn index_page(
        app: &AppName,
        NodeId { day, level, n }: NodeId,
        (list, page): (List, u32),
    ) -> Self {
        Self::of_chains(app, format_args!("page:{day}:{}:{n}:{}:{page}", level.number(), list.as_str()))
    }

    /// Where it is what an index needs of the first segments of a chain.
    pub(crate) fn index_part(app: &AppName, ChainId { day, serial }: ChainId) -> Self {
        Self::of_chains(app, format_args!("part:{day}:{serial}"))
    }

    /// Where it is what the records of one chain add up to.
    pub(crate) fn index_sum(app: &AppName, ChainId { day, serial }: ChainId) -> Self {
        Self::of_chains(app, format_args!("sum:{day}:{serial}"))
    }

    /// Where it is what the records of as many chains as a node is of add up to.
    pub(crate) fn index_total(app: &AppName, NodeId { day, level, n }: NodeId) -> Self {
        Self::of_chains(app, format_args!("total:{day}:{}:{n}", level.number()))
    }

    /// Where it is what the records of a day add up to.
    pub(crate) fn index_day_total(app: &AppName, day: Day) -> Self {
        Self::of_chains(app, format_args!("total:{day}"))
    }

    /// The key: at most 255 bytes of `[a-z0-9._:-]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is after `l2:` is this layout's; another one gets another number.
    fn of_chains(app: &AppName, rest: fmt::Arguments<'_>) -> Self {
        Self(format!("pc1:{}:l2:{rest}", app.as_str()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixMillis;

    #[test]
    fn keys_name_application_kind_and_record() {
        let app: AppName = "billing-eu".parse().unwrap();
        let id = RecordId::new(UnixMillis(0), [0; 10]);
        assert_eq!(Key::ended(&app, id).as_str(), "pc1:billing-eu:ended:00000000000000000000000000");
    }

    #[test]
    fn the_longest_key_fits_every_store() {
        let app: AppName = "a".repeat(MAX_APP_BYTES).parse().unwrap();
        let key = Key::ended(&app, RecordId::new(UnixMillis(u64::MAX), [255; 10]));
        let is_safe = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-');
        assert!(key.as_str().len() <= 255 && key.as_str().bytes().all(is_safe));
    }

    #[test]
    fn names_that_do_not_fit_a_key_are_refused() {
        for name in ["", "Billing", "a:b", "a b", "a/b", "é", &"a".repeat(MAX_APP_BYTES + 1)] {
            let error = name.parse::<AppName>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{name}` is no application name")));
        }
    }
}
