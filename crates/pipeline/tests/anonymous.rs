//! Callers without a token, where the settings of a test let them in.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the data path's tests use more of it")]
mod world;

use http::{HeaderValue, Request};
use portcullis_ledger::Record;
use serde_json::json;

use crate::world::{Chunked, World, legacy_call, post, result, token};

const SETTINGS: &str = r#"
public_url = "http://127.0.0.1:3000"
secret_key = "0123456789abcdef0123456789abcdef"
[insecure_anonymous]
subject = "suite"
groups = ["testers"]
[issuers.idp]
issuer = "https://idp.example.com"
jwks_url = "https://idp.example.com/keys"
[connections.open]
url = "http://127.0.0.1:3001/mcp"
issuers = ["anonymous", "idp"]
drift = "log"
[connections.closed]
url = "https://crm.example.com/mcp"
issuers = ["idp"]
drift = "log"
"#;

const POLICIES: &str =
    r#"@id("testers") permit (principal in Group::"anonymous:testers", action in Action::"call", resource);"#;

fn world() -> World {
    let world = World::of(SETTINGS, POLICIES);
    world.upstream_answers_json(&result("hello"));
    world
}

/// A call without a token from this machine, with further headers.
fn call(connection: &str, headers: &[(&'static str, &str)]) -> Request<Chunked> {
    let mut request = post(connection, None, legacy_call("read", &json!({})));
    *request.uri_mut() = format!("http://127.0.0.1:3000/mcp/{connection}").parse().unwrap();
    for (name, value) in [("host", "127.0.0.1:3000"), ("spin-client-addr", "127.0.0.1:4321")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[test]
fn a_caller_without_a_token_is_the_principal_that_the_settings_name() {
    let world = world();
    let done = world.send(call("open", &[]));
    assert_eq!((done.status, done.json()), (200, result("hello")));
    let intents = world.ports.records().into_iter().filter_map(|record| match record {
        Record::Intent(intent) => Some(intent.principal),
        Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
    });
    let callers: Vec<_> = intents.map(|caller| (caller.issuer.to_string(), caller.subject)).collect();
    assert_eq!(callers, [("anonymous".to_owned(), "suite".to_owned())]);
}

#[test]
fn a_caller_from_elsewhere_needs_a_token() {
    for headers in [
        [("spin-client-addr", "192.0.2.7:1234")],
        [("spin-client-addr", "no address")],
        [("forwarded", "for=192.0.2.7")],
        [("via", "1.1 proxy")],
        [("x-forwarded-for", "127.0.0.1")],
        [("x-forwarded-host", "gw.example.com")],
        [("x-real-ip", "192.0.2.7")],
    ] {
        let world = world();
        let done = world.send(call("open", &headers));
        assert_eq!(done.status, 401, "{headers:?}: {done:?}");
        assert_eq!(world.events(), ["refusal unauthenticated"], "{headers:?}");
    }
    let mut unknown = call("open", &[]);
    unknown.headers_mut().remove("spin-client-addr");
    assert_eq!(world().send(unknown).status, 401);
}

#[test]
fn a_token_that_is_sent_is_verified_as_ever() {
    for (token, want) in [
        ("Bearer not.a.token".to_owned(), "refusal unauthenticated"),
        ("Basic dXNlcjpwYXNz".to_owned(), "refusal unauthenticated"),
        (String::new(), "refusal unauthenticated"),
        // It is made out to another gateway.
        (format!("Bearer {}", token("ada", "staff")), "refusal unauthenticated"),
    ] {
        let world = world();
        let done = world.send(call("open", &[("authorization", &token)]));
        assert_eq!(done.status, 401, "{token}: {done:?}");
        assert_eq!(world.events(), [want], "{token}");
    }
}

/// A call of revision 2026-07-28 at the place of all connections, without a token.
fn call_of_all(tool: &str) -> Request<Chunked> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": tool, "arguments": {}, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let mut request = call("open", &[("mcp-method", "tools/call"), ("mcp-name", tool)]);
    *request.body_mut() = Chunked::whole(body.to_string());
    request.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static("2026-07-28"));
    *request.uri_mut() = "http://127.0.0.1:3000/mcp".parse().unwrap();
    request
}

#[test]
fn where_connections_are_served_together_only_those_that_list_the_anonymous_are_reached() {
    for (tool, want) in [("open__read", vec!["http://127.0.0.1:3001/mcp"]), ("closed__read", vec![])] {
        let world = world();
        let done = world.send(call_of_all(tool));
        let sent: Vec<String> =
            world.ports.sent.borrow().iter().map(|request| request.uri().to_string()).collect();
        assert_eq!(sent, want, "{tool}: {done:?}");
    }
}

#[test]
fn a_connection_that_does_not_list_the_anonymous_needs_a_token() {
    let done = world().send(call("closed", &[]));
    assert_eq!(done.status, 401, "{done:?}");
}
