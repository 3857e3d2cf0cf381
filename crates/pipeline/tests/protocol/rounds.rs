//! Calls in several rounds (`InputRequiredResult`, MCP 2026-07-28).

use portcullis_ledger::CallResult;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, POLICIES, SETTINGS, call_of, intents, legacy_result, refusals, request, sent, text_result,
    upstream, whole, world,
};
use crate::world::{Done, NOW_MS, World};

const STATE: &str = "the server's own state ü \u{2028} \\ \"";

fn form() -> Value {
    json!({"method": "elicitation/create", "params": {"message": "which card of ada@example.com?", "requestedSchema": {"type": "object"}}})
}

fn sampling() -> Value {
    json!({"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}})
}

fn asking(questions: Value) -> Value {
    json!({"resultType": "input_required", "inputRequests": questions, "requestState": STATE})
}

fn able() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {}})
}

/// A server that answers a first round with this, and later ones with a result.
fn server(first: Value) -> World {
    with_policies(first, "")
}

fn with_policies(first: Value, more: &str) -> World {
    // Both connections may ask, so that only the owner of a state tells them apart.
    let photos = r#"url = "https://photos.example.com/mcp""#;
    let settings =
        SETTINGS.replace(photos, &format!("{photos}\nclient_features = [\"elicitation\", \"sampling\"]"));
    let world = World::of(&settings, &format!("{POLICIES}{more}"));
    upstream(&world, move |sent| {
        let later = sent.body["params"].get("requestState").is_some();
        let done = match sent.method() {
            "resources/read" => {
                json!({"resultType": "complete", "contents": [], "ttlMs": 1, "cacheScope": "public"})
            }
            "prompts/get" => json!({"resultType": "complete", "messages": []}),
            _ => text_result("done"),
        };
        whole(&sent.result(if later { &done } else { &first }))
    });
    world
}

fn result_of(done: &Done) -> Value {
    done.json()["result"].clone()
}

/// The state that a client gets in a first round.
fn state(client: &Client<'_>, call: &Value) -> String {
    let done = client.send_modern(call);
    let state = done.json()["result"]["requestState"].as_str().map(ToOwned::to_owned);
    state.unwrap_or_else(|| panic!("no state: {done:?}"))
}

/// The same call once more, with a state and answers.
fn again(call: &Value, state: impl Into<Value>, answers: Value) -> Value {
    let mut call = call.clone();
    call["id"] = json!("again");
    call["params"]["requestState"] = state.into();
    call["params"]["inputResponses"] = answers;
    call
}

fn is_refused(world: &World, done: &Done, name: &str) {
    assert_eq!(done.json()["error"]["code"], -32602, "{name}: {done:?}");
    assert!(sent(world).is_empty(), "{name}: nothing is forwarded");
}

#[test]
fn what_a_server_asks_goes_out_masked_and_its_state_sealed() {
    let world = server(asking(json!({"first": form(), "second": sampling()})));
    let done = Client::new(&world).able(able()).send_modern(&call_of(1, "read"));
    let mut result = result_of(&done);
    let state = result["requestState"].take();
    assert!(state.as_str().is_some_and(|state| !state.contains("own state")), "{done:?}");
    let mut masked = form();
    masked["params"]["message"] = json!("which card of [email]?");
    let want = json!({"resultType": "input_required", "requestState": null,
        "inputRequests": {"first": masked, "second": sampling()}});
    assert_eq!(result, want);
    assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
    assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
}

#[test]
fn the_next_round_brings_the_answers_and_the_server_s_own_state() {
    let accept = json!({"action": "accept", "content": {"card": "the blue one of ada@example.com"}});
    let message = json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "t"}});
    for call in [
        call_of(1, "read"),
        request("1", "prompts/get", json!({"name": "p"})),
        request(1, "resources/read", json!({"uri": "crm://1"})),
    ] {
        let world = server(asking(json!({"first": form(), "second": sampling()})));
        let client = Client::new(&world).able(able());
        let state = state(&client, &call);
        sent(&world);
        world.ports.store.borrow_mut().clear();
        let answers = json!({"first": accept, "second": message, "never asked": {"x": 1}, "third": accept});
        let done = client.send_modern(&again(&call, state, answers));
        assert_eq!(result_of(&done)["resultType"], "complete", "{done:?}");
        assert_eq!(done.json()["id"], "again");
        let sent = sent(&world).pop().unwrap();
        assert_eq!(sent.body["params"]["requestState"], STATE, "exactly");
        assert_eq!(sent.body["params"]["inputResponses"], json!({"first": accept, "second": message}));
        let text = intents(&world).pop().unwrap().arguments.text.text().to_owned();
        assert!(text.contains("the blue one of [email]") && !text.contains("never asked"), "{text}");
        assert!(!text.contains("own state"), "{text}");
    }
}

#[test]
fn a_server_may_go_on_asking() {
    let world = world();
    upstream(&world, |sent| {
        let round = sent.body["params"]["requestState"].as_str().unwrap_or("0").parse::<u32>().unwrap();
        let questions = json!({format!("q{round}"): form()});
        let result = json!({"resultType": "input_required", "inputRequests": questions, "requestState": (round + 1).to_string()});
        whole(&sent.result(&result))
    });
    let client = Client::new(&world).able(able());
    let call = call_of(1, "read");
    let mut state = state(&client, &call);
    for round in 0..3 {
        sent(&world);
        let answers =
            json!({"q0": {"action": "accept"}, "q1": {"action": "accept"}, "q2": {"action": "accept"}});
        let done = client.send_modern(&again(&call, state, answers));
        let sent = sent(&world).pop().unwrap();
        // Each state is good for what its own round has asked.
        assert_eq!(sent.body["params"]["inputResponses"], json!({format!("q{round}"): {"action": "accept"}}));
        assert_eq!(sent.body["params"]["requestState"], (round + 1).to_string());
        state = result_of(&done)["requestState"].as_str().unwrap().to_owned();
    }
}

#[test]
fn a_round_may_have_only_a_state_or_only_questions() {
    let only_state = json!({"resultType": "input_required", "requestState": STATE});
    let only_questions = json!({"resultType": "input_required", "inputRequests": {"first": form()}});
    for (first, want) in [(only_state, json!(STATE)), (only_questions, Value::Null)] {
        let world = server(first);
        let client = Client::new(&world).able(able());
        let state = state(&client, &call_of(1, "read"));
        sent(&world);
        let mut next = call_of(2, "read");
        next["params"]["requestState"] = json!(state);
        client.send_modern(&next);
        let sent = sent(&world).pop().unwrap();
        assert_eq!(sent.body["params"]["requestState"], want);
        assert_eq!(sent.body["params"].get("inputResponses"), None);
    }
}

#[test]
fn a_state_is_good_for_one_caller_one_connection_and_one_call_until_it_expires() {
    let call = call_of(1, "read");
    let world = server(asking(json!({"first": form()})));
    let client = Client::new(&world).able(able());
    let good = state(&client, &call);
    sent(&world);
    let answers = || json!({"first": {"action": "decline"}});
    let bob = Client::of(&world, "bob", "staff").able(able());
    is_refused(&world, &bob.send_modern(&again(&call, good.clone(), answers())), "another principal");
    let photos = Client::new(&world).able(able()).on("photos");
    is_refused(&world, &photos.send_modern(&again(&call, good.clone(), answers())), "another connection");
    for (name, other) in [
        ("another tool", call_of(2, "other")),
        ("another case", call_of(2, "Read")),
        ("another method", request(2, "prompts/get", json!({"name": "read"}))),
    ] {
        is_refused(&world, &client.send_modern(&again(&other, good.clone(), answers())), name);
    }
    for (name, state) in [
        ("the server's own", json!(STATE)),
        ("nothing", json!("")),
        ("null", Value::Null),
        ("a number", json!(1)),
        ("an object", json!({"state": good})),
        ("a cut one", json!(good[..good.len() - 3])),
        ("a longer one", json!(format!("{good}A"))),
    ] {
        is_refused(&world, &client.send_modern(&again(&call, state, answers())), name);
    }
    let done = client.send_modern(&again(&call, good, answers()));
    assert_eq!(result_of(&done), text_result("done"), "and it is good after all that");
}

#[test]
fn a_state_expires_after_a_day() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    for (age, good) in [(DAY - 1, true), (DAY, false)] {
        let call = call_of(1, "read");
        let world = server(asking(json!({"first": form()})));
        let client = Client::new(&world).able(able());
        world.ports.now.set(NOW_MS - age);
        let state = state(&client, &call);
        sent(&world);
        world.ports.now.set(NOW_MS);
        let done = client.send_modern(&again(&call, state, json!({})));
        match good {
            true => assert_eq!(result_of(&done), text_result("done")),
            false => is_refused(&world, &done, "expired"),
        }
    }
}

#[test]
fn answers_that_nothing_asked_for_go_nowhere() {
    let world = server(asking(json!({"first": form()})));
    let client = Client::new(&world).able(able());
    let mut call = call_of(1, "read");
    call["params"]["inputResponses"] = json!({"first": {"action": "accept", "content": {"card": "blue"}}});
    assert_eq!(result_of(&client.send_modern(&call))["resultType"], "input_required");
    assert_eq!(sent(&world).pop().unwrap().body["params"].get("inputResponses"), None);
    for answers in [json!([]), json!("first"), json!(1)] {
        let call = call_of(1, "read");
        let state = state(&client, &call);
        sent(&world);
        is_refused(&world, &client.send_modern(&again(&call, state, answers.clone())), &answers.to_string());
    }
}

#[test]
fn no_other_method_has_rounds() {
    let world = world();
    upstream(&world, |sent| {
        whole(&sent.result(&json!({"resultType": "complete", "tools": [], "resources": [], "completion": {"values": []}, "ttlMs": 0, "cacheScope": "private"})))
    });
    let client = Client::new(&world).able(able());
    let reference = json!({"type": "ref/prompt", "name": "p"});
    for call in [
        request(1, "tools/list", json!({})),
        request(1, "resources/list", json!({})),
        request(1, "completion/complete", json!({"ref": reference, "argument": {"name": "a", "value": ""}})),
    ] {
        assert_eq!(
            result_of(&client.send_modern(&again(&call, "s", json!({"k": {}}))))["resultType"],
            "complete"
        );
        let params = sent(&world).pop().unwrap().body["params"].clone();
        assert_eq!((params.get("requestState"), params.get("inputResponses")), (None, None), "{call}");
    }
    let legacy = Client::new(&world).in_session("2025-11-25");
    legacy.send(&again(&call_of(1, "read"), "s", json!({"k": {}})));
    assert_eq!(sent(&world).pop().unwrap().body["params"], json!({"name": "read", "arguments": {}}));
}

#[test]
fn policy_is_asked_anew_in_each_round() {
    let limit = r#"@id("cheap") forbid (principal, action == Action::"crm/pay", resource) when { context.input.amount > 100 };"#;
    let world = with_policies(asking(json!({"first": form()})), limit);
    let client = Client::new(&world).able(able());
    let call =
        |amount: u32| request(1, "tools/call", json!({"name": "pay", "arguments": {"amount": amount}}));
    let state = state(&client, &call(1));
    sent(&world);
    let done = client.send_modern(&again(&call(101), state, json!({"first": {"action": "accept"}})));
    assert_eq!(result_of(&done)["isError"], true, "{done:?}");
    assert!(sent(&world).is_empty());
    assert_eq!(refusals(&world).pop().unwrap().kind, "denied");
}

#[test]
fn an_answer_that_policy_does_not_let_through_ends_the_call() {
    let bad = json!({"action": "accept", "content": {"card": CARD}});
    let text = |call: &Value| match call["method"].as_str() {
        Some("tools/call") => {
            json!({"resultType": "complete", "isError": true, "content": [{"type": "text", "text": "not allowed"}]})
        }
        _ => Value::Null,
    };
    for call in [call_of(1, "read"), request(1, "prompts/get", json!({"name": "p"}))] {
        let world = server(asking(json!({"first": form()})));
        let client = Client::new(&world).able(able());
        let state = state(&client, &call);
        sent(&world);
        let done = client.send_modern(&again(&call, state, json!({"first": bad})));
        assert_eq!((done.status, result_of(&done)), (200, text(&call)), "{call}");
        assert!(call["method"] == "tools/call" || done.json()["error"]["code"] == 40301, "{done:?}");
        assert!(sent(&world).is_empty());
        assert_eq!(refusals(&world).pop().unwrap().kind, "answer_denied");
        assert!(!world.traces().contains("4111"));
    }
    // What was never asked is not judged, because it goes nowhere.
    let world = server(asking(json!({"first": form()})));
    let client = Client::new(&world).able(able());
    let state = state(&client, &call_of(1, "read"));
    let answers = json!({"first": {"action": "decline"}, "second": bad});
    assert_eq!(
        result_of(&client.send_modern(&again(&call_of(1, "read"), state, answers))),
        text_result("done")
    );
}

#[test]
fn a_question_that_is_not_allowed_ends_the_call_in_a_way_that_clients_survive() {
    let page = |url: &str| json!({"method": "elicitation/create", "params": {"mode": "url", "url": url, "message": "m"}});
    let carded = json!({"method": "elicitation/create", "params": {"message": CARD}});
    for (name, group, questions) in [
        ("not allowed", "callers", json!({"a": form()})),
        ("forbidden", "staff", json!({"a": carded})),
        ("one of two", "staff", json!({"a": form(), "b": page("https://evil.example.com/")})),
        ("a page over http", "staff", json!({"a": page("http://login.example.com/")})),
    ] {
        let world = server(asking(questions));
        let client = Client::of(&world, "ada", group).able(able());
        let done = client.send_modern(&call_of(1, "read"));
        let result = result_of(&done);
        assert_eq!(
            (&result["resultType"], &result["isError"]),
            (&json!("complete"), &json!(true)),
            "{name}: {done:?}"
        );
        assert!(result.get("inputRequests").is_none() && result.get("requestState").is_none(), "{name}");
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: true }, "{name}");
    }
    for call in [
        request(1, "prompts/get", json!({"name": "p"})),
        request(1, "resources/read", json!({"uri": "crm://1"})),
    ] {
        let world = server(asking(json!({"a": carded})));
        let done = Client::new(&world).able(able()).send_modern(&call);
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (200, Some(40301)), "{done:?}");
    }
    let world = server(asking(json!({"a": page("https://login.example.com/start")})));
    let done = Client::new(&world).able(able()).send_modern(&call_of(1, "read"));
    assert_eq!(result_of(&done)["inputRequests"]["a"], page("https://login.example.com/start"));
}

#[test]
fn a_server_is_told_in_each_request_what_it_may_ask() {
    let declared = json!({"sampling": {}, "elicitation": {"url": {}}, "roots": {}, "experimental": {"x": {}},
        "extensions": {"io.modelcontextprotocol/tasks": {}, "io.modelcontextprotocol/ui": {}, "x/y": {}}, "harmless": {}});
    let extensions = json!({"io.modelcontextprotocol/tasks": {}});
    for (group, want) in [
        (
            "staff",
            json!({"sampling": {}, "elicitation": {"url": {}}, "roots": {}, "extensions": extensions, "harmless": {}}),
        ),
        ("callers", json!({"extensions": extensions, "harmless": {}})),
    ] {
        let world = server(text_result("done"));
        Client::of(&world, "ada", group).able(declared.clone()).send_modern(&call_of(1, "read"));
        let meta = sent(&world).pop().unwrap().body["params"]["_meta"].clone();
        assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], want, "{group}");
    }
}

#[test]
fn what_a_client_says_of_itself_is_no_way_past_the_record() {
    let text = format!("{}customer 4711", "x".repeat(128));
    let inner = json!({"customer 4711": {}});
    let capabilities = json!({
        "sampling": {"tools": inner, "customer 4711": {}}, "elicitation": {"form": inner}, "roots": {"listChanged": inner},
        "extensions": {"io.modelcontextprotocol/tasks": inner}, "a": text, "b": inner, "c": 4711,
    });
    let info = json!({"name": text, "title": text, "version": "1", "websiteUrl": "https://customer 4711", "icons": [inner]});
    let short = "x".repeat(128);
    let want_info = json!({"name": short, "title": short, "version": "1"});
    let want = json!({"sampling": {"tools": {}}, "elicitation": {"form": {}}, "roots": {}});
    let world = server(text_result("done"));
    let mut call = call_of(1, "read");
    call["params"]["_meta"]["io.modelcontextprotocol/clientInfo"] = info.clone();
    Client::new(&world).able(capabilities.clone()).send_modern(&call);
    let body = sent(&world).pop().unwrap().body;
    let meta = &body["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/clientInfo"], want_info);
    let mut modern = want.clone();
    modern["extensions"] = json!({"io.modelcontextprotocol/tasks": {}});
    assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], modern);
    assert!(!body.to_string().contains("4711"), "{body}");

    let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": info});
    Client::new(&world).send(&request(1, "initialize", params));
    let body = sent(&world).pop().unwrap().body;
    assert_eq!((&body["params"]["clientInfo"], &body["params"]["capabilities"]), (&want_info, &want));
}

#[test]
fn a_server_that_asks_in_a_wrong_way_has_failed() {
    let many: serde_json::Map<_, _> = (0..65).map(|key| (key.to_string(), form())).collect();
    for (name, result) in [
        ("questions that are no object", asking(json!([form()]))),
        ("a question that is no object", asking(json!({"a": "form"}))),
        ("no method", asking(json!({"a": {"params": {}}}))),
        ("an unknown method", asking(json!({"a": {"method": "client/run"}}))),
        ("a ping", asking(json!({"a": {"method": "ping"}}))),
        ("an empty key", asking(json!({"": form()}))),
        ("a key that says something", asking(json!({CARD: form()}))),
        ("too many questions", asking(many.into())),
        ("a state that is no text", json!({"resultType": "input_required", "requestState": {"x": 1}})),
        ("an unknown kind", json!({"resultType": "input_desired", "inputRequests": {"a": form()}})),
        ("a kind that is no text", json!({"resultType": 1})),
        ("no kind", legacy_result("done")),
        ("a task that was not asked for", json!({"resultType": "task", "taskId": "t", "status": "working"})),
    ] {
        let world = server(result);
        let done = Client::new(&world).able(able()).send_modern(&call_of(1, "read"));
        assert_eq!(
            result_of(&done)["content"][0]["text"],
            "the server behind the gateway failed",
            "{name}: {done:?}"
        );
        assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }), "{name}");
    }
    for method in ["tools/list", "prompts/list", "server/discover"] {
        let world = server(asking(json!({"a": form()})));
        let done = Client::new(&world).able(able()).send_modern(&request(1, method, json!({})));
        assert_eq!(done.json()["error"]["code"], 50201, "{method}: {done:?}");
    }
}

#[test]
fn only_the_members_that_a_question_has_by_definition_pass() {
    let mut question = form();
    question["url"] = json!("https://evil.example.com/");
    question["id"] = json!(1);
    let world = server(asking(json!({"a": question})));
    let done = Client::new(&world).able(able()).send_modern(&call_of(1, "read"));
    let keys: Vec<_> = result_of(&done)["inputRequests"]["a"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["method", "params"]);
}

#[test]
fn a_round_is_not_to_be_cached() {
    let mut first = asking(json!({"a": form()}));
    first["x"] = json!("for ada@example.com");
    let world = server(first);
    let done = Client::new(&world).able(able()).send_modern(&request(
        1,
        "resources/read",
        json!({"uri": "crm://1"}),
    ));
    let result = result_of(&done);
    assert_eq!((result.get("ttlMs"), result.get("cacheScope")), (None, None), "{done:?}");
    assert_eq!(result["x"], "for [email]", "what else stands there is read like any result");
}

#[test]
fn clients_of_the_handshake_era_never_see_a_result_of_a_kind_they_do_not_know() {
    let task = json!({"taskId": "t", "status": "working"});
    for result in [
        asking(json!({"a": form()})),
        json!({"resultType": "input_required", "requestState": STATE, "content": []}),
        json!({"resultType": "task", "taskId": "t", "status": "working"}),
        json!({"resultType": "task", "task": task, "content": []}),
        json!({"resultType": "surprise", "content": []}),
        json!({"task": task}),
    ] {
        for revision in ["2025-03-26", "2025-06-18", "2025-11-25"] {
            let world = server(result.clone());
            let done = Client::new(&world).in_session(revision).send(&call_of(1, "read"));
            assert_eq!(result_of(&done)["isError"], true, "{revision} {result}: {done:?}");
            assert!(!done.text.contains("input_required") && !done.text.contains("taskId"), "{done:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_state_that_was_altered_anywhere_is_refused(at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_-]") {
        let world = server(asking(json!({"first": form()})));
        let client = Client::new(&world).able(able());
        let call = call_of(1, "read");
        let good = state(&client, &call);
        sent(&world);
        let at = at.index(good.len());
        let altered = format!("{}{with}{}", &good[..at], &good[at + 1..]);
        prop_assume!(altered != good);
        let done = client.send_modern(&again(&call, altered, json!({})));
        prop_assert_eq!(done.json()["error"]["code"].as_i64(), Some(-32602));
        prop_assert!(sent(&world).is_empty());
    }
}
