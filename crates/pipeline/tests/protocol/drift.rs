//! Definitions that are not the approved ones: nobody sees them, nobody calls them, and people are told.

mod held;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use portcullis_ledger::{Drift, Record};
use portcullis_mcp::json::{self, Bounds};
use portcullis_pins::{Approved, DefinitionDigest, Kind, Pins};
use serde_json::{Value, json};

use crate::support::{
    Client, MODERN, POLICIES, SETTINGS, Sent, UPSTREAM_SESSION, intents, messages, notification, raw_stream,
    refusals, request, response, sent, sent_methods, set, stream, text_result, unreachable, upstream, whole,
};
use crate::world::{Chunked, Done, End, NOW_MS, Upstream, World, post, token};

const BLOCKED: &str = "not allowed";
const HELD: &str = "needs approval by a person";
const FAILED: &str = "the server behind the gateway failed";
const DONE: &str = "done";
const CARD_TOOL: &str = "pay-4111111111111111";

/// The settings with this for `drift`, and with more of `crm`.
fn settings(drift: &str, more: &str) -> String {
    let owners = if drift == "hold" { "owners = { group = \"idp:owners\" }\n" } else { "" };
    SETTINGS.replace("drift = \"log\"", &format!("drift = \"{drift}\"\n{owners}{more}"))
}

fn search() -> Value {
    json!({"name": "search", "title": "Search", "description": "Finds customers",
        "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}},
        "annotations": {"readOnlyHint": true}})
}

fn hello() -> Value {
    json!({"name": "hello", "description": "Says hello"})
}

/// What `crm` and `photos` have pinned.
fn approved(tools: &Value, prompts: &Value) -> Approved {
    let pins = ["crm", "photos"].map(|connection| {
        let file = json!({"version": 1, "connection": connection, "tools": tools, "prompts": prompts});
        Pins::parse(&connection.parse().unwrap(), &file.to_string()).unwrap()
    });
    Approved::of(&pins)
}

/// A server whose definitions can be changed.
struct Server {
    world: World,
    tools: Rc<RefCell<Value>>,
    prompts: Rc<RefCell<Value>>,
}

impl Server {
    fn new(drift: &str) -> Self {
        Self::of(&settings(drift, ""), approved(&json!([search()]), &json!([hello()])))
    }

    fn of(settings: &str, approved: Approved) -> Self {
        Self::under(settings, POLICIES, approved)
    }

    fn under(settings: &str, policies: &str, approved: Approved) -> Self {
        let world = World::approving(settings, policies, approved);
        let tools = Rc::new(RefCell::new(json!([search()])));
        let prompts = Rc::new(RefCell::new(json!([hello()])));
        let (of_tools, of_prompts) = (Rc::clone(&tools), Rc::clone(&prompts));
        upstream(&world, move |sent| answered(sent, &of_tools.borrow(), &of_prompts.borrow()));
        // Somebody who waits for another request looks again every few milliseconds.
        world.ports.patience.set(Duration::from_millis(10));
        Self { world, tools, prompts }
    }

    fn shows(self, tools: Value) -> Self {
        *self.tools.borrow_mut() = tools;
        self
    }

    fn client(&self) -> Client<'_> {
        Client::new(&self.world)
    }

    /// What a client of this revision gets for a call.
    fn calls(&self, revision: &str, method: &str, params: Value) -> Done {
        let body = request(1, method, params);
        match revision {
            MODERN => self.client().send_modern(&body),
            revision => self.client().in_session(revision).send(&body),
        }
    }

    fn calls_tool(&self, revision: &str, tool: &str) -> String {
        said(&self.calls(revision, "tools/call", json!({"name": tool, "arguments": {}})))
    }

    fn lists(&self, revision: &str, kind: Kind) -> Vec<Value> {
        let done = self.calls(revision, kind.list().as_str(), json!({}));
        done.json()["result"][kind.member()].as_array().unwrap_or_else(|| panic!("{done:?}")).clone()
    }

    fn later(&self, milliseconds: u64) {
        self.world.ports.now.set(self.world.ports.now.get() + milliseconds);
    }

    fn drifts(&self) -> Vec<Drift> {
        let drift = |record| match record {
            Record::Drift(drift) => Some(drift),
            Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        };
        self.world.ports.records().into_iter().filter_map(drift).collect()
    }
}

fn answered(sent: &Sent, tools: &Value, prompts: &Value) -> Upstream {
    let is_modern = sent.header("mcp-protocol-version") == Some(MODERN);
    let of_list = |member: &str, items: &Value| {
        let mut result = json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private"});
        result[member] = items.clone();
        result
    };
    let result = match sent.method() {
        "tools/list" => of_list("tools", tools),
        "prompts/list" => of_list("prompts", prompts),
        "prompts/get" => json!({"resultType": "complete", "messages": []}),
        _ => text_result(DONE),
    };
    let mut message = sent.result(&result);
    if !is_modern {
        message["result"].as_object_mut().unwrap().remove("resultType");
    }
    whole(&message)
}

/// The text that the caller gets: of a result, or of an error.
fn said(done: &Done) -> String {
    let message = done.json();
    let texts = [&message["result"]["content"][0]["text"], &message["error"]["message"]];
    let text = texts.into_iter().find_map(Value::as_str).map(ToOwned::to_owned);
    // With the request and its page, which differ.
    let text = text.map(|text| if text.starts_with(HELD) { HELD.to_owned() } else { text });
    text.unwrap_or_else(|| if message["result"].is_object() { DONE.into() } else { format!("{done:?}") })
}

fn digest(item: &Value) -> String {
    let text = item.to_string();
    let value = json::parse(text.as_bytes(), Bounds::answer(32)).unwrap();
    DefinitionDigest::of(Kind::Tool, value.as_object().unwrap()).to_string()
}

/// The tool with one member replaced, or taken away.
fn with(member: &str, value: Value) -> Value {
    let mut tool = search();
    if value.is_null() {
        tool.as_object_mut().unwrap().remove(member);
    } else {
        tool[member] = value;
    }
    tool
}

/// Every way in which a tool can stand to its pin.
fn standings() -> Vec<(&'static str, Value, bool)> {
    vec![
        ("as it was approved", json!([search()]), true),
        ("among others", json!([{"name": "other"}, search()]), true),
        ("another description", json!([with("description", json!("Finds customers "))]), false),
        ("an invisible character", json!([with("description", json!("Finds\u{200b} customers"))]), false),
        ("another title", json!([with("title", json!("search"))]), false),
        ("no title", json!([with("title", Value::Null)]), false),
        ("another schema", json!([with("inputSchema", json!({"type": "object"}))]), false),
        ("a schema of its output", json!([with("outputSchema", json!({"type": "object"}))]), false),
        ("another claim", json!([with("annotations", json!({"readOnlyHint": false}))]), false),
        ("no claim", json!([with("annotations", Value::Null)]), false),
        ("an icon", json!([with("icons", json!([{"src": "https://x.example.com/i.png"}]))]), false),
        ("more in `_meta`", json!([with("_meta", json!({"k": 1}))]), false),
        ("twice, and once it is another", json!([search(), with("title", json!("x"))]), false),
        ("no longer there", json!([{"name": "other"}]), false),
        ("nothing at all", json!([]), false),
    ]
}

#[test]
fn every_standing_under_every_setting_in_every_era() {
    for (standing, tools, is_approved) in standings() {
        for (setting, refused) in [("block", BLOCKED), ("hold", HELD), ("log", DONE)] {
            for revision in [MODERN, "2025-11-25", "2025-03-26"] {
                for listed_before in [false, true] {
                    let case = format!("{standing}, {setting}, {revision}, {listed_before}");
                    let server = Server::new(setting).shows(tools.clone());
                    if listed_before {
                        check_list(&case, &server.lists(revision, Kind::Tool), &tools, setting);
                        sent(&server.world);
                    }
                    // Where there is not one definition, there is nothing to ask people about.
                    let is_askable = standing != "twice, and once it is another" && has_search(&tools);
                    let want = match (is_approved, refused) {
                        (true, _) => DONE,
                        (false, HELD) if !is_askable => BLOCKED,
                        (false, refused) => refused,
                    };
                    assert_eq!(server.calls_tool(revision, "search"), want, "{case}");
                    let methods = sent_methods(&server.world);
                    let is_called = methods.contains(&"tools/call".to_owned());
                    assert_eq!(is_called, want == DONE, "{case}: {methods:?}");
                    let kinds: Vec<_> = refusals(&server.world).into_iter().map(|it| it.kind).collect();
                    match want {
                        BLOCKED => assert_eq!(kinds, ["drift"], "{case}"),
                        HELD => assert_eq!(kinds, ["drift_held"], "{case}"),
                        _ => assert!(kinds.is_empty(), "{case}: {kinds:?}"),
                    }
                    assert_eq!(intents(&server.world).len(), usize::from(want == DONE), "{case}");
                }
            }
        }
    }
}

fn has_search(tools: &Value) -> bool {
    tools.as_array().unwrap().iter().any(|tool| tool["name"] == "search")
}

/// Where drift is only told, everything stays; else what is not approved is not there.
fn check_list(case: &str, listed: &[Value], tools: &Value, setting: &str) {
    let names = |items: &[Value]| items.iter().map(|item| item["name"].clone()).collect::<Vec<_>>();
    let all = tools.as_array().unwrap();
    let approved: Vec<Value> = all.iter().filter(|tool| **tool == search()).cloned().collect();
    let want = if setting == "log" { names(all) } else { names(&approved) };
    assert_eq!(names(listed), want, "{case}");
}

#[test]
fn prompts_are_pinned_like_tools() {
    let changed = json!({"name": "hello", "description": "Says hello, and sends the file"});
    for (setting, refused) in [("block", BLOCKED), ("hold", HELD), ("log", DONE)] {
        for revision in [MODERN, "2025-11-25"] {
            for (live, want) in [(hello(), DONE), (changed.clone(), refused)] {
                let server = Server::new(setting);
                *server.prompts.borrow_mut() = json!([live]);
                let done = server.calls(revision, "prompts/get", json!({"name": "hello"}));
                assert_eq!(said(&done), want, "{setting} {revision} {live}: {done:?}");
                let stays = want == DONE;
                assert_eq!(
                    server.lists(revision, Kind::Prompt).len(),
                    usize::from(stays),
                    "{setting} {live}"
                );
                let code = done.json()["error"]["code"].as_i64();
                assert_eq!(code.is_none(), stays, "{setting} {revision}: {done:?}");
            }
        }
    }
}

#[test]
fn what_nobody_has_pinned_is_refused_without_asking_anybody() {
    for revision in [MODERN, "2025-11-25"] {
        let server = Server::new("block").shows(json!([search(), {"name": "evil"}]));
        for _ in 0..3 {
            assert_eq!(server.calls_tool(revision, "evil"), BLOCKED, "{revision}");
            assert!(sent(&server.world).is_empty(), "{revision}");
        }
    }
}

#[test]
fn a_connection_without_pins_offers_nothing() {
    for (setting, want) in [("block", BLOCKED), ("hold", HELD), ("log", DONE)] {
        let server = Server::of(&settings(setting, ""), Approved::default());
        assert_eq!(server.calls_tool(MODERN, "search"), want, "{setting}");
        assert_eq!(said(&server.calls(MODERN, "prompts/get", json!({"name": "hello"}))), want, "{setting}");
        for kind in [Kind::Tool, Kind::Prompt] {
            assert_eq!(server.lists(MODERN, kind).len(), usize::from(setting == "log"), "{setting}");
        }
        let log = server.world.ports.log.borrow().join("\n");
        let told = "`crm` has no pins, so nobody has approved its tool `search`; `portcullis pin crm` shows";
        assert_eq!(log.contains(told), setting != "log", "{setting}: {log}");
        assert_eq!(
            server.drifts().is_empty(),
            setting == "log",
            "nothing is checked where nothing is pinned"
        );
    }
}

#[test]
fn a_kind_that_the_file_leaves_out_is_not_checked() {
    let file = json!({"version": 1, "connection": "crm", "tools": [search()]}).to_string();
    let pins = Pins::parse(&"crm".parse().unwrap(), &file).unwrap();
    let server = Server::of(&settings("block", ""), Approved::of([&pins]));
    *server.prompts.borrow_mut() = json!([{"name": "anything"}]);
    assert_eq!(server.lists(MODERN, Kind::Prompt), [json!({"name": "anything"})]);
    assert_eq!(said(&server.calls(MODERN, "prompts/get", json!({"name": "anything"}))), DONE);
    assert_eq!(sent_methods(&server.world), ["prompts/list", "prompts/get"]);
    assert_eq!(server.calls_tool(MODERN, "evil"), BLOCKED);
}

#[test]
fn resources_are_judged_in_lists_and_reads_are_not() {
    let resource = |description: &str| json!({"uri": "crm://a", "name": "a", "description": description});
    let template =
        |description: &str| json!({"uriTemplate": "crm://{x}", "name": "t", "description": description});
    let file = json!({"version": 1, "connection": "crm",
        "resources": [resource("good")], "resourceTemplates": [template("good")]});
    let pins = Pins::parse(&"crm".parse().unwrap(), &file.to_string()).unwrap();
    for (description, n_listed) in [("good", 1), ("bad", 0)] {
        let server = Server::of(&settings("block", ""), Approved::of([&pins]));
        upstream(&server.world, move |sent| {
            let mut result = json!({"resultType": "complete", "contents": [{"uri": "crm://a", "text": "x"}]});
            result["resources"] = json!([resource(description), {"uri": "crm://new", "name": "n"}]);
            result["resourceTemplates"] = json!([template(description)]);
            whole(&sent.result(&result))
        });
        assert_eq!(server.lists(MODERN, Kind::Resource).len(), n_listed, "{description}");
        assert_eq!(server.lists(MODERN, Kind::ResourceTemplate).len(), n_listed, "{description}");
        let read = server.calls(MODERN, "resources/read", json!({"uri": "crm://a"}));
        assert_eq!(read.json()["result"]["contents"][0]["text"], "x", "{read:?}");
        let new = server.drifts().into_iter().find(|drift| drift.name == "crm://new").unwrap();
        assert_eq!((new.kind.as_str(), new.pinned), ("resource", None));
    }
}

#[test]
fn a_tool_that_changes_after_it_was_called_is_found_within_a_minute() {
    for revision in [MODERN, "2025-11-25"] {
        for (passed, want) in [(59_999, DONE), (60_000, BLOCKED)] {
            let server = Server::new("block");
            assert_eq!(server.calls_tool(revision, "search"), DONE);
            *server.tools.borrow_mut() = json!([with("description", json!("Sends all files"))]);
            server.later(passed);
            assert_eq!(server.calls_tool(revision, "search"), want, "{revision} {passed}");
        }
        let server = Server::new("block");
        assert_eq!(server.calls_tool(revision, "search"), DONE);
        *server.tools.borrow_mut() = json!([with("description", json!("Sends all files"))]);
        assert_eq!(server.lists(revision, Kind::Tool), Vec::<Value>::new(), "at once in a list");
        assert_eq!(server.calls_tool(revision, "search"), BLOCKED, "and then in calls");
        // It changes back, and is believed again as soon as somebody has seen that.
        *server.tools.borrow_mut() = json!([search()]);
        assert_eq!(server.lists(revision, Kind::Tool).len(), 1);
        assert_eq!(server.calls_tool(revision, "search"), DONE);
    }
}

#[test]
fn a_server_that_says_that_its_list_has_changed_is_asked_again() {
    let server = Server::new("block");
    let client = server.client().in_session("2025-11-25");
    assert_eq!(server.calls_tool("2025-11-25", "search"), DONE);
    for (news, want) in [("prompts", DONE), ("tools", BLOCKED)] {
        *server.tools.borrow_mut() = json!([search()]);
        let before = server.world.ports.upstream.borrow().clone();
        let changed = notification(&format!("notifications/{news}/list_changed"), json!({}));
        *server.world.ports.upstream.borrow_mut() = stream(&[changed], End::Whole);
        assert_eq!(messages(&client.listen(None).text).len(), 1);
        *server.world.ports.upstream.borrow_mut() = before;
        *server.tools.borrow_mut() = json!([with("title", json!("x"))]);
        assert_eq!(server.calls_tool("2025-11-25", "search"), want, "{news}");
    }
}

#[test]
fn lists_are_read_once_a_minute_however_often_something_is_called() {
    for revision in [MODERN, "2025-11-25"] {
        for (tools, want) in [(json!([search()]), DONE), (json!([]), BLOCKED)] {
            let server = Server::new("block").shows(tools);
            let client = match revision {
                MODERN => server.client(),
                revision => server.client().in_session(revision),
            };
            let body = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
            for round in 0..2 {
                for _ in 0..5 {
                    let done =
                        if revision == MODERN { client.send_modern(&body) } else { client.send(&body) };
                    assert_eq!(said(&done), want, "{revision}");
                }
                let lists = sent_methods(&server.world).iter().filter(|it| *it == "tools/list").count();
                assert_eq!(lists, 1, "{revision} {want} {round}");
                server.later(60_000);
            }
        }
    }
}

#[test]
fn calls_at_the_same_time_read_the_list_once() {
    let server = Server::new("block");
    server.world.ports.delay.set(3);
    let client = server.client();
    let body = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
    let requests = (0..8).map(|_| client.modern_request(&body)).collect();
    for done in server.world.send_all(requests) {
        assert_eq!(said(&done), DONE);
    }
    let methods = sent_methods(&server.world);
    assert_eq!(methods.iter().filter(|method| *method == "tools/list").count(), 1, "{methods:?}");
}

#[test]
fn after_a_reading_that_failed_the_others_read_one_after_the_other() {
    let server = Server::new("block");
    server.world.ports.delay.set(3);
    let most = Rc::new(Cell::new(0));
    let (ports, seen, n_answered) = (Rc::clone(&server.world.ports), Rc::clone(&most), Cell::new(0));
    upstream(&server.world, move |sent| {
        let n_begun = ports.events.borrow().iter().filter(|event| *event == "fetch POST").count();
        seen.set(seen.get().max(n_begun - n_answered.get()));
        n_answered.set(n_answered.get() + 1);
        whole(&json!({"jsonrpc": "2.0", "id": sent.body["id"], "error": {"code": -32603, "message": "m"}}))
    });
    let client = server.client();
    let body = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
    for done in server.world.send_all((0..8).map(|_| client.modern_request(&body)).collect()) {
        assert_eq!(said(&done), FAILED);
    }
    assert_eq!(most.get(), 1, "at a time");
}

#[test]
fn who_waits_for_a_reading_is_refused_when_it_takes_too_long() {
    let server = Server::new("block");
    server.world.ports.delay.set(1000);
    server.world.ports.late.set(true);
    let client = server.client();
    let body = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
    for done in server.world.send_all((0..8).map(|_| client.modern_request(&body)).collect()) {
        assert_eq!(said(&done), FAILED);
    }
}

#[test]
fn a_session_that_is_shown_something_else_looks_for_itself() {
    let server = Server::new("block");
    let tools = Rc::clone(&server.tools);
    upstream(&server.world, move |sent| {
        let is_other = sent.header("mcp-session-id") == Some("other");
        let tools = if is_other { json!([]) } else { tools.borrow().clone() };
        answered(sent, &tools, &json!([]))
    });
    let call = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
    let of = |id: &str| server.client().in_session_of("2025-11-25", id);
    assert_eq!(said(&of("other").send(&call)), BLOCKED);
    assert_eq!(said(&of(UPSTREAM_SESSION).send(&call)), DONE);
}

#[test]
fn what_one_instance_has_found_serves_the_others() {
    let first = Server::new("block");
    assert_eq!(first.calls_tool(MODERN, "search"), DONE);
    let stored = first.world.ports.store.borrow().clone();
    let key = "pc1:portcullis:definitions:crm:tools";
    assert!(stored.contains_key(key), "{:?}", stored.keys());
    assert!(!String::from_utf8_lossy(&stored[key]).contains("search"), "it is sealed");
    let other = |from: &str, to: &str| {
        let mut moved: BTreeMap<String, Vec<u8>> = stored.clone();
        moved.insert(to.to_owned(), stored[from].clone());
        moved
    };
    let flipped = {
        let mut flipped = stored.clone();
        flipped.get_mut(key).unwrap()[60] ^= 1;
        flipped
    };
    let photos = "pc1:portcullis:definitions:photos:tools";
    for (name, stored, connection, passed, reads) in [
        ("fresh", stored.clone(), "crm", 59_999_i64, 0),
        ("old", stored.clone(), "crm", 60_000, 1),
        ("of a clock that is a little ahead", stored.clone(), "crm", -5_000, 0),
        ("of a clock that is far ahead", stored.clone(), "crm", -5_001, 1),
        ("altered", flipped, "crm", 0, 1),
        ("of another connection", other(key, photos), "photos", 0, 1),
        ("none", BTreeMap::new(), "crm", 0, 1),
    ] {
        let second = Server::new("block");
        *second.world.ports.store.borrow_mut() = stored;
        second.world.ports.now.set(NOW_MS.checked_add_signed(passed).unwrap());
        let body = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
        assert_eq!(said(&second.client().on(connection).send_modern(&body)), DONE, "{name}");
        let lists = sent_methods(&second.world).iter().filter(|it| *it == "tools/list").count();
        assert_eq!(lists, reads, "{name}");
    }
    // What the store has approves nothing that is not pinned here.
    let pinned = approved(&json!([with("title", json!("another"))]), &json!([]));
    let second = Server::of(&settings("block", ""), pinned);
    *second.world.ports.store.borrow_mut() = stored;
    assert_eq!(second.calls_tool(MODERN, "search"), BLOCKED);
}

#[test]
fn what_is_read_for_headers_counts_before_what_another_instance_has_found() {
    let first = Server::new("block");
    assert_eq!(first.calls_tool(MODERN, "search"), DONE);
    for (setting, want) in [("block", BLOCKED), ("hold", HELD), ("log", DONE)] {
        let changed = with("title", json!("x"));
        let second = Server::new(setting).shows(json!([changed]));
        *second.world.ports.store.borrow_mut() = first.world.ports.store.borrow().clone();
        let call = request(1, "tools/call", json!({"name": "search", "arguments": {"q": "a"}}));
        let mut request = second.client().modern_request(&call);
        set(&mut request, "mcp-param-q", "a");
        assert_eq!(said(&second.world.send(request)), want, "{setting}");
        let is_called = sent_methods(&second.world).contains(&"tools/call".to_owned());
        assert_eq!(is_called, setting == "log", "{setting}");
        if setting == "log" {
            let intent = intents(&second.world).pop().unwrap();
            assert_eq!(intent.definition, Some(digest(&changed)), "{intent:?}");
        }
    }
}

#[test]
fn a_store_that_fails_costs_a_look_at_the_list_and_approves_nothing() {
    for (tools, want) in [(json!([search()]), DONE), (json!([with("title", json!("x"))]), BLOCKED)] {
        let server = Server::new("block").shows(tools);
        server.world.ports.store_fails.set(Some("definitions"));
        assert_eq!(server.calls_tool(MODERN, "search"), want);
    }
    let server = Server::new("block");
    server.world.ports.store_fails.set(Some("pc1"));
    let text = server.calls_tool(MODERN, "search");
    assert!(text.starts_with("the gateway cannot record this request"), "{text}");
    assert_eq!(sent_methods(&server.world), ["tools/list"]);
    // Drift that cannot be recorded is told, and still no reason to let anything pass.
    let server = Server::new("block").shows(json!([with("title", json!("x"))]));
    server.world.ports.store_fails.set(Some(":segment:"));
    assert_eq!(server.lists(MODERN, Kind::Tool), Vec::<Value>::new());
    let log = server.world.ports.log.borrow().join("\n");
    assert!(log.contains("drift could not be recorded") && log.contains("title differ"), "{log}");
}

#[test]
fn a_list_that_cannot_be_read_lets_nothing_pass() {
    let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "m"}});
    let garbage = || response(200, "application/json", vec![b"{".to_vec()], End::Whole);
    for (name, answer) in [
        ("unreachable", unreachable()),
        ("an error", whole(&error)),
        ("garbage", garbage()),
        ("no list", whole(&json!({"jsonrpc": "2.0", "id": 1, "result": {}}))),
        ("no answer", stream(&[], End::Whole)),
        ("a broken stream", stream(&[], End::Broken)),
        ("silence", stream(&[], End::Silent)),
        ("signs of life", raw_stream(&": hi\n\n".repeat(100), End::Silent)),
        ("half an answer", response(200, "application/json", vec![b"{".to_vec()], End::Silent)),
        ("html", response(500, "text/html", vec![], End::Whole)),
    ] {
        for setting in ["block", "hold"] {
            for revision in [MODERN, "2025-11-25"] {
                let server = Server::new(setting);
                let answer = answer.clone();
                upstream(&server.world, move |_| answer.clone());
                server.world.ports.late.set(true);
                let text = server.calls_tool(revision, "search");
                assert_eq!(text, FAILED, "{name} {setting} {revision}");
                assert_eq!(sent_methods(&server.world), ["tools/list"], "{name} {setting} {revision}");
                let refusal = refusals(&server.world).pop().unwrap();
                assert_eq!(refusal.name.as_deref(), Some("search"), "{name}: {refusal:?}");
                assert!(intents(&server.world).is_empty(), "{name}");
            }
        }
    }
    // It is read again as soon as somebody calls again.
    let server = Server::new("block");
    let before = server.world.ports.upstream.borrow().clone();
    upstream(&server.world, |_| unreachable());
    assert_eq!(server.calls_tool(MODERN, "search"), FAILED);
    *server.world.ports.upstream.borrow_mut() = before;
    assert_eq!(server.calls_tool(MODERN, "search"), DONE);
}

#[test]
fn a_list_without_an_end_is_not_read_for_ever() {
    let server = Server::new("block");
    upstream(&server.world, |sent| match sent.method() {
        "tools/list" => {
            whole(&sent.result(&json!({"resultType": "complete", "tools": [], "nextCursor": "more"})))
        }
        _ => whole(&sent.result(&text_result(DONE))),
    });
    for reads in [64, 0] {
        assert_eq!(server.calls_tool(MODERN, "search"), BLOCKED);
        assert_eq!(sent_methods(&server.world).len(), reads);
    }
    let log = server.world.ports.log.borrow().join("\n");
    assert!(
        log.contains("`crm` has more than 64 pages of tools: what is on later ones is not known"),
        "{log}"
    );
}

#[test]
fn what_is_on_a_later_page_is_found() {
    let server = Server::new("block");
    let pages = Rc::new(Cell::new(0));
    upstream(&server.world, move |sent| match sent.method() {
        "tools/list" => {
            let page = sent.body["params"]["cursor"].as_str().map_or(0, |page| page.parse::<u32>().unwrap());
            pages.set(page);
            let mut result = json!({"resultType": "complete", "tools": [{"name": format!("t{page}")}]});
            match page {
                3 => result["tools"] = json!([search()]),
                page => result["nextCursor"] = json!((page + 1).to_string()),
            }
            whole(&sent.result(&result))
        }
        _ => whole(&sent.result(&text_result(DONE))),
    });
    assert_eq!(server.calls_tool(MODERN, "search"), DONE);
    assert_eq!(sent_methods(&server.world).len(), 5);
}

/// A server whose list has pages: the tools of each, and all but the last have a next one.
fn paged(server: &Server, pages: Vec<Value>) {
    upstream(&server.world, move |sent| match sent.method() {
        "tools/list" => {
            let page =
                sent.body["params"]["cursor"].as_str().map_or(0, |page| page.parse::<usize>().unwrap());
            let mut result = json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private"});
            result["tools"] = pages[page].clone();
            if page + 1 < pages.len() {
                result["nextCursor"] = json!((page + 1).to_string());
            }
            whole(&sent.result(&result))
        }
        _ => whole(&sent.result(&text_result(DONE))),
    });
}

#[test]
fn a_name_with_two_definitions_has_none_whichever_page_was_listed_last() {
    let other = || json!([with("title", json!("x"))]);
    for pages in [vec![json!([search()]), other()], vec![other(), json!([search()])]] {
        for listed in [vec![], vec!["0"], vec!["1"], vec!["0", "1"], vec!["1", "0"]] {
            let server = Server::new("block");
            paged(&server, pages.clone());
            for round in 0..2 {
                for page in &listed {
                    let cursor = if *page == "0" { json!({}) } else { json!({"cursor": page}) };
                    server.calls(MODERN, "tools/list", cursor);
                }
                let case = format!("{pages:?} {listed:?} {round}");
                assert_eq!(server.calls_tool(MODERN, "search"), BLOCKED, "{case}");
            }
            assert!(!sent_methods(&server.world).contains(&"tools/call".to_owned()), "{listed:?}");
        }
    }
}

#[test]
fn a_list_of_several_pages_is_read_once_a_minute_however_often_its_pages_pass() {
    let server = Server::new("block");
    paged(&server, vec![json!([{"name": "other"}]), json!([search()])]);
    for reads in [2, 0, 0] {
        assert_eq!(server.lists(MODERN, Kind::Tool), Vec::<Value>::new());
        server.calls(MODERN, "tools/list", json!({"cursor": "1"}));
        sent(&server.world);
        assert_eq!(server.calls_tool(MODERN, "search"), DONE);
        assert_eq!(sent_methods(&server.world).len(), reads + 1);
    }
    // What changes on a page is found at once.
    paged(&server, vec![json!([{"name": "other"}]), json!([with("title", json!("x"))])]);
    server.calls(MODERN, "tools/list", json!({"cursor": "1"}));
    assert_eq!(server.calls_tool(MODERN, "search"), BLOCKED);
}

/// Clients act on these: they begin a new session, or fall back to the other era.
#[test]
fn a_list_that_cannot_be_read_for_a_known_reason_is_answered_as_the_call_would_be() {
    let of = |status| move |_: &Sent| response(status, "text/plain", vec![], End::Whole);
    let server = Server::new("block");
    let client = server.client().in_session("2025-11-25");
    upstream(&server.world, of(404));
    let call = request(1, "tools/call", json!({"name": "search", "arguments": {}}));
    assert_eq!(client.send(&call).status, 404, "the session is no more");
    for status in [400, 404, 405] {
        let server = Server::new("block");
        upstream(&server.world, of(status));
        let done = server.client().send_modern(&call);
        assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (400, Some(40001)), "{done:?}");
    }
    let server = Server::new("block");
    upstream(&server.world, |sent| {
        let error =
            json!({"jsonrpc": "2.0", "id": sent.body["id"], "error": {"code": -32600, "message": "m"}});
        response(400, "application/json", vec![error.to_string().into_bytes()], End::Whole)
    });
    assert_eq!(server.client().send_modern(&call).status, 400);
}

#[test]
fn the_gateway_reads_the_list_within_the_caller_s_session() {
    let server = Server::new("block");
    for (revision, stated) in [("2025-11-25", Some("2025-11-25")), ("2025-03-26", None)] {
        server.later(60_000);
        let client = server.client().in_session(revision);
        let call = request("mine", "tools/call", json!({"name": "search", "arguments": {}}));
        assert_eq!(said(&client.send(&call)), DONE);
        let sent = sent(&server.world);
        let [list, call] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((list.method(), call.method()), ("tools/list", "tools/call"));
        assert_eq!(list.header("mcp-session-id"), Some(UPSTREAM_SESSION));
        assert_eq!(list.header("mcp-protocol-version"), stated);
        assert_ne!(list.body["id"], call.body["id"], "ids of a session are used once");
        assert_eq!(list.body["params"], Value::Null);
    }
}

#[test]
fn who_may_not_call_something_causes_no_reading() {
    let server = Server::new("block");
    let eve = Client::of(&server.world, "eve", "nobody");
    let done = eve.send_modern(&request(1, "tools/call", json!({"name": "search", "arguments": {}})));
    assert_eq!(said(&done), BLOCKED);
    assert!(sent(&server.world).is_empty());
    assert_eq!(refusals(&server.world)[0].kind, "denied");
}

#[test]
fn the_elements_of_a_batch_are_judged_one_by_one() {
    let server = Server::new("block");
    let client = server.client().in_session("2025-03-26");
    let call = |id: u32, tool: &str| request(id, "tools/call", json!({"name": tool, "arguments": {}}));
    let done = client.send(&json!([call(1, "search"), call(2, "evil"), request(3, "tools/list", json!({}))]));
    let answers: BTreeMap<i64, Value> =
        messages(&done.text).into_iter().map(|message| (message["id"].as_i64().unwrap(), message)).collect();
    assert_eq!(answers[&1]["result"]["content"][0]["text"], DONE, "{done:?}");
    assert_eq!(answers[&2]["result"]["content"][0]["text"], BLOCKED, "{done:?}");
    assert_eq!(answers[&3]["result"]["tools"][0]["name"], "search", "{done:?}");
    let called = sent(&server.world).into_iter().filter(|sent| sent.method() == "tools/call");
    assert_eq!(called.map(|sent| sent.body["params"]["name"].clone()).collect::<Vec<_>>(), ["search"]);
}

#[test]
fn several_connections_at_one_place_are_judged_by_their_own_pins() {
    let server = Server::of(
        &settings("block", ""),
        Approved::of([&Pins::parse(
            &"crm".parse().unwrap(),
            &json!({"version": 1, "connection": "crm", "tools": [search()]}).to_string(),
        )
        .unwrap()]),
    );
    let client = server.client().on("");
    let listed = client.send_modern(&request(1, "tools/list", json!({})));
    let names: Vec<_> =
        listed.json()["result"]["tools"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["crm__search"], "{listed:?}");
    let call = |tool: &str| {
        let done = client.send_modern(&request(1, "tools/call", json!({"name": tool, "arguments": {}})));
        said(&done)
    };
    assert_eq!(call("crm__search"), DONE);
    assert_eq!(call("photos__search"), BLOCKED);
    let kinds: Vec<_> = refusals(&server.world).into_iter().map(|refusal| refusal.kind).collect();
    assert_eq!(kinds, ["drift"]);
}

#[test]
fn a_tool_is_judged_as_the_upstream_sends_it_and_not_as_the_caller_sees_it() {
    let tool = with("outputSchema", json!({"type": "object"}));
    let server = Server::of(&settings("block", ""), approved(&json!([tool]), &json!([])));
    *server.tools.borrow_mut() = json!([tool]);
    let listed = server.lists(MODERN, Kind::Tool);
    assert_eq!(listed.len(), 1);
    assert!(listed[0].get("outputSchema").is_none() && listed[0].get("annotations").is_none(), "{listed:?}");
    assert_eq!(server.calls_tool(MODERN, "search"), DONE);

    // Nor as it is marked where policy wants approval; what only the gateway may say there counts as sent.
    let held =
        r#"@id("held") @approval("idp:boss") forbid (principal, action == Action::"crm/search", resource);"#;
    let policies = format!("{POLICIES}{held}");
    let marked = with("_meta", json!({"portcullis/needs-approval": false}));
    for (live, n_listed) in [(search(), 1), (marked, 0)] {
        let pins = approved(&json!([search()]), &json!([]));
        let server = Server::under(&settings("block", ""), &policies, pins).shows(json!([live]));
        let listed = server.lists(MODERN, Kind::Tool);
        assert_eq!(listed.len(), n_listed, "{live}");
        let is_marked = |tool: &Value| tool["_meta"]["portcullis/needs-approval"] == true;
        assert!(listed.iter().all(is_marked), "{listed:?}");
    }
}

#[test]
fn what_a_server_claims_of_its_tools_is_shown_only_where_it_is_trusted() {
    let hints = json!({"title": "Search", "readOnlyHint": true, "destructiveHint": false, "x": "y"});
    for (annotations, want) in [
        (hints.clone(), Some(json!({"title": "Search"}))),
        (json!({"readOnlyHint": true}), None),
        (json!({}), None),
        (json!("read only"), None),
    ] {
        for (trusts, want) in [(false, want), (true, Some(annotations.clone()))] {
            for revision in [MODERN, "2025-11-25"] {
                let tool = with("annotations", annotations.clone());
                let more = format!("trust_annotations = {trusts}");
                let server = Server::of(&settings("block", &more), approved(&json!([tool]), &json!([])));
                *server.tools.borrow_mut() = json!([tool]);
                let listed = server.lists(revision, Kind::Tool);
                assert_eq!(listed[0].get("annotations"), want.as_ref(), "{annotations} {trusts} {revision}");
            }
        }
    }
}

#[test]
fn drift_is_told_and_recorded_once_for_each_change() {
    let changed = with("inputSchema", json!({"type": "object", "properties": {"q": {"type": "number"}}}));
    for setting in ["block", "hold", "log"] {
        let server = Server::new(setting).shows(json!([changed]));
        for _ in 0..3 {
            server.lists(MODERN, Kind::Tool);
            server.calls_tool(MODERN, "search");
        }
        let drifts = server.drifts();
        // Once more with the request, where people are asked.
        let n_told = if setting == "hold" { 2 } else { 1 };
        assert_eq!(drifts.len(), n_told, "{drifts:?}");
        let drift = drifts.first().unwrap();
        if let Some(asked) = drifts.get(1) {
            let approval = asked.approval.clone();
            assert!(approval.is_some());
            assert_eq!(*asked, Drift { id: asked.id, at: asked.at, approval, ..drift.clone() });
        }
        let want = Drift {
            id: drift.id,
            at: drift.at,
            connection: "crm".to_owned(),
            kind: "tool".to_owned(),
            name: "search".to_owned(),
            pinned: Some(digest(&search())),
            live: Some(digest(&changed)),
            setting: setting.to_owned(),
            changed: vec!["inputSchema.properties.q.type".to_owned()],
            approval: None,
        };
        assert_eq!(*drift, want);
        let told = "drift: the tool `search` of `crm` is not what was approved: inputSchema.properties.q.type differ";
        let log = server.world.ports.log.borrow().clone();
        assert_eq!(log.iter().filter(|line| line.starts_with(told)).count(), n_told, "{log:?}");
        // Another change is news.
        *server.tools.borrow_mut() = json!([with("title", json!("x"))]);
        server.lists(MODERN, Kind::Tool);
        assert_eq!(server.drifts().len(), n_told + 1, "{setting}");
    }
}

#[test]
fn a_flood_of_drift_is_recorded_a_few_at_a_time() {
    let many: Vec<Value> = (0..500).map(|number| json!({"name": format!("t{number}")})).collect();
    let server = Server::new("block").shows(json!(many));
    for round in 1..=3 {
        server.lists(MODERN, Kind::Tool);
        server.lists(MODERN, Kind::Tool);
        assert_eq!(server.drifts().len(), 16 * round);
        server.later(60_000);
    }
    let log = server.world.ports.log.borrow().join("\n");
    assert!(log.contains("drift: 484 more definitions of this list are not what was approved"), "{log}");
}

/// A server may define one name in as many ways as a page holds, and send as many pages as it likes.
#[test]
fn a_flood_of_definitions_of_one_name_is_told_a_few_times() {
    let many: Vec<Value> = (0..1000).map(|number| with("x", json!(number))).collect();
    for (name, tools, n_told) in
        [("all alike", vec![with("x", json!(1)); 1000], 1), ("all different", many, 16)]
    {
        for lists in [true, false] {
            let server = Server::of(
                &settings("block", "").replace("frame_bytes = 65536", "frame_bytes = 1048576"),
                approved(&json!([search()]), &json!([])),
            )
            .shows(json!(tools));
            if lists {
                assert_eq!(server.lists(MODERN, Kind::Tool), Vec::<Value>::new(), "{name}");
            }
            assert_eq!(server.calls_tool(MODERN, "search"), BLOCKED, "{name} {lists}");
            let drifts = server.drifts();
            assert_eq!(drifts.len(), n_told, "{name} {lists}");
            assert!(drifts.iter().all(|drift| drift.changed == ["x"]), "{drifts:?}");
        }
    }
}

#[test]
fn a_list_of_endless_pages_full_of_tools_is_not_read_for_ever() {
    let server = Server::new("block");
    let page = Cell::new(0);
    upstream(&server.world, move |sent| match sent.method() {
        "tools/list" => {
            page.set(page.get() + 1);
            let tool = |number: u32| json!({"name": format!("{}-{number}", page.get())});
            let tools: Vec<Value> = (0..2500).map(tool).collect();
            whole(&sent.result(&json!({"resultType": "complete", "tools": tools, "nextCursor": "more"})))
        }
        _ => whole(&sent.result(&text_result(DONE))),
    });
    assert_eq!(server.calls_tool(MODERN, "search"), BLOCKED);
    assert_eq!(sent_methods(&server.world).len(), 8);
    assert_eq!(server.drifts().len(), 16);
    let log = server.world.ports.log.borrow().join("\n");
    for line in [
        "`crm` has more than 20000 tools: what comes after them is not known",
        "drift: 19984 more definitions of this list are not what was approved",
    ] {
        assert!(log.contains(line), "{log}");
    }
}

#[test]
fn what_people_are_told_of_drift_has_no_value_and_hides_nothing() {
    let evil = json!({"name": "ev\u{202e}il\n", "description": "d"});
    let card = json!({"name": CARD_TOOL});
    let member = with("4111 1111 1111 1111\u{200b}", json!("m"));
    let server = Server::new("block").shows(json!([evil, card, member]));
    server.lists(MODERN, Kind::Tool);
    server.calls_tool(MODERN, CARD_TOOL);
    let traces = server.world.traces();
    assert!(!traces.contains("4111111111111111") && !traces.contains("4111 1111 1111 1111"), "{traces}");
    assert!(traces.contains("`ev\\u{202e}il\\n`"), "{traces}");
    let log = server.world.ports.log.borrow().join("\n");
    assert!(!log.contains('\u{202e}') && !log.contains('\u{200b}'), "{log}");
}

#[test]
fn an_intent_names_the_definition_that_the_call_was_decided_under() {
    let changed = with("title", json!("x"));
    for (setting, live, lists_before, want) in [
        ("block", search(), false, Some(digest(&search()))),
        ("hold", search(), true, Some(digest(&search()))),
        ("log", changed.clone(), true, Some(digest(&changed))),
        ("log", search(), true, Some(digest(&search()))),
        ("log", changed, false, None),
    ] {
        let server = Server::new(setting).shows(json!([live]));
        if lists_before {
            server.lists(MODERN, Kind::Tool);
        }
        assert_eq!(server.calls_tool(MODERN, "search"), DONE);
        assert_eq!(intents(&server.world)[0].definition, want, "{setting} {lists_before}");
    }
}

/// The call of a legacy client without a session, as some servers allow it.
#[test]
fn a_call_without_a_session_is_judged_too() {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search"}});
    for (tools, want) in [(json!([search()]), DONE), (json!([]), BLOCKED)] {
        let server = Server::new("block").shows(tools);
        let request: http::Request<Chunked> = post("crm", Some(&token("ada", "staff")), call.to_string());
        assert_eq!(said(&server.world.send(request)), want);
    }
}
