//! Laws of the encoding: what is written is read back, always fits the store, and nothing else is read.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{
    Arguments, Attribute, CallResult, DecisionSummary, Granted, KeyedDigest, PolicyRef, PrincipalKind, Stage,
    Verdict, Who,
};

fn id() -> impl Strategy<Value = RecordId> {
    (0_u64..1 << 48, any::<[u8; 10]>()).prop_map(|(at, random)| RecordId::new(UnixMillis(at), random))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z:/.-]{0,20}", "\\PC{0,20}", any::<String>()]
}

fn excerpt() -> impl Strategy<Value = Excerpt> {
    (name(), 0_usize..30).prop_map(|(text, max)| Excerpt::start_of(&text, max))
}

fn who() -> impl Strategy<Value = Who> {
    let kind = prop_oneof![Just(PrincipalKind::User), Just(PrincipalKind::Workload)];
    let granted = (name(), name()).prop_map(|(group, request)| Granted { group, request });
    let attribute = prop_oneof![
        any::<bool>().prop_map(Attribute::Flag),
        any::<i64>().prop_map(Attribute::Number),
        name().prop_map(Attribute::Text),
        vec(name(), 0..3).prop_map(Attribute::Texts),
    ];
    let attributes = option::of(btree_map(name(), attribute, 0..3));
    let lists = (vec(name(), 0..4), vec(granted, 0..3), vec(name(), 0..3), attributes);
    (name(), name(), kind, lists, option::of(name()), option::of(name())).prop_map(
        |(issuer, subject, kind, (groups, granted, actors, attributes), client, token_id)| Who {
            issuer,
            subject,
            kind,
            groups,
            granted,
            attributes,
            client,
            actors,
            token_id,
        },
    )
}

fn decision() -> impl Strategy<Value = DecisionSummary> {
    let policy = || (name(), name()).prop_map(|(id, digest)| PolicyRef { id, digest });
    let outcome = prop_oneof![Just(Verdict::Allow), Just(Verdict::Deny), Just(Verdict::Hold)];
    (outcome, option::of(name()), vec(policy(), 0..3), vec(policy(), 0..3)).prop_map(
        |(outcome, bundle, policies, observed)| DecisionSummary { outcome, bundle, policies, observed },
    )
}

fn digest() -> impl Strategy<Value = KeyedDigest> {
    any::<[u8; 32]>().prop_map(KeyedDigest::new)
}

fn arguments() -> impl Strategy<Value = Arguments> {
    let restored = btree_map(name(), any::<u32>(), 0..3);
    (digest(), excerpt(), restored).prop_map(|(digest, text, restored)| Arguments { digest, text, restored })
}

fn intent() -> impl Strategy<Value = Intent> {
    let called = (name(), name(), option::of(digest()), name(), option::of(name()), option::of(name()));
    let around = (option::of(name()), option::of(name()), any::<u64>(), option::of(name()));
    (id(), any::<u64>(), who(), called, arguments(), btree_set(name(), 0..4), decision(), around).prop_map(
        |(id, at, principal, called, arguments, labels, decision, around)| {
            let (connection, revision, session, method, name, definition) = called;
            let (trace, client_address, request_bytes, approval) = around;
            Intent {
                id,
                at: UnixMillis(at),
                principal,
                connection,
                revision,
                session,
                method,
                name,
                definition,
                approval,
                arguments,
                labels,
                decision,
                trace,
                client_address,
                request_bytes,
            }
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let result = prop_oneof![
        Just(CallResult::Cancelled),
        any::<bool>().prop_map(|is_error| CallResult::Completed { is_error }),
        name().prop_map(|kind| CallResult::Failed { kind }),
        Just(CallResult::Interrupted),
    ];
    let counts = || btree_map(name(), any::<u32>(), 0..4);
    let timings = btree_map(prop::sample::select(Stage::ALL.to_vec()), any::<u64>(), 0..9);
    let numbers = (option::of(any::<u16>()), any::<u64>(), any::<u64>());
    (id(), any::<u64>(), result, numbers, counts(), counts(), excerpt(), timings).prop_map(
        |(id, at, result, (upstream_status, bytes_out, frames), findings, masked, text, timings)| Outcome {
            id,
            at: UnixMillis(at),
            result,
            upstream_status,
            bytes_out,
            frames,
            findings,
            masked,
            text,
            timings,
        },
    )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    let called = (option::of(name()), option::of(name()), option::of(name()));
    let given = (option::of(arguments()), btree_set(name(), 0..4));
    let around = (option::of(name()), option::of(name()), any::<u64>(), option::of(name()));
    let why = (prop::sample::select(Stage::ALL.to_vec()), name(), excerpt());
    let at = any::<u64>();
    (id(), at, why, option::of(who()), called, given, option::of(decision()), around).prop_map(
        |(id, at, (stage, kind, explanation), principal, called, given, decision, around)| {
            let ((connection, method, name), (arguments, labels)) = (called, given);
            let (trace, client_address, request_bytes, approval) = around;
            Refusal {
                id,
                at: UnixMillis(at),
                stage,
                kind,
                explanation,
                principal,
                connection,
                method,
                name,
                arguments,
                labels,
                decision,
                approval,
                trace,
                client_address,
                request_bytes,
            }
        },
    )
}

fn drift() -> impl Strategy<Value = Drift> {
    let digests = (option::of(name()), option::of(name()));
    let told = (vec(name(), 0..4), option::of(name()));
    (id(), any::<u64>(), name(), name(), name(), digests, name(), told).prop_map(
        |(id, at, connection, kind, name, (pinned, live), setting, (changed, approval))| Drift {
            id,
            at: UnixMillis(at),
            connection,
            kind,
            name,
            pinned,
            live,
            setting,
            changed,
            approval,
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![drift().prop_map(Record::Drift), with_body(),]
}

/// A record with one text that may be long.
fn with_body() -> impl Strategy<Value = Record> {
    prop_oneof![
        intent().prop_map(Record::Intent),
        outcome().prop_map(Record::Outcome),
        refusal().prop_map(Record::Refusal),
    ]
}

/// The record with every text, name and list as large as `n` asks for.
fn inflate(record: &mut Record, filler: char, n: usize) {
    let long: String = filler.to_string().repeat(n);
    let many = |n: usize| (0..n).map(|n| format!("{long}{n}")).collect::<Vec<_>>();
    let policies =
        || many(40).into_iter().map(|id| PolicyRef { id, digest: long.clone() }).collect::<Vec<_>>();
    let counts = || many(200).into_iter().map(|class| (class, u32::MAX)).collect::<BTreeMap<_, _>>();
    let who = |who: &mut Who| {
        let granted = |group| Granted { group, request: long.clone() };
        let granted = many(50).into_iter().map(granted).collect();
        let attributes = many(50).into_iter().map(|name| (name, Attribute::Texts(many(50)))).collect();
        let (subject, groups, actors) = (long.clone(), many(2_000), many(50));
        *who = Who { subject, groups, granted, attributes: Some(attributes), actors, ..who.clone() };
    };
    match record {
        Record::Drift(drift) => {
            drift.name = long.clone();
            drift.setting = long.clone();
            drift.changed = many(2_000);
        }
        Record::Intent(intent) => {
            who(&mut intent.principal);
            intent.name = Some(long.clone());
            intent.definition = Some(long.clone());
            intent.approval = Some(long.clone());
            intent.labels = many(100).into_iter().collect::<BTreeSet<_>>();
            intent.decision.policies = policies();
            intent.decision.observed = policies();
            intent.arguments.restored = counts();
            intent.arguments.text = Excerpt::whole(long);
        }
        Record::Outcome(outcome) => {
            outcome.findings = counts();
            outcome.masked = counts();
            outcome.result = CallResult::Failed { kind: long.clone() };
            outcome.text = Excerpt::whole(long);
        }
        Record::Refusal(refusal) => {
            refusal.principal.iter_mut().for_each(who);
            refusal.kind = long.clone();
            refusal.labels = many(100).into_iter().collect::<BTreeSet<_>>();
            if let Some(arguments) = &mut refusal.arguments {
                arguments.restored = counts();
                arguments.text = Excerpt::whole(long.clone());
            }
            refusal.explanation = Excerpt::whole(long);
        }
    }
}

fn json_len(text: &str) -> usize {
    crate::json::string_len(text)
}

fn body(record: &Record) -> &Excerpt {
    match record {
        Record::Drift(_) => panic!("it has no body"),
        Record::Intent(intent) => &intent.arguments.text,
        Record::Outcome(outcome) => &outcome.text,
        Record::Refusal(refusal) => {
            refusal.arguments.as_ref().map_or(&refusal.explanation, |arguments| &arguments.text)
        }
    }
}

fn set_body(record: &mut Record, body: Excerpt) {
    match record {
        Record::Drift(_) => panic!("it has no body"),
        Record::Intent(intent) => intent.arguments.text = body,
        Record::Outcome(outcome) => outcome.text = body,
        Record::Refusal(refusal) => match &mut refusal.arguments {
            Some(arguments) => arguments.text = body,
            None => refusal.explanation = body,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_decodes_to_itself(record in record()) {
        let bytes = record.encode();
        prop_assert_eq!(&Record::decode(&bytes).unwrap(), &record);
        // The same bytes again: two encodings of one record would make digests of records useless.
        prop_assert_eq!(Record::decode(&bytes).unwrap().encode(), bytes);
    }

    #[test]
    fn a_record_is_read_only_as_its_own_kind(record in record()) {
        let bytes = record.encode();
        let kinds = [
            Drift::decode(&bytes).is_ok(),
            Intent::decode(&bytes).is_ok(),
            Outcome::decode(&bytes).is_ok(),
            Refusal::decode(&bytes).is_ok(),
        ];
        let expected = match record {
            Record::Drift(_) => [true, false, false, false],
            Record::Intent(_) => [false, true, false, false],
            Record::Outcome(_) => [false, false, true, false],
            Record::Refusal(_) => [false, false, false, true],
        };
        prop_assert_eq!(kinds, expected);
    }

    #[test]
    fn whatever_follows_a_record_is_refused(record in record(), after in "[^ \t\r\n].{0,9}") {
        let mut bytes = record.encode();
        bytes.extend(after.as_bytes());
        prop_assert!(matches!(Record::decode(&bytes), Err(DecodeError::TrailingData)));
    }

    #[test]
    fn a_shortened_record_is_refused(record in record(), end: prop::sample::Index) {
        let bytes = record.encode();
        let n = end.index(bytes.len());
        prop_assert!(matches!(Record::decode(&bytes[..n]), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn any_bytes_can_be_decoded_without_harm(bytes: Vec<u8>, text in r#"\{("[a-z]{1,5}":([0-9]{1,3}|"[a-z]*"),?){0,6}\}?"#) {
        let _ = Record::decode(&bytes);
        let _ = Record::decode(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_long_body_is_cut_to_fit_and_says_how_much_is_missing(
        mut record in with_body(),
        filler in prop::sample::select(vec!['a', '"', '\u{1}', 'é', '\u{1f600}']),
        n in 200_000_usize..300_000,
    ) {
        let text = filler.to_string().repeat(n);
        set_body(&mut record, Excerpt::whole(text.clone()));
        let bytes = record.encode();
        prop_assert!(bytes.len() <= MAX_VALUE_BYTES);
        let decoded = Record::decode(&bytes).unwrap();
        let kept = body(&decoded);
        prop_assert!(text.starts_with(kept.text()));
        prop_assert_eq!(kept.n_omitted(), (text.len() - kept.text().len()) as u64);
        // No more than needed is lost, and nothing but the body.
        prop_assert!(kept.n_omitted() == 0 || bytes.len() > MAX_VALUE_BYTES - 64);
        set_body(&mut record, kept.clone());
        prop_assert_eq!(decoded, record);
    }

    #[test]
    fn a_chain_keeps_as_much_of_a_body_as_it_may_and_all_else(
        mut record in with_body(),
        filler in prop::sample::select(vec!['a', '"', 'é']),
        n in 0_usize..3_000,
        max_body_bytes in 0_usize..6_000,
    ) {
        let text = filler.to_string().repeat(n);
        set_body(&mut record, Excerpt::whole(text.clone()));
        let decoded = Record::decode(&record.encode_for_chain(max_body_bytes)).unwrap();
        let kept = body(&decoded).clone();
        prop_assert!(text.starts_with(kept.text()));
        prop_assert_eq!(kept.n_omitted(), (text.len() - kept.text().len()) as u64);
        prop_assert!(kept.text().is_empty() || json_len(kept.text()) <= max_body_bytes);
        prop_assert!(kept.n_omitted() == 0 || json_len(kept.text()) + 4 > max_body_bytes);
        set_body(&mut record, kept);
        prop_assert_eq!(decoded, record);
    }

    #[test]
    fn any_record_fits_the_store(
        mut record in record(),
        filler in prop::sample::select(vec!['a', '"', '\u{1}', 'é', '\u{1f600}']),
        n in 0_usize..2_000,
    ) {
        inflate(&mut record, filler, n);
        let bytes = record.encode();
        prop_assert!(bytes.len() <= MAX_VALUE_BYTES, "{} bytes", bytes.len());
        prop_assert!(Record::decode(&bytes).is_ok());
    }
}

#[test]
fn a_long_name_does_not_cost_the_body() {
    let id = RecordId::new(UnixMillis(1), [7; 10]);
    let refusal = Refusal {
        id,
        at: UnixMillis(1),
        stage: Stage::Decide,
        kind: "denied".to_owned(),
        explanation: Excerpt::whole("why it was ".repeat(20_000)),
        principal: None,
        connection: None,
        method: None,
        name: Some("n".repeat(300_000)),
        arguments: None,
        labels: BTreeSet::new(),
        decision: None,
        approval: None,
        trace: None,
        client_address: None,
        request_bytes: 0,
    };
    let bytes = refusal.encode();
    assert!(bytes.len() <= MAX_VALUE_BYTES);
    let decoded = Refusal::decode(&bytes).unwrap();
    assert_eq!(decoded.explanation, refusal.explanation);
    assert!(decoded.name.unwrap().starts_with("nnn"));
}

#[test]
fn what_no_release_wrote_is_refused() {
    let refusal = r#"{"v":1,"kind":"refusal","id":"01k3b2w8y00000000000000000","at":1,"stage":"edge","error":"e","explanation":{"text":""},"request_bytes":0}"#;
    assert!(Record::decode(refusal.as_bytes()).is_ok());
    for (from, to, expected) in [
        ("{\"v\":1", "{\"v\":2", "the record has version 2, which this release does not know"),
        ("{\"v\":1", "{\"v\":0", "the record has version 0, which this release does not know"),
        ("{\"v\":1", "{\"v\":\"1\"", "the record is malformed: invalid type: string"),
        ("{\"v\":1,", "{", "the record is malformed: missing field `v`"),
        ("{\"v\":1,", "{\"v\":1,\"v\":1,", "the record is malformed: duplicate field `v`"),
        ("\"at\":1", "\"at\":1,\"at\":1", "the record is malformed: duplicate field `at`"),
        ("\"at\":1", "\"at\":1,\"new\":1", "the record is malformed: unknown field `new`"),
        ("\"at\":1", "\"at\":-1", "the record is malformed: invalid value: integer `-1`"),
        ("\"refusal\"", "\"checkpoint\"", "the record is of kind `checkpoint`"),
        ("\"edge\"", "\"Edge\"", "the record's `stage` is not one this release knows"),
        ("01k3", "01K3", "the record's `id` is not one this release knows"),
        ("{\"text\":\"\"}", "\"\"", "the record is malformed: invalid type: string"),
    ] {
        let altered = refusal.replacen(from, to, 1);
        assert_ne!(altered, refusal);
        let error = Record::decode(altered.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{to}: {error}");
    }
    let error = Record::decode(&vec![b' '; MAX_RECORD_BYTES + 1]).unwrap_err();
    assert_eq!(error.to_string(), "the record has 4194305 bytes, more than any record");
    assert!(matches!(Record::decode("[".repeat(100_000).as_bytes()), Err(DecodeError::Malformed(_))));
}
