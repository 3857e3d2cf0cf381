//! What the caller may not see does not arrive, however it is cut.

use portcullis_demo::oidc::Persona;
use portcullis_tests::scripted::Step;
use portcullis_tests::{Gateway, Options, run};
use serde_json::json;

#[test]
fn cards_and_addresses_of_real_rows_are_masked() {
    run(async {
        let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
        let vendor = Gateway::shared().call("billing", Persona::Vendor, "tools/call", params.clone()).await;
        for placeholder in ["[card]", "[email]", "[iban]"] {
            assert!(vendor.text.contains(placeholder), "{placeholder}: {}", vendor.text);
        }
        assert!(!vendor.text.contains("@example."), "{}", vendor.text);
        let structured = &vendor.message()["result"]["structuredContent"];
        assert!(structured.is_object() && !structured.to_string().contains("@example."), "{structured}");

        let finance = Gateway::shared().call("billing", Persona::Finance, "tools/call", params).await;
        assert!(finance.text.contains("@example."), "finance may see addresses: {}", finance.text);
        assert!(finance.text.contains("[card]"), "and no cards: {}", finance.text);
    });
}

/// One answer of the scripted upstream, cut into these packets.
async fn masked(gateway: &Gateway, script: Vec<Step>) -> String {
    gateway.scripted.answer(script);
    gateway.call("scripted", Persona::Vendor, "tools/call", json!({ "name": "read" })).await.text
}

fn cut(bytes: &str, at: usize) -> [Vec<u8>; 2] {
    let (left, right) = bytes.as_bytes().split_at(at);
    [left.to_vec(), right.to_vec()]
}

#[test]
fn a_value_that_is_split_over_network_chunks_is_masked() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let json = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"card 4111111111111111 of ada@example.com"}]}}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            json.len()
        );
        let middle = json.find("11111111").unwrap();
        for at in [1, middle, middle + 3, json.find('@').unwrap(), json.len() - 1] {
            let [left, right] = cut(json, at);
            let script = vec![Step::Write(head.clone().into_bytes()), Step::Write(left), Step::Write(right)];
            let text = masked(&gateway, script).await;
            assert!(text.contains("card [card] of [email]"), "cut at {at}: {text}");
        }
    });
}

#[test]
fn a_value_that_is_split_over_event_chunks_is_masked() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec();
        let message = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"card 4111111111111111 of ada@example.com"}]}}"#;
        let stream = format!("id: 1\r\ndata: {message}\r\n\r\n");
        let middle = stream.find("11111111").unwrap();
        for at in [3, middle, stream.find('@').unwrap(), stream.len() - 3, stream.len() - 1] {
            let [left, right] = cut(&stream, at);
            let script = vec![Step::Write(head.clone()), Step::Write(left), Step::Write(right), Step::Close];
            let text = masked(&gateway, script).await;
            assert!(text.contains("card [card] of [email]"), "cut at {at}: {text}");
        }
        // A message over several `data` lines: the line feed between them is JSON white space.
        let (left, right) = message.split_at(message.find("\"result\"").unwrap());
        let script = vec![
            Step::Write(head),
            Step::Write(format!("data: {left}\ndata: {right}\n\n").into_bytes()),
            Step::Close,
        ];
        let text = masked(&gateway, script).await;
        assert!(text.contains("card [card] of [email]"), "two lines: {text}");
    });
}

#[test]
fn events_arrive_one_by_one_while_the_call_is_running() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec();
        let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1,"message":"card 4111111111111111"}}"#;
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[]}}"#;
        gateway.scripted.answer(vec![
            Step::Write(head),
            Step::Write(format!("data: {progress}\n\n").into_bytes()),
            Step::Wait,
            Step::Write(format!("data: {answer}\n\n").into_bytes()),
            Step::Close,
        ]);
        let token = gateway.token(Persona::Vendor, "scripted");
        let request = portcullis_tests::client::modern(
            gateway.address,
            "/mcp/scripted",
            &token,
            "tools/call",
            json!({ "name": "read" }),
        );
        let mut body = portcullis_tests::client::open(gateway.address, request).await.into_body();
        let mut seen = String::new();
        while !seen.contains("\n\n") {
            seen.push_str(&next(&mut body).await.expect("the progress arrives before the answer exists"));
        }
        assert!(seen.contains("card [card]"), "{seen}");
        gateway.scripted.go_on();
        while let Some(more) = next(&mut body).await {
            seen.push_str(&more);
        }
        assert!(seen.contains("\"resultType\":\"complete\""), "{seen}");
    });
}

async fn next(body: &mut hyper::body::Incoming) -> Option<String> {
    use http_body_util::BodyExt as _;
    let frame = body.frame().await?.ok()?;
    Some(String::from_utf8_lossy(&frame.into_data().ok()?).into_owned())
}
