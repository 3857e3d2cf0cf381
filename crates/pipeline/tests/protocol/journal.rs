//! Requests of one instance that wait for the store at the same time.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::Request;
use portcullis_pipeline::handle;
use serde_json::json;

use crate::support::world;
use crate::world::{Chunked, World, legacy_call, post, result, token};

fn call() -> Request<Chunked> {
    post("crm", Some(&token("alice", "staff")), legacy_call("read", &json!({})))
}

fn answering() -> World {
    let world = world();
    world.upstream_answers_json(&result("hello"));
    world.ports.patience.set(Duration::from_millis(20));
    // The keys of the issuer are known from here on.
    assert_eq!(world.send(call()).json(), result("hello"));
    world.ports.operations.take();
    world
}

fn n_sets_of_segments(world: &World) -> usize {
    world.ports.operations.borrow().iter().filter(|operation| *operation == "set l2").count()
}

#[test]
fn requests_that_wait_together_are_written_together_and_each_has_both_of_its_records() {
    let world = answering();
    world.ports.store_delay.set(3);
    let answers = world.send_all((0..16).map(|_| call()).collect());
    assert!(answers.iter().all(|done| done.json() == result("hello")), "{answers:?}");
    assert_eq!(world.ports.records().len(), 2 + 32);
    let n_segments = n_sets_of_segments(&world);
    assert!((2..16).contains(&n_segments), "{n_segments} segments for 32 records");
}

#[test]
fn who_stops_while_writing_for_all_holds_nobody_up_for_long() {
    let world = answering();
    world.ports.store_delay.set(u32::MAX);
    let serving = handle(Rc::clone(&world.gateway), Rc::clone(&world.ports), call());
    let mut stalled = pin!(serving);
    while n_sets_of_segments(&world) == 0 {
        assert!(stalled.as_mut().now_or_never().is_none());
    }
    // From here on nobody polls it, as nobody polls a request whose caller does not read.
    world.ports.store_delay.set(0);
    world.ports.monotonic.set(2_000_000);
    assert_eq!(world.send(call()).json(), result("hello"));
    assert_eq!(world.ports.records().len(), 2 + 3, "two of its own, and the intent of the one that waits");
}

#[test]
fn who_leaves_while_writing_for_all_leaves_the_others_what_was_to_be_written() {
    let world = answering();
    world.ports.store_delay.set(u32::MAX);
    let mut leaving = Box::pin(handle(Rc::clone(&world.gateway), Rc::clone(&world.ports), call()));
    while n_sets_of_segments(&world) == 0 {
        assert!(leaving.as_mut().now_or_never().is_none());
    }
    drop(leaving);
    world.ports.store_delay.set(0);
    assert_eq!(world.send(call()).json(), result("hello"));
    assert!(world.ports.records().len() >= 2 + 3, "two of its own, and the intent of the one that left");
}
