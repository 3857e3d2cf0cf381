use base64ct::{Base64UrlUnpadded, Encoding};
use portcullis_settings::Secret;
use proptest::prelude::*;

use super::{NONCE_BYTES, Purpose, SealError, Sealer};

const SESSION: Purpose = Purpose::new("session");
const CURSOR: Purpose = Purpose::new("cursor");
const NONCE: [u8; NONCE_BYTES] = [9; NONCE_BYTES];
/// Version, key id and nonce.
const HEADER_BYTES: usize = 1 + 4 + 24;

fn secret(text: &str) -> Secret {
    Secret::new(text.repeat(32))
}

fn sealer(current: &str, previous: &[&str]) -> Sealer {
    let previous: Vec<Secret> = previous.iter().map(|text| secret(text)).collect();
    Sealer::new(&secret(current), &previous)
}

/// Values of today must open tomorrow. The text was computed by another implementation of HKDF and the cipher.
#[test]
fn the_format_does_not_change() {
    let text = "AfFhkHoJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQlAtYwGcaLi6wKbad53y82PiFjB_oQ";
    assert_eq!(sealer("a", &[]).seal(SESSION, b"hello", NONCE).as_deref(), Ok(text));
    assert_eq!(sealer("a", &[]).open(SESSION, text).as_deref(), Ok(&b"hello"[..]));
}

#[test]
fn keys_can_be_rotated() {
    let old = sealer("a", &[]).seal(SESSION, b"x", NONCE).unwrap();
    let rotated = sealer("b", &["z", "a"]);
    assert_eq!(rotated.open(SESSION, &old).as_deref(), Ok(&b"x"[..]));
    let new = rotated.seal(SESSION, b"x", NONCE).unwrap();
    assert_eq!(sealer("a", &[]).open(SESSION, &new), Err(SealError::UnknownKey));
    assert_eq!(sealer("b", &[]).open(SESSION, &old), Err(SealError::UnknownKey));
    assert_ne!(sealer("a", &[]).key_id(), rotated.key_id());
}

#[test]
fn texts_that_do_not_open() {
    let sealer = sealer("a", &[]);
    let text = sealer.seal(SESSION, b"hello", NONCE).unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(&text).unwrap();
    let cut = |length: usize| Base64UrlUnpadded::encode_string(&bytes[..length]);
    let next_version = Base64UrlUnpadded::encode_string(&[&[2], &bytes[1..]].concat());
    for (text, want) in [
        (String::new(), SealError::Malformed),
        (format!("{text}="), SealError::Malformed),
        (format!("{text} "), SealError::Malformed),
        (next_version, SealError::Malformed),
        (cut(1), SealError::Malformed),
        (cut(HEADER_BYTES - 1), SealError::Malformed),
        (cut(HEADER_BYTES), SealError::Forged),
        (cut(bytes.len() - 1), SealError::Forged),
    ] {
        assert_eq!(sealer.open(SESSION, &text), Err(want), "case: {text}");
    }
    assert_eq!(sealer.open(CURSOR, &text), Err(SealError::Forged));
}

#[test]
fn a_digest_is_found_again_after_its_key_was_replaced() {
    let before = sealer("a", &[]).digest(SESSION, b"x");
    let after: Vec<_> = sealer("c", &["b", "a"]).digests(SESSION, b"x").collect();
    assert_eq!(after.len(), 3);
    assert_eq!(after[0], sealer("c", &[]).digest(SESSION, b"x"), "the current key comes first");
    assert_eq!(after[2], before);
}

#[test]
fn digests_are_keyed_and_apart_by_purpose() {
    let digest = |key: &str, purpose, bytes: &[u8]| sealer(key, &[]).digest(purpose, bytes);
    let known = "d3359707fa28920b53199afa03be3dc63ae6d8d32c30968ca30f8fd1c7a1a15a";
    let shown: String = digest("a", SESSION, b"x").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown, known, "computed by another implementation");
    let distinct = std::collections::BTreeSet::from([
        digest("a", SESSION, b"x"),
        digest("a", SESSION, b"y"),
        digest("a", CURSOR, b"x"),
        digest("b", SESSION, b"x"),
        digest("a", SESSION, b""),
    ]);
    assert_eq!(distinct.len(), 5);
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", sealer("a", &["b"]));
    assert_eq!(
        shown,
        format!(
            "Sealer {{ current: {:?}, previous: [{:?}] }}",
            sealer("a", &[]).key_id(),
            sealer("b", &[]).key_id()
        )
    );
}

proptest! {
    #[test]
    fn what_is_sealed_opens_and_is_visible_ascii(value in prop::collection::vec(any::<u8>(), 0..200), nonce: [u8; NONCE_BYTES]) {
        let sealer = sealer("a", &[]);
        let text = sealer.seal(SESSION, &value, nonce).unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(sealer.open(SESSION, &text), Ok(value));
    }

    #[test]
    fn one_changed_character_breaks_a_sealed_value(at in 0_usize..70, to in proptest::char::ranges(vec!['a'..='z', 'A'..='Z', '0'..='9'].into())) {
        let sealer = sealer("a", &["b"]);
        let text = sealer.seal(SESSION, b"some value", NONCE).unwrap();
        let at = at % text.len();
        let keep = text.char_indices().map(|(index, old)| if index == at { to } else { old });
        let changed: String = keep.collect();
        prop_assume!(changed != text);
        prop_assert!(sealer.open(SESSION, &changed).is_err());
    }

    #[test]
    fn no_text_panics(text in ".{0,100}") {
        prop_assert!(sealer("a", &[]).open(SESSION, &text).is_err());
    }
}

#[test]
fn stable_values_are_equal_exactly_when_what_they_seal_is() {
    let sealer = sealer("a", &[]);
    let seal = |purpose, text: &str| sealer.seal_stable(purpose, text.as_bytes()).unwrap();
    assert_eq!(seal(SESSION, "x"), seal(SESSION, "x"));
    assert_ne!(seal(SESSION, "x"), seal(SESSION, "y"));
    assert_ne!(seal(SESSION, "x"), seal(CURSOR, "x"));
    assert_eq!(sealer.open(SESSION, &seal(SESSION, "x")).as_deref(), Ok(&b"x"[..]));
    assert_eq!(sealer.open(CURSOR, &seal(SESSION, "x")), Err(SealError::Forged));
}
