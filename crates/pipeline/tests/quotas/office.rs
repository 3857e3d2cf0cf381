//! Vendors with a quota, staff without one, and an auditor who asks other instances what was used.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::support::{self, Client, legacy_result, messages, refusals, upstream, whole};
use crate::world::{Done, World};

/// Everybody may do everything, but nobody sees addresses in clear except staff.
const PERMITS: &str = r#"
@id("all") permit (principal, action, resource);
@id("masked") forbid (principal, action == Action::"unmask", resource) unless { principal in Group::"idp:staff" };
"#;

/// A world in which vendors are forbidden to call `crm` when this holds of `context.session.usage`.
pub(crate) fn world(condition: &str) -> World {
    let world = World::of(support::SETTINGS, &policies(condition));
    upstream(&world, |sent| whole(&sent.result(&legacy_result("hello"))));
    world
}

pub(crate) fn policies(condition: &str) -> String {
    let quota =
        r#"@id("quota") forbid (principal in Group::"idp:vendors", action in Action::"crm", resource)"#;
    format!("{PERMITS} {quota} when {{ {} }};", spelled_out(condition))
}

/// Another instance of the gateway of this world.
pub(crate) fn beside(world: &World, condition: &str) -> World {
    World::within(Rc::clone(&world.ports), support::SETTINGS, &policies(condition))
}

/// `day.calls` is short for `context.session.usage.day.calls`.
fn spelled_out(condition: &str) -> String {
    ["minute.", "hour.", "day."].into_iter().fold(condition.to_owned(), |text, window| {
        text.replace(window, &format!("context.session.usage.{window}"))
    })
}

pub(crate) fn vendor(world: &World) -> Client<'_> {
    Client::of(world, "vic", "vendors")
}

pub(crate) fn call(client: &Client<'_>) -> Done {
    client.send(&support::call_of(1, "read"))
}

/// What a caller is told in a tool result.
pub(crate) fn told(done: &Done) -> String {
    let message = messages(&done.text).pop().unwrap_or_default();
    let text = message["result"]["content"][0]["text"].as_str().or(message["error"]["message"].as_str());
    text.unwrap_or_default().to_owned()
}

/// Checks what an instance that has counted nothing itself knows of the vendor's usage, by asking it which of these
/// conditions hold.
pub(crate) fn check(world: &World, conditions: &[&str]) {
    let forbid = |(index, condition): (usize, &&str)| {
        let condition = spelled_out(condition);
        format!(
            "@id(\"c{index}\") forbid (principal, action == Action::\"crm/probe\", resource) when {{ {condition} }};"
        )
    };
    let forbids: Vec<String> = conditions.iter().enumerate().map(forbid).collect();
    let policies = format!("{PERMITS} {}", forbids.join("\n"));
    let auditor = World::within(Rc::clone(&world.ports), support::SETTINGS, &policies);
    // The probe is counted as well, so it must not stay in the store.
    let before = world.ports.stored();
    vendor(&auditor).send(&support::call_of(1, "probe"));
    let refusal = refusals(&auditor).pop();
    world.ports.restore(before);
    let decision = refusal.and_then(|refusal| refusal.decision);
    let holding: Vec<String> =
        decision.into_iter().flat_map(|decision| decision.policies).map(|policy| policy.id).collect();
    let missing: Vec<&str> = (0..conditions.len())
        .filter(|index| !holding.contains(&format!("c{index}")))
        .map(|index| conditions[index])
        .collect();
    assert!(missing.is_empty(), "these do not hold: {missing:?}\n{}", world.ports.log.borrow().join("\n"));
}

/// The operations of the store that are about usage, since this was last asked.
pub(crate) fn usage_operations(world: &World) -> Vec<String> {
    let mut operations = std::mem::take(&mut *world.ports.operations.borrow_mut());
    operations.retain(|operation| operation.contains("usage"));
    operations
}

/// Lets this much time pass.
pub(crate) fn pass(world: &World, millis: u64) {
    world.ports.now.set(world.ports.now.get() + millis);
    world.ports.monotonic.set(world.ports.monotonic.get() + millis * 1000);
}

/// A tool result with rows.
pub(crate) fn rows(rows: &Value) -> Value {
    json!({"content": [{"type": "text", "text": "see the rows"}], "structuredContent": {"rows": rows}})
}
