//! The Netherlands and Belgium.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_one_digit, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::BE_NATIONAL_NUMBER,
        forms: &["99~99~99~999~99", "999999~999~99"],
        check: is_national_number,
        strength: Strength::Strong,
        topic: Topic::BeNationalNumber,
    },
    Identifier {
        class: catalog::NL_BSN,
        forms: &["999999999", "9999~99~999", "999 999 999"],
        check: is_bsn,
        strength: Strength::Weak,
        topic: Topic::NlBsn,
    },
];

/// Service numbers of citizens: the test of eleven, in which the last digit counts as negative.
fn is_bsn(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[9, 8, 7, 6, 5, 4, 3, 2]);
    !is_one_digit(number.digits()) && number.digits().next_back().map(|last| last % 11) == Some(sum % 11)
}

/// National numbers (royal decree of 3 April 1984): the date of birth, a serial, and a check modulo 97, before which
/// somebody born since 2000 puts a 2. Numbers of foreigners have 20 or 40 added to the month; what is not known of a
/// date is zero.
fn is_national_number(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let (born, check) = (part(0..9), part(9..11));
    let is_date = matches!(part(2..4), 0..=12 | 20..=32 | 40..=52) && part(4..6) <= 31;
    let is_serial = matches!(part(6..9), 1..=998);
    is_date && is_serial && [born, born + 2_000_000_000].into_iter().any(|born| check == 97 - born % 97)
}
