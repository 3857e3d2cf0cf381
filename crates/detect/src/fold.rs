//! Text as a person reads it.
//!
//! A value written with full-width digits, with invisible characters between its digits, or with a typographic
//! hyphen is the same value to whoever reads it. So the scanners read *folded* text: characters that look like ASCII
//! are ASCII, invisible ones are gone. Most text is folded already and is borrowed. Where it is not, the places at
//! which the two texts drift apart are remembered, so that findings refer to the original.
//!
//! What is not here: look-alike letters of other scripts, and full Unicode normalisation.

use std::borrow::Cow;
use std::ops::Range;

/// A text as detectors read it: characters that look like ASCII are ASCII, invisible ones are gone.
#[must_use]
pub fn folded(text: &str) -> Cow<'_, str> {
    Folded::new(text).text
}

/// A text, folded.
#[derive(Debug)]
pub(crate) struct Folded<'t> {
    text: Cow<'t, str>,
    /// In order of both places.
    drifts: Vec<Drift>,
}

/// From `folded` on, the folded text is the original from `original` on, up to the next drift.
#[derive(Clone, Copy, Debug)]
struct Drift {
    folded: usize,
    original: usize,
}

impl<'t> Folded<'t> {
    /// Folds a text; linear in its length.
    pub(crate) fn new(text: &'t str) -> Self {
        if text.is_ascii() {
            return Self { text: Cow::Borrowed(text), drifts: Vec::new() };
        }
        let mut folded = String::new();
        let mut drifts = Vec::new();
        let mut copied = 0;
        for (start, ch) in foldable(text) {
            let replacement = fold(ch);
            if replacement == Some(ch) {
                continue;
            }
            folded.push_str(text.get(copied..start).unwrap_or_default());
            folded.extend(replacement);
            copied = start + ch.len_utf8();
            drifts.push(Drift { folded: folded.len(), original: copied });
        }
        if drifts.is_empty() {
            return Self { text: Cow::Borrowed(text), drifts };
        }
        folded.push_str(text.get(copied..).unwrap_or_default());
        Self { text: Cow::Owned(folded), drifts }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a part of the folded text stands in the original; invisible characters that follow belong to it.
    pub(crate) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.place(range.start)..self.place(range.end)
    }

    fn place(&self, folded: usize) -> usize {
        let next = self.drifts.partition_point(|drift| drift.folded <= folded);
        match next.checked_sub(1).and_then(|last| self.drifts.get(last)) {
            Some(drift) => drift.original + (folded - drift.folded),
            None => folded,
        }
    }
}

/// The characters of a text that may read as something else, by their first bytes, and where they start.
fn foldable(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let leads = text.bytes().enumerate().filter(|(_, byte)| is_lead_of_folded(*byte));
    leads.filter_map(|(start, _)| Some((start, text.get(start..)?.chars().next()?)))
}

/// Whether a character that [`fold`] changes starts with this byte.
const fn is_lead_of_folded(byte: u8) -> bool {
    matches!(
        byte,
        0xc2 | 0xcc
            | 0xcd
            | 0xd8
            | 0xd9
            | 0xdb
            | 0xdf
            | 0xe0
            | 0xe1
            | 0xe2
            | 0xe3
            | 0xea
            | 0xef
            | 0xf0
            | 0xf3
    )
}

/// The character a person sees for `ch`; `None` if they see nothing.
fn fold(ch: char) -> Option<char> {
    match ch {
        '\0'..='\u{7f}' => Some(ch),
        _ if is_invisible(ch) => None,
        // Full-width forms are ASCII, shifted.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(ch) - 0xfee0),
        '\u{fe6b}' => Some('@'),
        '\u{b7}' | '\u{2024}' | '\u{fe52}' => Some('.'),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
        _ => Some(ascii_digit(ch).unwrap_or(ch)),
    }
}

/// Zero-width and other characters that leave no mark of their own, combining accents included.
pub(crate) fn is_invisible(ch: char) -> bool {
    matches!(
        ch,
        '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20d0}'..='\u{20f0}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}

/// The ASCII digit for a decimal digit of another script (Unicode category Nd).
fn ascii_digit(ch: char) -> Option<char> {
    let code = u32::from(ch);
    let value = match code {
        // Mathematical digits: five alphabets of ten, one after the other.
        0x1d7ce..=0x1d7ff => (code - 0x1d7ce) % 10,
        _ => DIGIT_ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10))?,
    };
    char::from_digit(value, 10)
}

/// The zeros of the scripts in use that have their own ten digits; each is followed by one to nine.
const DIGIT_ZEROS: [u32; 28] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1b50, 0x1bb0, 0x1c40,
    0x1c50, 0xa620,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_ascii_reads_as_ascii() {
        for (text, expected) in [
            ("plain 12", "plain 12"),
            ("４１１１", "4111"),
            ("a＠b．com", "a@b.com"),
            ("4\u{200b}1\u{feff}1\u{ad}1", "4111"),
            ("4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}", "41"),
            ("٤١١١", "4111"),
            ("\u{1d7d2}\u{1d7cf}", "41"),
            ("41\u{a0}11\u{2011}11\u{2212}1", "41 11-11-1"),
            ("josé", "josé"),
            ("", ""),
            ("\u{200b}", ""),
        ] {
            assert_eq!(Folded::new(text).as_str(), expected, "text: {text:?}");
        }
    }

    #[test]
    fn every_character_that_folds_is_looked_at() {
        for ch in '\u{80}'..=char::MAX {
            let text = ch.to_string();
            let want: String = fold(ch).into_iter().collect();
            assert_eq!(Folded::new(&text).as_str(), want, "character: {ch:?}");
        }
    }

    #[test]
    fn what_is_folded_already_is_borrowed() {
        for text in ["plain", "“josé” — 数字 and €", "naïve"] {
            let folded = Folded::new(text);
            assert_eq!(matches!(folded.text, Cow::Borrowed(_)), !text.contains('—'), "text: {text}");
        }
    }

    #[test]
    fn places_lead_back_to_the_original() {
        let text = "x\u{200b}４1\u{ad}é１\u{feff}";
        let folded = Folded::new(text);
        assert_eq!(folded.as_str(), "x41é1");
        let original = |range: Range<usize>| text.get(folded.original(range)).unwrap();
        assert_eq!(original(0..1), "x\u{200b}");
        assert_eq!(original(1..3), "４1\u{ad}");
        assert_eq!(original(3..5), "é");
        assert_eq!(original(5..6), "１\u{feff}");
        assert_eq!(folded.original(0..6).end, text.len());
    }
}
