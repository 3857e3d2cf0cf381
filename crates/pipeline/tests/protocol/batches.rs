//! Batches of 2025-03-26: each element is decided, recorded and answered by itself.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    Client, MODERN, POLICIES, SETTINGS, accepted, call_of, intents, legacy_result, messages, notification,
    refusals, request, sent_methods, set, stream, unreachable, upstream, whole, world,
};
use crate::world::{End, World};

const REVISION: &str = "2025-03-26";

/// An upstream that knows nothing of batches and says what it was asked.
fn echoing() -> World {
    // The breaker would tell whoever comes after a few failures something else.
    let crm = r#"url = "https://crm.example.com/mcp""#;
    let breaker = "breaker = { failures = 1000, pause_seconds = 5, longest_pause_seconds = 60 }";
    let world = World::of(&SETTINGS.replace(crm, &format!("{crm}\n{breaker}")), POLICIES);
    upstream(&world, |sent| match (sent.body["id"].is_null(), sent.body["params"]["name"].as_str()) {
        (true, _) => accepted(),
        (false, Some("down")) => unreachable(),
        (false, Some("streamed")) => stream(&[sent.result(&legacy_result("streamed"))], End::Whole),
        (false, _) => whole(&sent.result(&legacy_result(&sent.body["params"]["name"].to_string()))),
    });
    world
}

/// The answers by their ids; a batch's may come in any order.
fn by_id(text: &str) -> Vec<Value> {
    let mut answers = messages(text);
    answers.sort_by_key(|answer| answer["id"].to_string());
    answers
}

#[test]
fn each_element_is_decided_forwarded_and_recorded_by_itself() {
    let world = echoing();
    let client = Client::new(&world).in_session(REVISION);
    let done = client.send(&json!([
        call_of(1, "read"),
        call_of("two", "write"),
        notification("notifications/cancelled", json!({"requestId": 9})),
        call_of(3, "streamed"),
        request(4, "resources/read", json!({"uri": "crm://secret"})),
        call_of(5, "down"),
    ]));
    assert_eq!(done.status, 200);
    assert_eq!(done.headers["content-type"], "text/event-stream");
    let failed = |id: Value, text: &str| json!({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}], "isError": true}});
    assert_eq!(
        by_id(&done.text),
        [
            failed(json!("two"), "not allowed"),
            json!({"jsonrpc": "2.0", "id": 1, "result": legacy_result("\"read\"")}),
            json!({"jsonrpc": "2.0", "id": 3, "result": legacy_result("streamed")}),
            json!({"jsonrpc": "2.0", "id": 4, "error": {"code": 40301, "message": "not allowed"}}),
            failed(json!(5), "the server behind the gateway failed"),
        ]
    );
    let mut sent = sent_methods(&world);
    sent.sort();
    assert_eq!(sent, ["notifications/cancelled", "tools/call", "tools/call", "tools/call"]);
    let mut called: Vec<_> = intents(&world).into_iter().filter_map(|intent| intent.name).collect();
    called.sort();
    assert_eq!(called, ["down", "read", "streamed"]);
    assert_eq!(world.outcomes().len(), 4, "each call that left has an outcome, and so has giving one up");
    let refused = refusals(&world).into_iter().map(|refusal| (refusal.name, refusal.kind));
    let mut refused: Vec<_> = refused.map(|(name, kind)| (name.unwrap(), kind)).collect();
    refused.sort();
    let denied = "denied".to_owned();
    assert_eq!(refused, [("crm://secret".to_owned(), denied.clone()), ("write".to_owned(), denied)]);
}

#[test]
fn every_element_leaves_with_its_own_intent_before_it() {
    let world = echoing();
    let client = Client::new(&world).in_session(REVISION);
    world.ports.writes_left.set(1);
    let done = client.send(&json!([call_of(1, "read"), call_of(2, "read")]));
    let answers = by_id(&done.text);
    assert_eq!(sent_methods(&world).len(), 1, "the second has no intent on record");
    // The store fails for the outcome of the first, too.
    for (answer, why) in answers.iter().zip(["withholds", "was not made"]) {
        assert!(answer.to_string().contains(why), "{answer}");
    }
}

#[test]
fn what_wants_no_answer_gets_a_receipt() {
    let notice = || notification("notifications/progress", json!({"progressToken": 1, "progress": 1}));
    for (name, batch, forwarded) in [
        ("one", json!([notice()]), 1),
        ("two", json!([notice(), notification("notifications/initialized", json!({}))]), 2),
        ("an unknown one", json!([notice(), notification("notifications/unknown", json!({}))]), 1),
        ("an answer to nothing", json!([notice(), {"jsonrpc": "2.0", "id": "x", "result": {}}]), 1),
    ] {
        let world = echoing();
        let client = Client::new(&world).in_session(REVISION);
        let done = client.send(&batch);
        assert_eq!((done.status, done.text.as_str()), (202, ""), "{name}");
        assert_eq!(sent_methods(&world).len(), forwarded, "{name}");
    }
}

#[test]
fn what_is_refused_in_a_batch_without_an_answer_is_still_on_record() {
    let world = echoing();
    let client = Client::new(&world).in_session(REVISION);
    let stray = json!({"jsonrpc": "2.0", "id": "x", "result": {}});
    let done =
        client.send(&json!([notification("notifications/unknown", json!({})), stray, call_of(1, "read")]));
    assert_eq!(messages(&done.text).len(), 1, "a notification and a response are never answered: {done:?}");
    let kinds: Vec<_> = refusals(&world).into_iter().map(|refusal| refusal.kind).collect();
    assert_eq!(kinds, ["protocol", "protocol"]);
}

#[test]
fn one_bad_element_does_not_hide_the_others() {
    let modern = || {
        let mut body = call_of(7, "read");
        body["params"]["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        body
    };
    for (name, bad, id, code) in [
        ("no message", json!(17), Value::Null, -32600),
        ("null", Value::Null, Value::Null, -32600),
        ("a nested batch", json!([call_of(7, "read")]), Value::Null, -32600),
        ("no version", json!({"id": 7, "method": "ping"}), Value::Null, -32600),
        ("a null id", json!({"jsonrpc": "2.0", "id": null, "method": "ping"}), Value::Null, -32600),
        ("`initialize`", request(7, "initialize", json!({"protocolVersion": REVISION})), json!(7), -32600),
        ("an unknown method", request(7, "tools/destroy", json!({})), json!(7), -32601),
        ("a method of another era", request(7, "server/discover", json!({})), json!(7), -32601),
        ("no name", request(7, "tools/call", json!({})), json!(7), -32602),
        (
            "two readings",
            request(7, "tools/call", json!({"name": "a", "request_state": ""})),
            json!(7),
            -32602,
        ),
        ("a modern request", modern(), json!(7), -32020),
    ] {
        let world = echoing();
        let client = Client::new(&world).in_session(REVISION);
        let done = client.send(&json!([call_of(1, "read"), bad, call_of(2, "read")]));
        assert_eq!(done.status, 200, "{name}");
        let answers = by_id(&done.text);
        let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["error"].is_null());
        assert_eq!(good.iter().map(|answer| &answer["id"]).collect::<Vec<_>>(), [1, 2], "{name}");
        let bad: Vec<_> =
            bad.iter().map(|answer| (&answer["id"], answer["error"]["code"].as_i64())).collect();
        assert_eq!(bad, [(&id, Some(code))], "{name}");
        assert_eq!(sent_methods(&world), ["tools/call", "tools/call"], "{name}");
        assert_eq!(refusals(&world).len(), 1, "{name}");
    }
}

#[test]
fn only_2025_03_26_has_batches() {
    let batch = json!([call_of(1, "read")]);
    let world = echoing();
    for revision in ["2025-06-18", "2025-11-25"] {
        let client = Client::new(&world).in_session(revision);
        let done = client.send(&batch);
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (400, Some(-32600)), "{revision}");
    }
    for (session, header, status) in [
        (None, "2025-06-18", 400),
        (None, "2025-11-25", 400),
        (None, MODERN, 400),
        (None, "2025-03-26 ", 200),
        (Some(REVISION), "2025-11-25", 400),
        (Some("2025-11-25"), REVISION, 400),
        (Some(REVISION), REVISION, 200),
    ] {
        let client = Client::new(&world);
        let client = match session {
            None => client,
            Some(revision) => client.in_session(revision),
        };
        let mut request = client.request(&batch);
        set(&mut request, "mcp-protocol-version", header.trim());
        assert_eq!(world.send(request).status, status, "{session:?} {header}");
        assert_eq!(sent_methods(&world).len(), usize::from(status == 200), "{session:?} {header}");
    }
    let mut doubled = Client::new(&world).request(&batch);
    doubled.headers_mut().append("mcp-protocol-version", REVISION.parse().unwrap());
    doubled.headers_mut().append("mcp-protocol-version", MODERN.parse().unwrap());
    let done = world.send(doubled);
    assert!(sent_methods(&world).is_empty(), "{done:?}");
}

#[test]
fn a_batch_has_at_least_one_element_and_not_too_many() {
    for (length, status) in [(0, 400), (1, 200), (50, 200), (51, 400)] {
        let world = echoing();
        let client = Client::new(&world).in_session(REVISION);
        let batch: Vec<_> = (0..length).map(|id| call_of(id, "read")).collect();
        let done = client.send(&batch.into());
        assert_eq!(done.status, status, "{length}: {done:?}");
        let forwarded = if status == 200 { usize::try_from(length).unwrap() } else { 0 };
        assert_eq!(sent_methods(&world).len(), forwarded, "{length}");
        assert_eq!(refusals(&world).len(), usize::from(status == 400), "{length}");
    }
}

#[test]
fn a_batch_of_nobody_s_session_is_refused_as_a_whole() {
    let world = echoing();
    let owner = Client::new(&world).in_session(REVISION);
    let thief = Client::of(&world, "bob", "staff").in_session_with(&owner);
    let done = thief.send(&json!([call_of(1, "read"), call_of(2, "read")]));
    assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (404, Some(-32001)));
    assert!(sent_methods(&world).is_empty());
}

#[test]
fn answers_come_as_they_are_there() {
    let world = world();
    upstream(&world, |sent| match sent.body["params"]["name"].as_str() {
        Some("slow") => stream(&[], End::Silent),
        _ => whole(&sent.result(&legacy_result("quick"))),
    });
    let client = Client::new(&world).in_session(REVISION);
    let mut reading = client.open(client.request(&json!([call_of(1, "slow"), call_of(2, "read")])));
    assert_eq!(reading.message().unwrap()["id"], 2);
    assert_eq!(reading.message(), None, "the other is still awaited");
    world.ports.late.set(true);
    reading.leave();
    assert_eq!(world.outcomes().len(), 2);
}

/// An element, and whether it has an answer.
fn element() -> impl Strategy<Value = Value> {
    let tool = prop_oneof![Just("read"), Just("write"), Just("streamed"), Just("down")];
    prop_oneof![
        4 => tool.prop_map(|tool| call_of(0, tool)),
        1 => prop_oneof![Just("crm://1"), Just("crm://secret"), Just("CRM://x")]
            .prop_map(|uri| request(0, "resources/read", json!({"uri": uri}))),
        1 => Just(request(0, "ping", json!({}))),
        1 => Just(request(0, "server/discover", json!({}))),
        1 => Just(request(0, "tools/call", json!({"name": 7}))),
        1 => Just(notification("notifications/initialized", json!({}))),
        1 => Just(notification("notifications/unknown", json!({}))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_answer_of_a_batch_is_the_answer_to_its_element_alone(elements in prop::collection::vec(element(), 1..8)) {
        let numbered: Vec<Value> = elements.into_iter().enumerate().map(|(index, mut element)| {
            if !element["id"].is_null() {
                element["id"] = json!(index);
            }
            element
        }).collect();
        let world = echoing();
        let client = Client::new(&world).in_session(REVISION);
        let mut alone = Vec::new();
        for element in numbered.iter().filter(|element| !element["id"].is_null()) {
            alone.extend(messages(&client.send(element).text));
        }
        alone.sort_by_key(|answer| answer["id"].to_string());
        // A server that is down is left alone after a while, so this is another instance.
        let world = echoing();
        let together = Client::new(&world).in_session(REVISION).send(&numbered.into());
        prop_assert_eq!(together.status, if alone.is_empty() { 202 } else { 200 });
        prop_assert_eq!(by_id(&together.text), alone);
    }
}
