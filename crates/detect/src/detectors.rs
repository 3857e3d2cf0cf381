//! The scan: one pass over the text that stops only where a value can be.
//!
//! Every value has a character that is rare in prose: a digit, or an `@`. The pass looks for those, byte by byte,
//! and asks the scanner in question to look around there. A new scanner is a new [`Anchor`], or one more question at
//! an old one.

use std::ops::Range;

use crate::finding::{Finding, Findings};
use crate::glyph::{Glyph, View};
use crate::{card, email, iban, number};

/// The detectors to scan with.
#[derive(Clone, Copy, Debug)]
pub struct Detectors(());

impl Detectors {
    /// Every class in [`crate::Class`]. Costs nothing.
    #[must_use]
    pub const fn builtin() -> Self {
        Self(())
    }

    /// Finds the sensitive values in `text`, in time linear in its length.
    #[must_use]
    pub fn scan(&self, text: &str) -> Findings {
        scan_view(&View::new(text))
    }

    /// Finds the sensitive value that a number in a JSON document is. `number` is its text as it was written, not
    /// its value: a card of 19 digits does not fit a double.
    ///
    /// The finding, if there is one, covers the whole text.
    #[must_use]
    pub fn scan_number(&self, number: &str) -> Findings {
        number::scan(number)
    }
}

/// A place where a value can be.
#[derive(Clone, Copy, Debug)]
enum Anchor {
    /// An `@`, also as `%40` and `\u0040`.
    At(Glyph),
    /// The first digit of a run.
    Digit(Glyph),
}

fn scan_view(view: &View<'_>) -> Findings {
    let mut scan =
        Scan { view, hits: Vec::new(), at_end: 0, email_end: 0, number_end: 0, numbers: Vec::new() };
    let mut position = 0;
    while let Some(anchor) = next_anchor(view, position) {
        position = match anchor {
            Anchor::At(at) => scan.at(at),
            Anchor::Digit(digit) => scan.digit(digit),
        };
    }
    Findings::resolve(scan.hits)
}

/// A pass over a text: what was found, and how far back the scanners may look.
///
/// INVARIANT: what is found does not depend on other findings being visible. Where an address covers a part of a
/// number, the number is read whole (the address may be visible) and without that part (it may be masked).
struct Scan<'v, 't> {
    view: &'v View<'t>,
    hits: Vec<Finding>,
    /// Where the last `@` ends: addresses start after it, which keeps the pass linear.
    at_end: usize,
    /// Where the last address ends.
    email_end: usize,
    /// Where the last card or IBAN ends.
    number_end: usize,
    /// The IBANs and long runs of digits since the last `@`.
    numbers: Vec<Range<usize>>,
}

impl Scan<'_, '_> {
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
        while let Some(Anchor::Digit(digit)) = next_anchor(&view, position) {
            position = card::scan_run(&view, digit.start, part.start, &mut self.hits);
        }
    }
}

/// The first anchor at or after `position`.
fn next_anchor(view: &View<'_>, position: usize) -> Option<Anchor> {
    let mut position = position;
    loop {
        let rest = view.bytes().get(position..)?;
        let skipped = rest.iter().position(|byte| STOPS.get(usize::from(*byte)) == Some(&true))?;
        let glyph = view.at(position + skipped)?;
        match glyph.ch {
            '@' => return Some(Anchor::At(glyph)),
            '0'..='9' => return Some(Anchor::Digit(glyph)),
            _ => position = glyph.end,
        }
        let escape = Escape::at(view, glyph);
        position = escape.map_or(position, |escape| escape.end);
        if let Some(Escape { is_at: true, end }) = escape {
            return Some(Anchor::At(Glyph { ch: '@', start: glyph.start, end }));
        }
    }
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

/// The bytes at which the pass stops: those an anchor can start with. Outside ASCII these are the first bytes of the
/// characters that read as a digit or an `@`.
const STOPS: [bool; 256] = {
    const DIGIT_0: usize = b'0' as usize;
    const DIGIT_9: usize = b'9' as usize;
    const AT: usize = b'@' as usize;
    const PERCENT: usize = b'%' as usize;
    const BACKSLASH: usize = b'\\' as usize;
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "in a constant, and in bounds by the loop")]
        let stop = &mut stops[byte];
        *stop = matches!(byte, DIGIT_0..=DIGIT_9 | AT | PERCENT | BACKSLASH) || is_lead_of_folded(byte);
        byte += 1;
    }
    stops
};

/// Whether a digit of another script, or a full-width form, starts with this byte.
const fn is_lead_of_folded(byte: usize) -> bool {
    matches!(byte, 0xd9 | 0xdb | 0xdf | 0xe0 | 0xe1 | 0xea | 0xef | 0xf0)
}

#[cfg(test)]
mod tests;
