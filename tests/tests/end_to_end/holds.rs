//! A held call whose client opens pages: its answer is held back until somebody has approved it.

use http_body_util::BodyExt as _;
use portcullis_demo::oidc::Persona;
use portcullis_tests::scripted::DONE;
use portcullis_tests::{Gateway, Options, client, run};
use serde_json::{Value, json};

/// The parameters of a call by a client that opens pages, with what it carries.
fn params(state: Option<&Value>) -> Value {
    let capabilities = json!({ "elicitation": { "url": {} } });
    let meta = json!({ "io.modelcontextprotocol/clientCapabilities": capabilities });
    let mut params = json!({ "name": "dangerous", "arguments": { "n": 1 }, "_meta": meta });
    if let Some(state) = state {
        params["requestState"] = state.clone();
        params["inputResponses"] = json!({ "portcullis.approval": { "action": "accept" } });
    }
    params
}

/// Makes the call, and says which request it waits for and what its client carries.
async fn asked(gateway: &Gateway) -> (String, Value) {
    let answer = gateway.call("scripted", Persona::Support, "tools/call", params(None)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = answer.message()["result"].clone();
    let url = result["inputRequests"]["portcullis.approval"]["params"]["url"].as_str();
    let id = url.and_then(|url| url.rsplit('/').next()).unwrap_or_else(|| panic!("{answer:?}"));
    (id.to_owned(), result["requestState"].clone())
}

#[test]
fn a_stream_begins_at_once_and_ends_when_somebody_has_decided() {
    run(async {
        for (verb, want) in [("reject", "rejected by a person"), ("approve", "done")] {
            // What was rejected stays so for a while, so each verb has a gateway of its own.
            let gateway = &Gateway::start(Options::default()).await;
            gateway.scripted.answer_json(DONE);
            let (id, state) = asked(gateway).await;
            let token = gateway.token(Persona::Support, "scripted");
            let request =
                client::modern(gateway.address, "/mcp/scripted", &token, "tools/call", params(Some(&state)));
            let response = client::open(gateway.address, request).await;
            assert_eq!(response.headers()["content-type"], "text/event-stream");
            let mut body = response.into_body();
            let first = body.frame().await.expect("a frame").expect("no error").into_data().expect("data");
            assert!(first.starts_with(b":"), "a comment: {first:?}");
            assert!(gateway.scripted.received().is_empty(), "nothing is forwarded before");
            assert_eq!(gateway.say(Persona::Finance, &id, verb).await.status, 200);
            let rest = body.collect().await.expect("the rest").to_bytes();
            let rest = String::from_utf8_lossy(&rest).into_owned();
            assert!(rest.contains(want), "{verb}: {rest}");
            let received = gateway.scripted.received();
            assert_eq!(received.len(), usize::from(verb == "approve"), "{verb}");
        }
    });
}

#[test]
fn what_a_client_carries_is_good_for_its_caller_only_and_once() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway.scripted.answer_json(DONE);
        let (id, state) = asked(&gateway).await;
        assert_eq!(gateway.say(Persona::Finance, &id, "approve").await.status, 200);
        let others = gateway.call("scripted", Persona::Vendor, "tools/call", params(Some(&state))).await;
        assert_eq!(others.message()["error"]["code"], -32602, "{others:?}");
        assert!(gateway.scripted.received().is_empty());
        let done = gateway.call("scripted", Persona::Support, "tools/call", params(Some(&state))).await;
        assert_eq!(done.message()["result"]["content"][0]["text"], "done", "{done:?}");
        let replayed = gateway.call("scripted", Persona::Support, "tools/call", params(Some(&state))).await;
        assert_eq!(replayed.message()["result"]["isError"], true, "{replayed:?}");
        assert_eq!(gateway.scripted.received().len(), 1);
    });
}
