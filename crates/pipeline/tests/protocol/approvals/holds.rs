//! Short holds: how a stream lives while people are waited for, and what ends it.

use std::time::Duration;

use serde_json::{Value, json};

use super::elicited::{able, again, asked, patient, waits};
use super::{Client, POLICIES, SETTINGS, approve, held, later, pay, reject, text, world};
use crate::support::{Reading, call_of, messages, refusals, sent, text_result};
use crate::world::World;

const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Begins a hold, and says what for.
fn begun<'w>(world: &'w World, call: &Value) -> (portcullis_approval::RequestId, Client<'w>, Reading) {
    let ada = able(world, "ada");
    let (id, state) = asked(&ada.send_modern(call));
    world.ports.patience.set(Duration::ZERO);
    let mut held = ada.open(ada.modern_request(&again(call, state, Some("accept"))));
    assert_eq!(held.status, 200);
    assert!(held.next().unwrap().starts_with(':'), "a comment goes out at once");
    (id, ada, held)
}

/// The message that comes once pauses end.
fn ended(world: &World, held: &mut Reading) -> Value {
    world.ports.patience.set(LONGEST_PAUSE);
    let text = (0..10_000).find_map(|_| held.next()).unwrap();
    messages(&text).pop().unwrap()
}

#[test]
fn an_answer_is_held_back_until_people_have_said_something() {
    type Say = fn(&World, portcullis_approval::RequestId, &str);
    for (name, say) in [("approved", approve as Say), ("rejected", reject as Say)] {
        let world = patient(world());
        let (id, _, mut held) = begun(&world, &pay(json!({"amount": 1})));
        assert_eq!(refusals(&world).len(), 1, "{name}: one for the first call");
        say(&world, id, "bob");
        let message = ended(&world, &mut held);
        assert_eq!(message["id"], "again");
        if name == "approved" {
            assert_eq!(message["result"], text_result("done"));
        } else {
            let told = message["result"]["content"][0]["text"].as_str().unwrap();
            assert!(told.starts_with("rejected by a person"), "{told}");
            assert_eq!(refusals(&world).pop().unwrap().kind, "approval_rejected");
        }
        assert_eq!(held.next(), None, "{name}: and then it ends");
        assert_eq!(sent(&world).len(), usize::from(name == "approved"));
    }
}

#[test]
fn a_hold_ends_by_itself_and_looks_at_the_store_now_and_then() {
    for (seconds, n_looks) in [("1", 2), ("25", 14), ("50", 27)] {
        let settings = format!("{SETTINGS}[approvals]\nhold_seconds = {seconds}\n");
        let world = patient(World::of(&settings, POLICIES));
        let (_, _, mut held) = begun(&world, &pay(json!({"amount": 1})));
        world.ports.operations.borrow_mut().clear();
        let message = ended(&world, &mut held);
        assert_eq!(message["result"]["resultType"], "input_required", "{message}");
        // Each look reads this counter once, and so does the call that is made anew in the end.
        let operations = world.ports.operations.borrow().clone();
        let looks = operations.iter().filter(|operation| *operation == "increment approval").count();
        assert_eq!(looks, n_looks + 1, "{seconds}");
    }
}

#[test]
fn without_holds_nobody_is_asked_to_wait() {
    let world = patient(World::of(&format!("{SETTINGS}[approvals]\nhold_seconds = 0\n"), POLICIES));
    let ada = able(&world, "ada");
    let call = pay(json!({"amount": 1}));
    let (id, state) = asked(&ada.send_modern(&call));
    let early = ada.send_modern(&again(&call, state.clone(), Some("accept")));
    assert_eq!((held(&early), early.headers["content-type"].to_str().unwrap()), (id, "application/json"));
    assert!(text(&early).contains("which is not there yet"), "{early:?}");
    approve(&world, id, "bob");
    let done = ada.send_modern(&again(&call, state, None));
    assert_eq!(done.json()["result"], text_result("done"));
}

#[test]
fn a_hold_whose_caller_leaves_does_nothing_and_frees_its_place() {
    let settings = SETTINGS.replace("concurrent_requests = 1000", "concurrent_requests = 1");
    let world = patient(World::of(&settings, POLICIES));
    let (id, ada, hold) = begun(&world, &pay(json!({"amount": 1})));
    let refused = ada.send_modern(&call_of(2, "harmless"));
    assert!(text(&refused).starts_with("too many requests at once"), "a hold is under way: {refused:?}");
    // Approved or not: nobody would see the answer.
    approve(&world, id, "bob");
    world.ports.patience.set(LONGEST_PAUSE);
    hold.leave();
    assert!(sent(&world).is_empty());
    let kinds: Vec<_> = refusals(&world).into_iter().map(|refusal| refusal.kind).collect();
    assert_eq!(kinds, ["needs_approval", "too_many_at_once", "needs_approval"]);
    let done = ada.send_modern(&pay(json!({"amount": 1})));
    assert_eq!(done.json()["result"], text_result("done"), "its grant is not used up, and its place is free");
}

#[test]
fn a_hold_does_not_outlive_the_token_of_its_caller() {
    let world = patient(World::of(SETTINGS, &POLICIES.replace(r#"@ttl("5m")"#, r#"@ttl("1h")"#)));
    let (id, _, mut held) = begun(&world, &pay(json!({"amount": 1})));
    approve(&world, id, "bob");
    later(&world, 700);
    let message = ended(&world, &mut held);
    assert_eq!(message["result"]["content"][0]["text"], "not allowed", "{message}");
    assert_eq!(refusals(&world).pop().unwrap().kind, "unauthenticated");
    assert!(sent(&world).is_empty());
}

#[test]
fn a_store_that_fails_meanwhile_refuses_the_call() {
    let world = patient(world());
    let (id, _, mut held) = begun(&world, &pay(json!({"amount": 1})));
    approve(&world, id, "bob");
    world.ports.store_fails.set(Some(":approval:"));
    let message = ended(&world, &mut held);
    let told = message["result"]["content"][0]["text"].as_str().unwrap();
    assert!(told.starts_with("the gateway cannot record this request"), "{message}");
    assert_eq!(refusals(&world).pop().unwrap().kind, "store_unavailable");
    assert!(sent(&world).is_empty());
}

#[test]
fn of_two_who_wait_for_one_grant_one_has_it() {
    let world = patient(world());
    let call = pay(json!({"amount": 1}));
    let (id, ada, mut one) = begun(&world, &call);
    let (other, state) = asked(&ada.send_modern(&call));
    assert_eq!(other, id);
    let mut two = ada.open(ada.modern_request(&again(&call, state, None)));
    assert!(two.next().unwrap().starts_with(':'));
    approve(&world, id, "bob");
    let answers = [ended(&world, &mut one), ended(&world, &mut two)];
    let done = answers.iter().filter(|answer| answer["result"] == text_result("done")).count();
    assert_eq!((done, sent(&world).len()), (1, 1), "{answers:?}");
    let told = answers[1]["result"]["content"][0]["text"].as_str().unwrap();
    assert!(told.contains("is over"), "{told}");
}

#[test]
fn whoever_is_asked_to_wait_on_gets_it_as_an_event() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let call = pay(json!({"amount": 1}));
    let (_, state) = asked(&ada.send_modern(&call));
    let done = ada.send_modern(&again(&call, state, None));
    waits(&done);
    assert_eq!(done.headers["content-type"], "text/event-stream");
    assert!(done.text.starts_with(':'), "{done:?}");
}
