//! Runs of digits: digit groups with single spaces, hyphens or dots between them.
//!
//! What is not here: which of them are cards, which is `run`.

use std::ops::Range;

use super::MAX_DIGITS;
use crate::glyph::{Glyph, View};

/// What stands between two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Dot,
    Hyphen,
    Space,
}

impl Gap {
    fn of(glyph: Glyph) -> Option<Self> {
        match glyph.ch {
            '.' => Some(Self::Dot),
            '-' => Some(Self::Hyphen),
            ' ' => Some(Self::Space),
            _ => None,
        }
    }
}

/// Digits with nothing between them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its bytes in the original text.
    pub(super) range: Range<usize>,
    pub(super) digits: Digits,
    /// What stands before it; `None` at the start of the run.
    pub(super) gap: Option<Gap>,
}

/// The first [`MAX_DIGITS`] digits, and how many there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Digits {
    values: [u8; MAX_DIGITS],
    n: usize,
}

impl Digits {
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// The digits, 0 to 9 each, unless there were too many for a card.
    pub(super) fn as_slice(&self) -> Option<&[u8]> {
        self.values.get(..self.n)
    }

    pub(super) fn append(&mut self, other: &Self) {
        match other.as_slice() {
            Some(digits) => digits.iter().for_each(|digit| self.push(*digit)),
            None => self.n = usize::MAX,
        }
    }

    fn push(&mut self, digit: u8) {
        if let Some(place) = self.values.get_mut(self.n) {
            *place = digit;
        }
        self.n = self.n.saturating_add(1);
    }
}

/// The groups of one run, in order, each read once.
#[derive(Debug)]
pub(super) struct Groups<'v, 't> {
    view: &'v View<'t>,
    /// The first digit of the next group and what stands before it.
    next: Option<(Glyph, Option<Gap>)>,
}

impl<'v, 't> Groups<'v, 't> {
    /// The run whose first digit is the glyph at `start`.
    pub(super) fn new(view: &'v View<'t>, start: usize) -> Self {
        Self { view, next: digit_at(view, start).map(|digit| (digit, None)) }
    }
}

impl Iterator for Groups<'_, '_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let (first, gap) = self.next?;
        let mut group = Group { range: first.start..first.end, digits: Digits::default(), gap };
        let mut glyph = Some(first);
        while let Some((digit, value)) = glyph.and_then(|glyph| Some((glyph, digit_value(glyph)?))) {
            group.digits.push(value);
            group.range.end = digit.end;
            glyph = self.view.at(digit.end);
        }
        self.next = glyph.and_then(|glyph| {
            let gap = Gap::of(glyph)?;
            Some((digit_at(self.view, glyph.end)?, Some(gap)))
        });
        Some(group)
    }
}

/// Where the run that starts at `start` ends, if it has fewer than `n` digits. Looks at no more than it must.
pub(super) fn end_of_run_below(view: &View<'_>, start: usize, n: usize) -> Option<usize> {
    let mut end = start;
    let mut next = view.at(start);
    for _ in 0..n {
        let Some(digit) = next.filter(|glyph| digit_value(*glyph).is_some()) else { return Some(end) };
        end = digit.end;
        next = match view.at(end) {
            Some(glyph) if Gap::of(glyph).is_some() => view.at(glyph.end),
            other => other,
        };
    }
    None
}

fn digit_at(view: &View<'_>, position: usize) -> Option<Glyph> {
    view.at(position).filter(|glyph| digit_value(*glyph).is_some())
}

fn digit_value(glyph: Glyph) -> Option<u8> {
    glyph.ch.to_digit(10).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(text: &str) -> Vec<(usize, Option<Gap>)> {
        Groups::new(&View::new(text), 0).map(|group| (group.digits.n(), group.gap)).collect()
    }

    #[test]
    fn single_gaps_join_groups_and_anything_else_ends_the_run() {
        for (text, expected) in [
            ("4111", vec![(4, None)]),
            (
                "41 11-1.1",
                vec![(2, None), (2, Some(Gap::Space)), (1, Some(Gap::Hyphen)), (1, Some(Gap::Dot))],
            ),
            ("41  11", vec![(2, None)]),
            ("41, 11", vec![(2, None)]),
            ("41\n11", vec![(2, None)]),
            ("41 ", vec![(2, None)]),
            ("x", vec![]),
        ] {
            assert_eq!(groups(text), expected, "text: {text:?}");
        }
    }

    #[test]
    fn a_short_run_ends_where_its_last_digit_ends() {
        for (text, expected) in
            [("123 456", Some(7)), ("123 456 ", Some(7)), ("123x", Some(3)), ("123 456 789 012", None)]
        {
            assert_eq!(end_of_run_below(&View::new(text), 0, 12), expected, "text: {text:?}");
        }
    }
}
