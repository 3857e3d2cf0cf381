//! Signed bundles: who vouches for them, and which is the later one.

use portcullis_identity::UnixSeconds;
use portcullis_policy::{
    Bundle, EnvelopeError, KeyId, Serial, SignedBundle, SigningKey, Source, VerifyingKey,
};
use proptest::prelude::*;

fn bundle(text: &str) -> Bundle {
    Bundle::build(&[Source { file: "p.cedar", text }], &[]).unwrap()
}

fn permit() -> Bundle {
    bundle(r#"@id("a") permit (principal, action, resource);"#)
}

fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn ops() -> KeyId {
    KeyId::parse("ops-2026").unwrap()
}

fn signed(bundle: &Bundle, serial: u64) -> SignedBundle {
    SignedBundle::sign(bundle, (Serial(serial), UnixSeconds(1_772_447_400)), (ops(), &key()))
}

fn trusted(id: &KeyId) -> Option<VerifyingKey> {
    (*id == ops()).then(|| key().verifying_key())
}

#[test]
fn what_was_signed_is_accepted_and_says_what_it_is() {
    let envelope = SignedBundle::parse(signed(&permit(), 3).to_json().as_bytes()).unwrap();
    assert_eq!(envelope, signed(&permit(), 3));
    assert_eq!(envelope.verify_signature(trusted), Ok(()));
    assert_eq!(envelope.verify_bundle(permit().digest()), Ok(()));
    assert_eq!(envelope.serial().follows(None), Ok(()));
    assert_eq!(envelope.serial().follows(Some(Serial(2))), Ok(()));
    assert_eq!((envelope.serial(), envelope.issued_at()), (Serial(3), UnixSeconds(1_772_447_400)));
    assert_eq!((envelope.bundle(), envelope.key_id()), (permit().digest(), &ops()));
}

#[test]
fn what_is_stale_strange_or_unsigned_is_refused() {
    let other = bundle("// nothing");
    let nobody = |_: &KeyId| None;
    let stranger = |_: &KeyId| Some(SigningKey::from_seed([8; 32]).verifying_key());
    let envelope = signed(&permit(), 3);
    let stale = |last| Err(EnvelopeError::Stale { found: Serial(3), last: Serial(last) });
    assert_eq!(envelope.serial().follows(Some(Serial(3))), stale(3));
    assert_eq!(envelope.serial().follows(Some(Serial(4))), stale(4));
    assert_eq!(envelope.verify_signature(nobody), Err(EnvelopeError::UnknownKey(ops())));
    assert_eq!(envelope.verify_signature(stranger), Err(EnvelopeError::WrongSignature));
    let mixed_up = EnvelopeError::OtherBundle { expected: permit().digest(), found: other.digest() };
    assert_eq!(envelope.verify_bundle(other.digest()), Err(mixed_up));
    assert_eq!(
        EnvelopeError::Stale { found: Serial(3), last: Serial(4) }.to_string(),
        "the policy has serial 3, but 4 has been active: push it with a serial after 4"
    );
}

#[test]
fn nothing_in_an_envelope_can_be_changed() {
    let json = signed(&permit(), 3).to_json();
    let other = bundle("// nothing").digest().to_string();
    for (name, changed) in [
        ("serial", json.replace("\"serial\":3", "\"serial\":4")),
        ("time", json.replace("1772447400", "1772447401")),
        ("bundle", json.replace(&permit().digest().to_string(), &other)),
        ("key", json.replace("ops-2026", "ops-2027")),
    ] {
        assert_ne!(changed, json, "case: {name}");
        let envelope = SignedBundle::parse(changed.as_bytes()).unwrap();
        let anybody = |_: &KeyId| Some(key().verifying_key());
        assert_eq!(envelope.verify_signature(anybody), Err(EnvelopeError::WrongSignature), "case: {name}");
    }
}

#[test]
fn what_is_no_envelope_is_refused() {
    let json = signed(&permit(), 3).to_json();
    let later = json.replace("\"format\":1", "\"format\":2,\"also\":true");
    assert_eq!(SignedBundle::parse(later.as_bytes()), Err(EnvelopeError::NewerFormat { found: 2 }));
    for (name, text) in [
        ("nothing", String::new()),
        ("cut short", json.trim_end_matches('}').to_owned()),
        ("something after it", format!("{json}{json}")),
        ("format 0", json.replace("\"format\":1", "\"format\":0")),
        ("something twice", json.replace("\"serial\":3", "\"serial\":3,\"serial\":4")),
        ("something unknown", json.replace("\"serial\":3", "\"serial\":3,\"force\":true")),
        ("no key", json.replace("\"key_id\":\"ops-2026\",", "")),
        ("a strange key", json.replace("ops-2026", "OPS 2026")),
        ("a negative serial", json.replace("\"serial\":3", "\"serial\":-3")),
        ("a serial as text", json.replace("\"serial\":3", "\"serial\":\"3\"")),
        ("another digest", json.replace("sha256:", "sha512:")),
        ("a short signature", json.replace("ec0d\"}", "\"}")),
        ("capital digits", json.replace("\"signature\":\"", "\"signature\":\"AA")),
        ("too long", format!("{json}{}", " ".repeat(5000))),
    ] {
        let found = SignedBundle::parse(text.as_bytes());
        assert!(matches!(found, Err(EnvelopeError::Malformed(_))), "case: {name}: {found:?}");
    }
}

#[test]
fn names_of_keys_are_plain_and_weak_keys_are_no_keys() {
    for (text, is_name) in
        [("a", true), ("ops-2026.1_b", true), ("", false), ("A", false), ("a\"", false), ("é", false)]
    {
        assert_eq!(KeyId::parse(text).is_some(), is_name, "case: {text}");
    }
    assert!(KeyId::parse(&"a".repeat(64)).is_some() && KeyId::parse(&"a".repeat(65)).is_none());
    // Points of small order, with which one signature fits many messages.
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(VerifyingKey::from_bytes(identity), None);
    assert_eq!(VerifyingKey::from_bytes([0; 32]), None);
    assert_eq!(VerifyingKey::from_bytes(key().verifying_key().as_bytes()), Some(key().verifying_key()));
}

/// Envelopes are stored and sent between versions, so this one may never change.
#[test]
fn the_envelope_does_not_change() {
    let digest = permit().digest();
    let want = format!(
        "{{\"format\":1,\"serial\":3,\"issued_at\":1772447400,\"bundle\":\"{digest}\",\"key_id\":\"ops-2026\",\
         \"signature\":\"{GOLDEN_SIGNATURE}\"}}"
    );
    assert_eq!(signed(&permit(), 3).to_json(), want);
}

const GOLDEN_SIGNATURE: &str = "6abe6f9059be8038671f2ad04f429f934b9c636478bd5cf04af7fd8e9ac3f264\
                                f014d0c839106f96862cda3c508269b5f518dbd98451e8c9f4d1ca3ca4bcec0d";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_reading_an_envelope_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC*") {
        prop_assert!(SignedBundle::parse(&bytes).is_err());
        prop_assert!(SignedBundle::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn only_higher_serials_follow(serial: u64, last: Option<u64>) {
        let follows = Serial(serial).follows(last.map(Serial)).is_ok();
        prop_assert_eq!(follows, last.is_none_or(|last| serial > last));
    }
}
