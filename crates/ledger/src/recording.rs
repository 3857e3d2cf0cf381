//! Which recording a record belongs to, and by what it is found.
//!
//! Records are encrypted, and yet chains are indexed without their keys, also after an erasure. So everything that an
//! index needs stands beside the ciphertext, as keyed digests: they tell equal names from different ones, and cannot be
//! guessed without the key.

mod cipher;
mod wrap;

use std::fmt;

use crate::digest::{DigestKey, KeyedDigest};

pub(crate) use cipher::{DataKey, Place, SEAL_BYTES};
pub use wrap::{InvalidKeyValue, KeyValue, UnwrapError, WrappedKey, WrappingKeys};

/// How many bytes of a keyed digest are kept: enough that no two names ever share one.
pub(crate) const TAG_BYTES: usize = 16;

/// The recording that a record belongs to: of one session, or of one token's use of one connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordingId([u8; TAG_BYTES]);

/// A principal or a connection, as indexes know it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag([u8; TAG_BYTES]);

impl RecordingId {
    /// The recording of a session, of whose id this is the digest.
    #[must_use]
    pub fn of_session(key: &DigestKey, session: &KeyedDigest) -> Self {
        Self(shortened(key.digest("recording of a session", session.as_bytes())))
    }

    /// The recording of what a token is used for on a connection. `token` is whatever tells the caller's tokens apart.
    #[must_use]
    pub fn of_token(key: &DigestKey, principal: Tag, token: &str, connection: Option<Tag>) -> Self {
        let content =
            [&principal.0[..], &connection.map_or([0; TAG_BYTES], |Tag(bytes)| bytes)[..], token.as_bytes()]
                .concat();
        Self(shortened(key.digest("recording of a token", &content)))
    }

    /// The recording of what is done without a proven caller, or by the gateway itself, on a connection or on none.
    #[must_use]
    pub fn of_nobody(key: &DigestKey, connection: Option<Tag>) -> Self {
        let content = connection.map_or(Vec::new(), |Tag(bytes)| bytes.to_vec());
        Self(shortened(key.digest("recording of nobody", &content)))
    }

    /// A recording whose id is known.
    #[must_use]
    pub const fn new(bytes: [u8; TAG_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG_BYTES] {
        &self.0
    }
}

impl Tag {
    /// The tag of a principal.
    #[must_use]
    pub fn principal(key: &DigestKey, issuer: &str, subject: &str) -> Self {
        // The length of the first part keeps the two apart.
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
        Self(shortened(key.digest("principal", &[&length, issuer.as_bytes(), subject.as_bytes()].concat())))
    }

    /// The tag of a connection.
    #[must_use]
    pub fn connection(key: &DigestKey, name: &str) -> Self {
        Self(shortened(key.digest("connection", name.as_bytes())))
    }

    /// A tag that is known.
    #[must_use]
    pub const fn new(bytes: [u8; TAG_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes of the tag.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG_BYTES] {
        &self.0
    }
}

fn shortened(digest: KeyedDigest) -> [u8; TAG_BYTES] {
    let mut short = [0; TAG_BYTES];
    short.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    short
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordingId({self})")
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_and_tags_differ_by_all_that_they_are_of() {
        let key = DigestKey::new([1; 32]);
        let (ana, bo) = (Tag::principal(&key, "okta", "ana"), Tag::principal(&key, "okta", "bo"));
        let billing = Tag::connection(&key, "billing");
        let session = |byte| RecordingId::of_session(&key, &KeyedDigest::new([byte; 32]));
        let recordings = [
            session(1),
            session(2),
            RecordingId::of_token(&key, ana, "t1", Some(billing)),
            RecordingId::of_token(&key, ana, "t2", Some(billing)),
            RecordingId::of_token(&key, bo, "t1", Some(billing)),
            RecordingId::of_token(&key, ana, "t1", Some(Tag::connection(&key, "crm"))),
            RecordingId::of_token(&DigestKey::new([2; 32]), ana, "t1", Some(billing)),
            RecordingId::of_nobody(&key, Some(billing)),
            RecordingId::of_nobody(&key, None),
        ];
        for (n, recording) in recordings.iter().enumerate() {
            assert!(!recordings.iter().skip(n + 1).any(|other| other == recording), "{n}");
        }
        assert_ne!(Tag::principal(&key, "ab", "c"), Tag::principal(&key, "a", "bc"));
        assert_eq!(Tag::new([0xa5; 16]).to_string(), "a5".repeat(16));
    }
}
