//! Who vouches for a segment, a checkpoint or a tombstone: Ed25519 keys with names.
//!
//! A key signs the hash of what it vouches for, after a text that says what that is: so a signature of one kind is never
//! one of another. Keys are rotated by adding the new one to those that are trusted before it signs, and keeping the old
//! one there for as long as what it has signed is to be verified. Signing takes no randomness, so that what is signed
//! twice is the same twice.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ed25519_compact::{KeyPair, PublicKey, Seed, Signature as Ed25519};

use crate::hash::ContentHash;

/// The name of a signing key: 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

/// What the ledger is signed with. Not shown by `Debug`.
#[derive(Clone)]
pub struct SigningKey {
    id: KeyId,
    pair: KeyPair,
}

/// What a signature is checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(PublicKey);

/// The keys whose signatures count.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys(BTreeMap<KeyId, VerifyingKey>);

/// A signature and the name of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) key: KeyId,
    pub(crate) signature: [u8; Ed25519::BYTES],
}

/// What a signature is of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signing {
    Checkpoint,
    Segment,
    Tombstone,
}

/// Why nobody vouches for something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No trusted key has this name.
    #[error("it is signed with the key `{0}`, which is not trusted")]
    UnknownKey(KeyId),
    /// It was changed after it was signed, or somebody else has signed it.
    #[error("its signature is wrong")]
    Wrong,
}

/// Text that no key has for a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a key has 1 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`")]
pub struct InvalidKeyId;

impl KeyId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        match text.len() {
            1..=64 if text.bytes().all(is_allowed) => Ok(Self(text.to_owned())),
            _ => Err(InvalidKeyId),
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SigningKey {
    /// The key of a seed, which is 32 secret bytes.
    #[must_use]
    pub fn from_seed(id: KeyId, seed: [u8; 32]) -> Self {
        Self { id, pair: KeyPair::from_seed(Seed::new(seed)) }
    }

    /// The name of the key.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// What its signatures are checked with.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.pair.pk)
    }

    pub(crate) fn sign(&self, statement: Signing, hash: ContentHash) -> [u8; Ed25519::BYTES] {
        *self.pair.sk.sign(message(statement, hash), None)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// A public key of Ed25519; `None` if these bytes are none that could be safe.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Option<Self> {
        let key = PublicKey::new(bytes);
        key.validate().is_ok().then_some(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> [u8; 32] {
        *self.0
    }
}

impl TrustedKeys {
    /// Trusts a key under this name, in place of another that had it.
    pub fn trust(&mut self, id: KeyId, key: VerifyingKey) {
        self.0.insert(id, key);
    }

    /// The keys, by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&KeyId, &VerifyingKey)> {
        self.0.iter()
    }

    pub(crate) fn check(
        &self,
        statement: Signing,
        hash: ContentHash,
        signed: &Signed,
    ) -> Result<(), SignatureError> {
        let Signed { key, signature } = signed;
        let VerifyingKey(trusted) = self.0.get(key).ok_or_else(|| SignatureError::UnknownKey(key.clone()))?;
        let verified = trusted.verify(message(statement, hash), &Ed25519::new(*signature));
        verified.map_err(|_| SignatureError::Wrong)
    }
}

impl FromIterator<(KeyId, VerifyingKey)> for TrustedKeys {
    fn from_iter<I: IntoIterator<Item = (KeyId, VerifyingKey)>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

fn message(statement: Signing, hash: ContentHash) -> Vec<u8> {
    let purpose: &[u8] = match statement {
        Signing::Checkpoint => b"portcullis signed ledger checkpoint\0",
        Signing::Segment => b"portcullis signed ledger segment\0",
        Signing::Tombstone => b"portcullis signed ledger tombstone\0",
    };
    [purpose, hash.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().unwrap(), [seed; 32])
    }

    fn signed(key: &SigningKey, statement: Signing, hash: ContentHash) -> Signed {
        Signed { key: key.id().clone(), signature: key.sign(statement, hash) }
    }

    #[test]
    fn a_signature_counts_for_its_key_its_kind_and_its_hash() {
        let (ours, other) = (key("ours", 1), key("other", 2));
        let mut trusted = TrustedKeys::default();
        trusted.trust(ours.id().clone(), ours.verifying_key());
        let hash = ContentHash::of(b"content");
        let genuine = signed(&ours, Signing::Segment, hash);
        assert_eq!(trusted.check(Signing::Segment, hash, &genuine), Ok(()));
        assert_eq!(trusted.check(Signing::Checkpoint, hash, &genuine), Err(SignatureError::Wrong));
        assert_eq!(trusted.check(Signing::Tombstone, hash, &genuine), Err(SignatureError::Wrong));
        assert_eq!(
            trusted.check(Signing::Segment, ContentHash::of(b"other"), &genuine),
            Err(SignatureError::Wrong)
        );
        let unknown = signed(&other, Signing::Segment, hash);
        let expected = Err(SignatureError::UnknownKey(other.id().clone()));
        assert_eq!(trusted.check(Signing::Segment, hash, &unknown), expected);
        // Another key under a trusted name is found by its signature.
        let posing = signed(&key("ours", 2), Signing::Segment, hash);
        assert_eq!(trusted.check(Signing::Segment, hash, &posing), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_replaced_key_is_trusted_beside_the_new_one() {
        let (old, new) = (key("2026-07", 1), key("2026-08", 2));
        let trusted: TrustedKeys =
            [&old, &new].into_iter().map(|key| (key.id().clone(), key.verifying_key())).collect();
        let hash = ContentHash::of(b"content");
        for key in [&old, &new] {
            assert_eq!(trusted.check(Signing::Segment, hash, &signed(key, Signing::Segment, hash)), Ok(()));
        }
    }

    #[test]
    fn keys_have_plain_names_and_do_not_show_themselves() {
        for name in ["", "Key", "a b", "a:b", &"a".repeat(65)] {
            assert_eq!(name.parse::<KeyId>(), Err(InvalidKeyId), "name: {name}");
        }
        assert_eq!(format!("{:?}", key("k", 1)), "SigningKey { id: KeyId(\"k\"), .. }");
        assert_eq!(VerifyingKey::from_bytes([0; 32]), None);
        let public = key("k", 1).verifying_key();
        assert_eq!(VerifyingKey::from_bytes(public.as_bytes()), Some(public));
    }
}
