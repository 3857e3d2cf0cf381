//! The whole data path over values: order of effects, faults, and what the caller can learn.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the protocol's tests use more of it")]
mod world;

use std::rc::Rc;

use http::HeaderValue;
use portcullis_ledger::{CallResult, Intent, Record};
use portcullis_pipeline::FetchError;
use serde_json::{Value, json};

use crate::world::{
    CREDENTIAL, Chunked, End, POLICIES, SETTINGS, Upstream, World, legacy_call, post, result, token,
};

const CARD: &str = "4111 1111 1111 1111";

fn staff() -> String {
    token("ada", "staff")
}

fn call(world: &World, tool: &str) -> world::Done {
    world.send(post("crm", Some(&staff()), legacy_call(tool, &json!({"q": 1}))))
}

#[test]
fn an_answer_is_stored_masked_value_by_value_whatever_its_caller_may_see() {
    let world = World::of(&format!("{SETTINGS}[masking]\nclasses = []\n"), POLICIES);
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"card":4.111111111111111e15,"a\"ada@example.com":["b\nben@example.com"]}}}"#;
    world.upstream_answers("application/json", vec![answer.as_bytes().to_vec()], End::Whole);
    let done = world.send(post("crm", Some(&token("ada", "staff")), legacy_call("read", &json!({}))));
    assert_eq!(done.text, answer);
    let outcome = world.outcomes().pop().unwrap();
    let stored: Value = serde_json::from_str(outcome.text.text()).unwrap();
    let rows = stored["result"]["structuredContent"].as_object().unwrap();
    assert!(rows["card"].is_string(), "{stored}");
    for hidden in ["111111", "ada@", "ben@"] {
        assert!(!world.traces().contains(hidden), "{hidden}: {stored}");
    }
    assert_eq!(rows.len(), 2);
}

#[test]
fn an_allowed_call_is_recorded_before_it_leaves_and_again_before_its_answer_is_released() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    let done = call(&world, "read");
    assert_eq!((done.status, done.json()), (200, result("hello")));
    assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
}

#[test]
fn the_upstream_gets_the_credential_and_nothing_of_the_caller() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    let mut request = post("crm", Some(&staff()), legacy_call("read", &json!({"n": 1})));
    for name in ["x-forwarded-for", "forwarded", "traceparent", "x-api-key", "proxy-authorization", "origin"]
    {
        let value = if name == "origin" { "https://gw.example.com" } else { "caller" };
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    assert_eq!(world.send(request).status, 200);
    let sent = world.ports.sent.borrow();
    let headers: Vec<String> = sent[0]
        .headers()
        .iter()
        // What it says is not the caller's (`traces`).
        .filter(|(name, value)| *name != "traceparent" || *value == "caller")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            "content-type: application/json",
            "accept: application/json, text/event-stream",
            "accept-encoding: identity",
            concat!("user-agent: portcullis/", env!("CARGO_PKG_VERSION")),
            &format!("authorization: {CREDENTIAL}"),
        ]
    );
}

#[test]
fn numbers_reach_the_upstream_as_they_were_written() {
    let world = World::new();
    world.upstream_answers_json(&result("ok"));
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"a":123456789012345678901234567890,"b":1.0,"c":1e5}}}"#;
    world.send(post("crm", Some(&staff()), body));
    assert_eq!(world.ports.sent.borrow()[0].body(), body);
}

#[test]
fn when_the_intent_cannot_be_recorded_nothing_leaves() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    world.ports.writes_left.set(0);
    let done = call(&world, "read");
    assert!(done.text.contains("cannot record"), "{done:?}");
    assert_eq!(world.events(), ["store fails", "store fails"], "the intent, then the refusal");
}

#[test]
fn when_the_outcome_cannot_be_recorded_the_answer_is_withheld() {
    let events = format!("data: {}\n\n", result("hello"));
    for (kind, body) in [("application/json", result("hello").to_string()), ("text/event-stream", events)] {
        let world = World::new();
        world.upstream_answers(kind, vec![body.into_bytes()], End::Whole);
        world.ports.writes_left.set(1);
        let done = call(&world, "read");
        assert!(done.text.contains("cannot record") && !done.text.contains("hello"), "{kind}: {done:?}");
    }
}

#[test]
fn what_policy_refuses_is_told_in_a_way_that_every_client_survives() {
    let denied = |text: &str| json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}], "isError": true}});
    for (who, tool, arguments, want, kind) in [
        ("interns", "write", json!({}), denied("not allowed"), "denied"),
        ("nobody", "read", json!({}), denied("not allowed"), "denied"),
        ("staff", "errs", json!({}), denied("not allowed"), "denied"),
        ("staff", "pay", json!({"amount": 101}), denied("not allowed"), "denied"),
        ("staff", "pay", json!({"amount": "many"}), denied("not allowed"), "denied"),
    ] {
        let world = World::new();
        let done = world.send(post("crm", Some(&token("ada", who)), legacy_call(tool, &arguments)));
        assert_eq!((done.status, done.json()), (200, want), "{who} {tool}");
        assert_eq!(world.events(), [format!("refusal {kind}")], "{who} {tool}");
    }
    let world = World::new();
    let body = json!({"jsonrpc": "2.0", "id": "x", "method": "resources/read", "params": {"uri": "crm://1"}});
    let done = world.send(post("crm", Some(&token("eve", "nobody")), body.to_string()));
    let want = json!({"jsonrpc": "2.0", "id": "x", "error": {"code": 40301, "message": "not allowed"}});
    assert_eq!((done.status, done.json()), (200, want));
}

#[test]
fn a_card_is_masked_wherever_it_stands_and_never_stored() {
    let spots = [
        json!({"content": [{"type": "text", "text": format!("card {CARD}.")}]}),
        json!({"content": [], "structuredContent": {"deep": [{"card": CARD}]}}),
        json!({"content": [], "structuredContent": {CARD: "as a key"}}),
        json!({"content": [], "structuredContent": {"number": 4_111_111_111_111_111_u64}}),
        json!({"content": [], "_meta": {"x": CARD}}),
        json!({"content": [{"type": "resource", "resource": {"uri": "a:b", "text": CARD}}]}),
        json!({"content": [], "isError": true, "text": CARD}),
    ];
    for spot in spots {
        for kind in ["application/json", "text/event-stream"] {
            let world = World::new();
            let message = json!({"jsonrpc": "2.0", "id": 1, "result": spot}).to_string();
            let body = if kind == "application/json" { message } else { format!("data: {message}\n\n") };
            world.upstream_answers(kind, vec![body.into_bytes()], End::Whole);
            let done = call(&world, "read");
            assert!(done.text.contains("[card]"), "{kind} {spot}: {done:?}");
            for seen in [&done.text, &world.traces()] {
                assert!(!seen.replace(' ', "").contains("4111111111111111"), "{kind} {spot}: {seen}");
            }
            assert_eq!(world.outcomes()[0].findings["pii.card"], 1, "{kind} {spot}");
        }
    }
}

#[test]
fn errors_and_notifications_are_masked_too() {
    let stream = format!(
        "data: {}\n\ndata: {}\n\ndata: {}\n\n",
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "message": CARD}}),
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": {"x": [CARD]}}}),
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": CARD, "data": {CARD: CARD}}}),
    );
    let world = World::new();
    world.upstream_answers("text/event-stream", vec![stream.into_bytes()], End::Whole);
    let done = call(&world, "read");
    assert_eq!(done.text.matches("[card]").count(), 5, "{done:?}");
    assert!(!done.text.contains("4111"), "{done:?}");
}

#[test]
fn where_a_stream_is_cut_changes_nothing() {
    let progress =
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1}});
    let stream = format!(
        ": hi\r\n\r\nid: 7\r\ndata: {progress}\r\n\r\nevent: message\r\ndata: {}\r\n\r\n",
        result(CARD)
    );
    let bytes = stream.as_bytes();
    let answer = |chunks: Vec<Vec<u8>>| {
        let world = World::new();
        world.upstream_answers("text/event-stream", chunks, End::Whole);
        call(&world, "read").text
    };
    let want = answer(vec![bytes.to_vec()]);
    assert!(want.contains("[card]") && want.contains("progress") && !want.contains("id: 7"), "{want}");
    for cut in 0..bytes.len() {
        assert_eq!(answer(vec![bytes[..cut].to_vec(), bytes[cut..].to_vec()]), want, "cut at {cut}");
    }
    assert_eq!(answer(bytes.chunks(1).map(<[u8]>::to_vec).collect()), want);
}

#[test]
fn an_upstream_that_misbehaves_is_an_error_with_a_record() {
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let other_id = json!({"jsonrpc": "2.0", "id": 2, "result": {}}).to_string();
    let long = result(&"x".repeat(5000)).to_string();
    let cases: Vec<(&str, Upstream)> = vec![
        ("down", Upstream::Fails(FetchError::Unreachable("refused".into()))),
        ("slow", Upstream::Fails(FetchError::TimedOut)),
        ("not allowed", Upstream::Fails(FetchError::NotAllowed("crm".into()))),
        ("empty", answers(200, "application/json", "")),
        ("no json", answers(200, "application/json", "<html>")),
        ("html", answers(200, "text/html", "<html>")),
        ("no type", answers(200, "", "{}")),
        (
            "duplicate keys",
            answers(200, "application/json", r#"{"jsonrpc":"2.0","id":1,"result":{},"result":{}}"#),
        ),
        ("too deep", answers(200, "application/json", &deep)),
        ("too long", answers(200, "application/json", &long)),
        ("another id", answers(200, "application/json", &other_id)),
        ("a request", answers(200, "application/json", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)),
        ("401", answers(401, "application/json", "{}")),
        ("302", answers(302, "text/html", "")),
        ("500", answers(500, "application/json", "{}")),
        ("stream without answer", answers(200, "text/event-stream", "data: \n\n")),
        ("stream of garbage", answers(200, "text/event-stream", "data: {\n\n")),
        ("stream of another id", answers(200, "text/event-stream", &format!("data: {other_id}\n\n"))),
        ("stream too long", answers(200, "text/event-stream", &format!("data: {long}\n\n"))),
    ];
    for (name, upstream) in cases {
        let world = World::new();
        *world.ports.upstream.borrow_mut() = upstream;
        let done = call(&world, "read");
        assert_eq!(done.status, 200, "{name}: {done:?}");
        let answer = done.json();
        assert_eq!(answer["result"]["isError"], true, "{name}: {done:?}");
        assert_eq!(answer["result"]["content"][0]["text"], "the server behind the gateway failed", "{name}");
        assert!(
            world.events().starts_with(&["intent".into(), "fetch POST".into(), "outcome".into()]),
            "{name}"
        );
        assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }), "{name}");
    }
}

fn answers(status: u16, kind: &str, body: &str) -> Upstream {
    let headers = vec![("content-type", kind.to_owned()), ("www-authenticate", "Bearer".into())];
    Upstream::Answers { status, headers, chunks: vec![body.as_bytes().to_vec()], end: End::Whole }
}

#[test]
fn a_stream_that_breaks_or_falls_silent_ends_with_an_error() {
    for (end, late) in [(End::Broken, false), (End::Silent, true)] {
        let world = World::new();
        world.upstream_answers("text/event-stream", vec![b": hello\n\n".to_vec()], end);
        let first = call_with_late(&world, late);
        assert_eq!(first.json()["result"]["isError"], true, "{first:?}");
        assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
    }
}

/// The body of the request is there at once, so only the upstream's silence meets the deadline.
fn call_with_late(world: &World, late: bool) -> world::Done {
    world.ports.late.set(late);
    call(world, "read")
}

#[test]
fn lists_show_what_could_be_called() {
    let pretended = json!({"portcullis/needs-approval": true});
    let tools = json!([
        {"name": "read", "_meta": pretended}, {"name": "write"}, {"name": "pay"}, {"name": "errs"},
        {"name": "held", "description": "Pays."},
    ]);
    let held = json!({
        "name": "held",
        "description": "Pays.\n\nNeeds approval by a person before it happens.",
        "_meta": {"portcullis/needs-approval": true},
    });
    let read = json!({"name": "read", "_meta": {}});
    for (who, want) in [
        ("interns", json!([read])),
        ("staff", json!([read, {"name": "write"}, {"name": "pay"}, {"name": "errs"}, held])),
        ("nobody", json!([])),
    ] {
        let world = World::new();
        let list = json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools, "nextCursor": "abc"}});
        world.upstream_answers_json(&list);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
        let done = world.send(post("crm", Some(&token("ada", who)), body));
        assert_eq!(done.json()["result"], json!({"tools": want, "nextCursor": "abc"}), "{who}");
        assert_eq!(world.events(), ["fetch POST"], "a list leaves no record");
    }
}

#[test]
fn a_read_returns_only_what_may_be_read() {
    let world = World::new();
    let contents = json!([{"uri": "crm://1", "text": "a"}, {"uri": "crm://2", "blob": "AAAA"}]);
    world.upstream_answers_json(&json!({"jsonrpc": "2.0", "id": 1, "result": {"contents": contents}}));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "crm://1"}});
    let done = world.send(post("crm", Some(&staff()), body.to_string()));
    let notice = "[binary content withheld by the gateway]";
    assert_eq!(
        done.json()["result"]["contents"],
        json!([
            {"uri": "crm://1", "text": "a"},
            {"uri": "crm://2", "text": notice, "mimeType": "text/plain"},
        ])
    );
}

#[test]
fn binary_content_passes_only_where_the_connection_says_so() {
    let content = json!([{"type": "image", "data": "AAAA", "mimeType": "image/png"}]);
    for (connection, want) in [
        ("crm", json!([{"type": "text", "text": "[binary content withheld by the gateway]"}])),
        ("photos", content.clone()),
    ] {
        let world = World::new();
        world.upstream_answers_json(&json!({"jsonrpc": "2.0", "id": 1, "result": {"content": content}}));
        let done = world.send(post(connection, Some(&staff()), legacy_call("show", &json!({}))));
        assert_eq!(done.json()["result"]["content"], want, "{connection}");
    }
}

#[test]
fn the_server_is_not_offered_a_way_to_ask_the_client() {
    let world = World::new();
    world.upstream_answers_json(&json!({"jsonrpc": "2.0", "id": 1, "result": {
        "protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "tasks": {}}, "serverInfo": {}}}));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "clientInfo": {"name": "c", "version": "1"},
        "capabilities": {"sampling": {}, "elicitation": {}, "roots": {}, "tasks": {}, "other": {}}}});
    let done = world.send(post("crm", Some(&staff()), body.to_string()));
    let sent: Value = serde_json::from_slice(world.ports.sent.borrow()[0].body()).unwrap();
    assert_eq!(sent["params"]["capabilities"], json!({"other": {}}));
    assert_eq!(done.json()["result"]["capabilities"], json!({"tools": {}, "tasks": {}}));

    let request = json!({"jsonrpc": "2.0", "id": 9, "method": "sampling/createMessage", "params": {}});
    let stream = format!("data: {request}\n\ndata: {}\n\n", result("ok"));
    world.upstream_answers("text/event-stream", vec![stream.into_bytes()], End::Whole);
    let done = call(&world, "read");
    assert!(!done.text.contains("sampling") && done.text.contains("ok"), "{done:?}");
}

fn initialize(world: &World, token: &str, kind: &str) -> world::Done {
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {}}});
    let body = if kind == "application/json" { answer.to_string() } else { format!("data: {answer}\n\n") };
    *world.ports.upstream.borrow_mut() = Upstream::Answers {
        status: 200,
        headers: vec![("content-type", kind.to_owned()), ("mcp-session-id", "upstream-session".into())],
        chunks: vec![body.into_bytes()],
        end: End::Whole,
    };
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).to_string();
    world.send(post("crm", Some(token), body))
}

fn with_session(mut request: http::Request<Chunked>, id: &str) -> http::Request<Chunked> {
    request.headers_mut().insert("mcp-session-id", id.parse().unwrap());
    request
}

#[test]
fn a_session_is_sealed_to_its_principal_its_connection_and_its_revision() {
    for kind in ["application/json", "text/event-stream"] {
        let world = World::new();
        let done = initialize(&world, &staff(), kind);
        let id = done.headers["mcp-session-id"].to_str().unwrap().to_owned();
        assert!(!id.contains("upstream"), "{kind}");
        world.upstream_answers_json(&result("ok"));
        let body = || legacy_call("read", &json!({}));
        assert_eq!(world.send(with_session(post("crm", Some(&staff()), body()), &id)).status, 200);
        let sent = world.ports.sent.borrow_mut().pop().unwrap();
        assert_eq!(sent.headers()["mcp-session-id"], "upstream-session");
        assert_eq!(sent.headers()["mcp-protocol-version"], "2025-11-25");

        let mut other_revision = with_session(post("crm", Some(&staff()), body()), &id);
        other_revision.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static("2025-06-18"));
        world.ports.sent.borrow_mut().clear();
        for (name, request) in [
            ("another principal", with_session(post("crm", Some(&token("bob", "staff")), body()), &id)),
            ("another connection", with_session(post("photos", Some(&staff()), body()), &id)),
            ("another revision", other_revision),
            ("the upstream's own id", with_session(post("crm", Some(&staff()), body()), "upstream-session")),
        ] {
            let done = world.send(request);
            assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (404, Some(-32001)), "{name}");
        }
        assert!(world.ports.sent.borrow().is_empty(), "nothing left for the upstream");
    }
}

#[test]
fn the_edge_refuses_with_a_record_and_forwards_nothing() {
    let body = || legacy_call("read", &json!({}));
    let good = || post("crm", Some(&staff()), body());
    let with = |name: &'static str, value: &'static str| {
        let mut request = good();
        request.headers_mut().append(name, HeaderValue::from_static(value));
        request
    };
    let set = |name: &'static str, value: &'static str| {
        let mut request = good();
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        request
    };
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (name, request, status, kind) in [
        ("a foreign host", set("host", "evil.example.com"), 403, "host_not_allowed"),
        ("two hosts", with("host", "evil.example.com"), 403, "host_not_allowed"),
        ("a foreign origin", with("origin", "https://evil.example.com"), 403, "origin_not_allowed"),
        ("the origin `null`", with("origin", "null"), 403, "origin_not_allowed"),
        ("a forged address", with("spin-client-addr", "10.0.0.1:1"), 400, "forged_header"),
        (
            "a doubled session",
            {
                let mut r = with("mcp-session-id", "a");
                r.headers_mut().append("mcp-session-id", HeaderValue::from_static("b"));
                r
            },
            400,
            "protocol",
        ),
        ("an unknown connection", post("wiki", Some(&staff()), body()), 404, "not_found"),
        ("a strange connection", post("CRM/../x", Some(&staff()), body()), 404, "not_found"),
        ("text", set("content-type", "text/plain"), 415, "unsupported_media_type"),
        ("an encoding", with("content-encoding", "gzip"), 415, "unsupported_media_type"),
        ("only JSON", set("accept", "application/json"), 406, "not_acceptable"),
        ("malformed JSON", post("crm", Some(&staff()), "{"), 400, "protocol"),
        ("nesting", post("crm", Some(&staff()), nested), 400, "protocol"),
        ("an empty batch", post("crm", Some(&staff()), "[]"), 400, "protocol"),
        ("a long body", post("crm", Some(&staff()), "x".repeat(5000)), 413, "body_too_large"),
        ("no token", post("crm", None, body()), 401, "unauthenticated"),
        ("a bad token", post("crm", Some("a.b.c"), body()), 401, "unauthenticated"),
        ("two tokens", with("authorization", "Bearer x"), 401, "unauthenticated"),
    ] {
        let world = World::new();
        let done = world.send(request);
        assert_eq!(done.status, status, "{name}: {done:?}");
        assert_eq!(world.events(), [format!("refusal {kind}")], "{name}");
    }
    let world = World::new();
    world.ports.late.set(true);
    let mut slow = good();
    *slow.body_mut() = Chunked { chunks: [b"{".to_vec()].into(), end: End::Silent, gauge: Rc::default() };
    assert_eq!(world.send(slow).status, 408);
    assert_eq!(world.events(), ["refusal body_too_slow"]);
}

#[test]
fn what_servers_could_read_in_two_ways_is_not_forwarded() {
    let read = |uri: &str| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": uri}}).to_string()
    };
    let call =
        |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    for body in [
        call(r#"{"name":"read","Name":"write","arguments":{}}"#),
        call(r#"{"name":"read","arguments":{"amount":5,"Amount":500}}"#),
        call(r#"{"name":"read","arguments":{},"input_responses":{}}"#),
        call(r#"{"name":"read","arguments":{},"\u017ftate":1,"State":2}"#),
        call(&format!(r#"{{"name":"read","arguments":{{"a":[{}0]}}}}"#, "0,".repeat(1900)))
            .replace("0,", "[],[],[],[],[],[],[],[],[],[],[],"),
        read("file:///public/../etc/passwd"),
        read("file:///public/%2e%2e/etc/passwd"),
        read("CRM://1"),
        read("crm://1\n"),
    ] {
        let world = World::new();
        world.upstream_answers_json(&result("ok"));
        let done = world.send(post("crm", Some(&staff()), body.clone()));
        assert!(done.json().get("error").is_some() || done.status == 413, "{body}: {done:?}");
        assert!(world.ports.sent.borrow().is_empty(), "{body}");
    }
}

#[test]
fn resources_that_an_answer_embeds_need_a_permit_of_their_own() {
    let content = json!([
        {"type": "resource", "resource": {"uri": "crm://secret", "text": "the secret"}},
        {"type": "resource_link", "uri": "crm://secret", "name": "s"},
        {"type": "text", "text": "hello"},
    ]);
    for (who, want) in [("staff", 0), ("callers", 2)] {
        let world = World::new();
        world.upstream_answers_json(&json!({"jsonrpc": "2.0", "id": 1, "result": {"content": content}}));
        let done = world.send(post("crm", Some(&token("ada", who)), legacy_call("read", &json!({}))));
        assert_eq!(done.text.matches("withheld by the gateway").count(), want, "{who}: {done:?}");
        assert_eq!(done.text.contains("the secret"), want == 0, "{who}: {done:?}");
    }
}

#[test]
fn nothing_passes_unread_in_the_margins() {
    let result = json!({"content": [{"type": "text", "text": "data:image/png;base64,AAAA"}], "nextCursor": CARD,
        "requestId": {"x": CARD}, "progressToken": [CARD], "ttlMs": CARD});
    let stream = format!(
        "id: {CARD}\nretry: 4111111111111111\ndata:\n\nid: {CARD}\nevent: message\ndata: {}\n\n",
        json!({"jsonrpc": "2.0", "id": 1, "result": result}),
    );
    let world = World::new();
    world.upstream_answers("text/event-stream", vec![stream.into_bytes()], End::Whole);
    let done = call(&world, "read");
    assert!(!done.text.contains("4111") && !done.text.contains("base64"), "{done:?}");

    let error =
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 4_111_111_111_111_111_u64, "message": "m"}});
    world.upstream_answers_json(&error);
    assert_eq!(call(&world, "read").json()["error"]["code"], -32603);
}

#[test]
fn a_notification_carries_no_free_text_and_needs_a_session() {
    let world = World::new();
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": 7, "reason": "the secret", "more": "the secret"}})
    .to_string();
    assert_eq!(world.send(post("crm", Some(&staff()), cancel.clone())).status, 202);
    assert!(world.ports.sent.borrow().is_empty(), "not without a session");

    let id = initialize(&world, &staff(), "application/json").headers["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    *world.ports.upstream.borrow_mut() =
        Upstream::Answers { status: 202, headers: vec![], chunks: vec![], end: End::Whole };
    assert_eq!(world.send(with_session(post("crm", Some(&staff()), cancel), &id)).status, 202);
    let sent = world.ports.sent.borrow_mut().pop().unwrap();
    let want = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#;
    assert_eq!(sent.body(), want);
}

#[test]
fn a_notification_is_no_channel_to_the_server() {
    let world = World::new();
    let id = initialize(&world, &staff(), "application/json").headers["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    *world.ports.upstream.borrow_mut() =
        Upstream::Answers { status: 202, headers: vec![], chunks: vec![], end: End::Whole };
    world.ports.sent.borrow_mut().clear();
    for (method, params, passes) in [
        ("progress", json!({"progressToken": "t", "progress": 1}), true),
        ("progress", json!({"progressToken": CARD, "progress": 1}), false),
        ("progress", json!({"progressToken": "t", "progress": 4_111_111_111_111_111_u64}), false),
        ("progress", json!({"progressToken": "t", "progress": "half of it"}), false),
        ("cancelled", json!({"requestId": "t".repeat(129)}), false),
        ("cancelled", json!({"requestId": CARD}), false),
    ] {
        let notice = json!({"jsonrpc": "2.0", "method": format!("notifications/{method}"), "params": params});
        let done = world.send(with_session(post("crm", Some(&staff()), notice.to_string()), &id));
        assert_eq!(done.status, 202, "{notice}");
        assert_eq!(world.ports.sent.borrow_mut().drain(..).count(), usize::from(passes), "{notice}");
    }
}

#[test]
fn what_is_found_in_an_id_is_a_label_of_the_request() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    for (id, want) in [
        (json!("a"), &[][..]),
        (json!(CARD), &["pii.card"]),
        (json!(4_111_111_111_111_111_u64), &["pii.card"]),
    ] {
        let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "read", "arguments": {}}});
        world.ports.store.borrow_mut().clear();
        world.send(post("crm", Some(&staff()), call.to_string()));
        assert_eq!(intent(&world).labels.into_iter().collect::<Vec<_>>(), want, "{id}");
    }
}

#[test]
fn all_that_goes_to_the_server_is_on_record() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    for (method, params, want) in [
        ("tools/call", json!({"name": "read", "arguments": {"a": 1}}), r#"{"a":1}"#),
        (
            "tools/call",
            json!({"name": "read", "arguments": {"a": 1}, "_meta": {"progressToken": 1}}),
            r#"{"a":1}"#,
        ),
        ("tools/call", json!({"name": "read"}), ""),
        (
            "tools/call",
            json!({"name": "read", "arguments": {"a": 1}, "note": "for ada@example.com"}),
            r#"{"arguments":{"a":1},"note":"for [email]"}"#,
        ),
        (
            "tools/call",
            json!({"name": "read", "_meta": {"progressToken": 1, "com.example/note": "hello"}}),
            r#"{"_meta":{"com.example/note":"hello"}}"#,
        ),
        (
            "tools/call",
            json!({"name": "read", "_meta": {"baggage": "a=b", "traceparent": "all my text", "tracestate": "a=b"}}),
            "",
        ),
        (
            "tools/call",
            json!({"name": "read", "_meta": {"traceparent": TRACE}}),
            // The trace has a place of its own in the record.
            "",
        ),
        ("tools/call", json!({"name": "read", "_meta": {"progressToken": "all my text".repeat(12)}}), ""),
        ("logging/setLevel", json!({"level": "debug"}), r#"{"level":"debug"}"#),
        ("logging/setLevel", json!({"level": "debug", "uri": ["x"]}), r#"{"level":"debug","uri":["x"]}"#),
        ("resources/read", json!({"uri": "crm://1", "more": "x"}), r#"{"more":"x"}"#),
        ("resources/unsubscribe", json!({"uri": "crm://1"}), ""),
    ] {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        world.ports.store.borrow_mut().clear();
        world.ports.sent.borrow_mut().clear();
        world.send(post("crm", Some(&staff()), call.to_string()));
        assert_eq!(intent(&world).arguments.text.text(), want, "{call}");
        let sent = world.ports.sent.borrow_mut().pop().unwrap();
        let sent = String::from_utf8(sent.body().to_vec()).unwrap();
        assert!(!sent.contains("a=b") && !sent.contains("all my text"), "{sent}");
    }
}

#[test]
fn an_id_that_the_server_writes_in_another_way_comes_back_as_it_was() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    let call = r#"{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":{"name":"read"}}"#;
    let done = world.send(post("crm", Some(&staff()), call));
    assert!(done.text.contains(r#""id":1.0"#) && done.text.contains("hello"), "{done:?}");
}

#[test]
fn first_requests_of_an_instance_wait_for_one_fetch_of_the_keys() {
    let world = World::new();
    world.upstream_answers_json(&result("hello"));
    world.ports.late.set(true);
    let requests = (0..16).map(|_| post("crm", Some(&staff()), legacy_call("read", &json!({})))).collect();
    for done in world.send_all(requests) {
        assert_eq!((done.status, done.json()), (200, result("hello")));
    }
    assert_eq!(world.key_fetches(), 1);
}

#[test]
fn too_many_refused_tokens_from_one_address_are_held_off() {
    let world = World::new();
    let bad = || world.send(post("crm", Some("a.b.c"), "{}")).status;
    assert_eq!([bad(), bad(), bad(), bad(), bad()], [401, 401, 401, 429, 429]);
    // Signing is not deterministic, and what is remembered is the text of a token.
    let token = staff();
    let good = || post("crm", Some(&token), "{}");
    assert_eq!(world.send(good()).status, 429, "a token that nobody knows yet");
    let mut other = good();
    other.headers_mut().insert("spin-client-addr", HeaderValue::from_static("192.0.2.8:1"));
    assert_eq!(world.send(other).status, 400, "another address is served");
    assert_eq!(world.send(good()).status, 400, "and its token is known now");
}

#[test]
fn strangers_cannot_fill_the_store() {
    let world = World::new();
    for _ in 0..100 {
        assert_eq!(world.send(post("crm", None, "{}")).status, 401);
    }
    assert_eq!(world.events().len(), 8);
    world.upstream_answers_json(&result("hello"));
    call(&world, "read");
    assert_eq!(world.events(), ["intent", "fetch POST", "outcome"], "proven callers are always recorded");
}

#[test]
fn the_challenge_says_where_to_get_a_token_and_little_else() {
    let world = World::new();
    let done = world.send(post("crm", None, "{}"));
    let pointer =
        "Bearer resource_metadata=\"https://gw.example.com/.well-known/oauth-protected-resource/mcp/crm\"";
    assert_eq!(done.headers["www-authenticate"], pointer);
    let done = world.send(post("crm", Some("a.b.c"), "{}"));
    let want = format!("{pointer}, error=\"invalid_token\", error_description=\"the token is malformed\"");
    assert_eq!(done.headers["www-authenticate"], want);
}

#[test]
fn tokens_and_credentials_are_nowhere_at_rest() {
    let world = World::new();
    world.upstream_answers_json(&result("ok"));
    let token = staff();
    world.send(post(
        "crm",
        Some(&token),
        legacy_call("read", &json!({"card": CARD, "to": "ada@example.com"})),
    ));
    world.send(post("crm", Some(&format!("{token}x")), "{}"));
    let traces = world.traces();
    for secret in [token.as_str(), "the-service-credential", "4111", "ada@example.com", "session=secret"] {
        assert!(!traces.contains(secret), "{secret} in {traces}");
    }
    assert!(traces.contains("[card]") && traces.contains("[email]"), "{traces}");
}

fn intent(world: &World) -> Intent {
    let mut intents = world.ports.records().into_iter().filter_map(|record| match record {
        Record::Intent(intent) => Some(intent),
        Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
    });
    intents.next().unwrap()
}
