use hmac::{Hmac, Mac};
use proptest::prelude::*;
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{claims_with, verify, verify_with};
use crate::test_issuer::{self as test, ISSUER, NOW};
use crate::{Refusal, TokenError, UnixSeconds};

fn refused(token: &str) -> Refusal {
    verify(token).unwrap_err()
}

fn bad(claim: &str) -> Refusal {
    Refusal::BadClaim { claim: claim.to_owned() }
}

fn unknown(issuer: &str) -> Refusal {
    Refusal::UnknownIssuer { issuer: issuer.to_owned() }
}

#[test]
fn claims_that_are_not_accepted() {
    let missing = |claim| Refusal::MissingClaim { claim };
    let wrong_audience = || Refusal::WrongAudience { resource: test::AUDIENCE.to_owned() };
    let now = NOW.0;
    let now_f = 1_800_000_000.0;
    for (changes, want) in [
        (json!({"iss": null}), missing("iss")),
        (json!({"iss": 1}), missing("iss")),
        (json!({"iss": "https://evil.example.com"}), unknown("https://evil.example.com")),
        (json!({"iss": format!("{ISSUER}/")}), unknown("https://idp.example.com/")),
        // An issuer that the settings know, but that this connection does not trust.
        (json!({"iss": "https://other.example.com"}), unknown("https://other.example.com")),
        (json!({"aud": null}), missing("aud")),
        (json!({"aud": "https://gw.example.com/mcp/wiki"}), wrong_audience()),
        (json!({"aud": "https://gw.example.com"}), wrong_audience()),
        (json!({"aud": "https://gw.example.com/mcp/billing/"}), wrong_audience()),
        (json!({"aud": []}), wrong_audience()),
        (json!({"aud": ["a", "b"]}), wrong_audience()),
        (json!({"aud": [test::AUDIENCE, 1]}), bad("aud")),
        (json!({"aud": {test::AUDIENCE: true}}), bad("aud")),
        (json!({"exp": null}), missing("exp")),
        (json!({"exp": "1900000000"}), bad("exp")),
        (json!({"exp": -1}), bad("exp")),
        (json!({"exp": 1e300}), bad("exp")),
        (json!({"exp": now - 60}), Refusal::Expired { at: UnixSeconds(now - 60) }),
        (json!({"exp": now_f - 59.1}), Refusal::Expired { at: UnixSeconds(now - 60) }),
        (json!({"nbf": now + 61}), Refusal::NotYetValid { from: UnixSeconds(now + 61) }),
        (json!({"nbf": now_f + 60.1}), Refusal::NotYetValid { from: UnixSeconds(now + 61) }),
        (json!({"nbf": "now"}), bad("nbf")),
        (json!({"iat": now + 61}), Refusal::IssuedInFuture { at: UnixSeconds(now + 61) }),
        (json!({"sub": null}), missing("sub")),
        (json!({"sub": ""}), bad("sub")),
        (json!({"sub": 7}), bad("sub")),
        (json!({"sub": "a\nb"}), bad("sub")),
        (json!({"sub": "x".repeat(513)}), bad("sub")),
        (json!({"jti": 7}), bad("jti")),
        (json!({"cnf": {"jkt": "x"}}), Refusal::SenderConstrained),
        (json!({"groups": {"a": 1}}), bad("groups")),
        (json!({"groups": ["a", 1]}), bad("groups")),
        (json!({"groups": [""]}), bad("groups")),
        (json!({"_claim_names": {"groups": "src1"}}), Refusal::GroupsElsewhere),
        (json!({"act": "someone"}), bad("act")),
        (json!({"act": {"sub": ""}}), bad("act")),
        (json!({"act": {"sub": "a", "act": {}}}), bad("act")),
        (json!({"scope": 1}), bad("scope")),
    ] {
        assert_eq!(refused(&test::token("ES256", &claims_with(changes.clone()))), want, "case: {changes}");
    }
}

#[test]
fn times_are_accepted_up_to_the_allowance_for_clocks() {
    let now = NOW.0;
    for changes in [
        json!({"exp": now - 59}),
        json!({"exp": 1_800_000_000.0 - 58.5}),
        json!({"nbf": now + 60}),
        json!({"iat": now + 60}),
        json!({"iat": null}),
    ] {
        assert!(verify(&test::token("ES256", &claims_with(changes.clone()))).is_ok(), "case: {changes}");
    }
    let strict = test::settings_with("clock_skew_seconds = 0");
    let token = test::token("ES256", &claims_with(json!({"exp": now})));
    assert_eq!(verify_with(&token, &strict, &test::keys()), Err(Refusal::Expired { at: NOW }));
}

#[test]
fn headers_that_are_not_accepted() {
    let not_allowed = |name: &str| Refusal::AlgorithmNotAllowed { algorithm: name.to_owned() };
    let typ = |typ: &str| Refusal::TokenType { typ: typ.to_owned() };
    let unfit = |algorithm| Refusal::KeyDoesNotFit { algorithm };
    for (header, want) in [
        (json!({"alg": "none", "kid": "p256"}), not_allowed("none")),
        (json!({"alg": "HS256", "kid": "p256"}), not_allowed("HS256")),
        (json!({"alg": "es256", "kid": "p256"}), not_allowed("es256")),
        (json!({"alg": "ES256K", "kid": "p256"}), not_allowed("ES256K")),
        // One that we can verify, but that this issuer may not use.
        (json!({"alg": "PS384", "kid": "rsa"}), not_allowed("PS384")),
        (json!({"alg": "ES256", "kid": "p256", "crit": ["exp"]}), Refusal::CriticalHeader),
        (json!({"alg": "ES256", "kid": "p256", "crit": []}), Refusal::CriticalHeader),
        (json!({"alg": "ES256", "kid": "p256", "crit": null}), Refusal::CriticalHeader),
        (json!({"alg": "ES256", "kid": "p256", "b64": false}), Refusal::CriticalHeader),
        (json!({"alg": "ES256", "kid": "p256", "typ": "oauth-id-jag+jwt"}), typ("oauth-id-jag+jwt")),
        (json!({"alg": "ES256", "kid": "p256", "typ": "logout+jwt"}), typ("logout+jwt")),
        (json!({"alg": "ES256", "kid": "p256", "typ": ""}), typ("")),
        (json!({"alg": "ES256", "kid": "p256", "typ": 1}), TokenError::Header.into()),
        (json!({"alg": "ES256", "kid": 1}), TokenError::Header.into()),
        (json!({"alg": "ES256", "kid": "x".repeat(257)}), TokenError::Header.into()),
        (json!({"kid": "p256"}), TokenError::Header.into()),
        (json!({"alg": "ES256", "kid": "new"}), Refusal::UnknownKey { kid: Some("new".to_owned()) }),
        (json!({"alg": "ES256", "kid": "rsa"}), unfit("ES256")),
        (json!({"alg": "ES384", "kid": "p256"}), unfit("ES384")),
        (json!({"alg": "RS256", "kid": "p256"}), unfit("RS256")),
        (json!({"alg": "EdDSA", "kid": "p256"}), unfit("EdDSA")),
    ] {
        let token = test::token_with(&header, &test::claims(), |signed| test::sign("ES256", signed));
        assert_eq!(refused(&token), want, "case: {header}");
    }
}

#[test]
fn types_of_access_tokens_are_accepted() {
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        let header = json!({"alg": "ES256", "kid": "p256", "typ": typ});
        let token = test::token_with(&header, &test::claims(), |signed| test::sign("ES256", signed));
        assert!(verify(&token).is_ok(), "case: {typ}");
    }
}

/// The classic confusion: the public key, which everyone has, used as the secret of an HMAC.
#[test]
fn a_public_key_is_never_an_hmac_secret() {
    let public = test::rsa_key().to_public_key();
    let der = public.to_public_key_der().unwrap();
    let modulus = test::jwk("RS256")["n"].as_str().unwrap().to_owned();
    for secret in [der.as_bytes(), test::jwk("RS256").to_string().as_bytes(), modulus.as_bytes()] {
        let hmac = |signed: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(signed);
            mac.finalize().into_bytes().to_vec()
        };
        let hs256 = test::token_with(&json!({"alg": "HS256", "kid": "rsa"}), &test::claims(), hmac);
        assert_eq!(refused(&hs256), Refusal::AlgorithmNotAllowed { algorithm: "HS256".to_owned() });
        let rs256 = test::token_with(&json!({"alg": "RS256", "kid": "rsa"}), &test::claims(), hmac);
        assert_eq!(refused(&rs256), Refusal::Signature);
    }
}

#[test]
fn signatures_that_are_not_the_keys_own() {
    type Spoil = fn(&mut Vec<u8>);
    let spoils: [(&str, Spoil); 6] = [
        ("empty", Vec::clear),
        ("cut", |signature| signature.truncate(signature.len() - 1)),
        ("longer", |signature| signature.push(0)),
        ("zero", |signature| signature.fill(0)),
        ("ones", |signature| signature.fill(0xff)),
        ("one bit", |signature| signature[5] ^= 1),
    ];
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let header = json!({"alg": algorithm, "kid": test::kid(algorithm)});
        for (name, spoil) in spoils {
            let token = test::token_with(&header, &test::claims(), |signed| {
                let mut signature = test::sign(algorithm, signed);
                spoil(&mut signature);
                signature
            });
            assert_eq!(refused(&token), Refusal::Signature, "case: {algorithm} {name}");
        }
    }
    let header = json!({"alg": "PS256", "kid": "rsa"});
    let token = test::token_with(&header, &test::claims(), |signed| test::sign("RS256", signed));
    assert_eq!(refused(&token), Refusal::Signature, "right key, wrong scheme");
}

#[test]
fn claims_are_not_believed_before_the_signature() {
    let header = json!({"alg": "ES256", "kid": "p256"});
    let token = test::token_with(&header, &claims_with(json!({"exp": 1, "aud": "x"})), |_| vec![1; 64]);
    assert_eq!(refused(&token), Refusal::Signature);
}

#[test]
fn texts_that_are_not_tokens() {
    let good = test::token("ES256", &test::claims());
    let [header, claims, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    for (text, want) in [
        (String::new(), TokenError::Characters),
        ("===".to_owned(), TokenError::Characters),
        (format!("{good} "), TokenError::Characters),
        (format!("{good}\u{e9}"), TokenError::Characters),
        ("opaque".to_owned(), TokenError::Structure),
        (format!("{header}.{claims}"), TokenError::Structure),
        (format!("{good}.x"), TokenError::Structure),
        (format!("{header}.{claims}.{signature}=="), TokenError::Base64),
        (format!("{header}.{claims}.~~~~"), TokenError::Base64),
        (format!("{header}.a.{signature}"), TokenError::Base64),
        (format!(".{claims}.{signature}"), TokenError::Header),
        (format!("{header}..{signature}"), TokenError::Payload),
        ("x".repeat(16_385), TokenError::TooLong { limit: 16_384 }),
    ] {
        assert_eq!(refused(&text), Refusal::Malformed(want), "case: {text}");
    }
}

#[test]
fn repeated_names_are_refused() {
    let claims = test::claims().to_string();
    let sign = |signed: &[u8]| test::sign("ES256", signed);
    let twice = claims.replacen('{', "{\"sub\":\"admin\",", 1);
    let token = test::raw_token(r#"{"alg":"ES256","kid":"p256"}"#, &twice, sign);
    assert_eq!(refused(&token), TokenError::Payload.into());
    let token = test::raw_token(r#"{"alg":"none","alg":"ES256","kid":"p256"}"#, &claims, sign);
    assert_eq!(refused(&token), TokenError::Header.into());
}

#[test]
fn a_caller_is_told_little_and_in_plain_ascii() {
    for refusal in [
        unknown("\"\r\nX: y"),
        Refusal::TokenType { typ: "a\nb".to_owned() },
        Refusal::KeysUnavailable { issuer: "demo".to_owned() },
        Refusal::WrongAudience { resource: test::AUDIENCE.to_owned() },
        Refusal::UnknownKey { kid: Some("\u{1b}[2J".to_owned()) },
        Refusal::Malformed(TokenError::TooLong { limit: 9 }),
    ] {
        let public = refusal.public();
        assert!(public.bytes().all(|byte| byte == b' ' || byte.is_ascii_lowercase()), "{public}");
        assert!(!refusal.to_string().contains(char::is_control), "{refusal}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics(text in "[A-Za-z0-9_.=-]{0,200}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn no_json_panics(header in json_text(), claims in json_text()) {
        prop_assert!(verify(&test::raw_token(&header, &claims, |_| vec![0; 64])).is_err());
    }

    #[test]
    fn one_flipped_bit_breaks_a_token(at in 0_usize..400, bit in 0_u8..7) {
        let good = test::token("EdDSA", &test::claims());
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(verify(&good).is_ok());
        prop_assert!(verify(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn no_claims_escape_the_namespace(sub in ".{1,20}", group in ".{1,20}") {
        let claims = claims_with(json!({"sub": sub, "groups": [group]}));
        if let Ok(token) = verify(&test::token("EdDSA", &claims)) {
            let principal = token.principal();
            prop_assert!(principal.id().starts_with("demo|"));
            prop_assert!(principal.groups.iter().all(|group| group.as_str().starts_with("demo:")));
        }
    }
}

fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(ES256|p256|https://idp.example.com|[a-z]{0,8})".prop_map(Value::from),
    ];
    let value =
        leaf.prop_recursive(3, 16, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from));
    let name = "(alg|kid|typ|crit|iss|aud|sub|exp|nbf|groups|act)";
    prop::collection::btree_map(name, value, 0..8).prop_map(|map| json!(map).to_string())
}
