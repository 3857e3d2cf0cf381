//! How many different values there were, in bounded memory and without the values.
//!
//! Of all digests the [`K`] smallest are kept. As long as no digest had to be dropped the count is exact; after that
//! the largest that is kept tells how densely they lie, and so how many there are: the standard error is
//! 1 / √([`K`] − 2), about 3.1 %. Merging two sketches gives the sketch of both together, whatever the order and
//! however often, so shares can be folded without counting a value twice.

use std::collections::BTreeSet;

/// How many digests a sketch keeps: up to here it counts exactly.
pub const K: usize = 1024;

/// A count of distinct digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    smallest: BTreeSet<u64>,
    /// Whether a digest was dropped: there were more than [`K`].
    dropped: bool,
}

impl Sketch {
    /// Counts a digest, if it is a new one.
    pub fn insert(&mut self, digest: u64) {
        if self.smallest.len() >= K && self.smallest.last().is_some_and(|largest| digest > *largest) {
            self.dropped = true;
            return;
        }
        self.smallest.insert(digest);
        if self.smallest.len() > K {
            self.smallest.pop_last();
            self.dropped = true;
        }
    }

    /// Counts everything that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.dropped |= other.dropped;
        other.smallest.iter().for_each(|digest| self.insert(*digest));
    }

    /// How many different digests were counted: exactly up to [`K`], estimated above.
    #[must_use]
    pub fn count(&self) -> u64 {
        let kept = u64::try_from(self.smallest.len()).unwrap_or(u64::MAX);
        match self.smallest.last() {
            Some(largest) if self.dropped => estimate(kept, *largest),
            _ => kept,
        }
    }

    /// The digests that are kept, ascending.
    pub(crate) fn digests(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.smallest.iter().copied()
    }

    pub(crate) fn has_dropped(&self) -> bool {
        self.dropped
    }

    /// A sketch from its parts; `None` if no counting leads there.
    pub(crate) fn from_parts(digests: &[u64], dropped: bool) -> Option<Self> {
        let ascending = digests.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let fits = digests.len() <= K && (!dropped || digests.len() == K);
        (ascending && fits).then(|| Self { smallest: digests.iter().copied().collect(), dropped })
    }
}

/// (kept − 1) / (largest / 2⁶⁴) in whole numbers, so that every platform estimates the same. There are more than are
/// kept, whatever their density says.
fn estimate(kept: u64, largest: u64) -> u64 {
    let scaled = u128::from(kept.saturating_sub(1)) << 64;
    let estimate = scaled / u128::from(largest).saturating_add(1);
    u64::try_from(estimate).unwrap_or(u64::MAX).max(kept.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A digest of a number as a keyed hash would give it: SplitMix64.
    fn digest(n: u64) -> u64 {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn sketch(numbers: impl IntoIterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::default();
        numbers.into_iter().for_each(|n| sketch.insert(digest(n)));
        sketch
    }

    #[test]
    fn counts_are_exact_up_to_k() {
        for n in [0, 1, 2, 1000, 1023, 1024] {
            assert_eq!(sketch((0..n).chain(0..n)).count(), n);
        }
        assert!(sketch(0..1025).count() > 1024);
    }

    #[test]
    fn counts_above_k_are_within_ten_percent() {
        // Three standard errors; the digests are fixed, so this either holds or does not.
        for n in [1500, 5_000, 20_000, 100_000, 500_000] {
            let count = sketch(0..n).count();
            assert!(count.abs_diff(n) * 10 <= n, "{n} counted as {count}");
        }
    }

    #[test]
    fn digests_chosen_to_confuse_do_not_panic_and_never_count_less_than_k() {
        let mut low = Sketch::default();
        (0..2000).for_each(|n| low.insert(n));
        let mut high = Sketch::default();
        (0..2000).for_each(|n| high.insert(u64::MAX - n));
        assert!(low.count() > 1024 && high.count() > 1024);
    }

    proptest! {
        #[test]
        fn merging_is_counting_together(
            a in proptest::collection::vec(0_u64..4000, 0..1500),
            b in proptest::collection::vec(0_u64..4000, 0..1500),
        ) {
            let together = sketch(a.iter().chain(&b).copied());
            let (a, b) = (sketch(a), sketch(b));
            let (mut ab, mut ba) = (a.clone(), b.clone());
            ab.merge(&b);
            ba.merge(&a);
            prop_assert_eq!(&ab, &together);
            prop_assert_eq!(&ba, &together);
            ab.merge(&a);
            prop_assert_eq!(&ab, &together);
        }

        #[test]
        fn a_sketch_is_made_of_its_parts(numbers in proptest::collection::vec(0_u64..3000, 0..2500)) {
            let sketch = sketch(numbers);
            let digests: Vec<u64> = sketch.digests().collect();
            prop_assert_eq!(Sketch::from_parts(&digests, sketch.has_dropped()), Some(sketch));
        }
    }

    #[test]
    fn parts_that_no_counting_gives_are_refused() {
        let full: Vec<u64> = (0..=1024).collect();
        for (digests, dropped) in [(&[2, 1][..], false), (&[1, 1], false), (&[1, 2], true), (&full, false)] {
            assert_eq!(Sketch::from_parts(digests, dropped), None);
        }
    }
}
