//! An upstream that is down, slow, broken or hostile.

use portcullis_demo::oidc::Persona;
use portcullis_ledger::{CallResult, Record};
use portcullis_tests::scripted::Step;
use portcullis_tests::{Gateway, Options, run};
use serde_json::json;

async fn call(gateway: &Gateway, connection: &str) -> serde_json::Value {
    let answer = gateway.call(connection, Persona::Vendor, "tools/call", json!({ "name": "read" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.message()
}

#[test]
fn the_caller_gets_an_error_and_the_record_says_why() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let write = |text: &str| Step::Write(text.as_bytes().to_vec());
        let json_head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
        let event_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        for (name, connection, script) in [
            ("down", "down", vec![]),
            ("not an allowed host", "forbidden", vec![]),
            ("never answers", "scripted", vec![Step::Wait]),
            ("closes at once", "scripted", vec![Step::Close]),
            ("closes in the body", "scripted", vec![write(json_head), write("{\"jsonrpc\""), Step::Close]),
            ("closes in the stream", "scripted", vec![write(event_head), write("data: {\"js"), Step::Close]),
            (
                "falls silent in the stream",
                "scripted",
                vec![write(event_head), write(": hi\n\n"), Step::Wait],
            ),
            ("is not HTTP", "scripted", vec![write("SSH-2.0-OpenSSH_9.2\r\n\r\n"), Step::Close]),
            (
                "answers HTML",
                "scripted",
                vec![write("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi")],
            ),
            (
                "redirects",
                "scripted",
                vec![write(
                    "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                )],
            ),
            (
                "compresses",
                "scripted",
                vec![write(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
                )],
            ),
        ] {
            gateway.scripted.answer(script);
            let message = call(&gateway, connection).await;
            let text = &message["result"]["content"][0]["text"];
            assert_eq!(text, "the server behind the gateway failed", "{name}: {message}");
            let last = gateway.records().into_iter().filter_map(|record| match record {
                Record::Outcome(outcome) => Some(outcome),
                Record::Drift(_) | Record::Intent(_) | Record::Refusal(_) => None,
            });
            let last = last.max_by_key(|outcome| outcome.id).expect("an outcome");
            assert!(matches!(last.result, CallResult::Failed { .. }), "{name}: {last:?}");
        }
    });
}

#[test]
fn the_credential_goes_up_and_never_down() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        gateway
            .scripted
            .answer_json(r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[]}}"#);
        let token = gateway.token(Persona::Vendor, "scripted");
        let mut request = portcullis_tests::client::modern(
            gateway.address,
            "/mcp/scripted",
            &token,
            "tools/call",
            json!({ "name": "read" }),
        );
        for (name, value) in [
            ("cookie", "a=b"),
            ("x-api-key", "mine"),
            ("spin-path-info", "/x"),
            ("x-forwarded-for", "1.2.3.4"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        // One of them only the platform may set, and it is there twice then.
        request.headers_mut().remove("spin-path-info");
        let answer = portcullis_tests::client::send(gateway.address, request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let received = gateway.scripted.received().remove(0);
        assert!(received.head.contains(&format!("x-api-key: {}", gateway.credential)), "{}", received.head);
        for secret in [token.as_str(), "cookie", "mine", "x-forwarded-for", "authorization", "spin-"] {
            assert!(!received.head.to_lowercase().contains(secret), "{secret}: {}", received.head);
        }
        assert!(!format!("{answer:?}").contains(&gateway.credential));
        assert!(!gateway.store_text().contains(&gateway.credential));
        assert!(!gateway.store_text().contains(&token));
    });
}
