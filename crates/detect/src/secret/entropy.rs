//! How much a value tells: Shannon's entropy of its characters, in whole numbers.

/// How many parts a bit has.
pub(super) const BIT: u32 = 256;
/// How much of a value counts.
const JUDGED: usize = 256;

/// The logarithms of 0 to 256 to the base of two, in parts of bits.
const LOG2: [u32; JUDGED + 1] = logarithms();

/// The entropy of a value as a whole, in parts of bits: `n log n` less `c log c` for every count `c`.
pub(super) fn of(value: &[u8]) -> u32 {
    let mut counts = [0_u16; 256];
    let value = value.get(..JUDGED).unwrap_or(value);
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let part = |n: usize| u32::try_from(n).unwrap_or_default() * LOG2.get(n).copied().unwrap_or_default();
    // Each count is taken once, at the first of its characters.
    let taken = |byte: &u8| counts.get_mut(usize::from(*byte)).map_or(0, std::mem::take);
    let repeated: u32 = value.iter().map(taken).map(|count| part(usize::from(count))).sum();
    part(value.len()).saturating_sub(repeated)
}

/// Whether a value has so many parts of bits in each character.
pub(super) fn is_at_least(value: &[u8], each: u32) -> bool {
    let n = u32::try_from(value.len().min(JUDGED)).unwrap_or_default();
    of(value) >= n * each
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only")]
const fn logarithms() -> [u32; JUDGED + 1] {
    let mut table = [0; JUDGED + 1];
    let mut n = 2;
    while n <= JUDGED {
        table[n] = logarithm(n as u64);
        n += 1;
    }
    table
}

/// By squaring: each square that passes two gives a one in the next place.
const fn logarithm(n: u64) -> u32 {
    let whole = n.ilog2();
    let mut fraction = 0;
    let mut mantissa = (n << 30) >> whole;
    let mut bit = BIT / 2;
    while bit > 0 {
        mantissa = (mantissa * mantissa) >> 30;
        if mantissa >= 2 << 30 {
            mantissa >>= 1;
            fraction += bit;
        }
        bit /= 2;
    }
    whole * BIT + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_the_counts() {
        for (value, bits) in [("", 0), ("aaaa", 0), ("abab", 4), ("abcd", 8), ("abcdefgh", 24)] {
            assert_eq!(of(value.as_bytes()), bits * BIT, "value: {value}");
        }
        // log2 3 is 1.585.
        assert_eq!(of(b"abc"), 3 * 405);
        assert!(is_at_least(b"abcd", 2 * BIT));
        assert!(!is_at_least(b"abcc", 2 * BIT));
    }
}
