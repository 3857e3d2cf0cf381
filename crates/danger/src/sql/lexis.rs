//! A text as words, strings and signs, whatever the dialect.
//!
//! Comments and blanks are left out. Strings end where the quote is closed; a quote that nothing closes is a sign, and
//! what follows it is read as if it were not there, since a server may cut the text there.

use crate::work;

/// A word, a string or a sign, and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) start: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From `--` or `#` to the end of the line, or from `/*` to `*/` or the end.
    Comment,
    Sign,
    /// With its quotes.
    String,
    /// Letters, digits, `_`, `$`, `@`, and what is not ASCII.
    Word,
}

impl Item<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign && self.text.as_bytes() == [sign]
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_number(&self) -> bool {
        self.kind == Kind::Word && self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it may name a thing: a word or something in quotes.
    pub(super) fn is_name(&self) -> bool {
        match self.kind {
            Kind::Word => !self.is_number(),
            Kind::String => true,
            Kind::Sign => self.text == "[",
            Kind::Comment => false,
        }
    }
}

/// The items of a text without its comments.
pub(super) fn items(text: &str) -> Vec<Item<'_>> {
    all_items(text).filter(|item| item.kind != Kind::Comment).collect()
}

/// The items of a text, comments among them.
pub(super) fn all_items(text: &str) -> impl Iterator<Item = Item<'_>> {
    let mut lexer = Lexer { text, position: 0, open: [false; 3] };
    std::iter::from_fn(move || lexer.next())
}

#[derive(Debug)]
struct Lexer<'t> {
    text: &'t str,
    position: usize,
    /// Of each of [`QUOTES`], whether one that nothing closes was seen: there is no other after it.
    open: [bool; 3],
}

const QUOTES: [u8; 3] = *b"'\"`";

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Option<Item<'t>> {
        let rest = self.text.get(self.position..)?;
        self.position += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\0').len();
        let rest = self.text.get(self.position..)?.as_bytes();
        let (kind, length) = match rest {
            [] => return None,
            [b'-', b'-', ..] | [b'#', ..] => (Kind::Comment, line(rest)),
            [b'/', b'*', after @ ..] => (Kind::Comment, find(after, b"*/").map_or(rest.len(), |end| end + 4)),
            [quote @ (b'\'' | b'"' | b'`'), ..] => self.string(*quote, rest),
            [byte, ..] if is_word(*byte) => {
                (Kind::Word, rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len()))
            }
            _ => (Kind::Sign, 1),
        };
        let start = self.position;
        self.position += length;
        work::add(length);
        Some(Item { kind, text: self.text.get(start..self.position)?, start })
    }

    fn string(&mut self, quote: u8, rest: &[u8]) -> (Kind, usize) {
        let Some(open) = QUOTES.iter().position(|other| *other == quote).and_then(|at| self.open.get_mut(at))
        else {
            return (Kind::Sign, 1);
        };
        let close = if *open { None } else { rest.iter().skip(1).position(|byte| *byte == quote) };
        work::add(if *open { 1 } else { close.unwrap_or(rest.len()) });
        *open = close.is_none();
        close.map_or((Kind::Sign, 1), |close| (Kind::String, close + 2))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@') || byte >= 0x80
}

fn line(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len())
}

pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
