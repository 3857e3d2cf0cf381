//! The checks that identifiers of several countries share.

use super::Compact;

/// The sum of the digits, each times its weight.
pub(super) fn weighted(digits: impl Iterator<Item = u32>, weights: &[u32]) -> u32 {
    digits.zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The digit at a place, from 0.
pub(super) fn digit(number: &Compact, place: usize) -> Option<u32> {
    number.bytes().get(place).and_then(|byte| char::from(*byte).to_digit(10))
}

/// Whether the last byte is `character`.
pub(super) fn ends_in(number: &Compact, character: char) -> bool {
    number.bytes().last().is_some_and(|byte| char::from(*byte) == character)
}

/// The check of ISO/IEC 7812-1 annex B, by Luhn.
pub(super) fn is_luhn(number: &Compact) -> bool {
    let double = |digit: u32| if digit < 5 { digit * 2 } else { digit * 2 - 9 };
    let values = number.digits().rev().enumerate();
    let sum: u32 = values.map(|(place, value)| if place % 2 == 1 { double(value) } else { value }).sum();
    sum.is_multiple_of(10)
}

/// The check by Verhoeff, over the dihedral group of ten elements.
pub(super) fn is_verhoeff(number: &Compact) -> bool {
    let value = number.digits().rev().enumerate().try_fold(0_u8, |value, (place, digit)| {
        let digit = *PERMUTATIONS.get(place % 8)?.get(usize::try_from(digit).ok()?)?;
        PRODUCTS.get(usize::from(value))?.get(usize::from(digit)).copied()
    });
    value == Some(0)
}

const PRODUCTS: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

const PERMUTATIONS: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Whether all digits are the same: such numbers pass many checks, and are places for one.
pub(super) fn is_one_digit(number: &Compact) -> bool {
    let mut digits = number.digits();
    let first = digits.next();
    digits.all(|digit| Some(digit) == first)
}

/// Whether six digits from `start` on are a year without its century, a month and a day.
pub(super) fn has_date(number: &Compact, start: usize) -> bool {
    let part = |from: usize| number.number(start + from..start + from + 2);
    // The year 2000 was a leap year, 1900 was none; without the century both may be meant.
    matches!((part(0), part(2), part(4)), (Some(year), Some(month), Some(day)) if is_date(2000 + year, month, day))
}

/// Whether a day is one of the Gregorian calendar.
pub(super) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=n_days).contains(&day)
}

/// The values of `class` that are found in a text.
#[cfg(test)]
pub(super) fn found(class: crate::Class, text: &str) -> Vec<&str> {
    let findings = crate::Detectors::builtin().scan(text);
    let of_class = findings.iter().filter(|finding| finding.class == class);
    of_class.filter_map(|finding| text.get(finding.range.clone())).collect()
}

/// Checks that each value is found after its word and, as is told, without it; and that each look-alike is never found.
#[cfg(test)]
pub(super) fn check(class: crate::Class, cue: &str, values: &[(&str, bool)], others: &[&str]) {
    for (value, is_strong) in values {
        let text = format!("{cue}: {value}, please");
        assert_eq!(found(class, &text), [*value], "text: {text}");
        let text = format!("see {value} there");
        let want: Vec<&str> = is_strong.then_some(*value).into_iter().collect();
        assert_eq!(found(class, &text), want, "text: {text}");
    }
    for value in others {
        let text = format!("{cue}: {value}, please");
        assert_eq!(found(class, &text), [""; 0], "text: {text}");
    }
}
