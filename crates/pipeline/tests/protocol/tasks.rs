//! Tasks in both forms: 2025-11-25, and the extension of 2026-07-28.

use portcullis_ledger::CallResult;
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, MODERN, POLICIES, SETTINGS, accepted, call_of, intents, legacy_result, messages,
    notification, refusals, request, sent, set, stream, text_result, upstream, whole, world,
};
use crate::world::{Done, End, World};

const REVISION: &str = "2025-11-25";
const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// The two forms of tasks. Everything that both must show runs in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Extension,
    Handshake,
}

const BOTH: [Form; 2] = [Form::Extension, Form::Handshake];

impl Form {
    fn client<'w>(self, world: &'w World, subject: &str) -> Client<'w> {
        let client = Client::of(world, subject, "staff");
        match self {
            Self::Extension => {
                client.able(json!({"extensions": {EXTENSION: {}}, "elicitation": {}, "sampling": {}}))
            }
            Self::Handshake => client.in_session(REVISION),
        }
    }

    fn send(self, client: &Client<'_>, body: &Value) -> Done {
        match self {
            Self::Extension => client.send_modern(body),
            Self::Handshake => client.send(body),
        }
    }

    /// A call that may become a task.
    fn call(self, tool: &str) -> Value {
        let mut call = call_of(1, tool);
        if self == Self::Handshake {
            call["params"]["task"] = json!({"ttl": 1000});
        }
        call
    }

    /// The result that says that a call has become a task.
    fn created(self, id: &Value) -> Value {
        let task = json!({"taskId": id, "status": "working", "statusMessage": "for ada@example.com"});
        match self {
            Self::Extension => {
                let mut task = task;
                task["resultType"] = json!("task");
                task
            }
            Self::Handshake => json!({"task": task, "_meta": {"note": "for ada@example.com"}}),
        }
    }

    fn id_in(self, result: &Value) -> Value {
        match self {
            Self::Extension => result["taskId"].clone(),
            Self::Handshake => result["task"]["taskId"].clone(),
        }
    }

    /// A result in this form.
    fn result(self, mut members: Value) -> Value {
        if self == Self::Extension {
            members["resultType"] = json!("complete");
        }
        members
    }

    /// Creates a task of this id.
    fn create(self, client: &Client<'_>, world: &World, id: &str) -> Done {
        let before = world.ports.upstream.borrow().clone();
        let created = self.created(&json!(id));
        upstream(world, move |sent| whole(&sent.result(&created)));
        let done = self.send(client, &self.call("work"));
        *world.ports.upstream.borrow_mut() = before;
        sent(world);
        world.events();
        world.ports.store.borrow_mut().retain(|key, _| key.contains(":task"));
        done
    }
}

fn about(method: &str, id: impl Into<Value>) -> Value {
    request(2, method, json!({"taskId": id.into()}))
}

fn is_unknown(world: &World, done: &Done, name: &str) {
    let error = done.json()["error"].clone();
    assert_eq!(error, json!({"code": -32602, "message": "invalid params: unknown task"}), "{name}: {done:?}");
    assert!(sent(world).is_empty(), "{name}: nothing is forwarded");
    assert_eq!(refusals(world).pop().unwrap().kind, "protocol", "{name}");
}

#[test]
fn a_task_is_its_creator_s_before_anybody_learns_its_id() {
    for form in BOTH {
        let world = world();
        upstream(&world, move |sent| whole(&sent.result(&form.created(&json!("t-1")))));
        let client = form.client(&world, "ada");
        let done = form.send(&client, &form.call("work"));
        let result = done.json()["result"].clone();
        assert_eq!(form.id_in(&result), "t-1", "{form:?}: {done:?}");
        assert!(done.text.contains("[email]") && !done.text.contains("ada@"), "{form:?}: {done:?}");
        assert_eq!(world.events(), ["intent", "fetch POST", "keep task", "outcome"], "{form:?}");
    }
}

#[test]
fn a_task_that_cannot_be_bound_is_withheld() {
    for form in BOTH {
        let world = world();
        upstream(&world, move |sent| whole(&sent.result(&form.created(&json!("t-1")))));
        let client = form.client(&world, "ada");
        world.ports.store_fails.set(Some(":task:"));
        let done = form.send(&client, &form.call("work"));
        assert!(!done.text.contains("t-1") && done.text.contains("withholds"), "{form:?}: {done:?}");
        assert!(matches!(world.outcomes()[0].result, CallResult::Failed { .. }), "{form:?}");
    }
}

#[test]
fn only_who_was_asked_for_a_task_gets_one() {
    let without = |form: Form, world: &World| match form {
        Form::Extension => Client::new(world).send_modern(&call_of(1, "work")),
        Form::Handshake => Client::new(world).in_session(REVISION).send(&call_of(1, "work")),
    };
    for form in BOTH {
        let world = world();
        upstream(&world, move |sent| whole(&sent.result(&form.created(&json!("t-1")))));
        let done = without(form, &world);
        assert_eq!(done.json()["result"]["isError"], true, "{form:?}: {done:?}");
        assert!(!done.text.contains("t-1"), "{form:?}");
        assert!(!world.events().contains(&"keep task".to_owned()), "{form:?}");
    }
    // Only calls of tools become tasks.
    for form in BOTH {
        let world = world();
        upstream(&world, move |sent| whole(&sent.result(&form.created(&json!("t-1")))));
        let client = form.client(&world, "ada");
        let mut prompt = request(1, "prompts/get", json!({"name": "p"}));
        prompt["params"]["task"] = json!({"ttl": 1});
        let done = form.send(&client, &prompt);
        assert!(!world.events().contains(&"keep task".to_owned()), "{form:?}");
        assert_eq!(sent(&world).pop().unwrap().body["params"].get("task"), None, "{form:?}");
        assert!(form == Form::Handshake || done.json()["error"].is_object(), "{done:?}");
    }
}

#[test]
fn a_wish_for_a_task_says_how_long_and_nothing_else() {
    for (wish, want) in [
        (json!({"ttl": 1000}), Some(json!({"ttl": 1000}))),
        (json!({}), Some(json!({}))),
        (json!({"ttl": "x", "secret": "s"}), Some(json!({}))),
        (json!(true), None),
        (Value::Null, None),
    ] {
        let world = world();
        upstream(&world, |sent| whole(&sent.result(&legacy_result("done"))));
        let mut call = call_of(1, "work");
        call["params"]["task"] = wish.clone();
        let done = Client::new(&world).in_session(REVISION).send(&call);
        assert_eq!(done.json()["result"], legacy_result("done"), "a server need not make it one");
        assert_eq!(sent(&world).pop().unwrap().body["params"].get("task"), want.as_ref(), "{wish}");
    }
    let world = world();
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    let mut call = call_of(1, "work");
    call["params"]["task"] = json!({"ttl": 1});
    Client::new(&world).send_modern(&call);
    assert_eq!(sent(&world).pop().unwrap().body["params"].get("task"), None, "2026-07-28 has no such wish");
}

#[test]
fn a_task_without_a_usable_id_is_no_task() {
    for form in BOTH {
        for id in [Value::Null, json!(""), json!(7), json!("x".repeat(1025)), json!("a\0b")] {
            let world = world();
            let created = form.created(&id);
            upstream(&world, move |sent| whole(&sent.result(&created)));
            let done = form.send(&form.client(&world, "ada"), &form.call("work"));
            assert_eq!(done.json()["result"]["isError"], true, "{form:?} {id}: {done:?}");
            assert!(!world.events().contains(&"keep task".to_owned()), "{form:?} {id}");
        }
    }
}

#[test]
fn one_id_has_one_owner() {
    for form in BOTH {
        let world = world();
        upstream(&world, |_| accepted());
        let (ada, bob) = (form.client(&world, "ada"), form.client(&world, "bob"));
        form.create(&ada, &world, "t-1");
        let done = form.create(&ada, &world, "t-1");
        assert_eq!(form.id_in(&done.json()["result"]), "t-1", "{form:?}: the same owner: {done:?}");
        let done = form.create(&bob, &world, "t-1");
        assert!(!done.text.contains("t-1"), "{form:?}: {done:?}");
        is_unknown(&world, &form.send(&bob, &about("tasks/get", "t-1")), "it stays ada's");
    }
}

#[test]
fn a_task_outlives_the_key_under_which_it_was_created() {
    let old = r#""0123456789abcdef0123456789abcdef""#;
    let rotated = SETTINGS.replace(
        &format!("secret_key = {old}"),
        &format!("secret_key = \"fedcba9876543210fedcba9876543210\"\nprevious_secret_keys = [{old}]"),
    );
    assert_ne!(rotated, SETTINGS);
    for form in BOTH {
        let before = world();
        form.create(&form.client(&before, "ada"), &before, "t-1");
        let after = World::of(&rotated, POLICIES);
        after.ports.store.borrow_mut().extend(before.ports.store.take());
        let working = form.result(json!({"taskId": "t-1", "status": "working"}));
        upstream(&after, move |sent| whole(&sent.result(&working)));
        let (ada, bob) = (form.client(&after, "ada"), form.client(&after, "bob"));
        let done = form.send(&ada, &about("tasks/get", "t-1"));
        assert_eq!(done.json()["result"]["status"], "working", "{form:?}: {done:?}");
        sent(&after);
        is_unknown(&after, &form.send(&bob, &about("tasks/get", "t-1")), "it stays ada's");
        let done = form.create(&bob, &after, "t-1");
        assert!(!done.text.contains("t-1"), "{form:?}: nobody takes it over: {done:?}");
    }
}

#[test]
fn nobody_else_can_name_a_task() {
    for (form, methods) in [
        (Form::Extension, &["tasks/get", "tasks/cancel", "tasks/update"][..]),
        (Form::Handshake, &["tasks/get", "tasks/cancel", "tasks/result"][..]),
    ] {
        for method in methods {
            let world = world();
            let working = form.result(json!({"taskId": "t-1", "status": "working"}));
            upstream(&world, move |sent| whole(&sent.result(&working)));
            let (ada, bob) = (form.client(&world, "ada"), form.client(&world, "bob"));
            let photos = form.client(&world, "ada").on("photos");
            let photos = if form == Form::Handshake { photos.in_session(REVISION) } else { photos };
            form.create(&ada, &world, "t-1");
            let with_answers = |id: &str| request(2, method, json!({"taskId": id, "inputResponses": {}}));
            is_unknown(&world, &form.send(&bob, &with_answers("t-1")), method);
            is_unknown(&world, &form.send(&photos, &with_answers("t-1")), method);
            is_unknown(&world, &form.send(&ada, &with_answers("t-2")), method);
            is_unknown(&world, &form.send(&ada, &with_answers("")), method);
            let done = form.send(&ada, &with_answers("t-1"));
            assert!(done.json()["result"].is_object(), "{method}: {done:?}");
            let sent = sent(&world).pop().unwrap();
            assert_eq!(sent.body["params"]["taskId"], "t-1");
            assert_eq!(sent.header("mcp-name"), (form == Form::Extension).then_some("t-1"), "{method}");
            assert_eq!(world.outcomes().len(), 1, "{method}: it is on record");
        }
    }
}

#[test]
fn without_the_store_nobody_s_task_is_anybody_s() {
    for form in BOTH {
        let world = world();
        upstream(&world, |_| accepted());
        let client = form.client(&world, "ada");
        form.create(&client, &world, "t-1");
        world.ports.store_fails.set(Some(":task:"));
        let done = form.send(&client, &about("tasks/get", "t-1"));
        assert_eq!(done.json()["error"]["code"], 50301, "{form:?}: {done:?}");
        assert!(sent(&world).is_empty(), "{form:?}");
        world.ports.store_fails.set(None);
        // A value that somebody has written over opens for nobody.
        let mut store = world.ports.store.borrow_mut();
        store
            .iter_mut()
            .filter(|(key, _)| key.contains(":task:"))
            .for_each(|(_, value)| *value = b"bob".to_vec());
        drop(store);
        let done = form.send(&client, &about("tasks/get", "t-1"));
        assert_eq!(done.json()["error"]["code"], 50301, "{form:?}: {done:?}");
        assert!(sent(&world).is_empty(), "{form:?}");
    }
}

#[test]
fn the_state_of_a_task_is_guarded_like_any_result() {
    let result = json!({"content": [
        {"type": "text", "text": format!("card {CARD}")},
        {"type": "image", "data": "UElDVFVSRQ==", "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": "crm://secret", "text": "top secret"}},
        {"type": "resource_link", "uri": "crm://secret", "name": "n"},
    ], "structuredContent": {"card": 4_111_111_111_111_111_u64}});
    let extension = json!({"taskId": "t-1", "status": "completed", "statusMessage": "for ada@example.com", "result": result,
        "error": {"code": 1, "message": CARD}});
    for (form, method, answer) in [
        (Form::Extension, "tasks/get", extension),
        (Form::Handshake, "tasks/get", json!({"taskId": "t-1", "status": "failed", "statusMessage": CARD})),
        (
            Form::Handshake,
            "tasks/cancel",
            json!({"taskId": "t-1", "status": "cancelled", "statusMessage": CARD}),
        ),
        (Form::Handshake, "tasks/result", result),
    ] {
        let world = world();
        let answer = form.result(answer);
        upstream(&world, move |sent| whole(&sent.result(&answer)));
        let client = form.client(&world, "ada");
        form.create(&client, &world, "t-1");
        let done = form.send(&client, &about(method, "t-1"));
        assert!(done.text.contains("[card]"), "{form:?} {method}: {done:?}");
        for text in ["4111", "UElDVFVSRQ", "top secret", "crm://secret", "ada@"] {
            assert!(
                !done.text.contains(text) && !world.traces().contains(text),
                "{form:?} {method} {text}: {done:?}"
            );
        }
    }
}

#[test]
fn an_answer_about_another_task_is_none() {
    for (form, method) in
        [(Form::Extension, "tasks/get"), (Form::Handshake, "tasks/get"), (Form::Handshake, "tasks/cancel")]
    {
        let world = world();
        let answer = form.result(json!({"taskId": "t-2", "status": "working", "statusMessage": "bob's"}));
        upstream(&world, move |sent| whole(&sent.result(&answer)));
        let client = form.client(&world, "ada");
        form.create(&client, &world, "t-1");
        let done = form.send(&client, &about(method, "t-1"));
        assert!(
            done.json()["error"].is_object() && !done.text.contains("bob"),
            "{form:?} {method}: {done:?}"
        );
    }
}

#[test]
fn a_list_of_tasks_shows_the_caller_s_own() {
    let world = world();
    upstream(&world, |sent| {
        let task =
            |id: &str| json!({"taskId": id, "status": "working", "statusMessage": "for ada@example.com"});
        let tasks = json!([task("mine"), task("bob's"), task("nobody's"), {"status": "working"}, "mine", task("mine too")]);
        whole(&sent.result(&json!({"tasks": tasks, "nextCursor": "more"})))
    });
    let form = Form::Handshake;
    let (ada, bob) = (form.client(&world, "ada"), form.client(&world, "bob"));
    for (client, id) in [(&ada, "mine"), (&bob, "bob's"), (&ada, "mine too")] {
        form.create(client, &world, id);
    }
    for (client, want) in [(&ada, json!(["mine", "mine too"])), (&bob, json!(["bob's"]))] {
        let result = client.send(&request(1, "tasks/list", json!({"cursor": "c"}))).json()["result"].clone();
        let ids: Vec<_> =
            result["tasks"].as_array().unwrap().iter().map(|task| task["taskId"].clone()).collect();
        assert_eq!(json!(ids), want);
        assert_eq!(
            (&result["nextCursor"], &result["tasks"][0]["statusMessage"]),
            (&json!("more"), &json!("for [email]"))
        );
    }
    world.ports.store_fails.set(Some(":task:"));
    let done = ada.send(&request(1, "tasks/list", json!({})));
    assert!(done.json()["error"].is_object() && !done.text.contains("mine"), "{done:?}");
}

#[test]
fn news_of_the_tasks_of_others_is_not_heard() {
    let world = world();
    upstream(&world, |sent| {
        let news = |id: Value| {
            notification(
                "notifications/tasks/status",
                json!({"taskId": id, "status": "working", "statusMessage": "for ada@example.com"}),
            )
        };
        let mut all =
            vec![news(json!("mine")), news(json!("bob's")), news(json!("nobody's")), news(Value::Null)];
        all.push(json!({"jsonrpc": "2.0", "method": "notifications/tasks/status"}));
        all.push(notification("notifications/tasks", json!({"taskId": "mine", "status": "working"})));
        if sent.verb == http::Method::POST {
            all.push(sent.result(&legacy_result("done")));
        }
        stream(&all, End::Whole)
    });
    let form = Form::Handshake;
    let (ada, bob) = (form.client(&world, "ada"), form.client(&world, "bob"));
    form.create(&ada, &world, "mine");
    form.create(&bob, &world, "bob's");
    for text in [ada.listen(None).text, ada.send(&call_of(1, "read")).text] {
        let heard: Vec<_> =
            messages(&text).into_iter().filter(|message| message.get("method").is_some()).collect();
        let want = json!({"taskId": "mine", "status": "working", "statusMessage": "for [email]"});
        assert_eq!(heard, [notification("notifications/tasks/status", want)]);
    }
    world.ports.store_fails.set(Some(":task:"));
    assert!(!ada.listen(None).text.contains("mine"));
}

#[test]
fn on_a_modern_call_there_is_no_news_of_tasks() {
    let world = world();
    upstream(&world, |sent| {
        let news = |method| notification(method, json!({"taskId": "mine", "status": "working"}));
        stream(
            &[
                news("notifications/tasks/status"),
                news("notifications/tasks"),
                sent.result(&text_result("done")),
            ],
            End::Whole,
        )
    });
    let client = Form::Extension.client(&world, "ada");
    Form::Extension.create(&client, &world, "mine");
    assert_eq!(messages(&client.send_modern(&call_of(1, "read")).text).len(), 1);
}

/// What a task of the extension asks.
fn input_required(questions: &Value) -> Value {
    json!({"resultType": "complete", "taskId": "t-1", "status": "input_required", "inputRequests": questions})
}

fn form_question() -> Value {
    json!({"method": "elicitation/create", "params": {"message": "which card of ada@example.com?"}})
}

/// A world where ada's task asks this, and she has been told.
fn asking(questions: &Value) -> World {
    let world = world();
    let client = Form::Extension.client(&world, "ada");
    Form::Extension.create(&client, &world, "t-1");
    Form::Extension.create(&client, &world, "t-2");
    let state = input_required(questions);
    upstream(&world, move |sent| match sent.method() {
        "tasks/get" => whole(&sent.result(&state)),
        _ => whole(&sent.result(&json!({"resultType": "complete"}))),
    });
    client.send_modern(&about("tasks/get", "t-1"));
    sent(&world);
    world
}

fn update(id: &str, answers: Value) -> Value {
    request(3, "tasks/update", json!({"taskId": id, "inputResponses": answers}))
}

#[test]
fn what_a_task_asks_is_known_before_it_is_asked() {
    let world = asking(&json!({"q": form_question()}));
    world.events();
    let done = Form::Extension.client(&world, "ada").send_modern(&about("tasks/get", "t-1"));
    assert_eq!(done.json()["result"]["inputRequests"]["q"]["params"]["message"], "which card of [email]?");
    assert_eq!(world.events(), ["intent", "fetch POST", "keep task-question", "outcome"]);
    world.ports.store_fails.set(Some(":task-question:"));
    let done = Form::Extension.client(&world, "ada").send_modern(&about("tasks/get", "t-1"));
    assert!(done.json()["error"].is_object() && !done.text.contains("which card"), "{done:?}");
}

#[test]
fn a_task_gets_answers_to_what_it_has_asked_and_to_nothing_else() {
    let world = asking(&json!({"q": form_question()}));
    let client = Form::Extension.client(&world, "ada");
    world.ports.store.borrow_mut().retain(|key, _| key.contains(":task"));
    let accept = json!({"action": "accept", "content": {"card": "the blue one"}});
    let done = client.send_modern(&update("t-1", json!({"q": accept, "r": accept, "": accept})));
    assert_eq!(done.json()["result"]["resultType"], "complete", "{done:?}");
    assert_eq!(sent(&world).pop().unwrap().body["params"]["inputResponses"], json!({"q": accept}));
    let text = intents(&world).pop().unwrap().arguments.text.text().to_owned();
    assert_eq!(text, json!({"q": accept}).to_string());
    client.send_modern(&update("t-2", json!({"q": accept})));
    assert_eq!(
        sent(&world).pop().unwrap().body["params"]["inputResponses"],
        json!({}),
        "another task has not asked"
    );
}

#[test]
fn answers_to_a_task_are_judged_by_policy() {
    let world = asking(&json!({"q": form_question()}));
    let client = Form::Extension.client(&world, "ada");
    let bad = json!({"action": "accept", "content": {"card": CARD}});
    let done = client.send_modern(&update("t-1", json!({"q": bad})));
    assert_eq!(done.json()["error"]["code"], 40301, "{done:?}");
    assert!(sent(&world).is_empty());
    assert_eq!(refusals(&world).pop().unwrap().kind, "answer_denied");
}

#[test]
fn an_update_is_refused_where_answers_could_not_be_looked_up() {
    let world = asking(&json!({"q": form_question()}));
    let client = Form::Extension.client(&world, "ada");
    let many: serde_json::Map<_, _> = (0..65).map(|key| (key.to_string(), json!({}))).collect();
    for (name, params) in [
        ("none", json!({"taskId": "t-1"})),
        ("a list", json!({"taskId": "t-1", "inputResponses": []})),
        ("too many", json!({"taskId": "t-1", "inputResponses": many})),
    ] {
        let done = client.send_modern(&request(1, "tasks/update", params));
        assert_eq!(done.json()["error"]["code"], -32602, "{name}: {done:?}");
        assert!(sent(&world).is_empty(), "{name}");
    }
    world.ports.store_fails.set(Some(":task-question:"));
    let done = client.send_modern(&update("t-1", json!({"q": {}})));
    assert_eq!(done.json()["error"]["code"], 50301, "{done:?}");
    assert!(sent(&world).is_empty());
}

#[test]
fn answers_reach_a_task_by_an_update_only() {
    let world = asking(&json!({"q": form_question()}));
    let client = Form::Extension.client(&world, "ada");
    let secret = json!({"q": {"content": {"card": CARD}}});
    for method in ["tasks/get", "tasks/cancel"] {
        let params = json!({"taskId": "t-1", "inputResponses": secret, "requestState": CARD});
        client.send_modern(&request(1, method, params));
        let params = sent(&world).pop().unwrap().body["params"].clone();
        assert_eq!((params.get("inputResponses"), params.get("requestState")), (None, None), "{method}");
    }
    let mut body = update("t-1", json!({}));
    body["params"]["requestState"] = json!(CARD);
    client.send_modern(&body);
    assert_eq!(sent(&world).pop().unwrap().body["params"].get("requestState"), None);
}

#[test]
fn a_question_of_a_task_that_is_not_allowed_is_not_asked() {
    for (name, questions) in [
        ("forbidden", json!({"q": {"method": "elicitation/create", "params": {"message": CARD}}})),
        (
            "a page",
            json!({"q": {"method": "elicitation/create", "params": {"mode": "url", "url": "https://evil.example.com/"}}}),
        ),
        ("an unknown one", json!({"q": {"method": "client/run"}})),
        ("no object", json!([])),
    ] {
        let world = asking(&questions);
        let client = Form::Extension.client(&world, "ada");
        let done = client.send_modern(&about("tasks/get", "t-1"));
        assert!(done.json()["error"].is_object(), "{name}: {done:?}");
        assert!(!world.events().contains(&"keep task-question".to_owned()), "{name}");
        client.send_modern(&update("t-1", json!({"q": {"action": "accept"}})));
        assert_eq!(sent(&world).pop().unwrap().body["params"]["inputResponses"], json!({}), "{name}");
    }
}

#[test]
fn each_era_has_its_own_methods_of_tasks() {
    let world = asking(&json!({}));
    let modern = Form::Extension.client(&world, "ada");
    for method in ["tasks/result", "tasks/list"] {
        let done = modern.send_modern(&about(method, "t-1"));
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (404, Some(-32601)), "{method}");
    }
    let done = Form::Handshake.client(&world, "ada").send(&update("t-1", json!({})));
    assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (200, Some(-32601)));
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let body = request(1, method, json!({"taskId": "t-1", "inputResponses": {}}));
        let done = Client::new(&world).send_modern(&body);
        assert_eq!(
            (done.status, done.json()["error"]["code"].as_i64()),
            (400, Some(-32021)),
            "{method}: {done:?}"
        );
        let required = json!({"requiredCapabilities": {"extensions": {EXTENSION: {}}}});
        assert_eq!(done.json()["error"]["data"], required, "{method}");
        let mut request = modern.modern_request(&body);
        set(&mut request, "mcp-name", "t-2");
        let done = world.send(request);
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (400, Some(-32020)), "{method}");
    }
    assert!(sent(&world).is_empty());
}

#[test]
fn servers_offer_tasks_in_the_form_of_their_era() {
    let capabilities = json!({"tools": {}, "tasks": {"list": {}}, "experimental": {"x": {}},
        "extensions": {EXTENSION: {}, "io.modelcontextprotocol/ui": {}}});
    let world = world();
    upstream(&world, move |sent| {
        whole(&sent.result(&json!({"resultType": "complete", "supportedVersions": [MODERN, "2030-01-01"], "capabilities": capabilities,
            "protocolVersion": REVISION, "serverInfo": {}, "ttlMs": 9_999_999, "cacheScope": "public"})))
    });
    let modern =
        Client::new(&world).send_modern(&request(1, "server/discover", json!({}))).json()["result"].clone();
    assert_eq!(modern["capabilities"], json!({"tools": {}, "extensions": {EXTENSION: {}}}));
    assert_eq!(modern["supportedVersions"], json!([MODERN]));
    assert_eq!((&modern["ttlMs"], &modern["cacheScope"]), (&json!(60_000), &json!("private")));
    let params = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {}});
    let legacy = Client::new(&world).send(&request(1, "initialize", params)).json()["result"].clone();
    assert_eq!(legacy["capabilities"], json!({"tools": {}, "tasks": {"list": {}}}));
}
