//! Addresses, cards and IBANs, which may lie inside each other.

use std::ops::Range;

use crate::finding::Finding;
use crate::glyph::{Glyph, View};
use crate::{card, email, iban};

/// A pass over a text: what was found, and how far back the scanners may look.
///
/// INVARIANT: what is found does not depend on other findings being visible. Where an address covers a part of a
/// number, the number is read whole (the address may be visible) and without that part (it may be masked).
#[derive(Debug)]
pub(crate) struct Pass<'v, 't> {
    view: &'v View<'t>,
    hits: Vec<Finding>,
    /// Up to where the text was looked at.
    position: usize,
    /// Where the last `@` ends: addresses start after it, which keeps the pass linear.
    at_end: usize,
    /// Where the last address ends.
    email_end: usize,
    /// Where the last card or IBAN ends.
    number_end: usize,
    /// The IBANs and long runs of digits since the last `@`.
    numbers: Vec<Range<usize>>,
}

impl<'v, 't> Pass<'v, 't> {
    pub(crate) fn new(view: &'v View<'t>) -> Self {
        Self {
            view,
            hits: Vec::new(),
            position: 0,
            at_end: 0,
            email_end: 0,
            number_end: 0,
            numbers: Vec::new(),
        }
    }

    /// What was found.
    pub(crate) fn into_hits(self) -> Vec<Finding> {
        self.hits
    }

    /// Looks around a digit or a sign. The places come in order; those that a look has passed are left out.
    pub(crate) fn look(&mut self, place: usize) {
        let Some(glyph) = self.view.at(place).filter(|_| place >= self.position) else { return };
        self.position = match glyph.ch {
            '@' => self.at(glyph),
            '0'..='9' => self.digit(glyph),
            _ => match Escape::at(self.view, glyph) {
                Some(Escape { is_at: true, end }) => self.at(Glyph { ch: '@', start: place, end }),
                Some(Escape { is_at: false, end }) => end,
                None => return,
            },
        };
    }

    /// Looks for an address around `at`, and returns where to go on.
    fn at(&mut self, at: Glyph) -> usize {
        if let Some(email) = email::find(self.view, at, self.at_end) {
            let start = email.range.start;
            if let Some(number) = self.number_around(start) {
                self.cards_in(number.start..start);
            }
            self.email_end = email.range.end;
            self.hits.push(email);
        }
        self.numbers.clear();
        self.at_end = at.end;
        at.end
    }

    fn number_around(&self, position: usize) -> Option<Range<usize>> {
        self.numbers.iter().find(|number| number.start < position && position < number.end).cloned()
    }

    /// Looks for numbers from `digit` on, and returns where to go on.
    fn digit(&mut self, digit: Glyph) -> usize {
        let number = match iban::find(self.view, digit, self.number_end) {
            Some(iban) => {
                let range = iban.range.clone();
                self.number_end = range.end;
                self.hits.push(iban);
                range
            }
            None => digit.start..self.cards(digit.start),
        };
        let end = number.end;
        if number.start < self.email_end && self.email_end < end {
            self.cards_in(self.email_end..end);
        }
        if number.len() >= *card::CARD_DIGITS.start() {
            self.numbers.push(number);
        }
        end
    }

    /// Looks for cards in the run of digits that starts at `start`, and returns where the run ends.
    fn cards(&mut self, start: usize) -> usize {
        let n_before = self.hits.len();
        let floor = self.number_end.max(self.email_end).min(start);
        let end = card::scan_run(self.view, start, floor, &mut self.hits);
        let cards = self.hits.iter().skip(n_before);
        self.number_end = cards.map(|card| card.range.end).fold(self.number_end, usize::max);
        end
    }

    /// Looks for cards in a part of a number, as if an address took the rest.
    fn cards_in(&mut self, part: Range<usize>) {
        let view = self.view.until(part.end);
        let mut position = part.start;
        while let Some(digit) = next_digit(&view, position) {
            position = card::scan_run(&view, digit, part.start, &mut self.hits);
        }
    }
}

/// The first digit at or after `position`.
fn next_digit(view: &View<'_>, position: usize) -> Option<usize> {
    let rest = view.bytes().get(position..)?;
    Some(position + rest.iter().position(u8::is_ascii_digit)?)
}

/// A character written as `%40` (URLs) or `\u0040` (JSON inside a string).
#[derive(Clone, Copy, Debug)]
struct Escape {
    is_at: bool,
    end: usize,
}

impl Escape {
    /// The escape that starts with `first`. Of those in URLs only the `@` counts: `%41` may be text and a number.
    fn at(view: &View<'_>, first: Glyph) -> Option<Self> {
        match view.bytes().get(first.start..)? {
            [b'%', b'4', b'0', ..] => Some(Self { is_at: true, end: first.start + 3 }),
            [b'\\', b'u', d1, d2, d3, d4, ..] if [d1, d2, d3, d4].iter().all(|d| d.is_ascii_hexdigit()) => {
                Some(Self { is_at: [d1, d2, d3, d4] == [&b'0', &b'0', &b'4', &b'0'], end: first.start + 6 })
            }
            _ => None,
        }
    }
}
