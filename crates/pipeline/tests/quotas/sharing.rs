//! Several instances over one store keep a limit as far as `docs/quotas.md` says.

use std::rc::Rc;

use portcullis_pipeline::{Answer, EventStream, handle};

use crate::office::{beside, call, pass, policies, told, vendor, world};
use crate::support::{Client, SETTINGS, call_of, legacy_result, progress, stream, upstream, whole};
use crate::world::{End, Fake, World};

const LIMIT: usize = 100;
/// How often each instance is called in a second.
const PER_SECOND: usize = 20;

/// A call whose answer does not end, so that its instance always has something under way.
fn held_open(world: &World, client: &Client<'_>) -> Box<EventStream<Fake>> {
    let request = client.request(&call_of(1, "endless"));
    let response = pollster::block_on(handle(Rc::clone(&world.gateway), Rc::clone(&world.ports), request));
    match response.into_parts() {
        (_, Answer::Events(events)) => events,
        (head, Answer::Full(text)) => panic!("no stream: {head:?} {text:?}"),
    }
}

/// Calls all instances in turn until none lets a call pass for three seconds, and says how many passed.
fn used_up(n_instances: usize, keep_busy: bool) -> usize {
    let condition = format!("day.calls >= {LIMIT}");
    let first = world(&condition);
    upstream(&first, |sent| match sent.body["params"]["name"].as_str() {
        Some("endless") => stream(&[progress()], End::Silent),
        _ => whole(&sent.result(&legacy_result("hello"))),
    });
    let mut instances: Vec<World> = (1..n_instances).map(|_| beside(&first, &condition)).collect();
    instances.push(first);
    let mut streams = Vec::new();
    if keep_busy {
        streams.extend(instances.iter().map(|world| held_open(world, &vendor(world))));
    }
    let (mut passed, mut quiet) = (streams.len(), 0);
    while quiet < 3 * PER_SECOND {
        quiet += 1;
        for world in &instances {
            if told(&call(&vendor(world))) == "hello" {
                passed += 1;
                quiet = 0;
            }
        }
        pass(&instances[0], 1000 / PER_SECOND as u64);
    }
    passed
}

#[test]
fn one_instance_keeps_a_limit_exactly() {
    assert_eq!(used_up(1, false), LIMIT);
    assert_eq!(used_up(1, true), LIMIT);
}

#[test]
fn several_instances_overshoot_a_limit_by_what_passes_until_they_know_of_each_other() {
    for n_instances in [2, 5] {
        for keep_busy in [false, true] {
            let passed = used_up(n_instances, keep_busy);
            // L + (n - 1) · c · (P + R), where P and R are a second each.
            let bound = LIMIT + (n_instances - 1) * PER_SECOND * 2;
            assert!(
                (LIMIT..=bound).contains(&passed),
                "{n_instances} instances let {passed} pass, not {bound}"
            );
        }
    }
}

/// How many calls pass in a minute, of all that instances of a gateway could let through.
fn passed_in_a_minute(n_instances: usize, limits: &str) -> usize {
    // A limit on usage that nobody reaches.
    let policies = policies("day.calls >= 1000000");
    let settings = SETTINGS.replace("[limits]", &format!("[limits]\n{limits}"));
    let first = World::of(&settings, &policies);
    upstream(&first, |sent| whole(&sent.result(&legacy_result("hello"))));
    let more = (1..n_instances).map(|_| World::within(Rc::clone(&first.ports), &settings, &policies));
    let instances: Vec<World> =
        more.chain([World::within(Rc::clone(&first.ports), &settings, &policies)]).collect();
    let mut passed = 0;
    for _ in 0..60 * PER_SECOND {
        passed += instances.iter().filter(|world| told(&call(&vendor(world))) == "hello").count();
        pass(&first, 1000 / PER_SECOND as u64);
    }
    passed
}

#[test]
fn where_usage_is_read_the_calls_of_all_instances_are_of_one_rate() {
    let limits = "requests_per_minute = 60\nrequest_burst = 10";
    // One keeps its rate, and nothing more holds it off.
    assert_eq!(passed_in_a_minute(1, limits), 10 + 60 - 1);
    for n_instances in [2, 5] {
        let passed = passed_in_a_minute(n_instances, limits);
        // As many as one would let through in 70 seconds, and what passes until they know of each other.
        let bound = 10 + 70 + (n_instances - 1) * 2;
        assert!(passed <= bound, "{n_instances} instances let {passed} pass, not {bound}");
        assert!(passed >= 10 + 60, "{n_instances} instances let only {passed} pass");
    }
}
