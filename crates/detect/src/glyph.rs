//! Reads text as the characters a person sees.
//!
//! A value written with full-width digits, with invisible characters between its digits, or with a typographic
//! hyphen is the same value to whoever reads it. So the scanners read *glyphs*: characters folded to ASCII where
//! they look like ASCII, invisible ones skipped. Nothing is copied: a glyph remembers where it stands in the
//! original text, and findings refer to that.
//!
//! What is not here: look-alike letters of other scripts, and full Unicode normalisation.

use std::ops::Range;

/// One visible character and its place in the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    /// The character, folded.
    pub(crate) ch: char,
    /// First byte of the original character.
    pub(crate) start: usize,
    /// One past the last byte of the original character.
    pub(crate) end: usize,
}

/// A text, read by glyph from any byte position that is a character boundary.
#[derive(Debug)]
pub(crate) struct View<'t> {
    text: &'t str,
    /// How many characters were looked at, so that tests can show that scans are linear.
    #[cfg(test)]
    steps: std::rc::Rc<std::cell::Cell<usize>>,
}

impl<'t> View<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            #[cfg(test)]
            steps: std::rc::Rc::default(),
        }
    }

    /// The same text, as if it ended at `end`.
    pub(crate) fn until(&self, end: usize) -> Self {
        Self {
            text: self.text.get(..end).unwrap_or(self.text),
            #[cfg(test)]
            steps: self.steps.clone(),
        }
    }

    pub(crate) fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// The first glyph at or after `position`.
    pub(crate) fn at(&self, position: usize) -> Option<Glyph> {
        let mut start = position;
        loop {
            self.step();
            let ch = match self.bytes().get(start)? {
                ascii @ 0..=0x7f => return Some(Glyph { ch: char::from(*ascii), start, end: start + 1 }),
                _ => self.text.get(start..)?.chars().next()?,
            };
            let end = start + ch.len_utf8();
            if let Some(ch) = fold(ch) {
                return Some(Glyph { ch, start, end });
            }
            start = end;
        }
    }

    /// The last glyph that ends at or before `position` and does not start before `floor`.
    pub(crate) fn before(&self, position: usize, floor: usize) -> Option<Glyph> {
        let mut end = position;
        while end > floor {
            self.step();
            let ch = self.text.get(..end)?.chars().next_back()?;
            let start = end - ch.len_utf8();
            if let Some(ch) = fold(ch) {
                return (start >= floor).then_some(Glyph { ch, start, end });
            }
            end = start;
        }
        None
    }

    /// Whether the glyphs of `range` spell `word`, which is ASCII, in either case.
    pub(crate) fn reads_as(&self, range: Range<usize>, word: &str) -> bool {
        let mut position = range.start;
        for expected in word.chars() {
            match self.at(position) {
                Some(glyph) if glyph.ch.eq_ignore_ascii_case(&expected) => position = glyph.end,
                Some(_) | None => return false,
            }
        }
        position == range.end
    }

    /// Whether a JSON escape such as `\n` or `\u0020` ends at `position`: text that holds JSON as a string, where the
    /// letters of the escape are no part of the word that follows.
    pub(crate) fn escape_ends_at(&self, position: usize, floor: usize) -> bool {
        let Some(before) = self.bytes().get(floor..position) else { return false };
        match before {
            [.., b'\\', b'b' | b'f' | b'n' | b'r' | b't'] => true,
            [.., b'\\', b'u', d1, d2, d3, d4] => {
                [d1, d2, d3, d4].iter().all(|digit| digit.is_ascii_hexdigit())
            }
            _ => false,
        }
    }

    #[cfg(test)]
    fn step(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "the same call counts steps in tests")]
    fn step(&self) {}

    #[cfg(test)]
    pub(crate) fn steps(&self) -> usize {
        self.steps.get()
    }
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
fn is_invisible(ch: char) -> bool {
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

    fn visible(text: &str) -> String {
        let view = View::new(text);
        let mut position = 0;
        std::iter::from_fn(|| {
            let glyph = view.at(position)?;
            position = glyph.end;
            Some(glyph.ch)
        })
        .collect()
    }

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
            assert_eq!(visible(text), expected, "text: {text:?}");
        }
    }

    #[test]
    fn reading_backwards_sees_the_same_glyphs() {
        let text = "a\u{200b}４ \u{301}é@٤\u{feff}";
        let view = View::new(text);
        let mut forward = Vec::new();
        let mut position = 0;
        while let Some(glyph) = view.at(position) {
            position = glyph.end;
            forward.push(glyph);
        }
        let mut backward = Vec::new();
        position = text.len();
        while let Some(glyph) = view.before(position, 0) {
            position = glyph.start;
            backward.insert(0, glyph);
        }
        assert_eq!(forward, backward);
    }

    #[test]
    fn reading_backwards_stops_at_the_floor() {
        let view = View::new("ab\u{200b}");
        assert_eq!(view.before(5, 2), None);
        assert_eq!(view.before(5, 1).map(|glyph| glyph.ch), Some('b'));
    }
}
