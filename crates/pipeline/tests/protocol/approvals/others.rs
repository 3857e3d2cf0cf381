//! What holds besides tools, and what a grant is bound to besides the call.

use std::rc::Rc;

use portcullis_pins::{Approved, Pins};
use serde_json::{Value, json};

use super::{Client, POLICIES, SETTINGS, approve, held, of, pay, sent};
use crate::support::{legacy_result, request, upstream, whole};
use crate::world::World;

const MORE: &str = r#"
@id("subscribe") @approval("idp:boss") forbid (principal, action == Action::"subscribe", resource == Resource::"crm/crm://secret");
@id("template") @approval("idp:boss") forbid (principal, action == Action::"complete", resource == Resource::"crm/crm://{id}");
"#;

#[test]
fn whatever_names_something_is_held_and_goes_on_once_it_is_approved() {
    let reference = |kind: &str, member: &str, name: &str| json!({"ref": {"type": kind, member: name}, "argument": {"name": "id", "value": "b"}});
    for (name, method, params, result) in [
        ("read", "resources/read", json!({"uri": "crm://secret"}), json!({"contents": []})),
        ("subscribe", "resources/subscribe", json!({"uri": "crm://secret"}), json!({})),
        (
            "complete a prompt",
            "completion/complete",
            reference("ref/prompt", "name", "held"),
            json!({"completion": {"values": []}}),
        ),
        (
            "complete a template",
            "completion/complete",
            reference("ref/resource", "uri", "crm://{id}"),
            json!({"completion": {"values": []}}),
        ),
    ] {
        let world = of(&format!("{POLICIES}{MORE}"));
        upstream(&world, move |sent| whole(&sent.result(&result)));
        let ada = Client::new(&world).in_session("2025-11-25");
        let call = request(1, method, params);
        let first = ada.send(&call);
        let id = held(&first);
        assert_eq!(first.json()["error"]["code"], 40302, "{name}");
        assert_eq!(held(&ada.send(&call)), id, "{name}");
        assert_eq!(sent(&world).len(), 0, "{name}");
        approve(&world, id, "bob");
        assert_eq!(ada.send(&call).json()["error"], Value::Null, "{name}");
        assert_eq!(sent(&world).len(), 1, "{name}");
        assert_eq!(held(&ada.send(&call)), id.next(), "{name}: it was for one call");
    }
}

#[test]
fn a_definition_that_was_changed_since_needs_another_approval() {
    let tool = |about: &str| json!({"name": "pay", "description": about, "inputSchema": {"type": "object"}});
    let pinned = |about: &str| {
        let file = json!({"version": 1, "connection": "crm", "tools": [tool(about)]}).to_string();
        Approved::of(&[Pins::parse(&"crm".parse().unwrap(), &file).unwrap()])
    };
    let shows = |world: &World, about: &'static str| {
        upstream(world, move |sent| {
            let tools = json!({"tools": [tool(about)]});
            whole(&sent.result(if sent.method() == "tools/list" { &tools } else { &LEGACY }))
        });
    };
    static LEGACY: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| legacy_result("done"));
    let calls = |world: &World| sent(world).iter().filter(|sent| sent.method() == "tools/call").count();
    let settings = SETTINGS.replace("drift = \"log\"", "drift = \"block\"");
    let call = pay(json!({"amount": 1}));
    let before = World::approving(&settings, POLICIES, pinned("pays"));
    // Somebody who waits for another request looks again every few milliseconds.
    before.ports.patience.set(std::time::Duration::from_millis(10));
    shows(&before, "pays");
    let id = held(&Client::new(&before).send(&call));
    approve(&before, id, "bob");
    let after = World::with(Rc::clone(&before.ports), &settings, POLICIES, pinned("pays twice"));
    shows(&after, "pays twice");
    let other = held(&Client::new(&after).send(&call));
    assert_ne!(other.subject, id.subject);
    assert_eq!(calls(&after), 0);
    approve(&after, other, "bob");
    assert_eq!(Client::new(&after).send(&call).json()["result"], *LEGACY);
    // Under the definition that people saw first, what they said first still holds, once.
    let again = World::with(Rc::clone(&before.ports), &settings, POLICIES, pinned("pays"));
    shows(&again, "pays");
    assert_eq!(Client::new(&again).send(&call).json()["result"], *LEGACY);
    assert_eq!(held(&Client::new(&again).send(&call)), id.next());
    assert_eq!(calls(&again), 2);
}
