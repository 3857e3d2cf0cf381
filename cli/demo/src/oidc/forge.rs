//! Tokens that must be refused, each wrong in exactly one way.

use std::sync::Arc;

use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::{Value, json};

use super::keys::{Algorithm, Key};
use super::personas::Persona;
use super::realm::Realm;
use super::tokens::{TokenBuilder, seal_text};
use crate::Secret;

/// One way in which a token is wrong. Everything else about it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forgery {
    /// `alg` names another algorithm than the key of `kid` has.
    AlgorithmMismatch,
    /// The payload was changed after signing.
    AlteredPayload,
    /// `crit` names an extension that nobody knows (RFC 7515 §4.1.11).
    CriticalHeader,
    /// `sub` occurs twice; readers disagree which one counts.
    DuplicateClaim,
    /// The signing key comes along in the header (`jwk`).
    EmbeddedKey,
    /// The signature is empty, `alg` is not `none`.
    EmptySignature,
    /// `exp` is an hour ago.
    Expired,
    /// `exp` is a string.
    ExpiryAsText,
    /// HS256 with the DER of the RSA public key as the secret.
    HmacWithDer,
    /// HS256 with the JWK text of the RSA public key as the secret.
    HmacWithJwk,
    /// HS256 with the PEM of the RSA public key as the secret.
    HmacWithPem,
    /// There is no `aud`.
    MissingAudience,
    /// There is no `exp`.
    MissingExpiry,
    /// There is no `iss`.
    MissingIssuer,
    /// There is no `sub`.
    MissingSubject,
    /// `alg` is `none` and there is no signature.
    None,
    /// `alg` is `nOnE` and there is no signature.
    NoneInMixedCase,
    /// `nbf` is an hour ahead.
    NotYetValid,
    /// The signature lacks its last byte.
    ShortSignature,
    /// `kid` names no published key; the token is signed by a key of the forger.
    UnknownKey,
    /// `aud` is another resource.
    WrongAudience,
    /// `iss` is another issuer.
    WrongIssuer,
    /// `kid` is right, the signature is by another key.
    WrongKey,
    /// `typ` says that it is no access token.
    WrongType,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::AlgorithmMismatch,
        Self::AlteredPayload,
        Self::CriticalHeader,
        Self::DuplicateClaim,
        Self::EmbeddedKey,
        Self::EmptySignature,
        Self::Expired,
        Self::ExpiryAsText,
        Self::HmacWithDer,
        Self::HmacWithJwk,
        Self::HmacWithPem,
        Self::MissingAudience,
        Self::MissingExpiry,
        Self::MissingIssuer,
        Self::MissingSubject,
        Self::None,
        Self::NoneInMixedCase,
        Self::NotYetValid,
        Self::ShortSignature,
        Self::UnknownKey,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::WrongKey,
        Self::WrongType,
    ];
}

const HOUR: u64 = 60 * 60;

pub(super) fn forge(realm: &Arc<Realm>, forgery: Forgery, persona: Persona, audience: &str) -> Secret {
    let token = realm.access_token(persona, &[audience.to_owned()], super::DEMO_CLIENT, "mcp");
    let key = realm.keys().current(Algorithm::default());
    let now = realm.clock.now();
    match forgery {
        Forgery::AlgorithmMismatch => token.header("alg", "RS256").sign(),
        Forgery::AlteredPayload => {
            let signature = key.sign(signing_input(&token).as_bytes());
            token.claim("groups", json!(["finance", "altered"])).sealed(|_message| signature)
        }
        Forgery::CriticalHeader => {
            token.header("crit", json!(["urn:example:unknown"])).header("urn:example:unknown", true).sign()
        }
        Forgery::DuplicateClaim => duplicate_subject(&token, &key),
        Forgery::EmbeddedKey => by_own_key(token, &key, |own, token| token.header("jwk", own.jwk())),
        Forgery::EmptySignature => token.sealed(|_message| Vec::new()),
        Forgery::Expired => token.issued_at(now.saturating_sub(2 * HOUR), HOUR).sign(),
        Forgery::ExpiryAsText => token.claim("exp", (now + HOUR).to_string()).sign(),
        Forgery::HmacWithDer => confused(realm, token, |key| {
            key.rsa_public()?.to_public_key_der().ok().map(|der| der.as_bytes().to_vec())
        }),
        Forgery::HmacWithJwk => confused(realm, token, |key| Some(key.jwk().to_string().into_bytes())),
        Forgery::HmacWithPem => confused(realm, token, |key| {
            key.rsa_public()?.to_public_key_pem(LineEnding::LF).ok().map(String::into_bytes)
        }),
        Forgery::MissingAudience => token.without_claim("aud").sign(),
        Forgery::MissingExpiry => token.without_claim("exp").sign(),
        Forgery::MissingIssuer => token.without_claim("iss").sign(),
        Forgery::MissingSubject => token.without_claim("sub").sign(),
        Forgery::None => token.header("alg", "none").sealed(|_message| Vec::new()),
        Forgery::NoneInMixedCase => token.header("alg", "nOnE").sealed(|_message| Vec::new()),
        Forgery::NotYetValid => token.issued_at(now + HOUR, HOUR).sign(),
        Forgery::ShortSignature => token.sealed(|message| {
            let mut signature = key.sign(message);
            signature.pop();
            signature
        }),
        Forgery::UnknownKey => by_own_key(token, &key, |own, token| token.header("kid", own.kid())),
        Forgery::WrongAudience => token.claim("aud", "https://elsewhere.example/mcp").sign(),
        Forgery::WrongIssuer => token.claim("iss", "https://elsewhere.example").sign(),
        Forgery::WrongKey => by_own_key(token, &key, |_own, token| token),
        Forgery::WrongType => token.header("typ", "secevent+jwt").sign(),
    }
}

fn signing_input(token: &TokenBuilder) -> String {
    let whole = token.sealed(|_message| Vec::new());
    whole.expose().trim_end_matches('.').to_owned()
}

fn duplicate_subject(token: &TokenBuilder, key: &Key) -> Secret {
    let claims = token.claims_text();
    let doubled = format!(r#"{},"sub":"{}"}}"#, claims.trim_end_matches('}'), Persona::Finance.subject());
    seal_text(&token.header_text(), &doubled, |message| key.sign(message))
}

/// Signs with a key that the provider never published, under the `kid` of one that it did.
fn by_own_key(
    token: TokenBuilder,
    named: &Key,
    change: impl FnOnce(&Key, TokenBuilder) -> TokenBuilder,
) -> Secret {
    match Key::generate(named.algorithm()) {
        Ok(own) => {
            let own = Arc::new(own);
            let token = token.signed_with(Arc::clone(&own)).header("kid", named.kid());
            change(&own, token).sign()
        }
        // Without randomness there is no second key; a signature by nobody is as wrong.
        Err(_no_key) => token.sealed(|_message| vec![0; 64]),
    }
}

/// HS256 over public bytes of the RSA key, under that key's `kid`: CVE-2015-9235 and its descendants.
fn confused(realm: &Realm, token: TokenBuilder, public: impl FnOnce(&Key) -> Option<Vec<u8>>) -> Secret {
    let key = realm.keys().current(Algorithm::Rs256);
    let secret = Hs256Key::new(public(&key).unwrap_or_default());
    token
        .header("alg", "HS256")
        .header("kid", Value::from(key.kid()))
        .sealed(|message| Hs256.sign(&secret, message).as_bytes().into_owned())
}
