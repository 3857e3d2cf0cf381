//! The checks that identifiers of several countries share.

use super::Compact;
use crate::checksum::{self, is_date};

/// The digit at a place, from 0.
pub(super) fn digit(number: &Compact, place: usize) -> Option<u32> {
    number.bytes().get(place).and_then(|byte| char::from(*byte).to_digit(10))
}

/// Whether the last byte is `character`.
pub(super) fn ends_in(number: &Compact, character: char) -> bool {
    number.bytes().last().is_some_and(|byte| char::from(*byte) == character)
}

/// The check by Luhn.
pub(super) fn is_luhn(number: &Compact) -> bool {
    checksum::luhn(number.digits().rev())
}

/// The check by Verhoeff.
pub(super) fn is_verhoeff(number: &Compact) -> bool {
    checksum::verhoeff(number.digits().rev())
}

/// Whether all digits are the same: such numbers pass many checks, and are places for one.
pub(super) fn is_one_digit(number: &Compact) -> bool {
    checksum::is_one_digit(number.digits())
}

/// Whether six digits from `start` on are a year without its century, a month and a day.
pub(super) fn has_date(number: &Compact, start: usize) -> bool {
    let part = |from: usize| number.number(start + from..start + from + 2);
    // The year 2000 was a leap year, 1900 was none; without the century both may be meant.
    matches!((part(0), part(2), part(4)), (Some(year), Some(month), Some(day)) if is_date(2000 + year, month, day))
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
