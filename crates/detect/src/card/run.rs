//! The cards in one run of digit groups.
//!
//! A run may hold more than a card (`12 4111 1111 1111 1111 08 27`), and two cards. So every window of groups that
//! is laid out as cards are printed is tried, and what no such window covers is tried as a whole in other layouts.
//! The run is read once; at most [`LOOKAHEAD`] groups are in memory.
//!
//! INVARIANT: what is refused here because of its surroundings stays refused when the findings around it are
//! replaced by placeholders. Otherwise masking would uncover values that nobody then masks.

use std::collections::VecDeque;
use std::ops::Range;

use super::context::is_in_identifier;
use super::groups::{Digits, Gap, Group, Groups, end_of_run_below};
use super::{CARD_DIGITS, MAX_DIGITS, is_card};
use crate::catalog;
use crate::finding::{Confidence, Finding};
use crate::glyph::View;

/// Enough for the longest window of one-digit groups, and two more to see what follows a window.
const LOOKAHEAD: usize = MAX_DIGITS + 2;

/// Telephone numbers in use have at most this many digits after the plus (ITU-T E.164 allows 15).
const MAX_PHONE_DIGITS: usize = 13;

/// Reports the cards in the run of digit groups that starts at `start`, and returns where the run ends.
///
/// Nothing before `floor` is looked at: it belongs to another finding.
pub(crate) fn scan_run(view: &View<'_>, start: usize, floor: usize, hits: &mut Vec<Finding>) -> usize {
    // Most runs are short, and they cost no allocation.
    if let Some(end) = end_of_run_below(view, start, *CARD_DIGITS.start()) {
        return end;
    }
    let mut run = Run::new(view, start, floor);
    let mut rest = Rest::default();
    let mut covered_to = start;
    while let Some(group) = run.ahead.front() {
        if let Some(window) = run.longest_window() {
            hits.extend(rest.take_card(&run));
            covered_to = covered_to.max(window.end);
            hits.push(Finding { class: catalog::CARD, range: window, confidence: Confidence::High });
        } else if group.range.start >= covered_to {
            rest.add(group);
        }
        run.step();
    }
    hits.extend(rest.take_card(&run));
    run.stepped_to
}

/// A run, and where we are in it.
struct Run<'v, 't> {
    view: &'v View<'t>,
    floor: usize,
    /// A plus stands before the run, which starts here.
    phone_at: Option<usize>,
    groups: Groups<'v, 't>,
    /// The groups from the current one on.
    ahead: VecDeque<Group>,
    /// How many groups lie before the current one.
    n_stepped: usize,
    /// How many digits the group before the current one has.
    n_digits_before: usize,
    /// Where the group before the current one ends.
    stepped_to: usize,
}

impl<'v, 't> Run<'v, 't> {
    fn new(view: &'v View<'t>, start: usize, floor: usize) -> Self {
        let is_phone = view.before(start, floor).is_some_and(|glyph| glyph.ch == '+');
        let mut groups = Groups::new(view, start);
        let ahead: VecDeque<Group> = groups.by_ref().take(LOOKAHEAD).collect();
        let phone_at = ahead.front().filter(|_| is_phone).map(|group| group.range.start);
        Self { view, floor, phone_at, groups, ahead, n_stepped: 0, n_digits_before: 0, stepped_to: start }
    }

    fn step(&mut self) {
        if let Some(group) = self.ahead.pop_front() {
            self.n_stepped += 1;
            self.n_digits_before = group.digits.n();
            self.stepped_to = group.range.end;
        }
        self.ahead.extend(self.groups.next());
    }

    /// The longest card that starts with the current group and is laid out as cards are printed.
    fn longest_window(&self) -> Option<Range<usize>> {
        let first = self.ahead.front()?;
        if !matches!(first.digits.n(), 4 | 6 | 8 | 12..) {
            return None;
        }
        let start = first.range.start;
        let mut digits = Digits::default();
        let mut lengths = Vec::with_capacity(MAX_DIGITS);
        let mut longest = None;
        for group in &self.ahead {
            digits.append(&group.digits);
            lengths.push(group.digits.n());
            let Some(number) = digits.as_slice() else { break };
            let range = start..group.range.end;
            if is_printed_layout(&lengths) && is_card(number) && !self.is_something_else(&range, &lengths) {
                longest = Some(range);
            }
        }
        longest
    }

    fn is_something_else(&self, range: &Range<usize>, lengths: &[usize]) -> bool {
        let is_decimal = lengths.len() == 1 && (self.is_fraction() || self.has_fraction());
        is_decimal || self.is_phone(range, lengths.iter().sum()) || self.is_in_identifier(range)
    }

    fn is_phone(&self, range: &Range<usize>, n_digits: usize) -> bool {
        self.phone_at == Some(range.start) && n_digits <= MAX_PHONE_DIGITS
    }

    fn is_in_identifier(&self, range: &Range<usize>) -> bool {
        is_in_identifier(self.view.bytes(), range, self.floor)
    }

    /// Whether the current group is what follows the dot of a decimal number.
    ///
    /// Only the run's first group is taken for the digits before the dot: it is too short to be a card and what is
    /// before it is no digit, so no finding covers it and masking changes nothing about it.
    fn is_fraction(&self) -> bool {
        let is_after_dot = self.ahead.front().is_some_and(|group| group.gap == Some(Gap::Dot));
        self.n_stepped == 1 && is_after_dot && self.n_digits_before < *CARD_DIGITS.start()
    }

    /// Whether the current group is what precedes the dot of a decimal number. Only the run's last group is taken
    /// for the digits after the dot, for the same reason. All zeros do not count: spreadsheets write cards so.
    fn has_fraction(&self) -> bool {
        let next = match (self.ahead.get(1), self.ahead.get(2)) {
            (Some(next), None) if next.gap == Some(Gap::Dot) => next,
            _ => return false,
        };
        let is_zero = next.digits.as_slice().is_some_and(|digits| digits.iter().all(|digit| *digit == 0));
        next.digits.n() < *CARD_DIGITS.start() && !is_zero
    }
}

/// Whether groups of these lengths are how cards are printed: one group; fours; or as Amex, Diners and UnionPay do.
fn is_printed_layout(lengths: &[usize]) -> bool {
    match lengths {
        [_] | [4, 6, 4 | 5] | [6, 13] | [8, 8] => true,
        [fours @ .., 1..=4] => fours.len() >= 2 && fours.iter().all(|length| *length == 4),
        _ => false,
    }
}

/// The groups since the last window: what is left of the run when windows are masked.
#[derive(Debug, Default)]
struct Rest {
    range: Option<Range<usize>>,
    digits: Digits,
    /// How long each group is and what stands before it; the first gap is outside.
    groups: Vec<(usize, Option<Gap>)>,
}

impl Rest {
    fn add(&mut self, group: &Group) {
        let start = self.range.as_ref().map_or(group.range.start, |range| range.start);
        self.range = Some(start..group.range.end);
        self.digits.append(&group.digits);
        if self.digits.as_slice().is_some() {
            self.groups.push((group.digits.n(), group.gap));
        }
    }

    /// The card that all these groups together are, if they are one; then starts anew.
    fn take_card(&mut self, run: &Run<'_, '_>) -> Option<Finding> {
        let Self { range, digits, groups } = std::mem::take(self);
        let range = range?;
        let confidence = confidence_of_layout(&groups)?;
        let is_card =
            is_card(digits.as_slice()?) && !run.is_phone(&range, digits.n()) && !run.is_in_identifier(&range);
        is_card.then_some(Finding { class: catalog::CARD, range, confidence })
    }
}

/// How sure a card in a layout that nobody prints is one: evenly cut digits are somebody's way to write a card, unevenly
/// cut ones of which all gaps are alike may be. Mixed gaps are dates and coordinates, and two groups at a dot are a
/// decimal number.
fn confidence_of_layout(groups: &[(usize, Option<Gap>)]) -> Option<Confidence> {
    let [(first, _), between @ .., (last, gap)] = groups else { return None };
    if between.iter().any(|(_, other)| other != gap) || (between.is_empty() && *gap == Some(Gap::Dot)) {
        return None;
    }
    let n_digits: usize = groups.iter().map(|(length, _)| length).sum();
    let is_even = between.iter().all(|(length, _)| length == first) && last <= first;
    match is_even {
        true => Some(Confidence::Medium),
        false if n_digits > MAX_PHONE_DIGITS && *gap != Some(Gap::Dot) => Some(Confidence::Low),
        false => None,
    }
}

#[cfg(test)]
mod tests;
