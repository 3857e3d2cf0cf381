use http::HeaderName;

use super::*;
use crate::json::{Bounds, parse};

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn outcome(headers: &[(&str, &str)], body: &str) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    let body = body.replace("META", META);
    let message = Message::try_from(parse(body.as_bytes(), Bounds::request(16)).unwrap()).unwrap();
    match classify(&map, message) {
        Ok(Incoming::Call(call)) => format!("{:?} {:?} {:?}", call.method, call.era, call.name()),
        Ok(Incoming::Notice(notice)) => format!("{:?} {:?}", notice.notification, notice.era),
        Ok(Incoming::Reply(_)) => "reply".to_owned(),
        Err(rejected) => {
            let Rejected { id, rejection } = *rejected;
            let id = id.map_or("no id", |_| "id");
            format!("{} {} {id}: {rejection}", rejection.status().as_u16(), rejection.code())
        }
    }
}

const MODERN: [(&str, &str); 3] =
    [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "refund")];
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund",META}}"#;

#[test]
fn every_request_has_one_era() {
    let legacy_call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund"}}"#;
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    for (headers, body, want) in [
        (&MODERN[..], CALL, "ToolsCall Modern Some(\"refund\")"),
        (&[], legacy_call, "ToolsCall Legacy(None) Some(\"refund\")"),
        (
            &[("mcp-protocol-version", "2025-11-25")],
            legacy_call,
            "ToolsCall Legacy(Some(V2025_11_25)) Some(\"refund\")",
        ),
        (
            &[("mcp-session-id", "x"), ("mcp-method", "lies")],
            legacy_call,
            "ToolsCall Legacy(None) Some(\"refund\")",
        ),
        (&[], initialize, "Initialize Legacy(None) None"),
        (&[], r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "Initialized Legacy(None)"),
        (&[], r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "reply"),
    ] {
        assert_eq!(outcome(headers, body), want, "{headers:?} {body}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let replaced = |index: usize, value: &'static str| {
        let mut headers = MODERN.to_vec();
        headers[index].1 = value;
        headers
    };
    let without = |index: usize| {
        let mut headers = MODERN.to_vec();
        headers.remove(index);
        headers
    };
    let with = |name, value| {
        let mut headers = MODERN.to_vec();
        headers.push((name, value));
        headers
    };
    let mismatch = |name: &str| format!("400 -32020 id: header `{name}` does not match the body");
    for (headers, body, want) in [
        (replaced(0, "2025-11-25"), CALL, mismatch("mcp-protocol-version")),
        (replaced(1, "TOOLS/CALL"), CALL, mismatch("mcp-method")),
        (replaced(2, "list"), CALL, mismatch("mcp-name")),
        (replaced(2, "=?base64?!?="), CALL, mismatch("mcp-name")),
        (without(0), CALL, mismatch("mcp-protocol-version")),
        (without(1), CALL, mismatch("mcp-method")),
        (without(2), CALL, mismatch("mcp-name")),
        (with("mcp-name", "refund"), CALL, "400 -32600 id: header `mcp-name` appears more than once".into()),
        (with("mcp-session-id", "a"), CALL, "ToolsCall Modern Some(\"refund\")".into()),
        (
            vec![("mcp-protocol-version", "2026-07-28")],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            "400 -32602 id: invalid params: `_meta` needs `io.modelcontextprotocol/protocolVersion`".into(),
        ),
        (
            vec![("mcp-protocol-version", "2024-11-05")],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            "400 -32600 id: unsupported protocol version".into(),
        ),
        (
            vec![("mcp-protocol-version", "2027-01-01"), ("mcp-method", "ping")],
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2027-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
            "400 -32022 id: unsupported protocol version".into(),
        ),
        (
            vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", "ping")],
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{META}}"#,
            "404 -32601 id: method not found".into(),
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}"#,
            "200 -32601 id: method not found".into(),
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}"#,
            "200 -32602 id: invalid params: `name` must be a string".into(),
        ),
        (
            vec![("mcp-protocol-version", "2026-07-28")],
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            "400 -32600 no id: invalid request: unexpected response".into(),
        ),
    ] {
        assert_eq!(outcome(&headers, body), want, "{headers:?} {body}");
    }
}

#[test]
fn names_that_no_header_can_carry_travel_in_base64() {
    for name in ["refund", "überweisung", " padded ", "=?base64?cmVmdW5k?=", "a\nb", ""] {
        let value = encode_value(name).unwrap();
        assert_eq!(decode_value(value.to_str().unwrap()).as_deref(), Some(name));
    }
}

#[test]
fn a_legacy_request_loses_the_markers_of_the_other_era() {
    let text = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/clientInfo":{},"progressToken":7}}}"#;
    let message = Message::try_from(parse(text, Bounds::request(16)).unwrap()).unwrap();
    let Ok(Incoming::Call(call)) = classify(&HeaderMap::new(), message) else { panic!("not a call") };
    assert_eq!(
        String::from_utf8(call.to_bytes()).unwrap(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":7}}}"#
    );
}

#[test]
fn the_id_of_a_request_has_a_length() {
    let call = |id: String| outcome(&[], &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
    let refused = "400 -32600 no id: invalid request: `id` is too long";
    assert_eq!(call("1".repeat(LONGEST_ID)), "Ping Legacy(None) None");
    assert_eq!(call("1".repeat(LONGEST_ID + 1)), refused);
    assert_eq!(call(format!("\"{}\"", "i".repeat(LONGEST_ID))), "Ping Legacy(None) None");
    assert_eq!(call(format!("\"{}\"", "i".repeat(LONGEST_ID + 1))), refused);
    // Answers name what the gateway has sealed, which is longer.
    let long = "s".repeat(4 * LONGEST_ID);
    assert_eq!(outcome(&[], &format!(r#"{{"jsonrpc":"2.0","id":"{long}","result":{{}}}}"#)), "reply");
}

#[test]
fn what_a_call_is_about_has_a_length() {
    for (method, params) in [
        ("tools/call", r#"{"name":"NAME"}"#),
        ("resources/read", r#"{"uri":"NAME"}"#),
        ("resources/subscribe", r#"{"uri":"NAME"}"#),
        ("completion/complete", r#"{"ref":{"uri":"NAME"},"argument":{}}"#),
    ] {
        let call = |length: usize| {
            let params = params.replace("NAME", &"n".repeat(length));
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
            outcome(&[], &body)
        };
        assert!(!call(LONGEST_NAME).contains("-32602"), "case: {method}");
        let refused = "200 -32602 id: invalid params: a name or URI of more than 8192 bytes";
        assert_eq!(call(LONGEST_NAME + 1), refused, "case: {method}");
    }
}

#[test]
fn a_notification_says_what_it_must_and_nothing_else() {
    let long = "t".repeat(LONGEST_ID + 1);
    let digits = "7".repeat(LONGEST_ID + 1);
    for (method, params, want) in [
        ("cancelled", r#"{"requestId":7,"reason":"x"}"#.to_owned(), Some(r#"{"requestId":7}"#)),
        ("cancelled", r#"{"requestId":"a"}"#.to_owned(), Some(r#"{"requestId":"a"}"#)),
        ("cancelled", "{}".to_owned(), Some("{}")),
        ("cancelled", format!(r#"{{"requestId":"{long}"}}"#), None),
        ("cancelled", r#"{"requestId":["a"]}"#.to_owned(), None),
        ("cancelled", r#"{"requestId":null}"#.to_owned(), None),
        (
            "progress",
            r#"{"total":2.5,"progress":1,"progressToken":"t","message":"x"}"#.to_owned(),
            Some(r#"{"progressToken":"t","progress":1,"total":2.5}"#),
        ),
        ("progress", r#"{"progressToken":1,"progress":"much"}"#.to_owned(), None),
        ("progress", r#"{"progressToken":1,"progress":1,"total":"all"}"#.to_owned(), None),
        ("progress", format!(r#"{{"progressToken":1,"progress":{digits}}}"#), None),
        ("progress", format!(r#"{{"progressToken":"{long}","progress":1}}"#), None),
        ("initialized", r#"{"requestId":"a"}"#.to_owned(), Some("{}")),
    ] {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{params}}}"#);
        let message = Message::try_from(parse(text.as_bytes(), Bounds::request(16)).unwrap()).unwrap();
        let Ok(Incoming::Notice(notice)) = classify(&HeaderMap::new(), message) else { panic!("{text}") };
        let essence = notice.essence().map(|essence| Json::from(essence).to_string());
        assert_eq!(essence.as_deref(), want, "{text}");
    }
}
