//! Servers that answer in other ways, answers that are too long to be kept, clients that leave, and gateways that end.

use serde_json::{Value, json};

use super::{
    able, about, approve, created, get, intents, later, masking, patient, pay, refusals, request, sent,
    status, tool, upstream, whole, world,
};
use crate::support::{Client, Sent, progress, set, stream, text_result, unreachable};
use crate::world::{End, Upstream, World};

/// How the task of a call stands that was approved and whose server answers like this, told twice.
fn done_with(answer: impl Fn(&Sent) -> Upstream + 'static) -> (World, Value) {
    let world = masking();
    upstream(&world, answer);
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    approve(&world, id, "bob");
    let stands = get(&ada, &task);
    assert_eq!(get(&ada, &task), stands);
    assert_eq!(sent(&world).len(), 1);
    (world, stands)
}

#[test]
fn only_an_error_is_a_failure() {
    let failed = json!({"resultType": "complete", "isError": true, "content": []});
    let want = failed.clone();
    let (_, stands) = done_with(move |sent| whole(&sent.result(&failed)));
    assert_eq!((&stands["status"], &stands["result"]), (&json!("completed"), &want));

    let (_, stands) = done_with(|sent| {
        let error = json!({"code": -32000, "message": "ask ada@example.com"});
        whole(&json!({"jsonrpc": "2.0", "id": sent.body["id"], "error": error}))
    });
    let error = json!({"code": -32000, "message": "ask [email]"});
    assert_eq!((&stands["status"], &stands["error"]), (&json!("failed"), &error));

    let (world, stands) = done_with(|_| unreachable());
    assert_eq!((&stands["status"], &stands["error"]["code"]), (&json!("failed"), &json!(50201)), "{stands}");
    assert_eq!((intents(&world).len(), world.outcomes().len()), (1, 1));

    let (_, stands) = done_with(|sent| stream(&[progress(), sent.result(&text_result("done"))], End::Whole));
    assert_eq!((&stands["status"], &stands["result"]), (&json!("completed"), &text_result("done")));
}

#[test]
fn a_server_that_wants_more_than_the_call_gets_nothing_more() {
    let question = json!({"method": "roots/list", "params": {}});
    for answer in [
        json!({"resultType": "input_required", "requestState": "s"}),
        json!({"resultType": "input_required", "inputRequests": {"a": question}, "requestState": "s"}),
        json!({"resultType": "task", "taskId": "t", "status": "working"}),
    ] {
        let text = answer.to_string();
        let (_, stands) = done_with(move |sent| whole(&sent.result(&answer)));
        let is_ended =
            matches!(stands["status"].as_str(), Some("failed")) || stands["result"]["isError"] == true;
        assert!(is_ended, "{text}: {stands}");
        assert!(!stands.to_string().contains("requestState"), "{text}: {stands}");
    }
}

#[test]
fn an_answer_that_is_too_long_to_be_kept_is_given_once() {
    let world = patient(world());
    let long = text_result(&"long ".repeat(60_000));
    let want = long.clone();
    upstream(&world, move |sent| whole(&sent.result(&long)));
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    approve(&world, id, "bob");
    assert_eq!(get(&ada, &task)["result"], want);
    let again = get(&ada, &task);
    assert_eq!((&again["status"], &again["result"]["isError"]), (&json!("completed"), &json!(true)));
    let text = again["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("given once"), "{text}");
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn a_client_that_leaves_finds_what_came_of_it() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    approve(&world, id, "bob");
    let reading = ada.open(ada.modern_request(&about("tasks/get", &task)));
    assert_eq!(status(&ada, &task), "working");
    reading.leave();
    assert_eq!(get(&ada, &task)["result"], text_result("done"));
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn a_gateway_that_ends_in_the_middle_makes_no_second_call_and_says_so() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&tool("export", json!({}))));
    approve(&world, id, "bob");
    approve(&world, id, "eve");
    drop(ada.open(ada.modern_request(&about("tasks/get", &task))));
    for seconds in [0, 60, 59] {
        later(&world, seconds);
        let stands = get(&ada, &task);
        assert_eq!(
            stands["statusMessage"], "under way: what comes of it is told once it is known",
            "{stands}"
        );
    }
    later(&world, 60);
    let lost = get(&ada, &task);
    assert_eq!((&lost["status"], &lost["error"]["code"]), (&json!("failed"), &json!(50301)), "{lost}");
    assert!(lost["error"]["message"].as_str().unwrap().contains("may have happened or not"), "{lost}");
    assert_eq!(refusals(&world).pop().unwrap().kind, "approval_lost");
    assert_eq!(intents(&world).len(), 1, "its intent stays without an outcome");
    assert!(sent(&world).is_empty());
}

#[test]
fn headers_that_repeat_arguments_are_made_anew() {
    let schema =
        json!({"type": "object", "properties": {"amount": {"type": "string", "x-mcp-header": "Amount"}}});
    let list = json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "tools": [{"name": "pay", "inputSchema": schema}],
    });
    let world = patient(world());
    upstream(&world, move |sent| {
        let done = text_result("done");
        whole(&sent.result(if sent.method() == "tools/list" { &list } else { &done }))
    });
    let ada = able(&world, "ada");
    ada.send_modern(&request(1, "tools/list", json!({})));
    let mut call = ada.modern_request(&pay(json!({"amount": "7"})));
    set(&mut call, "mcp-param-amount", "7");
    let (id, task) = created(&world.send(call));
    approve(&world, id, "bob");
    sent(&world);
    // Another instance has not seen the list yet.
    let other = world.instance(super::SETTINGS, super::POLICIES);
    assert_eq!(status(&able(&other, "ada"), &task), "completed");
    let received = sent(&world).pop().unwrap();
    assert_eq!(received.header("mcp-param-amount"), Some("7"));
    let without = Client::new(&world).send_modern(&pay(json!({"amount": "8"})));
    assert_eq!(without.json()["error"]["code"], -32020, "other calls are compared as before");
}
