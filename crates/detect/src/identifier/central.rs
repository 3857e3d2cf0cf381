//! Poland, the Czech Republic and Slovakia.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_day, is_one_digit, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::CZ_RODNE_CISLO,
        forms: &["999999/9999"],
        check: is_rodne_cislo,
        strength: Strength::Strong,
        topic: Topic::CzRodneCislo,
    },
    Identifier {
        class: catalog::CZ_RODNE_CISLO,
        forms: &["999999~9999", "999999~999"],
        check: is_rodne_cislo,
        strength: Strength::Weak,
        topic: Topic::CzRodneCislo,
    },
    Identifier {
        class: catalog::PL_NIP,
        forms: &["AA~9999999999"],
        check: |number| number.bytes().strip_prefix(b"PL").is_some() && is_nip(number),
        strength: Strength::Strong,
        topic: Topic::PlNip,
    },
    Identifier {
        class: catalog::PL_NIP,
        forms: &["999~999~99~99", "999-99-99-999"],
        check: is_nip,
        strength: Strength::Weak,
        topic: Topic::PlNip,
    },
    Identifier {
        class: catalog::PL_PESEL,
        forms: &["99999999999"],
        check: is_pesel,
        strength: Strength::Weak,
        topic: Topic::PlPesel,
    },
];

/// Polish numbers of the population register: the date of birth with the century in the month, a serial, a check.
fn is_pesel(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    is_day(part(4..6), part(2..4) % 20)
        && weighted(number.digits(), &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Polish taxpayer numbers: modulo 11, and never a rest of ten.
fn is_nip(number: &Compact) -> bool {
    !is_one_digit(number.digits())
        && number.digits().next() != Some(0)
        && number.digits().next_back() == Some(weighted(number.digits(), &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)
}

/// Birth numbers (act 133/2000): the date of birth, a woman's month with 50 added, and with 20 added when a day's serials
/// are used up; since 1954 the whole is divisible by 11, or its first nine digits leave ten and the last is zero.
fn is_rodne_cislo(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let month = part(2..4) % 50;
    let is_date = is_day(part(4..6), if month > 20 { month - 20 } else { month });
    let is_checked = match number.bytes().len() {
        9 => part(0..2) <= 53 && part(6..9) != 0,
        _ => part(0..10) % 11 == 0 || (part(0..9) % 11 == 10 && part(9..10) == 0),
    };
    is_date && is_checked
}
