//! How far a text can stand in a JSON string as it is, sixteen bytes at a time.

use wide::u8x16;

const LANES: usize = 16;

/// How many bytes at the start are neither a quote, nor a backslash, nor a control character.
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut passed = 0;
    while let Some(lane) = bytes.get(passed..).and_then(|rest| rest.first_chunk::<LANES>()) {
        match special(*lane) {
            0 => passed += LANES,
            found => return passed + place(found),
        }
    }
    // The last lane is read from where the text ends; that its first bytes were looked at already does no harm.
    if let Some((lane, start)) = bytes.last_chunk::<LANES>().zip(bytes.len().checked_sub(LANES)) {
        return match special(*lane) {
            0 => bytes.len(),
            found => start + place(found),
        };
    }
    // Names of members are mostly shorter than a lane.
    if both_ends(bytes).is_some_and(|lane| special(lane) == 0) {
        return bytes.len();
    }
    bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len())
}

/// All bytes of a text that is shorter than a lane, as its first and its last ones, which may overlap; `None` if there are
/// fewer than four.
fn both_ends(bytes: &[u8]) -> Option<[u8; LANES]> {
    let mut lane = [b' '; LANES];
    let (start, end) = lane.split_at_mut(LANES / 2);
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            start.copy_from_slice(first);
            end.copy_from_slice(last);
        }
        (Some(_), None) | (None, _) => {
            start.first_chunk_mut::<4>()?.copy_from_slice(bytes.first_chunk::<4>()?);
            end.first_chunk_mut::<4>()?.copy_from_slice(bytes.last_chunk::<4>()?);
        }
    }
    Some(lane)
}

/// One bit for each byte that cannot stand as it is.
fn special(lane: [u8; LANES]) -> u32 {
    let bytes = u8x16::from(lane);
    let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
    (is(b'"') | is(b'\\') | bytes.simd_lt(u8x16::splat(0x20))).to_bitmask()
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

/// Where the first bit is.
fn place(bits: u32) -> usize {
    usize::try_from(bits.trailing_zeros()).unwrap_or(LANES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_special_byte_is_found_wherever_it_is(before in "[a-zé ]{0,40}", special in "[\"\\\\\n\u{0}]?", after in "[a-z\"]{0,40}") {
            let text = format!("{before}{special}{after}");
            let want = text.bytes().position(is_special).unwrap_or(text.len());
            prop_assert_eq!(plain_prefix(text.as_bytes()), want);
        }
    }
}
