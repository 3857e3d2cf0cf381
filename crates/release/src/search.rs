//! Finding the latest entries: what to read next, and what follows from it.

use std::collections::BTreeMap;

use portcullis_policy::Serial;

use crate::pointer::Pointer;

/// Something to be read from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// Where to begin.
    Pointer,
    /// What was pushed with this serial.
    Entry(Serial),
    /// Whether to look beyond this serial.
    Skip(Serial),
}

/// A search for entries after the one that is known.
///
/// Reads what [`Search::wants`] says, all at once, and tells it with [`Search::learn`], until nothing is wanted.
#[derive(Clone, Debug)]
pub struct Search {
    /// Every serial up to this one has an entry or is skipped.
    reached: u64,
    /// The latest entries found, unchecked.
    found: BTreeMap<Serial, Vec<u8>>,
    pointer: Option<Pointer>,
    wants: Vec<Want>,
    n_rounds: usize,
}

impl Search {
    /// Begins after the entry that is in force; with the pointer, if none is.
    #[must_use]
    pub fn after(known: Option<Serial>) -> Self {
        let reached = known.map_or(0, |Serial(serial)| serial);
        let mut search =
            Self { reached, found: BTreeMap::new(), pointer: None, wants: Vec::new(), n_rounds: 0 };
        search.wants = search.next_ones();
        if known.is_none() {
            search.wants.push(Want::Pointer);
        }
        search
    }

    /// What to read now, all at the same time. Nothing: the search is over.
    #[must_use]
    pub fn wants(&self) -> &[Want] {
        &self.wants
    }

    /// Takes what was read, for each of [`Search::wants`] in order; `None` where nothing is.
    pub fn learn(&mut self, values: Vec<Option<Vec<u8>>>) {
        self.n_rounds += 1;
        let wants = std::mem::take(&mut self.wants);
        let mut hint = None;
        let read: BTreeMap<Want, Vec<u8>> =
            wants.iter().copied().zip(values).filter_map(|(want, value)| Some((want, value?))).collect();
        // Entries come in the order of their serials, so what was reached only grows.
        for (want, value) in read {
            match want {
                Want::Pointer => hint = Pointer::parse(&value),
                Want::Entry(Serial(serial)) => {
                    self.reached = self.reached.max(serial);
                    self.keep(Serial(serial), value);
                }
                Want::Skip(Serial(serial)) if serial == self.reached.saturating_add(1) => {
                    self.reached = serial
                }
                Want::Skip(_) => {}
            }
        }
        self.pointer = hint.or(self.pointer);
        match hint.filter(|hint| hint.serial > Serial(self.reached)) {
            // If it leads nowhere, the next round goes on from what was reached.
            Some(Pointer { serial: Serial(serial), .. }) => {
                self.wants = [vec![Want::Entry(Serial(serial))], next(serial), self.next_ones()].concat();
                self.wants.sort_unstable();
                self.wants.dedup();
            }
            // What has just been looked for is not there.
            None if self.next_ones().iter().all(|next| wants.contains(next)) => {}
            None if self.is_endless() => {}
            None => self.wants = self.next_ones(),
        }
    }

    /// Where the pointer led to, right or wrong.
    #[must_use]
    pub const fn pointer(&self) -> Option<Pointer> {
        self.pointer
    }

    /// Whether it was given up: then what it found may not be the latest.
    #[must_use]
    pub const fn is_endless(&self) -> bool {
        self.n_rounds >= MAX_ROUNDS
    }

    /// The serial after which nothing was found. Not all before it have an entry.
    #[must_use]
    pub const fn reached(&self) -> Serial {
        Serial(self.reached)
    }

    /// The entries found, unchecked, latest first: some of the last ones if there are many.
    #[must_use]
    pub fn into_found(self) -> Vec<(Serial, Vec<u8>)> {
        self.found.into_iter().rev().collect()
    }

    fn keep(&mut self, serial: Serial, value: Vec<u8>) {
        self.found.insert(serial, value);
        if self.found.len() > KEPT {
            self.found.pop_first();
        }
    }

    fn next_ones(&self) -> Vec<Want> {
        next(self.reached)
    }
}

/// What tells whether there is more after a serial.
fn next(serial: u64) -> Vec<Want> {
    let next = serial.checked_add(1).map(Serial);
    next.into_iter().flat_map(|next| [Want::Entry(next), Want::Skip(next)]).collect()
}

/// How many entries are kept for those that are refused.
const KEPT: usize = 16;
/// Only who fills the store with entries can make a search longer.
const MAX_ROUNDS: usize = 10_000;
