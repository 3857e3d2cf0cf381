//! Reads folded text by character, forwards and backwards.

use std::ops::Range;

/// One character and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) ch: char,
    /// Its first byte.
    pub(crate) start: usize,
    /// One past its last byte.
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

    /// A part of the text, on character boundaries.
    pub(crate) fn text(&self, range: Range<usize>) -> Option<&'t str> {
        self.text.get(range)
    }

    /// The character at `position`.
    pub(crate) fn at(&self, position: usize) -> Option<Glyph> {
        self.step();
        let ch = match self.bytes().get(position)? {
            ascii @ 0..=0x7f => char::from(*ascii),
            _ => self.text.get(position..)?.chars().next()?,
        };
        Some(Glyph { ch, start: position, end: position + ch.len_utf8() })
    }

    /// The character that ends at `position` and does not start before `floor`.
    pub(crate) fn before(&self, position: usize, floor: usize) -> Option<Glyph> {
        self.step();
        let ch = match self.bytes().get(position.checked_sub(1)?)? {
            ascii @ 0..=0x7f => char::from(*ascii),
            _ => self.text.get(..position)?.chars().next_back()?,
        };
        let start = position - ch.len_utf8();
        (start >= floor).then_some(Glyph { ch, start, end: position })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_backwards_sees_the_same_glyphs() {
        let text = "a4 é@中";
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
        let view = View::new("abé");
        assert_eq!(view.before(4, 3), None);
        assert_eq!(view.before(4, 2).map(|glyph| glyph.ch), Some('é'));
        assert_eq!(view.before(2, 1).map(|glyph| glyph.ch), Some('b'));
        assert_eq!(view.before(2, 2), None);
    }
}
