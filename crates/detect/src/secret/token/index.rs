//! Which tokens can stand at a place.

use std::sync::{LazyLock, OnceLock};

use super::{OPEN, Part, Token, all, shape};
use crate::secret::words;

/// The tokens, by the byte that gives them away.
#[derive(Debug)]
pub(super) struct Index {
    by_first: Vec<Vec<Anchor>>,
    whole: ByLength,
    /// Those that are one only where something near says so.
    named: ByLength,
}

/// Tokens that are whole words, by how long those are. Which ones a length has is worked out when a word first has it.
#[derive(Debug)]
struct ByLength {
    all: Vec<Whole>,
    known: [OnceLock<Vec<Whole>>; LENGTHS],
}

/// A text in a token that gives it away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    text: &'static [u8],
    head: Head,
    /// How many characters there are before it.
    pub(super) lead: usize,
    pub(super) token: &'static Token,
}

/// The first bytes of a text as a number, so that most texts are told apart by one comparison.
#[derive(Clone, Copy, Debug)]
struct Head {
    bytes: u32,
    mask: u32,
}

/// A token that is a whole word, and how long that is.
#[derive(Clone, Copy, Debug)]
struct Whole {
    length: (usize, usize),
    signs: Signs,
    token: &'static Token,
}

/// Which of the signs that words have: `+`, `-`, `.`, `/` and `_`; and whether letters are of one case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

/// How long a word is that is looked up by its length.
const LENGTHS: usize = 96;

pub(super) static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

impl Index {
    fn new() -> Self {
        let mut index =
            Self { by_first: vec![Vec::new(); 128], whole: ByLength::new(), named: ByLength::new() };
        for token in all() {
            match anchor(token) {
                Some(anchor) => {
                    let first =
                        anchor.text.first().and_then(|first| index.by_first.get_mut(usize::from(*first)));
                    first.into_iter().for_each(|anchors| anchors.push(anchor));
                }
                None if token.cues.is_empty() => index.whole.all.push(Whole::new(token)),
                None => index.named.all.push(Whole::new(token)),
            }
        }
        index
    }

    /// The tokens with what a text starts with in them.
    pub(super) fn at(&self, text: &[u8]) -> impl Iterator<Item = &Anchor> {
        let first = text.first().and_then(|first| self.by_first.get(usize::from(*first)));
        let head = Head::of(text);
        first
            .into_iter()
            .flatten()
            .filter(move |anchor| anchor.head.starts(head) && text.starts_with(anchor.text))
    }

    /// The tokens that a word of this length and with these signs can be.
    pub(super) fn of_length(&self, n: usize, signs: Signs) -> impl Iterator<Item = &'static Token> {
        self.whole.of(n, signs)
    }

    /// The tokens that such a word can be where something near says so.
    pub(super) fn named_of_length(&self, n: usize, signs: Signs) -> impl Iterator<Item = &'static Token> {
        self.named.of(n, signs)
    }
}

impl Signs {
    /// Those in a word.
    pub(super) fn of(word: &[u8]) -> Self {
        let has_both = word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase);
        let one_case = if has_both { 0 } else { ONE_CASE };
        Self(Self::in_text(word) | one_case)
    }

    /// Those that can be in a token.
    fn of_token(token: &Token) -> Self {
        let of_part = |part: &Part| match part {
            Part::Text(text) => Self::in_text(text.as_bytes()),
            Part::Run(alphabet, ..) => {
                let held = SIGNS.iter().filter(|sign| alphabet.holds(**sign));
                held.fold(0, |signs, sign| signs | Self::bit(*sign))
            }
        };
        let one_case = if needs_both_cases(token) { 0 } else { ONE_CASE };
        // A token may stand before the stop of a sentence.
        Self(token.parts.iter().fold(Self::bit(b'.') | one_case, |signs, part| signs | of_part(part)))
    }

    fn in_text(text: &[u8]) -> u8 {
        text.iter().fold(0, |signs, byte| signs | Self::bit(*byte))
    }

    const fn bit(byte: u8) -> u8 {
        match byte {
            b'+' => 1,
            b'-' => 2,
            b'.' => 4,
            b'/' => 8,
            b'_' => 16,
            _ => 0,
        }
    }

    const fn are_in(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }
}

const SIGNS: [u8; 5] = *b"+-./_";
/// Set for a word without letters of both cases, and for a token that may be one.
const ONE_CASE: u8 = 32;

/// Whether a word that is this token has letters of both cases: it must look drawn at random, and nothing of it can stand
/// after the word.
fn needs_both_cases(token: &Token) -> bool {
    let is_in_word = |part: &Part| match part {
        Part::Text(text) => text.bytes().all(words::is_word),
        Part::Run(alphabet, ..) => alphabet.is_of_words(),
    };
    !token.cues.is_empty() && shape::is_mixed(token.parts) && token.parts.iter().all(is_in_word)
}

impl Whole {
    fn new(token: &'static Token) -> Self {
        Self { length: length(token), signs: Signs::of_token(token), token }
    }
}

impl Anchor {
    fn new(text: &'static str, lead: usize, token: &'static Token) -> Self {
        Self { text: text.as_bytes(), head: Head::of(text.as_bytes()), lead, token }
    }
}

impl Head {
    fn of(text: &[u8]) -> Self {
        if let Some(bytes) = text.first_chunk() {
            return Self { bytes: u32::from_le_bytes(*bytes), mask: u32::MAX };
        }
        let [mut bytes, mut mask] = [[0; 4]; 2];
        for ((to, set), from) in bytes.iter_mut().zip(&mut mask).zip(text) {
            (*to, *set) = (*from, u8::MAX);
        }
        Self { bytes: u32::from_le_bytes(bytes), mask: u32::from_le_bytes(mask) }
    }

    /// Whether a text with this head may start with the text that this is the head of.
    fn starts(self, text: Self) -> bool {
        text.bytes & self.mask == self.bytes
    }
}

impl ByLength {
    const fn new() -> Self {
        Self { all: Vec::new(), known: [const { OnceLock::new() }; LENGTHS] }
    }

    fn of(&self, n: usize, signs: Signs) -> impl Iterator<Item = &'static Token> {
        let fitting = move || {
            let fits = move |whole: &&Whole| (whole.length.0..=whole.length.1).contains(&n);
            self.all.iter().filter(fits).copied()
        };
        let known = self.known.get(n).map(|known| known.get_or_init(|| fitting().collect()));
        let unknown = known.is_none().then(fitting);
        let all = known.into_iter().flatten().copied().chain(unknown.into_iter().flatten());
        all.filter(move |whole| signs.are_in(whole.signs)).map(|whole| whole.token)
    }
}

/// The text to look for: what it starts with, or else what separates its parts and is in no word.
fn anchor(token: &'static Token) -> Option<Anchor> {
    if let [Part::Text(text), next, ..] = token.parts
        && matches!(next, Part::Run(..))
    {
        return Some(Anchor::new(text, 0, token));
    }
    let mut lead = 0;
    let mut found = None;
    for part in token.parts {
        match part {
            Part::Text(text) => {
                let is_sign = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b'=');
                let is_anchor = text.as_bytes().first().is_some_and(is_sign) || text.contains('~');
                if is_anchor && (token.cues.is_empty() || text.contains(':')) {
                    found = Some(Anchor::new(text, lead, token));
                }
                lead += text.len();
            }
            Part::Run(_, least, most) if least == most => lead += least,
            Part::Run(..) => return found,
        }
    }
    found
}

/// How long the word is that a token is.
fn length(token: &Token) -> (usize, usize) {
    token.parts.iter().fold((0, 0), |(least, most), part| match part {
        Part::Text(text) => {
            let n = text.trim_end_matches('=').len();
            (least + n, most + n)
        }
        Part::Run(_, n_least, n_most) => {
            (least + n_least, n_most.saturating_add(if *n_most == OPEN { 0 } else { most }))
        }
    })
}
