//! Payment card numbers, ISO/IEC 7812: the issuers we know, their lengths, and the Luhn check digit.
//!
//! What is not here: where numbers stand in text, which is `run`, and what surrounds them, which is `context`.

mod context;
mod groups;
mod issuer;
mod run;

pub(crate) use run::scan_run;

use std::ops::RangeInclusive;

use crate::checksum::luhn;

/// How many digits a card number has.
pub(crate) const CARD_DIGITS: RangeInclusive<usize> = 12..=19;

/// The most digits a card number has.
pub(crate) const MAX_DIGITS: usize = 19;

/// Whether `digits`, each 0 to 9, are a card number: a known issuer, one of its lengths, and a right check digit.
pub(crate) fn is_card(digits: &[u8]) -> bool {
    CARD_DIGITS.contains(&digits.len())
        && issuer::issues(digits)
        && luhn(digits.iter().rev().map(|digit| u32::from(*digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn published_test_numbers_of_every_issuer_are_cards() {
        for number in [
            "4111111111111111",    // Visa
            "4222222222222",       // Visa, 13 digits
            "4000000000000000006", // Visa, 19 digits
            "5555555555554444",    // Mastercard
            "2223003122003222",    // Mastercard, 2-series
            "2720994326581252",    // Mastercard, end of the 2-series
            "378282246310005",     // American Express
            "341111111111111",     // American Express
            "6011111111111117",    // Discover
            "6445644564456445",    // Discover
            "3530111333300000",    // JCB
            "30569309025904",      // Diners Club
            "36227206271667",      // Diners Club
            "38520000023237",      // Diners Club
            "6200000000000005",    // UnionPay
            "6759649826438453",    // Maestro
            "6799990100000000019", // Maestro, 19 digits
        ] {
            assert!(is_card(&digits(number)), "number: {number}");
        }
    }

    #[test]
    fn a_wrong_digit_length_or_issuer_is_no_card() {
        for number in [
            "4111111111111112",     // check digit
            "41111111111111",       // Visa has no 14 digits: issuer and length disagree
            "0000000000000000",     // no issuer
            "1234567812345670",     // Luhn holds, no issuer
            "9999999999999995",     // Luhn holds, no issuer
            "41111111111",          // too short
            "40000000000000000000", // too long
            "",
        ] {
            assert!(!is_card(&digits(number)), "number: {number}");
        }
    }
}
