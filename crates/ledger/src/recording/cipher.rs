//! Encrypts the records of one recording in one chain.
//!
//! ChaCha20-Poly1305 (RFC 8439) under a random key that is used for nothing else. A nonce is the place of an entry in the
//! chain. INVARIANT: no place is encrypted twice with different content, because a chain has one writer, which writes a
//! segment again only as the very same bytes.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};

/// By how much a ciphertext is longer than what it is of.
pub(crate) const SEAL_BYTES: usize = 16;

/// The key of one recording in one chain. Not shown by `Debug`.
#[derive(Clone)]
pub(crate) struct DataKey(pub(crate) [u8; 32]);

/// Where in a chain an entry is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) segment: u32,
    pub(crate) index: u16,
}

impl DataKey {
    /// The ciphertext of an entry; `bound` is what it must not be taken away from.
    pub(crate) fn seal(&self, place: Place, bound: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let sealed = self.cipher().encrypt(&nonce(place), Payload { msg: plaintext, aad: bound });
        // INVARIANT: the only failure is a text beyond 256 GiB, and a piece of a record has a few KiB. What is empty
        // opens nowhere.
        sealed.unwrap_or_default()
    }

    /// What was sealed; `None` if it was altered, or is not from this place.
    pub(crate) fn open(&self, place: Place, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.cipher().decrypt(&nonce(place), Payload { msg: sealed, aad: bound }).ok()
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }
}

fn nonce(Place { segment, index }: Place) -> Nonce {
    let mut bytes = [0; 12];
    let place = segment.to_be_bytes().into_iter().chain(index.to_be_bytes());
    bytes.iter_mut().zip(place).for_each(|(to, from)| *to = from);
    Nonce::from(bytes)
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}
