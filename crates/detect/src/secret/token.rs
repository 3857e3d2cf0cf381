//! Tokens of services, known by how they start and how long they are.

mod table;

use std::sync::LazyLock;

use crate::Class;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use table::TOKENS;

/// The tokens that one service gives out.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) class: Class,
    /// How every one starts.
    pub(crate) prefix: &'static str,
    /// What follows.
    pub(crate) body: Body,
    /// How many characters follow, at least and at most.
    pub(crate) length: (usize, usize),
}

/// The characters after the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Letters and digits.
    Alphanumeric,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    /// Digits and `a` to `f`.
    Hex,
    /// Capitals and digits.
    Upper,
}

impl Body {
    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

/// How many different characters a token has at least. Fewer are a place for one, as in `ghp_xxxxxxxx`.
const LEAST_VARIETY: u32 = 6;

/// Looks for tokens in the long word that starts at `start`: there, and wherever a letter or digit follows a sign.
pub(crate) fn look(text: &Text<'_, '_>, start: usize, hits: &mut Vec<Finding>) {
    let Some(word) = text.bytes().get(start..) else { return };
    let is_word =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'/' | b'_');
    let length = word.iter().take_while(is_word).count();
    let word = word.get(..length).unwrap_or_default();
    let mut position = escape_before(text.bytes(), start);
    while let Some(rest) = word.get(position..).filter(|rest| !rest.is_empty()) {
        let n_token = token_at(rest).map(|(token, n)| {
            let range = start + position..start + position + n;
            hits.push(Finding { class: token.class, range, confidence: Confidence::High });
            n
        });
        position += n_token.unwrap_or_else(|| next_part(rest));
    }
}

/// How many of the first letters of a word belong to an escape such as `\n` that starts before it.
fn escape_before(bytes: &[u8], start: usize) -> usize {
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    match (before, bytes.get(start)) {
        (Some(b'\\'), Some(b'u')) => 5,
        (Some(b'\\'), Some(b'b' | b'f' | b'n' | b'r' | b't')) => 1,
        _ => 0,
    }
}

/// How far it is to the next place where a letter or digit follows a sign.
fn next_part(word: &[u8]) -> usize {
    let starts = |pair: &[u8]| matches!(pair, [sign, next] if !sign.is_ascii_alphanumeric() && next.is_ascii_alphanumeric());
    word.windows(2).position(starts).map_or(word.len(), |sign| sign + 1)
}

/// The token that a word starts with, and how long it is.
fn token_at(word: &[u8]) -> Option<(&'static Token, usize)> {
    let candidates = BY_FIRST.get(usize::from(*word.first()?))?;
    candidates.iter().find_map(|token| {
        let body = word.strip_prefix(token.prefix.as_bytes())?;
        let n = body.iter().take(token.length.1 + 1).take_while(|byte| token.body.holds(**byte)).count();
        let is_one = (token.length.0..=token.length.1).contains(&n) && is_varied(body.get(..n)?);
        is_one.then_some((*token, token.prefix.len() + n))
    })
}

fn is_varied(body: &[u8]) -> bool {
    let seen =
        body.iter().fold(0_u128, |seen, byte| seen | 1_u128.checked_shl(u32::from(*byte)).unwrap_or(0));
    seen.count_ones() >= LEAST_VARIETY.min(u32::try_from(body.len() / 2).unwrap_or(u32::MAX))
}

/// The tokens by their first byte, longer prefixes first.
static BY_FIRST: LazyLock<Vec<Vec<&'static Token>>> = LazyLock::new(|| {
    let mut places: Vec<Vec<&'static Token>> = vec![Vec::new(); 256];
    for token in TOKENS {
        let place = token.prefix.bytes().next().and_then(|first| places.get_mut(usize::from(first)));
        place.into_iter().for_each(|tokens| tokens.push(token));
    }
    places.iter_mut().for_each(|tokens| tokens.sort_by_key(|token| std::cmp::Reverse(token.prefix.len())));
    places
});
