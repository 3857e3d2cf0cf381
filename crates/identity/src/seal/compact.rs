//! Sealed values that are short: what stands in the place of a value in a text.
//!
//! ```text
//! key id 1 | tag 16 | ciphertext
//! ```
//! The construction is SIV (Rogaway and Shrimpton, Deterministic Authenticated Encryption, 2006; RFC 5297 is its form
//! with AES): a keyed digest of everything is both the tag and the nonce, so equal values give equal bytes, and 17 bytes
//! are all that it adds. The digest is HMAC-SHA256 cut to 128 bits and the cipher XChaCha20, which the gateway has
//! anyway and which are quick without the help of hardware. To forge a value is to guess 128 bits.
//!
//! Of the id of the key there is the first byte, which says which keys are worth trying; the whole key is in the digest.
//! Not here: how the bytes are written in a text.

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{NONCE_BYTES, Purpose, Root, SealError, Sealer};

/// Seals short values for one owner, and opens what was sealed for the same.
#[derive(Clone)]
pub struct CompactSealer {
    current: Keys,
    previous: Vec<Keys>,
}

impl std::fmt::Debug for CompactSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompactSealer").finish_non_exhaustive()
    }
}

impl Sealer {
    /// Seals short values for `owner`, whatever bytes say who that is. What is sealed for one owner opens for no other.
    #[must_use]
    pub fn compact(&self, purpose: Purpose, owner: &[u8]) -> CompactSealer {
        let keys = |root: &Root| Keys::new(root, purpose, owner);
        CompactSealer { current: keys(&self.current), previous: self.previous.iter().map(keys).collect() }
    }
}

impl CompactSealer {
    /// How much longer a sealed value is, in bytes.
    pub const OVERHEAD: usize = 1 + TAG_BYTES;

    /// Seals a value of some kind. Equal values of a kind give equal bytes, for as long as the key is the current one.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond what the cipher can take, which is 256 GiB.
    pub fn seal(&self, kind: &str, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let tag = self.current.tag(kind, value);
        let mut sealed = [&[self.current.id], &tag[..], value].concat();
        let text = sealed.get_mut(Self::OVERHEAD..).unwrap_or_default();
        self.current.apply(&tag, text)?;
        Ok(sealed)
    }

    /// Opens a value of this kind that was sealed for this owner.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::UnknownKey`] or [`SealError::Forged`].
    pub fn open(&self, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, rest) = sealed.split_first().ok_or(SealError::Malformed)?;
        let (tag, text) = rest.split_first_chunk::<TAG_BYTES>().ok_or(SealError::Malformed)?;
        let mut failed = SealError::UnknownKey;
        for keys in std::iter::once(&self.current).chain(&self.previous).filter(|keys| keys.id == *id) {
            match keys.open(kind, tag, text) {
                Ok(value) => return Ok(value),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// What one secret gives for one owner.
#[derive(Clone)]
struct Keys {
    id: u8,
    /// Has read who the owner is.
    digest: Hmac<Sha256>,
    cipher: [u8; 32],
}

impl Keys {
    fn new(root: &Root, purpose: Purpose, owner: &[u8]) -> Self {
        let key = root.expand::<64>("compact digest", purpose);
        let mut digest = <Hmac<Sha256> as hmac::digest::KeyInit>::new((&key).into());
        update(&mut digest, owner);
        let [id, ..] = root.id.0;
        Self { id, digest, cipher: root.expand("compact cipher", purpose) }
    }

    fn tag(&self, kind: &str, value: &[u8]) -> [u8; TAG_BYTES] {
        let whole: [u8; 32] = self.digest_of(kind, value).finalize().into_bytes().into();
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        tag
    }

    fn digest_of(&self, kind: &str, value: &[u8]) -> Hmac<Sha256> {
        let mut digest = self.digest.clone();
        update(&mut digest, kind.as_bytes());
        digest.update(value);
        digest
    }

    fn open(&self, kind: &str, tag: &[u8; TAG_BYTES], text: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut value = text.to_vec();
        self.apply(tag, &mut value)?;
        // In constant time.
        let genuine = self.digest_of(kind, &value).verify_truncated_left(tag);
        genuine.map(|()| value).map_err(|_| SealError::Forged)
    }

    /// Encrypts or decrypts. The tag is the part of the nonce from which XChaCha20 derives a key, and the rest is zero.
    fn apply(&self, tag: &[u8; TAG_BYTES], text: &mut [u8]) -> Result<(), SealError> {
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(tag).for_each(|(to, from)| *to = *from);
        let mut cipher = XChaCha20::new(&self.cipher.into(), &nonce.into());
        cipher.try_apply_keystream(text).map_err(|_| SealError::TooLong)
    }
}

/// Reads bytes after their length, so that no two owners and kinds read the same.
fn update(digest: &mut Hmac<Sha256>, bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    digest.update(&length.to_be_bytes());
    digest.update(bytes);
}

const TAG_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use portcullis_settings::Secret;
    use proptest::prelude::*;

    use super::*;

    const PURPOSE: Purpose = Purpose::new("mask token");

    fn sealer(current: &str, previous: &[&str]) -> Sealer {
        let secret = |text: &&str| Secret::new(text.repeat(32));
        Sealer::new(&secret(&current), &previous.iter().map(secret).collect::<Vec<_>>())
    }

    fn compact(owner: &str) -> CompactSealer {
        sealer("a", &[]).compact(PURPOSE, owner.as_bytes())
    }

    /// Values of today must open tomorrow. The bytes were computed by another implementation of HKDF, HMAC and the cipher.
    #[test]
    fn the_format_does_not_change() {
        let sealed = compact("ada").seal("pii.card", b"4111111111111111").unwrap();
        let shown: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, "f1b84322318514c6e88dcddbcddcbaeaeca579c3a20c59cf47f8ae6b914958db08");
        assert_eq!(sealed.len(), CompactSealer::OVERHEAD + 16);
    }

    #[test]
    fn a_value_opens_for_its_owner_purpose_kind_and_key_only() {
        let sealed = compact("ada").seal("pii.card", b"4111").unwrap();
        let open = |sealer: Sealer, purpose, owner: &str, kind: &str| {
            sealer.compact(purpose, owner.as_bytes()).open(kind, &sealed)
        };
        let value = Ok(b"4111".to_vec());
        let other = Purpose::new("session");
        for (name, opened, want) in [
            ("its owner", open(sealer("a", &[]), PURPOSE, "ada", "pii.card"), value.clone()),
            ("after its key was replaced", open(sealer("b", &["z", "a"]), PURPOSE, "ada", "pii.card"), value),
            (
                "after its key is gone",
                open(sealer("b", &[]), PURPOSE, "ada", "pii.card"),
                Err(SealError::UnknownKey),
            ),
            ("another owner", open(sealer("a", &[]), PURPOSE, "bob", "pii.card"), Err(SealError::Forged)),
            ("another kind", open(sealer("a", &[]), PURPOSE, "ada", "pii.iban"), Err(SealError::Forged)),
            ("another cut", open(sealer("a", &[]), PURPOSE, "adap", "ii.card"), Err(SealError::Forged)),
            ("another purpose", open(sealer("a", &[]), other, "ada", "pii.card"), Err(SealError::Forged)),
        ] {
            assert_eq!(opened, want, "case: {name}");
        }
        for length in 0..CompactSealer::OVERHEAD {
            let cut = sealed.get(..length).unwrap();
            assert_eq!(compact("ada").open("pii.card", cut), Err(SealError::Malformed), "{length} bytes");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", compact("ada")), "CompactSealer { .. }");
    }

    proptest! {
        #[test]
        fn equal_values_are_equal_when_sealed_and_open_again(value in prop::collection::vec(any::<u8>(), 0..200), other in prop::collection::vec(any::<u8>(), 0..200)) {
            let sealed = compact("ada").seal("k", &value).unwrap();
            prop_assert_eq!(compact("ada").open("k", &sealed), Ok(value.clone()));
            prop_assert_eq!(sealed == compact("ada").seal("k", &other).unwrap(), value == other);
        }

        #[test]
        fn one_changed_bit_breaks_a_value(value in prop::collection::vec(any::<u8>(), 0..40), at: prop::sample::Index, bit in 0_u32..8) {
            let mut sealed = compact("ada").seal("k", &value).unwrap();
            let at = at.index(sealed.len());
            *sealed.get_mut(at).unwrap() ^= 1_u8 << bit;
            prop_assert!(compact("ada").open("k", &sealed).is_err());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(compact("ada").open("k", &bytes).is_err());
        }
    }
}
