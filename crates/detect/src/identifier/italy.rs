//! Italy.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::luhn;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::IT_FISCAL_CODE,
        forms: &["AAAAAAXXAXXAXXXA", "AAAAAA 99A99 A999A"],
        check: is_fiscal_code,
        strength: Strength::Strong,
        topic: Topic::ItFiscalCode,
    },
    Identifier {
        class: catalog::IT_VAT,
        forms: &["AA~99999999999"],
        check: |number| number.bytes().strip_prefix(b"IT").is_some() && is_vat(number),
        strength: Strength::Strong,
        topic: Topic::ItVat,
    },
    Identifier {
        class: catalog::IT_VAT,
        forms: &["99999999999"],
        check: is_vat,
        strength: Strength::Weak,
        topic: Topic::ItVat,
    },
];

/// Fiscal codes (DM 23 December 1976): names, year, month as a letter, day (a woman's has 40 added), place, check letter.
/// Where two people would have the same, digits are letters (omocodia); of those, codes whose year is all letters are
/// not found.
fn is_fiscal_code(number: &Compact) -> bool {
    let bytes = number.bytes();
    let digit = |place: usize| bytes.get(place).copied().and_then(digit_of);
    let day = digit(9).zip(digit(10)).map_or(0, |(tens, ones)| tens * 10 + ones);
    let are_digits = [6, 7, 12, 13, 14].into_iter().all(|place| digit(place).is_some());
    let values = bytes.iter().take(15).enumerate().filter_map(|(place, byte)| {
        let value = usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') });
        if place % 2 == 0 { ODD_PLACES.get(value).copied() } else { Some(value) }
    });
    let check = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ".get(values.sum::<usize>() % 26);
    are_digits
        && matches!(day, 1..=31 | 41..=71)
        && bytes.get(8).is_some_and(|month| b"ABCDEHLMPRST".contains(month))
        && check == bytes.get(15)
}

/// What the characters of the first, third and all other odd places add, digits as the letters of the same value.
const ODD_PLACES: [usize; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// The digit that a character is, or stands for in a code that had to differ from another.
fn digit_of(byte: u8) -> Option<usize> {
    let place = |alphabet: &[u8]| alphabet.iter().position(|letter| *letter == byte);
    place(b"0123456789").or_else(|| place(b"LMNPQRSTUV"))
}

/// VAT numbers: seven digits, the office of a province, and the sum of Luhn.
fn is_vat(number: &Compact) -> bool {
    let first = number.bytes().len().saturating_sub(11);
    let office = number.number(first + 7..first + 10);
    number.number(first..first + 7) != Some(0)
        && matches!(office, Some(1..=100 | 120 | 121 | 888 | 999))
        && luhn(number.digits().rev())
}
