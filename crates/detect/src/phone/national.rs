//! Numbers without a calling code: how they are written in which countries.

use super::plan::is_valid;
use super::written::{Group, Written};

/// Calling codes of the plans in which a zero stands before the national number.
const WITH_ZERO: &[&str] = &[
    "49", "44", "33", "31", "32", "41", "43", "46", "40", "61", "64", "27", "81", "82", "86", "91", "90",
    "62", "60", "63", "66", "84", "92", "94", "20", "98", "972", "353", "354", "358", "359", "380", "381",
    "385", "386", "421", "234", "254", "255", "212", "213", "880", "886", "962", "966", "971", "55", "51",
    "54", "58",
];

/// Calling codes of the plans in which the national number is all.
const WITHOUT: &[&str] = &[
    "1", "91", "34", "39", "45", "47", "48", "351", "352", "420", "30", "86", "7", "65", "852", "55", "52",
    "57", "56", "356", "357", "370", "371", "372", "971", "966", "974", "233",
];

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
    let lengths = written.lengths(last);
    let (n, dotted) = (lengths.clone().count(), written.is_dotted);
    let short = lengths.clone().filter(|length| *length == 1).count();
    let is_dotted_number =
        || lengths.clone().eq([3, 3, 4]) || (n >= 5 && lengths.clone().all(|length| length == 2));
    (2..=6).contains(&n)
        && GROUPED.contains(&last.n)
        && short <= 1
        && lengths.clone().last() != Some(1)
        && (!dotted || is_dotted_number())
}

/// Whether the digits are one group of a number's length.
pub(super) fn is_alone(written: &Written, last: Group) -> bool {
    written.lengths(last).count() == 1 && ALONE.contains(&last.n)
}

/// Whether the digits are a number of some country as people write it there, or one with its calling code.
pub(super) fn is_number(digits: &[u8]) -> bool {
    let is_in =
        |codes: &[&str], national: &[u8]| codes.iter().any(|code| is_valid(code.as_bytes(), national));
    match digits {
        [b'0', national @ ..] if is_in(WITH_ZERO, national) => true,
        // Russia and its neighbours dial an 8.
        [b'8', national @ ..] if digits.len() == 11 && is_valid(b"7", national) => true,
        _ => is_valid(b"", digits) || is_in(WITHOUT, digits),
    }
}
