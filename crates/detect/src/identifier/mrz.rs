//! Machine readable zones of passports, identity cards and visas, ICAO 9303 parts 4 to 7.
//!
//! Every zone has a date of birth, its check, the sex, a date of expiry and its check after each other: two runs of seven
//! digits with one letter between them. There it is looked at; the number's check must hold too, and, but in visas,
//! which have none, the check of the whole.

use std::ops::Range;

use crate::catalog;
use crate::checksum::is_date;
use crate::finding::{Confidence, Finding};

/// How many digits a date and its check are.
pub(super) const DATE: usize = 7;

/// The lengths of the lines of passports and large visas, of cards and small visas in two lines, and of cards in three.
const TD3: usize = 44;
const TD2: usize = 36;
const TD1: usize = 30;

/// Finds the zone whose date of birth starts at `birth`.
pub(super) fn find(bytes: &[u8], birth: usize) -> Option<Finding> {
    let part = |range: Range<usize>| bytes.get(birth + range.start..birth + range.end);
    let is_sex = matches!(part(7..8)?, [b'F' | b'M' | b'X' | b'<']);
    if !is_sex || !is_checked_date(part(0..7)?) || !is_checked_date(part(8..15)?) {
        return None;
    }
    let in_two = birth.checked_sub(13).and_then(|start| two_lines(bytes, start));
    let (range, is_whole) = in_two.or_else(|| three_lines(bytes, birth))?;
    let confidence = if is_whole { Confidence::High } else { Confidence::Medium };
    Some(Finding { class: catalog::MRZ, range, confidence })
}

/// The zone whose second line starts at `start`, and whether its first line or the check of the whole is there.
fn two_lines(bytes: &[u8], start: usize) -> Option<(Range<usize>, bool)> {
    let line = line_from(bytes, start).filter(|line| matches!(line.len(), TD2 | TD3))?;
    let (last, body) = line.split_last()?;
    let whole = body.get(..10)?.iter().chain(body.get(13..20)?).chain(body.get(21..)?);
    let is_whole = is_check(whole, *last);
    let first = line_before(bytes, start, line.len());
    let is_visa = first.and_then(|first| bytes.get(first)).is_none_or(|kind| *kind == b'V');
    let is_one = is_checked(line.get(..10)?) && (is_whole || is_visa);
    is_one.then(|| (first.unwrap_or(start)..start + line.len(), is_whole || first.is_some()))
}

/// The zone whose second of three lines starts at `start`.
fn three_lines(bytes: &[u8], start: usize) -> Option<(Range<usize>, bool)> {
    let line = line_from(bytes, start).filter(|line| line.len() == TD1)?;
    let first_start = line_before(bytes, start, TD1)?;
    let first = bytes.get(first_start..first_start + TD1)?;
    let (last, body) = line.split_last()?;
    let dates = body.get(..7)?.iter().chain(body.get(8..15)?);
    let whole = first.get(5..)?.iter().chain(dates).chain(body.get(18..)?);
    // A number of more than nine characters goes on after `<` in the place of its check.
    let is_number = first.get(14) == Some(&b'<') || is_checked(first.get(5..15)?);
    let end = start + TD1;
    let third = end + separator(bytes.get(end..)?.iter());
    let is_third = line_from(bytes, third).is_some_and(|third| third.len() == TD1);
    let end = if is_third { third + TD1 } else { end };
    (is_number && is_check(whole, *last)).then_some((first_start..end, true))
}

/// The characters of a line that starts at `start`, if one does and it is no longer than lines are.
fn line_from(bytes: &[u8], start: usize) -> Option<&[u8]> {
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    let rest = bytes.get(start..)?;
    let n = rest.iter().take(TD3 + 1).take_while(|byte| is_in_zone(**byte)).count();
    if before.is_some_and(|byte| is_in_zone(*byte)) { None } else { rest.get(..n) }
}

/// Where the line of so many characters starts that ends before the line at `start`.
fn line_before(bytes: &[u8], start: usize, n: usize) -> Option<usize> {
    let end = start - separator(bytes.get(..start)?.iter().rev());
    let first = end.checked_sub(n).filter(|_| end < start)?;
    let line = line_from(bytes, first).filter(|line| line.len() == n)?;
    matches!(line.first(), Some(b'A' | b'C' | b'I' | b'P' | b'V')).then_some(first)
}

/// How many bytes stand between two lines: blanks and line ends, which may be escapes in a string.
fn separator<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take(4).take_while(|byte| matches!(byte, b'\n' | b'\r' | b' ' | b'\\' | b'n' | b'r')).count()
}

fn is_in_zone(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<'
}

fn is_checked_date(date: &[u8]) -> bool {
    let part = |range| date.get(range).and_then(|part| str::from_utf8(part).ok()?.parse().ok());
    let is_day = matches!((part(0..2), part(2..4), part(4..6)), (Some(year), Some(month), Some(day)) if is_date(2000 + year, month, day));
    is_day && is_checked(date)
}

/// Whether the last character is the check of those before it.
fn is_checked(field: &[u8]) -> bool {
    field.split_last().is_some_and(|(check, body)| is_check(body.iter(), *check))
}

/// The check of ICAO 9303 part 3 §4.9: weights 7, 3, 1, modulo 10; letters count from 10 and `<` counts nothing.
fn is_check<'b>(body: impl Iterator<Item = &'b u8>, check: u8) -> bool {
    let value = |byte: &u8| char::from(*byte).to_digit(36).unwrap_or(0);
    let sum: u32 = body.zip([7, 3, 1].into_iter().cycle()).map(|(byte, weight)| value(byte) * weight).sum();
    char::from(check).to_digit(10) == Some(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::super::check::found;
    use super::*;

    /// The specimens of ICAO 9303 parts 4, 5, 6 and 7.
    const PASSPORT: [&str; 2] =
        ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
    const CARD: [&str; 3] = [
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    const SMALL_CARD: [&str; 2] =
        ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];
    const VISA: [&str; 2] =
        ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"];

    #[test]
    fn specimens_are_found_with_all_their_lines() {
        for lines in [&PASSPORT[..], &CARD, &SMALL_CARD, &VISA] {
            for separator in ["\n", "\r\n", r"\n", " "] {
                let zone = lines.join(separator);
                assert_eq!(found(catalog::MRZ, &zone), [zone.as_str()]);
                let text = format!("scan: {zone}\nend");
                assert_eq!(found(catalog::MRZ, &text), [zone.as_str()], "text: {text}");
            }
        }
        assert_eq!(found(catalog::MRZ, PASSPORT[1]), [PASSPORT[1]]);
        assert_eq!(found(catalog::MRZ, &format!("{{\"line2\":\"{}\"}}", PASSPORT[1])), [PASSPORT[1]]);
    }

    #[test]
    fn a_zone_with_a_wrong_check_is_none() {
        for (from, to) in [
            ("L898902C36", "L898902C37"),
            ("7408122", "7408123"),
            ("1204159", "1204158"),
            ("<<<<<10", "<<<<<11"),
            ("<<<<<10", "<<<<10"),
            ("7408122F", "7408122Q"),
        ] {
            let zone = PASSPORT.join("\n").replace(from, to);
            assert_eq!(found(catalog::MRZ, &zone), [""; 0], "zone: {zone}");
        }
        let zone = CARD.join("\n").replace("<<6", "<<7");
        assert_eq!(found(catalog::MRZ, &zone), [""; 0], "zone: {zone}");
    }
}
