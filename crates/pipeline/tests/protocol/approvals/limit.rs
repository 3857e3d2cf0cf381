//! How many calls of one principal may wait for people.

use serde_json::json;

use super::{Client, POLICIES, SETTINGS, answer, approve, held, later, pay, reject, sent, text};
use crate::support::{refusals, request, upstream};
use crate::world::World;

fn world() -> World {
    let world = World::of(&format!("{SETTINGS}[approvals]\nopen_per_principal = 3\n"), POLICIES);
    upstream(&world, answer);
    world
}

const FULL: &str = "needs approval by a person, but 3 of your requests wait for people already";

#[test]
fn whoever_makes_ever_new_calls_does_not_flood_reviewers() {
    let world = world();
    let ada = Client::new(&world);
    let call = |n: u32| pay(json!({"amount": n}));
    let ids: Vec<_> = (0..3).map(|n| held(&ada.send(&call(n)))).collect();
    let n_values = world.ports.store.borrow().keys().filter(|key| key.contains(":approval:")).count();
    for n in 3..6 {
        let told = text(&ada.send(&call(n)));
        assert!(told.starts_with(FULL), "{told}");
    }
    assert_eq!(
        text(&ada.send_modern(&call(7))).split(':').next(),
        Some(&*format!("{FULL}, so nobody is asked"))
    );
    let error =
        ada.send(&request(1, "resources/read", json!({"uri": "crm://secret"}))).json()["error"].clone();
    assert_eq!(error["code"], 42901, "{error}");
    let n_after = world.ports.store.borrow().keys().filter(|key| key.contains(":approval:")).count();
    assert_eq!(n_after, n_values, "nothing is asked");
    let refusal = refusals(&world).pop().unwrap();
    assert_eq!((refusal.kind.as_str(), refusal.approval), ("too_many_open", None));
    assert!(refusal.decision.unwrap().policies.iter().any(|policy| policy.id == "read"));
    // What waits goes on waiting, others have their own, and what is decided makes room.
    assert_eq!(held(&ada.send(&call(1))), ids[1]);
    held(&Client::of(&world, "carl", "staff").send(&call(9)));
    reject(&world, ids[0], "bob");
    held(&ada.send(&call(4)));
    assert!(text(&ada.send(&call(5))).starts_with(FULL));
    approve(&world, ids[1], "bob");
    assert_eq!(ada.send(&call(1)).json()["result"]["isError"], serde_json::Value::Null);
    held(&ada.send(&call(5)));
    assert!(text(&ada.send(&call(6))).starts_with(FULL));
    later(&world, 300);
    held(&ada.send(&call(6)));
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn a_store_that_does_not_tell_how_many_wait_lets_nobody_be_asked() {
    let world = world();
    world.ports.store_fails.set(Some(":opened:"));
    let told = text(&Client::new(&world).send(&pay(json!({}))));
    assert_eq!(told, "the gateway cannot record this request, so it was not made");
    world.ports.store_fails.set(None);
    held(&Client::new(&world).send(&pay(json!({}))));
}
