//! A string that must not be printed: a credential, a client secret, a token.
//!
//! Nothing is encrypted or wiped here. The type only keeps the value out of logs and makes every use visible.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret string. It has no `Display`, and its `Debug` shows nothing of the value.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value chosen elsewhere.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Makes 256 bits from the operating system's generator, written in 43 characters of base64url.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0_u8; 32];
        OsRng.fill_bytes(&mut bytes);
        Self(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// The value itself, for the one place that sends or stores it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that depends on neither value: digests are compared, so the length does not show.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        let (own, other) = (Sha256::digest(self.0.as_bytes()), Sha256::digest(candidate.as_bytes()));
        own[..].ct_eq(&other[..]).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn only_the_same_value_matches() {
        let secret = Secret::new("abc");
        for (candidate, want) in [("abc", true), ("abd", false), ("ab", false), ("abcd", false), ("", false)]
        {
            assert_eq!(secret.matches(candidate), want, "candidate: {candidate}");
        }
    }

    #[test]
    fn random_secrets_differ_and_are_43_characters() {
        let (one, two) = (Secret::random(), Secret::random());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 43);
    }
}
