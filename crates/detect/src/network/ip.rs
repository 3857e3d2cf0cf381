//! Where IP addresses start and end.

use std::ops::Range;

/// The longest name of a zone that is read (RFC 4007 §11).
const LONGEST_ZONE: usize = 16;

/// The dotted address (RFC 791, written as in RFC 3986 §3.2.2) whose first digit is at `start`, and its four numbers.
pub(super) fn v4(bytes: &[u8], start: usize) -> Option<(Range<usize>, [u8; 4])> {
    if is_inside(bytes.get(start.saturating_sub(2)..start)?) {
        return None;
    }
    let (n, octets) = octets(bytes.get(start..)?)?;
    let range = start..start + n;
    match bytes.get(range.end..)? {
        [b'.' | b'-', next, ..] if next.is_ascii_alphanumeric() => None,
        [next, ..] if next.is_ascii_alphanumeric() || b"_+".contains(next) => None,
        _ => Some((range, octets)),
    }
}

/// Whether bytes before an address make it a part of something longer.
fn is_inside(before: &[u8]) -> bool {
    match before {
        [b'\\', b'n' | b'r' | b't'] => false,
        [.., last] if last.is_ascii_alphanumeric() || b"._-+~^$#".contains(last) => true,
        _ => false,
    }
}

/// Four numbers below 256 without needless zeros, and how many bytes they are.
fn octets(bytes: &[u8]) -> Option<(usize, [u8; 4])> {
    let mut octets = [0; 4];
    let mut n = 0;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            (bytes.get(n) == Some(&b'.')).then_some(())?;
            n += 1;
        }
        let digits = bytes.get(n..)?;
        let length = digits.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let digits = digits.get(..length)?;
        if length > 1 && digits.starts_with(b"0") {
            return None;
        }
        *octet = str::from_utf8(digits).ok()?.parse().ok()?;
        n += length;
    }
    Some((n, octets))
}

/// The address of RFC 4291 §2.2 whose first colon is at `colon`, and whether nothing else is written so.
pub(super) fn v6(bytes: &[u8], colon: usize) -> Option<(Range<usize>, bool)> {
    let before = bytes.get(colon.saturating_sub(5)..colon)?;
    let n_first = before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let start = colon.checked_sub(n_first).filter(|_| n_first <= 4)?;
    // Only two colons stand at the start.
    if n_first == 0 && bytes.get(colon + 1) != Some(&b':') {
        return None;
    }
    let outside = bytes.get(start.saturating_sub(2)..start)?;
    let is_inside = match outside {
        [b'\\', b'n' | b'r' | b't'] => false,
        [.., last] => last.is_ascii_alphanumeric() || b":_.-".contains(last) || *last >= 0x80,
        [] => false,
    };
    if is_inside {
        return None;
    }
    let groups = Groups::read(bytes, start)?;
    let end = with_zone(bytes, groups.end);
    // Two groups are also how code and lists are written, but networks start with a 2, a 3 or an f.
    let is_network = n_first == 4 && matches!(bytes.get(start)?, b'2' | b'3' | b'f' | b'F');
    let is_long = groups.n_digits > 0 && (groups.n >= 3 || (groups.n == 2 && is_network));
    let is_sure = is_long || groups.is_loopback(bytes, start);
    Some((start..end, is_sure))
}

/// Groups of hexadecimal digits between colons.
#[derive(Clone, Copy, Debug, Default)]
struct Groups {
    /// How many there are; an embedded dotted address is two.
    n: usize,
    /// How many decimal digits.
    n_digits: usize,
    end: usize,
}

impl Groups {
    fn read(bytes: &[u8], start: usize) -> Option<Self> {
        let mut groups = Self { end: start, ..Self::default() };
        let mut is_short = false;
        loop {
            let rest = bytes.get(groups.end..)?;
            let n = rest.iter().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
            if groups.n > 0
                && rest.get(n) == Some(&b'.')
                && let Some((n, _)) = octets(rest)
            {
                groups.n += 2;
                groups.n_digits += n;
                groups.end += n;
                break;
            }
            if n > 4 {
                return None;
            }
            groups.n += usize::from(n > 0);
            groups.n_digits += rest.iter().take(n).filter(|byte| byte.is_ascii_digit()).count();
            groups.end += n;
            match rest.get(n..)? {
                [b':', b':', ..] if !is_short && groups.n < 8 => {
                    is_short = true;
                    groups.end += 2;
                }
                [b':', next, ..] if next.is_ascii_hexdigit() && n > 0 && groups.n < 8 => groups.end += 1,
                _ => break,
            }
        }
        let is_whole = if is_short { (1..=7).contains(&groups.n) } else { groups.n == 8 };
        let goes_on = match bytes.get(groups.end..)? {
            [b':' | b'-' | b'.', next, ..] => next.is_ascii_alphanumeric() || *next == b':',
            [next, ..] => next.is_ascii_alphanumeric() || b"_(<@".contains(next) || *next >= 0x80,
            [] => false,
        };
        (is_whole && !goes_on).then_some(groups)
    }

    /// Whether it is `::1`, and not what takes every other element of a list.
    fn is_loopback(&self, bytes: &[u8], start: usize) -> bool {
        let is_list = match bytes.get(start.saturating_sub(2)..start).unwrap_or_default() {
            [before, b'['] => before.is_ascii_alphanumeric() || b"_])".contains(before),
            _ => false,
        };
        bytes.get(start..self.end) == Some(b"::1") && !is_list
    }
}

/// Where an address ends with its zone: `%eth0`.
fn with_zone(bytes: &[u8], end: usize) -> usize {
    let Some([b'%', zone @ ..]) = bytes.get(end..) else { return end };
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let n = zone.iter().take(LONGEST_ZONE).take_while(is_name).count();
    let trailing = zone.get(..n).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'.').count();
    if n > trailing { end + 1 + n - trailing } else { end }
}
