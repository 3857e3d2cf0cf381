//! What checkpoints have seen.

use std::collections::BTreeMap;

use super::{Seen, Vouched};
use crate::chain::ChainId;
use crate::checkpoint::{Checkpoint, Head, StoredCheckpoint};
use crate::day::Day;
use crate::hash::ContentHash;
use crate::verify::finding::Problem;

/// What the checkpoints of an export and those that were published say.
#[derive(Debug)]
pub(super) struct Known {
    published: BTreeMap<ContentHash, Checkpoint>,
    /// Those of the export.
    hashes: BTreeMap<ContentHash, u64>,
    last_serial: u64,
    heads: BTreeMap<ChainId, Vec<Seen>>,
    /// The highest count of each day, and which checkpoint says so.
    counts: BTreeMap<Day, (u32, u64)>,
}

impl Known {
    pub(super) fn new(published: Vec<Checkpoint>) -> Self {
        Self {
            published: published.into_iter().map(|checkpoint| (checkpoint.hash(), checkpoint)).collect(),
            hashes: BTreeMap::new(),
            last_serial: 0,
            heads: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Learns from a checkpoint that a trusted key has signed.
    pub(super) fn learn(&mut self, stored: &StoredCheckpoint) -> Result<(), Problem> {
        let checkpoint = stored.checkpoint();
        let serial = checkpoint.serial();
        let heads = stored.heads().ok_or(Problem::CheckpointAltered { serial })?;
        // Who made it may have found none, because the first was on its way to the store for longer than a minute.
        let previous = checkpoint.previous();
        let follows = previous == ContentHash::NOTHING || self.hashes.contains_key(&previous);
        let is_later = serial > self.last_serial;
        // It is genuine, so what it says is taken even where it does not belong.
        self.last_serial = self.last_serial.max(serial);
        self.hashes.insert(checkpoint.hash(), serial);
        for (day, chains) in checkpoint.days() {
            let known = self.counts.entry(*day).or_insert((0, serial));
            if *chains > known.0 {
                *known = (*chains, serial);
            }
        }
        for Head { chain, segments, hash } in heads {
            let seen = Seen { segments: *segments, hash: *hash, checkpoint: serial };
            self.heads.entry(*chain).or_default().push(seen);
        }
        if follows && is_later { Ok(()) } else { Err(Problem::CheckpointUnlinked { serial }) }
    }

    /// The newest published checkpoint that the export has.
    pub(super) fn vouched(&self) -> Option<Vouched> {
        let found = self.published.iter().filter(|(hash, _)| self.hashes.contains_key(hash));
        let newest = found.map(|(_, checkpoint)| checkpoint).max_by_key(|checkpoint| checkpoint.serial())?;
        Some(Vouched { serial: newest.serial(), at: newest.at() })
    }

    /// Those that were published and are not in the export, the first first.
    pub(super) fn missing_checkpoints(&self) -> Vec<Problem> {
        let missing = self.published.iter().filter(|(hash, _)| !self.hashes.contains_key(hash));
        let mut serials: Vec<_> = missing.map(|(_, checkpoint)| checkpoint.serial()).collect();
        serials.sort_unstable();
        serials.into_iter().map(|serial| Problem::CheckpointMissing { serial }).collect()
    }

    /// What a chain was seen to be.
    pub(super) fn of_chain(&self, chain: ChainId) -> &[Seen] {
        self.heads.get(&chain).map_or(&[], Vec::as_slice)
    }

    /// How many chains a day was seen to have, and by which checkpoint.
    pub(super) fn count(&self, day: Day) -> Option<(u32, u64)> {
        self.counts.get(&day).copied()
    }

    /// The days that were seen after `after`, the first first.
    pub(super) fn days_after(&self, after: Option<Day>) -> impl Iterator<Item = (Day, u64)> {
        let days = self.counts.iter().map(|(day, (_, checkpoint))| (*day, *checkpoint));
        days.filter(move |(day, _)| after.is_none_or(|after| *day > after))
    }

    /// The chains of a day from `first` to `last` that were seen, each at its longest.
    pub(super) fn chains(&self, day: Day, first: u32, last: u32) -> impl Iterator<Item = (ChainId, Seen)> {
        let is_any = first <= last;
        let (first, last) = (ChainId { day, serial: first.min(last) }, ChainId { day, serial: last });
        let chains = self.heads.range(first..=last).filter(move |_| is_any);
        chains.filter_map(|(chain, seen)| Some((*chain, *seen.iter().max_by_key(|seen| seen.segments)?)))
    }

    /// The latest head of each chain of a day, in order.
    pub(super) fn heads(&self, day: Day) -> Vec<Head> {
        let chains = self.chains(day, 0, u32::MAX);
        chains.map(|(chain, Seen { segments, hash, .. })| Head { chain, segments, hash }).collect()
    }
}
