//! How many requests may come.

use futures_util::FutureExt as _;
use http::Request;
use serde_json::{Value, json};

use crate::office::{call, pass, told, vendor};
use crate::support::{
    self, Client, POLICIES, SETTINGS, call_of, legacy_result, messages, notification, progress, refusals,
    request, sent, stream, upstream, whole,
};
use crate::world::{Chunked, Done, End, World};

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
    assert_eq!(from("192.0.2.1", &crate::world::token("ada", "staff")).status, 429, "whoever it is");
    let refused =
        refusals(&world).into_iter().filter(|refusal| refusal.kind == "too_many_from_address").count();
    assert_eq!(refused, 2);
    pass(&world, 10_000);
    assert_eq!(from("192.0.2.1", &crate::world::token("ada", "staff")).status, 200);
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
