//! The first pass: which of 64 bytes can be part of a value.
//!
//! Every value has something that is rare in prose: a digit, an `@`, a sign between a name and its value, or a word
//! that is longer than words are. One pass over the text, 16 bytes at a time, finds those; only there do detectors look.

use wide::u8x16;

/// How many bytes are classified together.
pub(crate) const BLOCK: usize = 64;

/// How long a word is that may be a secret, in bytes.
pub(crate) const LONG: u32 = 16;

const LANES: usize = 16;

/// For each of 64 bytes one bit, the first byte the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// `0` to `9`.
    pub(crate) digits: u64,
    /// Letters, digits, and `+`, `-`, `.`, `/`, `_`: what tokens are made of.
    pub(crate) words: u64,
    /// `@`, `:`, `=`, `%`, `\` and `-`.
    pub(crate) signs: u64,
}

impl Block {
    /// Classifies up to 64 bytes; what is missing is in no set.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut block = Self::default();
        for (index, lane) in bytes.chunks(LANES).take(BLOCK / LANES).enumerate() {
            block.add(index * LANES, &load(lane));
        }
        block
    }

    fn add(&mut self, shift: usize, bytes: &[u8; LANES]) {
        let bytes = u8x16::from(*bytes);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let is_in = |first: u8, n: u8, of: u8x16| (of - u8x16::splat(first)).simd_lt(u8x16::splat(n));
        let digits = is_in(b'0', 10, bytes);
        let letters = is_in(b'a', 26, bytes | u8x16::splat(0x20));
        let hyphens = is(b'-');
        let words = digits | letters | hyphens | is_in(b'.', 2, bytes) | is(b'+') | is(b'_');
        let signs = hyphens | is(b'@') | is(b':') | is(b'=') | is(b'%') | is(b'\\');
        let mask = |set: u8x16| u64::from(set.to_bitmask()) << shift;
        self.digits |= mask(digits);
        self.words |= mask(words);
        self.signs |= mask(signs);
    }
}

/// What stands at the places of one block that are worth a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchors {
    /// Where runs of digits start.
    pub(crate) digits: u64,
    /// Where words of at least [`LONG`] bytes start.
    pub(crate) long_words: u64,
    /// [`Block::signs`].
    pub(crate) signs: u64,
}

/// The anchors of a text, block by block, each with the place of its first byte; blocks without any are left out.
pub(crate) fn anchors(bytes: &[u8]) -> impl Iterator<Item = (usize, Anchors)> + '_ {
    let mut blocks = bytes.chunks(BLOCK);
    let mut before = Block::default();
    let mut block = blocks.next().map(Block::of);
    let mut place = 0;
    let next = move || {
        let current = block?;
        block = blocks.next().map(Block::of);
        let after = block.unwrap_or_default();
        let anchors = Anchors {
            digits: current.digits & !(current.digits << 1 | before.digits >> (BLOCK - 1)),
            long_words: starts_of_long(before.words, current.words, after.words),
            signs: current.signs,
        };
        let start = place;
        before = current;
        place += BLOCK;
        Some((start, anchors))
    };
    std::iter::from_fn(next).filter(|(_, anchors)| *anchors != Anchors::default())
}

/// Of three words of bits after each other, the starts in the middle one of runs of at least [`LONG`] ones.
fn starts_of_long(before: u64, current: u64, after: u64) -> u64 {
    let starts = current & !(current << 1 | before >> (BLOCK - 1));
    let (mut low, mut high) = (current, after);
    let mut length = 1;
    while length < LONG && low != 0 {
        low &= low >> length | high << (u64::BITS - length);
        high &= high >> length;
        length *= 2;
    }
    low & starts
}

/// The places of the ones, lowest first.
pub(crate) fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros();
        bits &= bits.checked_sub(1)?;
        usize::try_from(place).ok()
    })
}

/// The bytes of a lane; those that are missing are blank.
fn load(bytes: &[u8]) -> [u8; LANES] {
    if let Ok(lane) = bytes.try_into() {
        return lane;
    }
    let mut lane = [b' '; LANES];
    lane.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    lane
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first pass should find, byte by byte.
    fn expected(bytes: &[u8]) -> Vec<(usize, &'static str)> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-./_".contains(byte);
        let mut found = Vec::new();
        for (place, byte) in bytes.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| &bytes[before]);
            if byte.is_ascii_digit() && !before.is_some_and(u8::is_ascii_digit) {
                found.push((place, "digit"));
            }
            let length = bytes[place..].iter().take_while(|byte| is_word(byte)).count();
            if length >= 16 && !before.is_some_and(is_word) {
                found.push((place, "long"));
            }
            if b"@:=%\\-".contains(byte) {
                found.push((place, "sign"));
            }
        }
        found.sort_unstable();
        found
    }

    fn found(bytes: &[u8]) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        for (start, anchors) in anchors(bytes) {
            found.extend(ones(anchors.digits).map(|place| (start + place, "digit")));
            found.extend(ones(anchors.long_words).map(|place| (start + place, "long")));
            found.extend(ones(anchors.signs).map(|place| (start + place, "sign")));
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn every_byte_is_classified() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(found(&bytes), expected(&bytes));
        for byte in 0..=255 {
            assert_eq!(found(&[byte]), expected(&[byte]), "byte: {byte}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_first_pass_finds_what_stands_there(text in "([a-z]{0,20}[ ,é]|[0-9]{0,9}|[A-Z0-9+./_-]{10,90}|[@:=%\\\\-]){0,12}") {
            proptest::prop_assert_eq!(found(text.as_bytes()), expected(text.as_bytes()));
        }
    }
}
