//! Keyed digests of what may not be stored.
//!
//! A plain hash of a card number is guessable: there are few of them. So what stands for an original in a record is
//! an HMAC-SHA-256 under a key that is not in the store.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How many bytes a block of SHA-256 has; HMAC fills shorter keys up with zeros.
const BLOCK_BYTES: usize = 64;

/// The key of the digests in records. Never stored, and not shown by `Debug`.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// A key from 32 secret bytes.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The digest of `content`. Digests for different purposes differ, also those of the same content.
    #[must_use]
    pub fn digest(&self, purpose: &str, content: &[u8]) -> KeyedDigest {
        let mut block = [0; BLOCK_BYTES];
        for (place, byte) in block.iter_mut().zip(self.0) {
            *place = byte;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(&u64::try_from(purpose.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(content);
        KeyedDigest(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

/// An HMAC-SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyedDigest([u8; 32]);

impl KeyedDigest {
    /// A digest that was made elsewhere. It must be a keyed one.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedDigest(")?;
        fmt::Display::fmt(self, f)?;
        f.write_char(')')
    }
}

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl FromStr for KeyedDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let mut bytes = [0; 32];
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(InvalidDigest) };
        if pairs.len() != bytes.len() {
            return Err(InvalidDigest);
        }
        for (place, [high, low]) in bytes.iter_mut().zip(pairs) {
            *place = nibble(*high)? << 4 | nibble(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(byte: u8) -> Result<u8, InvalidDigest> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(InvalidDigest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_hmac_sha_256_over_purpose_and_content() {
        // Computed with another implementation: HMAC-SHA-256, key 32 times 0x0b, message 0x00…09 "arguments" "{}".
        let digest = DigestKey::new([0x0b; 32]).digest("arguments", b"{}");
        assert_eq!(digest.to_string(), "06140d853e16b2bd8df83a9561d1fb7c0abea58cafce55eb6e1a04b2a7c4dfa9");
    }

    #[test]
    fn purpose_key_and_content_all_count() {
        let key = DigestKey::new([1; 32]);
        let digests = [
            key.digest("a", b"bc"),
            key.digest("ab", b"c"),
            key.digest("a", b"bd"),
            DigestKey::new([2; 32]).digest("a", b"bc"),
        ];
        for (n, digest) in digests.iter().enumerate() {
            assert!(!digests.iter().skip(n + 1).any(|other| other == digest));
        }
    }

    #[test]
    fn a_digest_parses_from_its_own_text_only() {
        let digest = KeyedDigest::new([0xa5; 32]);
        let text = digest.to_string();
        assert_eq!(text.parse(), Ok(digest));
        for wrong in [
            text.to_uppercase(),
            text.replacen('a', "g", 1),
            format!("{text}00"),
            "a5".repeat(31),
            "é".repeat(32),
        ] {
            assert_eq!(wrong.parse::<KeyedDigest>(), Err(InvalidDigest), "text: {wrong}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", DigestKey::new([7; 32])), "DigestKey(..)");
    }
}
