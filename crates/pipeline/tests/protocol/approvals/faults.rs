//! A store that fails: nothing leaves without a grant, and a grant for one call is for one at most.

use std::time::Duration;

use serde_json::json;

use super::{Client, approve, held, pay, sent, world};
use crate::support::legacy_result;

#[test]
fn a_store_that_fails_lets_nothing_pass_that_nobody_has_approved() {
    let n_operations = every_operation(|n| {
        let world = world();
        let ada = Client::new(&world);
        // The keys of the issuer and the journal are there.
        ada.send(&crate::support::call_of(0, "harmless"));
        sent(&world);
        world.ports.patience.set(Duration::from_secs(1));
        world.ports.operations.borrow_mut().clear();
        world.ports.fails_at.set(Some(n));
        ada.send(&pay(json!({"amount": 1})));
        let n_operations = world.ports.operations.borrow().len();
        world.ports.fails_at.set(None);
        held(&ada.send(&pay(json!({"amount": 1}))));
        assert_eq!(sent(&world).len(), 0, "operation {n}");
        n_operations
    });
    assert!(n_operations > 10, "{n_operations}");
}

#[test]
fn a_store_that_fails_lets_a_grant_for_one_call_be_used_once_at_most() {
    let n_operations = every_operation(|n| {
        let world = world();
        let ada = Client::new(&world);
        let id = held(&ada.send(&pay(json!({"amount": 1}))));
        approve(&world, id, "bob");
        world.ports.patience.set(Duration::from_secs(1));
        world.ports.operations.borrow_mut().clear();
        world.ports.fails_at.set(Some(n));
        let done = ada.send(&pay(json!({"amount": 1})));
        let n_operations = world.ports.operations.borrow().len();
        world.ports.fails_at.set(None);
        let happened = sent(&world).len();
        if done.json()["result"] == legacy_result("done") {
            assert_eq!(happened, 1, "operation {n}");
        }
        for _ in 0..2 {
            ada.send(&pay(json!({"amount": 1})));
        }
        let in_all = happened + sent(&world).len();
        assert!(in_all <= 1, "operation {n}: {in_all}");
        n_operations
    });
    assert!(n_operations > 5, "{n_operations}");
}

/// Lets each operation fail in turn, until one more is not made. How many were made, if the last one did not fail.
pub(super) fn every_operation(with_fault_at: impl Fn(usize) -> usize) -> usize {
    for n in 0.. {
        let n_operations = with_fault_at(n);
        if n_operations <= n {
            return n_operations;
        }
    }
    0
}
