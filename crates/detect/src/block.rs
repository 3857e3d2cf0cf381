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
    /// Classifies the 64 bytes from `start` on, or as many as there are; what is missing is in no set.
    fn of(text: &[u8], start: usize) -> Self {
        let mut block = Self::default();
        for shift in (0..BLOCK).step_by(LANES) {
            let Some(lane) = Lane::load(text, start + shift) else { break };
            block.add(shift, &lane);
        }
        block
    }

    fn add(&mut self, shift: usize, lane: &Lane) {
        let sets = lane.sets();
        let mask = |set: u8x16| u64::from(lane.mask(set)) << shift;
        self.digits |= mask(sets.digits);
        self.words |= mask(sets.words);
        self.signs |= mask(sets.signs);
    }
}

/// For each byte of a lane, whether it is in a set.
struct Sets {
    digits: u8x16,
    words: u8x16,
    signs: u8x16,
    /// Not ASCII.
    others: u8x16,
}

/// Sixteen bytes of a text, of which the first may belong to the lane before.
struct Lane {
    bytes: [u8; LANES],
    /// How many do.
    passed: u32,
}

impl Lane {
    fn sets(&self) -> Sets {
        let bytes = u8x16::from(self.bytes);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let is_in = |first: u8, n: u8, of: u8x16| (of - u8x16::splat(first)).simd_lt(u8x16::splat(n));
        let digits = is_in(b'0', 10, bytes);
        let letters = is_in(b'a', 26, bytes | u8x16::splat(0x20));
        let hyphens = is(b'-');
        let words = digits | letters | hyphens | is_in(b'.', 2, bytes) | is(b'+') | is(b'_');
        let signs = hyphens | is(b'@') | is(b':') | is(b'=') | is(b'%') | is(b'\\');
        Sets { digits, words, signs, others: bytes }
    }

    /// One bit for each byte whose highest bit is set.
    fn mask(&self, set: u8x16) -> u32 {
        set.to_bitmask() >> self.passed
    }

    /// The lane that starts at `start`. The last one of a long text is read from where the text ends, so that nothing
    /// is copied byte by byte; a text that is shorter than a lane is filled up with zeros.
    fn load(text: &[u8], start: usize) -> Option<Self> {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        if let Some(bytes) = rest.first_chunk() {
            return Some(Self { bytes: *bytes, passed: 0 });
        }
        if let Some(bytes) = text.last_chunk() {
            return Some(Self { bytes: *bytes, passed: from_end(rest.len()) });
        }
        Some(Self { bytes: short(rest), passed: 0 })
    }
}

/// Fewer than sixteen bytes, filled up with zeros: their first and their last, which may overlap.
#[inline]
pub(crate) fn short(bytes: &[u8]) -> [u8; LANES] {
    let n = bytes.len();
    let (low, high) = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (
            u64::from_le_bytes(*first),
            u64::from_le_bytes(*last).checked_shr(8 * from_end(n)).unwrap_or_default(),
        )
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last)) << (8 * (n - 4));
        (u64::from(u32::from_le_bytes(*first)) | last, 0)
    } else {
        (bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)), 0)
    };
    let mut lane = [0; LANES];
    let (start, end) = lane.split_at_mut(LANES / 2);
    start.copy_from_slice(&low.to_le_bytes());
    end.copy_from_slice(&high.to_le_bytes());
    lane
}

/// How many bytes are missing at the end of a lane.
fn from_end(n_bytes: usize) -> u32 {
    u32::try_from(LANES - n_bytes).unwrap_or(u32::MAX)
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

/// Whether a text is ASCII and has no anchor: nothing can be found in it.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    /// [`LANES`], as bits are counted.
    const LANE: u32 = 16;
    let mut run = 0;
    (0..text.len()).step_by(LANES).filter_map(|start| Lane::load(text, start)).all(|lane| {
        let sets = lane.sets();
        let words = lane.mask(sets.words);
        let first = words.trailing_ones();
        let is_plain = lane.mask(sets.digits | sets.signs | sets.others) == 0 && run + first < LONG;
        run = if first == LANE { run + LANE } else { (words << LANE).leading_ones() };
        is_plain
    })
}

/// How long a text is that [`is_bare`] looks at.
pub(crate) const BARE_BELOW: usize = LANES;

/// Whether a text is shorter than a lane and has none of the bytes that a value or a mark needs: nothing that is built in
/// can be found in it. Most names of members are such texts.
#[inline]
pub(crate) fn is_bare(text: &[u8]) -> bool {
    if text.len() >= LANES {
        return false;
    }
    let lane = Lane { bytes: short(text), passed: 0 };
    let sets = lane.sets();
    let is = |byte: u8| sets.others.simd_eq(u8x16::splat(byte));
    let marks = is(b'<') | is(b'[') | is(b'#');
    lane.mask(sets.digits | sets.signs | sets.others | marks) == 0
}

/// The anchors of a text, block by block, each with the place of its first byte; blocks without any are left out.
pub(crate) fn anchors(text: &[u8]) -> impl Iterator<Item = (usize, Anchors)> + '_ {
    let mut before = Block::default();
    let mut block = Block::of(text, 0);
    let next = move |start: usize| {
        let current = block;
        block = Block::of(text, start + BLOCK);
        let anchors = Anchors {
            digits: current.digits & !(current.digits << 1 | before.digits >> (BLOCK - 1)),
            long_words: starts_of_long(before.words, current.words, block.words),
            signs: current.signs,
        };
        before = current;
        (start, anchors)
    };
    (0..text.len()).step_by(BLOCK).map(next).filter(|(_, anchors)| *anchors != Anchors::default())
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
            let want = expected(text.as_bytes());
            proptest::prop_assert_eq!(is_plain(text.as_bytes()), want.is_empty() && text.is_ascii());
            proptest::prop_assert_eq!(found(text.as_bytes()), want);
        }

        #[test]
        fn bare_texts_are_short_and_plain(text in "[a-zé <#\\[0-9@_]{0,18}") {
            let is_bare = text.len() < 16 && is_plain(text.as_bytes()) && !text.contains(['<', '#', '[']);
            proptest::prop_assert_eq!(super::is_bare(text.as_bytes()), is_bare);
        }
    }
}
