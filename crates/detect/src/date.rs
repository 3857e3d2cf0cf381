//! Dates as people write them: in numbers in any order, or with the month in words.

mod month;

use std::ops::Range;

use crate::checksum::is_date;

/// A day of the calendar, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) range: Range<usize>,
    /// Of two digits where it is written so.
    pub(crate) year: u32,
}

/// The longest name of a month in bytes, with what stands after it.
const LONGEST_MONTH: usize = 16;

/// The date whose first digit is at `place`.
pub(crate) fn read(bytes: &[u8], place: usize) -> Option<Date> {
    let (first, n_first) = number(bytes, place)?;
    let after = place + n_first;
    let next = bytes.get(after)?;
    let date = match (n_first, next) {
        (4, b'-' | b'/' | b'.') => year_first(bytes, place, first),
        (1 | 2, b'-' | b'/' | b'.' | b' ') => numbers(bytes, place, first)
            .or_else(|| day_first(bytes, place, first))
            .or_else(|| month_first(bytes, place)),
        (1 | 2, b',' | b's' | b'n' | b'r' | b't' | b'e') => {
            month_first(bytes, place).or_else(|| day_first(bytes, place, first))
        }
        _ => None,
    }?;
    (!goes_on(bytes, date.range.end)).then_some(date)
}

/// The date that eight digits are, the year first or last.
pub(crate) fn compact(bytes: &[u8], place: usize) -> Option<Date> {
    let (number, 8) = number(bytes, place)? else { return None };
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let range = place..place + 8;
    if is_day(year, month, day) {
        return Some(Date { range, year });
    }
    let (one, other, year) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    (is_day(year, one, other) || is_day(year, other, one)).then_some(Date { range, year })
}

/// `1985-03-12`, also with slashes or dots.
fn year_first(bytes: &[u8], place: usize, year: u32) -> Option<Date> {
    let sign = *bytes.get(place + 4)?;
    let (month, n_month) = number(bytes, place + 5)?;
    let second = place + 5 + n_month;
    let (day, n_day) = number(bytes, second + 1)?;
    let is_date = bytes.get(second) == Some(&sign) && n_month <= 2 && n_day <= 2 && is_day(year, month, day);
    is_date.then(|| Date { range: place..second + 1 + n_day, year })
}

/// `12.03.1985`, `3/12/1985`, `12-03-85`, `12. 3. 1985`: the day or the month first.
fn numbers(bytes: &[u8], place: usize, first: u32) -> Option<Date> {
    let n_first = number(bytes, place)?.1;
    let (sign, second_place) = sign(bytes, place + n_first)?;
    let (second, n_second) = number(bytes, second_place)?;
    let (second_sign, third_place) = self::sign(bytes, second_place + n_second)?;
    let (year, n_year) = number(bytes, third_place)?;
    let is_written = sign == second_sign && n_second <= 2 && matches!(n_year, 2 | 4);
    let is_date = is_day(year, second, first) || is_day(year, first, second);
    (is_written && is_date).then(|| Date { range: place..third_place + n_year, year })
}

/// `12 March 1985`, `12. März 1985`, `12th of March, 1985`, `12 de marzo de 1985`, `12-Mar-85`.
fn day_first(bytes: &[u8], place: usize, day: u32) -> Option<Date> {
    let mut position = skip_ordinal(bytes, place + number(bytes, place)?.1);
    position = skip_filler(bytes, position);
    let (month, n) = month::at_start(bytes.get(position..)?)?;
    position = skip_filler(bytes, position + n);
    let (year, n_year) = number(bytes, position)?;
    let is_date = matches!(n_year, 2 | 4) && is_day(year, month, day);
    is_date.then(|| Date { range: place..position + n_year, year })
}

/// `March 12, 1985`, where `place` is that of the day.
fn month_first(bytes: &[u8], place: usize) -> Option<Date> {
    let (month, start) = month::at_end(bytes, place, LONGEST_MONTH)?;
    let (day, n_day) = number(bytes, place)?;
    let position = skip_filler(bytes, skip_ordinal(bytes, place + n_day));
    let (year, n_year) = number(bytes, position)?;
    (n_year == 4 && is_day(year, month, day)).then(|| Date { range: start..position + n_year, year })
}

/// A number of at most eight digits, and how many it has.
fn number(bytes: &[u8], place: usize) -> Option<(u32, usize)> {
    let digits = bytes.get(place..)?.iter().take(9).take_while(|byte| byte.is_ascii_digit());
    let n = digits.clone().count();
    let value =
        digits.fold(0_u32, |value, digit| value.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    (1..=8).contains(&n).then_some((value, n))
}

/// The sign between two numbers, and where the second one starts.
fn sign(bytes: &[u8], place: usize) -> Option<(u8, usize)> {
    match bytes.get(place..)? {
        [b'.', b' ', ..] => Some((b'.', place + 2)),
        [sign @ (b'-' | b'/' | b'.'), ..] => Some((*sign, place + 1)),
        _ => None,
    }
}

/// Skips what makes an ordinal of a number: `st`, `nd`, `rd`, `th`, and `er` in French.
fn skip_ordinal(bytes: &[u8], place: usize) -> usize {
    match bytes.get(place..).unwrap_or_default() {
        [b's', b't', ..] | [b'n' | b'r', b'd', ..] | [b't', b'h', ..] | [b'e', b'r', ..] => place + 2,
        _ => place,
    }
}

/// Skips what stands between the parts of a date in words.
fn skip_filler(bytes: &[u8], mut place: usize) -> usize {
    for _ in 0..3 {
        place += match bytes.get(place..).unwrap_or_default() {
            [b' ' | b'-' | b'.' | b',' | b'/', ..] => 1,
            [b'd', b'e', b'l', b' ', ..] => 4,
            [b'd', b'e', b' ', ..] | [b'o', b'f', b' ', ..] => 3,
            _ => 0,
        };
    }
    place
}

/// Whether there is such a day.
fn is_day(year: u32, month: u32, day: u32) -> bool {
    let is_plausible = year < 100 || (1800..2200).contains(&year);
    is_plausible && is_date(year.into(), month.into(), day.into())
}

fn goes_on(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end..).unwrap_or_default() {
        // The time after a day.
        [b'T', next, ..] => !next.is_ascii_digit(),
        [b'-' | b'.' | b'/', next, ..] => next.is_ascii_digit(),
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    }
}
