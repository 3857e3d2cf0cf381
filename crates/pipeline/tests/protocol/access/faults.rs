//! A store that fails grants nothing, and what a look at it costs.

use std::time::Duration;

use serde_json::json;

use super::{ACCESS, POLICIES, approve, ask, ask_as, later, restart, settings, wish, world};
use crate::support::{self, Client, call_of, legacy_result, sent, upstream, whole};
use crate::world::World;

#[test]
fn a_store_that_does_not_tell_grants_nothing_and_the_operator_knows() {
    let world = world();
    let ada = Client::new(&world);
    let id = ask(&world, "5m");
    approve(&world, &id);
    assert!(restart(&ada).starts_with("done"));
    for key in [":asker:", ":request:", ":revoked:", ":rejected:"] {
        world.ports.store_fails.set(Some(key));
        world.ports.log.borrow_mut().clear();
        sent(&world);
        assert_eq!(restart(&ada), "not allowed", "{key}");
        assert_eq!(sent(&world).len(), 0, "{key}");
        let log = world.ports.log.borrow().join("\n");
        assert!(log.contains("access: ") && log.contains("nothing is known"), "{key}: {log}");
        world.ports.store_fails.set(None);
        assert!(restart(&ada).starts_with("done"), "{key}");
    }
}

#[test]
fn a_store_that_fails_while_somebody_asks_leaves_nothing_half_done() {
    for n in 0.. {
        let world = world();
        // The keys of the issuer and the journal are there.
        Client::new(&world).send(&call_of(0, "look"));
        world.ports.patience.set(Duration::from_secs(1));
        world.ports.operations.borrow_mut().clear();
        world.ports.fails_at.set(Some(n));
        let done = ask_as(&world, ("ada", "staff"), &wish("5m"));
        let n_operations = world.ports.operations.borrow().len();
        world.ports.fails_at.set(None);
        assert!(matches!(done.status, 200 | 503), "operation {n}: {}", done.text);
        assert_eq!(restart(&Client::new(&world)), "not allowed", "operation {n}");
        // Whatever was lost: whoever asks again is heard, and granted it has it.
        ask_as(&world, ("ada", "staff"), &wish("5m"));
        later(&world, 11);
        let id = ask(&world, "5m");
        approve(&world, &id);
        assert!(restart(&Client::new(&world)).starts_with("done"), "operation {n}");
        if n_operations <= n {
            assert!(n > 15, "{n}");
            return;
        }
    }
}

/// Who never asked costs one read; where nothing can be asked for, none.
#[test]
fn looking_for_groups_costs_one_read_of_who_never_asked() {
    let about = |world: &World| {
        let mut operations = std::mem::take(&mut *world.ports.operations.borrow_mut());
        operations.retain(|operation| operation.contains("approval"));
        operations
    };
    let world = world();
    let ada = Client::new(&world);
    ada.send(&call_of(1, "look"));
    about(&world);
    ada.send(&call_of(1, "look"));
    assert_eq!(about(&world), ["get approval"]);
    let without = World::of(&settings().replace(ACCESS, ""), POLICIES);
    upstream(&without, |sent| whole(&sent.result(&legacy_result("done"))));
    Client::new(&without).send(&call_of(1, "look"));
    assert!(about(&without).is_empty());
    // A group that is her own is not looked for.
    let id = ask(&world, "5m");
    approve(&world, &id);
    about(&world);
    Client::of(&world, "ada", "on-call").send(&support::request(1, "ping", json!({})));
    let operations = about(&world);
    // Two other groups: for each its pointer, and the blocks and marks of the first numbers.
    assert!(operations.iter().all(|operation| operation == "get approval"), "{operations:?}");
}
