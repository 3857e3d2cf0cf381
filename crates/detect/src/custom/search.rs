//! Searching a text.

use std::ops::Range;

use super::automaton::Machine;
use super::{Custom, Detector, Kind, document};
use crate::context::{AFTER, BEFORE, words};
use crate::finding::Finding;
use crate::glyph::View;

/// How much of a text may be read again because it could have been part of a longer match: so many times its length, and
/// so many bytes besides.
const MOST_AGAIN: (usize, usize) = (4, 4096);

impl Custom {
    /// What matches in a folded text.
    pub(crate) fn scan(&self, key: &str, view: &View<'_>) -> Vec<Finding> {
        let mut hits = Vec::new();
        for filter in &self.filters {
            let Some(machine) = filter.table.machine(&self.bytes) else { continue };
            let wanted = u32::try_from(filter.detectors.len()).ok().and_then(|n| u64::MAX.checked_shl(n));
            let found = machine.patterns(view.bytes(), wanted.map_or(u64::MAX, |others| !others));
            for (bit, number) in filter.detectors.iter().enumerate() {
                if let Some(detector) = self.detectors.get(*number).filter(|_| found >> bit & 1 == 1) {
                    self.find(detector, (key, view), &mut hits);
                }
            }
        }
        hits
    }

    /// What paths lead to in a text that is a document. Not in a folded one: names are what they are.
    pub(crate) fn in_document(&self, text: &str) -> Vec<Finding> {
        let mut hits = Vec::new();
        for (place, range) in document::values(&self.paths, text) {
            let found = self.at(place, text.get(range.clone()).unwrap_or_default());
            hits.extend(found.map(|finding| Finding { range: range.clone(), ..finding }));
        }
        hits
    }

    /// Looks for one match after the other.
    ///
    /// To know where a match ends, the text is read as far as a longer one could reach. A text can be made so that this is
    /// far behind each of many short matches; then all that is left of it counts as one match, and none of it is shown.
    fn find(&self, detector: &Detector, (key, view): (&str, &View<'_>), hits: &mut Vec<Finding>) {
        let machines = (detector.forward.machine(&self.bytes), detector.backward.machine(&self.bytes));
        let (Some(forward), Some(backward)) = machines else { return };
        let text = view.bytes();
        let mut budget = text.len().saturating_mul(MOST_AGAIN.0).saturating_add(MOST_AGAIN.1);
        let mut from = 0;
        while let Some((range, read)) = next(&forward, &backward, text, from) {
            if detector.holds(key, view, &range) {
                hits.push(detector.kind.finding(range.clone()));
            }
            let end = range.end.max(from + 1);
            match budget.checked_sub(read - from) {
                Some(rest) => budget = rest,
                None if end < text.len() => return hits.push(detector.kind.finding(end..text.len())),
                None => return,
            }
            from = end;
        }
    }
}

/// The first match at or after `from`, and how far the text was read.
fn next(
    forward: &Machine<'_>,
    backward: &Machine<'_>,
    text: &[u8],
    from: usize,
) -> Option<(Range<usize>, usize)> {
    let (end, read) = forward.end(text, from);
    let end = end?;
    Some((backward.start_of(text, from, end)?..end, read))
}

impl Kind {
    const fn finding(self, range: Range<usize>) -> Finding {
        Finding { class: self.class, range, confidence: self.confidence }
    }
}

impl Detector {
    /// Whether a match is what is looked for.
    fn holds(&self, key: &str, view: &View<'_>, range: &Range<usize>) -> bool {
        let is_part = self.is_words && is_part_of_word(view, range);
        // A match that is no text on its own, which only an expression of bytes could give, is still a match.
        let text = view.text(range.clone()).unwrap_or_default();
        !is_part
            && self.validator.is_none_or(|validator| validator.holds(text))
            && self.is_spoken_of(key, view, range)
    }

    /// Whether one of the words that must be near is.
    fn is_spoken_of(&self, key: &str, view: &View<'_>, range: &Range<usize>) -> bool {
        let is_cue = |word: &[u8]| {
            let lower = str::from_utf8(word).map(str::to_lowercase);
            lower.is_ok_and(|word| self.context.binary_search(&word).is_ok())
        };
        let of = |bytes: &[u8]| words(bytes).any(|word| bytes.get(word).is_some_and(is_cue));
        self.context.is_empty() || of(key.as_bytes()) || of(around(view.bytes(), range))
    }
}

/// What is around a match, without the words that are cut.
fn around<'t>(text: &'t [u8], range: &Range<usize>) -> &'t [u8] {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
    let is_letter_at = |place: usize| text.get(place).is_some_and(is_letter);
    let (mut start, mut end) =
        (range.start.saturating_sub(BEFORE), text.len().min(range.end.saturating_add(AFTER)));
    if start > 0 && is_letter_at(start - 1) {
        let cut = text.get(start..range.start).unwrap_or_default().iter();
        start += cut.take_while(|byte| is_letter(byte)).count();
    }
    if is_letter_at(end) {
        let cut = text.get(range.end..end).unwrap_or_default().iter().rev();
        end -= cut.take_while(|byte| is_letter(byte)).count();
    }
    text.get(start..end).unwrap_or_default()
}

/// Whether letters, digits or `_` are directly before or after.
fn is_part_of_word(view: &View<'_>, range: &Range<usize>) -> bool {
    let is_of_word = |ch: char| ch.is_alphanumeric() || ch == '_';
    let before = view.before(range.start, 0).is_some_and(|glyph| is_of_word(glyph.ch));
    let after = view.at(range.end).is_some_and(|glyph| is_of_word(glyph.ch));
    (before && !view.escape_ends_at(range.start, 0)) || after
}
