//! What a scan returns: findings, sorted, with overlaps resolved.
//!
//! Two detectors may claim the same characters (`4111111111111111@example.com` is an address whose local part is a
//! card). The list that callers see has one winner for each place, but the losers are kept: masking must cover a
//! card also when the address around it may be seen, and a policy that looks for cards must learn of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::class::{Class, Counts};

/// How sure a detector is. Ordered: `Low < Medium < High`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The check digit holds, the layout is unusual.
    Low,
    /// The value is well formed, its surroundings are unusual.
    Medium,
    /// The value is well formed and stands as people write it.
    High,
}

/// One sensitive value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of value it is.
    pub class: Class,
    /// Where it is: bytes of the scanned text, on character boundaries, never empty.
    pub range: Range<usize>,
    /// How sure the detector is.
    pub confidence: Confidence,
}

impl Finding {
    /// Longer wins, then surer, then earlier, then the first class: a total order, so a scan is deterministic.
    pub(crate) fn rank(&self) -> (usize, Confidence, Reverse<usize>, Reverse<Class>) {
        (self.range.len(), self.confidence, Reverse(self.range.start), Reverse(self.class))
    }

    /// Whether it lies in one of these places, which are in order and do not overlap.
    pub(crate) fn lies_in(&self, places: &[Range<usize>]) -> bool {
        let before = places.partition_point(|place| place.start <= self.range.start);
        let place = before.checked_sub(1).and_then(|last| places.get(last));
        place.is_some_and(|place| self.range.end <= place.end)
    }
}

/// The findings of one scan. Only meaningful with the text that was scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Sorted by start, no two overlap.
    winners: Vec<Finding>,
    /// In the order of [`Finding::rank`], best first; each overlaps a winner.
    shadowed: Vec<Finding>,
}

impl Findings {
    /// Picks the winner wherever findings overlap: the best of all first, then the best of what it leaves room for.
    pub(crate) fn resolve(mut hits: Vec<Finding>) -> Self {
        if hits.is_empty() {
            return Self::default();
        }
        hits.sort_by_key(|hit| Reverse(hit.rank()));
        hits.dedup();
        let mut winners: BTreeMap<usize, Finding> = BTreeMap::new();
        let mut shadowed = Vec::new();
        for hit in hits {
            // Winners do not overlap each other, so only the last one that starts before the end of this can meet it.
            match winners.range(..hit.range.end).next_back() {
                Some((_, winner)) if winner.range.end > hit.range.start => shadowed.push(hit),
                Some(_) | None => {
                    winners.insert(hit.range.start, hit);
                }
            }
        }
        Self { winners: winners.into_values().collect(), shadowed }
    }

    /// The same without those that lie in one of these places, which are in order and do not overlap.
    #[must_use]
    pub fn outside(self, places: &[Range<usize>]) -> Self {
        if places.is_empty() {
            return self;
        }
        let all = self.winners.into_iter().chain(self.shadowed);
        Self::resolve(all.filter(|finding| !finding.lies_in(places)).collect())
    }

    /// The findings in order of their place; no two overlap.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.winners.iter()
    }

    /// How many values were found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.winners.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.winners.is_empty()
    }

    /// Every class that occurs, also one whose only finding lies under a longer one of another class.
    #[must_use]
    pub fn classes(&self) -> BTreeSet<Class> {
        self.all().map(|finding| finding.class).collect()
    }

    /// How many of each class, counting each place once.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.iter().map(|finding| finding.class).collect()
    }

    /// Those that lie in a part of the text, as places of a text that has `base` more bytes before it. What lies on the edge
    /// of the part is cut there.
    pub(crate) fn part(&self, part: &Range<usize>, base: usize) -> Self {
        let moved = |findings: &[Finding]| {
            let inside =
                findings.iter().filter(|one| one.range.start < part.end && one.range.end > part.start);
            let at = |place: usize| base.saturating_add(place.clamp(part.start, part.end));
            inside
                .map(|one| Finding { range: at(one.range.start)..at(one.range.end), ..one.clone() })
                .collect()
        };
        Self { winners: moved(&self.winners), shadowed: moved(&self.shadowed) }
    }

    /// Takes over the findings of what follows in the text.
    pub(crate) fn append(&mut self, later: Self) {
        self.winners.extend(later.winners);
        self.shadowed.extend(later.shadowed);
    }

    /// The one that lies on both sides of a place; of several the best.
    pub(crate) fn across(&self, place: usize) -> Option<&Finding> {
        let across = self.all().filter(|one| one.range.start < place && place < one.range.end);
        across.max_by_key(|one| one.rank())
    }

    /// The stretches that findings cover, in order, those that overlap as one.
    pub(crate) fn stretches(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = self.all().map(|finding| finding.range.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        let mut stretches: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match stretches.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                Some(_) | None => stretches.push(range),
            }
        }
        stretches
    }

    /// The findings of some classes, as if nothing else had been looked for: a value that lies under a longer finding of
    /// another class comes out.
    #[must_use]
    pub fn of_classes(&self, is_wanted: impl Fn(Class) -> bool) -> Self {
        Self::resolve(self.all().filter(|finding| is_wanted(finding.class)).cloned().collect())
    }

    /// The findings of a part of the text, with places in that part. Of a value that the part cuts, what is inside is a
    /// finding all the same, so that masking the part shows nothing of it.
    #[must_use]
    pub fn in_part(&self, part: Range<usize>) -> Self {
        let inside = self.all().filter_map(|finding| {
            let start = finding.range.start.max(part.start).checked_sub(part.start)?;
            let end = finding.range.end.min(part.end).checked_sub(part.start)?;
            (start < end).then(|| Finding { range: start..end, ..finding.clone() })
        });
        Self::resolve(inside.collect())
    }

    /// Winners and shadowed findings, in no particular order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.winners.iter().chain(&self.shadowed)
    }
}

impl<'f> IntoIterator for &'f Findings {
    type Item = &'f Finding;
    type IntoIter = std::slice::Iter<'f, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    fn finding(class: Class, range: Range<usize>) -> Finding {
        Finding { class, range, confidence: Confidence::High }
    }

    #[test]
    fn the_longest_finding_wins_and_the_others_stay_known() {
        let findings = Findings::resolve(vec![
            finding(catalog::CARD, 10..26),
            finding(catalog::EMAIL, 10..38),
            finding(catalog::IBAN, 0..5),
        ]);
        let ranges: Vec<_> = findings.iter().map(|f| (f.class, f.range.clone())).collect();
        assert_eq!(ranges, [(catalog::IBAN, 0..5), (catalog::EMAIL, 10..38)]);
        assert_eq!(findings.classes(), BTreeSet::from([catalog::CARD, catalog::EMAIL, catalog::IBAN]));
        assert_eq!(findings.counts().of(catalog::CARD), 0);
    }

    #[test]
    fn what_lies_in_a_place_is_left_out_and_no_longer_hides_anything() {
        let hits = || {
            vec![
                finding(catalog::EMAIL, 0..30),
                finding(catalog::CARD, 2..18),
                finding(catalog::CARD, 26..42),
                finding(catalog::IBAN, 50..60),
            ]
        };
        for (places, want) in [
            (&[][..], vec![(catalog::EMAIL, 0..30), (catalog::IBAN, 50..60)]),
            (&[0..30, 70..80], vec![(catalog::CARD, 26..42), (catalog::IBAN, 50..60)]),
            (&[0..30, 50..60], vec![(catalog::CARD, 26..42)]),
            // What only begins or ends in a place is not in it.
            (&[1..30, 50..59], vec![(catalog::EMAIL, 0..30), (catalog::IBAN, 50..60)]),
        ] {
            let left = Findings::resolve(hits()).outside(places);
            let left: Vec<_> = left.iter().map(|found| (found.class, found.range.clone())).collect();
            assert_eq!(left, want, "places: {places:?}");
        }
    }

    #[test]
    fn without_the_longer_one_a_value_comes_out() {
        let (card, email) = (finding(catalog::CARD, 10..26), finding(catalog::EMAIL, 10..38));
        let findings = Findings::resolve(vec![card.clone(), email.clone()]);
        for (wanted, want) in [
            (vec![catalog::CARD], vec![&card]),
            (vec![catalog::EMAIL, catalog::CARD], vec![&email]),
            (vec![catalog::IBAN], vec![]),
        ] {
            let of_classes = findings.of_classes(|class| wanted.contains(&class));
            assert_eq!(of_classes.iter().collect::<Vec<_>>(), want, "classes: {wanted:?}");
        }
        assert_eq!(findings.of_classes(|_| true), findings);
    }

    #[test]
    fn a_part_has_what_it_cuts() {
        let findings =
            Findings::resolve(vec![finding(catalog::CARD, 4..20), finding(catalog::EMAIL, 25..40)]);
        for (part, want) in [
            (0..50, vec![(catalog::CARD, 4..20), (catalog::EMAIL, 25..40)]),
            (10..30, vec![(catalog::CARD, 0..10), (catalog::EMAIL, 15..20)]),
            (4..20, vec![(catalog::CARD, 0..16)]),
            (20..25, vec![]),
            (41..50, vec![]),
        ] {
            let inside = findings.in_part(part.clone());
            let found: Vec<_> = inside.iter().map(|found| (found.class, found.range.clone())).collect();
            assert_eq!(found, want, "part: {part:?}");
        }
    }

    #[test]
    fn the_order_of_reports_changes_nothing() {
        let hits = [
            finding(catalog::CARD, 0..16),
            finding(catalog::CARD, 5..21),
            finding(catalog::CARD, 21..37),
            finding(catalog::EMAIL, 30..50),
        ];
        let forward = Findings::resolve(hits.to_vec());
        let backward = Findings::resolve(hits.into_iter().rev().collect());
        assert_eq!(forward, backward);
    }

    #[test]
    fn of_two_equally_long_findings_the_surer_one_wins() {
        let low = Finding { confidence: Confidence::Low, ..finding(catalog::CARD, 0..16) };
        let high = finding(catalog::IBAN, 0..16);
        let findings = Findings::resolve(vec![low, high.clone()]);
        assert_eq!(findings.iter().collect::<Vec<_>>(), [&high]);
    }
}
