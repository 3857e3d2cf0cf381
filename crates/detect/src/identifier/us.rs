//! The United States.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_day, is_one_digit, luhn, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::US_BANK_ACCOUNT,
        forms: &[
            "99999999",
            "999999999",
            "9999999999",
            "99999999999",
            "999999999999",
            "9999999999999",
            "99999999999999",
            "999999999999999",
            "9999999999999999",
            "99999999999999999",
        ],
        check: is_account,
        strength: Strength::Unchecked,
        topic: Topic::UsBankAccount,
    },
    Identifier {
        class: catalog::US_BANK_ROUTING,
        forms: &["999999999", "9999-9999-9"],
        check: is_routing,
        strength: Strength::Weak,
        topic: Topic::UsBankRouting,
    },
    Identifier {
        class: catalog::US_DEA,
        forms: &["AA~9999999", "A99999999"],
        check: is_dea,
        strength: Strength::Weak,
        topic: Topic::UsDea,
    },
    Identifier {
        class: catalog::US_DRIVING_LICENCE,
        forms: DRIVING_LICENCES,
        check: |_| true,
        strength: Strength::Unchecked,
        topic: Topic::DrivingLicence,
    },
    Identifier {
        class: catalog::US_ITIN,
        forms: &["999-99-9999"],
        check: is_itin,
        strength: Strength::Strong,
        topic: Topic::UsItin,
    },
    Identifier {
        class: catalog::US_ITIN,
        forms: &["999~99~9999"],
        check: is_itin,
        strength: Strength::Weak,
        topic: Topic::UsItin,
    },
    Identifier {
        class: catalog::US_NPI,
        forms: &["9999999999"],
        check: is_npi,
        strength: Strength::Weak,
        topic: Topic::UsNpi,
    },
    Identifier {
        class: catalog::US_PASSPORT,
        forms: &["999999999", "A99999999"],
        check: |_| true,
        strength: Strength::Unchecked,
        topic: Topic::UsPassport,
    },
    Identifier {
        class: catalog::US_SSN,
        forms: &["999-99-9999"],
        check: is_ssn,
        strength: Strength::Strong,
        topic: Topic::UsSsn,
    },
    Identifier {
        class: catalog::US_SSN,
        forms: &["999~99~9999"],
        check: is_ssn,
        strength: Strength::Weak,
        topic: Topic::UsSsn,
    },
];

/// How the states write the numbers of driving licences, as AAMVA lists them; those of fewer than seven characters are
/// left out.
const DRIVING_LICENCES: &[&str] = &[
    "9999999",
    "99999999",
    "999999999",
    "9999999999",
    "999999999999",
    // Maine, Vermont, Missouri.
    "9999999A",
    "99999999A",
    // Iowa, New Hampshire.
    "999AA9999",
    "99AAA99999",
    // One letter and six to fourteen digits: most of the others.
    "A999999",
    "A9999999",
    "A99999999",
    "A999999999",
    "A9999999999",
    "A99999999999",
    "A999999999999",
    "A9999999999999",
    "A99999999999999",
    // Florida, Illinois, Maryland and Michigan, Minnesota, Wisconsin, in groups.
    "A999-999-99-999-9",
    "A999-9999-9999",
    "A~999~999~999~999",
    "A999-9999-9999-99",
    // Oregon and Ohio, Idaho, North Dakota, Washington.
    "AA99999",
    "AA999999",
    "AA999999A",
    "AAA999999",
    "AAA~99~9999",
    "AAAAAAA999XX",
];

/// Social security numbers: no part is all zeros, and the first is neither 666 nor above 899 (SSA, since 2011).
///
/// The numbers that advertisements made void, 078-05-1120 and 219-09-9999, count. They are somebody's number in a wrong
/// form more often than they are an example, and what is tried with an example must behave as with any other.
fn is_ssn(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let (area, group, serial) = (part(0..3), part(3..5), part(5..9));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

/// Individual taxpayer identification numbers: 9, and fourth and fifth digits of the ranges that the IRS gives out.
fn is_itin(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    part(0..1) == 9 && matches!(part(3..5), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Routing numbers of the American Bankers Association: a district of the Federal Reserve and a weighted sum.
fn is_routing(number: &Compact) -> bool {
    let district = number.number(0..2).unwrap_or_default();
    matches!(district, 1..=12 | 21..=32 | 61..=72 | 80)
        && weighted(number.digits(), &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Account numbers have no check; a day that is written as eight digits is none, nor is a number that says nothing.
fn is_account(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let is_date =
        number.bytes().len() == 8 && matches!(part(0..4), 1900..=2099) && is_day(part(6..8), part(4..6));
    !is_date && !is_one_digit(number.digits())
}

/// National provider identifiers: 1 or 2 first, and the sum of Luhn after 80840 (45 CFR 162.406).
fn is_npi(number: &Compact) -> bool {
    let is_first = matches!(number.digits().next(), Some(1 | 2));
    is_first && luhn(number.digits().rev().chain([0, 4, 8, 0, 8]))
}

/// Registrations of the Drug Enforcement Administration: the kind of registrant, the first letter of a name or a 9, and
/// a check digit.
fn is_dea(number: &Compact) -> bool {
    let [kind, second, digits @ ..] = number.bytes() else { return false };
    let values = digits.iter().map(|digit| u32::from(digit.wrapping_sub(b'0')));
    let sum = weighted(values, &[1, 2, 1, 2, 1, 2]);
    let check = number.digits().next_back();
    (second.is_ascii_alphabetic() || *second == b'9')
        && b"ABCDEFGHJKLMPRSTUX".contains(kind)
        && check == Some(sum % 10)
}
