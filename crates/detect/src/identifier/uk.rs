//! The United Kingdom and Ireland.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_day, is_one_digit, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::IE_PPS,
        forms: &["9999999~A", "9999999~AA"],
        check: is_pps,
        strength: Strength::Weak,
        topic: Topic::IePps,
    },
    Identifier {
        class: catalog::UK_DRIVING_LICENCE,
        forms: &["AAAAA~999999~AX9AA", "AAAA9~999999~AX9AA", "AAA99~999999~AX9AA", "AA999~999999~AX9AA"],
        check: is_driving_licence,
        strength: Strength::Strong,
        topic: Topic::DrivingLicence,
    },
    Identifier {
        class: catalog::UK_NHS,
        forms: &["999~999~9999"],
        check: is_nhs,
        strength: Strength::Weak,
        topic: Topic::UkNhs,
    },
    Identifier {
        class: catalog::UK_NINO,
        forms: &["AA~99~99~99~A"],
        check: is_nino,
        strength: Strength::Strong,
        topic: Topic::UkNino,
    },
    Identifier {
        class: catalog::UK_NINO,
        forms: &["AA~99~99~99"],
        check: is_nino,
        strength: Strength::Weak,
        topic: Topic::UkNino,
    },
    Identifier {
        class: catalog::UK_PASSPORT,
        forms: &["999999999"],
        check: |_| true,
        strength: Strength::Unchecked,
        topic: Topic::UkPassport,
    },
];

/// Numbers of the National Health Service: modulo 11 (NHS Data Dictionary).
fn is_nhs(number: &Compact) -> bool {
    !is_one_digit(number.digits())
        && weighted(number.digits(), &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// National insurance numbers: the prefixes that HMRC gives out (NIM39110), and a suffix of `A` to `D`, if any.
fn is_nino(number: &Compact) -> bool {
    let (Some([first, second]), suffix) = (number.bytes().first_chunk(), number.bytes().get(8)) else {
        return false;
    };
    let prefix = [*first, *second];
    !b"DFIQUV".contains(first)
        && !b"DFIOQUV".contains(second)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&prefix)
        && suffix.is_none_or(|suffix| matches!(suffix, b'A'..=b'D'))
}

/// Driver numbers of the DVLA: five letters of the surname, filled up with nines, the date of birth around the tens of
/// its year (a woman's month has 50 added), initials. The two check letters are made in a way that is not published.
fn is_driving_licence(number: &Compact) -> bool {
    let is_filled = number.bytes().iter().take(5).all(|byte| byte.is_ascii_alphabetic() || *byte == b'9');
    let part = |range| number.number(range).unwrap_or_default();
    let month = match part(6..8) {
        woman @ 51..=62 => woman - 50,
        man => man,
    };
    let is_initial = number.bytes().get(12).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'9');
    is_filled && is_initial && is_day(part(8..10), month)
}

/// Personal public service numbers: a check letter modulo 23, to which a second letter adds.
fn is_pps(number: &Compact) -> bool {
    let second = match number.bytes().get(8) {
        Some(letter @ b'A'..=b'I') => u32::from(letter - b'A' + 1),
        Some(b'T' | b'W' | b'X') | None => 0,
        Some(_) => return false,
    };
    let rest = (weighted(number.digits(), &[8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23;
    let letters = b"WABCDEFGHIJKLMNOPQRSTUV";
    usize::try_from(rest).ok().and_then(|rest| letters.get(rest)) == number.bytes().get(7)
}
