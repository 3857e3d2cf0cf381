//! Tokens of a test issuer: which are believed, and exactly why the others are not.

mod anonymous;
mod meaning;
mod refusals;

use portcullis_settings::{ConnectionName, Settings};
use serde_json::Value;

use crate::test_issuer::{self as test, NOW};
use crate::{BearerToken, JwkSet, Refusal, VerifiedToken, issuer_of};

/// Goes the whole way from a text to a verified token, as a gateway does.
fn verify_with(text: &str, settings: &Settings, keys: &JwkSet) -> Result<VerifiedToken, Refusal> {
    let billing: ConnectionName = "billing".parse().unwrap();
    let endpoint = settings.endpoint(&billing).unwrap();
    let token = BearerToken::parse(text, settings.limits.token_bytes)?.decode()?;
    let issuer = issuer_of(&endpoint, &token)?;
    crate::verify(&token, issuer, keys, &settings.public_url.resource(&billing), NOW)
}

fn verify(text: &str) -> Result<VerifiedToken, Refusal> {
    verify_with(text, &test::settings(), &test::keys())
}

/// Claims that are accepted, with some of them changed; `null` removes one.
fn claims_with(changes: Value) -> Value {
    let mut claims = test::claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}
