//! Checks that tokens carry in themselves.

use crate::finding::Confidence;
use crate::secret::base64;

/// How a token proves that it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The checksum of BIP 173 over all of it.
    Bech32,
    /// Its last seven characters are the CRC-32 of what is before them, in base 36 (routable tokens of GitLab).
    Crc32Base36,
    /// Its last six characters are the CRC-32 of what is between its prefix and them, in base 62 (GitHub, npm).
    Crc32Base62,
    /// Nothing but its form.
    Form,
    /// What is before its first dot is a number in base64 (Discord).
    Snowflake,
}

impl Check {
    /// How sure it is that `token` is one; `None` if it is none. A checksum that does not hold leaves it in doubt only:
    /// what has the form of a token and no secret is rare, and to show a secret is worse than to hide a word.
    pub(crate) fn confidence(self, token: &[u8]) -> Option<Confidence> {
        let sure = |holds: bool| Some(if holds { Confidence::High } else { Confidence::Low });
        match self {
            Self::Bech32 => sure(is_bech32(token)),
            Self::Crc32Base36 => sure(holds_crc32::<7>(token, 0, BASE36)),
            Self::Crc32Base62 => sure(holds_crc32::<6>(token, 4, BASE62)),
            Self::Form => Some(Confidence::High),
            Self::Snowflake => is_snowflake(token).then_some(Confidence::High),
        }
    }
}

pub(crate) const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
pub(crate) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BECH32: &[u8] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

fn holds_crc32<const N: usize>(token: &[u8], from: usize, digits: &[u8]) -> bool {
    let Some((body, sum)) = token.split_last_chunk::<N>() else { return false };
    body.get(from..).is_some_and(|body| written::<N>(crc32(body), digits) == *sum)
}

/// A number in the base of so many digits, with zeros before it.
pub(crate) fn written<const N: usize>(mut number: u32, digits: &[u8]) -> [u8; N] {
    let base = u32::try_from(digits.len()).unwrap_or(u32::MAX).max(2);
    let mut text = [b'0'; N];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(number % base).unwrap_or_default();
        *place = digits.get(digit).copied().unwrap_or_default();
        number /= base;
    }
    text
}

/// CRC-32 as in ISO/IEC 13239 and zlib.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

/// Whether the checksum of BIP 173 holds: the text before the last `1`, then values of five bits.
pub(crate) fn is_bech32(text: &[u8]) -> bool {
    let Some(one) = text.iter().rposition(|byte| *byte == b'1') else { return false };
    let (prefix, data) = text.split_at(one);
    let lower = prefix.iter().map(u8::to_ascii_lowercase);
    let mut values: Vec<u32> = lower.clone().map(|byte| u32::from(byte >> 5)).collect();
    values.push(0);
    values.extend(lower.map(|byte| u32::from(byte & 31)));
    for byte in data.iter().skip(1) {
        let value = BECH32.iter().position(|letter| *letter == byte.to_ascii_uppercase());
        let Some(value) = value.and_then(|value| u32::try_from(value).ok()) else { return false };
        values.push(value);
    }
    polymod(&values) == 1
}

/// The checksum of values of five bits each.
pub(crate) fn polymod(values: &[u32]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.iter().fold(1, |sum, value| {
        let next = (sum & 0x01ff_ffff) << 5 ^ value;
        let taps = GENERATOR.iter().enumerate().filter(|(bit, _)| (sum >> 25) >> bit & 1 == 1);
        taps.fold(next, |next, (_, tap)| next ^ tap)
    })
}

fn is_snowflake(token: &[u8]) -> bool {
    let first = token.split(|byte| *byte == b'.').next().unwrap_or_default();
    base64::decode(first).is_some_and(|id| id.len() >= 17 && id.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_specifications() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(written::<6>(61, BASE62), *b"00000z");
        assert_eq!(written::<7>(36, BASE36), *b"0000010");
        // BIP 173, and the specification of age.
        assert!(is_bech32(b"A12UEL5L"));
        assert!(is_bech32(b"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"));
        assert!(!is_bech32(b"A12UEL5M"));
        assert!(!is_bech32(b"A12UELB5"));
    }
}
