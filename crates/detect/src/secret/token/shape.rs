//! Whether a text is written as a token is.

use super::{OPEN, Part};
use crate::secret::value::is_restless;

/// How many different characters a token has at least. Fewer are a place for one, as in `ghp_xxxxxxxx`.
const LEAST_VARIETY: u32 = 6;
/// How much of a token is searched for what examples have in them.
const JUDGED: usize = 256;
/// How much of a run of any length is judged, if it need not be longer.
const JUDGED_OPEN: usize = 64;

/// How long the token is that a text starts with.
pub(super) fn read(text: &[u8], parts: &[Part]) -> Option<usize> {
    let mut rest = text;
    let mut seen = Seen::default();
    let mut rest_of_parts = parts.iter();
    while let Some(part) = rest_of_parts.next() {
        rest = match (*part, rest_of_parts.as_slice().first()) {
            (Part::Text(part), _) => rest.strip_prefix(part.as_bytes())?,
            (Part::Run(alphabet, least, most), next) => {
                let n_most = if most == OPEN { least.max(JUDGED_OPEN) } else { most };
                let n = rest.iter().take(n_most).take_while(|byte| alphabet.holds(**byte)).count();
                let n = match next {
                    Some(Part::Text(text)) => until(rest, text.as_bytes(), least..=n)?,
                    Some(Part::Run(..)) => n,
                    None if most == OPEN => n,
                    None => end(rest, n, (least, most), |byte| alphabet.holds(byte))?,
                };
                let (run, after) = rest.split_at_checked(n).filter(|_| n >= least)?;
                seen.add(run);
                after
            }
        };
    }
    let n = text.len().checked_sub(rest.len())?;
    let token = text.get(..n)?;
    let judged = token.get(..JUDGED).unwrap_or(token);
    let is_one = ends(token, rest, parts) && seen.is_varied() && !is_example(judged);
    // What goes on is read only once it is part of a token, or each start would read all that follows.
    is_one.then(|| n + after(rest, parts))
}

/// How many more characters a token has that may have any number, with what fills up base64 whose length varies.
fn after(rest: &[u8], parts: &[Part]) -> usize {
    let (alphabet, n) = match parts.last() {
        Some(Part::Run(alphabet, _, OPEN)) => {
            (alphabet, rest.iter().take_while(|byte| alphabet.holds(**byte)).count())
        }
        Some(Part::Run(alphabet, least, most)) if least < most => (alphabet, 0),
        Some(Part::Run(..) | Part::Text(_)) | None => return 0,
    };
    let filling = rest.iter().skip(n).take(2).take_while(|byte| **byte == b'=').count();
    if alphabet.is_base64() { n + filling } else { n }
}

/// How many characters there are before `text`.
fn until(rest: &[u8], text: &[u8], range: std::ops::RangeInclusive<usize>) -> Option<usize> {
    range.into_iter().find(|n| rest.get(*n..).is_some_and(|rest| rest.starts_with(text)))
}

/// How many characters the last run has: all there are, but for the stop of a sentence.
fn end(rest: &[u8], n: usize, (least, most): (usize, usize), holds: impl Fn(u8) -> bool) -> Option<usize> {
    let goes_on = n == most && rest.get(n).is_some_and(|next| holds(*next));
    let is_stop = rest.get(n) == Some(&b'.') && !rest.get(n + 1).is_some_and(|next| holds(*next));
    if goes_on && !is_stop {
        return None;
    }
    let run = rest.get(..n)?;
    let n_stops = run.iter().rev().take_while(|byte| **byte == b'.').count();
    Some(n.checked_sub(n_stops).filter(|n| *n >= least).unwrap_or(n))
}

/// Whether a token that ends in a fixed text, not in a run, ends where a word does.
fn ends(token: &[u8], rest: &[u8], parts: &[Part]) -> bool {
    match (parts.last(), token.last(), rest.first()) {
        (Some(Part::Text(_)), Some(last), Some(next)) => {
            *next != b'=' && !(last.is_ascii_alphanumeric() && next.is_ascii_alphanumeric())
        }
        _ => true,
    }
}

/// Which characters the runs have.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    bytes: u128,
    n: usize,
}

impl Seen {
    fn add(&mut self, run: &[u8]) {
        let bit = |byte: &u8| 1_u128.checked_shl(u32::from(*byte)).unwrap_or_default();
        self.bytes = run.iter().fold(self.bytes, |seen, byte| seen | bit(byte));
        self.n += run.len();
    }

    fn is_varied(self) -> bool {
        let least = LEAST_VARIETY.min(u32::try_from(self.n / 2).unwrap_or(u32::MAX));
        self.bytes.count_ones() >= least
    }
}

/// Whether it is what documentation shows in the place of a token.
fn is_example(token: &[u8]) -> bool {
    let is_one =
        |part: &[u8]| part == b"EXAMPLE" || part.iter().all(|byte| matches!(byte, b'x' | b'X' | b'*'));
    token.windows(7).any(is_one)
}

/// Whether a token that has nothing but its length looks drawn at random: it has digits and letters, and letters of both
/// cases where it may have, which change often if there are no digits. Names have no digits, hashes in hexadecimal no
/// capitals.
pub(super) fn is_random(token: &[u8], parts: &[Part]) -> bool {
    let is_mixed = is_mixed(parts);
    let has = |is: fn(&u8) -> bool| token.iter().any(is);
    let has_both = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_drawn = has(u8::is_ascii_digit) || (is_mixed && is_restless(token));
    is_drawn && has(u8::is_ascii_alphabetic) && (has_both || !is_mixed)
}

/// Whether the longest stretch of a token has letters of both cases.
pub(super) fn is_mixed(parts: &[Part]) -> bool {
    let longest = parts.iter().fold((0, false), |longest, part| match part {
        Part::Run(alphabet, least, _) if *least > longest.0 => (*least, alphabet.is_mixed()),
        Part::Run(..) | Part::Text(_) => longest,
    });
    longest.1
}
