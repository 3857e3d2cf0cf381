//! `subscriptions/listen` of 2026-07-28: what was granted is heard, nothing else, and at once.

use portcullis_ledger::CallResult;
use serde_json::{Value, json};

use crate::support::{
    Client, call_of, intents, messages, notification, request, response, sent, stream, upstream, whole, world,
};
use crate::world::{End, World};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

fn listen(wanted: Value) -> Value {
    request("my-listen", "subscriptions/listen", json!({"notifications": wanted}))
}

fn wanted() -> Value {
    json!({
        "toolsListChanged": true,
        "promptsListChanged": false,
        "resourceSubscriptions": ["crm://1", "crm://secret", "CRM://2", "crm://2/../secret"],
        "taskIds": ["mine", "foreign", "unknown"],
    })
}

/// The same message as the upstream says it, with an id of its own making.
fn news(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({SUBSCRIPTION: "upstream's own"});
    notification(method, params)
}

fn acknowledged(honoured: Value) -> Value {
    news("notifications/subscriptions/acknowledged", json!({"notifications": honoured}))
}

fn task(id: &str) -> Value {
    json!({"resultType": "task", "taskId": id, "status": "working", "createdAt": "now", "lastUpdatedAt": "now", "ttlMs": 1})
}

/// Lets a caller create a task of this id.
fn own_task(world: &World, subject: &str, id: &'static str) {
    upstream(world, |sent| whole(&sent.result(&task(sent.body["params"]["name"].as_str().unwrap()))));
    let client = Client::of(world, subject, "staff")
        .able(json!({"extensions": {"io.modelcontextprotocol/tasks": {}}}));
    let done = client.send_modern(&call_of(1, id));
    assert_eq!(done.json()["result"]["taskId"], id, "{done:?}");
}

/// A world in which `mine` is ada's task and `foreign` is bob's.
fn with_tasks() -> World {
    let world = world();
    own_task(&world, "ada", "mine");
    own_task(&world, "bob", "foreign");
    sent(&world);
    world.events();
    world.ports.store.borrow_mut().retain(|key, _| key.contains(":task:"));
    world
}

#[test]
fn what_may_not_be_heard_is_taken_out_before_the_request_leaves() {
    let world = with_tasks();
    upstream(&world, |_| stream(&[], End::Whole));
    Client::new(&world).send_modern(&listen(wanted()));
    let sent = sent(&world).pop().unwrap();
    assert_eq!(
        sent.body["params"]["notifications"],
        json!({"toolsListChanged": true, "resourceSubscriptions": ["crm://1"], "taskIds": ["mine"]})
    );
    assert_eq!(sent.body["id"], "my-listen");
    assert_eq!(sent.header("mcp-method"), Some("subscriptions/listen"));
}

#[test]
fn the_acknowledgement_shows_what_was_granted_even_if_the_server_claims_more() {
    for (said, want) in [
        (
            wanted(),
            json!({"toolsListChanged": true, "resourceSubscriptions": ["crm://1"], "taskIds": ["mine"]}),
        ),
        (json!({"toolsListChanged": true}), json!({"toolsListChanged": true})),
        (
            json!({"resourceSubscriptions": ["crm://1", "crm://3"]}),
            json!({"resourceSubscriptions": ["crm://1"]}),
        ),
        (json!({"toolsListChanged": "yes", "promptsListChanged": true, "more": 1}), json!({})),
        (json!({}), json!({})),
        (Value::Null, json!({})),
    ] {
        let world = with_tasks();
        let ack = acknowledged(said.clone());
        upstream(&world, move |_| stream(std::slice::from_ref(&ack), End::Whole));
        let done = Client::new(&world).send_modern(&listen(wanted()));
        let want = notification(
            "notifications/subscriptions/acknowledged",
            json!({"_meta": {SUBSCRIPTION: "my-listen"}, "notifications": want}),
        );
        assert_eq!(messages(&done.text), [want], "{said}");
    }
}

#[test]
fn only_granted_news_passes_and_names_the_subscription_as_the_caller_does() {
    let world = with_tasks();
    upstream(&world, |_| {
        let updated = |uri: &str| news("notifications/resources/updated", json!({"uri": uri}));
        let working = |id: &str| news("notifications/tasks", json!({"taskId": id, "status": "working"}));
        let tools_changed = notification("notifications/tools/list_changed", Value::Null);
        let messages = [
            acknowledged(wanted()),
            news("notifications/tools/list_changed", json!({})),
            json!({"jsonrpc": "2.0", "method": tools_changed["method"]}),
            news("notifications/prompts/list_changed", json!({})),
            news("notifications/resources/list_changed", json!({})),
            updated("crm://1"),
            updated("crm://secret"),
            updated("crm://1/more"),
            news("notifications/resources/updated", json!({})),
            working("mine"),
            working("foreign"),
            working("unknown"),
            news("notifications/tasks/status", json!({"taskId": "mine"})),
            news("notifications/message", json!({"level": "info", "data": "secret"})),
            news("notifications/progress", json!({"progressToken": 1})),
            news("notifications/elicitation/complete", json!({"elicitationId": "e"})),
            news("notifications/unheard_of", json!({})),
            request(9, "sampling/createMessage", json!({"messages": []})),
        ];
        stream(&messages, End::Whole)
    });
    let done = Client::new(&world).send_modern(&listen(wanted()));
    let heard = messages(&done.text);
    let methods: Vec<_> = heard.iter().map(|message| message["method"].as_str().unwrap()).collect();
    assert_eq!(
        methods,
        [
            "notifications/subscriptions/acknowledged",
            "notifications/tools/list_changed",
            "notifications/tools/list_changed",
            "notifications/resources/updated",
            "notifications/tasks",
        ]
    );
    for message in &heard {
        assert_eq!(message["params"]["_meta"][SUBSCRIPTION], "my-listen", "{message}");
    }
    assert_eq!(
        (&heard[3]["params"]["uri"], &heard[4]["params"]["taskId"]),
        (&json!("crm://1"), &json!("mine"))
    );
}

#[test]
fn an_id_that_is_a_number_stays_one() {
    let world = with_tasks();
    upstream(&world, |_| stream(&[acknowledged(json!({}))], End::Whole));
    let body = request(17, "subscriptions/listen", json!({"notifications": {}}));
    let done = Client::new(&world).send_modern(&body);
    assert_eq!(messages(&done.text)[0]["params"]["_meta"][SUBSCRIPTION], 17);
}

#[test]
fn news_of_a_task_is_masked_like_its_result() {
    let world = with_tasks();
    upstream(&world, |_| {
        let result = json!({"content": [
            {"type": "text", "text": "4111 1111 1111 1111"},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "crm://secret", "text": "top secret"}},
        ]});
        let done = json!({"taskId": "mine", "status": "completed", "statusMessage": "for ada@example.com", "result": result});
        stream(&[news("notifications/tasks", done)], End::Whole)
    });
    let done = Client::new(&world).send_modern(&listen(wanted()));
    for (text, there) in [
        ("[card]", true),
        ("[email]", true),
        ("4111", false),
        ("AAAA", false),
        ("top secret", false),
        ("ada@", false),
    ] {
        assert_eq!(done.text.contains(text), there, "{text}: {done:?}");
    }
}

#[test]
fn events_go_out_one_by_one_while_the_server_keeps_its_body_open() {
    let ack = acknowledged(json!({"toolsListChanged": true}));
    let changed = news("notifications/tools/list_changed", json!({}));
    let lines = format!("{ack}\n\n{changed}\r\n");
    let cut = |text: &str| text.as_bytes().chunks(7).map(<[u8]>::to_vec).collect::<Vec<_>>();
    for (kind, chunks) in [
        ("text/event-stream", cut(&format!("data: {ack}\n\ndata: {changed}\n\n"))),
        ("application/json", cut(&lines)),
        ("application/json; charset=utf-8", vec![lines.clone().into_bytes()]),
    ] {
        let world = with_tasks();
        upstream(&world, move |_| response(200, kind, chunks.clone(), End::Silent));
        let client = Client::new(&world);
        let mut reading = client.open(client.modern_request(&listen(wanted())));
        assert_eq!(reading.status, 200, "{kind}");
        assert_eq!(
            reading.message().unwrap()["method"],
            "notifications/subscriptions/acknowledged",
            "{kind}"
        );
        assert_eq!(reading.message().unwrap()["method"], "notifications/tools/list_changed", "{kind}");
        assert_eq!(reading.next(), None, "{kind}: nothing more yet");
        assert!(world.outcomes().is_empty(), "{kind}: it goes on");
        reading.leave();
        assert!(world.ports.bodies.borrow().last().unwrap().dropped.get(), "{kind}: the server is let go");
        assert_eq!(world.outcomes()[0].result, CallResult::Interrupted, "{kind}");
        assert_eq!(world.events(), ["intent", "fetch POST", "outcome"], "{kind}");
    }
}

#[test]
fn the_last_line_needs_no_end() {
    let world = with_tasks();
    let end = json!({"jsonrpc": "2.0", "id": "my-listen", "result": {"resultType": "complete"}});
    upstream(&world, move |_| {
        let chunks = vec![format!("{}\n{end}", acknowledged(json!({}))).into_bytes()];
        response(200, "application/json", chunks, End::Whole)
    });
    let done = Client::new(&world).send_modern(&listen(wanted()));
    let heard = messages(&done.text);
    assert_eq!(heard.len(), 2, "{done:?}");
    assert_eq!(heard[1]["result"]["_meta"][SUBSCRIPTION], "my-listen");
    assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: false });
}

#[test]
fn a_subscription_ends_with_the_token_of_its_caller() {
    let world = with_tasks();
    upstream(&world, |_| stream(&[acknowledged(json!({}))], End::Silent));
    world.ports.late.set(true);
    let done = Client::new(&world).send_modern(&listen(wanted()));
    assert_eq!(messages(&done.text).len(), 1, "no error follows: {done:?}");
    assert_eq!(world.outcomes()[0].result, CallResult::Interrupted);
    assert!(world.ports.bodies.borrow().last().unwrap().dropped.get());
}

#[test]
fn the_server_may_end_a_subscription() {
    for ending in [
        json!({"jsonrpc": "2.0", "id": "my-listen", "result": {"resultType": "complete", "_meta": {SUBSCRIPTION: "x"}}}),
        json!({"jsonrpc": "2.0", "id": "my-listen", "error": {"code": -32603, "message": "gone, says ada@example.com"}}),
    ] {
        let world = with_tasks();
        let failed = ending.get("error").is_some();
        let last = ending.clone();
        upstream(&world, move |_| stream(&[acknowledged(json!({})), last.clone()], End::Silent));
        let done = Client::new(&world).send_modern(&listen(wanted()));
        let heard = messages(&done.text);
        assert_eq!(heard[1]["id"], "my-listen");
        assert!(failed || heard[1]["result"]["_meta"][SUBSCRIPTION] == "my-listen", "{done:?}");
        assert!(!done.text.contains("ada@"), "{done:?}");
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: failed });
    }
    let world = with_tasks();
    upstream(&world, |_| {
        let cancelled =
            news("notifications/cancelled", json!({"requestId": "other", "reason": "ada@example.com"}));
        stream(&[acknowledged(json!({})), cancelled], End::Whole)
    });
    let done = Client::new(&world).send_modern(&listen(wanted()));
    assert_eq!(
        messages(&done.text)[1]["params"],
        json!({"_meta": {SUBSCRIPTION: "my-listen"}, "requestId": "my-listen"})
    );
}

#[test]
fn a_server_that_refuses_to_be_listened_to_says_so_to_the_caller() {
    for (status, kind) in [(404, "application/json"), (200, "application/json"), (200, "text/event-stream")] {
        let world = with_tasks();
        upstream(&world, move |sent| {
            let error =
                json!({"jsonrpc": "2.0", "id": sent.body["id"], "error": {"code": -32601, "message": "no"}});
            let text =
                if kind == "application/json" { error.to_string() } else { format!("data: {error}\n\n") };
            response(status, kind, vec![text.into_bytes()], End::Whole)
        });
        let done = Client::new(&world).send_modern(&listen(wanted()));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (status, Some(-32601)), "{kind}");
        assert_eq!(world.outcomes()[0].result, CallResult::Completed { is_error: true });
    }
}

#[test]
fn a_subscription_is_recorded_with_what_was_granted() {
    let world = with_tasks();
    upstream(&world, |_| stream(&[], End::Whole));
    Client::new(&world).send_modern(&listen(wanted()));
    let intent = intents(&world).pop().unwrap();
    assert_eq!(intent.method, "subscriptions/listen");
    let text = intent.arguments.text.text();
    assert!(text.contains("crm://1") && text.contains("mine"), "{text}");
    assert!(!text.contains("secret") && !text.contains("foreign"), "{text}");
}

#[test]
fn what_is_not_a_subscription_is_refused() {
    let many: Vec<_> = (0..257).map(|index| format!("crm://{index}")).collect();
    let of_both = |index: u32| if index.is_multiple_of(2) { "crm+crm://1" } else { "photos+photos://1" };
    let of_two_connections: Vec<_> = (0..257).map(of_both).collect();
    for (name, params) in [
        ("nothing", json!({})),
        ("no object", json!({"notifications": []})),
        ("no list", json!({"notifications": {"resourceSubscriptions": "crm://1"}})),
        ("no URIs", json!({"notifications": {"resourceSubscriptions": [1]}})),
        ("no ids", json!({"notifications": {"taskIds": {}}})),
        ("too many", json!({"notifications": {"resourceSubscriptions": many}})),
        ("too many in all", json!({"notifications": {"resourceSubscriptions": of_two_connections}})),
    ] {
        for place in ["crm", ""] {
            let world = with_tasks();
            let body = request(1, "subscriptions/listen", params.clone());
            let done = Client::new(&world).on(place).send_modern(&body);
            assert_eq!(done.json()["error"]["code"], -32602, "{name} {place}: {done:?}");
            assert!(sent(&world).is_empty(), "{name}");
        }
    }
    let world = with_tasks();
    let done = Client::new(&world).in_session("2025-11-25").send(&listen(wanted()));
    assert_eq!(done.json()["error"]["code"], -32601, "before 2026-07-28 there is no such thing");
}

#[test]
fn a_store_that_cannot_tell_whose_a_task_is_grants_nothing() {
    let world = with_tasks();
    world.ports.store_fails.set(Some(":task:"));
    let done = Client::new(&world).send_modern(&listen(wanted()));
    assert!(done.json()["error"].is_object(), "{done:?}");
    assert!(sent(&world).is_empty());
}
