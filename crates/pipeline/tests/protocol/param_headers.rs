//! `Mcp-Param-*`: headers that repeat arguments, as the schema of a tool asks (2026-07-28).

use serde_json::{Value, json};

use crate::support::{
    Client, notification, raw_stream, refusals, request, response, sent, sent_methods, set, stream,
    text_result, unreachable, upstream, whole, world,
};
use crate::world::{Done, End, World};

fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object", "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "limit": {"type": "integer", "x-mcp-header": "limit"},
        "where": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry-Run"}}},
        "plain": {"type": "string"},
    }}})
}

fn list(tools: &Value) -> Value {
    json!({"resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private"})
}

/// A server with these pages of tools; a cursor is the number of its page.
fn server(pages: Vec<Value>) -> World {
    let world = world();
    upstream(&world, move |sent| match sent.method() {
        "tools/list" => {
            let page: usize = sent.body["params"]["cursor"].as_str().unwrap_or("0").parse().unwrap();
            let mut result = list(&pages[page]);
            if page + 1 < pages.len() {
                result["nextCursor"] = json!((page + 1).to_string());
            }
            whole(&sent.result(&result))
        }
        _ => whole(&sent.result(&text_result("done"))),
    });
    world
}

fn with_headers(world: &World, arguments: &Value, headers: &[(&'static str, &str)]) -> Done {
    let client = Client::new(world);
    let body = request(1, "tools/call", json!({"name": "search", "arguments": arguments}));
    let mut request = client.modern_request(&body);
    for (name, value) in headers {
        let before = request.headers().contains_key(*name);
        match before {
            true => drop(request.headers_mut().append(*name, value.parse().unwrap())),
            false => set(&mut request, name, value),
        }
    }
    world.send(request)
}

#[test]
fn headers_must_say_what_the_arguments_say() {
    let region = |value: &str| json!({"region": value});
    let wrapped = "=?base64?R3LDvMOfZQ==?=";
    for (name, arguments, headers, passes) in [
        ("the same", region("eu"), &[("mcp-param-region", "eu")][..], true),
        ("another value", region("eu"), &[("mcp-param-region", "us")], false),
        ("another case", region("eu"), &[("mcp-param-region", "EU")], false),
        ("an argument that is not there", json!({}), &[("mcp-param-region", "eu")], false),
        ("an argument that is null", json!({"region": null}), &[("mcp-param-region", "null")], false),
        ("none for null", json!({"region": null}), &[("mcp-param-other", "x")], true),
        ("a missing header", region("eu"), &[("mcp-param-limit", "1")], false),
        ("twice the same", region("eu"), &[("mcp-param-region", "eu"), ("mcp-param-region", "eu")], false),
        ("wrapped", region("Grüße"), &[("mcp-param-region", wrapped)], true),
        ("wrapped without need", region("eu"), &[("mcp-param-region", "=?base64?ZXU=?=")], true),
        ("damaged wrapping", region("eu"), &[("mcp-param-region", "=?base64?ZXU?=")], false),
        ("half a wrapping is text", region("=?base64?ZXU="), &[("mcp-param-region", "=?base64?ZXU=")], true),
        ("a number", json!({"limit": 42}), &[("mcp-param-limit", "42")], true),
        ("the same number", json!({"limit": 42}), &[("mcp-param-limit", "42.0")], true),
        ("another number", json!({"limit": 42}), &[("mcp-param-limit", "43")], false),
        ("text for a number", json!({"limit": "42"}), &[("mcp-param-limit", "42")], false),
        ("no whole number", json!({"limit": 1.5}), &[("mcp-param-limit", "1.5")], false),
        ("deep inside", json!({"where": {"dry": true}}), &[("mcp-param-dry-run", "true")], true),
        ("deep inside, wrong", json!({"where": {"dry": true}}), &[("mcp-param-dry-run", "false")], false),
        ("what no schema asks for", json!({"plain": "x"}), &[("mcp-param-plain", "y")], true),
    ] {
        let world = server(vec![json!([tool("search")])]);
        let done = with_headers(&world, &arguments, headers);
        let sent = sent_methods(&world);
        match passes {
            true => {
                assert_eq!(done.status, 200, "{name}: {done:?}");
                assert_eq!(sent, ["tools/list", "tools/call"], "{name}");
            }
            false => {
                assert_eq!(
                    (done.status, done.json()["error"]["code"].as_i64()),
                    (400, Some(-32020)),
                    "{name}: {done:?}"
                );
                assert_eq!(done.json()["id"], 1, "{name}");
                assert_eq!(sent, ["tools/list"], "{name}: the call does not leave");
                assert_eq!(refusals(&world).pop().unwrap().kind, "protocol", "{name}");
            }
        }
    }
}

#[test]
fn the_server_gets_headers_that_are_built_from_the_arguments() {
    let world = server(vec![json!([tool("search")])]);
    let arguments = json!({"region": "Grüße", "limit": 42, "where": {"dry": false}, "plain": "p"});
    let done = with_headers(
        &world,
        &arguments,
        &[
            ("mcp-param-region", "=?base64?R3LDvMOfZQ==?="),
            ("mcp-param-limit", "42.0"),
            ("mcp-param-dry-run", " false "),
            ("mcp-param-plain", "something else"),
            ("mcp-param-unknown", "x"),
        ],
    );
    assert_eq!(done.status, 200, "{done:?}");
    let call = sent(&world).pop().unwrap();
    let headers: Vec<_> =
        call.headers.iter().filter(|(name, _)| name.as_str().starts_with("mcp-param-")).collect();
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(
        headers,
        [
            ("mcp-param-region", "=?base64?R3LDvMOfZQ==?="),
            ("mcp-param-limit", "42"),
            ("mcp-param-dry-run", "false"),
        ]
    );
}

#[test]
fn a_list_that_passes_by_is_remembered_for_a_minute() {
    for (passed, reads) in [(59_999, 0), (60_000, 1)] {
        let world = server(vec![json!([tool("search")])]);
        Client::new(&world).send_modern(&request(1, "tools/list", json!({})));
        sent(&world);
        world.ports.now.set(world.ports.now.get() + passed);
        let done = with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "us")]);
        assert_eq!(done.status, 400);
        assert_eq!(sent_methods(&world).len(), reads, "{passed}");
    }
    // What is known is demanded, too.
    let world = server(vec![json!([tool("search")])]);
    Client::new(&world).send_modern(&request(1, "tools/list", json!({})));
    assert_eq!(with_headers(&world, &json!({"region": "eu"}), &[]).status, 400);
    assert_eq!(with_headers(&world, &json!({}), &[]).status, 200);
}

#[test]
fn tools_that_a_list_hides_are_remembered_all_the_same() {
    let world = server(vec![json!([tool("search")])]);
    let done = Client::of(&world, "eve", "nobody").send_modern(&request(1, "tools/list", json!({})));
    assert_eq!(done.json()["result"]["tools"], json!([]));
    sent(&world);
    assert_eq!(with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "us")]).status, 400);
    assert!(sent(&world).is_empty());
}

#[test]
fn one_connection_does_not_speak_for_another() {
    let world = server(vec![json!([tool("search")])]);
    Client::new(&world).on("photos").send_modern(&request(1, "tools/list", json!({})));
    sent(&world);
    with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "eu")]);
    assert_eq!(sent_methods(&world), ["tools/list", "tools/call"]);
}

#[test]
fn the_list_is_read_only_for_who_brings_such_headers() {
    let world = server(vec![json!([tool("search")])]);
    assert_eq!(with_headers(&world, &json!({"region": "eu"}), &[]).status, 200);
    assert_eq!(sent_methods(&world), ["tools/call"], "the server says what it misses");
    let client = Client::new(&world).in_session("2025-11-25");
    let mut legacy =
        client.request(&request(1, "tools/call", json!({"name": "search", "arguments": {"region": "eu"}})));
    set(&mut legacy, "mcp-param-region", "us");
    assert_eq!(world.send(legacy).status, 200, "before 2026-07-28 they mean nothing");
    let sent = sent(&world);
    assert_eq!((sent.len(), sent[0].header("mcp-param-region")), (1, None));
}

#[test]
fn all_pages_are_read_but_not_for_ever() {
    let others: Vec<_> = (0..3).map(|index| json!([tool(&format!("other-{index}"))])).collect();
    let world = server([others.clone(), vec![json!([tool("search")])]].concat());
    assert_eq!(with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "us")]).status, 400);
    assert_eq!(sent_methods(&world), ["tools/list"; 4]);

    let world = self::world();
    upstream(&world, |sent| match sent.method() {
        "tools/list" => {
            let mut result = list(&json!([]));
            result["nextCursor"] = json!("more");
            whole(&sent.result(&result))
        }
        _ => whole(&sent.result(&text_result("done"))),
    });
    for reads in [64, 0] {
        let done = with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "us")]);
        assert_eq!(done.status, 200, "a tool that no list knows is the server's to judge: {done:?}");
        let sent = sent(&world);
        assert_eq!(sent.iter().filter(|sent| sent.method() == "tools/list").count(), reads);
        assert_eq!(sent.last().unwrap().header("mcp-param-region"), None, "nothing unverified goes on");
    }
}

#[test]
fn the_gateway_asks_for_the_list_as_a_client_that_can_do_nothing() {
    let world = server(vec![json!([tool("search")])]);
    with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "eu")]);
    assert_eq!(world.events(), ["fetch POST", "intent", "fetch POST", "outcome"]);
    let asked = sent(&world).remove(0);
    assert_eq!(asked.header("mcp-method"), Some("tools/list"));
    assert_eq!(asked.header("mcp-protocol-version"), Some("2026-07-28"));
    let meta = &asked.body["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], json!({}));
    assert_eq!((asked.header("mcp-param-region"), asked.header("mcp-session-id")), (None, None));
}

#[test]
fn the_list_may_come_as_a_stream() {
    let world = world();
    upstream(&world, |sent| match sent.method() {
        "tools/list" => {
            let log = notification("notifications/message", json!({"data": {"result": "\"result\""}}));
            let text = format!(
                ": hi\n\ndata: {log}\n\ndata:\n\ndata: {}\n\n",
                sent.result(&list(&json!([tool("search")])))
            );
            raw_stream(&text, End::Silent)
        }
        _ => whole(&sent.result(&text_result("done"))),
    });
    let done = with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "us")]);
    assert_eq!((done.status, done.json()["error"]["code"].as_i64()), (400, Some(-32020)), "{done:?}");
}

#[test]
fn a_call_whose_headers_cannot_be_verified_does_not_leave() {
    for (name, answer) in [
        ("unreachable", unreachable()),
        (
            "an error",
            whole(&json!({"jsonrpc": "2.0", "id": "portcullis", "error": {"code": -32603, "message": "m"}})),
        ),
        ("garbage", response(200, "application/json", vec![b"{".to_vec()], End::Whole)),
        ("no list", whole(&json!({"jsonrpc": "2.0", "id": "portcullis", "result": {}}))),
        ("a stream without an answer", stream(&[], End::Whole)),
        ("a stream that breaks", stream(&[], End::Broken)),
        ("a stream that says nothing", stream(&[], End::Silent)),
        ("a stream of signs of life", raw_stream(&": hi\n\n".repeat(100), End::Silent)),
        ("half an answer", response(200, "application/json", vec![b"{".to_vec()], End::Silent)),
        ("html", response(500, "text/html", vec![], End::Whole)),
    ] {
        let world = world();
        upstream(&world, move |_| answer.clone());
        world.ports.late.set(true);
        let done = with_headers(&world, &json!({"region": "eu"}), &[("mcp-param-region", "eu")]);
        assert_eq!(done.json()["result"]["isError"], true, "{name}: {done:?}");
        assert_eq!(sent_methods(&world), ["tools/list"], "{name}");
        assert_eq!(world.events().last().unwrap().split(' ').next(), Some("refusal"), "{name}");
    }
}

#[test]
fn a_tool_with_a_wrong_annotation_asks_for_nothing() {
    let wrong = json!({"name": "search", "inputSchema": {"properties": {
        "region": {"type": "number", "x-mcp-header": "Region"}, "limit": {"type": "integer", "x-mcp-header": "Limit"}}}});
    let world = server(vec![json!([wrong, "no tool", {"inputSchema": {}}])]);
    let done = with_headers(&world, &json!({"limit": 1}), &[("mcp-param-limit", "2")]);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(sent(&world).pop().unwrap().header("mcp-param-limit"), None);
}

#[test]
fn who_may_not_call_the_tool_learns_nothing_of_its_headers() {
    let world = server(vec![json!([tool("search")])]);
    let client = Client::of(&world, "eve", "nobody");
    let mut request =
        client.modern_request(&request(1, "tools/call", json!({"name": "search", "arguments": {}})));
    set(&mut request, "mcp-param-region", "eu");
    let done = world.send(request);
    assert_eq!(done.json()["result"]["content"][0]["text"], "not allowed");
    assert!(sent(&world).is_empty(), "and the server is not even asked");
}
