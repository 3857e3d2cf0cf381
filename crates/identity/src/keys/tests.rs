use portcullis_settings::Algorithm;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};

use super::{JwkSet, JwkSetError};
use crate::Refusal;
use crate::test_issuer::{self as test, key_set, key_set_json};

const SIGNED: &[u8] = b"header.claims";

fn check(keys: &JwkSet, algorithm: &str, kid: Option<&str>) -> Result<(), Refusal> {
    keys.check(algorithm.parse().unwrap(), kid, SIGNED, &test::sign(algorithm, SIGNED))
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn nameless(algorithm: &str) -> Value {
    let mut jwk = test::jwk(algorithm);
    jwk.as_object_mut().unwrap().remove("kid");
    jwk
}

#[test]
fn entries_that_cannot_verify_are_left_out() {
    let es256 = || test::jwk("ES256");
    let skipped = [
        json!("a text"),
        json!({}),
        json!({"kty": "oct", "k": "AAAA"}),
        json!({"kty": "new", "kid": "x"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        with(es256(), "x", json!("AAAA")),
        with(es256(), "y", test::jwk("ES256")["x"].clone()),
        with(es256(), "x", json!("not base64!")),
        with(es256(), "use", json!("enc")),
        with(es256(), "use", json!(1)),
        with(es256(), "key_ops", json!(["sign"])),
        with(es256(), "key_ops", json!("verify")),
        with(es256(), "alg", json!("ECDH-ES")),
        with(es256(), "alg", json!("HS256")),
        with(es256(), "kid", json!(7)),
        // A private key that is published.
        with(es256(), "d", json!("AAAA")),
        with(test::jwk("EdDSA"), "crv", json!("X25519")),
        with(test::jwk("RS256"), "e", json!("AA")),
        with(test::jwk("RS256"), "n", json!("")),
    ];
    for entry in &skipped {
        assert_eq!(
            JwkSet::parse(key_set_json(std::slice::from_ref(entry)).as_bytes()).unwrap_err(),
            JwkSetError::NoKeys,
            "case: {entry}"
        );
    }
    let mut entries = skipped.to_vec();
    entries.push(with(with(es256(), "use", json!("sig")), "key_ops", json!(["verify"])));
    let keys = key_set(&entries);
    assert_eq!(keys.n_skipped(), skipped.len());
    assert_eq!(check(&keys, "ES256", Some("p256")), Ok(()));
}

#[test]
fn documents_that_are_no_key_sets() {
    let many: Vec<Value> = (0..65).map(|_| json!({})).collect();
    for (text, want) in [
        ("", JwkSetError::Json),
        ("[]", JwkSetError::Json),
        ("{}", JwkSetError::Json),
        (r#"{"keys":{}}"#, JwkSetError::Json),
        (r#"{"keys":[],"keys":[]}"#, JwkSetError::Json),
        (r#"{"keys":[]}"#, JwkSetError::NoKeys),
        (&key_set_json(&many), JwkSetError::TooMany),
        (&" ".repeat((256 << 10) + 1), JwkSetError::TooLarge),
    ] {
        assert_eq!(JwkSet::parse(text.as_bytes()).unwrap_err(), want);
    }
}

#[test]
fn rsa_keys_are_neither_weak_nor_slow() {
    let weak = RsaPrivateKey::new(&mut ChaCha8Rng::seed_from_u64(3), 1024).unwrap();
    // Any odd number of the right size does for the public half.
    let of_bits = |bits: usize| {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= (8 - bits % 8) % 8;
        json!({"kty": "RSA", "n": test::base64(&modulus), "e": "AQAB"})
    };
    for (entry, accepted) in [
        (test::rsa_jwk(&weak), false),
        (of_bits(2040), false),
        (of_bits(2047), false),
        (of_bits(2048), true),
        (of_bits(2049), false),
        (of_bits(4096), true),
        (of_bits(8192), true),
        (of_bits(8200), false),
        (with(of_bits(2048), "e", json!("AQ")), false),
        (with(of_bits(2048), "e", json!("BA")), false),
        (with(of_bits(2048), "e", json!(test::base64(&[0xff; 9]))), false),
    ] {
        let parsed = JwkSet::parse(key_set_json(std::slice::from_ref(&entry)).as_bytes());
        assert_eq!(parsed.is_ok(), accepted, "case: {} {}", entry["n"].as_str().unwrap().len(), entry["e"]);
    }
}

#[test]
fn a_key_for_one_algorithm_verifies_no_other() {
    let keys = key_set(&[with(test::jwk("RS256"), "alg", json!("RS256"))]);
    assert_eq!(check(&keys, "RS256", Some("rsa")), Ok(()));
    assert_eq!(check(&keys, "PS256", Some("rsa")), Err(Refusal::KeyDoesNotFit { algorithm: "PS256" }));
}

#[test]
fn the_key_that_is_named_is_the_one_that_counts() {
    let unknown = |kid: Option<&str>| Err(Refusal::UnknownKey { kid: kid.map(str::to_owned) });
    let named = test::keys();
    assert_eq!(check(&named, "ES256", Some("p256")), Ok(()));
    assert_eq!(check(&named, "ES256", None), Ok(()));
    assert_eq!(check(&named, "ES256", Some("new")), unknown(Some("new")));
    assert_eq!(check(&named, "ES256", Some("")), unknown(Some("")));
    // Keys without a name serve tokens that name one, but only where no key has that name.
    let other = with(nameless("EdDSA"), "kid", json!("p256"));
    assert_eq!(check(&key_set(&[nameless("ES256")]), "ES256", Some("any")), Ok(()));
    assert_eq!(
        check(&key_set(&[nameless("ES256"), other]), "ES256", Some("p256")),
        Err(Refusal::KeyDoesNotFit { algorithm: "ES256" })
    );
}

#[test]
fn one_token_tries_a_bounded_number_of_keys() {
    let point = |seed: u8| {
        let key = p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let (x, y) = (test::base64(point.x().unwrap()), test::base64(point.y().unwrap()));
        json!({"kty": "EC", "crv": "P-384", "x": x, "y": y})
    };
    let mut entries: Vec<Value> = (1..=7).map(|seed| point(seed + 50)).collect();
    entries.push(nameless("ES384"));
    assert_eq!(check(&key_set(&entries), "ES384", None), Ok(()), "the eighth key is still tried");
    entries.insert(0, point(100));
    assert_eq!(check(&key_set(&entries), "ES384", None), Err(Refusal::Signature), "the ninth is not");
}

/// RFC 8017 section 8.1.2: a signature is a number below the modulus. Adding the modulus gives the same number to
/// whoever does not look, so one token would have two texts.
#[test]
fn an_rsa_signature_has_one_text() {
    let keys = test::keys();
    for algorithm in [Algorithm::Ps256, Algorithm::Rs256] {
        // Only some signatures leave room for the modulus in the same number of bytes.
        let (message, shifted) = (0_u8..=255)
            .find_map(|message| {
                let signature = BigUint::from_bytes_be(&test::sign(algorithm.name(), &[message]));
                let shifted = (signature + test::rsa_key().n()).to_bytes_be();
                (shifted.len() == 256).then_some((message, shifted))
            })
            .unwrap();
        assert_eq!(keys.check(algorithm, Some("rsa"), &[message], &shifted), Err(Refusal::Signature));
    }
}
