//! Digits that are part of an identifier: a UUID, or a hash in hexadecimal.
//!
//! Such identifiers are everywhere in tool results, and some contain digits that pass every other test.
//! All looks around are bounded by the length of the longest identifier.

use std::ops::Range;

/// Digits of the hashes and object ids in use: 96 to 512 bits.
const HEX_LENGTHS: [usize; 8] = [24, 32, 40, 48, 56, 64, 96, 128];
const MAX_HEX: usize = 128;

/// A written hash changes between digits and letters often; a card with letters glued to it does not. Without this,
/// eight letters before a card would hide it.
const MIN_CHANGES: usize = 5;

const UUID_LENGTH: usize = 36;
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Whether `digits` lies inside a UUID or a hexadecimal hash that starts at `floor` or later.
///
/// Another finding ends at `floor`. What touches it is no identifier: it would become one when that finding is masked,
/// and then the answer here would depend on what is masked.
pub(super) fn is_in_identifier(bytes: &[u8], digits: &Range<usize>, floor: usize) -> bool {
    is_in_hex(bytes, digits, floor) || is_in_uuid(bytes, digits, floor)
}

fn is_in_hex(bytes: &[u8], digits: &Range<usize>, floor: usize) -> bool {
    let Some((before, after)) = around(bytes, digits, floor, MAX_HEX) else { return false };
    let n_before = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let n_after = after.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let Some(token) = bytes.get(digits.start - n_before..digits.end + n_after) else { return false };
    let touches_finding =
        digits.start - n_before == floor && floor > 0 && is_alphanumeric_before(bytes, floor);
    let changes = token.windows(2).filter(|pair| is_digit_letter_change(pair)).count();
    !touches_finding
        && HEX_LENGTHS.contains(&token.len())
        && token.iter().all(u8::is_ascii_hexdigit)
        && changes >= MIN_CHANGES
}

fn is_digit_letter_change(pair: &[u8]) -> bool {
    matches!(pair, [left, right] if left.is_ascii_digit() != right.is_ascii_digit())
}

fn is_in_uuid(bytes: &[u8], digits: &Range<usize>, floor: usize) -> bool {
    let earliest = digits.end.saturating_sub(UUID_LENGTH).max(floor);
    (earliest..=digits.start).any(|start| is_uuid_at(bytes, start))
}

fn is_uuid_at(bytes: &[u8], start: usize) -> bool {
    let end = start + UUID_LENGTH;
    let Some(candidate) = bytes.get(start..end) else { return false };
    let is_shaped = candidate.iter().enumerate().all(|(place, byte)| {
        if UUID_HYPHENS.contains(&place) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    });
    let is_followed = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    is_shaped && !is_followed && !is_alphanumeric_before(bytes, start)
}

fn is_alphanumeric_before(bytes: &[u8], position: usize) -> bool {
    position.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric)
}

/// At most `most` bytes on each side of `digits`, none before `floor`.
fn around<'b>(
    bytes: &'b [u8],
    digits: &Range<usize>,
    floor: usize,
    most: usize,
) -> Option<(&'b [u8], &'b [u8])> {
    let before = bytes.get(digits.start.saturating_sub(most).max(floor)..digits.start)?;
    let after = bytes.get(digits.end..digits.end.saturating_add(most).min(bytes.len()))?;
    Some((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_a_uuid_or_a_hash_are_an_identifiers() {
        for (text, expected) in [
            ("550e8400-e29b-41d4-a716-676100000005", true),
            ("id=550e8400-e29b-41d4-a716-676100000005;", true),
            ("da39a3ee5e676100000005bfef95601890afd807", true),
            ("9b676100000005a1b2c3d4e5", true),
            // One character too many, so neither shape holds.
            ("550e8400-e29b-41d4-a716-6761000000051", false),
            ("1550e8400-e29b-41d4-a716-676100000005", false),
            ("x676100000005", false),
            // Letters glued to a number do not make it a hash.
            ("aaaaaaaaaaaa676100000005", false),
            ("676100000005", false),
        ] {
            let start = text.find("676100000005").unwrap();
            assert_eq!(is_in_identifier(text.as_bytes(), &(start..start + 12), 0), expected, "text: {text}");
        }
    }

    #[test]
    fn what_touches_another_finding_is_no_identifier() {
        let text = b"9b676100000005a1b2c3d4e5";
        assert!(is_in_identifier(text, &(2..14), 0));
        assert!(!is_in_identifier(text, &(2..14), 1));
        let text = b"x.9b676100000005a1b2c3d4e5";
        assert!(is_in_identifier(text, &(4..16), 2));
    }
}
