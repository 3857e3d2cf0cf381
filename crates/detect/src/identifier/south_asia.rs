//! India and the south east of Asia.

use super::check::{digit, ends_in, has_date, is_one_digit, is_verhoeff};
use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_date, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::ID_NIK,
        forms: &["9999999999999999", "999999~999999~9999"],
        check: is_nik,
        strength: Strength::Weak,
        topic: Topic::IdNik,
    },
    Identifier {
        class: catalog::IN_AADHAAR,
        forms: &["9999~9999~9999"],
        check: is_aadhaar,
        strength: Strength::Weak,
        topic: Topic::InAadhaar,
    },
    Identifier {
        class: catalog::IN_PAN,
        forms: &["AAAAA9999A"],
        check: is_pan,
        strength: Strength::Weak,
        topic: Topic::InPan,
    },
    Identifier {
        class: catalog::MY_NRIC,
        forms: &["999999~99~9999"],
        check: is_mykad,
        strength: Strength::Weak,
        topic: Topic::MyNric,
    },
    Identifier {
        class: catalog::SG_NRIC,
        forms: &["A9999999A"],
        check: is_nric,
        strength: Strength::Strong,
        topic: Topic::SgNric,
    },
    Identifier {
        class: catalog::TH_TNIN,
        forms: &["9-9999-99999-99-9"],
        check: is_tnin,
        strength: Strength::Strong,
        topic: Topic::ThTnin,
    },
    Identifier {
        class: catalog::TH_TNIN,
        forms: &["9~9999~99999~99~9"],
        check: is_tnin,
        strength: Strength::Weak,
        topic: Topic::ThTnin,
    },
];

/// Indonesian population numbers: province, regency, district, a date of birth with 40 more for women, a sequence.
fn is_nik(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let is_province =
        matches!(part(0..2), 11..=19 | 21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97);
    let day = match part(6..8) {
        woman @ 41.. => woman - 40,
        man => man,
    };
    let is_place = part(2..4) != 0 && part(4..6) != 0;
    is_province && is_place && is_date(2000 + part(10..12), part(8..10), day) && part(12..16) != 0
}

/// Indian identity numbers: Verhoeff's check; none starts with 0 or 1, and none reads the same backwards (UIDAI).
fn is_aadhaar(number: &Compact) -> bool {
    let is_palindrome = number.digits().eq(number.digits().rev());
    digit(number, 0) >= Some(2) && !is_palindrome && is_verhoeff(number)
}

/// Indian tax numbers: the fourth letter says what kind of holder (Income Tax Department).
fn is_pan(number: &Compact) -> bool {
    let is_holder = number.bytes().get(3).is_some_and(|holder| b"ABCFGHJLPT".contains(holder));
    is_holder && number.number(5..9) != Some(0)
}

/// Malaysian identity card numbers: a date of birth, a place of birth (JPN), a sequence.
fn is_mykad(number: &Compact) -> bool {
    let is_place =
        matches!(number.number(6..8), Some(1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99));
    is_place && has_date(number, 0)
}

/// Singapore identity card numbers, of citizens and permanent residents (S, T) and of foreigners (F, G, M).
fn is_nric(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[2, 7, 6, 5, 4, 3, 2]);
    let (offset, letters) = match number.bytes().first() {
        Some(b'S') => (0, "JZIHGFEDCBA"),
        Some(b'T') => (4, "JZIHGFEDCBA"),
        Some(b'F') => (0, "XWUTRQPNMLK"),
        Some(b'G') => (4, "XWUTRQPNMLK"),
        Some(b'M') => (3, "XWUTRQPNJLK"),
        _ => return false,
    };
    let place = usize::try_from((sum + offset) % 11).unwrap_or_default();
    letters.chars().nth(place).is_some_and(|want| ends_in(number, want))
}

/// Thai identity numbers: the kind of person, twelve digits, modulo 11.
fn is_tnin(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let is_kind = matches!(digit(number, 0), Some(1..=8));
    is_kind && !is_one_digit(number) && digit(number, 12) == Some((11 - sum % 11) % 10)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn published_numbers_are_found_and_look_alikes_are_not() {
        check(
            catalog::ID_NIK,
            "NIK",
            &[("3171011708450001", false), ("3171015708450001", false)],
            &["3171013208450001", "9971011708450001"],
        );
        check(
            catalog::IN_AADHAAR,
            "Aadhaar",
            &[("234123412346", false), ("2341 2341 2346", false), ("2341-2341-2346", false)],
            &["234123412347", "1234 1234 1237", "222222222222"],
        );
        check(catalog::IN_AADHAAR, "आधार", &[("२३४१ २३४१ २३४६", false)], &[]);
        check(
            catalog::IN_PAN,
            "PAN",
            &[("ACUPA7085R", false), ("acupa7085r", false)],
            &["ACUXA7085R", "ACUPA0000R"],
        );
        check(
            catalog::MY_NRIC,
            "MyKad",
            &[("770305-02-1234", false), ("770305021234", false)],
            &["771305-02-1234", "770305-17-1234"],
        );
        check(
            catalog::SG_NRIC,
            "NRIC",
            &[
                ("S1234567D", true),
                ("T1234567J", true),
                ("F1234567N", true),
                ("G1234567X", true),
                ("M5398242L", true),
            ],
            &["S1234567E", "A1234567D", "S12345678D"],
        );
        check(catalog::TH_TNIN, "TNIN", &[], &["9-1234-45678-78-1", "1234545678782"]);
        check(catalog::TH_TNIN, "บัตรประชาชน", &[("1-2345-45678-78-1", true), ("1234545678781", false)], &[]);
    }
}
