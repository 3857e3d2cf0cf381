//! One public key, and which algorithms it can verify.

use std::borrow::Cow;

use jwt_compact::alg::{Ed25519, Es256, Rsa};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm as Scheme, AlgorithmSignature};
use p384::ecdsa::signature::Verifier;
use portcullis_settings::Algorithm;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};

/// A public key. There is no symmetric kind.
#[derive(Clone, Debug)]
pub(super) enum PublicKey {
    Ed25519(<Ed25519 as Scheme>::VerifyingKey),
    P256(<Es256 as Scheme>::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    Rsa(RsaPublicKey),
}

impl PublicKey {
    pub(super) fn ed25519(x: Vec<u8>) -> Option<Self> {
        let jwk = JsonWebKey::KeyPair { curve: "Ed25519".into(), x: Cow::Owned(x), secret: None };
        (&jwk).try_into().ok().map(Self::Ed25519)
    }

    pub(super) fn p256(x: Vec<u8>, y: Vec<u8>) -> Option<Self> {
        let (x, y) = (Cow::Owned(x), Cow::Owned(y));
        let jwk = JsonWebKey::EllipticCurve { curve: "P-256".into(), x, y, secret: None };
        (&jwk).try_into().ok().map(Self::P256)
    }

    pub(super) fn p384(x: &[u8], y: &[u8]) -> Option<Self> {
        let (x, y): (&[u8; 48], &[u8; 48]) = (x.try_into().ok()?, y.try_into().ok()?);
        let point = p384::EncodedPoint::from_affine_coordinates(x.into(), y.into(), false);
        p384::ecdsa::VerifyingKey::from_encoded_point(&point).ok().map(Self::P384)
    }

    /// A modulus of 2048 to 8192 bits, in whole bytes: shorter is weak (RFC 7518 section 3.3), longer is slow,
    /// and an odd length is no key that anyone makes.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        if exponent.len() > LONGEST_EXPONENT || modulus.len() > MAX_MODULUS_BITS / 8 + 1 {
            return None;
        }
        let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        if !(MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&n.bits()) || n.bits() % 8 != 0 {
            return None;
        }
        RsaPublicKey::new_with_max_size(n, e, MAX_MODULUS_BITS).ok().map(Self::Rsa)
    }

    /// Whether signatures of this algorithm can be made with keys of this kind.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Ed25519(_) => matches!(algorithm, Algorithm::Ed25519 | Algorithm::EdDsa),
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::P384(_) => algorithm == Algorithm::Es384,
            Self::Rsa(_) => rsa_scheme(algorithm).is_some(),
        }
    }

    /// Whether the signature is this key's over `signed`; never true for an algorithm that does not fit.
    pub(super) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match self {
            Self::Ed25519(key) => verifies(&Ed25519, key, signed, signature),
            Self::P256(key) => verifies(&Es256, key, signed, signature),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            // A signature is a number below the modulus (RFC 8017 section 5.2.2). The PSS verifier takes larger
            // ones too, which would give one token several texts.
            Self::Rsa(key) => {
                BigUint::from_bytes_be(signature) < *key.n()
                    && rsa_scheme(algorithm).is_some_and(|scheme| verifies(&scheme, key, signed, signature))
            }
        }
    }
}

fn verifies<S: Scheme>(scheme: &S, key: &S::VerifyingKey, signed: &[u8], signature: &[u8]) -> bool {
    // The length comes first: the parser of Ed25519 signatures relies on it.
    S::Signature::LENGTH.is_none_or(|length| length.get() == signature.len())
        && S::Signature::try_from_slice(signature)
            .is_ok_and(|signature| scheme.verify_signature(&signature, key, signed))
}

fn rsa_scheme(algorithm: Algorithm) -> Option<Rsa> {
    match algorithm {
        Algorithm::Ed25519 | Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Es384 => None,
        Algorithm::Ps256 => Some(Rsa::ps256()),
        Algorithm::Ps384 => Some(Rsa::ps384()),
        Algorithm::Ps512 => Some(Rsa::ps512()),
        Algorithm::Rs256 => Some(Rsa::rs256()),
        Algorithm::Rs384 => Some(Rsa::rs384()),
        Algorithm::Rs512 => Some(Rsa::rs512()),
    }
}

const MIN_MODULUS_BITS: usize = 2048;
const MAX_MODULUS_BITS: usize = 8192;
/// In bytes; 65537 has three, and RSA libraries stop at five.
const LONGEST_EXPONENT: usize = 8;
