//! Sealed values: what the gateway hands out and must get back unchanged and unread.
//!
//! One construction for all of them. From the settings' `secret_key`, HKDF-SHA256 derives a key per purpose; a
//! value is encrypted with XChaCha20-Poly1305 and carries the id of its key, so that keys can be rotated: the
//! current key seals, previous ones still open. A value sealed for one purpose does not open for another.
//!
//! ```text
//! base64url( version 1 | key id 4 | nonce 24 | ciphertext and tag )      associated data: version, key id, purpose
//! ```
//! The nonce is an argument, since randomness is the shell's; 24 random bytes never repeat in practice.
//! What stands in texts that models read and write must be shorter, and has a form of its own: [`CompactSealer`].
//! Not here: expiry, which belongs into the value.

mod compact;

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use portcullis_settings::Secret;
use sha2::Sha256;

pub use compact::CompactSealer;

/// What a value is sealed for, such as `session`. Two uses that must not be confused have two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(&'static str);

impl Purpose {
    /// A purpose; the name is part of the format of what is sealed for it.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// The id of a key: says which key a value needs, and nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a value is not opened or sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was altered, sealed for another purpose, or never sealed by us.
    #[error("the sealed value is not genuine")]
    Forged,
    /// It is not in the form of a sealed value.
    #[error("the sealed value is malformed")]
    Malformed,
    /// It is longer than the cipher can take.
    #[error("the value is too long to be sealed")]
    TooLong,
    /// It was sealed with a key that we do not have, or no longer.
    #[error("the sealed value was sealed with an unknown key")]
    UnknownKey,
}

/// Seals values with the current key and opens those of current and previous keys.
#[derive(Clone)]
pub struct Sealer {
    current: Root,
    previous: Vec<Root>,
}

/// A secret as HKDF has extracted it, from which the keys are expanded.
#[derive(Clone)]
struct Root {
    id: KeyId,
    keys: Hkdf<Sha256>,
}

impl Sealer {
    /// Seals with `current`; opens what `current` or any of `previous` sealed.
    #[must_use]
    pub fn new(current: &Secret, previous: &[Secret]) -> Self {
        Self { current: Root::new(current), previous: previous.iter().map(Root::new).collect() }
    }

    /// The id of the current key, for records that hold a [`Sealer::digest`].
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.current.id
    }

    /// The ids of the current key and of all previous ones, in this order.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        std::iter::once(&self.current).chain(&self.previous).map(|root| root.id)
    }

    /// Seals a value; the result is visible ASCII. `nonce` must be random and new.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond what the cipher can take, which is 256 GiB.
    pub fn seal(
        &self,
        purpose: Purpose,
        plaintext: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let id = self.current.id;
        let payload = Payload { msg: plaintext, aad: &associated_data(id, purpose) };
        let sealed = self.current.cipher(purpose).encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| SealError::TooLong)?;
        Ok(Base64UrlUnpadded::encode_string(&[&[VERSION], &id.0[..], &nonce, &sealed].concat()))
    }

    /// Seals a value so that equal values give equal texts, for names that are compared and not only opened. Who
    /// sees two of them learns whether they are the same, and nothing else.
    ///
    /// The nonce is a keyed digest of the value, under a key of its own, so it repeats only with the value
    /// (the synthetic IV of RFC 5297).
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond what the cipher can take, which is 256 GiB.
    pub fn seal_stable(&self, purpose: Purpose, plaintext: &[u8]) -> Result<String, SealError> {
        let key = self.current.expand::<64>("nonce", purpose);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&key).into());
        mac.update(plaintext);
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
        self.seal(purpose, plaintext, nonce)
    }

    /// Opens a value that was sealed for this purpose.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::UnknownKey`] or [`SealError::Forged`].
    pub fn open(&self, purpose: Purpose, text: &str) -> Result<Vec<u8>, SealError> {
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| SealError::Malformed)?;
        let ([version], rest) = split::<1>(&bytes)?;
        let (id, rest) = split::<KEY_ID_BYTES>(rest)?;
        let (nonce, sealed) = split::<NONCE_BYTES>(rest)?;
        if *version != VERSION {
            return Err(SealError::Malformed);
        }
        let id = KeyId(*id);
        let mut roots = std::iter::once(&self.current).chain(&self.previous);
        let root = roots.find(|root| root.id == id).ok_or(SealError::UnknownKey)?;
        let payload = Payload { msg: sealed, aad: &associated_data(id, purpose) };
        root.cipher(purpose).decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Forged)
    }

    /// A keyed digest (HMAC-SHA256): tells equal values from different ones without letting anyone guess them.
    /// It changes with the current key; keep [`Sealer::key_id`] beside it.
    #[must_use]
    pub fn digest(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 32] {
        self.current.digest(purpose, bytes)
    }

    /// The [`Sealer::digest`]s under the current key and all previous ones, in this order, to find what was stored
    /// under one of them.
    pub fn digests(&self, purpose: Purpose, bytes: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        std::iter::once(&self.current).chain(&self.previous).map(move |root| root.digest(purpose, bytes))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let previous: Vec<KeyId> = self.previous.iter().map(|root| root.id).collect();
        f.debug_struct("Sealer").field("current", &self.current.id).field("previous", &previous).finish()
    }
}

impl Root {
    fn new(secret: &Secret) -> Self {
        let keys = Hkdf::<Sha256>::new(Some(SALT), secret.expose().as_bytes());
        let mut root = Self { id: KeyId([0; KEY_ID_BYTES]), keys };
        root.id = KeyId(root.expand("key id", Purpose("")));
        root
    }

    fn digest(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 32] {
        // HMAC takes a key of one block, 64 bytes, as it is.
        let key = self.expand::<64>("digest", purpose);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&key).into());
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self, purpose: Purpose) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.expand::<32>("aead", purpose)))
    }

    /// A key of its own for each use and purpose. A zero byte parts the two, and neither contains one.
    fn expand<const N: usize>(&self, usage: &str, purpose: Purpose) -> [u8; N] {
        const { assert!(N <= 255 * 32, "HKDF-SHA256 yields at most 255 blocks") };
        let mut key = [0; N];
        let info = [usage.as_bytes(), &[0], purpose.0.as_bytes()];
        // INVARIANT: the only failure is a length beyond the one asserted above.
        let _ = self.keys.expand_multi_info(&info, &mut key);
        key
    }
}

/// Binds the version, the key and the purpose to the value. The purpose comes last, since it alone varies in
/// length.
fn associated_data(id: KeyId, purpose: Purpose) -> Vec<u8> {
    [&[VERSION], &id.0[..], purpose.0.as_bytes()].concat()
}

fn split<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), SealError> {
    bytes.split_first_chunk().ok_or(SealError::Malformed)
}

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
/// The length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 24;
/// Parts our keys from those that anyone else may derive from the same secret.
const SALT: &[u8] = b"portcullis/seal/1";

#[cfg(test)]
mod tests;
