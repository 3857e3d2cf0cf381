//! Addresses of crypto currencies, each verified by its own checksum.
//!
//! Where an address has none (Solana, and Ethereum in one case), it is found near a word that speaks of one. Addresses
//! of Polkadot are not found.

mod base58;
mod bech32;
mod hash;

use crate::catalog;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

/// How long an address is, in bytes.
const SHORTEST: usize = 25;
const LONGEST: usize = 114;

/// Looks at the long word that starts at `start`: at its first letter or digit, and at those after a sign.
pub(crate) fn look_at_word(text: &Text<'_, '_>, start: usize, hits: &mut Vec<Finding>) {
    let bytes = text.bytes();
    let mut position = start + escape_before(bytes, start);
    loop {
        let rest = bytes.get(position..).unwrap_or_default();
        let n = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if (SHORTEST..=LONGEST).contains(&n) {
            look(text, position, rest.get(..n).unwrap_or_default(), hits);
        }
        match rest.get(n) {
            Some(b'+' | b'-' | b'.' | b'/' | b'_') => position += n + 1,
            Some(_) | None => return,
        }
    }
}

/// Looks at the letters and digits that stand together from `start` on.
fn look(text: &Text<'_, '_>, start: usize, word: &[u8], hits: &mut Vec<Finding>) {
    let range = start..start + word.len();
    let before = text.bytes().get(start.saturating_sub(6)..start).unwrap_or_default();
    let is_address = is_verified(word) || (is_plausible(word) && text.speaks_of(Topic::Crypto, &range));
    // The sign in `addr_test1` is a part of the address.
    let n_prefix = bech32::n_of_test_prefix(before, word);
    if is_address || n_prefix > 0 {
        let range = range.start - n_prefix..range.end;
        hits.push(Finding { class: catalog::CRYPTO_ADDRESS, range, confidence: Confidence::High });
    }
}

/// Whether it is an address with a checksum that holds.
fn is_verified(word: &[u8]) -> bool {
    match word {
        [b'0', b'x' | b'X', hex @ ..] => hash::is_ethereum(hex),
        [b'4' | b'8', ..] if word.len() > 90 => base58::is_monero(word),
        [b'q' | b'p' | b'Q' | b'P', ..] if word.len() == 42 => bech32::is_cash(word),
        [b'r', ..] => base58::is_ripple(word),
        _ => base58::is_checked(word) || bech32::is_address(word),
    }
}

/// Whether it has the form of an address that has no checksum.
fn is_plausible(word: &[u8]) -> bool {
    match word {
        [b'0', b'x', hex @ ..] => hash::is_one_case(hex),
        _ => base58::is_key(word),
    }
}

/// Whether the word is preceded by a sign of an escape such as `\n`, whose letter is none of it.
fn escape_before(bytes: &[u8], start: usize) -> usize {
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    let is_escape = before == Some(&b'\\') && matches!(bytes.get(start), Some(b'n' | b'r' | b't'));
    usize::from(is_escape)
}

#[cfg(test)]
mod tests;
