//! The trace of a request: what is on record of it, what goes on to the upstream, and what a collector is sent.

use std::cell::RefCell;
use std::rc::Rc;

use http::{Method, Request};
use portcullis_ledger::CallResult;
use portcullis_pipeline::{deliver, has_work};
use serde_json::{Value, json};

use crate::support::{
    CARD, Client, POLICIES, SETTINGS, Sent, accepted, call_of, intents, legacy_result, notification,
    progress, refusals, request, response, sent, set, stream, text_result, unreachable, upstream, whole,
    world,
};
use crate::world::{Chunked, Done, End, Upstream, World, post, token};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const FROM: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What an upstream gets of a trace: the trace, the parent and the flags.
fn parent(text: &str) -> (&str, &str, &str) {
    let fields: Vec<&str> = text.split('-').collect();
    let ["00", trace, parent, flags] = fields.as_slice() else { panic!("not in its form: {text}") };
    assert!((trace.len(), parent.len()) == (32, 16) && *parent != "0000000000000000", "{text}");
    (trace, parent, flags)
}

fn answering(world: &World) {
    upstream(world, |sent| match (sent.verb.clone(), sent.method()) {
        (Method::GET, _) => stream(&[], End::Whole),
        (Method::DELETE, _) => response(200, "", vec![], End::Whole),
        (_, "tools/list") => whole(&sent.result(&json!({"tools": [{"name": "search", "description": "x"}]}))),
        (_, "") => accepted(),
        (_, _) if sent.body["id"].is_null() => accepted(),
        (_, _) => whole(&sent.result(&legacy_result("done"))),
    });
}

/// A call, with these headers and this `_meta`.
fn call(client: &Client<'_>, headers: &[(&'static str, &str)], meta: &Value) -> Request<Chunked> {
    let mut params = json!({"name": "search", "arguments": {"a": 1}});
    if !meta.is_null() {
        params["_meta"] = meta.clone();
    }
    let mut request = client.request(&request(1, "tools/call", params));
    headers.iter().for_each(|(name, value)| set(&mut request, name, value));
    request
}

/// What reached the upstream of the call itself.
fn forwarded(world: &World) -> Sent {
    let all = sent(world);
    let traces: Vec<&str> = all.iter().map(|sent| parent(sent.header("traceparent").unwrap()).0).collect();
    assert!(
        traces.windows(2).all(|pair| pair[0] == pair[1]),
        "what the gateway reads itself is of the same trace"
    );
    all.into_iter().find(|sent| sent.method() == "tools/call").unwrap()
}

#[test]
fn the_trace_of_a_header_goes_on_below_the_gateway_and_is_on_record() {
    let world = world();
    answering(&world);
    let client = Client::new(&world);
    let headers = [("traceparent", FROM), ("tracestate", "rojo=00f067aa0ba902b7")];
    let done = world.send(call(&client, &headers, &Value::Null));
    assert_eq!(done.status, 200, "{done:?}");
    let sent = forwarded(&world);
    let (trace, below, flags) = parent(sent.header("traceparent").unwrap());
    assert_eq!((trace, flags), (TRACE, "01"));
    assert_ne!(below, "00f067aa0ba902b7", "the gateway is the parent");
    assert_eq!(sent.header("tracestate"), Some("rojo=00f067aa0ba902b7"));
    assert_eq!(sent.body["params"].get("_meta"), None, "nothing is said where the caller has said nothing");
    assert_eq!(intents(&world)[0].trace.as_deref(), Some(TRACE));
    assert!(!done.headers.contains_key("traceparent") && !done.headers.contains_key("traceresponse"));
}

#[test]
fn the_trace_of_a_message_is_rewritten_in_it_and_in_the_headers() {
    for is_modern in [false, true] {
        let world = world();
        answering(&world);
        let client = Client::new(&world);
        let meta = json!({"traceparent": FROM, "tracestate": "a=1", "baggage": "b=2"});
        let body = request(1, "tools/call", json!({"name": "search", "arguments": {"a": 1}, "_meta": meta}));
        let done = if is_modern { client.send_modern(&body) } else { client.send(&body) };
        assert_eq!(done.status, 200, "{done:?}");
        let sent = forwarded(&world);
        let header = sent.header("traceparent").unwrap();
        assert_eq!((parent(header).0, parent(header).2), (TRACE, "01"));
        assert_ne!(header, FROM);
        let meta = &sent.body["params"]["_meta"];
        assert_eq!((&meta["traceparent"], &meta["tracestate"]), (&json!(header), &json!("a=1")));
        assert_eq!((meta.get("baggage"), sent.header("tracestate")), (None, Some("a=1")));
        assert_eq!(intents(&world)[0].trace.as_deref(), Some(TRACE));
    }
}

#[test]
fn where_header_and_message_differ_the_header_counts() {
    let world = world();
    answering(&world);
    let client = Client::new(&world);
    let meta = json!({"traceparent": OTHER, "tracestate": "mine=1"});
    world.send(call(&client, &[("traceparent", FROM)], &meta));
    let sent = forwarded(&world);
    let header = sent.header("traceparent").unwrap();
    assert_eq!((parent(header).0, &sent.body["params"]["_meta"]["traceparent"]), (TRACE, &json!(header)));
    assert_eq!((sent.body["params"]["_meta"].get("tracestate"), sent.header("tracestate")), (None, None));
    assert_eq!(intents(&world)[0].trace.as_deref(), Some(TRACE));
}

#[test]
fn a_trace_begins_where_none_is_named_in_its_form() {
    let zero = FROM.replace(TRACE, "00000000000000000000000000000000");
    let upper = FROM.to_uppercase();
    for (case, headers, meta) in [
        ("nothing", vec![], Value::Null),
        ("zeros", vec![zero.as_str()], Value::Null),
        ("upper case", vec![upper.as_str()], Value::Null),
        ("two of them", vec![FROM, OTHER], Value::Null),
        ("a text", vec!["all my text"], json!({"traceparent": "all my text", "tracestate": "a=1"})),
        ("no text", vec![], json!({"traceparent": 1})),
    ] {
        let world = world();
        answering(&world);
        let mut request = call(&Client::new(&world), &[("tracestate", "a=1")], &meta);
        for header in headers {
            request.headers_mut().append("traceparent", header.parse().unwrap());
        }
        world.send(request);
        let sent = forwarded(&world);
        let (trace, _, flags) = parent(sent.header("traceparent").unwrap());
        assert!(![TRACE, "0af7651916cd43dd8448eb211c80319c"].contains(&trace), "{case}");
        assert_eq!((flags, sent.header("tracestate")), ("01", None), "{case}");
        assert_eq!(intents(&world)[0].trace.as_deref(), Some(trace), "{case}");
        assert!(sent.body["params"]["_meta"].get("traceparent").is_none(), "{case}");
        assert!(!sent.body.to_string().contains("all my text"), "{case}");
    }
}

#[test]
fn what_is_refused_is_on_record_and_in_the_log_under_its_trace() {
    for (case, body) in [
        ("by policy", json!({"name": "write", "_meta": {"traceparent": FROM}})),
        ("as it cannot be read", json!({"name": "write", "NAME": "x", "_meta": {"traceparent": FROM}})),
    ] {
        for header in [None, Some(OTHER)] {
            let world = world();
            let client = Client::new(&world);
            let mut request = client.request(&request(1, "tools/call", body.clone()));
            header.iter().for_each(|header| set(&mut request, "traceparent", header));
            world.send(request);
            assert!(sent(&world).is_empty());
            let trace = refusals(&world)[0].trace.clone().unwrap();
            match header {
                Some(header) => assert_eq!(trace, parent(header).0, "{case}"),
                None if case == "by policy" => assert_eq!(trace, TRACE, "{case}"),
                None => assert_eq!(trace.len(), 32, "{case}"),
            }
            let log = world.ports.log.borrow().join("\n");
            assert!(log.contains(&format!("(trace {trace})")), "{case}: {log}");
        }
    }
    let world = world();
    let mut unknown = post("crm", None, "{}");
    set(&mut unknown, "traceparent", FROM);
    assert_eq!(world.send(unknown).status, 401);
    assert_eq!(refusals(&world)[0].trace.as_deref(), Some(TRACE));
}

#[test]
fn a_trace_is_no_part_of_what_is_given() {
    let world = world();
    answering(&world);
    let client = Client::new(&world);
    for meta in
        [Value::Null, json!({"traceparent": FROM, "tracestate": "a=1"}), json!({"traceparent": OTHER})]
    {
        world.send(call(&client, &[], &meta));
    }
    let given: Vec<_> = intents(&world).into_iter().map(|intent| intent.arguments).collect();
    assert_eq!(given.len(), 3);
    assert!(given.iter().all(|one| *one == given[0] && one.text.text() == r#"{"a":1}"#), "{given:?}");
}

#[test]
fn vendors_state_passes_only_short_and_with_nothing_found_in_it() {
    let long = format!("a={},b={}", "x".repeat(90), "y".repeat(90));
    for (state, want) in [
        ("a=1,b=2", Some("a=1,b=2")),
        (long.as_str(), Some(long.split_once(',').unwrap().0)),
        ("a=ada@example.com", None),
        ("a=1,a=2", None),
        ("not a list", None),
    ] {
        let world = world();
        answering(&world);
        world.send(call(&Client::new(&world), &[("traceparent", FROM), ("tracestate", state)], &Value::Null));
        assert_eq!(forwarded(&world).header("tracestate"), want, "{state}");
    }
}

#[test]
fn every_request_to_an_upstream_has_a_parent_of_its_own() {
    let world = world();
    answering(&world);
    let client = Client::new(&world).in_session("2025-11-25");
    for mut request in [
        client.request(&call_of(1, "search")),
        client.request(&notification("notifications/initialized", json!({}))),
        client.request(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}})),
        client.get(None),
        {
            let mut close = client.get(None);
            *close.method_mut() = Method::DELETE;
            close
        },
    ] {
        set(&mut request, "traceparent", FROM);
        world.send(request);
    }
    let all = sent(&world);
    let mut parents: Vec<&str> = all.iter().map(|sent| sent.header("traceparent").unwrap()).collect();
    assert!(parents.iter().all(|text| parent(text).0 == TRACE), "{parents:?}");
    let n = parents.len();
    assert!(n >= 5, "{all:?}");
    parents.sort_unstable();
    parents.dedup();
    assert_eq!(parents.len(), n, "each is another span");
}

#[test]
fn connections_that_are_asked_together_are_asked_in_one_trace() {
    let world = World::of(SETTINGS, POLICIES);
    answering(&world);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}, "traceparent": FROM,
    }}});
    let mut all = post("", Some(&token("ada", "staff")), body.to_string());
    set(&mut all, "mcp-protocol-version", "2026-07-28");
    set(&mut all, "mcp-method", "tools/list");
    world.send(all);
    let sent = sent(&world);
    let parents: Vec<_> = sent.iter().map(|sent| parent(sent.header("traceparent").unwrap())).collect();
    assert!(parents.len() >= 2 && parents.iter().all(|parent| parent.0 == TRACE), "{sent:?}");
    assert_ne!(parents[0].1, parents[1].1);
}

/// A gateway with a collector of spans.
struct Watched {
    world: World,
    collector: Rc<RefCell<Upstream>>,
}

impl Watched {
    fn new(more: &str) -> Self {
        let settings = format!(
            "{SETTINGS}[telemetry]\notlp_traces = \"https://otlp.example.com/v1/traces\"\n\
             headers = {{ x-api-key = \"hunter2\" }}\n{more}"
        );
        let world = World::of(&settings, POLICIES);
        let collector =
            Rc::new(RefCell::new(response(200, "application/json", vec![b"{}".to_vec()], End::Whole)));
        let watched = Self { world, collector };
        // An instance looks once whether a checkpoint is due.
        watched.deliver();
        watched.answers(|sent| match sent.method() {
            "tools/list" => whole(&sent.result(&json!({"tools": [{"name": "search", "description": "x"}]}))),
            _ => whole(&sent.result(&legacy_result("done"))),
        });
        watched
    }

    /// What the upstream answers beside the collector.
    fn answers(&self, answer: impl Fn(&Sent) -> Upstream + 'static) {
        let collector = Rc::clone(&self.collector);
        upstream(&self.world, move |sent| match sent.body.get("resourceSpans") {
            Some(_) => collector.borrow().clone(),
            None => answer(sent),
        });
    }

    fn has_work(&self) -> bool {
        has_work(&self.world.gateway, &*self.world.ports)
    }

    fn deliver(&self) {
        pollster::block_on(deliver(Rc::clone(&self.world.gateway), Rc::clone(&self.world.ports)));
    }

    fn call(&self, header: &str) -> Done {
        self.world.send(call(&Client::new(&self.world), &[("traceparent", header)], &Value::Null))
    }

    /// What has reached the collector since it was last asked.
    fn told(&self) -> Vec<Sent> {
        sent(&self.world).into_iter().filter(|sent| sent.body.get("resourceSpans").is_some()).collect()
    }

    /// Delivers, and takes the spans that come of it.
    fn spans(&self) -> Vec<Value> {
        self.deliver();
        let all =
            |sent: Sent| sent.body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        self.told().into_iter().flat_map(all).collect()
    }

    fn later(&self, seconds: u64) {
        self.world.ports.monotonic.set(self.world.ports.monotonic.get() + seconds * 1_000_000);
    }
}

fn attribute<'s>(span: &'s Value, key: &str) -> Option<&'s str> {
    let found = span["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key)?;
    found["value"]["stringValue"].as_str().or(found["value"]["intValue"].as_str())
}

#[test]
fn spans_are_sent_after_the_answer_and_lead_to_the_record() {
    let watched = Watched::new("");
    let params = json!({"name": "search", "arguments": {"card": CARD, "who": "somebody"}});
    let mut request = Client::new(&watched.world).request(&request(1, "tools/call", params));
    set(&mut request, "traceparent", FROM);
    watched.world.send(request);
    let all = sent(&watched.world);
    assert!(all.iter().all(|sent| sent.body.get("resourceSpans").is_none()) && watched.has_work());
    let upstream = all.iter().find(|sent| sent.method() == "tools/call").unwrap();

    watched.deliver();
    let told = watched.told();
    assert!(!watched.has_work());
    let [told] = told.as_slice() else { panic!("not one request: {told:?}") };
    assert_eq!(
        (told.header("x-api-key"), told.header("content-type")),
        (Some("hunter2"), Some("application/json"))
    );
    let text = told.body.to_string();
    for hidden in ["4111", "somebody", "ada", "idp", "hunter2", "done"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let spans = told.body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert!(spans.iter().all(|span| span["traceId"] == TRACE), "{spans:?}");
    let server = spans.iter().find(|span| span["kind"] == 2).unwrap();
    let client = spans.iter().find(|span| span["kind"] == 3 && span["name"] == "tools/call search").unwrap();
    assert_eq!(
        (&server["name"], &server["parentSpanId"]),
        (&json!("tools/call search"), &json!("00f067aa0ba902b7"))
    );
    assert_eq!(client["parentSpanId"], server["spanId"]);
    assert_eq!(client["spanId"], parent(upstream.header("traceparent").unwrap()).1);
    let record = intents(&watched.world)[0].id.to_string();
    for (span, key, want) in [
        (server, "mcp.method.name", "tools/call"),
        (server, "gen_ai.operation.name", "execute_tool"),
        (server, "gen_ai.tool.name", "search"),
        (server, "http.response.status_code", "200"),
        (server, "portcullis.connection", "crm"),
        (server, "portcullis.decision", "allow"),
        (server, "portcullis.record.id", record.as_str()),
        (client, "server.address", "crm.example.com"),
        (client, "http.request.method", "POST"),
        (client, "http.response.status_code", "200"),
        (client, "portcullis.record.id", record.as_str()),
    ] {
        assert_eq!(attribute(span, key), Some(want), "{key}: {span}");
    }
    assert!(attribute(server, "portcullis.stage.decide.us").is_some(), "{server}");
    assert_eq!((attribute(server, "error.type"), server.get("status")), (None, None));
    let nanos = |span: &Value, member: &str| span[member].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanos(server, "startTimeUnixNano") <= nanos(client, "startTimeUnixNano"));
    assert!(nanos(client, "startTimeUnixNano") <= nanos(client, "endTimeUnixNano"));
    assert!(nanos(client, "endTimeUnixNano") <= nanos(server, "endTimeUnixNano"));
}

#[test]
fn what_was_refused_or_failed_is_told_as_that() {
    let watched = Watched::new("");
    let client = Client::new(&watched.world);
    client.send(&call_of(1, "write"));
    let spans = watched.spans();
    let [server] = spans.as_slice() else { panic!("nothing was forwarded: {spans:?}") };
    assert_eq!(
        (attribute(server, "error.type"), attribute(server, "portcullis.decision")),
        (Some("denied"), Some("deny"))
    );
    assert_eq!(
        attribute(server, "portcullis.record.id"),
        Some(refusals(&watched.world)[0].id.to_string().as_str())
    );
    assert_eq!((&server["status"]["code"], server.get("parentSpanId")), (&json!(2), None));

    watched.answers(|sent| match sent.method() {
        "tools/list" => whole(&sent.result(&json!({"tools": []}))),
        _ => unreachable(),
    });
    client.send(&call_of(1, "search"));
    let spans = watched.spans();
    let failed: Vec<_> = spans.iter().filter_map(|span| attribute(span, "error.type")).collect();
    assert_eq!(failed, ["upstream_unreachable", "upstream_unreachable"], "{spans:?}");

    let error = json!({"content": [{"type": "text", "text": "no"}], "isError": true});
    watched.answers(move |sent| whole(&sent.result(&error)));
    client.send(&call_of(1, "search"));
    let spans = watched.spans();
    let failed: Vec<_> = spans.iter().filter_map(|span| attribute(span, "error.type")).collect();
    assert_eq!(failed, ["tool_error"], "{spans:?}");
}

#[test]
fn what_the_message_named_beside_the_header_is_a_link() {
    let watched = Watched::new("");
    let request =
        call(&Client::new(&watched.world), &[("traceparent", FROM)], &json!({"traceparent": OTHER}));
    watched.world.send(request);
    let spans = watched.spans();
    let server = spans.iter().find(|span| span["kind"] == 2).unwrap();
    let link = json!([{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}]);
    assert_eq!((&server["traceId"], &server["links"]), (&json!(TRACE), &link));
}

#[test]
fn a_stream_is_told_when_it_has_ended() {
    for leaves in [false, true] {
        let watched = Watched::new("");
        watched.answers(|sent| match sent.method() {
            "tools/list" => whole(&sent.result(&json!({"tools": []}))),
            _ => stream(&[progress(), sent.result(&text_result("done"))], End::Silent),
        });
        let client = Client::new(&watched.world);
        client.send(&call_of(1, "write"));
        watched.spans();
        let mut request = client.modern_request(&call_of(2, "search"));
        set(&mut request, "traceparent", FROM);
        let mut reading = client.open(request);
        let spans = watched.spans();
        assert!(!spans.iter().any(|span| span["kind"] == 2), "{spans:?}");
        if leaves {
            reading.leave();
        } else {
            while reading.next().is_some() {}
        }
        let spans = watched.spans();
        let kinds: Vec<&Value> = spans.iter().map(|span| &span["kind"]).collect();
        assert_eq!(kinds, [3, 2], "{spans:?}");
        assert!(spans.iter().all(|span| span["traceId"] == TRACE));
        let ended = watched.world.outcomes();
        let want = if leaves { CallResult::Interrupted } else { CallResult::Completed { is_error: false } };
        assert_eq!(ended.last().unwrap().result, want);
    }
}

#[test]
fn what_is_not_followed_is_not_told() {
    let watched = Watched::new("");
    watched.call(&FROM.replace("-01", "-00"));
    assert!(!watched.has_work(), "the caller does not follow it");
    let flags: Vec<String> = sent(&watched.world)
        .iter()
        .map(|sent| parent(sent.header("traceparent").unwrap()).2.to_owned())
        .collect();
    assert!(!flags.is_empty() && flags.iter().all(|flags| flags == "00"), "{flags:?}");
    let mut stranger = post("crm", None, "{}");
    set(&mut stranger, "traceparent", FROM);
    watched.world.send(stranger);
    assert!(!watched.has_work(), "strangers do not fill what is told");

    let rare = Watched::new("sample = 0\n");
    Client::new(&rare.world).send(&call_of(1, "search"));
    assert!(!rare.has_work(), "none that begin here are followed");
    assert_eq!(parent(sent(&rare.world)[0].header("traceparent").unwrap()).2, "00");
    rare.call(FROM);
    assert!(rare.has_work(), "the caller follows it");
}

#[test]
fn a_collector_that_fails_or_hangs_delays_nothing_and_is_left_alone_for_a_while() {
    let failing = response(503, "", vec![], End::Whole);
    for (case, collector) in [("fails", failing), ("hangs", Upstream::Hangs), ("is not there", unreachable())]
    {
        let watched = Watched::new("");
        let works = watched.collector.replace(collector);
        assert_eq!(watched.call(FROM).status, 200, "{case}");
        watched.world.ports.late.set(true);
        watched.deliver();
        watched.world.ports.late.set(false);
        assert_eq!(watched.told().len(), 1, "{case}");
        let log = watched.world.ports.log.borrow().join("\n");
        assert!(
            log.contains("telemetry: otlp.example.com did not take") && !log.contains("hunter2"),
            "{case}: {log}"
        );

        watched.collector.replace(works);
        assert_eq!(watched.call(FROM).status, 200, "{case}");
        assert!(!watched.has_work(), "{case}");
        watched.deliver();
        assert!(watched.told().is_empty(), "{case}");
        watched.later(31);
        watched.deliver();
        let told = watched.told();
        let [told] = told.as_slice() else { panic!("{case}: {told:?}") };
        let resource = told.body["resourceSpans"][0]["resource"].clone();
        let lost: u64 = attribute(&resource, "portcullis.spans.lost").unwrap().parse().unwrap();
        assert!(lost >= 2, "{case}: {lost}");
        watched.call(FROM);
        watched.deliver();
        let told = watched.told();
        let resource = told[0].body["resourceSpans"][0]["resource"].clone();
        assert_eq!(attribute(&resource, "portcullis.spans.lost"), None, "{case}: they are told of once");
    }
}

#[test]
fn the_oldest_spans_are_lost_when_too_many_wait() {
    let watched = Watched::new("");
    for _ in 0..600 {
        watched.call(FROM);
    }
    watched.deliver();
    let told = watched.told();
    let n: usize = told
        .iter()
        .map(|sent| sent.body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len())
        .sum();
    assert_eq!((n, told.len()), (512, 4));
    let lost = attribute(&told[0].body["resourceSpans"][0]["resource"], "portcullis.spans.lost");
    assert!(lost.unwrap().parse::<u64>().unwrap() >= 88, "{lost:?}");
}
