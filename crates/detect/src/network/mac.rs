//! Where MAC addresses start and end: EUI-48 and EUI-64 of IEEE 802.

use std::ops::Range;

/// The address in pairs of digits whose first sign, a `:` or `-`, is at `sign`, and whether nothing else is written so.
pub(super) fn separated(bytes: &[u8], sign: usize) -> Option<(Range<usize>, bool)> {
    let start = sign.checked_sub(2)?;
    let separator = *bytes.get(sign)?;
    // Three more bytes tell nearly always.
    let is_pair = |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let [a, b, _, c, d, next] = bytes.get(start..start + 6)? else { return None };
    if *next != separator
        || !is_pair(&[*a, *b])
        || !is_pair(&[*c, *d])
        || is_joined_before(bytes, start, separator)
    {
        return None;
    }
    let rest = bytes.get(start..)?;
    let is_joined = |part: &&[u8]| matches!(part, [a, b, s] if is_pair(&[*a, *b]) && *s == separator);
    let n_joined = rest.chunks(3).take(9).take_while(is_joined).count();
    // A sign after the last pair belongs to the text.
    let n = n_joined + usize::from(rest.get(n_joined * 3..n_joined * 3 + 2).is_some_and(is_pair));
    let range = start..start + n * 3 - 1;
    if !matches!(n, 6 | 8) || goes_on(bytes, range.end, separator) {
        return None;
    }
    let is_sure = separator == b':' || has_letter(bytes.get(range.clone())?);
    Some((range, is_sure))
}

/// The address in three or four groups of four digits with dots, as Cisco writes it, around the digit at `place`; and
/// whether nothing else is written so.
pub(super) fn dotted(bytes: &[u8], place: usize) -> Option<(Range<usize>, bool)> {
    let before = bytes.get(place.saturating_sub(20)..place)?;
    let n = before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'.').count();
    let start = place - n;
    let rest = bytes.get(start..)?;
    let is_group = |group: &[u8]| group.len() >= 4 && group.iter().take(4).all(u8::is_ascii_hexdigit);
    let is_joined = |group: &&[u8]| is_group(group) && group.get(4) == Some(&b'.');
    let n_joined = rest.chunks(5).take(5).take_while(is_joined).count();
    let n_groups = n_joined + usize::from(is_group(rest.get(n_joined * 5..)?));
    let range = start..(start + n_groups * 5).checked_sub(1)?;
    let is_whole = matches!(n_groups, 3 | 4) && !goes_on(bytes, range.end, b'.');
    if !is_whole || is_joined_before(bytes, start, b'.') {
        return None;
    }
    let is_sure = has_letter(bytes.get(range.clone())?);
    Some((range, is_sure))
}

fn has_letter(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_alphabetic)
}

fn is_joined_before(bytes: &[u8], start: usize, separator: u8) -> bool {
    match bytes.get(start.saturating_sub(2)..start).unwrap_or_default() {
        [b'\\', b'n' | b'r' | b't'] => false,
        [.., last] if last.is_ascii_alphanumeric() || *last == b'_' => true,
        [before, last] => *last == separator && before.is_ascii_alphanumeric(),
        _ => false,
    }
}

fn goes_on(bytes: &[u8], end: usize, separator: u8) -> bool {
    match bytes.get(end..).unwrap_or_default() {
        [next, ..] if next.is_ascii_alphanumeric() || *next == b'_' => true,
        [sign, next, ..] => *sign == separator && next.is_ascii_alphanumeric(),
        _ => false,
    }
}
