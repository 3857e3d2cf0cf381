//! China with Hong Kong, Japan, Korea, Taiwan.

use super::check::{digit, ends_in, has_date, is_one_digit};
use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_date, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::CN_RESIDENT_ID,
        forms: &["99999999999999999X", "999999 99999999 999X"],
        check: is_chinese,
        strength: Strength::Strong,
        topic: Topic::CnResidentId,
    },
    Identifier {
        class: catalog::HK_HKID,
        forms: &["A999999(X)", "AA999999(X)"],
        check: is_hkid,
        strength: Strength::Strong,
        topic: Topic::HkHkid,
    },
    Identifier {
        class: catalog::HK_HKID,
        forms: &["A999999~X", "AA999999~X"],
        check: is_hkid,
        strength: Strength::Weak,
        topic: Topic::HkHkid,
    },
    Identifier {
        class: catalog::JP_MY_NUMBER,
        forms: &["9999~9999~9999"],
        check: is_my_number,
        strength: Strength::Weak,
        topic: Topic::JpMyNumber,
    },
    Identifier {
        class: catalog::KR_RRN,
        forms: &["999999-9999999"],
        check: is_checked_rrn,
        strength: Strength::Strong,
        topic: Topic::KrRrn,
    },
    Identifier {
        class: catalog::KR_RRN,
        forms: &["999999~9999999"],
        check: is_rrn,
        strength: Strength::Weak,
        topic: Topic::KrRrn,
    },
    Identifier {
        class: catalog::TW_NATIONAL_ID,
        forms: &["A999999999"],
        check: is_taiwanese,
        strength: Strength::Weak,
        topic: Topic::TwNationalId,
    },
];

/// Chinese resident identity numbers: a division, a date of birth, a sequence, and the check MOD 11-2 of ISO/IEC 7064
/// (GB 11643-1999).
fn is_chinese(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let is_province =
        matches!(part(0..2), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83);
    let year = part(6..10);
    let is_born = (1850..2100).contains(&year) && is_date(year, part(10..12), part(12..14));
    let sum = number.digits().take(17).fold(0, |sum, digit| (sum + digit) * 2 % 11);
    let want = match (12 - sum % 11) % 11 {
        10 => 'X',
        rest => char::from_digit(rest, 10).unwrap_or('0'),
    };
    is_province && is_born && ends_in(number, want)
}

/// Hong Kong identity card numbers: one or two letters, six digits, a check modulo 11. A missing letter counts 36.
fn is_hkid(number: &Compact) -> bool {
    let blank = (number.bytes().len() == 8).then_some(36);
    let Some((check, body)) = number.bytes().split_last() else { return false };
    let value = |byte: &u8| char::from(*byte).to_digit(36);
    let sum = weighted(blank.into_iter().chain(body.iter().filter_map(value)), &[9, 8, 7, 6, 5, 4, 3, 2]);
    match check {
        b'0'..=b'9' | b'A' => value(check).is_some_and(|check| (sum + check).is_multiple_of(11)),
        _ => false,
    }
}

/// Japanese individual numbers: eleven digits and a check modulo 11 (ordinance 85 of 2014 of the Ministry of Internal
/// Affairs, article 5).
fn is_my_number(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let want = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    !is_one_digit(number) && digit(number, 11) == Some(want)
}

/// Korean resident registration numbers: a date of birth, the century with the sex, and six digits.
fn is_rrn(number: &Compact) -> bool {
    // Numbers given since October 2020 end in six random digits and have no check.
    let is_unchecked = matches!(digit(number, 6), Some(3 | 4 | 7 | 8)) && number.number(0..4) >= Some(2010);
    has_date(number, 0) && (is_unchecked || is_checked_rrn(number))
}

/// Those with a check modulo 11: of citizens, and of foreigners, whose check is two further on.
fn is_checked_rrn(number: &Compact) -> bool {
    let sum = weighted(number.digits(), &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let want = match digit(number, 6) {
        Some(5..=8) => (13 - sum % 11) % 10,
        _ => (11 - sum % 11) % 10,
    };
    has_date(number, 0) && digit(number, 12) == Some(want)
}

/// Taiwanese identity numbers, of citizens (1 or 2 after the letter) and of residents (8 or 9): the letter is two digits,
/// and the weighted sum a multiple of ten.
fn is_taiwanese(number: &Compact) -> bool {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let first = number.bytes().first();
    let Some(place) = first.and_then(|first| LETTERS.iter().position(|letter| letter == first)) else {
        return false;
    };
    let letter = u32::try_from(place).unwrap_or_default() + 10;
    let sum = letter / 10 + letter % 10 * 9 + weighted(number.digits(), &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(number.bytes().get(1), Some(b'1' | b'2' | b'8' | b'9')) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    #[test]
    fn published_numbers_are_found_and_look_alikes_are_not() {
        check(
            catalog::CN_RESIDENT_ID,
            "身份证号码",
            &[("11010519491231002X", true), ("440524188001010014", true), ("110105 19491231 002X", true)],
            &["110105194912310021", "11010519491331002X", "99010519491231002X"],
        );
        check(
            catalog::HK_HKID,
            "HKID",
            &[("A123456(3)", true), ("A1234563", false), ("G123456(A)", true)],
            &["A123456(4)", "A1234564"],
        );
        check(
            catalog::JP_MY_NUMBER,
            "My Number",
            &[("123456789018", false), ("1234 5678 9018", false)],
            &["123456789019", "000000000000"],
        );
        check(catalog::JP_MY_NUMBER, "個人番号", &[("1234-5678-9018", false)], &[]);
        check(
            catalog::KR_RRN,
            "RRN",
            &[("971013-9019902", true), ("9710139019902", false), ("201101-3123456", false)],
            &["971013-9019903", "971313-9019902", "200901-3123456"],
        );
        check(
            catalog::TW_NATIONAL_ID,
            "身分證字號",
            &[("A123456789", false), ("B142610160", false)],
            &["A123456788", "A323456789"],
        );
    }
}
