use portcullis_ledger::{KeyedDigest, RecordId};

use super::*;
use crate::request::{Access, Definition};
use crate::samples::{NOW, operation, request, requirement};

fn all() -> Vec<(&'static str, Record, &'static str)> {
    let request = request(vec![
        requirement("finance/refunds", "okta:finance", 2, Coverage::Once),
        requirement("night", "okta:legal", 1, Coverage::Window(std::time::Duration::from_secs(1800))),
    ]);
    let mut access = request.clone();
    let requester = operation().requester;
    access.asked.subject = Subject::Access(Access { requester, group: "okta:dba".parse().unwrap() });
    let mut definition = request.clone();
    definition.asked.subject = Subject::Definition(Definition {
        requester: operation().requester,
        connection: "billing".parse().unwrap(),
        kind: "tool".to_owned(),
        name: "refund".to_owned(),
        digest: ContentDigest::from_bytes([8; 32]),
        pinned: Some(ContentDigest::from_bytes([9; 32])),
    });
    let owners = requirement("portcullis/definition", "okta:platform", 1, Coverage::Lasting);
    definition.asked.requirements = crate::requirement::Requirements::new(vec![owners]).unwrap();
    let digest = ContentDigest::from_bytes([5; 32]);
    let groups: BTreeSet<GroupName> = ["okta:finance".parse().unwrap()].into();
    let voter: PrincipalId = "okta|ben".parse().unwrap();
    let reason: Reason = "checked with \"Ann\"".parse().unwrap();
    let consent = Consent::Approve(groups.clone());
    let vote = Vote { request: digest, at: NOW, voter: voter.clone(), consent, reason: None };
    let forced = Vote { consent: Consent::Force, reason: Some(reason.clone()), ..vote.clone() };
    let rejection =
        Rejection { request: digest, at: NOW, voter: voter.clone(), groups, reason: reason.clone() };
    let id = RequestId { subject: KeyedDigest::new([6; 32]), generation: Generation::FIRST.next() };
    vec![
        ("asker", Record::Asker(NOW), include_str!("../../tests/golden/asker.v1.json")),
        ("open", Record::Open(vec![(id, NOW)]), include_str!("../../tests/golden/open.v1.json")),
        ("entry", Record::Entry(id), include_str!("../../tests/golden/entry.v1.json")),
        ("latest", Record::Latest(id.generation), include_str!("../../tests/golden/latest.v1.json")),
        ("rejection", Record::Rejection(rejection), include_str!("../../tests/golden/rejection.v1.json")),
        ("request", Record::Request(Box::new(request)), include_str!("../../tests/golden/request.v1.json")),
        ("access", Record::Request(Box::new(access)), include_str!("../../tests/golden/access.v1.json")),
        (
            "definition",
            Record::Request(Box::new(definition)),
            include_str!("../../tests/golden/definition.v2.json"),
        ),
        (
            "revocation",
            Record::Revocation(Revocation { at: NOW, by: voter, reason }),
            include_str!("../../tests/golden/revocation.v1.json"),
        ),
        (
            "settled",
            Record::Settled(vec![vote.clone(), forced.clone()]),
            include_str!("../../tests/golden/settled.v1.json"),
        ),
        (
            "use",
            Record::Use(Use { at: NOW, call: RecordId::new(NOW, [7; 10]) }),
            include_str!("../../tests/golden/use.v1.json"),
        ),
        ("vote", Record::Vote(vote), include_str!("../../tests/golden/vote.v1.json")),
        ("force", Record::Vote(forced), include_str!("../../tests/golden/force.v1.json")),
        ("waiting", Record::Waiting(NOW), include_str!("../../tests/golden/waiting.v1.json")),
    ]
}

/// A file is never edited. A new encoding is a new version with files of its own beside these.
#[test]
fn golden_records_decode_and_encode_to_themselves() {
    for (name, record, golden) in all() {
        let text = String::from_utf8(record.encode().unwrap()).unwrap();
        assert_eq!(text, golden.trim_end(), "{name}");
        assert_eq!(Record::decode(golden.trim_end().as_bytes()), Ok(record), "{name}");
    }
}

#[test]
fn what_is_not_in_the_form_of_a_release_is_refused() {
    let vote = include_str!("../../tests/golden/vote.v1.json").trim_end();
    for (name, text, want) in [
        ("newer", vote.replace("{\"v\":1", "{\"v\":3,\"x\":0"), "it has version 3"),
        ("not of its version", vote.replace("{\"v\":1", "{\"v\":2"), "it is malformed: `v`"),
        ("older than the first", vote.replace("{\"v\":1", "{\"v\":0"), "it is malformed: `v`"),
        (
            "unknown field",
            vote.replace("{\"request\"", "{\"x\":0,\"request\""),
            "it is malformed: unknown field `x`",
        ),
        ("unknown record", vote.replace("\"vote\"", "\"veto\""), "it is malformed: unknown variant `veto`"),
        ("field twice", vote.replace("\"at\":", "\"at\":1,\"at\":"), "it is malformed: duplicate field `at`"),
        ("missing field", vote.replace("\"at\":1787480130123,", ""), "it is malformed: missing field `at`"),
        ("trailing data", format!("{vote} {vote}"), "it is malformed: trailing characters"),
        ("no principal", vote.replace("okta|ben", "ben"), "it is malformed: this is not a principal"),
        ("no group", vote.replace("okta:finance", "finance"), "it is malformed: this is not a group"),
        ("no digest", vote.replace("sha256:05", "sha256:X5"), "it is malformed: a digest is"),
        ("forced for a group", vote.replace("approve", "force"), "it is malformed: `groups`"),
        ("nothing", String::new(), "it is malformed: EOF"),
        ("no number", "{\"v\":1,\"record\":{\"latest\":0}}".to_owned(), "it is malformed: `latest`"),
        ("no id", "{\"v\":1,\"record\":{\"entry\":\"x-1\"}}".to_owned(), "it is malformed: `entry`"),
    ] {
        let told = Record::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(want), "case: {name}: {told}");
    }
    let request = include_str!("../../tests/golden/request.v1.json").trim_end();
    for (name, from, to) in [
        ("nobody has to approve", "\"approvers\":2", "\"approvers\":0"),
        ("no time to approve", "\"ttl_s\":900", "\"ttl_s\":0"),
        ("for ever", "\"window_s\":1800", "\"window_s\":99999999"),
        ("one policy twice", "\"policy\":\"night\"", "\"policy\":\"finance/refunds\""),
        ("plain digest", "0202020202020202", "sha256:020202020"),
        ("lasting in a version without", "\"window_s\":1800", "\"lasting\":true"),
        ("for a time and lasting", "\"window_s\":1800", "\"window_s\":1800,\"lasting\":true"),
    ] {
        let changed = request.replace(from, to);
        assert_ne!(changed, request, "case: {name}");
        assert!(matches!(Record::decode(changed.as_bytes()), Err(Unusable::Malformed(_))), "case: {name}");
    }
}
