//! Whether the stored checkpoints have seen the chains of a day as they are.
//!
//! What a [tombstone](crate::Tombstone) says was pruned must be what checkpoints have seen, or
//! [`Verifier`](crate::Verifier) finds that they disagree: so this is asked before one is signed. A state machine without a
//! store. Checkpoints are in the order of time, so the first that can speak of the day is found by halving; from there on
//! they are read until all is seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::ChainId;
use crate::checkpoint::{Head, StoredCheckpoint};
use crate::day::Day;
use crate::id::UnixMillis;
use crate::key::{AppName, Key};
use crate::sign::TrustedKeys;

/// How many serials are read at once.
const AT_ONCE: u64 = 16;
/// How many are, to learn when they were made: some are claimed and have no checkpoint.
const FEW: u64 = 4;
/// By how much the times of checkpoints may be out of their order.
const SLACK_MILLIS: u64 = 60 * 60 * 1000;

/// What is needed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SightingStep {
    /// Read this counter by adding 0, and tell [`Sighting::counted`].
    Count(Key),
    /// Read these values, in any order or all at once, and tell [`Sighting::got`] each.
    Get(Vec<Key>),
    /// All of them are seen as they are.
    Seen,
    /// No checkpoint has seen this chain as it is, yet or at all.
    Unseen(ChainId),
}

/// Looks for the chains of a day in the stored checkpoints. See the [module](self).
#[derive(Debug)]
pub struct Sighting {
    app: AppName,
    trusted: TrustedKeys,
    begin: UnixMillis,
    /// The heads that are not seen yet.
    missing: BTreeSet<Head>,
    serials: Option<u64>,
    stage: Stage,
    /// What was read of the serials that are looked at.
    read: BTreeMap<Key, Option<StoredCheckpoint>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The first that is late enough is among these, or the one after them.
    Halve { low: u64, high: u64 },
    /// All before this one were looked at.
    Walk { next: u64 },
}

impl Sighting {
    /// Looks for these heads of the day; only checkpoints that a trusted key has signed count.
    #[must_use]
    pub fn new(app: AppName, trusted: TrustedKeys, day: Day, heads: &[Head]) -> Self {
        let begin = day.previous().map_or(0, |before| before.end().0);
        Self {
            app,
            trusted,
            begin: UnixMillis(begin.saturating_sub(SLACK_MILLIS)),
            missing: heads.iter().copied().collect(),
            serials: None,
            stage: Stage::Walk { next: 1 },
            read: BTreeMap::new(),
        }
    }

    /// What to do next.
    pub fn step(&mut self) -> SightingStep {
        loop {
            let Some(head) = self.missing.first() else { return SightingStep::Seen };
            let Some(serials) = self.serials else {
                return SightingStep::Count(Key::checkpoints(&self.app));
            };
            let (first, at_once) = match self.stage {
                Stage::Halve { low, high } if low < high => (low.midpoint(high), FEW),
                Stage::Halve { low, .. } => {
                    self.stage = Stage::Walk { next: low.saturating_sub(AT_ONCE).max(1) };
                    continue;
                }
                Stage::Walk { next } if next > serials => return SightingStep::Unseen(head.chain),
                Stage::Walk { next } => (next, AT_ONCE),
            };
            let last = serials.min(first.saturating_add(at_once - 1));
            let keys: Vec<Key> = (first..=last).map(|serial| Key::checkpoint(&self.app, serial)).collect();
            let wanted: Vec<Key> = keys.iter().filter(|key| !self.read.contains_key(*key)).cloned().collect();
            if !wanted.is_empty() {
                return SightingStep::Get(wanted);
            }
            let found = keys.iter().filter_map(|key| self.read.get(key)?.as_ref());
            self.stage = match self.stage {
                Stage::Halve { low, high } => {
                    let mut times = found.map(|stored| stored.checkpoint().at());
                    match times.next().is_some_and(|at| at < self.begin) {
                        true => Stage::Halve { low: first.saturating_add(1), high },
                        // Where there is none nothing is known, and the walk begins before it.
                        false => Stage::Halve { low, high: first },
                    }
                }
                Stage::Walk { .. } => {
                    for head in found.filter_map(StoredCheckpoint::heads).flatten() {
                        self.missing.remove(head);
                    }
                    Stage::Walk { next: last.saturating_add(1) }
                }
            };
            self.read.clear();
        }
    }

    /// Tells what the counter is.
    pub fn counted(&mut self, serials: u64) {
        self.serials = Some(serials);
        self.stage =
            if serials == 0 { Stage::Walk { next: 1 } } else { Stage::Halve { low: 1, high: serials } };
    }

    /// Tells what lies at a key.
    pub fn got(&mut self, key: &Key, value: Option<&[u8]>) {
        let stored = value.and_then(|value| StoredCheckpoint::decode(value).ok()).filter(|stored| {
            let checkpoint = stored.checkpoint();
            *checkpoint.app() == self.app && checkpoint.verify(&self.trusted).is_ok()
        });
        self.read.insert(key.clone(), stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::testing::{NOON, app, signing, trusted};
    use crate::checkpoint::CheckpointDraft;
    use crate::hash::ContentHash;

    const HOUR: u64 = 60 * 60 * 1000;

    fn head(day: Day, serial: u32) -> Head {
        Head {
            chain: ChainId { day, serial },
            segments: serial,
            hash: ContentHash::of(&serial.to_be_bytes()),
        }
    }

    /// A checkpoint an hour, each of one chain of its day; some serials are claimed and have none.
    fn store(without: &[u64]) -> BTreeMap<Key, Vec<u8>> {
        let stored = (1..=200).filter(|serial| !without.contains(serial)).map(|serial| {
            let at = UnixMillis(NOON + serial * HOUR);
            let heads = vec![head(Day::of(at), u32::try_from(serial).unwrap())];
            let previous = ContentHash::NOTHING;
            let draft = CheckpointDraft { app: app(), serial, at, previous, days: Vec::new(), heads };
            (Key::checkpoint(&app(), serial), StoredCheckpoint::sign(draft, &signing()).unwrap().encode())
        });
        stored.collect()
    }

    /// What is found, and how much was read for it.
    fn found(store: &BTreeMap<Key, Vec<u8>>, day: Day, heads: &[Head]) -> (SightingStep, usize) {
        let mut sighting = Sighting::new(app(), trusted(), day, heads);
        let mut n_read = 0;
        loop {
            match sighting.step() {
                SightingStep::Count(_) => sighting.counted(200),
                SightingStep::Get(keys) => {
                    n_read += keys.len();
                    keys.iter().for_each(|key| sighting.got(key, store.get(key).map(Vec::as_slice)));
                }
                step @ (SightingStep::Seen | SightingStep::Unseen(_)) => return (step, n_read),
            }
        }
    }

    #[test]
    fn chains_are_seen_as_checkpoints_say_and_only_as_they_are() {
        for without in [&[][..], &[100, 101], &[1, 2, 3, 199, 200], &[7]] {
            let store = store(without);
            for n_day in 1..8 {
                let day = Day::of(UnixMillis(NOON + n_day * 24 * HOUR));
                let serials = (1..=200_u32).filter(|serial| !without.contains(&u64::from(*serial)));
                let of_day = |serial: &u32| Day::of(UnixMillis(NOON + u64::from(*serial) * HOUR)) == day;
                let heads: Vec<Head> = serials.filter(of_day).map(|serial| head(day, serial)).collect();
                let (step, n_read) = found(&store, day, &heads);
                assert_eq!(step, SightingStep::Seen, "{day}");
                assert!(n_read < 200, "{n_read}");
                let mut longer = heads.clone();
                longer[0].segments += 1;
                assert_eq!(found(&store, day, &longer).0, SightingStep::Unseen(longer[0].chain));
            }
        }
        assert_eq!(found(&BTreeMap::new(), Day::FIRST, &[]).0, SightingStep::Seen);
    }

    #[test]
    fn what_nobody_trusted_has_signed_is_not_seen() {
        let (mut store, day) = (store(&[]), Day::of(UnixMillis(NOON + HOUR)));
        let one = store.get_mut(&Key::checkpoint(&app(), 1)).unwrap();
        *one.last_mut().unwrap() ^= 1;
        let heads = [head(day, 1)];
        assert_eq!(found(&store, day, &heads).0, SightingStep::Unseen(heads[0].chain));
    }
}
