//! The public keys of an issuer (RFC 7517).
//!
//! A key set may hold keys for other purposes and of kinds that we do not know; those are left out, not an error.
//! A key is one of four public kinds, so there is no way to use one as the secret of a symmetric algorithm.

mod public_key;

use base64ct::{Base64UrlUnpadded, Encoding};
use portcullis_settings::Algorithm;
use serde_json::{Map, Value};

use crate::json;
use crate::keys::public_key::PublicKey;
use crate::refusal::Refusal;

/// The keys of an issuer that can verify tokens.
#[derive(Clone, Debug)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    n_skipped: usize,
}

#[derive(Clone, Debug)]
struct Jwk {
    key_id: Option<String>,
    /// The one algorithm that the key is for, if it says so.
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

/// Why a document is not a key set that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Not a JSON object with distinct names and a list `keys`.
    #[error("the key set is not usable JSON")]
    Json,
    /// None of the keys can verify a token.
    #[error("the key set has no key that could verify a token")]
    NoKeys,
    /// More than 256 KiB.
    #[error("the key set is longer than {MAX_BYTES} bytes")]
    TooLarge,
    /// More than 64 keys.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
}

impl JwkSet {
    /// Reads a key set.
    ///
    /// # Errors
    /// The [`JwkSetError`] that says why no key of it can be used.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwkSetError> {
        if bytes.len() > MAX_BYTES {
            return Err(JwkSetError::TooLarge);
        }
        let document = json::object(bytes).ok_or(JwkSetError::Json)?;
        let entries = document.get("keys").and_then(Value::as_array).ok_or(JwkSetError::Json)?;
        if entries.len() > MAX_KEYS {
            return Err(JwkSetError::TooMany);
        }
        let keys: Vec<Jwk> = entries.iter().filter_map(|entry| Jwk::parse(entry.as_object()?)).collect();
        if keys.is_empty() {
            return Err(JwkSetError::NoKeys);
        }
        Ok(Self { n_skipped: entries.len() - keys.len(), keys })
    }

    /// How many entries were left out, for the operator's log.
    #[must_use]
    pub fn n_skipped(&self) -> usize {
        self.n_skipped
    }

    /// Whether a token that names this key can be verified with the set.
    pub(crate) fn knows(&self, key_id: Option<&str>) -> bool {
        self.candidates(key_id).next().is_some()
    }

    /// Checks a signature with the keys that the token may mean.
    pub(crate) fn check(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        if !self.knows(key_id) {
            return Err(Refusal::UnknownKey { kid: key_id.map(str::to_owned) });
        }
        let mut fitting = self.candidates(key_id).filter(|jwk| jwk.fits(algorithm)).peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::KeyDoesNotFit { algorithm: algorithm.name() });
        }
        // A token without a `kid` may try several keys; the cap bounds what one request can cost.
        let mut tried = fitting.take(MAX_TRIES);
        if tried.any(|jwk| jwk.key.verifies(algorithm, signed, signature)) {
            Ok(())
        } else {
            Err(Refusal::Signature)
        }
    }

    /// The keys that a token may mean: those of that name, or, where the set names no such key, the nameless ones.
    /// A token that names none may mean any.
    fn candidates<'k>(&'k self, key_id: Option<&'k str>) -> impl Iterator<Item = &'k Jwk> {
        let is_named = move |jwk: &Jwk| key_id.is_some() && jwk.key_id.as_deref() == key_id;
        let any_named = self.keys.iter().any(is_named);
        self.keys.iter().filter(move |jwk| match key_id {
            None => true,
            Some(_) if any_named => is_named(jwk),
            Some(_) => jwk.key_id.is_none(),
        })
    }
}

impl Jwk {
    /// Reads one entry; `None` if it is not a key for verifying tokens.
    fn parse(entry: &Map<String, Value>) -> Option<Self> {
        let text = |name| entry.get(name).and_then(Value::as_str);
        let is_for_signatures = entry.get("use").is_none_or(|value| value == "sig");
        let may_verify = entry.get("key_ops").is_none_or(|operations| {
            operations.as_array().is_some_and(|list| list.iter().any(|operation| operation == "verify"))
        });
        // A private key that is published is nobody's key any more.
        let is_public = !entry.contains_key("d") && !entry.contains_key("k");
        if !is_for_signatures || !may_verify || !is_public {
            return None;
        }
        let algorithm = match entry.get("alg") {
            None => None,
            Some(name) => Some(name.as_str()?.parse().ok()?),
        };
        let key_id = match entry.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        let bytes = |name| Base64UrlUnpadded::decode_vec(text(name)?).ok();
        let key = match (text("kty")?, text("crv")) {
            ("RSA", _) => PublicKey::rsa(&bytes("n")?, &bytes("e")?)?,
            ("EC", Some("P-256")) => PublicKey::p256(bytes("x")?, bytes("y")?)?,
            ("EC", Some("P-384")) => PublicKey::p384(&bytes("x")?, &bytes("y")?)?,
            ("OKP", Some("Ed25519")) => PublicKey::ed25519(bytes("x")?)?,
            _ => return None,
        };
        Some(Self { key_id, algorithm, key })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && self.key.fits(algorithm)
    }
}

const MAX_BYTES: usize = 256 << 10;
const MAX_KEYS: usize = 64;
const MAX_TRIES: usize = 8;

#[cfg(test)]
mod tests;
