//! Requests of a server to the client in the handshake era, and the answers to them.

use portcullis_ledger::CallResult;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, UPSTREAM_SESSION, accepted, call_of, intents, legacy_result, messages, notification,
    raw_stream, refusals, request, sent, stream, upstream, whole, world,
};
use crate::world::{Done, End, World};

const REVISION: &str = "2025-11-25";

fn sampling() -> Value {
    let message = json!({"role": "user", "content": {"type": "text", "text": "write to ada@example.com"}});
    request(7, "sampling/createMessage", json!({"messages": [message], "maxTokens": 9}))
}

fn form() -> Value {
    let schema = json!({"type": "object", "properties": {"card": {"type": "string"}}});
    request("q", "elicitation/create", json!({"message": "which card?", "requestedSchema": schema}))
}

fn page(url: &str) -> Value {
    let params = json!({"mode": "url", "url": url, "elicitationId": "e1", "message": "sign in"});
    request(8, "elicitation/create", params)
}

/// A server that asks this before it answers a call, and takes what it is sent.
fn asking(question: Value) -> World {
    let world = world();
    upstream(&world, move |sent| match sent.method() {
        "tools/call" => stream(&[question.clone(), sent.result(&legacy_result("done"))], End::Whole),
        _ => accepted(),
    });
    world
}

/// Calls, and returns what the client is asked.
fn asked(client: &Client<'_>) -> Value {
    let done = client.send(&call_of(1, "read"));
    let found = messages(&done.text);
    assert_eq!(found.last().unwrap()["id"], 1, "the call is answered: {done:?}");
    let question = found.into_iter().find(|message| message.get("method").is_some());
    question.unwrap_or_else(|| panic!("nothing is asked: {done:?}"))
}

fn answer_to(question: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": question["id"], "result": result})
}

/// What the server is told in place of the client.
fn told(world: &World) -> Vec<Value> {
    let answers = sent(world).into_iter().filter(|sent| sent.body.get("method").is_none());
    let told = answers.inspect(|sent| {
        assert_eq!(sent.header("mcp-session-id"), Some(UPSTREAM_SESSION));
        assert_eq!(sent.header("authorization"), None, "the connection has no credential");
    });
    told.map(|sent| sent.body).collect()
}

fn is_refused(world: &World, done: &Done, name: &str) {
    assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (400, Some(-32600)), "{name}: {done:?}");
    assert!(sent(world).is_empty(), "{name}: nothing is forwarded");
    assert_eq!(refusals(world).pop().unwrap().kind, "protocol", "{name}");
}

#[test]
fn a_server_is_told_of_the_features_that_it_may_use_and_of_no_others() {
    let all = json!({
        "sampling": {"tools": {}}, "elicitation": {"form": {}, "url": {}, "other": {}}, "roots": {"listChanged": true},
        "tasks": {}, "experimental": {}, "extensions": {}, "sam_pling": {}, "Root-s": {}, "harmless": {},
    });
    for (connection, group, declared, want) in [
        ("photos", "staff", all.clone(), json!({"harmless": {}})),
        ("crm", "callers", all.clone(), json!({"harmless": {}})),
        (
            "crm",
            "staff",
            all.clone(),
            json!({"sampling": {"tools": {}}, "elicitation": {"form": {}, "url": {}},
                "roots": {"listChanged": true}, "harmless": {}}),
        ),
        ("crm", "staff", json!({}), json!({})),
        ("crm", "staff", json!({"elicitation": {}}), json!({"elicitation": {}})),
    ] {
        let world = world();
        let result = json!({"protocolVersion": REVISION, "capabilities": {}, "serverInfo": {}});
        upstream(&world, move |sent| whole(&sent.result(&result)));
        let params = json!({"protocolVersion": REVISION, "capabilities": declared, "clientInfo": {}});
        Client::of(&world, "ada", group).on(connection).send(&request(1, "initialize", params));
        let sent = sent(&world).pop().unwrap();
        assert_eq!(sent.body["params"]["capabilities"], want, "{connection} {group}");
    }
}

#[test]
fn a_client_that_can_only_open_pages_is_not_taken_for_one_that_shows_forms() {
    for (hosts, want) in
        [("[]", json!({})), (r#"["login.example.com"]"#, json!({"elicitation": {"url": {}}}))]
    {
        let settings = crate::support::SETTINGS.replace(r#"["login.example.com"]"#, hosts);
        let world = World::of(&settings, crate::support::POLICIES);
        let result = json!({"protocolVersion": REVISION, "capabilities": {}, "serverInfo": {}});
        upstream(&world, move |sent| whole(&sent.result(&result)));
        let params = json!({"protocolVersion": REVISION, "capabilities": {"elicitation": {"url": {}}}, "clientInfo": {}});
        Client::new(&world).send(&request(1, "initialize", params));
        // An empty object would mean: forms only (MCP 2025-11-25, elicitation).
        assert_eq!(sent(&world).pop().unwrap().body["params"]["capabilities"], want, "{hosts}");
    }
}

#[test]
fn a_question_that_nobody_opened_a_way_for_is_answered_with_an_error() {
    let ask = |method: &str| request(7, method, json!({}));
    let carded = request(7, "elicitation/create", json!({"message": format!("is {CARD} yours?")}));
    for (name, connection, group, question) in [
        ("sampling, not listed", "photos", "staff", sampling()),
        ("a form, not listed", "photos", "staff", form()),
        ("roots, not listed", "photos", "staff", ask("roots/list")),
        ("sampling, not allowed", "crm", "callers", sampling()),
        ("a form, not allowed", "crm", "callers", form()),
        ("roots, not allowed", "crm", "callers", ask("roots/list")),
        ("a question that policy forbids", "crm", "staff", carded),
        ("an unknown method", "crm", "staff", ask("client/run")),
        ("another case", "crm", "staff", ask("Roots/List")),
        ("a task of the client", "crm", "staff", request(7, "tasks/get", json!({"taskId": "t"}))),
        ("a method of clients", "crm", "staff", request(7, "tools/call", json!({"name": "x"}))),
        ("an unknown mode", "crm", "staff", request(7, "elicitation/create", json!({"mode": "phone"}))),
        (
            "a form with a page",
            "crm",
            "staff",
            request(7, "elicitation/create", json!({"url": "https://login.example.com/"})),
        ),
        ("an id that is too long", "crm", "staff", request("x".repeat(2000), "roots/list", json!({}))),
    ] {
        let id = question["id"].clone();
        let world = asking(question);
        let client = Client::of(&world, "ada", group).on(connection).in_session(REVISION);
        let done = client.send(&call_of(1, "read"));
        assert_eq!(messages(&done.text).len(), 1, "{name}: {done:?}");
        assert_eq!(done.json()["result"], legacy_result("done"), "{name}: the call goes on");
        let told = told(&world);
        assert_eq!((told.len(), &told[0]["id"]), (1, &id), "{name}");
        assert_eq!(told[0]["error"]["code"], -32601, "{name}");
    }
}

#[test]
fn without_a_session_there_is_no_way_back_so_nothing_is_asked() {
    for question in [sampling(), form(), request(7, "ping", json!({}))] {
        let world = asking(question.clone());
        let done = Client::new(&world).send(&call_of(1, "read"));
        assert_eq!(messages(&done.text).len(), 1, "{question}: {done:?}");
    }
}

#[test]
fn a_question_goes_out_masked_and_under_a_sealed_id() {
    let world = asking(sampling());
    let client = Client::new(&world).in_session(REVISION);
    let question = asked(&client);
    let id = question["id"].as_str().unwrap();
    assert!(id.len() > 40, "{id}");
    assert_eq!(question["method"], "sampling/createMessage");
    assert_eq!(question["params"]["messages"][0]["content"]["text"], "write to [email]");
    assert_eq!(question["params"]["maxTokens"], 9);
    assert_eq!(asked(&client)["id"], question["id"], "the same question of the same session has the same id");
    assert!(told(&world).is_empty());
}

#[test]
fn an_answer_goes_to_the_server_under_its_own_id_and_leaves_a_record() {
    let result =
        json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "to ada@example.com"}});
    for (question, answer) in [
        (sampling(), json!({"result": result})),
        (form(), json!({"result": {"action": "accept", "content": {"card": "the blue one"}}})),
        (form(), json!({"error": {"code": -1, "message": "no, says ada@example.com", "data": [1]}})),
        (
            request(1.5, "roots/list", json!({})),
            json!({"result": {"roots": [{"uri": "file:///work-of-ada"}]}}),
        ),
    ] {
        let method = question["method"].as_str().unwrap().to_owned();
        let id = question["id"].clone();
        let world = asking(question);
        let client = Client::new(&world).in_session(REVISION);
        let mut body = answer.clone();
        body["jsonrpc"] = json!("2.0");
        body["id"] = asked(&client)["id"].clone();
        sent(&world);
        world.events();
        world.ports.store.borrow_mut().clear();
        let done = client.send(&body);
        assert_eq!((done.status, done.text.as_str()), (202, ""), "{method}");
        body["id"] = id;
        assert_eq!(told(&world), [body], "{method}: what the client says goes on as it is");
        assert_eq!(world.events(), ["intent", "fetch POST", "outcome"], "{method}");
        let intent = intents(&world).pop().unwrap();
        assert_eq!((intent.method, intent.revision.as_str()), (method.clone(), REVISION));
        assert!(!intent.arguments.text.text().contains("ada@"), "{method}");
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false }, "{method}");
    }
}

#[test]
fn only_whom_it_was_put_to_may_answer_and_only_there() {
    let world = asking(form());
    let client = Client::new(&world).in_session(REVISION);
    let answer = answer_to(&asked(&client), json!({"action": "decline"}));
    sent(&world);
    let other_session = Client::new(&world).in_session_of(REVISION, "another-session");
    let bob = Client::of(&world, "bob", "staff").in_session(REVISION);
    let photos = Client::new(&world).on("photos").in_session(REVISION);
    for (name, other) in
        [("another session", other_session), ("another principal", bob), ("another connection", photos)]
    {
        is_refused(&world, &other.send(&answer), name);
    }
    is_refused(&world, &Client::new(&world).send(&answer), "no session");
    assert_eq!(client.send(&answer).status, 202);
}

#[test]
fn an_answer_to_what_was_never_asked_is_refused() {
    let world = asking(form());
    let client = Client::new(&world).in_session(REVISION);
    let question = asked(&client);
    let sealed = question["id"].as_str().unwrap().to_owned();
    let mut tampered = sealed.clone().into_bytes();
    *tampered.last_mut().unwrap() ^= 1;
    sent(&world);
    for (name, id) in [
        ("the server's own id", json!("q")),
        ("a number", json!(7)),
        ("nothing", json!("")),
        ("a tampered id", json!(String::from_utf8(tampered).unwrap())),
        ("a cut id", json!(sealed[..sealed.len() - 4])),
        ("a session's id", json!(client.request(&Value::Null).headers()["mcp-session-id"].to_str().unwrap())),
    ] {
        is_refused(&world, &client.send(&json!({"jsonrpc": "2.0", "id": id, "result": {}})), name);
    }
    is_refused(
        &world,
        &client.send(&json!({"jsonrpc": "2.0", "error": {"code": 1, "message": "m"}})),
        "no id",
    );
}

#[test]
fn an_answer_that_policy_does_not_let_through_becomes_an_error() {
    for (question, result, passes) in [
        (form(), json!({"action": "accept", "content": {"card": "the blue one"}}), true),
        (form(), json!({"action": "accept", "content": {"card": CARD}}), false),
        (form(), json!({"action": "accept", "content": {"number": 4_111_111_111_111_111_u64}}), false),
        (form(), json!({"action": "accept", "content": {CARD: true}}), false),
        (form(), json!({"action": "accept", "_meta": {"x": [CARD]}}), false),
        (
            sampling(),
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": CARD}}),
            false,
        ),
        (request(3, "roots/list", json!({})), json!({"roots": [{"uri": "file:///x", "name": CARD}]}), true),
    ] {
        let id = question["id"].clone();
        let world = asking(question);
        let client = Client::new(&world).in_session(REVISION);
        let answer = answer_to(&asked(&client), result.clone());
        sent(&world);
        world.ports.store.borrow_mut().clear();
        assert_eq!(client.send(&answer).status, 202, "{result}");
        let told = told(&world);
        assert_eq!((told.len(), &told[0]["id"]), (1, &id), "{result}");
        match passes {
            true => assert_eq!(told[0]["result"], result),
            false => {
                assert_eq!(told[0]["error"], json!({"code": 40301, "message": "not allowed"}), "{result}")
            }
        }
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: !passes }, "{result}");
        let intent = intents(&world).pop().unwrap();
        assert_eq!(intent.labels.contains("pii.card"), result.to_string().contains("4111"), "{result}");
        assert!(!world.traces().contains("4111"), "{result}");
    }
}

#[test]
fn an_error_of_the_client_is_judged_like_its_result() {
    let world = asking(form());
    let client = Client::new(&world).in_session(REVISION);
    let id = asked(&client)["id"].clone();
    sent(&world);
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": 1, "message": CARD}});
    assert_eq!(client.send(&error).status, 202);
    assert_eq!(told(&world)[0]["error"]["message"], "not allowed");
}

#[test]
fn an_answer_that_cannot_be_recorded_does_not_leave() {
    let world = asking(form());
    let client = Client::new(&world).in_session(REVISION);
    let answer = answer_to(&asked(&client), json!({"action": "decline"}));
    sent(&world);
    world.ports.writes_left.set(0);
    let done = client.send(&answer);
    assert!(done.text.contains("cannot record"), "{done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn a_user_is_sent_only_to_pages_of_listed_hosts() {
    for (url, passes) in [
        ("https://login.example.com/start?x=1", true),
        ("https://login.example.com:443/", true),
        ("HTTPS://login.example.com/", false),
        ("http://login.example.com/", false),
        ("https://login.example.com:8443/", false),
        ("https://evil.example.com/", false),
        ("https://login.example.com.evil.com/", false),
        ("https://evil.com/?https://login.example.com/", false),
        ("https://login.example.com@evil.com/", false),
        ("https://evil.com#https://login.example.com/", false),
        ("https://login.example.com\\@evil.com/", false),
        ("https://login.example.com/\n", false),
        ("javascript:alert(1)", false),
        ("", false),
    ] {
        let world = asking(page(url));
        let client = Client::new(&world).in_session(REVISION);
        let done = client.send(&call_of(1, "read"));
        let questions: Vec<_> =
            messages(&done.text).into_iter().filter(|message| message.get("method").is_some()).collect();
        assert_eq!(questions.len(), usize::from(passes), "{url:?}");
        assert_eq!(told(&world).len(), usize::from(!passes), "{url:?}");
        if passes {
            assert_eq!(questions[0]["params"], page(url)["params"], "{url:?}");
        }
    }
}

#[test]
fn an_error_cannot_send_a_user_to_a_page_that_a_question_could_not() {
    let error = |data: Value| json!({"code": -32042, "message": "sign in first", "data": data});
    let elicitation =
        |url: &str| json!({"mode": "url", "elicitationId": "e", "url": url, "message": "sign in"});
    let (good, bad) = (elicitation("https://login.example.com/"), elicitation("https://evil.example.com/"));
    for (name, group, connection, data, passes) in [
        ("a listed page", "staff", "crm", json!({"elicitations": [good]}), true),
        ("another page", "staff", "crm", json!({"elicitations": [bad]}), false),
        ("one of two", "staff", "crm", json!({"elicitations": [good, bad]}), false),
        ("not allowed", "callers", "crm", json!({"elicitations": [good]}), false),
        ("not listed", "staff", "photos", json!({"elicitations": [good]}), false),
        ("no list", "staff", "crm", json!({"elicitations": good}), false),
        ("no object", "staff", "crm", json!({"elicitations": ["https://evil.example.com/"]}), false),
    ] {
        let world = world();
        let said = error(data);
        let message = said.clone();
        upstream(&world, move |sent| {
            whole(&json!({"jsonrpc": "2.0", "id": sent.body["id"], "error": message}))
        });
        let client = Client::of(&world, "ada", group).on(connection).in_session(REVISION);
        let done = client.send(&call_of(1, "read"));
        match passes {
            true => assert_eq!(done.json()["error"], said, "{name}"),
            false => {
                assert_eq!(done.json()["result"]["isError"], true, "{name}: {done:?}");
                assert!(!done.text.contains("evil"), "{name}: {done:?}");
            }
        }
    }
}

#[test]
fn a_page_with_a_finding_in_its_address_is_not_opened_as_it_is() {
    let world = asking(page("https://login.example.com/?user=ada@example.com"));
    let client = Client::new(&world).in_session(REVISION);
    let question = asked(&client);
    assert!(!question.to_string().contains("ada@"), "{question}");
}

#[test]
fn a_ping_goes_there_and_back_and_says_nothing() {
    for connection in ["crm", "photos"] {
        let world = asking(request(7, "ping", json!({"secret": "s"})));
        let client = Client::new(&world).on(connection).in_session(REVISION);
        let question = asked(&client);
        assert_eq!((&question["method"], question.get("params")), (&json!("ping"), None), "{connection}");
        sent(&world);
        world.events();
        let answer = answer_to(&question, json!({"the": "whole", "story": CARD}));
        assert_eq!(client.send(&answer).status, 202, "{connection}");
        assert_eq!(told(&world), [json!({"jsonrpc": "2.0", "id": 7, "result": {}})], "{connection}");
        assert_eq!(world.events(), ["fetch POST"], "a ping leaves no record");
    }
}

#[test]
fn a_server_may_ping_as_often_as_it_likes() {
    let world = world();
    upstream(&world, |_| {
        let pings: Vec<_> = (0..200).map(|id| request(id, "ping", json!({}))).collect();
        stream(&pings, End::Whole)
    });
    let client = Client::new(&world).in_session(REVISION);
    assert_eq!(messages(&client.listen(None).text).len(), 200);
}

#[test]
fn a_server_takes_back_its_questions_and_no_others() {
    let world = world();
    upstream(&world, |sent| {
        let cancel = |id: Value| {
            notification("notifications/cancelled", json!({"requestId": id, "reason": "ask ada@example.com"}))
        };
        let messages = [
            cancel(json!("q")),
            form(),
            cancel(json!(1)),
            cancel(json!("q")),
            cancel(json!("q")),
            notification("notifications/cancelled", json!({"reason": "all"})),
            sent.result(&legacy_result("done")),
        ];
        stream(&messages, End::Whole)
    });
    let client = Client::new(&world).in_session(REVISION);
    let seen = messages(&client.send(&call_of(1, "read")).text);
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert_eq!(
        seen[1],
        notification("notifications/cancelled", json!({"reason": "ask [email]", "requestId": seen[0]["id"]}))
    );
}

#[test]
fn questions_of_the_server_s_own_stream_are_answered_in_the_same_way() {
    let world = world();
    upstream(&world, |sent| match sent.verb.as_str() {
        "GET" => stream(&[form(), request(9, "roots/list", json!({}))], End::Whole),
        _ => accepted(),
    });
    let client = Client::new(&world).in_session(REVISION);
    let questions = messages(&client.listen(None).text);
    sent(&world);
    for (question, id) in questions.iter().zip([json!("q"), json!(9)]) {
        let result = json!({"action": "decline", "roots": []});
        assert_eq!(client.send(&answer_to(question, result.clone())).status, 202);
        assert_eq!(told(&world), [json!({"jsonrpc": "2.0", "id": id, "result": result})]);
    }
}

#[test]
fn a_server_that_does_not_know_the_session_any_more_ends_it() {
    let world = asking(form());
    let client = Client::new(&world).in_session(REVISION);
    let answer = answer_to(&asked(&client), json!({"action": "decline"}));
    upstream(&world, |_| crate::support::response(404, "", vec![], End::Whole));
    assert_eq!(client.send(&answer).status, 404);
    assert!(
        matches!(&world.outcomes().pop().unwrap().result, CallResult::Failed { kind } if kind == "unknown_session")
    );
}

#[test]
fn roots_changes_are_told_to_servers_that_may_ask_for_roots() {
    for (connection, group, session, forwarded) in [
        ("crm", "staff", true, 1),
        ("crm", "staff", false, 0),
        ("crm", "callers", true, 0),
        ("photos", "staff", true, 0),
    ] {
        let world = asking(form());
        let client = Client::of(&world, "ada", group).on(connection);
        let client = if session { client.in_session(REVISION) } else { client };
        let done = client.send(&notification("notifications/roots/list_changed", json!({"new": "secret"})));
        assert_eq!(done.status, 202, "{connection} {group}");
        let sent = sent(&world);
        assert_eq!(sent.len(), forwarded, "{connection} {group} {session}");
        assert!(sent.iter().all(|sent| sent.body.get("params").is_none()), "{connection} {group}");
    }
}

#[test]
fn a_modern_stream_carries_no_request_of_the_server() {
    let world = world();
    upstream(&world, |sent| {
        let text = format!(
            "data: {}\n\ndata: {}\n\n",
            sampling(),
            sent.result(&crate::support::text_result("done"))
        );
        raw_stream(&text, End::Whole)
    });
    let client = Client::new(&world).able(json!({"sampling": {}}));
    let done = client.send_modern(&call_of(1, "read"));
    assert_eq!(messages(&done.text).len(), 1, "{done:?}");
    assert_eq!(sent(&world).len(), 1, "and there is nobody to tell");
}
