//! Replaces found values.
//!
//! Which classes are masked, and what stands in the place of a value, is the caller's decision, made from policy and
//! settings. A placeholder such as `[card]` names the class and nothing of the value: no last four digits, no length.

use std::borrow::Cow;
use std::ops::Range;

use crate::class::{Class, Counts};
use crate::finding::{Finding, Findings};

/// How values are masked.
pub trait Mask {
    /// Whether values of a class are.
    fn is_masked(&self, class: Class) -> bool;

    /// What stands in the place of a value; of values that lie over each other, always the placeholder does.
    fn in_place_of(&self, class: Class, value: &str) -> String {
        let _ = value;
        class.placeholder()
    }

    /// Where something stands already in the place of a value, in order: what seems to be found in it is left alone.
    fn masked_in(&self, text: &str) -> Vec<Range<usize>> {
        let _ = text;
        Vec::new()
    }
}

impl<F: Fn(Class) -> bool> Mask for F {
    fn is_masked(&self, class: Class) -> bool {
        self(class)
    }
}

/// A text with the values of some classes replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked<'t> {
    /// The text; borrowed when nothing was replaced.
    pub text: Cow<'t, str>,
    /// How many values of each class were replaced.
    pub counts: Counts,
    /// Where what stands in their place is, in order.
    pub(crate) places: Vec<Range<usize>>,
    /// What was replaced, each time that the text was looked at.
    pub(crate) rounds: Vec<Vec<Replaced>>,
    /// Whether nothing is left to mask. If not, nothing of the text is shown.
    pub(crate) is_clean: bool,
}

/// A stretch of a text that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replaced {
    class: Class,
    /// Where it was.
    range: Range<usize>,
    /// Where what stands in its place is, in the text that it gave.
    written: Range<usize>,
}

/// How often a masked text is looked at again. What a mask uncovers is a value that had lain against another one, so
/// that once is nearly always enough; what is still not clean then is masked as a whole.
const ROUNDS: usize = 4;

/// Masks what `findings` of this very `text` say, and then what `scan` finds in the result, until there is nothing.
pub(crate) fn mask_all<'t>(
    text: &'t str,
    findings: &Findings,
    how: &impl Mask,
    scan: impl Fn(&str) -> Findings,
) -> Masked<'t> {
    let mut masked = mask(text, findings, how, &how.masked_in(text));
    for _ in 0..ROUNDS {
        if masked.rounds.is_empty() || !masked.is_clean {
            return masked;
        }
        let rest = scan(&masked.text);
        let next = mask(&masked.text, &rest, how, &masked.places);
        if next.rounds.is_empty() {
            return masked;
        }
        let Masked { text, counts, places, rounds, is_clean } = next;
        masked.counts.merge(&counts);
        masked.rounds.extend(rounds);
        masked = Masked { text: text.into_owned().into(), places, is_clean, ..masked };
    }
    Masked { text: NOTHING.into(), is_clean: false, ..masked }
}

impl Masked<'_> {
    /// Whether nothing that was replaced lies on both sides of a place of the original text.
    pub(crate) fn is_between(&self, mut place: usize) -> bool {
        self.rounds.iter().all(|replaced| {
            let carried = carried(replaced, place);
            place = carried.range.start;
            !carried.is_inside
        })
    }

    /// What became of a part of the original text, and how many values in it were replaced. A value that lies on its edge
    /// is a part of it.
    pub(crate) fn part(&self, part: Range<usize>) -> (&str, Counts) {
        let Range { mut start, mut end } = part;
        let mut counts = Counts::default();
        for replaced in &self.rounds {
            let (first, last) = (carried(replaced, start), carried(replaced, end));
            let is_in = |one: &&Replaced| {
                one.written.start >= first.range.start && one.range.start < end && one.range.end > start
            };
            replaced.iter().filter(is_in).for_each(|one| counts.add(one.class));
            (start, end) = (first.range.start, last.range.end);
        }
        (if self.is_clean { self.text.get(start..end).unwrap_or(NOTHING) } else { NOTHING }, counts)
    }
}

/// What became of a place: another one, or, of a place inside something that was replaced, all that stands there now.
struct Carried {
    range: Range<usize>,
    is_inside: bool,
}

fn carried(replaced: &[Replaced], place: usize) -> Carried {
    let n_before = replaced.partition_point(|one| one.range.end <= place);
    if let Some(around) = replaced.get(n_before).filter(|one| one.range.start < place) {
        return Carried { range: around.written.clone(), is_inside: true };
    }
    let before = n_before.checked_sub(1).and_then(|last| replaced.get(last));
    let place = before.map_or(place, |one| one.written.end + (place - one.range.end));
    Carried { range: place..place, is_inside: false }
}

/// Replaces every finding that `how` says is masked, but for those that lie in one of `places`: what stands there was
/// written by an earlier call.
///
/// Findings that overlap are replaced together by one placeholder, that of the longest, so that no part of either
/// value stays.
///
/// `findings` must come from a scan of this very `text`; a finding that does not fit the text masks all of it.
pub(crate) fn mask<'t>(
    text: &'t str,
    findings: &Findings,
    how: &impl Mask,
    places: &[Range<usize>],
) -> Masked<'t> {
    let is_new = |finding: &&Finding| !finding.lies_in(places);
    let chosen = findings.all().filter(|finding| how.is_masked(finding.class)).filter(is_new);
    let mut chosen: Vec<&Finding> = chosen.collect();
    chosen.sort_by_key(|finding| finding.range.start);
    let spans = merge_overlapping(&chosen);
    if spans.is_empty() {
        let (text, places) = (Cow::Borrowed(text), places.to_vec());
        return Masked { text, counts: Counts::default(), places, rounds: Vec::new(), is_clean: true };
    }
    let counts = spans.iter().map(|span| span.longest.class).collect();
    match replace(text, &spans, how, places) {
        Some(Rewritten { text, places, replaced }) => {
            Masked { text: Cow::Owned(text), counts, places, rounds: vec![replaced], is_clean: true }
        }
        // The findings are of another text. Showing any of this one could show a value, so nothing is shown.
        None => Masked {
            text: Cow::Borrowed(NOTHING),
            counts,
            places: Vec::new(),
            rounds: Vec::new(),
            is_clean: false,
        },
    }
}

/// What is shown of a text that cannot be masked.
pub(crate) const NOTHING: &str = "[masked]";

/// A stretch of text that is replaced.
struct Span<'f> {
    range: Range<usize>,
    longest: &'f Finding,
    is_one_value: bool,
}

/// INVARIANT: `chosen` is sorted by start, so a finding can only overlap the last span.
fn merge_overlapping<'f>(chosen: &[&'f Finding]) -> Vec<Span<'f>> {
    let mut spans: Vec<Span<'f>> = Vec::with_capacity(chosen.len());
    for &finding in chosen {
        match spans.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
                last.is_one_value = false;
                if finding.rank() > last.longest.rank() {
                    last.longest = finding;
                }
            }
            Some(_) | None => {
                spans.push(Span { range: finding.range.clone(), longest: finding, is_one_value: true });
            }
        }
    }
    spans
}

/// A text with spans replaced.
struct Rewritten {
    text: String,
    /// Where something stands in the place of a value: what was written now, and the places from before that are still
    /// whole.
    places: Vec<Range<usize>>,
    replaced: Vec<Replaced>,
}

fn replace(text: &str, spans: &[Span<'_>], how: &impl Mask, places: &[Range<usize>]) -> Option<Rewritten> {
    let mut replaced = Vec::with_capacity(spans.len());
    let mut masked = String::with_capacity(text.len());
    let mut written = Vec::with_capacity(spans.len() + places.len());
    let mut shown = 0;
    let mut earlier = places.iter().peekable();
    for span in spans {
        let start = masked.len();
        while let Some(place) = earlier.next_if(|place| place.end <= span.range.start) {
            written.extend((place.start >= shown).then(|| moved(place, shown, start)));
        }
        masked.push_str(text.get(shown..span.range.start)?);
        let start = masked.len();
        let class = span.longest.class;
        masked.push_str(&match span.is_one_value {
            true => how.in_place_of(class, text.get(span.range.clone())?),
            false => class.placeholder(),
        });
        written.push(start..masked.len());
        replaced.push(Replaced { class, range: span.range.clone(), written: start..masked.len() });
        shown = span.range.end;
    }
    let start = masked.len();
    let rest = earlier.filter(|place| place.start >= shown);
    written.extend(rest.map(|place| moved(place, shown, start)));
    masked.push_str(text.get(shown..)?);
    Some(Rewritten { text: masked, places: written, replaced })
}

/// A place behind `from` when what is at `from` comes to `to`.
fn moved(place: &Range<usize>, from: usize, to: usize) -> Range<usize> {
    place.start - from + to..place.end - from + to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detectors, catalog};

    const ALL: [Class; 3] = [catalog::CARD, catalog::EMAIL, catalog::IBAN];

    fn check(text: &str, masked_classes: &[Class], expected: &str) {
        let findings = Detectors::builtin().scan(text);
        let masked = mask(text, &findings, &|class| masked_classes.contains(&class), &[]);
        assert_eq!(masked.text, expected, "text: {text}");
    }

    #[test]
    fn masked_classes_are_replaced_and_others_stay() {
        let text = "4111111111111111 ana@example.com DE89370400440532013000";
        check(text, &ALL, "[card] [email] [iban]");
        check(text, &[catalog::EMAIL], "4111111111111111 [email] DE89370400440532013000");
        check(text, &[], text);
    }

    #[test]
    fn a_card_inside_a_visible_address_is_still_masked() {
        let text = "to 4111111111111111@example.com now";
        check(text, &[catalog::CARD], "to [card]@example.com now");
        check(text, &[catalog::EMAIL], "to [email] now");
        check(text, &ALL, "to [email] now");
    }

    #[test]
    fn partly_overlapping_values_leave_nothing_of_either() {
        check("4111 1111 1111 1111@example.com", &ALL, "[card]");
        check("4111 1111 1111 1111@a.example.com", &[catalog::CARD], "[card]@a.example.com");
    }

    #[test]
    fn a_text_without_masked_findings_is_borrowed() {
        let text = "nothing here, ana@example.com";
        let findings = Detectors::builtin().scan(text);
        assert!(matches!(mask(text, &findings, &|_| false, &[]).text, Cow::Borrowed(_)));
        assert!(matches!(mask("plain", &Findings::default(), &|_| true, &[]).text, Cow::Borrowed("plain")));
    }

    #[test]
    fn findings_of_another_text_mask_everything() {
        let findings = Detectors::builtin().scan("ana@example.com");
        assert_eq!(mask("4111", &findings, &|_| true, &[]).text, "[masked]");
    }

    #[test]
    fn counts_say_how_many_placeholders_were_written() {
        let text = "ana@example.com, bob@example.com, 4111-1111-1111-1111";
        let masked = mask(text, &Detectors::builtin().scan(text), &|class| class != catalog::CARD, &[]);
        assert_eq!(masked.counts.iter().collect::<Vec<_>>(), [(catalog::EMAIL, 2)]);
    }

    /// Masks with what may be found again.
    struct Strange;

    impl Mask for Strange {
        fn is_masked(&self, _: Class) -> bool {
            true
        }

        fn in_place_of(&self, class: Class, value: &str) -> String {
            match class {
                catalog::CARD => value.to_owned(),
                catalog::EMAIL => "a@b.com".to_owned(),
                _ => String::new(),
            }
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_value_is_left_alone() {
        let detectors = Detectors::builtin();
        for (text, want) in [
            ("4111111111111111", "4111111111111111"),
            ("x ana@example.com y bob@example.com", "x a@b.com y a@b.com"),
            ("DE89370400440532013000", ""),
            // Of values that lie over each other only the placeholder tells.
            ("ana@example.com DE89370400440532013000ana@example.com", "a@b.com [email]"),
        ] {
            let masked = detectors.mask("", text, &detectors.scan(text), Strange);
            assert_eq!(masked.text, want, "text: {text}");
        }
    }
}
