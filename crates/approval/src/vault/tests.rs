use portcullis_ledger::UnixMillis;
use portcullis_mcp::json::{Bounds, parse};
use proptest::prelude::*;

use super::*;
use crate::id::{Generation, RequestId};
use crate::samples::{NOW, operation, vault};

/// What is bound, and how it is sealed, never changes without a new version: open requests would be lost.
#[test]
fn digests_and_sealed_values_are_those_of_every_release() {
    let vault = vault();
    // The digests were computed with another implementation of HKDF and HMAC.
    let json = parse(br#"{"b":1.0,"a":"x"}"#, Bounds::answer(8)).unwrap();
    assert_eq!(
        vault.arguments(Some(&json)).to_string(),
        "42fab01da0a802ccb50ddc5a6a0977e3699a466beaf6dd33e41fd71bbb60c085"
    );
    assert_eq!(
        vault.arguments(None).to_string(),
        "838bbd7737d13c2126e584256edad6211407bca3b51adfebb53e5aa3b6cd76a5"
    );
    let call = Subject::Call(operation());
    assert_eq!(
        vault.subject(&call).to_string(),
        "ff08089b030bf496dd8be5bb78bb100fc6c225ca70f0382644946bfc8398fcfb"
    );
    let requester = operation().requester;
    let access = Subject::Access(Access { requester, group: "okta:dba".parse().unwrap() });
    assert_eq!(
        vault.subject(&access).to_string(),
        "948ab156b59a01d1d6149dd564808c5f0b0d1ec74977f83ab9c8a5dfa9716b9f"
    );
    let place = Place::Latest(KeyedDigest::new([4; 32]));
    let record = Record::Latest(Generation::FIRST);
    let golden = include_str!("../../tests/golden/sealed.v1.txt").trim_end();
    assert_eq!(String::from_utf8(vault.write(place, &record).unwrap().value).unwrap(), golden);
    assert_eq!(vault.open(place, golden.as_bytes()), Ok(record));
}

#[test]
fn a_value_counts_only_where_it_was_put_and_as_it_was_put() {
    let vault = vault();
    let id = RequestId { subject: KeyedDigest::new([4; 32]), generation: Generation::FIRST };
    let record = Record::Waiting(NOW);
    let value = vault.write(Place::Waiting(id), &record).unwrap().value;
    assert_eq!(vault.open(Place::Waiting(id), &value), Ok(record));
    assert_eq!(vault.open(Place::Waiting(id.next()), &value), Err(Unusable::Forged));
    assert_eq!(vault.open(Place::Used(id), &value), Err(Unusable::Forged));
    let other = Vault::new("other".parse().unwrap(), vault.sealer.clone());
    assert_eq!(other.open(Place::Waiting(id), &value), Err(Unusable::Forged), "another application");
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(vault.open(Place::Waiting(id), &changed), Err(Unusable::Forged), "byte {at}");
    }
    assert_eq!(vault.open(Place::Waiting(id), b""), Err(Unusable::Forged));
    assert_eq!(vault.open(Place::Waiting(id), b"\xff"), Err(Unusable::Forged));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever its parts are, no call has the bytes of another.
    #[test]
    fn calls_that_differ_have_different_digests(
        left in ("[ab|]{0,3}", "[ab|]{0,3}", "[ab]{1,3}", prop::option::of("[ab]{0,2}"), "[ab]{1,2}"),
        right in ("[ab|]{0,3}", "[ab|]{0,3}", "[ab]{1,3}", prop::option::of("[ab]{0,2}"), "[ab]{1,2}"),
    ) {
        let call = |(method, name, subject, issuer, actor): &(String, String, String, Option<String>, String)| {
            let mut operation = operation();
            operation.method = method.clone();
            operation.name = name.clone();
            operation.requester.id = format!("okta|{subject}").parse().unwrap();
            operation.requester.actors =
                vec![crate::person::ActorName { issuer: issuer.clone(), subject: actor.clone() }];
            Subject::Call(operation)
        };
        prop_assert_eq!(bound(&call(&left)) == bound(&call(&right)), left == right);
    }

    #[test]
    fn what_is_sealed_is_opened(at: u64) {
        let place = Place::Latest(KeyedDigest::new([4; 32]));
        let record = Record::Waiting(UnixMillis(at));
        let write = vault().write(place, &record).unwrap();
        prop_assert_eq!(vault().open(place, &write.value), Ok(record));
    }
}
