//! A call that people must approve, from its first refusal to its one effect; and what of it is on record.

use futures_util::future::join_all;
use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::scripted::DONE;
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};

async fn dangerous(gateway: &Gateway, n: u32) -> String {
    let params = json!({ "name": "dangerous", "arguments": { "n": n } });
    let answer = gateway.call("scripted", Persona::Support, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.message()["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}

/// The request that a caller is told of.
fn request(text: &str) -> String {
    let (_, rest) = text.split_once("/approve/").unwrap_or_else(|| panic!("no link in: {text}"));
    rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap().to_owned()
}

#[test]
fn a_held_call_goes_on_once_after_somebody_else_has_approved_it() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway.scripted.answer_json(DONE);
        let id = request(&dangerous(&gateway, 1).await);
        assert_eq!(request(&dangerous(&gateway, 1).await), id, "the same call waits for the same people");
        assert_ne!(request(&dangerous(&gateway, 2).await), id, "another call is another request");
        assert!(gateway.scripted.received().is_empty(), "nothing is forwarded before");

        assert_eq!(gateway.say(Persona::Support, &id, "approve").await.status, 403, "not one's own");
        let waiting = gateway.api(Persona::Finance, "/api/approvals", None).await;
        assert!(waiting.status == 200 && waiting.text.contains(&id), "{waiting:?}");
        let approved = gateway.say(Persona::Finance, &id, "approve").await;
        assert!(approved.status == 200 && approved.text.contains("approved"), "{approved:?}");
        assert_eq!(gateway.say(Persona::Finance, &id, "approve").await.status, 409, "and not twice");

        let texts = join_all((0..200).map(|_| dangerous(&gateway, 1))).await;
        let n_done = texts.iter().filter(|text| *text == "done").count();
        assert_eq!((n_done, gateway.scripted.received().len()), (1, 1), "{texts:?}");
        let intents: Vec<_> = gateway
            .records()
            .into_iter()
            .filter_map(|record| match record {
                Record::Intent(intent) if intent.method == "tools/call" => Some(intent),
                Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
            })
            .collect();
        let approvals: Vec<_> = intents.iter().filter_map(|intent| intent.approval.clone()).collect();
        assert_eq!(approvals, [id], "the record of the call says who let it");
    });
}

#[test]
fn a_rejected_call_stays_so_and_its_caller_is_told() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let id = request(&dangerous(&gateway, 1).await);
        assert_eq!(gateway.say(Persona::Finance, &id, "reject").await.status, 200);
        let text = dangerous(&gateway, 1).await;
        assert!(text.contains("rejected"), "{text}");
        assert!(gateway.scripted.received().is_empty());
    });
}

#[test]
fn an_auditor_finds_what_was_called_and_can_prove_that_nothing_is_missing() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway.scripted.answer_json(DONE);
        let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
        gateway.call("billing", Persona::Vendor, "tools/call", params).await;
        dangerous(&gateway, 1).await;

        let denied = gateway.api(Persona::Vendor, "/api/recordings", None).await;
        assert_eq!(denied.status, 403, "{denied:?}");
        let list = gateway.api(Persona::Auditor, "/api/recordings?connection=billing", None).await;
        assert_eq!(list.status, 200, "{list:?}");
        let list: Value = serde_json::from_str(&list.text).unwrap();
        let id = list["recordings"][0]["recording"].as_str().unwrap_or_else(|| panic!("{list}"));
        let one = gateway.api(Persona::Auditor, &format!("/api/recordings/{id}"), None).await;
        assert!(one.status == 200 && one.text.contains("get_customer"), "{one:?}");
        let events = gateway.api(Persona::Auditor, &format!("/api/recordings/{id}?format=ocsf"), None).await;
        let events: Value = serde_json::from_str(&events.text).unwrap();
        let event = &events["events"][0];
        assert_eq!((&event["class_uid"], &event["status"]), (&json!(6003), &json!("Success")), "{events}");
        assert_eq!(event["resources"][0]["name"], "get_customer", "{events}");
        let other = gateway.api(Persona::Auditor, &format!("/api/recordings/{id}?format=cef"), None).await;
        assert!(other.status == 400 && other.text.contains("records or ocsf"), "{other:?}");

        let usage = gateway.api(Persona::Auditor, "/api/usage?connection=billing", None).await;
        let usage: Value = serde_json::from_str(&usage.text).unwrap();
        assert_eq!((&usage["all"]["calls"], &usage["all"]["open"]), (&json!(1), &json!(0)), "{usage}");
        let metrics = gateway.api(Persona::Auditor, "/api/metrics", None).await;
        let sample = "\nportcullis_calls_total{connection=\"billing\",decision=\"allow\"} 1\n";
        assert!(metrics.text.contains(sample), "{metrics:?}");

        let report = gateway.verified().await;
        assert!(report.findings.is_empty(), "{report:?}");
    });
}
