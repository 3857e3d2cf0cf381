//! Telephone numbers, ITU-T E.164 and national forms.
//!
//! A number with `+` and a valid number after it is found by itself, and so is one in a form of the North American plan
//! that nothing else has. All others are digits like any, and are found near a word that speaks of a telephone.
//!
//! Numbers that are set apart for fiction, such as `555-0123`, are found like all others: a plan calls them valid, and
//! a mask that spares them would have to be right about every country's.

mod national;
mod plan;
mod written;

use std::ops::Range;

use crate::catalog;
use crate::context::Text;
use crate::date;
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;
use plan::INTERNATIONAL;
use written::{Written, with_extension};

/// Looks for numbers at the digits of one text.
#[derive(Debug)]
pub(crate) struct Phones<'v, 't> {
    text: &'v Text<'v, 't>,
    /// Where the last number ends.
    end: usize,
}

/// How many digits a number has at least that stands by itself, in groups and not.
const LEAST_GROUPED: usize = 7;
const LEAST: usize = 8;

/// How far before a run of digits the word ends that says it is a number.
const NEAR: usize = 24;

impl<'v, 't> Phones<'v, 't> {
    pub(crate) fn new(text: &'v Text<'v, 't>) -> Self {
        Self { text, end: 0 }
    }

    /// Looks at the run of digits that starts at `place`. The places come in order.
    pub(crate) fn look(&mut self, place: usize, hits: &mut Vec<Finding>) {
        if place < self.end {
            return;
        }
        let bytes = self.text.bytes();
        let before = bytes.get(place.saturating_sub(4)..place).unwrap_or_default();
        let found = match (before, bytes.get(place..).unwrap_or_default()) {
            ([.., b'+'], _) => self.international(place, 1),
            ([.., b'+', b'('], _) => self.international(place, 2),
            ([.., b'%', b'2', b'B' | b'b'], _) => self.international(place, 3),
            (_, [b'0', b'0', b'1'..=b'9', ..] | [b'0', b'0', b' ' | b'-', b'1'..=b'9', ..]) => {
                self.with_zeros(place).or_else(|| self.national(place))
            }
            _ if is_inside(before) => None,
            _ => self.national(place),
        };
        if let Some(found) = found {
            self.end = found.range.end;
            hits.push(found);
        }
    }

    /// A number after `+`, which is written with so many bytes.
    fn international(&self, place: usize, n_before: usize) -> Option<Finding> {
        let bytes = self.text.bytes();
        let start = place.checked_sub(n_before)?;
        let written = Written::read(bytes, place);
        // `(+49) 30`
        let first_end = written.groups().first()?.end;
        let is_bracketed = bytes.get(..start)?.ends_with(b"(") && bytes.get(first_end) == Some(&b')');
        let start = start - usize::from(is_bracketed);
        let is_sum = match bytes.get(start.saturating_sub(2)..start)? {
            [b'\\', b'n' | b'r' | b't'] => false,
            [.., last] => last.is_ascii_alphanumeric() || b"+_.".contains(last),
            [] => false,
        };
        if is_sum {
            return None;
        }
        let (n_digits, n_groups, end) = international(&written, bytes, 0)?;
        let range = start..with_extension(bytes, end);
        let is_long = n_digits >= if n_groups > 1 { LEAST_GROUPED } else { LEAST };
        match (n_groups > 1, is_long) {
            (true, true) => self.finding(range, Confidence::High),
            (false, true) => self.finding(range, Confidence::Medium),
            (_, false) => self.near(range),
        }
    }

    /// A number after `00`, which most countries dial before a calling code: by itself when its groups show.
    fn with_zeros(&self, place: usize) -> Option<Finding> {
        let bytes = self.text.bytes();
        if is_inside(bytes.get(place.saturating_sub(4)..place)?) {
            return None;
        }
        let written = Written::read(bytes, place);
        let (n_digits, n_groups, end) = international(&written, bytes, 2)?;
        let range = place..with_extension(bytes, end);
        // `004-31-2000` cuts the code of a country in two, so it is something else.
        let is_cut = matches!(bytes.get(place..place + 4), Some([_, _, code, next])
            if !matches!(code, b'1' | b'7') && !next.is_ascii_digit() && code.is_ascii_digit());
        if n_groups > 2 && n_digits >= LEAST_GROUPED && !written.is_dotted && !is_cut {
            return self.finding(range, Confidence::Medium);
        }
        self.near(range)
    }

    fn national(&self, place: usize) -> Option<Finding> {
        let bytes = self.text.bytes();
        if is_short(bytes.get(place..)?) {
            return None;
        }
        let written = Written::read(bytes, place);
        if written.groups().last()?.n < LEAST_GROUPED {
            return None;
        }
        let is_date = || date::read(bytes, place).is_some();
        let start = place - usize::from(bytes.get(..place)?.ends_with(b"("));
        written.ends(bytes).take_while(|last| last.n >= LEAST_GROUPED).find_map(|last| {
            // Most groups of digits are none, so what follows them is read last.
            let range = || start..with_extension(bytes, last.end);
            let digits = written.digits(last);
            if national::is_american(bytes, start, last.end) && is_american(digits) && !is_date() {
                return self.finding(range(), Confidence::Medium);
            }
            let is_alone = national::is_alone(&written, last);
            let is_written = is_alone || national::is_grouped(&written, last);
            // The word is looked for last, as it costs most.
            let is_number = is_written && national::is_number(digits) && !is_date();
            let is_meant = || if is_alone { self.is_announced(start) } else { self.is_spoken_of(&range()) };
            let is_meant = is_number && is_meant();
            if is_meant { self.finding(range(), Confidence::Medium) } else { None }
        })
    }

    fn near(&self, range: Range<usize>) -> Option<Finding> {
        if self.is_spoken_of(&range) { self.finding(range, Confidence::Medium) } else { None }
    }

    fn is_spoken_of(&self, range: &Range<usize>) -> bool {
        self.text.speaks_of(Topic::Phone, range) || self.text.speaks_of(Topic::Call, range)
    }

    /// Whether the word that says what the digits are stands just before them.
    fn is_announced(&self, start: usize) -> bool {
        self.text.is_named(Topic::Phone)
            || self.text.speaks_within(Topic::Phone, &(start.saturating_sub(NEAR)..start))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what every look returns")]
    fn finding(&self, range: Range<usize>, confidence: Confidence) -> Option<Finding> {
        let is_sure = confidence == Confidence::High || self.text.speaks_of(Topic::Phone, &range);
        let confidence = if is_sure { Confidence::High } else { confidence };
        Some(Finding { class: catalog::PHONE, range, confidence })
    }
}

/// The longest number, calling code first, after `skipped` digits: how many digits and groups it has, and where it
/// ends. The zero of `+49 (0)30` is dialled in the country only; in `+39 (0)6` it is a part of the number.
fn international(written: &Written, bytes: &[u8], skipped: usize) -> Option<(usize, usize, usize)> {
    written.ends(bytes).find_map(|last| {
        let digits = written.digits(last).get(skipped..)?;
        let without = || {
            let zero = written.trunk?.checked_sub(skipped)?;
            Some(INTERNATIONAL.accepts([digits.get(..zero)?, digits.get(zero + 1..)?]))
        };
        let is_valid = INTERNATIONAL.accepts([digits, b""]) || without() == Some(true);
        is_valid.then(|| (digits.len(), written.lengths(last).count(), last.end))
    })
}

/// Whether the run of digits at the start is short and nothing goes on after it.
fn is_short(bytes: &[u8]) -> bool {
    let n = bytes.iter().take(LEAST_GROUPED).take_while(|byte| byte.is_ascii_digit()).count();
    let is_sign = |byte: &u8| b" -./()".contains(byte);
    let goes_on = match bytes.get(n..).unwrap_or_default() {
        [sign, next, ..] => is_sign(sign) && (next.is_ascii_digit() || is_sign(next)),
        _ => false,
    };
    n < LEAST_GROUPED && !goes_on
}

/// Whether digits in an American form are a number of that plan.
fn is_american(digits: &[u8]) -> bool {
    let national = digits.strip_prefix(b"1").unwrap_or(digits);
    // No exchange starts with 0 or 1, though the plans of some islands leave it open.
    matches!(national.get(3), Some(b'2'..=b'9')) && INTERNATIONAL.accepts([b"1", national])
}

/// Whether digits after these bytes are a part of something longer, or no number at all.
fn is_inside(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => false,
        [.., last] if last.is_ascii_alphanumeric() || b"_$#@+%".contains(last) => true,
        // A minus.
        [b'-'] | [.., b' ', b'-'] => true,
        [.., last, b'-' | b'.' | b'/'] => last.is_ascii_alphanumeric(),
        [.., last, b':'] => last.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
