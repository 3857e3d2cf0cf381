//! Stored records of every release. They must decode forever, to what they meant then.
//!
//! A file is never edited. A new encoding is a new version with files of its own beside these.

use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64, Encoding};
use portcullis_ledger::{
    Access, Arguments, Attribute, Author, CallResult, ChainId, ChainLimits, ChainReader, DecisionSummary,
    Drift, Excerpt, Granted, Intent, Item, Key, KeyedDigest, Next, Outcome, PolicyRef, PrincipalKind, Read,
    Record, RecordId, RecordingId, Refusal, Segment, SigningKey, Stage, Tag, TrustedKeys, UnixMillis,
    Verdict, Who, WrappingKeys, Writer,
};

fn check(golden: &str, expected: &Record) {
    let golden = golden.trim_end();
    let decoded = Record::decode(golden.as_bytes()).map_err(|error| error.to_string());
    assert_eq!(decoded.as_ref(), Ok(expected));
    assert_eq!(String::from_utf8_lossy(&expected.encode()), golden, "version 1 is still what is written");
}

fn at() -> UnixMillis {
    UnixMillis(1_787_480_130_123)
}

fn id() -> RecordId {
    RecordId::new(at(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 255])
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn ana() -> Who {
    Who {
        issuer: "okta".to_owned(),
        subject: "00u1ana".to_owned(),
        kind: PrincipalKind::User,
        groups: strings(&["okta:finance", "okta:dba"]),
        granted: Vec::new(),
        attributes: None,
        client: Some("desktop-client".to_owned()),
        actors: strings(&["agent-7"]),
        token_id: Some("jti-1".to_owned()),
    }
}

fn policy(id: &str) -> PolicyRef {
    PolicyRef { id: id.to_owned(), digest: "sha256:1f3a".to_owned() }
}

fn decision(outcome: Verdict) -> DecisionSummary {
    DecisionSummary {
        outcome,
        bundle: Some("sha256:77aa".to_owned()),
        policies: vec![policy("billing.finance-may-refund")],
        observed: vec![policy("billing.weekend")],
    }
}

fn intent() -> Intent {
    Intent {
        id: id(),
        at: at(),
        principal: ana(),
        connection: "billing".to_owned(),
        revision: "2025-11-25".to_owned(),
        session: Some(KeyedDigest::new([0x5e; 32])),
        method: "tools/call".to_owned(),
        name: Some("refund".to_owned()),
        definition: None,
        approval: None,
        arguments: Arguments {
            digest: KeyedDigest::new([0xa7; 32]),
            text: Excerpt::start_of("{\"card\":\"[card]\",\"note\":\"é\n\u{1}\"} and more", 33),
            restored: BTreeMap::new(),
        },
        labels: BTreeSet::from(["pii.card".to_owned()]),
        decision: decision(Verdict::Allow),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        client_address: Some("192.0.2.7".to_owned()),
        request_bytes: 311,
    }
}

#[test]
fn a_full_intent() {
    check(include_str!("golden/intent.v1.json"), &Record::Intent(intent()));
}

/// The first release's intents name no definition; all later ones may.
#[test]
fn an_intent_that_names_a_definition() {
    let intent = Intent { definition: Some("sha256:1bf9".to_owned()), ..intent() };
    check(include_str!("golden/intent-definition.v1.json"), &Record::Intent(intent));
}

/// Later releases let people approve calls, and say which request they approved.
#[test]
fn an_intent_that_people_have_approved() {
    let approval = Some(format!("{}-2", "a5".repeat(32)));
    check(include_str!("golden/intent-approved.v1.json"), &Record::Intent(Intent { approval, ..intent() }));
}

/// Later releases let people be in groups for a time, and say by which request.
#[test]
fn an_intent_of_somebody_who_was_let_into_a_group() {
    let granted = vec![Granted { group: "okta:dba".to_owned(), request: format!("{}-1", "a5".repeat(32)) }];
    let principal = Who { granted, ..ana() };
    check(include_str!("golden/intent-granted.v1.json"), &Record::Intent(Intent { principal, ..intent() }));
}

/// Later releases put values in the place of tokens, and say how many.
#[test]
fn an_intent_with_values_in_the_place_of_tokens() {
    let arguments = Arguments {
        digest: KeyedDigest::new([0xa7; 32]),
        text: Excerpt::whole("{\"card\":\"[card:abcdefgh]\"}".to_owned()),
        restored: BTreeMap::from([("pii.card".to_owned(), 1), ("pii.email".to_owned(), 2)]),
    };
    check(include_str!("golden/intent-restored.v1.json"), &Record::Intent(Intent { arguments, ..intent() }));
}

#[test]
fn drift_of_a_definition_and_of_one_that_nobody_has_approved() {
    let drift = Drift {
        id: id(),
        at: at(),
        connection: "billing".to_owned(),
        kind: "tool".to_owned(),
        name: "refund".to_owned(),
        pinned: Some("sha256:1bf9".to_owned()),
        live: Some("sha256:9e00".to_owned()),
        setting: "block".to_owned(),
        changed: strings(&["description", "inputSchema.properties.note"]),
        approval: None,
    };
    check(include_str!("golden/drift.v1.json"), &Record::Drift(drift.clone()));
    let unknown = Drift { pinned: None, live: None, changed: Vec::new(), setting: "log".to_owned(), ..drift };
    check(include_str!("golden/drift-unknown.v1.json"), &Record::Drift(unknown.clone()));
    let held = Drift { setting: "hold".to_owned(), approval: Some("c4a1-1".to_owned()), ..unknown };
    check(include_str!("golden/drift-held.v1.json"), &Record::Drift(held));
}

/// Later releases say which claims policies saw.
#[test]
fn intents_with_the_claims_that_policies_see() {
    let attributes = BTreeMap::from([
        ("contractor".to_owned(), Attribute::Flag(true)),
        ("level".to_owned(), Attribute::Number(-3)),
        ("mail".to_owned(), Attribute::Text("[email]".to_owned())),
        ("none".to_owned(), Attribute::Texts(Vec::new())),
        ("teams".to_owned(), Attribute::Texts(strings(&["docs", "web"]))),
    ]);
    for (golden, attributes) in [
        (include_str!("golden/intent-attributes.v1.json"), attributes),
        (include_str!("golden/intent-no-attributes.v1.json"), BTreeMap::new()),
    ] {
        let principal = Who { attributes: Some(attributes), ..ana() };
        check(golden, &Record::Intent(Intent { principal, ..intent() }));
    }
}

#[test]
fn an_intent_with_everything_optional_absent() {
    let workload = Who {
        issuer: "github".to_owned(),
        subject: "repo:acme/app:ref:refs/heads/main".to_owned(),
        kind: PrincipalKind::Workload,
        groups: Vec::new(),
        granted: Vec::new(),
        attributes: None,
        client: None,
        actors: Vec::new(),
        token_id: None,
    };
    let decision =
        DecisionSummary { outcome: Verdict::Hold, bundle: None, policies: Vec::new(), observed: Vec::new() };
    let intent = Intent {
        principal: workload,
        session: None,
        name: None,
        arguments: Arguments {
            digest: KeyedDigest::new([0; 32]),
            text: Excerpt::default(),
            restored: BTreeMap::new(),
        },
        labels: BTreeSet::new(),
        decision,
        trace: None,
        client_address: None,
        ..intent()
    };
    check(include_str!("golden/intent-minimal.v1.json"), &Record::Intent(intent));
}

#[test]
fn outcomes_of_every_result() {
    let outcome = Outcome {
        id: id(),
        at: UnixMillis(at().0 + 48),
        result: CallResult::Completed { is_error: false },
        upstream_status: Some(200),
        bytes_out: 1_204,
        frames: 2,
        findings: BTreeMap::from([("pii.card".to_owned(), 2), ("pii.email".to_owned(), 1)]),
        masked: BTreeMap::from([("pii.card".to_owned(), 2)]),
        text: Excerpt::whole("paid with [card]"),
        timings: Stage::ALL.into_iter().zip(10..).collect(),
    };
    check(include_str!("golden/outcome.v1.json"), &Record::Outcome(outcome.clone()));
    let bare = Outcome {
        upstream_status: None,
        findings: BTreeMap::new(),
        masked: BTreeMap::new(),
        text: Excerpt::default(),
        timings: BTreeMap::new(),
        ..outcome
    };
    for (golden, result) in [
        (include_str!("golden/outcome-cancelled.v1.json"), CallResult::Cancelled),
        (include_str!("golden/outcome-failed.v1.json"), CallResult::Failed { kind: "timeout".to_owned() }),
        (include_str!("golden/outcome-interrupted.v1.json"), CallResult::Interrupted),
    ] {
        check(golden, &Record::Outcome(Outcome { result, ..bare.clone() }));
    }
}

#[test]
fn refusals_with_and_without_a_principal() {
    let refusal = Refusal {
        id: id(),
        at: at(),
        stage: Stage::Decide,
        kind: "denied".to_owned(),
        explanation: Excerpt::whole("`billing.no-refunds-by-agents` forbids it"),
        principal: Some(ana()),
        connection: Some("billing".to_owned()),
        method: Some("tools/call".to_owned()),
        name: Some("refund".to_owned()),
        arguments: None,
        labels: BTreeSet::new(),
        decision: Some(decision(Verdict::Deny)),
        approval: None,
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        client_address: Some("192.0.2.7".to_owned()),
        request_bytes: 311,
    };
    check(include_str!("golden/refusal.v1.json"), &Record::Refusal(refusal.clone()));
    // Later releases say with what a call was made that policy has refused.
    let arguments = Refusal {
        arguments: Some(intent().arguments),
        labels: BTreeSet::from(["pii.card".to_owned()]),
        ..refusal.clone()
    };
    check(include_str!("golden/refusal-arguments.v1.json"), &Record::Refusal(arguments));
    let held = Refusal {
        kind: "needs_approval".to_owned(),
        decision: Some(decision(Verdict::Hold)),
        approval: Some(format!("{}-2", "a5".repeat(32))),
        ..refusal.clone()
    };
    check(include_str!("golden/refusal-held.v1.json"), &Record::Refusal(held));
    let unauthenticated = Refusal {
        stage: Stage::Authenticate,
        kind: "no_token".to_owned(),
        explanation: Excerpt::whole("no bearer token"),
        principal: None,
        connection: None,
        method: None,
        name: None,
        decision: None,
        trace: None,
        client_address: None,
        request_bytes: 0,
        ..refusal
    };
    check(include_str!("golden/refusal-unauthenticated.v1.json"), &Record::Refusal(unauthenticated));
}

/// What is stored of one intent: a segment, and the wrapped key of its recording.
#[test]
fn a_segment_and_the_key_of_its_recording() {
    let author = Author {
        app: "portcullis".parse().unwrap(),
        signing: SigningKey::from_seed("2026-08".parse().unwrap(), [3; 32]),
        wrapping: WrappingKeys::new(&[4; 32], &[]),
        limits: ChainLimits::default(),
    };
    let record = Record::Intent(intent());
    let recording = RecordingId::new([5; 16]);
    let (principal, connection) = (Some(Tag::new([6; 16])), Some(Tag::new([7; 16])));
    let mut writer = Writer::new(author.clone());
    writer.push(Item { recording, principal, connection, record: &record, fresh: [8; 32] }).unwrap();
    let Next::Claim { counter, day } = writer.step(at()) else { panic!("a chain is claimed first") };
    assert_eq!(counter.as_str(), "pc1:portcullis:l2:chains:2026-08-23");
    let chain = ChainId { day, serial: 7 };
    writer.begin(chain, at());
    let Next::Write(write) = writer.step(at()) else { panic!("then it is written") };
    let written: Vec<_> = write.puts.iter().map(|put| (put.key.as_str(), put.value.clone())).collect();
    let segment = Base64::decode_vec(include_str!("golden/segment.f1.base64").trim_end()).unwrap();
    let key = Base64::decode_vec(include_str!("golden/recording-key.v1.base64").trim_end()).unwrap();
    let expected = [
        ("pc1:portcullis:l2:segment:2026-08-23:7:0", segment.clone()),
        ("pc1:portcullis:l2:key:05050505050505050505050505050505:2026-08-23:7", key.clone()),
    ];
    assert_eq!(written, expected, "format 1 is still what is written");
    let segment = Segment::parse(&segment).unwrap();
    let trusted = TrustedKeys::from_iter([(author.signing.id().clone(), author.signing.verifying_key())]);
    assert_eq!(segment.verify(&trusted), Ok(()));
    let mut reader = ChainReader::new(author.app.clone(), chain);
    assert_eq!(reader.wanted(&segment), [recording]);
    let access = Access::of(Some(&key), (recording, chain), &author.wrapping).unwrap();
    reader.allow(recording, access);
    let read = reader.read(&segment).unwrap();
    let [Read::Record(label, read)] = &read[..] else { panic!("{read:?}") };
    assert_eq!((&**read, label.principal, label.connection), (&record, principal, connection));
    assert_eq!(Key::chains(&author.app, day), counter);
}
