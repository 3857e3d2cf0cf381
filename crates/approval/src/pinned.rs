//! Which of many definitions people have approved: for a list, which shows them, and not for a call.
//!
//! Requests about definitions last, so all of them are on one list. Its items name what they are about, so only what is
//! asked for is read. Of those about the same only the last one counts, as for calls.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{KeyedDigest, UnixMillis};

use crate::id::RequestId;
use crate::known::{Depth, Known};
use crate::place::{Day, Place};
use crate::protocol::{Answer, Ask, Protocol, StoreTrouble};
use crate::request::Asked;
use crate::vault::Vault;

/// Looks which of these are approved. One wait on the store if nobody was ever asked about a definition, two if about
/// none of these, and up to two more otherwise.
#[derive(Debug)]
pub struct Pinned<'v> {
    vault: &'v Vault,
    known: Known<'v>,
    asked: Vec<Asked>,
    now: UnixMillis,
    /// The last request about each, when the list was read.
    last: Option<BTreeMap<KeyedDigest, RequestId>>,
}

impl<'v> Pinned<'v> {
    /// Looks which of these are approved at this time.
    #[must_use]
    pub fn new(vault: &'v Vault, asked: Vec<Asked>, now: UnixMillis) -> Self {
        let mut pinned = Self { vault, known: Known::new(vault), asked, now, last: None };
        pinned.known.want([Place::Index(Day::LASTING)].into());
        pinned
    }

    /// For each in turn whether it is approved.
    ///
    /// # Errors
    /// [`StoreTrouble`]: nothing is known, so none of them is.
    pub fn finish(self) -> Result<Vec<bool>, StoreTrouble> {
        self.known.finish()?;
        let last = self.last.unwrap_or_default();
        let is_approved = |asked: &Asked| {
            let case = last.get(&self.vault.subject(&asked.subject)).and_then(|id| self.known.case(*id));
            case.is_some_and(|case| case.covers(asked, self.now).is_ok())
        };
        // Most often nobody was asked about any.
        match last.is_empty() {
            true => Ok(vec![false; self.asked.len()]),
            false => Ok(self.asked.iter().map(is_approved).collect()),
        }
    }

    fn go_on(&mut self) {
        let missing = match &self.last {
            Some(last) => last.values().flat_map(|id| self.known.missing_of(*id, Depth::State)).collect(),
            None => self.list(),
        };
        self.known.want(missing);
    }

    /// The items of the list; when they are there, what is to be read of those that are asked for.
    fn list(&mut self) -> BTreeSet<Place> {
        let count = self.known.count(Place::Index(Day::LASTING)).unwrap_or(0);
        let numbers = || (1..=count).rev().take(MOST);
        let entries = numbers().map(|number| Place::Entry(Day::LASTING, number));
        if entries.clone().next().is_some_and(|latest| self.known.record(latest).is_none()) {
            return entries.collect();
        }
        let mut last: BTreeMap<KeyedDigest, RequestId> = BTreeMap::new();
        for id in numbers().filter_map(|number| self.known.entry(Day::LASTING, number)) {
            let kept = last.entry(id.subject).or_insert(id);
            *kept = id.max(*kept);
        }
        if !last.is_empty() {
            let asked = self.asked.iter().map(|asked| self.vault.subject(&asked.subject));
            let asked: BTreeSet<KeyedDigest> = asked.collect();
            last.retain(|subject, _| asked.contains(subject));
        }
        let missing = last.values().flat_map(|id| self.known.missing_of(*id, Depth::State)).collect();
        self.last = Some(last);
        missing
    }
}

impl Protocol for Pinned<'_> {
    fn asks(&self) -> Vec<Ask> {
        self.known.asks()
    }

    fn learn(&mut self, answers: Vec<Answer>) {
        self.known.learn(answers);
        if self.known.finish().is_ok() {
            self.go_on();
        }
    }
}

/// How many of the latest requests about definitions are looked at. A server that changes what it defines all the time
/// pushes others off the list; they stay hidden, and can be called.
const MOST: usize = 1024;
