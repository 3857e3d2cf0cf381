//! What the caller of a held call is told, wherever and however it calls.

use serde_json::{Value, json};

use super::{Client, approve, held, later, of, pay, read, reject, text, tool, world};
use crate::support::{call_of, messages, refusals, request, sent, text_result, upstream, whole};

const ASKED: &str = "needs approval by a person, who is asked now";
const WAITING: &str = "needs approval by a person, which is not there yet";

#[test]
fn a_tool_that_is_held_fails_with_a_text_for_its_model() {
    let world = world();
    let ada = Client::new(&world);
    for (name, modern) in [("modern", true), ("legacy", false)] {
        let call = pay(json!({"for": name}));
        let send = || if modern { ada.send_modern(&call) } else { ada.send(&call) };
        let first = send();
        let id = held(&first);
        let page = format!("https://gw.example.com/approve/{id} ");
        let (first, again) = (text(&first), send());
        assert!(first.starts_with(ASKED) && first.contains(&page), "{first}");
        assert!(first.contains("call again with the same arguments"), "{first}");
        let kind = &again.json()["result"]["resultType"];
        assert_eq!(*kind, if modern { json!("complete") } else { Value::Null });
        let again = text(&again);
        assert!(again.starts_with(WAITING) && again.contains(&page), "{again}");
        assert!(!first.contains("boss") && !first.contains("money"), "what policy says is not for callers");
    }
}

#[test]
fn the_page_is_where_the_settings_say_whatever_the_request_says() {
    let world = of(super::POLICIES);
    let mut request = Client::new(&world).request(&pay(json!({})));
    for (name, value) in [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")] {
        crate::support::set(&mut request, name, value);
    }
    let text = text(&world.send(request));
    assert!(text.contains("https://gw.example.com/approve/") && !text.contains("evil"), "{text}");
}

#[test]
fn what_is_no_tool_fails_with_an_error_that_programs_can_read() {
    let world = world();
    let ada = Client::new(&world);
    for (method, params, result) in [
        ("resources/read", json!({"uri": "crm://secret"}), json!({"contents": []})),
        ("prompts/get", json!({"name": "held", "arguments": {"a": "b"}}), json!({"messages": []})),
    ] {
        upstream(&world, move |sent| whole(&sent.result(&result)));
        let call = request(1, method, params);
        let done = ada.send(&call);
        let id = held(&done);
        let error = &done.json()["error"];
        assert_eq!(error["code"], 40302, "{method}");
        let data = json!({"approval": {
            "request": id.to_string(), "state": "pending", "url": format!("https://gw.example.com/approve/{id}"),
        }});
        assert_eq!(error["data"], data, "{method}");
        assert_eq!(read(&world, id).request().id, id);
        approve(&world, id, "bob");
        assert_eq!(ada.send(&call).json()["error"], Value::Null, "{method}");
        assert_eq!(sent(&world).len(), 1, "{method}");
        let again = ada.send(&call);
        assert_eq!(held(&again), id.next(), "{method}");
        reject(&world, id.next(), "bob");
        let rejected = ada.send(&call);
        let error = &rejected.json()["error"];
        assert_eq!(
            (&error["code"], &error["data"]["approval"]["state"]),
            (&json!(40303), &json!("rejected"))
        );
        assert_eq!(sent(&world).len(), 0, "{method}");
    }
}

#[test]
fn a_rejection_is_told_without_its_reason_and_until_its_time_is_over() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 1}));
    let id = held(&ada.send(&call));
    reject(&world, id, "bob");
    let done = ada.send(&call);
    assert_eq!(held(&done), id);
    let told = text(&done);
    assert!(told.starts_with("rejected by a person") && !told.contains("Friday"), "{told}");
    assert_eq!(refusals(&world).pop().unwrap().kind, "approval_rejected");
    later(&world, 300);
    assert_eq!(held(&ada.send(&call)), id.next());
    assert_eq!(sent(&world).len(), 0);
}

#[test]
fn elements_of_batches_are_held_one_by_one() {
    let world = world();
    let ada = Client::new(&world).in_session("2025-03-26");
    upstream(&world, super::answer);
    let pay = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "pay", "arguments": {}}});
    let done = world.send(ada.request(&json!([call_of(1, "harmless"), pay])));
    let answers = messages(&done.text);
    let held = answers.iter().find(|answer| answer["id"] == 2).unwrap();
    assert!(held["result"]["content"][0]["text"].as_str().unwrap().starts_with(ASKED), "{held}");
    assert_eq!(answers.len(), 2);
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn what_is_approved_where_all_connections_are_served_is_approved_where_one_is() {
    let world = of(super::POLICIES);
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    let everywhere = Client::new(&world).on("");
    let id = held(&everywhere.send_modern(&tool("crm__pay", json!({"amount": 1}))));
    assert_eq!(held(&Client::new(&world).send_modern(&pay(json!({"amount": 1})))), id);
    approve(&world, id, "bob");
    let done = everywhere.send_modern(&tool("crm__pay", json!({"amount": 1})));
    assert_eq!(done.json()["result"], text_result("done"));
    assert_eq!(sent(&world).len(), 1);
    assert_eq!(held(&Client::new(&world).send_modern(&pay(json!({"amount": 1})))), id.next());
}
