//! Spain and Portugal.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_one_digit, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::ES_CIF,
        forms: &["A~9999999~X"],
        check: is_cif,
        strength: Strength::Weak,
        topic: Topic::EsCif,
    },
    Identifier {
        class: catalog::ES_NIE,
        forms: &["A~9999999~A"],
        check: is_nie,
        strength: Strength::Strong,
        topic: Topic::EsNie,
    },
    Identifier {
        class: catalog::ES_NIF,
        forms: &["99999999~A", "99.999.999~A"],
        check: is_nif,
        strength: Strength::Strong,
        topic: Topic::EsNif,
    },
    Identifier {
        class: catalog::PT_NIF,
        forms: &["AA~999999999"],
        check: |number| number.bytes().strip_prefix(b"PT").is_some() && is_portuguese(number),
        strength: Strength::Strong,
        topic: Topic::PtNif,
    },
    Identifier {
        class: catalog::PT_NIF,
        forms: &["999~999~999"],
        check: is_portuguese,
        strength: Strength::Weak,
        topic: Topic::PtNif,
    },
];

/// The letter of a number modulo 23 (Real Decreto 1553/2005).
fn letter(number: u64) -> Option<u8> {
    let rest = usize::try_from(number % 23).ok()?;
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(rest).copied()
}

/// Numbers of the national identity document.
fn is_nif(number: &Compact) -> bool {
    let digits = number.number(0..8).filter(|digits| *digits != 0);
    digits.and_then(letter).as_ref() == number.bytes().last()
}

/// Numbers of foreigners: `X`, `Y` or `Z` for a first digit of 0, 1 or 2.
fn is_nie(number: &Compact) -> bool {
    let first = match number.bytes().first() {
        Some(b'X') => 0,
        Some(b'Y') => 10_000_000,
        Some(b'Z') => 20_000_000,
        Some(_) | None => return false,
    };
    number.number(1..8).and_then(|digits| letter(first + digits)).as_ref() == number.bytes().last()
}

/// Numbers of companies: the kind of company, seven digits, and a check that some kinds write as a letter.
fn is_cif(number: &Compact) -> bool {
    let Some((kind, last)) = number.bytes().first().zip(number.bytes().last()) else { return false };
    let sum: u32 = number
        .digits()
        .take(7)
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    let check = usize::try_from((10 - sum % 10) % 10).unwrap_or_default();
    let is_digit = b"0123456789".get(check) == Some(last);
    let is_letter = b"JABCDEFGHI".get(check) == Some(last);
    match kind {
        b'A' | b'B' | b'E' | b'H' => is_digit,
        b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => is_letter,
        b'C' | b'D' | b'F' | b'G' | b'J' | b'U' | b'V' => is_digit || is_letter,
        _ => false,
    }
}

/// Portuguese taxpayer numbers: modulo 11, a rest of ten as 0.
fn is_portuguese(number: &Compact) -> bool {
    let check = match weighted(number.digits(), &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    !matches!(number.digits().next(), Some(0 | 4))
        && !is_one_digit(number.digits())
        && number.digits().next_back() == Some(check)
}
