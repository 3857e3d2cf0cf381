//! What is on record, and what happens when it cannot be.

use portcullis_demo::oidc::Persona;
use portcullis_ledger::{Record, Stage, Verdict};
use portcullis_tests::client::{self, full};
use portcullis_tests::{Gateway, Options, run};
use serde_json::json;

#[test]
fn an_allowed_call_leaves_an_intent_and_an_outcome() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
        assert_eq!(gateway.call("billing", Persona::Vendor, "tools/call", params).await.status, 200);
        let records = gateway.records();
        let [Record::Intent(intent), Record::Outcome(outcome)] = records.as_slice() else {
            panic!("not an intent and an outcome: {records:?}");
        };
        assert_eq!(intent.id, outcome.id);
        assert_eq!(intent.principal.subject, "v.moreau@contractor.example");
        assert_eq!((intent.connection.as_str(), intent.method.as_str()), ("billing", "tools/call"));
        assert_eq!(intent.name.as_deref(), Some("get_customer"));
        assert_eq!(intent.arguments.text.text(), r#"{"customer_id":"cus_0001"}"#);
        assert_eq!(intent.decision.outcome, Verdict::Allow);
        assert_eq!(intent.decision.policies[0].id, "tests.vendors");
        assert_eq!(intent.revision, "2026-07-28");
        assert_eq!(outcome.upstream_status, Some(200));
        assert!(outcome.masked["pii.card"] > 0 && outcome.text.text().contains("[card]"), "{outcome:?}");
        assert!(outcome.timings.contains_key(&Stage::Decide), "{outcome:?}");
    });
}

#[test]
fn a_denied_call_leaves_a_refusal_that_names_the_policy() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let params = json!({ "name": "execute_sql", "arguments": { "sql": "DELETE FROM customers" } });
        gateway.call("billing", Persona::Finance, "tools/call", params).await;
        let records = gateway.records();
        let [Record::Refusal(refusal)] = records.as_slice() else { panic!("not one refusal: {records:?}") };
        assert_eq!((refusal.stage, refusal.kind.as_str()), (Stage::Decide, "denied"));
        assert!(refusal.explanation.text().contains("tests.sql"), "{refusal:?}");
        assert_eq!(refusal.decision.as_ref().unwrap().outcome, Verdict::Deny);
    });
}

#[test]
fn when_the_store_fails_nothing_is_forwarded_and_no_answer_is_released() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        // The issuer's keys are stored at the first call, which is not what fails here.
        let params = || json!({ "name": "read" });
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"the answer"}]}}"#;
        gateway.scripted.answer_json(answer);
        let first = gateway.call("scripted", Persona::Vendor, "tools/call", params()).await;
        assert!(first.text.contains("the answer"), "{first:?}");
        gateway.scripted.received();
        // Each call has a token of its own, so its intent is a segment and the key of a recording; and the segment that
        // failed comes before the next one.
        for (changes, forwarded) in [(0, 0), (2, 0), (4, 1)] {
            if !gateway.fail_store_after(changes) {
                return println!("skipped: the store of this host cannot be made to fail");
            }
            let answer = gateway.call("scripted", Persona::Vendor, "tools/call", params()).await;
            assert!(answer.text.contains("cannot record"), "after {changes}: {answer:?}");
            assert!(!answer.text.contains("the answer"), "after {changes}: {answer:?}");
            assert_eq!(gateway.scripted.received().len(), forwarded, "after {changes}");
        }
        let request = http::Request::get("/readyz").header("host", "x").body(full("")).unwrap();
        let answer = client::send(gateway.address, request).await;
        assert_eq!(answer.status, 503, "{answer:?}");
    });
}
