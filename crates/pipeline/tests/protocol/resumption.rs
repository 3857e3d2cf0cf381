//! Streams that break and are taken up again with `Last-Event-ID`, in sessions of the handshake era.

use portcullis_ledger::CallResult;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, Sent, accepted, call_of, events, intents, legacy_result, messages, progress, raw_stream,
    request, response, sent, stream, text_result, unreachable, upstream, whole, world,
};
use crate::world::{End, Upstream, World};

const REVISION: &str = "2025-11-25";

fn event(id: &str, message: &Value) -> String {
    format!("id: {id}\ndata: {message}\n\n")
}

fn priming(id: &str) -> String {
    format!("id: {id}\nretry: 500\ndata:\n\n")
}

/// A server that lets the client come back for the answer, which is this.
fn polling(answer: impl Fn(&Sent) -> Value + Clone + 'static) -> World {
    let world = world();
    upstream(&world, move |sent| match sent.verb.as_str() {
        "POST" if sent.body.get("id").is_none() => accepted(),
        "POST" => raw_stream(&format!("{}{}", priming("up/1"), event("up/2", &progress())), End::Whole),
        // The answer is to the call; the GET does not know its id.
        _ => raw_stream(&event("up/3", &answer(sent)), End::Whole),
    });
    world
}

fn answer_to_7(result: Value) -> impl Fn(&Sent) -> Value + Clone {
    move |_| json!({"jsonrpc": "2.0", "id": 7, "result": result})
}

/// The ids of the events of a stream.
fn ids(text: &str) -> Vec<String> {
    events(text).into_iter().filter_map(|event| event.id).collect()
}

/// Calls, and returns the last id that the client gets before the stream ends.
fn interrupted(client: &Client<'_>, call: &Value) -> String {
    let done = client.send(call);
    ids(&done.text).pop().unwrap_or_else(|| panic!("no id: {done:?}"))
}

#[test]
fn ids_are_sealed_and_priming_events_pass_with_their_pause() {
    let world = polling(answer_to_7(legacy_result("done")));
    let client = Client::new(&world).in_session(REVISION);
    let done = client.send(&call_of(7, "read"));
    let seen = events(&done.text);
    assert_eq!(seen.len(), 2, "{done:?}");
    assert_eq!(
        (seen[0].retry, seen[0].data.as_deref(), seen[0].kind.as_deref()),
        (Some(500), Some(""), None)
    );
    assert_eq!(messages(&done.text), [progress()], "that it ends without an answer is no error");
    for event in &seen {
        let id = event.id.as_deref().unwrap();
        assert!(id.len() > 40 && !id.contains("up"), "{id}");
    }
    assert_ne!(seen[0].id, seen[1].id);
    assert_eq!(world.events(), ["intent", "fetch POST"], "the record stays open for the rest");
}

#[test]
fn a_pause_passes_where_it_stands_alone_and_is_not_endless() {
    for (field, want) in [
        ("retry: 500", Some(500)),
        ("retry: 3600000", Some(3_600_000)),
        ("retry: 3600001", None),
        ("retry: x", None),
    ] {
        let world = world();
        let text = format!("{field}\n\n{}", event("up/1", &progress()));
        upstream(&world, move |_| raw_stream(&text, End::Whole));
        let done = Client::new(&world).in_session(REVISION).listen(None);
        assert_eq!(events(&done.text).iter().find_map(|event| event.retry), want, "{field}: {done:?}");
        assert_eq!(messages(&done.text), [progress()], "{field}");
    }
}

#[test]
fn the_rest_comes_under_the_upstream_s_own_id_and_closes_the_record_once() {
    let world = polling(answer_to_7(legacy_result(&format!("card {CARD}"))));
    let client = Client::new(&world).in_session(REVISION);
    let last = interrupted(&client, &call_of(7, "read"));
    let intent = intents(&world).pop().unwrap();
    sent(&world);
    world.events();
    for (round, events) in [(0, &["fetch GET", "outcome"][..]), (1, &["fetch GET"])] {
        let done = client.listen(Some(&last));
        assert_eq!(done.status, 200);
        assert_eq!(done.headers["content-type"], "text/event-stream");
        let want = json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result("card [card]")});
        assert_eq!(messages(&done.text), [want], "{round}");
        let get = sent(&world).pop().unwrap();
        assert_eq!(get.header("last-event-id"), Some("up/2"));
        assert_eq!(get.header("mcp-session-id"), Some("upstream-session"));
        assert_eq!(get.header("mcp-protocol-version"), Some(REVISION));
        assert_eq!(world.events(), events, "{round}");
    }
    let outcome = world.outcomes().pop().unwrap();
    assert_eq!((outcome.id, outcome.masked["pii.card"]), (intent.id, 1));
    assert_eq!(outcome.result, CallResult::Completed { is_error: false });
}

#[test]
fn each_stop_on_the_way_gives_an_id_of_its_own() {
    let world = world();
    upstream(&world, |sent| match sent.header("last-event-id") {
        None => raw_stream(&priming("a"), End::Whole),
        Some("a") => raw_stream(&priming("b"), End::Whole),
        // Comes back with nothing at all, not even an id.
        Some("b") => raw_stream(": not yet\n\n", End::Whole),
        Some(_) => response(404, "", vec![], End::Whole),
    });
    let client = Client::new(&world).in_session(REVISION);
    let first = interrupted(&client, &call_of(7, "read"));
    let second = ids(&client.listen(Some(&first)).text).pop().unwrap();
    assert_ne!(first, second);
    let done = client.listen(Some(&second));
    assert_eq!(messages(&done.text), Vec::<Value>::new(), "still no error: the client has an id");
    let last: Vec<_> =
        sent(&world).iter().map(|sent| sent.header("last-event-id").map(ToOwned::to_owned)).collect();
    assert_eq!(last, [None, Some("a".to_owned()), Some("b".to_owned())]);
    assert!(world.outcomes().is_empty(), "nobody knows yet how it ends");
    upstream(&world, |_| {
        stream(&[json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result("done")})], End::Whole)
    });
    assert_eq!(messages(&client.listen(Some(&second)).text).len(), 1);
    assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
}

#[test]
fn somebody_else_s_id_is_no_id() {
    let world = polling(answer_to_7(legacy_result("done")));
    let client = Client::new(&world).in_session(REVISION);
    let last = interrupted(&client, &call_of(7, "read"));
    sent(&world);
    let mut tampered = last.clone().into_bytes();
    tampered[60] ^= 1;
    let tampered = String::from_utf8(tampered).unwrap();
    let session = client.get(None).headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let bob = Client::of(&world, "bob", "staff").in_session(REVISION);
    let photos = Client::new(&world).on("photos").in_session(REVISION);
    let elsewhere = Client::new(&world).in_session_of(REVISION, "another-session");
    for (name, client, last) in [
        ("another principal", &bob, last.as_str()),
        ("another connection", &photos, last.as_str()),
        ("another session", &elsewhere, last.as_str()),
        ("a tampered one", &client, tampered.as_str()),
        ("a cut one", &client, &last[..last.len() - 4]),
        ("the upstream's own", &client, "up/2"),
        ("nothing", &client, ""),
        ("a session's", &client, &session),
    ] {
        let done = client.listen(Some(last));
        assert_eq!(
            (done.status, done.json()["error"]["code"].as_i64()),
            (404, Some(-32001)),
            "{name}: {done:?}"
        );
        assert!(sent(&world).is_empty(), "{name}: nothing is forwarded");
    }
    let mut doubled = client.get(Some(&last));
    doubled.headers_mut().append("last-event-id", "up/2".parse().unwrap());
    assert_eq!(world.send(doubled).status, 400);
    let done = Client::new(&world).listen(Some(&last));
    assert_eq!(done.status, 405, "without a session there is nothing to take up: {done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn what_is_taken_up_is_judged_as_the_call_that_it_answers() {
    let tools = json!({"tools": [{"name": "read"}, {"name": "write"}]});
    let secret =
        json!({"contents": [{"uri": "crm://1", "text": "a"}, {"uri": "crm://secret", "text": "top secret"}]});
    let values = json!({"completion": {"values": ["1", "secret"]}});
    let template = json!({"ref": {"type": "ref/resource", "uri": "crm://{id}"}, "argument": {"name": "id", "value": ""}});
    for (call, result, want) in [
        (request(7, "tools/list", json!({})), tools, json!({"tools": [{"name": "read"}]})),
        (
            request(7, "resources/read", json!({"uri": "crm://1"})),
            secret,
            json!({"contents": [{"uri": "crm://1", "text": "a"}]}),
        ),
        (request(7, "completion/complete", template), values, json!({"completion": {"values": ["1"]}})),
    ] {
        let world = polling(answer_to_7(result));
        let client = Client::new(&world).in_session(REVISION);
        let last = interrupted(&client, &call);
        let done = client.listen(Some(&last));
        assert_eq!(messages(&done.text), [json!({"jsonrpc": "2.0", "id": 7, "result": want})], "{call}");
    }
}

#[test]
fn a_call_cannot_become_a_task_on_the_way() {
    let task = json!({"task": {"taskId": "t", "status": "working"}});
    for (wish, becomes) in [(false, false), (true, true)] {
        let world = polling(answer_to_7(task.clone()));
        let client = Client::new(&world).in_session(REVISION);
        let mut call = call_of(7, "read");
        if wish {
            call["params"]["task"] = json!({});
        }
        let last = interrupted(&client, &call);
        world.events();
        let done = client.listen(Some(&last));
        assert_eq!(done.text.contains("taskId"), becomes, "{done:?}");
        assert_eq!(world.events().contains(&"keep task".to_owned()), becomes);
        assert_eq!(messages(&done.text)[0]["result"]["isError"] == true, !becomes, "{done:?}");
    }
    for result in [
        json!({"resultType": "task", "taskId": "t"}),
        json!({"resultType": "input_required", "requestState": "s"}),
    ] {
        let world = polling(answer_to_7(result));
        let client = Client::new(&world).in_session(REVISION);
        let last = interrupted(&client, &call_of(7, "read"));
        assert_eq!(client.listen(Some(&last)).json()["result"]["isError"], true);
    }
}

#[test]
fn an_answer_to_something_else_ends_it() {
    let world = polling(|_| json!({"jsonrpc": "2.0", "id": 8, "result": legacy_result("bob's")}));
    let client = Client::new(&world).in_session(REVISION);
    let last = interrupted(&client, &call_of(7, "read"));
    let done = client.listen(Some(&last));
    assert_eq!(
        (done.json()["id"].as_i64(), done.json()["result"]["isError"].as_bool()),
        (Some(7), Some(true))
    );
    assert!(!done.text.contains("bob"), "{done:?}");
    assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }));
}

#[test]
fn ids_are_passed_on_only_where_they_can_be_used() {
    let with_id =
        |result: Value| move |sent: &Sent| raw_stream(&event("up/1", &sent.result(&result)), End::Whole);
    let world = world();
    upstream(&world, with_id(legacy_result("done")));
    let done = Client::new(&world).send(&call_of(7, "read"));
    assert_eq!(ids(&done.text), Vec::<String>::new(), "no session: {done:?}");
    upstream(&world, with_id(text_result("done")));
    let done = Client::new(&world).send_modern(&call_of(7, "read"));
    assert_eq!(ids(&done.text), Vec::<String>::new(), "2026-07-28 has none: {done:?}");
    upstream(&world, with_id(legacy_result("done")));
    let client = Client::new(&world).in_session(REVISION);
    assert_eq!(ids(&client.send(&call_of(7, "read")).text).len(), 1);
    // What could not be sent back in a header, or is absurdly long, is not given out.
    for id in ["x".repeat(1025), "a\u{1}b".to_owned(), "a\u{7f}".to_owned()] {
        let text = event(&id, &progress());
        upstream(&world, move |_| raw_stream(&text, End::Whole));
        let done = client.listen(None);
        assert_eq!((ids(&done.text).len(), messages(&done.text).len()), (0, 1), "{id:?}: {done:?}");
    }
}

#[test]
fn an_id_comes_back_to_the_upstream_byte_by_byte() {
    for id in ["up/2", "0", "Grüße", "a b=;,\"", "💥"] {
        let world = world();
        let text = event(id, &progress());
        upstream(&world, move |_| raw_stream(&text, End::Whole));
        let client = Client::new(&world).in_session(REVISION);
        let last = ids(&client.listen(None).text).pop().unwrap();
        sent(&world);
        client.listen(Some(&last));
        let get = sent(&world).pop().unwrap();
        assert_eq!(get.headers["last-event-id"].as_bytes(), id.as_bytes());
    }
}

#[test]
fn the_server_s_own_stream_is_taken_up_in_the_same_way() {
    let world = world();
    upstream(&world, |sent| match sent.header("last-event-id") {
        None => raw_stream(&event("own/1", &progress()), End::Whole),
        Some(_) => {
            let updated = |uri: &str| json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}});
            // A stream without a call has no answer.
            let answer = json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result("bob's")});
            stream(&[updated("crm://1"), updated("crm://secret"), answer], End::Whole)
        }
    });
    let client = Client::new(&world).in_session(REVISION);
    let last = ids(&client.listen(None).text).pop().unwrap();
    let heard = messages(&client.listen(Some(&last)).text);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["params"]["uri"], "crm://1");
    assert!(world.events().iter().all(|event| event.starts_with("fetch")), "nothing of it is a call");
}

#[test]
fn a_stream_without_ids_must_bring_the_answer() {
    for text in [": hi\n\n", "retry: 500\n\n", "event: message\ndata:\n\n"] {
        let world = world();
        upstream(&world, move |_| raw_stream(text, End::Whole));
        let done = Client::new(&world).in_session(REVISION).send(&call_of(7, "read"));
        let answer = messages(&done.text).pop().unwrap();
        assert_eq!(answer["result"]["isError"], true, "{text:?}: {done:?}");
        assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }), "{text:?}");
    }
}

#[test]
fn an_event_whose_message_does_not_pass_leaves_its_id() {
    let unknown = json!({"jsonrpc": "2.0", "method": "notifications/unheard_of"});
    let question = request(9, "client/run", json!({}));
    let news =
        json!({"jsonrpc": "2.0", "method": "notifications/tasks/status", "params": {"taskId": "bob's"}});
    for dropped in [unknown, question, news] {
        let world = world();
        let text = event("up/1", &dropped);
        upstream(&world, move |sent| {
            match sent.body.get("id").is_some() && sent.body.get("method").is_some() {
                true => raw_stream(&text, End::Whole),
                false => accepted(),
            }
        });
        let client = Client::new(&world).in_session(REVISION);
        let done = client.send(&call_of(7, "read"));
        let seen = events(&done.text);
        assert_eq!((seen.len(), seen[0].data.as_deref()), (1, Some("")), "{dropped}: {done:?}");
        sent(&world);
        client.listen(seen[0].id.as_deref());
        assert_eq!(sent(&world).pop().unwrap().header("last-event-id"), Some("up/1"), "{dropped}");
    }
}

#[test]
fn messages_that_a_server_puts_into_one_event_share_its_id() {
    for (last, is_answer) in
        [(progress(), false), (json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result(CARD)}), true)]
    {
        let world = world();
        let secret = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": CARD}});
        let text = format!("id: up/1\nretry: 500\ndata: [{secret},{last}]\n\n");
        upstream(&world, move |_| raw_stream(&text, End::Whole));
        let client = Client::new(&world).in_session("2025-03-26");
        let done = client.send(&call_of(7, "read"));
        let seen = events(&done.text);
        assert_eq!((seen.len(), messages(&done.text).len()), (2, 2), "{done:?}");
        assert!(done.text.contains("[card]") && !done.text.contains("4111"), "{done:?}");
        assert_eq!((&seen[0].id, seen[1].id.is_some()), (&None, true), "who has the id has seen both");
        assert_eq!(seen[1].retry, Some(500));
        assert_eq!(world.outcomes().len(), usize::from(is_answer));
        sent(&world);
        client.listen(seen[1].id.as_deref());
        assert_eq!(sent(&world).pop().unwrap().header("last-event-id"), Some("up/1"));
    }
}

#[test]
fn a_connection_that_breaks_after_an_id_can_be_taken_up_too() {
    let world = world();
    upstream(&world, |sent| match sent.verb.as_str() {
        "POST" => raw_stream(&event("up/1", &progress()), End::Broken),
        _ => raw_stream(
            &event("up/2", &json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result("done")})),
            End::Whole,
        ),
    });
    let client = Client::new(&world).in_session(REVISION);
    let done = client.send(&call_of(7, "read"));
    assert_eq!(messages(&done.text), [progress()], "no error: {done:?}");
    assert!(world.outcomes().is_empty());
    let done = client.listen(Some(&ids(&done.text)[0]));
    assert_eq!(messages(&done.text)[0]["result"], legacy_result("done"));
    assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
}

#[test]
fn a_server_that_cannot_be_reached_for_the_rest_may_be_asked_again() {
    let world = polling(answer_to_7(legacy_result("done")));
    let client = Client::new(&world).in_session(REVISION);
    let last = interrupted(&client, &call_of(7, "read"));
    let answer = world.ports.upstream.borrow().clone();
    for (name, failing) in [
        ("unreachable", unreachable()),
        ("busy", response(503, "text/plain", vec![], End::Whole)),
        ("no stream", whole(&json!({}))),
        ("html", response(200, "text/html", vec![], End::Whole)),
    ] {
        *world.ports.upstream.borrow_mut() = failing;
        let done = client.listen(Some(&last));
        assert!(done.text.contains("failed"), "{name}: {done:?}");
        assert!(world.outcomes().is_empty(), "{name}: what came of the call is not known");
    }
    *world.ports.upstream.borrow_mut() = answer;
    assert_eq!(messages(&client.listen(Some(&last)).text)[0]["result"], legacy_result("done"));
    assert_eq!(world.outcomes().len(), 1);
}

#[test]
fn what_has_failed_on_record_is_not_answered_after_all() {
    let world = world();
    upstream(&world, |sent| match sent.verb.as_str() {
        "POST" => raw_stream(&format!("{}data: {{\n\n", priming("up/1")), End::Whole),
        _ => stream(&[json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result("done")})], End::Whole),
    });
    let client = Client::new(&world).in_session(REVISION);
    let done = client.send(&call_of(7, "read"));
    assert_eq!(messages(&done.text)[0]["result"]["isError"], true, "{done:?}");
    assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }));
    sent(&world);
    let done = client.listen(Some(&ids(&done.text)[0]));
    assert_eq!((done.status, done.text.contains("done")), (404, false), "{done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn the_rest_is_withheld_where_its_outcome_cannot_be_recorded() {
    let world = polling(answer_to_7(legacy_result("done")));
    let client = Client::new(&world).in_session(REVISION);
    let last = interrupted(&client, &call_of(7, "read"));
    world.ports.writes_left.set(0);
    let done = client.listen(Some(&last));
    assert!(done.text.contains("withholds") && !done.text.contains("done"), "{done:?}");
    world.ports.writes_left.set(u64::MAX);
    world.ports.store_fails.set(Some(":ended:"));
    sent(&world);
    let done = client.listen(Some(&last));
    assert!(!done.text.contains("done"), "whether it is on record already cannot be told: {done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn a_stream_that_the_server_does_not_have_is_no_stream() {
    for (status, want) in [(404, 404), (405, 405)] {
        let world = world();
        upstream(&world, move |_| response(status, "text/plain", vec![], End::Whole));
        let done = Client::new(&world).in_session(REVISION).listen(None);
        assert_eq!(done.status, want, "{done:?}");
    }
    let world = world();
    assert_eq!(Client::new(&world).listen(None).status, 405, "and without a session there is none at all");
}

/// A stream in pieces, as an upstream sends it.
fn pieces() -> impl Strategy<Value = Vec<String>> {
    let update = |uri: &str| json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}});
    let piece = prop_oneof![
        Just(Some(progress())),
        Just(Some(update("crm://1"))),
        Just(Some(update("crm://secret"))),
        Just(Some(json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": CARD}}))),
        Just(None),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| {
        let answer = json!({"jsonrpc": "2.0", "id": 7, "result": legacy_result(CARD)});
        let all = pieces.into_iter().chain([Some(answer)]).enumerate();
        all.map(|(index, piece)| match piece {
            Some(message) => event(&index.to_string(), &message),
            None => priming(&index.to_string()),
        })
        .collect()
    })
}

/// An upstream that ends its stream after so many pieces, and goes on where it is told.
fn cut_after(pieces: &[String], cut: usize) -> World {
    let world = world();
    let pieces = pieces.to_vec();
    upstream(&world, move |sent| -> Upstream {
        match sent.header("last-event-id") {
            None => raw_stream(&pieces[..cut].concat(), End::Whole),
            Some(last) => raw_stream(&pieces[last.parse::<usize>().unwrap() + 1..].concat(), End::Whole),
        }
    });
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wherever_a_stream_is_cut_the_client_gets_the_same(pieces in pieces()) {
        let read = |cut: usize| {
            let world = cut_after(&pieces, cut);
            let client = Client::new(&world).in_session(REVISION);
            let first = client.send(&call_of(7, "read")).text;
            let rest = match ids(&first).pop() {
                Some(last) if cut < pieces.len() => client.listen(Some(&last)).text,
                Some(_) | None => String::new(),
            };
            (messages(&format!("{first}{rest}")), ids(&format!("{first}{rest}")), world.outcomes())
        };
        let (want, want_ids, outcomes) = read(pieces.len());
        prop_assert_eq!(want.last().unwrap()["result"].clone(), legacy_result("[card]"));
        prop_assert_eq!(outcomes.len(), 1);
        for cut in 1..pieces.len() {
            let (got, got_ids, outcomes) = read(cut);
            prop_assert_eq!(&got, &want, "cut after {}", cut);
            prop_assert_eq!(got_ids.len(), want_ids.len(), "cut after {}", cut);
            prop_assert_eq!(outcomes.len(), 1);
        }
    }
}
