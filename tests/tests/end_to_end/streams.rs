//! Streams: what a caller hears, and what becomes of a call whose caller has left.

use http_body_util::BodyExt as _;
use portcullis_demo::oidc::Persona;
use portcullis_ledger::{CallResult, Record};
use portcullis_tests::scripted::Step;
use portcullis_tests::{Gateway, Options, client, run};
use serde_json::{Value, json};

const EVENTS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// An event with a message.
fn event(message: &Value) -> Vec<u8> {
    format!("data: {message}\n\n").into_bytes()
}

/// Reads a stream until it has this many messages.
async fn messages(body: &mut hyper::body::Incoming, count: usize) -> Vec<Value> {
    let mut text = String::new();
    loop {
        let data =
            text.split("\n\n").filter_map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")));
        let found: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
        if found.len() >= count {
            return found;
        }
        let frame = body.frame().await.expect("more").expect("no error");
        text.push_str(&String::from_utf8_lossy(&frame.into_data().expect("data")));
    }
}

#[test]
fn a_subscription_shows_what_was_granted_and_nothing_else() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let token = gateway.token(Persona::Finance, "billing");
        let wanted = json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions":
            ["billing://invoices/inv_00001", "billing://customers/cus_0001"]}});
        let request = client::modern(gateway.address, "/mcp/billing", &token, "subscriptions/listen", wanted);
        let response = client::open(gateway.address, request).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let first = messages(&mut body, 1).await.remove(0);
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged", "{first}");
        let granted = &first["params"]["notifications"];
        assert_eq!(granted["resourceSubscriptions"], json!(["billing://invoices/inv_00001"]), "{first}");
        gateway.billing.redefine("get_customer", "another description");
        let next = messages(&mut body, 1).await.remove(0);
        assert_eq!(next["method"], "notifications/tools/list_changed", "{next}");
        assert_eq!(next["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1, "{next}");
    });
}

/// Calls the scripted upstream, reads the first message of its stream, and leaves.
async fn leave_after_the_first_message(gateway: &Gateway, era: &str) {
    let token = gateway.token(Persona::Vendor, "scripted");
    let request = match era {
        "modern" => {
            let params = json!({ "name": "read" });
            client::modern(gateway.address, "/mcp/scripted", &token, "tools/call", params)
        }
        _ => {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read"}});
            client::post(gateway.address, "/mcp/scripted", Some(&token), client::full(body.to_string()))
        }
    };
    let mut body = client::open(gateway.address, request).await.into_body();
    messages(&mut body, 1).await;
}

#[test]
fn leaving_cancels_a_call_of_2026_07_28_and_no_other() {
    run(async {
        let progress =
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1}});
        let result = json!({"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete", "content": []}});
        for (era, cut) in [("modern", true), ("legacy", false)] {
            let gateway = Gateway::start(Options::default()).await;
            gateway.scripted.answer(vec![
                Step::Write(EVENTS.to_vec()),
                Step::Repeat { bytes: event(&progress), times: if cut { 100_000 } else { 60 } },
                Step::Write(event(&result)),
                Step::Close,
            ]);
            leave_after_the_first_message(&gateway, era).await;
            gateway.scripted.ended(|ends| ends.cut + ends.whole == 1).await;
            gateway.scripted.ended(|ends| (ends.cut == 1) == cut).await;
            // The outcome is written when the gateway has noticed, so one more call comes after it.
            gateway.scripted.answer_json(&result.to_string());
            let outcome = loop {
                let again = gateway.call("scripted", Persona::Vendor, "tools/call", json!({"name": "read"}));
                again.await;
                let outcomes = gateway.records().into_iter().filter_map(|record| match record {
                    Record::Outcome(outcome) => Some(outcome),
                    Record::Drift(_) | Record::Intent(_) | Record::Refusal(_) => None,
                });
                if let Some(found) =
                    outcomes.into_iter().find(|outcome| outcome.result == CallResult::Interrupted)
                {
                    break found;
                }
            };
            assert_eq!(outcome.result, CallResult::Interrupted, "{era}");
        }
    });
}

#[test]
fn an_auditor_sees_calls_as_they_are_recorded() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let place = "/api/recordings/follow?connection=billing";
        let token = gateway.provider.token(Persona::Auditor, &format!("http://{}/api", gateway.address));
        let request = http::Request::get(place)
            .header("host", gateway.address.to_string())
            .header("authorization", format!("Bearer {}", token.expose()))
            .body(client::full(""))
            .unwrap();
        let response = client::open(gateway.address, request).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        assert_eq!(messages(&mut body, 1).await, [json!({})], "it is caught up with");
        let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
        gateway.call("billing", Persona::Vendor, "tools/call", params).await;
        let told = messages(&mut body, 2).await;
        let kinds: Vec<&Value> = told.iter().map(|one| &one["record"]["kind"]).collect();
        assert_eq!(kinds, ["intent", "outcome"], "{told:?}");
        assert_eq!(told[0]["record"]["name"], "get_customer");
    });
}
