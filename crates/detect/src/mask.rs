//! Replaces found values by placeholders such as `[card]`.
//!
//! Which classes are masked is the caller's decision, made from policy. A placeholder names the class and nothing
//! of the value: no last four digits, no length.

use std::borrow::Cow;
use std::ops::Range;

use crate::class::{Class, Counts};
use crate::finding::{Finding, Findings};

/// A text with the values of some classes replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked<'t> {
    /// The text; borrowed when nothing was replaced.
    pub text: Cow<'t, str>,
    /// How many placeholders of each class were written.
    pub counts: Counts,
}

/// Replaces every finding of a class that `is_masked` names.
///
/// Findings that overlap are replaced together by one placeholder, that of the longest, so that no part of either
/// value stays.
///
/// `findings` must come from a scan of this very `text`; a finding that does not fit the text masks all of it.
pub(crate) fn mask<'t>(text: &'t str, findings: &Findings, is_masked: impl Fn(Class) -> bool) -> Masked<'t> {
    let mut chosen: Vec<&Finding> = findings.all().filter(|finding| is_masked(finding.class)).collect();
    chosen.sort_by_key(|finding| finding.range.start);
    let spans = merge_overlapping(&chosen);
    if spans.is_empty() {
        return Masked { text: Cow::Borrowed(text), counts: Counts::default() };
    }
    let counts = spans.iter().map(|span| span.longest.class).collect();
    match replace(text, &spans) {
        Some(masked) => Masked { text: Cow::Owned(masked), counts },
        // The findings are of another text. Showing any of this one could show a value, so nothing is shown.
        None => Masked { text: Cow::Borrowed("[masked]"), counts },
    }
}

/// A stretch of text that becomes one placeholder.
struct Span<'f> {
    range: Range<usize>,
    longest: &'f Finding,
}

/// INVARIANT: `chosen` is sorted by start, so a finding can only overlap the last span.
fn merge_overlapping<'f>(chosen: &[&'f Finding]) -> Vec<Span<'f>> {
    let mut spans: Vec<Span<'f>> = Vec::with_capacity(chosen.len());
    for &finding in chosen {
        match spans.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
                if finding.rank() > last.longest.rank() {
                    last.longest = finding;
                }
            }
            Some(_) | None => spans.push(Span { range: finding.range.clone(), longest: finding }),
        }
    }
    spans
}

fn replace(text: &str, spans: &[Span<'_>]) -> Option<String> {
    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    for span in spans {
        masked.push_str(text.get(shown..span.range.start)?);
        masked.push_str(&span.longest.class.placeholder());
        shown = span.range.end;
    }
    masked.push_str(text.get(shown..)?);
    Some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detectors, catalog};

    const ALL: [Class; 3] = [catalog::CARD, catalog::EMAIL, catalog::IBAN];

    fn check(text: &str, masked_classes: &[Class], expected: &str) {
        let findings = Detectors::builtin().scan(text);
        let masked = mask(text, &findings, |class| masked_classes.contains(&class));
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
        assert!(matches!(mask(text, &findings, |_| false).text, Cow::Borrowed(_)));
        assert!(matches!(mask("plain", &Findings::default(), |_| true).text, Cow::Borrowed("plain")));
    }

    #[test]
    fn findings_of_another_text_mask_everything() {
        let findings = Detectors::builtin().scan("ana@example.com");
        assert_eq!(mask("4111", &findings, |_| true).text, "[masked]");
    }

    #[test]
    fn counts_say_how_many_placeholders_were_written() {
        let text = "ana@example.com, bob@example.com, 4111-1111-1111-1111";
        let masked = mask(text, &Detectors::builtin().scan(text), |class| class != catalog::CARD);
        assert_eq!(masked.counts.iter().collect::<Vec<_>>(), [(catalog::EMAIL, 2)]);
    }
}
