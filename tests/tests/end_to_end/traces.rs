//! A trace over HTTP: the upstream sees it, and a collector gets spans of it while nobody waits for them.

use std::collections::BTreeMap;

use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::scripted::{Received, Scripted, Step};
use portcullis_tests::{Gateway, Options, run};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const FROM: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

async fn watched(collector: &Scripted) -> Gateway {
    let origin = format!("http://{}", collector.address);
    let variables = BTreeMap::from([
        ("otlp_traces".to_owned(), format!("{origin}/v1/traces")),
        ("otlp_origin".to_owned(), origin),
        ("otlp_key".to_owned(), "hunter2".to_owned()),
    ]);
    Gateway::start(Options { variables, ..Options::default() }).await
}

async fn search(gateway: &Gateway) {
    let params = json!({ "name": "search", "arguments": { "n": 4711 }, "_meta": { "traceparent": FROM } });
    let answer = gateway.call("scripted", Persona::Support, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn spans(Received { head, body }: &Received) -> Vec<Value> {
    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
    assert_eq!(header(head, "x-api-key"), Some("hunter2"));
    assert!(!body.contains("4711"), "no argument is told: {body}");
    let body: Value = serde_json::from_str(body).unwrap();
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

#[test]
fn a_collector_gets_spans_of_the_trace_that_the_upstream_sees() {
    run(async {
        let collector = Scripted::start().await;
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        collector.answer(vec![Step::Write(answer.as_bytes().to_vec()), Step::Close]);
        let gateway = watched(&collector).await;
        search(&gateway).await;

        let seen = gateway.scripted.received();
        let call = seen.iter().find(|received| received.body.contains("tools/call")).unwrap();
        let parent = header(&call.head, "traceparent").unwrap().to_owned();
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent != FROM, "{parent}");
        assert_eq!(body["params"]["_meta"]["traceparent"], parent.as_str());
        let traces: Vec<Option<String>> = gateway
            .records()
            .into_iter()
            .filter_map(|record| match record {
                Record::Intent(intent) => Some(intent.trace),
                Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
            })
            .collect();
        assert_eq!(traces, [Some(TRACE.to_owned())]);

        collector.ended(|ends| ends.whole >= 1).await;
        let told: Vec<Value> = collector.received().iter().flat_map(spans).collect();
        let server = told.iter().find(|span| span["kind"] == 2).unwrap();
        let client =
            told.iter().find(|span| span["kind"] == 3 && parent.contains(span["spanId"].as_str().unwrap()));
        assert_eq!(
            (&server["traceId"], &server["parentSpanId"]),
            (&json!(TRACE), &json!("00f067aa0ba902b7"))
        );
        assert_eq!(client.unwrap()["parentSpanId"], server["spanId"]);
    });
}

#[test]
fn a_collector_that_never_answers_delays_no_call() {
    run(async {
        let collector = Scripted::start().await;
        collector.answer(vec![Step::Wait]);
        let gateway = watched(&collector).await;
        let begun = tokio::time::Instant::now();
        for _ in 0..3 {
            search(&gateway).await;
        }
        assert!(begun.elapsed().as_secs() < 5, "a collector has 5 seconds, and no call waits for them");
    });
}
