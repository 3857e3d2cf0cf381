//! Words, and what is named before a value.

use std::ops::Range;

use crate::context::Text;

/// How far before a value what it is may be named, in bytes.
const BEFORE: usize = 64;
/// How many words of a name or a line count.
const MOST_WORDS: usize = 24;

/// Words that say that a value gives access.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "auth",
    "authorization",
    "authtoken",
    "credential",
    "credentials",
    "key",
    "keys",
    "pass",
    "passwd",
    "password",
    "pat",
    "secret",
    "secretkey",
    "secrets",
    "token",
    "tokens",
];

/// Whether a byte is part of a word that may be a token.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'/' | b'_')
}

/// The word that starts at `start`, without what belongs to an escape (`\n`, `%3D`) that starts before it.
pub(super) fn word_at(bytes: &[u8], start: usize) -> Range<usize> {
    let rest = bytes.get(start..).unwrap_or_default();
    let end = start + rest.iter().take_while(|byte| is_word(**byte)).count();
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    let n_escape = match (before, rest) {
        (Some(b'\\'), [b'u', ..]) => 5,
        (Some(b'\\'), [b'b' | b'f' | b'n' | b'r' | b't', ..]) => 1,
        (Some(b'%'), [high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => 2,
        _ => 0,
    };
    (start + n_escape).min(end)..end
}

/// Whether an escape ends at `start`.
pub(super) fn is_escape(bytes: &[u8], start: usize) -> bool {
    match bytes.get(start.saturating_sub(6)..start).unwrap_or_default() {
        [.., b'\\', b'b' | b'f' | b'n' | b'r' | b't'] | [b'\\', b'u', ..] => true,
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    }
}

/// A word without the sign that a sentence ends with.
pub(super) fn without_stop(bytes: &[u8], word: &Range<usize>) -> Range<usize> {
    let text = bytes.get(word.clone()).unwrap_or_default();
    let n_stops = text.iter().rev().take_while(|byte| matches!(byte, b'.' | b'-' | b'/')).count();
    word.start..word.end.saturating_sub(n_stops).max(word.start)
}

/// The words before a value, and those of the name of the member that it is.
#[derive(Debug)]
pub(super) struct Near<'a> {
    words: [&'a [u8]; MOST_WORDS],
    n: usize,
}

impl<'a> Near<'a> {
    /// What is named, if it says that something gives access.
    pub(super) fn secret(text: &'a Text<'_, 'a>, start: usize) -> Option<Self> {
        let near = Self::before(text, start);
        SECRETS.iter().any(|word| near.has(word)).then_some(near)
    }

    fn before(text: &'a Text<'_, 'a>, start: usize) -> Self {
        let before = text.bytes().get(start.saturating_sub(BEFORE)..start).unwrap_or_default();
        let mut near = Self { words: [&[]; MOST_WORDS], n: 0 };
        near.add(text.key().as_bytes());
        near.add(before);
        near
    }

    fn add(&mut self, text: &'a [u8]) {
        // The nearest words first: only so many are kept.
        for word in split(text).rev() {
            let Some(place) = self.words.get_mut(self.n) else { return };
            *place = word;
            self.n += 1;
        }
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().take(self.n).any(|near| near.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// The words of a text: letters and digits that stand together, split where a capital follows a small letter or
/// a digit.
pub(super) fn split(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let parts = text.split(|byte| !byte.is_ascii_alphanumeric());
    let by_case =
        |part| <[u8]>::chunk_by(part, |left, right| left.is_ascii_uppercase() || !right.is_ascii_uppercase());
    parts.flat_map(by_case)
}

/// What stands around a place between blanks, as far as it matters.
pub(super) fn around(bytes: &[u8], place: usize) -> Range<usize> {
    const MOST: usize = 64;
    let before = bytes.get(place.saturating_sub(MOST)..place).unwrap_or_default();
    let n_before = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace()).count();
    let after = bytes.get(place..).unwrap_or_default().iter().take(MOST);
    place - n_before..place + after.take_while(|byte| !byte.is_ascii_whitespace()).count()
}
