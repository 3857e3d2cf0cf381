//! Africa and the Middle East.

use super::check::{digit, has_date, is_luhn, is_one_digit};
use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::AE_EMIRATES_ID,
        forms: &["999~9999~9999999~9"],
        check: is_checked_emirates,
        strength: Strength::Strong,
        topic: Topic::AeEmiratesId,
    },
    Identifier {
        class: catalog::AE_EMIRATES_ID,
        forms: &["999~9999~9999999~9"],
        check: is_emirates,
        strength: Strength::Weak,
        topic: Topic::AeEmiratesId,
    },
    Identifier {
        class: catalog::IL_ID,
        forms: &["99999999~9"],
        check: is_israeli,
        strength: Strength::Weak,
        topic: Topic::IlId,
    },
    Identifier {
        class: catalog::TR_TCKN,
        forms: &["99999999999", "999 999 999 99"],
        check: is_turkish,
        strength: Strength::Weak,
        topic: Topic::TrTckn,
    },
    Identifier {
        class: catalog::ZA_ID,
        forms: &["999999~9999~99~9", "999999~9999~9~9~9"],
        check: is_south_african,
        strength: Strength::Weak,
        topic: Topic::ZaId,
    },
];

/// Emirates identity numbers: the country's ISO 3166 number, a year of birth, a sequence, one more digit.
fn is_emirates(number: &Compact) -> bool {
    number.number(0..3) == Some(784) && matches!(number.number(3..7), Some(1900..=2099))
}

/// Those whose last digit is Luhn's. The authority publishes no check, so that others count near a cue.
fn is_checked_emirates(number: &Compact) -> bool {
    is_emirates(number) && is_luhn(number)
}

/// Israeli identity numbers: Luhn, over nine digits with leading zeros.
fn is_israeli(number: &Compact) -> bool {
    !is_one_digit(number) && is_luhn(number)
}

/// Turkish identity numbers: the tenth digit is a check modulo 10 over odd and even places, the eleventh over all.
fn is_turkish(number: &Compact) -> bool {
    let sum = |from: usize| number.digits().take(9).skip(from).step_by(2).sum::<u32>();
    let tenth = (sum(0) * 7 + 90 - sum(1)) % 10;
    let all = number.digits().take(10).sum::<u32>();
    digit(number, 0) != Some(0) && digit(number, 9) == Some(tenth) && digit(number, 10) == Some(all % 10)
}

/// South African identity numbers: a date of birth, a sequence, the citizenship, one digit that tells nothing any more,
/// and Luhn's.
fn is_south_african(number: &Compact) -> bool {
    has_date(number, 0) && matches!(digit(number, 10), Some(0..=2)) && is_luhn(number)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn published_numbers_are_found_and_look_alikes_are_not() {
        check(
            catalog::AE_EMIRATES_ID,
            "Emirates ID",
            &[("784-1980-1234567-8", true), ("784198012345678", true), ("784-1980-1234567-1", false)],
            &["784-1234-1234567-1", "785-1980-1234567-8"],
        );
        check(
            catalog::IL_ID,
            "Teudat Zehut",
            &[("039337423", false), ("03933742-3", false)],
            &["039337424", "000000000"],
        );
        check(catalog::IL_ID, "תעודת זהות", &[("516179157", false)], &[]);
        check(catalog::TR_TCKN, "T.C. Kimlik No", &[("17291716060", false)], &["17291716050", "07291716092"]);
        check(
            catalog::ZA_ID,
            "South African ID",
            &[("7503305044089", false), ("800101 5009 087", false)],
            &["8503305044089", "9125568", "8013015009087"],
        );
    }
}
