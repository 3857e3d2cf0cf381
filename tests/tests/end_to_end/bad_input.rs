//! Input that no honest client sends: the error that the protocol wants, a record, and nothing forwarded.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::client::{self, Body, full};
use portcullis_tests::{Gateway, Options, run};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;

/// A good modern call, then changed.
fn changed(
    gateway: &Gateway,
    body: Body,
    change: &[(&'static str, Option<&str>)],
    add: &[(&'static str, &str)],
) -> http::Request<Body> {
    let token = gateway.token(Persona::Vendor, "scripted");
    let mut request = client::post(gateway.address, "/mcp/scripted", Some(&token), body);
    let headers = request.headers_mut();
    for (name, value) in
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "read")]
    {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    for (name, value) in change {
        headers.remove(*name);
        if let Some(value) = value {
            headers.insert(*name, value.parse().unwrap());
        }
    }
    for (name, value) in add {
        headers.append(*name, value.parse().unwrap());
    }
    request
}

/// How many refusals of one caller an instance records in a minute.
const RECORDED: usize = 8;

type Case = (&'static str, http::Request<Body>, u16, i64);

/// Requests that are refused, with the status and the code of the error.
fn cases(gateway: &Gateway) -> Vec<Case> {
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let deep_arguments = CALL.replace("\"read\"", &format!("\"read\",\"arguments\":{{\"a\":{nested}}}"));
    let batch = format!("[{CALL}]");
    let long =
        CALL.replace("\"read\"", &format!("\"read\",\"arguments\":{{\"a\":\"{}\"}}", "x".repeat(70_000)));
    let doubled_key = CALL.replace("\"name\":\"read\"", "\"name\":\"read\",\"name\":\"drop\"");
    vec![
        ("malformed", changed(gateway, full("{\"jsonrpc\""), &[], &[]), 400, -32700),
        ("trailing data", changed(gateway, full(format!("{CALL} {{}}")), &[], &[]), 400, -32700),
        ("a doubled key", changed(gateway, full(doubled_key), &[], &[]), 400, -32700),
        ("200 levels", changed(gateway, full(nested), &[], &[]), 400, -32700),
        ("200 levels in arguments", changed(gateway, full(deep_arguments), &[], &[]), 400, -32700),
        ("a batch", changed(gateway, full(batch), &[], &[]), 400, -32600),
        ("too long", changed(gateway, full(long), &[], &[]), 413, 41300),
        ("no method header", changed(gateway, full(CALL), &[("mcp-method", None)], &[]), 400, -32020),
        ("no name header", changed(gateway, full(CALL), &[("mcp-name", None)], &[]), 400, -32020),
        ("another name", changed(gateway, full(CALL), &[("mcp-name", Some("drop"))], &[]), 400, -32020),
        ("a doubled name", changed(gateway, full(CALL), &[], &[("mcp-name", "drop")]), 400, -32600),
        (
            "another version",
            changed(gateway, full(CALL), &[("mcp-protocol-version", Some("2025-11-25"))], &[]),
            400,
            -32020,
        ),
        (
            "a host of others",
            changed(gateway, full(CALL), &[("host", Some("evil.example"))], &[]),
            403,
            40300,
        ),
        (
            "an origin of others",
            changed(gateway, full(CALL), &[("origin", Some("https://evil.example"))], &[]),
            403,
            40300,
        ),
        ("text", changed(gateway, full(CALL), &[("content-type", Some("text/plain"))], &[]), 415, 41500),
    ]
}

#[test]
fn it_is_refused_in_the_words_of_the_protocol() {
    run(async {
        let mut first = 0;
        // A gateway for as many as leave a record each.
        loop {
            let gateway = Gateway::start(Options::default()).await;
            for (name, request, status, code) in cases(&gateway).into_iter().skip(first).take(RECORDED) {
                let before = gateway.records().len();
                let answer = client::send(gateway.address, request).await;
                assert_eq!(answer.status, status, "{name}: {answer:?}");
                let found = answer
                    .messages()
                    .pop()
                    .and_then(|message| message["error"]["code"].as_i64())
                    .unwrap_or(0);
                assert_eq!(found, code, "{name}: {answer:?}");
                let records = gateway.records();
                assert_eq!(records.len(), before + 1, "{name}: one record");
                assert!(records.iter().all(|record| matches!(record, Record::Refusal(_))), "{name}");
            }
            assert!(gateway.scripted.received().is_empty(), "nothing was forwarded");
            first += RECORDED;
            if first >= cases(&gateway).len() {
                return;
            }
        }
    });
}

#[test]
fn a_body_that_trickles_is_not_waited_for() {
    run(async {
        let gateway = Gateway::shared();
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(1);
        sender.send(Ok(Frame::data(Bytes::from_static(b"{")))).await.unwrap();
        let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let request = changed(gateway, StreamBody::new(stream).boxed(), &[], &[]);
        let answer = client::send(gateway.address, request).await;
        assert_eq!(answer.status, 408, "{answer:?}");
        drop(sender);
    });
}

#[test]
fn an_unknown_connection_and_an_unknown_path_are_not_found() {
    run(async {
        let gateway = Gateway::shared();
        let token = gateway.token(Persona::Vendor, "scripted");
        for path in [
            "/mcp/unknown",
            "/mcp/",
            "/sse",
            "/messages",
            "/mcp/sse",
            "/mcp/scripted/x",
            "/mcp/..%2fscripted",
            "/other",
        ] {
            let request = client::post(gateway.address, path, Some(&token), full(CALL));
            assert_eq!(client::send(gateway.address, request).await.status, 404, "{path}");
        }
        let request = http::Request::put("/mcp/scripted").header("host", gateway.address.to_string());
        let answer = client::send(gateway.address, request.body(full("")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST, GET, DELETE"));
    });
}
