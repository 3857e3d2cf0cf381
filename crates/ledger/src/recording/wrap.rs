//! The key of a recording, as it lies in the store: wrapped, or erased.
//!
//! From a secret, HKDF-SHA256 derives a wrapping key for each recording in each chain. It wraps one data key and nothing
//! else, so that its nonce is fixed, and wrapping twice gives the same bytes: a write can be repeated. The value carries
//! the id of the secret, so that secrets can be rotated: the current one wraps, previous ones still unwrap.
//!
//! ```text
//! version 1 | 1 | id of the secret 4 | wrapped key 48          associated data: version, id
//! version 1 | 2 | time of the erasure 8
//! ```
//! To erase a recording is to replace its keys by the second form, or to delete them.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::{DataKey, RecordingId};
use crate::bytes::{Reader, Unreadable};
use crate::chain::ChainId;
use crate::id::UnixMillis;

const VERSION: u8 = 1;
const WRAPPED: u8 = 1;
const ERASED: u8 = 2;
const ID_BYTES: usize = 4;
const WRAPPED_BYTES: usize = 48;
/// Parts our keys from those that anyone else may derive from the same secret.
const SALT: &[u8] = b"portcullis/ledger/1";

/// Wraps the keys of recordings with the current secret, and unwraps those of current and previous secrets.
#[derive(Clone)]
pub struct WrappingKeys {
    current: Root,
    previous: Vec<Root>,
}

#[derive(Clone)]
struct Root {
    id: [u8; ID_BYTES],
    keys: Hkdf<Sha256>,
}

/// The key of one recording in one chain, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    root: [u8; ID_BYTES],
    sealed: [u8; WRAPPED_BYTES],
}

/// What lies where the key of a recording belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// The recording was erased: nobody can read it any more.
    Erased {
        /// When.
        at: UnixMillis,
    },
    /// The key.
    Wrapped(WrappedKey),
}

/// Bytes that are no key of a recording, and no mark of its erasure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of the recording is malformed, or was written by a newer release")]
pub struct InvalidKeyValue;

/// Why a key is not unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// It was altered, or it is the key of something else.
    #[error("the key of the recording is not genuine")]
    Forged,
    /// It was wrapped with a secret that we do not have, or no longer.
    #[error("the key of the recording was wrapped with a secret that is not known here")]
    UnknownSecret,
}

impl WrappingKeys {
    /// Wraps with `current`; unwraps what `current` or any of `previous` wrapped. Each is 32 secret bytes, which are used
    /// for nothing else.
    #[must_use]
    pub fn new(current: &[u8; 32], previous: &[[u8; 32]]) -> Self {
        Self { current: Root::new(current), previous: previous.iter().map(Root::new).collect() }
    }

    pub(crate) fn wrap(&self, recording: RecordingId, chain: ChainId, DataKey(key): &DataKey) -> WrappedKey {
        let root = self.current.id;
        let payload = Payload { msg: &key[..], aad: &associated_data(root) };
        // INVARIANT: encrypting 32 bytes does not fail, and gives 48. What is zero instead opens nowhere.
        let sealed = self.current.cipher(recording, chain).encrypt(&Nonce::default(), payload);
        let sealed = sealed.ok().and_then(|sealed| sealed.try_into().ok()).unwrap_or([0; WRAPPED_BYTES]);
        WrappedKey { root, sealed }
    }

    pub(crate) fn unwrap(
        &self,
        recording: RecordingId,
        chain: ChainId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, UnwrapError> {
        let WrappedKey { root: id, sealed } = wrapped;
        let mut roots = std::iter::once(&self.current).chain(&self.previous);
        let root = roots.find(|root| root.id == *id).ok_or(UnwrapError::UnknownSecret)?;
        let payload = Payload { msg: &sealed[..], aad: &associated_data(*id) };
        let key = root.cipher(recording, chain).decrypt(&Nonce::default(), payload);
        let key = key.map_err(|_| UnwrapError::Forged)?;
        key.try_into().map(DataKey).map_err(|_| UnwrapError::Forged)
    }
}

impl fmt::Debug for WrappingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKeys(..)")
    }
}

impl Root {
    fn new(secret: &[u8; 32]) -> Self {
        let mut root = Self { id: [0; ID_BYTES], keys: Hkdf::new(Some(SALT), secret) };
        root.id = root.expand(&[b"key id"]);
        root
    }

    fn cipher(&self, recording: RecordingId, chain: ChainId) -> ChaCha20Poly1305 {
        let (day, serial) = (chain.day.number().to_be_bytes(), chain.serial.to_be_bytes());
        let info: [&[u8]; 4] = [b"wrap", recording.as_bytes(), &day, &serial];
        ChaCha20Poly1305::new(&Key::from(self.expand::<32>(&info)))
    }

    fn expand<const N: usize>(&self, info: &[&[u8]]) -> [u8; N] {
        const { assert!(N <= 255 * 32, "HKDF-SHA256 yields at most 255 blocks") };
        let mut key = [0; N];
        // INVARIANT: the only failure is a length beyond the one asserted above.
        let _ = self.keys.expand_multi_info(info, &mut key);
        key
    }
}

impl KeyValue {
    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Erased { at } => [&[VERSION, ERASED][..], &at.0.to_be_bytes()].concat(),
            Self::Wrapped(WrappedKey { root, sealed }) => [&[VERSION, WRAPPED], &root[..], sealed].concat(),
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`InvalidKeyValue`] if `bytes` are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidKeyValue> {
        Self::read(&mut Reader::new(bytes)).map_err(|Unreadable| InvalidKeyValue)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let value = match (reader.u8()?, reader.u8()?) {
            (VERSION, ERASED) => Self::Erased { at: UnixMillis(reader.u64()?) },
            (VERSION, WRAPPED) => {
                Self::Wrapped(WrappedKey { root: reader.array()?, sealed: reader.array()? })
            }
            _ => return Err(Unreadable),
        };
        reader.end().map(|()| value)
    }
}

fn associated_data(root: [u8; ID_BYTES]) -> Vec<u8> {
    [&[VERSION, WRAPPED], &root[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;

    fn chain(serial: u32) -> ChainId {
        ChainId { day: Day::of(UnixMillis(0)), serial }
    }

    #[test]
    fn a_key_unwraps_for_its_recording_and_its_chain_only() {
        let keys = WrappingKeys::new(&[1; 32], &[]);
        let (ours, other) = (RecordingId::new([7; 16]), RecordingId::new([8; 16]));
        let wrapped = keys.wrap(ours, chain(1), &DataKey([9; 32]));
        assert_eq!(keys.unwrap(ours, chain(1), &wrapped).map(|DataKey(key)| key), Ok([9; 32]));
        for (recording, chain) in [(other, chain(1)), (ours, chain(2))] {
            assert!(matches!(keys.unwrap(recording, chain, &wrapped), Err(UnwrapError::Forged)));
        }
        assert_eq!(keys.wrap(ours, chain(1), &DataKey([9; 32])), wrapped, "a write can be repeated");
    }

    #[test]
    fn a_rotated_secret_still_unwraps() {
        let (old, recording) = (WrappingKeys::new(&[1; 32], &[]), RecordingId::new([7; 16]));
        let wrapped = old.wrap(recording, chain(1), &DataKey([9; 32]));
        let rotated = WrappingKeys::new(&[2; 32], &[[1; 32]]);
        assert!(rotated.unwrap(recording, chain(1), &wrapped).is_ok());
        assert_ne!(rotated.wrap(recording, chain(1), &DataKey([9; 32])), wrapped);
        let forgotten = WrappingKeys::new(&[2; 32], &[]).unwrap(recording, chain(1), &wrapped);
        assert!(matches!(forgotten, Err(UnwrapError::UnknownSecret)));
    }

    #[test]
    fn a_key_value_reads_back_and_every_flipped_bit_is_noticed() {
        let keys = WrappingKeys::new(&[1; 32], &[]);
        let recording = RecordingId::new([7; 16]);
        let erased = KeyValue::Erased { at: UnixMillis(5) };
        assert_eq!(KeyValue::decode(&erased.encode()), Ok(erased));
        let wrapped = KeyValue::Wrapped(keys.wrap(recording, chain(1), &DataKey([9; 32])));
        let bytes = wrapped.encode();
        assert_eq!(KeyValue::decode(&bytes), Ok(wrapped));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match KeyValue::decode(&flipped) {
                Ok(KeyValue::Wrapped(wrapped)) => {
                    assert!(keys.unwrap(recording, chain(1), &wrapped).is_err())
                }
                Ok(KeyValue::Erased { .. }) => panic!("bit {bit} erases the key"),
                Err(InvalidKeyValue) => {}
            }
        }
        for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
            assert_eq!(KeyValue::decode(wrong), Err(InvalidKeyValue));
        }
    }
}
