//! What is on record of a call that policy refuses: the same as of one that it lets through.

use serde_json::{Value, json};

use crate::support::{CARD, Client, POLICIES, SETTINGS, refusals, request, upstream};
use crate::world::World;

/// What is on record of a call of the tool `write`, which reaches nobody.
fn refusal_of(policies: &str, params: &Value) -> portcullis_ledger::Refusal {
    let world = World::of(SETTINGS, policies);
    upstream(&world, |_| panic!("it is forwarded"));
    let client = Client::new(&world).in_session("2025-06-18");
    client.send(&request(1, "tools/call", params.clone()));
    refusals(&world).pop().unwrap()
}

#[test]
fn a_denied_call_leaves_its_arguments_masked_and_its_labels() {
    let params = json!({"name": "write", "arguments": {"card": CARD, "sql": "DROP TABLE users", "n": 1}});
    let refusal = refusal_of(POLICIES, &params);
    assert_eq!(refusal.kind, "denied");
    let arguments = refusal.arguments.unwrap();
    let text: Value = serde_json::from_str(arguments.text.text()).unwrap();
    assert_eq!(text, json!({"card": "[card]", "sql": "DROP TABLE users", "n": 1}));
    assert!(refusal.labels.contains("pii.card") && refusal.labels.contains("sql.destructive"));
    // Policies see no claims of these callers, and the record says that.
    assert_eq!(refusal.principal.unwrap().attributes.map(|attributes| attributes.len()), Some(0));
}

#[test]
fn so_does_a_call_that_nobody_can_approve() {
    let held = POLICIES.replace("@id(\"no-writes\")", "@id(\"no-writes\") @approval(\"idp:nobody\")");
    let refusal = refusal_of(&held, &json!({"name": "write", "arguments": {"n": 2}}));
    assert_eq!(refusal.arguments.unwrap().text.text(), r#"{"n":2}"#);
}

#[test]
fn what_is_refused_before_policy_is_asked_leaves_none() {
    let refusal = refusal_of(POLICIES, &json!({"arguments": {"card": CARD}}));
    assert_eq!((refusal.arguments, refusal.labels.len(), refusal.decision), (None, 0, None));
}
