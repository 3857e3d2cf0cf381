//! Callers that leave before the answer, and answers that take long.

use std::time::Duration;

use portcullis_ledger::CallResult;
use serde_json::json;

use crate::support::{
    Client, call_of, legacy_result, messages, progress, raw_stream, request, response, sent, stream,
    text_result, unreachable, upstream, whole, world,
};
use crate::world::{End, Upstream, World};

const REVISION: &str = "2025-11-25";

/// How the body of the only answer ended: how many chunks were read, whether to the end, whether it was let go.
fn body(world: &World) -> (usize, bool, bool) {
    let bodies = world.ports.bodies.borrow();
    let [body] = bodies.as_slice() else { panic!("{} bodies", bodies.len()) };
    (body.read.get(), body.drained.get(), body.dropped.get())
}

#[test]
fn a_modern_caller_that_leaves_cancels_its_call() {
    let world = world();
    upstream(&world, |sent| stream(&[progress(), progress(), sent.result(&text_result("done"))], End::Whole));
    let client = Client::new(&world);
    let mut reading = client.open(client.modern_request(&call_of(1, "read")));
    assert_eq!(reading.message().unwrap()["method"], "notifications/progress");
    assert!(world.outcomes().is_empty());
    reading.leave();
    assert_eq!(body(&world), (1, false, true), "the upstream is let go at once");
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted);
    assert_eq!(world.outcomes()[0].frames, 1);
    assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
}

#[test]
fn a_caller_of_the_handshake_era_that_leaves_does_not_cancel() {
    let world = world();
    upstream(&world, |sent| {
        stream(&[progress(), progress(), sent.result(&legacy_result("done"))], End::Whole)
    });
    let client = Client::new(&world).in_session(REVISION);
    let mut reading = client.open(client.request(&call_of(1, "read")));
    reading.message().unwrap();
    reading.leave();
    assert_eq!(body(&world), (3, true, true), "the rest is read");
    assert_eq!(sent(&world).len(), 1, "and nothing is told to the server");
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted);
    assert_eq!(world.outcomes()[0].frames, 1, "what nobody got is not counted");
}

#[test]
fn nobody_reads_for_a_caller_that_left_for_ever() {
    let world = world();
    upstream(&world, |_| stream(&[progress()], End::Silent));
    let client = Client::new(&world).in_session(REVISION);
    let reading = client.open(client.request(&call_of(1, "read")));
    world.ports.late.set(true);
    reading.leave();
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted, "silence ends it");
    // A server that goes on and on is read for as long as the caller's token counts.
    let world = self::world();
    upstream(&world, |_| stream(&vec![progress(); 100], End::Silent));
    let client = Client::new(&world).in_session(REVISION);
    let mut reading = client.open(client.request(&call_of(1, "read")));
    reading.message().unwrap();
    world.ports.now.set(world.ports.now.get() + 601_000);
    reading.leave();
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted);
    assert!(body(&world).0 < 3, "{:?}", body(&world));
}

#[test]
fn a_caller_with_an_event_id_may_come_back_so_its_record_stays_open() {
    let world = world();
    upstream(&world, |sent| match sent.verb.as_str() {
        "POST" => raw_stream(&format!("id: 1\ndata: {}\n\n{}", progress(), ": hi\n\n".repeat(9)), End::Whole),
        _ => stream(&[json!({"jsonrpc": "2.0", "id": 1, "result": legacy_result("done")})], End::Whole),
    });
    let client = Client::new(&world).in_session(REVISION);
    let mut reading = client.open(client.request(&call_of(1, "read")));
    let first = reading.next().unwrap();
    reading.leave();
    assert!(world.outcomes().is_empty());
    let id = crate::support::events(&first)[0].id.clone().unwrap();
    // It comes back, leaves again, and comes back once more.
    client.open(client.get(Some(&id))).leave();
    assert!(world.outcomes().is_empty());
    assert_eq!(messages(&client.listen(Some(&id)).text)[0]["result"], legacy_result("done"));
    assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
}

#[test]
fn who_leaves_after_the_answer_changes_nothing() {
    for modern in [false, true] {
        let world = world();
        let result = if modern { text_result("done") } else { legacy_result("done") };
        upstream(&world, move |sent| stream(&[sent.result(&result)], End::Silent));
        let client = Client::new(&world);
        let request = if modern {
            client.modern_request(&call_of(1, "read"))
        } else {
            client.request(&call_of(1, "read"))
        };
        let mut reading = client.open(request);
        assert_eq!(reading.message().unwrap()["id"], 1);
        reading.leave();
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
        assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
    }
}

#[test]
fn a_record_that_cannot_be_closed_when_its_reader_leaves_is_told_to_the_operator() {
    let world = world();
    upstream(&world, |_| stream(&[progress()], End::Silent));
    let client = Client::new(&world);
    let mut reading = client.open(client.modern_request(&call_of(1, "read")));
    reading.message().unwrap();
    world.ports.writes_left.set(0);
    reading.leave();
    assert!(world.ports.log.borrow().iter().any(|line| line.contains("without its outcome")));
}

#[test]
fn who_leaves_the_server_s_own_stream_lets_it_go() {
    let world = world();
    upstream(&world, |_| stream(&[progress()], End::Silent));
    let client = Client::new(&world).in_session(REVISION);
    let mut reading = client.open(client.get(None));
    assert!(reading.message().is_some());
    assert_eq!(reading.message(), None);
    reading.leave();
    assert_eq!(body(&world), (1, false, true));
    assert_eq!(world.events(), ["fetch GET"]);
}

/// A world in which the first ten seconds pass before the upstream answers.
fn slow(answer: impl Fn(&crate::support::Sent) -> Upstream + 'static) -> World {
    let world = world();
    upstream(&world, answer);
    world
}

fn passes(world: &World) {
    world.ports.patience.set(Duration::from_secs(10));
    world.ports.delay.set(50);
}

#[test]
fn an_answer_that_takes_long_begins_with_a_sign_of_life() {
    for modern in [false, true] {
        let result = if modern { text_result("done") } else { legacy_result("done") };
        let streamed = result.clone();
        for upstream in [
            slow(move |sent| whole(&sent.result(&result))),
            slow(move |sent| stream(&[sent.result(&streamed)], End::Whole)),
        ] {
            let client = Client::new(&upstream);
            let client = if modern { client } else { client.in_session(REVISION) };
            passes(&upstream);
            let body = call_of(1, "read");
            let done =
                upstream.send(if modern { client.modern_request(&body) } else { client.request(&body) });
            assert_eq!(
                (done.status, &done.headers["content-type"]),
                (200, &"text/event-stream".parse().unwrap())
            );
            assert!(done.text.starts_with(':'), "{done:?}");
            let answers = messages(&done.text);
            assert_eq!((answers.len(), &answers[0]["result"]["content"][0]["text"]), (1, &json!("done")));
            assert_eq!(upstream.events(), ["intent", "fetch POST", "outcome"]);
        }
    }
}

#[test]
fn an_answer_whose_body_takes_long_begins_with_a_sign_of_life_too() {
    let world =
        slow(|_| response(200, "application/json", vec![br#"{"jsonrpc":"2.0","#.to_vec()], End::Silent));
    let client = Client::new(&world).in_session(REVISION);
    world.ports.patience.set(Duration::from_secs(10));
    let mut reading = client.open(client.request(&call_of(1, "read")));
    assert!(reading.next().unwrap().starts_with(':'));
    assert_eq!(reading.next(), None, "the rest is still awaited");
    world.ports.late.set(true);
    reading.leave();
}

#[test]
fn what_goes_wrong_after_a_sign_of_life_is_told_in_the_stream() {
    for (name, answer) in [
        ("unreachable", unreachable()),
        ("an error", response(500, "text/plain", vec![], End::Whole)),
        ("garbage", response(200, "application/json", vec![b"{".to_vec()], End::Whole)),
        ("legacy only", response(400, "text/plain", vec![], End::Whole)),
    ] {
        let world = slow(move |_| answer.clone());
        let client = Client::new(&world);
        passes(&world);
        let done = client.send_modern(&call_of(1, "read"));
        assert_eq!(done.status, 200, "{name}");
        assert!(done.text.starts_with(':'), "{name}: {done:?}");
        let answers = messages(&done.text);
        assert_eq!((answers.len(), &answers[0]["id"]), (1, &json!(1)), "{name}: {done:?}");
        assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }), "{name}");
    }
}

#[test]
fn a_session_begins_without_a_sign_of_life() {
    let world = slow(|sent| {
        let result = json!({"protocolVersion": REVISION, "capabilities": {}, "serverInfo": {}});
        let headers =
            vec![("content-type", "application/json".to_owned()), ("mcp-session-id", "upstream".to_owned())];
        let chunks = vec![sent.result(&result).to_string().into_bytes()];
        Upstream::Answers { status: 200, headers, chunks, end: End::Whole }
    });
    passes(&world);
    let params = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {}});
    let done = Client::new(&world).send(&request(1, "initialize", params));
    assert!(done.headers.contains_key("mcp-session-id"), "its id is in the head: {done:?}");
    assert_eq!(done.json()["result"]["protocolVersion"], REVISION);
}

#[test]
fn a_caller_that_leaves_while_the_upstream_has_not_begun_is_noticed() {
    let world = slow(|sent| whole(&sent.result(&text_result("done"))));
    let client = Client::new(&world);
    passes(&world);
    let mut reading = client.open(client.modern_request(&call_of(1, "read")));
    assert!(reading.next().unwrap().starts_with(':'));
    reading.leave();
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted);
    assert!(sent(&world).is_empty(), "and nothing arrives there any more");
}
