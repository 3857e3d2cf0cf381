//! Sweden, Norway, Denmark and Finland.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{is_day, luhn, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::DK_CPR,
        forms: &["999999~9999"],
        check: is_cpr,
        strength: Strength::Unchecked,
        topic: Topic::DkCpr,
    },
    Identifier {
        class: catalog::FI_HETU,
        forms: &["999999-999X", "999999+999X", "999999A999X"],
        check: is_hetu,
        strength: Strength::Strong,
        topic: Topic::FiHetu,
    },
    Identifier {
        class: catalog::NO_FODSELSNUMMER,
        forms: &["999999~99999"],
        check: is_fodselsnummer,
        strength: Strength::Strong,
        topic: Topic::NoFodselsnummer,
    },
    Identifier {
        class: catalog::SE_PERSONNUMMER,
        forms: &["999999-9999", "999999+9999", "99999999-9999", "99999999+9999"],
        check: |number| is_personnummer(number) && !is_recent(number),
        strength: Strength::Strong,
        topic: Topic::SePersonnummer,
    },
    Identifier {
        class: catalog::SE_PERSONNUMMER,
        forms: &["999999~9999", "99999999~9999"],
        check: is_personnummer,
        strength: Strength::Weak,
        topic: Topic::SePersonnummer,
    },
];

/// Swedish numbers: the date of birth, the day of a coordination number with 60 added, a serial, the sum of Luhn over the
/// last ten digits (SKV 704). A `+` says that somebody is over a hundred.
fn is_personnummer(number: &Compact) -> bool {
    let first = number.bytes().len().saturating_sub(10);
    let part = |from: usize, to: usize| number.number(first + from..first + to).unwrap_or_default();
    let day = match part(4, 6) {
        day @ 61..=91 => day - 60,
        day => day,
    };
    let is_century = first == 0 || matches!(number.number(0..2), Some(18..=20));
    is_century && is_day(day, part(2, 4)) && part(6, 9) != 0 && luhn(number.digits().rev().take(10))
}

/// Whether the year has four digits and is recent: orders and invoices are numbered by such days, too.
fn is_recent(number: &Compact) -> bool {
    number.bytes().len() == 12 && matches!(number.number(0..4), Some(2010..))
}

/// Norwegian numbers: the date of birth, a serial, two check digits modulo 11. Numbers of foreigners have 40 added to the
/// day, those of tests and of hospitals 80 or 40 to the month.
fn is_fodselsnummer(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let day = match part(0..2) {
        day @ 41..=71 => day - 40,
        day => day,
    };
    is_day(day, part(2..4) % 40)
        && weighted(number.digits(), &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(number.digits(), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Danish numbers: the date of birth and four digits. Since 2007 there are some that do not pass modulo 11.
fn is_cpr(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    is_day(part(0..2), part(2..4)) && part(6..10) != 0
}

/// Finnish numbers: the date of birth, a sign or letter for the century (more of them since 2023), a serial, and a check
/// character modulo 31.
fn is_hetu(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let (date, rest) = number.bytes().split_at_checked(6).unwrap_or_default();
    let serial = match rest {
        [b'A'..=b'F' | b'U'..=b'Y', serial @ ..] if rest.len() == 5 => serial,
        serial => serial,
    };
    let Some((check, serial)) = serial.split_last().filter(|(_, serial)| serial.len() == 3) else {
        return false;
    };
    let value = |value: u64, byte: &u8| value * 10 + u64::from(byte.wrapping_sub(b'0'));
    let serial = serial.iter().fold(0, value);
    let rest = (date.iter().fold(0, value) * 1_000 + serial) % 31;
    let character = usize::try_from(rest).ok().and_then(|rest| b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(rest));
    is_day(part(0..2), part(2..4)) && serial >= 2 && character == Some(check)
}
