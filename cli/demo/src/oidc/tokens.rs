//! Tokens before they are signed: any header, any claim, any key.

use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};

use super::keys::{Algorithm, Key};
use super::realm::Realm;
use crate::Secret;

/// How long an access token lives, in seconds.
pub const ACCESS_TOKEN_LIFETIME: u64 = 15 * 60;

/// A JSON Web Token to change and then sign.
#[derive(Clone, Debug)]
pub struct TokenBuilder {
    realm: Arc<Realm>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    key: Arc<Key>,
}

impl TokenBuilder {
    pub(super) fn new(realm: Arc<Realm>, typ: &str, claims: Map<String, Value>) -> Self {
        let key = realm.keys().current(Algorithm::default());
        let mut header = Map::new();
        header.insert("typ".to_owned(), typ.into());
        Self { realm, header, claims, key: Arc::clone(&key) }.signed_with(key)
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header member. `alg` and `kid` follow the key unless set here, after it.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a header member out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Issues the token at `now` (seconds since 1970), to live for `lifetime` seconds.
    #[must_use]
    pub fn issued_at(self, now: u64, lifetime: u64) -> Self {
        self.claim("iat", now).claim("nbf", now).claim("exp", now.saturating_add(lifetime))
    }

    /// Signs with the provider's key of this algorithm.
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        let key = self.realm.keys().current(algorithm);
        self.signed_with(key)
    }

    /// Signs with any key, and names it in `alg` and `kid`.
    #[must_use]
    pub fn signed_with(mut self, key: Arc<Key>) -> Self {
        self.header.insert("alg".to_owned(), key.algorithm().name().into());
        self.header.insert("kid".to_owned(), key.kid().into());
        self.key = key;
        self
    }

    /// The token.
    #[must_use]
    pub fn sign(self) -> Secret {
        let key = Arc::clone(&self.key);
        self.sealed(|message| key.sign(message))
    }

    /// The token with whatever `seal` makes of the signing input.
    pub(super) fn sealed(&self, seal: impl FnOnce(&[u8]) -> Vec<u8>) -> Secret {
        seal_text(&self.header_text(), &self.claims_text(), seal)
    }

    /// What the token would say.
    pub(super) fn into_claims(self) -> Map<String, Value> {
        self.claims
    }

    pub(super) fn claims_text(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }

    pub(super) fn header_text(&self) -> String {
        Value::Object(self.header.clone()).to_string()
    }
}

/// The compact form (RFC 7515 §7.1) of a header and a payload that need not even be valid JSON.
pub(super) fn seal_text(header: &str, payload: &str, seal: impl FnOnce(&[u8]) -> Vec<u8>) -> Secret {
    let encode = Base64UrlUnpadded::encode_string;
    let message = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    let signature = encode(&seal(message.as_bytes()));
    Secret::new(format!("{message}.{signature}"))
}
