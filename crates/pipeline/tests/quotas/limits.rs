//! How many requests may come.

use futures_util::FutureExt as _;
use http::Request;
use serde_json::{Value, json};

use crate::office::{call, pass, told, vendor};
use crate::support::{
    self, Client, POLICIES, SETTINGS, call_of, legacy_result, messages, notification, progress, refusals,
    request, sent, stream, upstream, whole,
};
use crate::world::{Chunked, Done, End, World, post, token};

fn world(limits: &str) -> World {
    let settings = SETTINGS.replace("[limits]", &format!("[limits]\n{limits}"));
    let world = World::of(&settings, POLICIES);
    upstream(&world, |sent| match sent.body["params"]["name"].as_str() {
        Some("endless") => stream(&[progress()], End::Silent),
        _ => whole(&sent.result(&legacy_result("hello"))),
    });
    world
}

#[test]
fn a_principal_beyond_its_rate_is_told_when_to_come_back() {
    let world = world("requests_per_minute = 6\nrequest_burst = 2");
    let ada = Client::new(&world);
    for _ in 0..2 {
        assert_eq!(told(&call(&ada)), "hello");
    }
    sent(&world);
    let done = call(&ada);
    assert_eq!((done.status, told(&done).as_str()), (200, "too many requests; try again in 10 s"));
    let listed = ada.send(&request(2, "tools/list", json!({})));
    assert_eq!((listed.status, &listed.json()["error"]["code"]), (200, &json!(42901)));
    assert!(sent(&world).is_empty());
    assert_eq!(refusals(&world).pop().unwrap().kind, "too_many_requests");
    // Others go on, and so does ada after the time that was told.
    assert_eq!(told(&call(&Client::of(&world, "bob", "staff"))), "hello");
    pass(&world, 10_000);
    assert_eq!(told(&call(&ada)), "hello");
}

#[test]
fn an_instance_comes_to_the_limit_before_its_last_request() {
    let world = world("");
    let ada = Client::new(&world);
    // An instance of Spin serves as many unless told otherwise.
    let passed = (0..128).filter(|_| told(&call(&ada)) == "hello").count();
    assert_eq!(passed, 100);
}

#[test]
fn what_has_no_answer_is_left_out_quietly_and_streams_are_refused_by_http() {
    let world = world("requests_per_minute = 6\nrequest_burst = 1");
    let ada = Client::new(&world);
    call(&ada);
    sent(&world);
    let notice = ada.send(&notification("notifications/cancelled", json!({"requestId": 1})));
    assert_eq!(notice.status, 202);
    let stream = ada.listen(None);
    assert_eq!((stream.status, stream.headers["retry-after"].to_str().unwrap()), (429, "10"));
    assert!(sent(&world).is_empty());
}

#[test]
fn each_message_of_a_batch_counts() {
    let world = world("requests_per_minute = 6\nrequest_burst = 3");
    let ada = Client::new(&world).in_session("2025-03-26");
    let done = ada.send(&json!([call_of(1, "a"), call_of(2, "b"), call_of(3, "c")]));
    let mut told: Vec<String> = messages(&done.text)
        .iter()
        .map(|answer| answer["result"]["content"][0]["text"].as_str().unwrap().to_owned())
        .collect();
    told.sort();
    assert_eq!(told, ["hello", "hello", "too many requests; try again in 10 s"]);
}

#[test]
fn a_flood_does_not_fill_the_store() {
    let world = world("requests_per_minute = 1\nrequest_burst = 1");
    for _ in 0..50 {
        call(&Client::new(&world));
    }
    assert_eq!(refusals(&world).len(), 8);
}

/// Sends this 40 times, and says how many of the answers were not that there are too many requests.
fn taken_as_such(world: &World, request: impl Fn() -> Request<Chunked>) -> usize {
    let answers = (0..40).map(|_| world.send(request()));
    answers.filter(|done| !done.text.contains("too many requests")).count()
}

#[test]
fn what_nobody_can_read_is_taken_of_the_limits_and_does_not_fill_the_store() {
    let body = |text: &str| post("crm", Some(&token("ada", "staff")), text.to_owned());
    let contradicting = |world: &World| {
        let mut request = Client::new(world).modern_request(&call_of(1, "read"));
        support::set(&mut request, "mcp-name", "write");
        request
    };
    type Asked<'r> = &'r dyn Fn(&World) -> Request<Chunked>;
    let cases: [(&str, Asked<'_>); 5] = [
        ("no JSON", &|_| body("{")),
        ("no message", &|_| body("1")),
        ("no method", &|world| Client::new(world).request(&request(1, "tools/burn", json!({})))),
        ("a body that is too large", &|_| body(&" ".repeat(70_000))),
        ("headers that say something else", &contradicting),
    ];
    for (name, request) in cases {
        let world = world("requests_per_minute = 6\nrequest_burst = 20");
        assert_eq!(taken_as_such(&world, || request(&world)), 20, "case: {name}");
        assert_eq!(refusals(&world).len(), 8, "case: {name}");
        assert_eq!(told(&call(&Client::of(&world, "bob", "staff"))), "hello", "case: {name}");
        assert!(world.ports.log.borrow().len() <= 8, "case: {name}");
    }
}

#[test]
fn elements_of_a_batch_that_are_no_messages_are_taken_of_the_limits() {
    let world = world("requests_per_minute = 6\nrequest_burst = 20");
    let ada = Client::new(&world).in_session("2025-03-26");
    let codes = |elements: Vec<Value>| {
        let mut codes: Vec<i64> = messages(&ada.send(&Value::from(elements)).text)
            .iter()
            .map(|answer| answer["error"]["code"].as_i64().unwrap())
            .collect();
        codes.sort_unstable();
        codes.dedup_by_key(|code| *code);
        codes
    };
    assert_eq!(codes(vec![json!(1); 10]), [-32600]);
    let unknown = |id: i64| request(id, "tools/burn", json!({}));
    assert_eq!(codes((0..9).map(unknown).collect()), [-32601]);
    assert_eq!(codes(vec![json!(1); 50]), [42901]);
    assert_eq!(refusals(&world).len(), 8);
}

#[test]
fn a_token_without_its_scope_is_taken_of_the_limits() {
    let settings = SETTINGS.replace("[connections.crm]", "[connections.crm]\nscopes = [\"crm\"]");
    let settings = settings.replace("[limits]", "[limits]\nrequests_per_minute = 6\nrequest_burst = 20");
    let world = World::of(&settings, POLICIES);
    let ada = Client::new(&world);
    let statuses: Vec<u16> = (0..40).map(|_| call(&ada).status).collect();
    assert_eq!((&statuses[..20], &statuses[20..]), ([403; 20].as_slice(), [429; 20].as_slice()));
    assert_eq!(refusals(&world).len(), 8);
}

#[test]
fn bodies_that_are_being_read_take_a_place_of_their_own() {
    let world = world("concurrent_requests = 1");
    let ada = Client::new(&world);
    assert_eq!(told(&call(&ada)), "hello");
    let mut slow = ada.request(&call_of(1, "read"));
    slow.body_mut().chunks.clear();
    slow.body_mut().end = End::Silent;
    let (gateway, ports) = (std::rc::Rc::clone(&world.gateway), std::rc::Rc::clone(&world.ports));
    let mut reading = Box::pin(portcullis_pipeline::handle(gateway, ports, slow));
    assert!(reading.as_mut().now_or_never().is_none());
    assert_eq!(call(&ada).status, 429);
    assert_eq!(told(&call(&Client::of(&world, "bob", "staff"))), "hello");
    drop(reading);
    assert_eq!(told(&call(&ada)), "hello");
}

#[test]
fn an_address_beyond_its_rate_is_refused_before_its_token_is_looked_at() {
    let world = world("address_requests_per_minute = 6\naddress_request_burst = 2");
    let from = |address: &str, token: &str| {
        let mut request: Request<Chunked> = Client::new(&world).request(&call_of(1, "read"));
        request.headers_mut().insert("spin-client-addr", format!("{address}:1").parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        world.send(request)
    };
    let told = |done: &Done| {
        (done.status, done.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned()))
    };
    for want in [(401, None), (401, None), (429, Some("10".to_owned()))] {
        assert_eq!(told(&from("192.0.2.1", "x.y.z")), want);
    }
    assert_eq!(world.key_fetches(), 0);
    assert_eq!(told(&from("192.0.2.2", "x.y.z")), (401, None));
    assert_eq!(from("192.0.2.1", &token("ada", "staff")).status, 429, "whoever it is");
    let refused =
        refusals(&world).into_iter().filter(|refusal| refusal.kind == "too_many_from_address").count();
    assert_eq!(refused, 2);
    pass(&world, 10_000);
    assert_eq!(from("192.0.2.1", &token("ada", "staff")).status, 200);
}

#[test]
fn what_the_edge_refuses_is_taken_of_its_address_and_does_not_fill_the_log() {
    let world = world("address_requests_per_minute = 6\naddress_request_burst = 4");
    let nowhere = || {
        let mut request = post("nowhere", None, "{}");
        request.headers_mut().insert("spin-client-addr", "192.0.2.1:1".parse().unwrap());
        world.send(request).status
    };
    let statuses: Vec<u16> = (0..100).map(|_| nowhere()).collect();
    assert_eq!((&statuses[..4], &statuses[4..]), ([404; 4].as_slice(), [429; 96].as_slice()));
    assert_eq!(world.ports.log.borrow().iter().filter(|line| line.starts_with("refused at")).count(), 12);
    // Orchestrators may ask on.
    let mut probe = post("", None, "");
    *probe.method_mut() = http::Method::GET;
    *probe.uri_mut() = "https://gw.example.com/readyz".parse().unwrap();
    probe.headers_mut().insert("spin-client-addr", "192.0.2.1:1".parse().unwrap());
    assert_eq!(world.send(probe).status, 200);
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let world = world("address_requests_per_minute = 6\naddress_request_burst = 3\nfailures_per_minute = 2");
    let from = |address: &str| {
        let mut request = post("crm", Some("x.y.z"), call_of(1, "read").to_string());
        request.headers_mut().insert("spin-client-addr", format!("[{address}]:1").parse().unwrap());
        world.send(request).status
    };
    let own = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:f::3", "2001:db8::4"].map(from);
    assert_eq!(own, [401, 401, 429, 429], "two refused tokens, and three requests");
    assert_eq!(from("2001:db8:0:1::1"), 401);
    assert_eq!(["::ffff:192.0.2.1", "::ffff:192.0.2.2"].map(from), [401; 2], "those are of IPv4");
}

#[test]
fn streams_take_a_place_until_they_end_or_are_left() {
    for leave in [true, false] {
        let world = world("concurrent_requests = 1");
        let ada = Client::new(&world);
        // Who leaves in the handshake era leaves the call to go on.
        let mut reading = ada.open(ada.modern_request(&call_of(1, "endless")));
        assert!(reading.next().is_some());
        let done = call(&ada);
        assert_eq!(
            (done.status, told(&done).as_str()),
            (200, "too many requests at once; try again when one of them has ended")
        );
        assert_eq!(refusals(&world).pop().unwrap().kind, "too_many_at_once");
        assert_eq!(told(&call(&Client::of(&world, "bob", "staff"))), "hello");
        if leave {
            reading.leave();
        } else {
            drop(reading);
        }
        assert_eq!(told(&call(&ada)), "hello", "left: {leave}");
    }
}

#[test]
fn a_request_that_is_refused_or_given_up_gives_its_place_back() {
    let world = world("concurrent_requests = 1");
    let ada = Client::new(&world);
    for _ in 0..3 {
        assert_eq!(told(&ada.send(&call_of(1, "write"))), "not allowed");
    }
    upstream(&world, |_| support::response(200, "application/json", vec![], End::Silent));
    let request = ada.request(&call_of(1, "read"));
    let (gateway, ports) = (std::rc::Rc::clone(&world.gateway), std::rc::Rc::clone(&world.ports));
    assert!(Box::pin(portcullis_pipeline::handle(gateway, ports, request)).now_or_never().is_none());
    upstream(&world, |sent| whole(&sent.result(&legacy_result("hello"))));
    assert_eq!(told(&call(&ada)), "hello");
    let _: Value = vendor(&world).send(&call_of(1, "read")).json();
}
