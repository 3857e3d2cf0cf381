//! A store that fails at any step: a task is carried out once at most, never after it was ended, and what is told of it
//! is true.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::faults::every_operation;
use super::{World, able, about, approve, created, get, later, patient, pay, sent, text_result, world};

/// A world with a task in it, whose request is approved or not.
fn with_task(is_approved: bool) -> (World, String) {
    let world = patient(world());
    let ada = able(&world, "ada");
    ada.send_modern(&crate::support::call_of(0, "harmless"));
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    if is_approved {
        approve(&world, id, "bob");
    }
    sent(&world);
    world.ports.patience.set(Duration::from_secs(2));
    world.ports.operations.borrow_mut().clear();
    (world, task)
}

/// Asks this while the store fails at its operation `n`. What is answered, and how many operations there were.
fn asked_with_fault(world: &World, n: usize, body: &Value) -> (Value, usize) {
    world.ports.fails_at.set(Some(n));
    let done = able(world, "ada").send_modern(body);
    world.ports.fails_at.set(None);
    let n_operations = world.ports.operations.borrow().len();
    (done.json(), n_operations)
}

#[test]
fn a_call_that_cannot_be_held_becomes_no_task() {
    let n_operations = every_operation(|n| {
        let world = patient(world());
        able(&world, "ada").send_modern(&crate::support::call_of(0, "harmless"));
        sent(&world);
        world.ports.operations.borrow_mut().clear();
        let (_, n_operations) = asked_with_fault(&world, n, &pay(json!({"amount": 1})));
        assert!(sent(&world).is_empty(), "operation {n}");
        n_operations
    });
    assert!(n_operations > 10, "{n_operations}");
}

#[test]
fn a_task_that_waits_is_not_carried_out_by_a_fault() {
    let n_operations = every_operation(|n| {
        let (world, task) = with_task(false);
        let (answer, n_operations) = asked_with_fault(&world, n, &about("tasks/get", &task));
        let is_error = answer["error"]["code"] == 50301;
        assert!(is_error || answer["result"]["status"] == "working", "operation {n}: {answer}");
        assert_eq!(get(&able(&world, "ada"), &task)["status"], "working", "operation {n}: it goes on");
        assert!(sent(&world).is_empty(), "operation {n}");
        n_operations
    });
    assert!(n_operations > 3, "{n_operations}");
}

#[test]
fn a_task_is_carried_out_once_at_most_and_nothing_false_is_told_of_it() {
    let n_operations = every_operation(|n| {
        let (world, task) = with_task(true);
        let ada = able(&world, "ada");
        let (answer, n_operations) = asked_with_fault(&world, n, &about("tasks/get", &task));
        let happened = sent(&world).len();
        let told = &answer["result"];
        if told["status"] == "completed" {
            assert_eq!((&told["result"], happened), (&text_result("done"), 1), "operation {n}");
        }
        let mut last = told.clone();
        let mut in_all = happened;
        for seconds in [1, 130, 1] {
            later(&world, seconds);
            let stands = get(&ada, &task);
            in_all += sent(&world).len();
            match stands["status"].as_str().unwrap() {
                "completed" => {
                    assert_eq!((&stands["result"], in_all), (&text_result("done"), 1), "operation {n}")
                }
                "failed" if in_all > 0 => {
                    let text = stands["error"]["message"].as_str().unwrap();
                    let is_honest = text.contains("may have happened or not") || text.contains("withholds");
                    assert!(is_honest, "operation {n}: {stands}");
                }
                "failed" | "working" => {}
                other => panic!("operation {n}: {other}"),
            }
            // What could be told once and not be kept is told as lost later; nothing else changes once it has ended.
            if last["status"] == "failed" {
                assert_eq!(stands["status"], "failed", "operation {n}");
            }
            last = stands;
        }
        assert!(in_all <= 1, "operation {n}: {in_all}");
        assert_ne!(last["status"], "working", "operation {n}: it ends");
        n_operations
    });
    assert!(n_operations > 8, "{n_operations}");
}

#[test]
fn a_task_whose_end_was_acknowledged_is_never_carried_out() {
    let n_operations = every_operation(|n| {
        let (world, task) = with_task(true);
        let (answer, n_operations) = asked_with_fault(&world, n, &about("tasks/cancel", &task));
        let is_acknowledged = answer["result"] == json!({"resultType": "complete"});
        assert!(is_acknowledged || answer["error"]["code"] == 50301, "operation {n}: {answer}");
        for _ in 0..2 {
            let stands = get(&able(&world, "ada"), &task);
            if is_acknowledged {
                assert_eq!(stands["status"], "cancelled", "operation {n}");
            }
        }
        let happened = sent(&world).len();
        assert!(happened <= usize::from(!is_acknowledged), "operation {n}: {happened}");
        n_operations
    });
    assert!(n_operations > 3, "{n_operations}");
}
