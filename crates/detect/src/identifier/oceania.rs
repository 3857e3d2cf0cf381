//! Australia and New Zealand.

use super::check::{digit, is_one_digit};
use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::weighted;
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::AU_ABN,
        forms: &["99~999~999~999"],
        check: is_abn,
        strength: Strength::Weak,
        topic: Topic::AuAbn,
    },
    Identifier {
        class: catalog::AU_ACN,
        forms: &["999~999~999"],
        check: is_acn,
        strength: Strength::Weak,
        topic: Topic::AuAcn,
    },
    Identifier {
        class: catalog::AU_MEDICARE,
        forms: &["9999~99999~9", "9999~99999~9~9"],
        check: is_medicare,
        strength: Strength::Weak,
        topic: Topic::AuMedicare,
    },
    Identifier {
        class: catalog::AU_TFN,
        forms: &["999~999~999", "99~999~999", "999~999~99"],
        check: is_tfn,
        strength: Strength::Weak,
        topic: Topic::AuTfn,
    },
    Identifier {
        class: catalog::NZ_IRD,
        forms: &["99~999~999", "999~999~999"],
        check: is_ird,
        strength: Strength::Weak,
        topic: Topic::NzIrd,
    },
];

/// Australian business numbers: one less than the first digit, modulo 89 (ABR).
fn is_abn(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    // The first digit counts one less, ten times, and is never 0.
    digit(number, 0) != Some(0) && sum % 89 == 10
}

/// Australian company numbers: modulo 10 (ASIC).
fn is_acn(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    !is_one_digit(number) && sum.is_multiple_of(10)
}

/// Australian health insurance numbers: eight digits and their check, the issue of the card, perhaps the person on it.
fn is_medicare(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[1, 3, 7, 9, 1, 3, 7, 9]);
    let is_state = matches!(digit(number, 0), Some(2..=6));
    is_state
        && digit(number, 9) != Some(0)
        && digit(number, 10) != Some(0)
        && digit(number, 8) == Some(sum % 10)
}

/// Australian tax file numbers: modulo 11, of nine digits or, the older ones, of eight.
fn is_tfn(number: &Compact) -> bool {
    let sum = match number.bytes().len() {
        8 => weighted(number.digits(), &[10, 7, 8, 4, 6, 3, 5, 1]),
        _ => weighted(number.digits(), &[1, 4, 3, 7, 5, 8, 6, 9, 10]),
    };
    !is_one_digit(number) && sum.is_multiple_of(11)
}

/// New Zealand tax numbers: modulo 11, with second weights where the first give 10 (Inland Revenue).
fn is_ird(number: &Compact) -> bool {
    let padding = std::iter::repeat_n(0, 9_usize.saturating_sub(number.bytes().len()));
    let digits = padding.chain(number.digits());
    let want = |weights: &[u32]| (11 - weighted(digits.clone(), weights) % 11) % 11;
    let want = match want(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => want(&[7, 4, 3, 2, 5, 2, 7, 6]),
        want => want,
    };
    let is_given = number.as_str().parse::<u64>().is_ok_and(|ird| (10_000_000..=150_000_000).contains(&ird));
    is_given && number.digits().next_back() == Some(want)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn published_numbers_are_found_and_look_alikes_are_not() {
        check(
            catalog::AU_ABN,
            "ABN",
            &[("51 824 753 556", false), ("51824753556", false)],
            &["51 824 753 557", "00000000000"],
        );
        check(
            catalog::AU_ACN,
            "ACN",
            &[("004 085 616", false), ("010499966", false)],
            &["004 085 617", "000000000"],
        );
        check(
            catalog::AU_MEDICARE,
            "Medicare card",
            &[("2123 45670 1", false), ("2123456701", false), ("2123 45670 1/1", false)],
            &["2123 45671 1", "7123 45670 1"],
        );
        check(
            catalog::AU_TFN,
            "TFN",
            &[("123 456 782", false), ("876543210", false)],
            &["123 456 783", "000000000"],
        );
        check(catalog::AU_TFN, "tax file number", &[("37118629", false)], &["37118628"]);
        check(
            catalog::NZ_IRD,
            "IRD",
            &[("49-091-850", false), ("49091850", false), ("136-410-132", false), ("35901981", false)],
            &["136410133", "9125568"],
        );
    }
}
