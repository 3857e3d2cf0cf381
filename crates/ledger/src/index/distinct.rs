//! How many different recordings or principals there are: exactly while they are few, about when they are many.
//!
//! What is counted are keyed digests, which lie evenly over all numbers, and nobody without the key can choose where. So
//! only the smallest of them are kept, and how close together these lie says how many there are. Sets that are joined in
//! any order, and any number of times, are the same set.

use std::collections::BTreeSet;

use super::total::MAX_DISTINCT;
use crate::bytes::{Reader, Unreadable, length};

/// A set of which only the size matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    /// How many are kept, at most; at least 2.
    most: u16,
    /// The first eight bytes of each: the smallest of all there were.
    kept: BTreeSet<u64>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { most: MAX_DISTINCT, kept: BTreeSet::new() }
    }
}

impl Distinct {
    /// How many there are, to within some percent if [`Distinct::is_exact`] says no.
    #[must_use]
    pub fn count(&self) -> u64 {
        let n_kept = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        match self.kept.last() {
            Some(largest) if !self.is_exact() => {
                let spread = u128::from(n_kept.saturating_sub(1)) << 64_u32;
                u64::try_from(spread / (u128::from(*largest) + 1)).unwrap_or(u64::MAX).max(n_kept)
            }
            Some(_) | None => n_kept,
        }
    }

    /// Whether the number is exact: it is while there are few.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.kept.len() < usize::from(self.most)
    }

    /// Adds what is in another set.
    pub fn join(&mut self, other: &Self) {
        self.most = self.most.min(other.most);
        self.kept.extend(&other.kept);
        self.cut();
    }

    pub(super) fn insert(&mut self, digest: &[u8; 16]) {
        let (first, _) = digest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        self.kept.insert(u64::from_be_bytes(*first));
        self.cut();
    }

    /// The same with less memory, and less exact.
    pub(super) fn keep_at_most(&mut self, most: u16) {
        self.most = self.most.min(most.max(2));
        self.cut();
    }

    fn cut(&mut self) {
        while self.kept.len() > usize::from(self.most) {
            self.kept.pop_last();
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.most.to_be_bytes());
        out.extend(length(self.kept.len()).to_be_bytes());
        out.extend(self.kept.iter().flat_map(|one| one.to_be_bytes()));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let (most, n) = (reader.u16()?, reader.u32()?);
        let kept = (0..n).map(|_| reader.u64()).collect::<Result<BTreeSet<_>, _>>()?;
        // One form only: none twice, and none that would have been dropped.
        let is_whole = u32::try_from(kept.len()) == Ok(n) && kept.len() <= usize::from(most) && most >= 2;
        if is_whole { Ok(Self { most, kept }) } else { Err(Unreadable) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::hash::ContentHash;

    fn digest(n: u64) -> [u8; 16] {
        let hash = ContentHash::of(&n.to_be_bytes());
        *hash.as_bytes().first_chunk().unwrap()
    }

    fn set(numbers: impl IntoIterator<Item = u64>) -> Distinct {
        let mut set = Distinct::default();
        numbers.into_iter().for_each(|n| set.insert(&digest(n)));
        set
    }

    #[test]
    fn few_are_counted_exactly_and_many_to_within_a_few_percent() {
        for n in [0, 1, 2, 100, u64::from(MAX_DISTINCT) - 1] {
            let few = set(0..n);
            assert_eq!((few.count(), few.is_exact()), (n, true));
        }
        for n in [u64::from(MAX_DISTINCT), 5_000, 100_000] {
            let many = set(0..n);
            let off = many.count().abs_diff(n) * 100 / n;
            assert!(off <= 10 && !many.is_exact(), "{n} {}", many.count());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn joining_in_any_parts_is_the_set_of_all(
            parts in vec(btree_set(0_u64..3_000, 0..900), 0..5),
            most in 2_u16..2_000,
        ) {
            let mut at_once = set(parts.iter().flatten().copied());
            at_once.keep_at_most(most);
            let mut joined = Distinct::default();
            for part in parts.iter().rev().chain(&parts) {
                let mut part = set(part.iter().copied());
                part.keep_at_most(most);
                joined.join(&part);
            }
            joined.keep_at_most(most);
            prop_assert_eq!(&joined, &at_once);
            let mut bytes = Vec::new();
            joined.write(&mut bytes);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(Distinct::read(&mut reader), Ok(joined));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }
}
