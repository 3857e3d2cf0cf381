//! Numbers without a calling code: how they are written in which countries.

use super::plan::{INTERNATIONAL, NATIONAL};
use super::written::{Group, Written};

/// The forms of the North American plan that nothing else has; `9` is a digit.
const AMERICAN: &[&str] = &[
    "999-999-9999",
    "1-999-999-9999",
    "(999) 999-9999",
    "(999)999-9999",
    "(999)-999-9999",
    "(999) 999 9999",
    "1 (999) 999-9999",
    "1-(999)-999-9999",
    "1 999-999-9999",
];

/// How many digits a number has whose groups show.
const GROUPED: std::ops::RangeInclusive<usize> = 7..=13;
/// How many it has that is one run.
const ALONE: std::ops::RangeInclusive<usize> = 8..=15;

/// Whether a number of the North American plan stands from `start` to `end` in a form that tells.
pub(super) fn is_american(bytes: &[u8], start: usize, end: usize) -> bool {
    let Some(written) = bytes.get(start..end) else { return false };
    let has = |form: &&str| {
        form.len() == written.len()
            && form.bytes().zip(written).all(|(wanted, byte)| match wanted {
                b'9' => byte.is_ascii_digit(),
                sign => *byte == sign,
            })
    };
    AMERICAN.iter().any(has)
}

/// Whether the groups could be those of a number: neither a list of small numbers nor an address or a version.
pub(super) fn is_grouped(written: &Written, last: Group) -> bool {
    if !GROUPED.contains(&last.n) || written.is_list(last) {
        return false;
    }
    let lengths = written.lengths(last);
    let (n, dotted) = (lengths.clone().count(), written.is_dotted);
    let short = lengths.clone().filter(|length| *length == 1).count();
    let is_dotted_number =
        || lengths.clone().eq([3, 3, 4]) || (n >= 5 && lengths.clone().all(|length| length == 2));
    (2..=6).contains(&n) && short <= 1 && lengths.clone().last() != Some(1) && (!dotted || is_dotted_number())
}

/// Whether the digits are one group of a number's length.
pub(super) fn is_alone(written: &Written, last: Group) -> bool {
    written.lengths(last).count() == 1 && ALONE.contains(&last.n)
}

/// Whether the digits are a number of some country as people write it there, or one with its calling code.
pub(super) fn is_number(digits: &[u8]) -> bool {
    NATIONAL.accepts([digits, b""]) || INTERNATIONAL.accepts([digits, b""])
}
