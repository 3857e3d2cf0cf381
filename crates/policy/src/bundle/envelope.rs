//! Who vouches for a bundle, and which of two bundles is the later one.
//!
//! A detached envelope, so that a bundle's address does not depend on who signed it. The signature (Ed25519) covers
//! everything that the envelope says. Remembering the last serial is for who keeps the active policy; here is only
//! the comparison.

use std::fmt;

use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};
use portcullis_identity::UnixSeconds;
use serde::Deserialize;

use super::{Bundle, BundleDigest};

/// A statement that a bundle is to be the active policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBundle {
    serial: Serial,
    issued_at: UnixSeconds,
    bundle: BundleDigest,
    key_id: KeyId,
    signature: [u8; Signature::BYTES],
}

/// The place of a bundle among all that were ever active; every later one has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serial(pub u64);

/// The name of a key: 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

/// What signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(PublicKey);

/// What bundles are signed with.
pub struct SigningKey(KeyPair);

/// Why a bundle is not to be the active policy. Each text says what to do; the one that is active stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not an envelope at all, or says something twice, or something unknown.
    #[error("the policy envelope cannot be read: {0}: push the policy again")]
    Malformed(String),
    /// It was written by a later version of this software.
    #[error(
        "the policy envelope has format {found} and this version reads format {FORMAT}: upgrade the gateway first, \
         or push with the gateway's own version"
    )]
    NewerFormat {
        /// Its format.
        found: u64,
    },
    /// It is for another bundle.
    #[error("the policy envelope is for the bundle {expected} and not for {found}: push the policy again")]
    OtherBundle {
        /// The bundle that it is for.
        expected: BundleDigest,
        /// The bundle that came with it.
        found: BundleDigest,
    },
    /// Something at least as new has been active.
    #[error("the policy has serial {found}, but {last} has been active: push it with a serial after {last}")]
    Stale {
        /// Its serial.
        found: Serial,
        /// The highest serial so far.
        last: Serial,
    },
    /// Nobody knows its key.
    #[error(
        "the policy is signed with the key `{0}`, which is not trusted here: add that key, or sign with another"
    )]
    UnknownKey(KeyId),
    /// Something was changed after it was signed.
    #[error("the signature of the policy is wrong: push the policy again")]
    WrongSignature,
}

impl SignedBundle {
    /// Signs a bundle.
    #[must_use]
    pub fn sign(
        bundle: &Bundle,
        (serial, issued_at): (Serial, UnixSeconds),
        (key_id, key): (KeyId, &SigningKey),
    ) -> Self {
        Self::sign_digest(bundle.digest(), (serial, issued_at), (key_id, key))
    }

    /// Signs the address of a bundle, for one that the signer knows to be stored where it will be used.
    #[must_use]
    pub fn sign_digest(
        bundle: BundleDigest,
        (serial, issued_at): (Serial, UnixSeconds),
        (key_id, key): (KeyId, &SigningKey),
    ) -> Self {
        let message = message(serial, issued_at, bundle, &key_id);
        Self { serial, issued_at, bundle, signature: *key.0.sk.sign(message, None), key_id }
    }

    /// Reads an envelope. Nothing in it is to be believed before [`SignedBundle::verify_signature`].
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`] and [`EnvelopeError::NewerFormat`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let malformed = |what: &str| EnvelopeError::Malformed(what.to_owned());
        if bytes.len() > LONGEST {
            return Err(malformed("it is too long"));
        }
        // A later format may have members that this one does not know, so its number comes first.
        let Version { format } =
            serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
        if format > FORMAT {
            return Err(EnvelopeError::NewerFormat { found: format });
        }
        let envelope: Envelope =
            serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
        let Envelope { format, serial, issued_at, bundle, key_id, signature } = envelope;
        let bundle = BundleDigest::parse(&bundle);
        Ok(Self {
            serial: (format == FORMAT)
                .then_some(Serial(serial))
                .ok_or_else(|| malformed("`format` is not known"))?,
            issued_at: UnixSeconds(issued_at),
            bundle: bundle.ok_or_else(|| malformed("`bundle` is not a digest"))?,
            key_id: KeyId::parse(&key_id).ok_or_else(|| malformed("`key_id` is not the name of a key"))?,
            signature: from_hex(&signature).ok_or_else(|| malformed("`signature` is not 128 hex digits"))?,
        })
    }

    /// The envelope, as it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { serial: Serial(serial), issued_at: UnixSeconds(issued_at), bundle, key_id, signature } =
            self;
        // Nothing in it has to be escaped.
        format!(
            "{{\"format\":{FORMAT},\"serial\":{serial},\"issued_at\":{issued_at},\"bundle\":\"{bundle}\",\
             \"key_id\":\"{key_id}\",\"signature\":\"{}\"}}",
            hex(signature)
        )
    }

    /// Checks that it is for this bundle.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherBundle`].
    pub fn verify_bundle(&self, found: BundleDigest) -> Result<(), EnvelopeError> {
        match self.bundle == found {
            true => Ok(()),
            false => Err(EnvelopeError::OtherBundle { expected: self.bundle, found }),
        }
    }

    /// Checks that a trusted key vouches for what the envelope says. Nothing is known about the bundle yet.
    ///
    /// # Errors
    /// [`EnvelopeError::UnknownKey`] and [`EnvelopeError::WrongSignature`].
    pub fn verify_signature(
        &self,
        key_of: impl FnOnce(&KeyId) -> Option<VerifyingKey>,
    ) -> Result<(), EnvelopeError> {
        let VerifyingKey(key) =
            key_of(&self.key_id).ok_or_else(|| EnvelopeError::UnknownKey(self.key_id.clone()))?;
        let message = message(self.serial, self.issued_at, self.bundle, &self.key_id);
        key.verify(message, &Signature::new(self.signature)).map_err(|_wrong| EnvelopeError::WrongSignature)
    }

    /// The place among all that were ever active.
    #[must_use]
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// When it was signed, by the clock of who signed it.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    /// The bundle that it is for.
    #[must_use]
    pub const fn bundle(&self) -> BundleDigest {
        self.bundle
    }

    /// The key that it is signed with.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }
}

impl Serial {
    /// Whether a bundle with this serial may become active after one with the last.
    ///
    /// # Errors
    /// [`EnvelopeError::Stale`] if it is not higher.
    pub fn follows(self, last: Option<Self>) -> Result<(), EnvelopeError> {
        match last {
            Some(last) if self <= last => Err(EnvelopeError::Stale { found: self, last }),
            Some(_) | None => Ok(()),
        }
    }
}

impl KeyId {
    /// `None` if the text is not the name of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        ((1..=LONGEST_KEY_ID).contains(&text.len()) && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
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

impl KeyId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SigningKey {
    /// The key of a seed, which is 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(KeyPair::from_seed(Seed::new(seed)))
    }

    /// What its signatures are checked with.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.pk)
    }
}

/// Read before everything else.
#[derive(Deserialize)]
struct Version {
    format: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    format: u64,
    serial: u64,
    issued_at: u64,
    bundle: String,
    key_id: String,
    signature: String,
}

/// What is signed. Only the name of the key varies in length, and it is last.
fn message(
    Serial(serial): Serial,
    UnixSeconds(at): UnixSeconds,
    bundle: BundleDigest,
    key_id: &KeyId,
) -> Vec<u8> {
    let (format, serial, at) = (FORMAT.to_be_bytes(), serial.to_be_bytes(), at.to_be_bytes());
    let KeyId(key_id) = key_id;
    [PURPOSE, &format, &serial, &at, bundle.as_bytes(), key_id.as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())?.try_into().ok()
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

const FORMAT: u64 = 1;
/// What the key signs here and nowhere else.
const PURPOSE: &[u8] = b"portcullis signed policy bundle\0";
/// In bytes; one that is written here has about 400.
const LONGEST: usize = 4096;
const LONGEST_KEY_ID: usize = 64;
