//! Signing keys: one per algorithm, made at start, published as JWKs under their RFC 7638 thumbprint.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::Algorithm as _;
use jwt_compact::AlgorithmSignature as _;
use jwt_compact::alg::{Ed25519, Es256, ModulusBits, Rsa, RsaPrivateKey, SigningKey as _};
use jwt_compact::jwk::JsonWebKey;
use rand_core::{OsRng, RngCore};
use rsa::RsaPublicKey;
use serde_json::Value;
use sha2::Sha256;

type P256Key = <Es256 as jwt_compact::Algorithm>::SigningKey;
type Ed25519Key = <Ed25519 as jwt_compact::Algorithm>::SigningKey;

/// A key could not be made: the operating system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("no signing key could be generated")]
pub struct KeyError;

/// The algorithms that the provider signs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[default]
    Es256,
    /// RSA with PKCS #1 v1.5 padding and SHA-256, 2048 bits.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The name in `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

enum Private {
    EdDsa(Box<Ed25519Key>),
    Es256(Box<P256Key>),
    Rs256(Box<RsaPrivateKey>),
}

/// A key pair. Only its public half can be read.
pub struct Key {
    kid: String,
    algorithm: Algorithm,
    private: Private,
}

impl Key {
    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyError`] when the operating system has no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let private = match algorithm {
            Algorithm::EdDsa => Private::EdDsa(Box::new(Ed25519::generate(&mut OsRng).0)),
            Algorithm::Es256 => Private::Es256(Box::new(p256_key()?)),
            Algorithm::Rs256 => {
                let (key, _public) =
                    Rsa::generate(&mut OsRng, ModulusBits::TwoKibibytes).map_err(|_| KeyError)?;
                Private::Rs256(Box::new(key.into_inner()))
            }
        };
        let mut key = Self { kid: String::new(), algorithm, private };
        key.kid = Base64UrlUnpadded::encode_string(&key.with_jwk(|jwk| jwk.thumbprint::<Sha256>()));
        Ok(key)
    }

    /// The key id: the RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as a member of a JWK set (RFC 7517).
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = self.with_jwk(|jwk| serde_json::to_value(jwk)).unwrap_or_default();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), self.kid.clone().into());
            members.insert("alg".to_owned(), self.algorithm.name().into());
            members.insert("use".to_owned(), "sig".into());
        }
        jwk
    }

    /// The RSA public key, which algorithm confusion abuses; `None` for the other kinds.
    pub(super) fn rsa_public(&self) -> Option<RsaPublicKey> {
        match &self.private {
            Private::Rs256(key) => Some(key.to_public_key()),
            Private::EdDsa(_) | Private::Es256(_) => None,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.private {
            Private::EdDsa(key) => Ed25519.sign(key, message).as_bytes().into_owned(),
            Private::Es256(key) => Es256.sign(key, message).as_bytes().into_owned(),
            Private::Rs256(key) => Rsa::rs256().sign(key, message).as_bytes().into_owned(),
        }
    }

    fn with_jwk<T>(&self, read: impl FnOnce(&JsonWebKey<'_>) -> T) -> T {
        match &self.private {
            Private::EdDsa(key) => read(&JsonWebKey::from(&key.to_verifying_key())),
            Private::Es256(key) => read(&JsonWebKey::from(&key.to_verifying_key())),
            Private::Rs256(key) => read(&JsonWebKey::from(&key.to_public_key())),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn p256_key() -> Result<P256Key, KeyError> {
    let mut seed = [0_u8; 32];
    // A seed beyond the group order is refused; it happens once in 2^32.
    for _attempt in 0..8 {
        OsRng.try_fill_bytes(&mut seed).map_err(|_| KeyError)?;
        if let Ok(key) = <P256Key as jwt_compact::alg::SigningKey<Es256>>::from_slice(&seed) {
            return Ok(key);
        }
    }
    Err(KeyError)
}

/// The keys that sign, and all that are published.
#[derive(Clone, Debug)]
pub(super) struct KeyRing {
    default: Arc<Key>,
    current: BTreeMap<Algorithm, Arc<Key>>,
    published: Vec<Arc<Key>>,
}

impl KeyRing {
    /// One key per algorithm.
    pub(super) fn generate() -> Result<Self, KeyError> {
        let default = Arc::new(Key::generate(Algorithm::default())?);
        let mut ring =
            Self { default: Arc::clone(&default), current: BTreeMap::new(), published: Vec::new() };
        ring.adopt(default);
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::default()) {
            ring.adopt(Arc::new(Key::generate(algorithm)?));
        }
        Ok(ring)
    }

    /// The key that signs with this algorithm.
    pub(super) fn current(&self, algorithm: Algorithm) -> Arc<Key> {
        Arc::clone(self.current.get(&algorithm).unwrap_or(&self.default))
    }

    /// Signs with this key from now on, and publishes it.
    pub(super) fn adopt(&mut self, key: Arc<Key>) {
        if key.algorithm == Algorithm::default() {
            self.default = Arc::clone(&key);
        }
        self.published.push(Arc::clone(&key));
        self.current.insert(key.algorithm, key);
    }

    /// Publishes nothing but the keys that sign.
    pub(super) fn withdraw_old(&mut self) {
        self.published = self.current.values().cloned().collect();
    }

    /// The JWK set.
    pub(super) fn jwks(&self) -> Value {
        serde_json::json!({ "keys": self.published.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
    }
}
