//! Card numbers that are JSON numbers.
//!
//! A card need not be a string to leave: `4111111111111111`, `4111111111111111.0` and `4.111111111111111e15` are the
//! same value. Other values that are digits only are found in a whole number as in a text.

use std::iter::repeat_n;

use crate::card::{CARD_DIGITS, is_card};
use crate::catalog;
use crate::detectors::scan_view;
use crate::finding::{Confidence, Finding};
use crate::glyph::View;

/// How many characters a number that is a value has at least.
const LEAST_DIGITS: usize = 8;

/// Finds the value that a JSON number (RFC 8259 §6) is. Nothing also for text that is no JSON number.
pub(crate) fn scan(key: &str, text: &str) -> Vec<Finding> {
    // Most numbers are too short to be anything.
    if text.len() < LEAST_DIGITS {
        return Vec::new();
    }
    let whole = 0..text.len();
    if integer_digits(text).is_some_and(|digits| is_card(&digits)) {
        return vec![Finding { class: catalog::CARD, range: whole, confidence: Confidence::High }];
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mut hits = scan_view(key, &View::new(text));
    hits.retain(|hit| hit.range == whole);
    hits
}

/// The digits of the card that a JSON number is.
pub(crate) fn card(text: &str) -> Option<String> {
    let digits = integer_digits(text).filter(|digits| is_card(digits))?;
    Some(digits.into_iter().map(|digit| char::from(digit + b'0')).collect())
}

/// The digits of the whole number that `text` is, if it has as many as a card. The sign does not matter.
fn integer_digits(text: &str) -> Option<Vec<u8>> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = i64::try_from(fraction.len()).ok()?;
    let digits: Vec<u8> = values(whole).chain(values(fraction)).collect::<Option<_>>()?;
    let digits = shift(digits, exponent.checked_sub(places)?)?;
    let first = digits.iter().position(|digit| *digit != 0)?;
    digits.get(first..).map(<[u8]>::to_vec)
}

fn values(digits: &str) -> impl Iterator<Item = Option<u8>> + '_ {
    digits.bytes().map(|byte| byte.checked_sub(b'0').filter(|digit| *digit < 10))
}

/// Multiplies by ten to the power of `exponent`; `None` if the result is no whole number or too long for a card.
fn shift(mut digits: Vec<u8>, exponent: i64) -> Option<Vec<u8>> {
    let n_places = usize::try_from(exponent.unsigned_abs()).ok()?;
    if exponent < 0 {
        let cut = digits.split_off(digits.len().checked_sub(n_places)?);
        return cut.iter().all(|digit| *digit == 0).then_some(digits);
    }
    if n_places > *CARD_DIGITS.end() {
        return None;
    }
    digits.extend(repeat_n(0, n_places));
    Some(digits)
}

#[cfg(test)]
mod tests {
    use crate::Detectors;

    #[test]
    fn a_card_is_found_however_the_number_is_written() {
        for text in [
            "4111111111111111",
            "-4111111111111111",
            "4111111111111111.0",
            "4111111111111111.000",
            "4.111111111111111e15",
            "4111111111111.111E+3",
            "41111111111111110e-1",
            "378282246310005",
            "37828224631000.5e1",
        ] {
            let findings = Detectors::builtin().scan_number("", text);
            let found: Vec<_> = findings.iter().map(|finding| text.get(finding.range.clone())).collect();
            assert_eq!(found, [Some(text)], "number: {text}");
        }
    }

    #[test]
    fn other_numbers_are_not_cards() {
        for text in [
            "0",
            "-1",
            "4111111111111112",
            "4111111111111111.5",
            "0.4111111111111111",
            "4.111111111111111",
            "4111111111111111e1",
            "4111111111111111e-1",
            "4e15",
            "1e999999999999999999999",
            "1e9223372036854775807",
            "1.5e-9223372036854775808",
            "1700000000000",
            "",
            "true",
            "4111 1111 1111 1111",
        ] {
            assert!(Detectors::builtin().scan_number("", text).is_empty(), "number: {text}");
        }
    }
}
