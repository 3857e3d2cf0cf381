//! Germany, Austria and Switzerland.

use super::{Compact, Identifier, Strength};
use crate::catalog;
use crate::checksum::{ean_13, is_day, mod_11_10, weighted};
use crate::topic::Topic;

pub(super) const IDENTIFIERS: &[Identifier] = &[
    Identifier {
        class: catalog::AT_SVNR,
        forms: &["9999~999999"],
        check: is_svnr,
        strength: Strength::Weak,
        topic: Topic::AtSvnr,
    },
    Identifier {
        class: catalog::CH_AHV,
        forms: &["999~9999~9999~99"],
        check: is_ahv,
        strength: Strength::Strong,
        topic: Topic::ChAhv,
    },
    Identifier {
        class: catalog::DE_ID_CARD,
        forms: DOCUMENTS_WITH_CHECK,
        check: |number| is_document(number, b"LMNPRTVWXY"),
        strength: Strength::Weak,
        topic: Topic::DeIdCard,
    },
    Identifier {
        class: catalog::DE_ID_CARD,
        forms: DOCUMENTS,
        check: |number| is_document(number, b"LMNPRTVWXY"),
        strength: Strength::Unchecked,
        topic: Topic::DeIdCard,
    },
    Identifier {
        class: catalog::DE_PASSPORT,
        forms: DOCUMENTS_WITH_CHECK,
        check: |number| is_document(number, b"CFGHJK"),
        strength: Strength::Weak,
        topic: Topic::Passport,
    },
    Identifier {
        class: catalog::DE_PASSPORT,
        forms: DOCUMENTS,
        check: |number| is_document(number, b"CFGHJK"),
        strength: Strength::Unchecked,
        topic: Topic::DePassport,
    },
    Identifier {
        class: catalog::DE_SOCIAL_SECURITY,
        forms: &["99~999999~A~999", "99~99~99~99~A~99~9"],
        check: is_social_security,
        strength: Strength::Strong,
        topic: Topic::DeSocialSecurity,
    },
    Identifier {
        class: catalog::DE_TAX_ID,
        forms: &["99 999 999 999"],
        check: is_tax_id,
        strength: Strength::Strong,
        topic: Topic::DeTaxId,
    },
    Identifier {
        class: catalog::DE_TAX_ID,
        forms: &["99~999~999~999"],
        check: is_tax_id,
        strength: Strength::Weak,
        topic: Topic::DeTaxId,
    },
];

/// A letter for the kind, then letters and digits: one form for each number of letters before the first digit.
const DOCUMENTS: &[&str] = &["AXXXXXXXX", "AAXXXXXXX", "AAAXXXXXX", "AAAAXXXXX"];
const DOCUMENTS_WITH_CHECK: &[&str] = &["AXXXXXXXX9", "AAXXXXXXX9", "AAAXXXXXX9", "AAAAXXXXX9"];

/// Serial numbers of German documents since 2007: a letter for the kind, no vowels and no other letter that reads as one
/// or as a digit, and the check digit of ICAO 9303 part 3, if there is one.
fn is_document(number: &Compact, kinds: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    let is_serial = number.bytes().iter().all(is_letter)
        && number.bytes().first().is_some_and(|kind| kinds.contains(kind))
        && number.digits().count() >= 3;
    let values = || number.bytes().iter().filter_map(|byte| char::from(*byte).to_digit(36));
    let sum = weighted(values(), &[7, 3, 1, 7, 3, 1, 7, 3, 1]);
    is_serial && values().nth(9).is_none_or(|check| check == sum % 10)
}

/// Tax identification numbers (§ 139b AO): of the first ten digits, one stands there two or three times and every other
/// once or not at all; ISO 7064 MOD 11,10.
fn is_tax_id(number: &Compact) -> bool {
    let mut counts = [0_u32; 10];
    for digit in number.digits().take(10) {
        let count = usize::try_from(digit).ok().and_then(|digit| counts.get_mut(digit));
        count.into_iter().for_each(|count| *count += 1);
    }
    let mut repeated = counts.iter().filter(|count| **count > 1);
    let is_one_repeated = matches!((repeated.next(), repeated.next()), (Some(2 | 3), None));
    is_one_repeated && number.digits().next() != Some(0) && mod_11_10(number.digits())
}

/// Insurance numbers of the pension insurance (§ 147 SGB VI): area, date of birth, a letter of the name, a serial, and a
/// check digit over all, the letter as two digits.
fn is_social_security(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let letter = number.bytes().get(8).map_or(0, |letter| u32::from(letter.wrapping_sub(b'A')) + 1);
    let before = number.digits().take(8).chain([letter / 10, letter % 10]);
    let products = before.chain(number.digits().skip(8)).zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]);
    let sum: u32 =
        products.map(|(digit, weight)| digit * weight).map(|product| product / 10 + product % 10).sum();
    matches!(part(0..2), 2..=89)
        && is_day(part(2..4), part(4..6))
        && number.digits().next_back() == Some(sum % 10)
}

/// Austrian insurance numbers: a serial, a check digit modulo 11, the date of birth; when the serials of a day are used
/// up, its month is 13 and more.
fn is_svnr(number: &Compact) -> bool {
    let part = |range| number.number(range).unwrap_or_default();
    let month = match part(6..8) {
        13..=15 => 12,
        month => month,
    };
    part(0..1) != 0
        && is_day(part(4..6), month)
        && number.digits().nth(3) == Some(weighted(number.digits(), &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11)
}

/// Swiss insurance numbers: 756, the country, and the check of EAN-13.
fn is_ahv(number: &Compact) -> bool {
    number.number(0..3) == Some(756) && ean_13(number.digits())
}
