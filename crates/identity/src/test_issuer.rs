//! An issuer for tests: keys from fixed seeds, tokens with any header and any claims.

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::alg::{Ed25519, Es256, Rsa, SigningKey as _};
use jwt_compact::{Algorithm as Scheme, AlgorithmSignature};
use p384::ecdsa::signature::Signer;
use portcullis_settings::{Draft, Resource, Settings};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::RsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

use crate::keys::JwkSet;
use crate::time::UnixSeconds;

/// The time of every test.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
pub(crate) const ISSUER: &str = "https://idp.example.com";
pub(crate) const AUDIENCE: &str = "https://gw.example.com/mcp/billing";

/// Settings with one issuer, `demo`, that may use every algorithm but PS384, and two connections.
pub(crate) fn settings() -> Settings {
    settings_with("")
}

/// The same with more lines in the table of the issuer.
pub(crate) fn settings_with(issuer_lines: &str) -> Settings {
    let text = format!(
        r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[connections.billing]
url = "https://billing.example.com/mcp"
issuers = ["demo"]
[connections.wiki]
url = "https://wiki.example.com/mcp"
issuers = ["other"]
[issuers.other]
issuer = "https://other.example.com"
[issuers.demo]
issuer = "{ISSUER}"
algorithms = ["RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "ES384", "EdDSA"]
audiences = ["api://portcullis"]
{issuer_lines}"#
    );
    let draft = Draft::parse(&text, "portcullis.toml").unwrap_or_else(|problems| panic!("{problems}"));
    draft.resolve(&std::collections::BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The resource that tokens of the tests are for.
pub(crate) fn audience() -> Resource {
    settings().public_url.resource(&"billing".parse().unwrap())
}

/// Claims that are accepted.
pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "exp": NOW.0 + 300, "iat": NOW.0 - 10})
}

/// A token signed by the issuer's key for `algorithm`, which the header names.
pub(crate) fn token(algorithm: &str, claims: &Value) -> String {
    token_with(&json!({"alg": algorithm, "kid": kid(algorithm)}), claims, |signed| sign(algorithm, signed))
}

/// A token with any header and any signature.
pub(crate) fn token_with(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    raw_token(&header.to_string(), &claims.to_string(), sign)
}

/// A token of any two texts and any signature.
pub(crate) fn raw_token(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", base64(&signature))
}

pub(crate) fn kid(algorithm: &str) -> &'static str {
    match algorithm {
        "Ed25519" | "EdDSA" => "ed",
        "ES256" => "p256",
        "ES384" => "p384",
        _ => "rsa",
    }
}

pub(crate) fn sign(algorithm: &str, signed: &[u8]) -> Vec<u8> {
    match algorithm {
        "Ed25519" | "EdDSA" => Ed25519.sign(&ed25519(), signed).as_bytes().to_vec(),
        "ES256" => Es256.sign(&p256(), signed).as_bytes().to_vec(),
        "ES384" => {
            let signature: p384::ecdsa::Signature = p384().sign(signed);
            signature.to_bytes().to_vec()
        }
        rsa => Rsa::with_name(rsa).sign(rsa_key(), signed).as_bytes().to_vec(),
    }
}

/// All of the issuer's keys.
pub(crate) fn keys() -> JwkSet {
    key_set(&[jwk("RS256"), jwk("ES256"), jwk("ES384"), jwk("EdDSA")])
}

pub(crate) fn key_set(entries: &[Value]) -> JwkSet {
    JwkSet::parse(key_set_json(entries).as_bytes()).unwrap()
}

pub(crate) fn key_set_json(entries: &[Value]) -> String {
    json!({ "keys": entries }).to_string()
}

/// The public key for an algorithm.
pub(crate) fn jwk(algorithm: &str) -> Value {
    let mut jwk = match algorithm {
        "Ed25519" | "EdDSA" => {
            json!({"kty": "OKP", "crv": "Ed25519", "x": base64(&ed25519().to_verifying_key()[..])})
        }
        "ES256" => {
            let point = p256().verifying_key().to_encoded_point(false);
            json!({"kty": "EC", "crv": "P-256", "x": base64(point.x().unwrap()), "y": base64(point.y().unwrap())})
        }
        "ES384" => {
            let point = p384().verifying_key().to_encoded_point(false);
            json!({"kty": "EC", "crv": "P-384", "x": base64(point.x().unwrap()), "y": base64(point.y().unwrap())})
        }
        _ => rsa_jwk(rsa_key()),
    };
    jwk["kid"] = kid(algorithm).into();
    jwk
}

pub(crate) fn rsa_jwk(key: &impl PublicKeyParts) -> Value {
    json!({"kty": "RSA", "n": base64(&key.n().to_bytes_be()), "e": base64(&key.e().to_bytes_be())})
}

pub(crate) fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut ChaCha8Rng::seed_from_u64(1), 2048).unwrap())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn p256() -> <Es256 as Scheme>::SigningKey {
    <Es256 as Scheme>::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p384() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap()
}

fn ed25519() -> <Ed25519 as Scheme>::SigningKey {
    Ed25519::generate(&mut ChaCha8Rng::seed_from_u64(2)).0
}
