//! Record ids: the time and eighty random bits, in a form that sorts by time and that keys may hold.
//!
//! The layout is that of a ULID, written in lower case because store keys are. Clock and randomness are the caller's.

use std::fmt;
use std::str::FromStr;

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

/// The id of a call or of a refused request. Ids of one millisecond are in random order, others in order of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(u128);

/// How many characters an id has.
const LENGTH: usize = 26;

/// Crockford's base 32: no `i`, `l`, `o` or `u`. In ASCII order, so that ids sort as their text does.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const TIME_BITS: u32 = 48;
const RANDOM_BITS: u32 = 80;

impl RecordId {
    /// The id for `at` and eighty random bits. A time after the year 10889 counts as that year's last millisecond.
    #[must_use]
    pub fn new(at: UnixMillis, random: [u8; 10]) -> Self {
        let time = u128::from(at.0.min((1 << TIME_BITS) - 1));
        let random = random.iter().fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        Self(time << RANDOM_BITS | random)
    }

    /// When the id was made.
    #[must_use]
    pub fn at(self) -> UnixMillis {
        UnixMillis(u64::try_from(self.0 >> RANDOM_BITS).unwrap_or(u64::MAX))
    }

    /// The sixteen bytes of the id, in the order in which ids sort.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id of these bytes.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = (0..LENGTH).rev().map(|place| (self.0 >> (place * 5)) & 31);
        let text: String = digits
            .filter_map(|digit| ALPHABET.get(usize::try_from(digit).ok()?))
            .map(|byte| char::from(*byte))
            .collect();
        f.write_str(&text)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

/// Text that is not the one way to write a record id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record id is 26 characters of `0-9a-z` without `i`, `l`, `o` and `u`, the first at most `7`")]
pub struct InvalidRecordId;

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, InvalidRecordId> {
        if text.len() != LENGTH {
            return Err(InvalidRecordId);
        }
        text.bytes().try_fold(Self(0), |id, byte| id.push(byte)).ok_or(InvalidRecordId)
    }
}

impl RecordId {
    fn push(self, byte: u8) -> Option<Self> {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        let shifted = self.0.checked_mul(32)?;
        Some(Self(shifted | u128::try_from(digit).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_written_as_a_lower_case_ulid() {
        for (at, random, expected) in [
            (0, [0; 10], "00000000000000000000000000"),
            (u64::MAX, [255; 10], "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
            (1_469_918_176_385, [0; 10], "01aryz6s410000000000000000"),
        ] {
            assert_eq!(RecordId::new(UnixMillis(at), random).to_string(), expected);
        }
    }

    #[test]
    fn other_ways_to_write_an_id_are_refused() {
        for text in [
            "",
            "01arz3ndektsv4rrffq69g5fa",
            "01arz3ndektsv4rrffq69g5favv",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01arz3ndektsv4rrffq69g5fai",
            "01arz3ndektsv4rrffq69g5fa:",
            "81arz3ndektsv4rrffq69g5fav",
            "é1arz3ndektsv4rrffq69g5fa",
        ] {
            assert_eq!(text.parse::<RecordId>(), Err(InvalidRecordId), "text: {text}");
        }
    }

    proptest! {
        #[test]
        fn an_id_parses_from_its_text_and_keeps_its_time(at in 0_u64..1 << 48, random: [u8; 10]) {
            let id = RecordId::new(UnixMillis(at), random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.at(), UnixMillis(at));
        }

        #[test]
        fn ids_and_their_texts_sort_by_time(a in 0_u64..1 << 48, b in 0_u64..1 << 48, ra: [u8; 10], rb: [u8; 10]) {
            let (first, second) = (RecordId::new(UnixMillis(a), ra), RecordId::new(UnixMillis(b), rb));
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
            prop_assert!(a == b || first.cmp(&second) == a.cmp(&b));
        }
    }
}
