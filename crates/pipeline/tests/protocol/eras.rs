//! Which era a request is of, and what happens when client and server speak different ones.

use portcullis_ledger::CallResult;
use serde_json::{Value, json};

use crate::support::{
    Client, MODERN, Sent, accepted, call_of, intents, legacy_result, notification, refusals, request,
    response, sent, set, stream, text_result, upstream, whole, world,
};
use crate::world::{End, Upstream, World};

const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

fn initialize(revision: &str) -> Value {
    request(1, "initialize", json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {}}))
}

fn error(status: u16, code: i64, data: &Value) -> Upstream {
    let message = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "m", "data": data}});
    response(status, "application/json", vec![message.to_string().into_bytes()], End::Whole)
}

fn text(status: u16, kind: &str, text: &str) -> Upstream {
    response(status, kind, vec![text.as_bytes().to_vec()], End::Whole)
}

/// Everything that stands in a server's answers.
fn answering() -> World {
    let world = world();
    upstream(&world, |sent| match sent.body.get("id") {
        None => accepted(),
        Some(_) => whole(&sent.result(&text_result("done"))),
    });
    world
}

#[test]
fn what_a_call_is_about_is_on_record_as_a_whole_or_the_call_is_not_made() {
    let world = world();
    upstream(&world, |sent| whole(&sent.result(&json!({"contents": []}))));
    let client = Client::new(&world);
    let uri = |padding: usize| format!("crm://x?pad={}&customer=7", "p".repeat(padding));
    let long = uri(8192 - 23);
    client.send(&request(1, "resources/read", json!({"uri": long, "note": "n".repeat(40_000)})));
    let intent = intents(&world).pop().unwrap();
    assert_eq!(intent.name.as_ref(), Some(&long));
    assert!(intent.arguments.text.text().contains("nnn"));
    sent(&world);
    let refused = client.send(&request(1, "resources/read", json!({"uri": uri(8193 - 23)})));
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (200, &json!(-32602)));
    assert!(sent(&world).is_empty());
    assert_eq!(refusals(&world).pop().unwrap().kind, "protocol");
}

#[test]
fn a_modern_request_leaves_as_one_and_as_nothing_else() {
    let world = answering();
    let client = Client::new(&world).in_session("2025-11-25");
    let mut request = client.modern_request(&call_of(1, "read"));
    set(&mut request, "last-event-id", "e1");
    assert_eq!(world.send(request).status, 200);
    let sent = sent(&world).pop().unwrap();
    for (name, want) in [
        ("mcp-protocol-version", Some(MODERN)),
        ("mcp-method", Some("tools/call")),
        ("mcp-name", Some("read")),
        ("mcp-session-id", None),
        ("last-event-id", None),
    ] {
        assert_eq!(sent.header(name), want, "{name}");
    }
}

#[test]
fn a_request_of_the_handshake_era_leaves_without_the_marks_of_the_other() {
    for revision in LEGACY {
        let world = answering();
        upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
        let client = Client::new(&world).in_session(revision);
        let mut body = call_of(1, "read");
        body["params"]["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": {},
            "io.modelcontextprotocol/logLevel": "debug", "progressToken": 1});
        let mut request = client.request(&body);
        for (name, value) in
            [("mcp-method", "x"), ("mcp-name", "y"), ("mcp-param-z", "z"), ("last-event-id", "e")]
        {
            set(&mut request, name, value);
        }
        assert_eq!(world.send(request).status, 200);
        let sent = sent(&world).pop().unwrap();
        assert_eq!(sent.body["params"]["_meta"], json!({"progressToken": 1}), "{revision}");
        for name in ["mcp-method", "mcp-name", "mcp-param-z", "last-event-id"] {
            assert_eq!(sent.header(name), None, "{revision} {name}");
        }
        let header = (revision != "2025-03-26").then_some(revision);
        assert_eq!(sent.header("mcp-protocol-version"), header, "{revision}");
    }
}

#[test]
fn headers_and_body_of_a_modern_request_say_the_same() {
    let change = |name: &'static str, value: Option<&'static str>| (name, value);
    for (name, changes, code) in [
        ("no revision", vec![change("mcp-protocol-version", None)], -32020),
        ("another revision", vec![change("mcp-protocol-version", Some("2025-11-25"))], -32020),
        ("no method", vec![change("mcp-method", None)], -32020),
        ("another method", vec![change("mcp-method", Some("tools/list"))], -32020),
        ("another case", vec![change("mcp-method", Some("Tools/Call"))], -32020),
        ("no name", vec![change("mcp-name", None)], -32020),
        ("another name", vec![change("mcp-name", Some("write"))], -32020),
        ("a wrapped name", vec![change("mcp-name", Some("=?base64?d3JpdGU=?="))], -32020),
    ] {
        let world = answering();
        let mut request = Client::new(&world).modern_request(&call_of("i", "read"));
        for (header, value) in changes {
            match value {
                None => drop(request.headers_mut().remove(header)),
                Some(value) => set(&mut request, header, value),
            }
        }
        let done = world.send(request);
        let error = done.json();
        assert_eq!(
            (done.status, error["error"]["code"].as_i64(), &error["id"]),
            (400, Some(code), &json!("i")),
            "{name}"
        );
        assert!(sent(&world).is_empty(), "{name}");
    }
    let world = answering();
    let mut wrapped = Client::new(&world).modern_request(&call_of(1, "read"));
    set(&mut wrapped, "mcp-name", "=?base64?cmVhZA==?=");
    assert_eq!(world.send(wrapped).status, 200);
    assert_eq!(sent(&world).pop().unwrap().header("mcp-name"), Some("read"), "written anew");
}

#[test]
fn what_is_neither_one_era_nor_the_other_is_refused() {
    let world = answering();
    let with_meta = |meta: Value, header: Option<&str>| {
        let mut body = call_of(1, "read");
        body["params"]["_meta"] = meta;
        let mut request = Client::new(&world).request(&body);
        if let Some(header) = header {
            set(&mut request, "mcp-protocol-version", header);
            set(&mut request, "mcp-method", "tools/call");
            set(&mut request, "mcp-name", "read");
        }
        request
    };
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    for (name, request, code) in [
        ("a modern header only", with_meta(json!({}), Some(MODERN)), -32602),
        ("no capabilities", with_meta(json!({version: MODERN}), Some(MODERN)), -32602),
        (
            "capabilities that are no object",
            with_meta(json!({version: MODERN, capabilities: []}), Some(MODERN)),
            -32602,
        ),
        (
            "a revision that is no text",
            with_meta(json!({version: 1, capabilities: {}}), Some(MODERN)),
            -32602,
        ),
        (
            "a revision to come",
            with_meta(json!({version: "2030-01-01", capabilities: {}}), Some("2030-01-01")),
            -32022,
        ),
        (
            "a handshake's revision",
            with_meta(json!({version: "2025-11-25", capabilities: {}}), Some("2025-11-25")),
            -32022,
        ),
        ("an unknown header", with_meta(json!({}), Some("2024-11-05")), -32600),
    ] {
        let done = world.send(request);
        assert_eq!(
            (done.status, done.json()["error"]["code"].as_i64()),
            (400, Some(code)),
            "{name}: {done:?}"
        );
        assert!(sent(&world).is_empty(), "{name}");
    }
    let done = world.send(with_meta(json!({version: "2030-01-01", capabilities: {}}), Some("2030-01-01")));
    let data = done.json()["error"]["data"].clone();
    assert_eq!(
        (&data["requested"], data["supported"].as_array().unwrap().contains(&json!(MODERN))),
        (&json!("2030-01-01"), true)
    );
}

#[test]
fn methods_exist_in_their_era_only() {
    let world = answering();
    let modern = Client::new(&world);
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "tools/destroy",
    ] {
        let done = modern.send_modern(&request(1, method, json!({"level": "info"})));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (404, Some(-32601)), "{method}");
    }
    let legacy = Client::new(&world).in_session("2025-11-25");
    for method in ["server/discover", "subscriptions/listen", "tasks/update", "tools/destroy"] {
        let done = legacy.send(&request(1, method, json!({"taskId": "t"})));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (200, Some(-32601)), "{method}");
    }
    assert!(sent(&world).is_empty());
}

#[test]
fn a_modern_client_sends_no_responses_and_its_notifications_go_nowhere() {
    let world = answering();
    let client = Client::new(&world);
    let mut reply = client.request(&json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    set(&mut reply, "mcp-protocol-version", MODERN);
    assert_eq!(world.send(reply).status, 400);
    let cancelled = notification("notifications/cancelled", json!({"requestId": 1, "reason": "secret"}));
    assert_eq!(client.send_modern(&cancelled).status, 202);
    let unknown = notification("notifications/unheard_of", json!({}));
    assert_eq!(client.send_modern(&unknown).status, 404);
    assert!(sent(&world).is_empty());
}

/// How a server that speaks only handshakes may answer its first modern request.
fn legacy_servers() -> Vec<(&'static str, Upstream)> {
    vec![
        ("a session is missing (-32000)", error(400, -32000, &Value::Null)),
        ("a session is missing (-32600)", error(400, -32600, &Value::Null)),
        ("a session is unknown", error(404, -32001, &Value::Null)),
        ("nothing", text(400, "", "")),
        ("text", text(400, "text/plain", "Bad Request")),
        ("a page", text(404, "text/html", "<html>")),
        ("another JSON", text(400, "application/json", r#"{"detail":"bad"}"#)),
        ("no JSON", text(400, "application/json", "bad")),
        ("an empty body of JSON", text(404, "application/json", "")),
        ("405", text(405, "text/plain", "")),
        ("406", error(406, -32000, &Value::Null)),
        ("415", text(415, "", "")),
        ("422", text(422, "application/json", "{}")),
    ]
}

#[test]
fn a_client_of_both_eras_is_told_to_fall_back_where_the_server_knows_only_handshakes() {
    let more = vec![
        ("no such method, 404", error(404, -32601, &Value::Null)),
        ("no such method, 200", error(200, -32601, &Value::Null)),
        ("an answer of its own", whole(&json!({"jsonrpc": "2.0", "id": 1, "result": {}}))),
        (
            "a stream with no such method",
            stream(
                &[json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "m"}})],
                End::Whole,
            ),
        ),
    ];
    for (name, answer) in legacy_servers().into_iter().chain(more) {
        let streamed = name.starts_with("a stream");
        let world = world();
        upstream(&world, move |_| answer.clone());
        let done = Client::new(&world).send_modern(&request(1, "server/discover", json!({})));
        // Within a stream the status is out already; the code says the same.
        assert_eq!(done.status, if streamed { 200 } else { 400 }, "{name}: {done:?}");
        let error = done.json()["error"].clone();
        assert_eq!(error["code"], 40001, "{name}: no modern code, or the client would not fall back");
        assert_eq!(error["data"]["supported"], json!(["2025-03-26", "2025-06-18", "2025-11-25"]), "{name}");
        assert_eq!(done.json()["id"], 1, "{name}");
    }
}

#[test]
fn any_first_request_may_find_out() {
    for (name, answer) in legacy_servers() {
        for body in [request(1, "tools/list", json!({})), call_of(1, "read")] {
            let world = world();
            let answer = answer.clone();
            upstream(&world, move |_| answer.clone());
            let done = Client::new(&world).send_modern(&body);
            assert_eq!(
                (done.status, done.json()["error"]["code"].as_i64()),
                (400, Some(40001)),
                "{name}: {done:?}"
            );
            if body["method"] == "tools/call" {
                let kind = "upstream_legacy_only".to_owned();
                assert_eq!(world.outcomes()[0].result, CallResult::Failed { kind }, "{name}");
            }
        }
    }
}

#[test]
fn modern_errors_are_a_modern_server_s() {
    for (status, code) in [
        (404, -32601),
        (400, -32020),
        (400, -32021),
        (400, -32022),
        (400, -32602),
        (200, -32602),
        (200, -32000),
    ] {
        let world = world();
        upstream(&world, move |_| error(status, code, &json!({"supported": ["2025-11-25"]})));
        let done = Client::new(&world).send_modern(&request(1, "prompts/list", json!({})));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (status, Some(code)), "{done:?}");
    }
    for status in [401, 403, 429, 500, 502] {
        let world = world();
        upstream(&world, move |_| text(status, "text/plain", "x"));
        let done = Client::new(&world).send_modern(&request(1, "prompts/list", json!({})));
        assert_eq!(
            (done.status, done.json()["error"]["code"].as_i64()),
            (200, Some(50201)),
            "{status}: {done:?}"
        );
    }
}

#[test]
fn a_client_that_knows_only_handshakes_is_told_which_revisions_there_are() {
    for (name, answer) in [
        ("unsupported", error(400, -32022, &json!({"supported": [MODERN]}))),
        ("unsupported, 200", error(200, -32022, &json!({"supported": [MODERN]}))),
        ("a header is missing", error(400, -32020, &Value::Null)),
        ("no such method", error(404, -32601, &Value::Null)),
        ("no `_meta`", error(400, -32602, &Value::Null)),
    ] {
        let world = world();
        upstream(&world, move |_| answer.clone());
        let done = Client::new(&world).send(&initialize("2025-11-25"));
        let error = done.json()["error"].clone();
        assert_eq!((done.status, error["code"].as_i64()), (200, Some(-32602)), "{name}: {done:?}");
        assert_eq!(error["data"]["supported"], json!([MODERN]), "{name}");
        assert!(!done.headers.contains_key("mcp-session-id"), "{name}");
    }
}

#[test]
fn what_else_may_be_wrong_with_a_handshake_is_not_taken_for_that() {
    for (status, code) in [(200, -32602), (400, -32600), (200, -32603), (400, -32000)] {
        let world = world();
        upstream(&world, move |_| error(status, code, &Value::Null));
        let done = Client::new(&world).send(&initialize("2025-11-25"));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (status, Some(code)), "{done:?}");
        assert_eq!(done.json()["error"]["message"], "m");
    }
    for answer in [text(400, "text/plain", ""), text(404, "", ""), text(500, "application/json", "{}")] {
        let world = world();
        upstream(&world, move |_| answer.clone());
        let done = Client::new(&world).send(&initialize("2025-11-25"));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (200, Some(50201)), "{done:?}");
    }
}

#[test]
fn only_revisions_that_are_spoken_here_are_agreed_on() {
    let negotiating = |answer: Value| {
        let world = world();
        upstream(&world, move |sent: &Sent| {
            whole(&sent.result(&json!({"protocolVersion": answer, "capabilities": {}, "serverInfo": {}})))
        });
        world
    };
    for (wanted, offered) in [
        (json!("2025-11-25"), "2025-11-25"),
        (json!("2025-06-18"), "2025-06-18"),
        (json!("2025-03-26"), "2025-03-26"),
        (json!("2024-11-05"), "2025-11-25"),
        (json!(MODERN), "2025-11-25"),
        (json!("2030-01-01"), "2025-11-25"),
        (Value::Null, "2025-11-25"),
    ] {
        let world = negotiating(json!("2025-06-18"));
        let mut body = initialize("");
        body["params"]["protocolVersion"] = wanted.clone();
        let done = Client::new(&world).send(&body);
        assert_eq!(done.json()["result"]["protocolVersion"], "2025-06-18", "{wanted}: {done:?}");
        assert_eq!(sent(&world).pop().unwrap().body["params"]["protocolVersion"], offered, "{wanted}");
    }
    for agreed in [json!(MODERN), json!("2024-11-05"), json!("2030-01-01"), json!(1), Value::Null] {
        let world = negotiating(agreed.clone());
        let done = Client::new(&world).send(&initialize("2025-11-25"));
        assert_eq!(done.json()["error"]["code"], 50201, "{agreed}: {done:?}");
        assert!(!done.headers.contains_key("mcp-session-id"));
    }
}

#[test]
fn a_session_that_the_server_has_forgotten_is_forgotten() {
    for answer in [text(404, "text/plain", "Not Found"), error(404, -32001, &Value::Null)] {
        let world = world();
        let client = Client::new(&world).in_session("2025-11-25");
        upstream(&world, move |_| answer.clone());
        for body in [call_of(1, "read"), request(1, "tools/list", json!({}))] {
            let done = client.send(&body);
            assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (404, Some(-32001)), "{done:?}");
        }
        assert_eq!(client.send(&notification("notifications/initialized", json!({}))).status, 404);
    }
}

#[test]
fn get_and_delete_are_for_sessions() {
    let world = world();
    for (status, want) in [(200, 204), (202, 204), (204, 204), (404, 404), (405, 405), (500, 200)] {
        let client = Client::new(&world).in_session("2025-11-25");
        upstream(&world, move |_| response(status, "", vec![], End::Whole));
        let mut delete = client.get(None);
        *delete.method_mut() = http::Method::DELETE;
        let done = world.send(delete);
        assert_eq!(done.status, want, "{status}: {done:?}");
        let sent = sent(&world).pop().unwrap();
        assert_eq!((sent.verb.as_str(), sent.header("mcp-session-id")), ("DELETE", Some("upstream-session")));
    }
    let client = Client::new(&world);
    let mut delete = client.get(None);
    *delete.method_mut() = http::Method::DELETE;
    assert!(matches!(world.send(delete).status, 400 | 404));
    assert_eq!(client.listen(None).status, 405);
    let mut put = client.get(None);
    *put.method_mut() = http::Method::PUT;
    assert_eq!(world.send(put).status, 405);
    assert!(sent(&world).is_empty());
}

#[test]
fn an_answer_that_is_encoded_is_not_read() {
    for encoding in ["gzip", "br", "identity, gzip"] {
        let world = world();
        upstream(&world, move |sent| Upstream::Answers {
            status: 200,
            headers: vec![("content-type", "application/json".into()), ("content-encoding", encoding.into())],
            chunks: vec![sent.result(&text_result("done")).to_string().into_bytes()],
            end: End::Whole,
        });
        let done = Client::new(&world).send_modern(&call_of(1, "read"));
        assert_eq!(done.json()["result"]["isError"], true, "{encoding}: {done:?}");
    }
}
