//! Addresses of networks: IP and MAC. Labels, and masked only where settings name them.

mod ip;
mod mac;

use crate::catalog;
use crate::context::Text;
use crate::finding::{Confidence, Finding};
use crate::topic::Topic;

/// How far before a number the word ends that says it is a version.
const NEAR: usize = 14;
/// How far before or after four small numbers the word is that says they are an address.
const CUE: usize = 32;

/// Looks at the run of digits that starts at `place`.
pub(crate) fn look_at_digits(text: &Text<'_, '_>, place: usize, hits: &mut Vec<Finding>) {
    let bytes = text.bytes();
    let next = bytes.get(place + 1..).unwrap_or_default();
    // Most numbers have no dot after at most four characters.
    if !next.iter().take(4).any(|byte| *byte == b'.') {
        return;
    }
    if let Some((range, octets)) = ip::v4(bytes, place) {
        let is_announced = is_address(text, &range);
        let is_plain = octets.iter().all(|octet| *octet < 10);
        if is_announced || !(is_plain || is_version(text, range.start)) {
            let confidence = if is_plain { Confidence::Medium } else { Confidence::High };
            hits.push(Finding { class: catalog::IP, range, confidence });
        }
    } else if let Some((range, is_sure)) = mac::dotted(bytes, place)
        && (is_sure || text.speaks_of(Topic::Mac, &range))
    {
        hits.push(Finding { class: catalog::MAC, range, confidence: Confidence::Medium });
    }
}

/// Looks at a `:` or `-`.
pub(crate) fn look_at_sign(text: &Text<'_, '_>, place: usize, hits: &mut Vec<Finding>) {
    let bytes = text.bytes();
    // Most signs are those of a text.
    let (may_be_mac, may_be_ip) = match bytes.get(place..).unwrap_or_default() {
        [b':', b':', ..] => (false, true),
        [sign, a, b, next, ..] if a.is_ascii_hexdigit() => {
            (next == sign && b.is_ascii_hexdigit(), *sign == b':')
        }
        [b':', a, ..] if a.is_ascii_hexdigit() => (false, true),
        _ => return,
    };
    if may_be_mac && let Some((range, is_sure)) = mac::separated(bytes, place) {
        if is_sure || text.speaks_of(Topic::Mac, &range) {
            hits.push(Finding { class: catalog::MAC, range, confidence: Confidence::High });
        }
        return;
    }
    if may_be_ip
        && let Some((range, is_sure)) = ip::v6(bytes, place)
        && (is_sure || is_address(text, &range))
    {
        hits.push(Finding { class: catalog::IP, range, confidence: Confidence::High });
    }
}

/// Whether something says that numbers are an address: a word near them, `//` before them, a port or a length of the
/// network after them.
fn is_address(text: &Text<'_, '_>, range: &std::ops::Range<usize>) -> bool {
    let bytes = text.bytes();
    let is_host = bytes.get(..range.start).unwrap_or_default().ends_with(b"//");
    let has_port = matches!(bytes.get(range.end..).unwrap_or_default(), [b':' | b'/', next, ..] if next.is_ascii_digit());
    let near = range.start.saturating_sub(CUE)..range.end.saturating_add(CUE);
    is_host || has_port || text.is_named(Topic::Ip) || text.speaks_within(Topic::Ip, &near)
}

/// Whether numbers that start at `start` are those of a version, of software or of a chapter.
fn is_version(text: &Text<'_, '_>, start: usize) -> bool {
    let before = text.bytes().get(..start).unwrap_or_default();
    // `Chrome/120.0.0.0` in the name of a browser.
    let is_product = matches!(before, [.., letter, b'/'] if letter.is_ascii_alphanumeric());
    let near = start.saturating_sub(NEAR)..start;
    is_product || text.is_named(Topic::Version) || text.speaks_within(Topic::Version, &near)
}

#[cfg(test)]
mod tests;
