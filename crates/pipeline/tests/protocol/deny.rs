//! Rules of the settings on the data path: one more source of policies, and no other way of deciding.

use portcullis_ledger::Verdict;
use serde_json::{Value, json};

use crate::support::{
    Client, POLICIES, SETTINGS, intents, legacy_result, refusals, request, sent, upstream, whole,
};
use crate::world::World;

const RULES: &str = r#"
[[deny]]
id = "no-destructive-sql"
labels = ["sql.destructive"]
reason = "what destroys data goes through a migration"

[[deny]]
id = "no-admin-tools"
tools = ["admin_*"]
except_groups = ["idp:boss"]

[[deny]]
id = "watched"
tools = ["read"]
mode = "observe"
"#;

fn world() -> World {
    let world = World::of(&format!("{SETTINGS}{RULES}"), POLICIES);
    upstream(&world, |sent| {
        let tools = ["admin_drop", "read", "run"].map(|name| json!({"name": name, "inputSchema": {}}));
        whole(&sent.result(&match sent.method() {
            "tools/list" => json!({"tools": tools}),
            _ => legacy_result("done"),
        }))
    });
    world
}

fn call(tool: &str, argument: &str) -> Value {
    request(1, "tools/call", json!({"name": tool, "arguments": {"x": argument}}))
}

#[test]
fn what_a_rule_denies_is_refused_and_recorded_like_any_denial() {
    for (tool, argument, rule) in [
        ("run", "select name from customers where id = 7", None),
        ("run", "drop table customers", Some("no-destructive-sql")),
        ("read", "drop table customers", Some("no-destructive-sql")),
        ("admin_drop", "x", Some("no-admin-tools")),
    ] {
        let world = world();
        let done = Client::new(&world).in_session("2025-11-25").send(&call(tool, argument));
        assert_eq!(done.text.contains("not allowed"), rule.is_some(), "{tool} {argument}: {done:?}");
        assert_eq!(sent(&world).is_empty(), rule.is_some(), "{tool} {argument}");
        assert!(!done.text.contains("no-"), "a caller is told no rule: {done:?}");
        let Some(rule) = rule else { continue };
        let refusal = refusals(&world).pop().unwrap();
        let decision = refusal.decision.unwrap();
        assert_eq!(decision.outcome, Verdict::Deny);
        let [policy] = decision.policies.as_slice() else { panic!("{decision:?}") };
        assert_eq!(policy.id, rule);
        assert!(policy.digest.starts_with("sha256:") && policy.digest.len() == 71, "{policy:?}");
    }
}

#[test]
fn a_rule_that_is_observed_is_recorded_and_lets_pass() {
    let world = world();
    let done = Client::new(&world).in_session("2025-11-25").send(&call("read", "x"));
    assert!(done.text.contains("done"), "{done:?}");
    let observed = intents(&world).pop().unwrap().decision.observed;
    assert_eq!(observed.iter().map(|policy| policy.id.as_str()).collect::<Vec<_>>(), ["watched:forbids"]);
}

#[test]
fn a_list_hides_what_a_rule_denies_for_certain() {
    let world = world();
    let done = Client::new(&world).in_session("2025-11-25").send(&request(1, "tools/list", json!({})));
    let names: Vec<Value> =
        done.json()["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["read", "run"]);
}
