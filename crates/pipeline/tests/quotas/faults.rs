//! What happens when what is used cannot be counted, published or read.

use serde_json::Value;

use crate::office::{call, pass, told, usage_operations, vendor, world};
use crate::support::{Client, intents, refusals, sent};
use crate::world::World;

/// Whether what came back is an answer that every client understands.
fn is_answer(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|answer| answer["jsonrpc"] == "2.0")
}

#[test]
fn whichever_operation_of_the_store_fails_nothing_passes_that_is_not_on_record() {
    // What a first call and one that finds the past asks of the store.
    for age in [0, 90_000] {
        let n_operations = {
            let world = prepared(age);
            call(&vendor(&world));
            world.ports.operations.borrow().len()
        };
        assert!(n_operations > 5);
        for failing in 0..n_operations {
            let world = prepared(age);
            world.ports.fails_at.set(Some(failing));
            let done = call(&vendor(&world));
            let case = format!("operation {failing} of {n_operations}, {age} ms later: {}", done.text);
            assert!(done.status == 200 && is_answer(&done.text), "{case}");
            if told(&done) == "hello" {
                assert_eq!(
                    (intents(&world).len(), world.outcomes().len()),
                    (1 + world.earlier(), 1 + world.earlier()),
                    "{case}"
                );
            } else if intents(&world).len() == world.earlier() {
                assert!(sent(&world).is_empty(), "{case}");
            }
            let records = intents(&world).len() + refusals(&world).len() + world.outcomes().len();
            let log = world.ports.log.borrow().join("\n");
            assert!(records > 2 * world.earlier() || log.contains("could not be recorded"), "{case}");
            // And then all is well.
            pass(&world, 2500);
            assert_eq!(told(&call(&vendor(&world))), "hello", "{case}\n{log}");
        }
    }
}

trait Earlier {
    /// How many calls were made before.
    fn earlier(&self) -> usize;
}

impl Earlier for World {
    fn earlier(&self) -> usize {
        usize::from(self.ports.now.get() != crate::world::NOW_MS)
    }
}

/// A world in which nothing was asked of the store yet, but for a call that is this old.
fn prepared(age: u64) -> World {
    let world = world("day.calls >= 99");
    if age > 0 {
        call(&vendor(&world));
        pass(&world, age);
    }
    sent(&world);
    world.ports.operations.borrow_mut().clear();
    world
}

#[test]
fn what_is_not_known_denies_only_those_whom_a_rule_about_it_concerns() {
    let world = world("day.calls >= 99");
    world.ports.store_fails.set(Some(":usage:"));
    let done = call(&vendor(&world));
    assert_eq!(told(&done), "not allowed");
    assert!(sent(&world).is_empty());
    let refusal = refusals(&world).pop().unwrap();
    assert_eq!(refusal.kind, "denied");
    assert!(refusal.explanation.text().contains("quota"), "{:?}", refusal.explanation);
    assert!(world.ports.log.borrow().iter().any(|line| line.contains("is not known")));
    assert_eq!(told(&call(&Client::new(&world))), "hello");
    assert_eq!(told(&call(&vendor(&world).on("photos"))), "hello");
    // The store is back.
    world.ports.store_fails.set(None);
    pass(&world, 1100);
    assert_eq!(told(&call(&vendor(&world))), "hello");
}

#[test]
fn who_cannot_be_counted_for_long_is_let_through_no_more() {
    let world = world("day.calls >= 99");
    let staff = Client::new(&world);
    world.ports.store_fails.set(Some(":usage:"));
    for _ in 0..5 {
        assert_eq!(told(&call(&staff)), "hello");
        pass(&world, 1000);
    }
    pass(&world, 100);
    sent(&world);
    let done = call(&staff);
    assert_eq!(told(&done), "the gateway cannot count this request, so it was not made");
    assert_eq!(done.status, 200);
    assert!(sent(&world).is_empty());
    assert_eq!(refusals(&world).pop().unwrap().kind, "uncounted");
    // As soon as the store works, what was counted is published and nothing is lost.
    world.ports.store_fails.set(None);
    assert_eq!(told(&call(&staff)), "hello");
    usage_operations(&world);
}
