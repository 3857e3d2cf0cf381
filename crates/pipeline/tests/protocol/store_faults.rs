//! A store that fails at any operation, or altogether: nothing passes that is not on record, and whoever asked is told.
//!
//! What is more than a call has such tests of its own: held calls and tasks in `approvals`, counted ones in `quotas`,
//! the console in `reviewing`, `pushed`, `sign_in` and `recordings`.

use serde_json::{Value, json};

use crate::support::{Client, intents, refusals, request, sent, text_result, upstream, whole, world};
use crate::world::{Done, World};

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The operation with this number.
    At(usize),
    /// Every operation.
    Everything,
    Nothing,
}

/// Whoever calls speaks this era.
type Era = fn(&Client<'_>, &Value) -> Done;

const ERAS: [Era; 2] = [|client, body| client.send(body), |client, body| client.send_modern(body)];

/// What may be asked, and whether it is on record before it leaves.
fn asked() -> [(Value, bool); 6] {
    let argument = json!({"name": "customer", "value": "A"});
    let reference = json!({"type": "ref/prompt", "name": "letter"});
    [
        (request(1, "tools/call", json!({"name": "read", "arguments": {}})), true),
        (request(1, "prompts/get", json!({"name": "letter"})), true),
        (request(1, "resources/read", json!({"uri": "crm://1"})), true),
        (request(1, "completion/complete", json!({"ref": reference, "argument": argument})), false),
        (request(1, "tools/list", json!({})), false),
        (request(1, "tools/call", json!({"name": "write", "arguments": {}})), true),
    ]
}

/// A first request of an instance.
fn ask(era: Era, body: &Value, fault: Fault) -> (World, Done) {
    let world = world();
    upstream(&world, |sent| {
        let mut answer = text_result("hello");
        answer["tools"] = json!([{"name": "hello", "inputSchema": {"type": "object"}}]);
        answer["contents"] = json!([{"uri": "crm://1", "text": "hello"}]);
        answer["messages"] = json!([{"role": "user", "content": {"type": "text", "text": "hello"}}]);
        answer["completion"] = json!({"values": ["hello"]});
        whole(&sent.result(&answer))
    });
    match fault {
        Fault::At(n) => world.ports.fails_at.set(Some(n)),
        Fault::Everything => world.ports.store_fails.set(Some("pc1")),
        Fault::Nothing => {}
    }
    let done = era(&Client::new(&world), body);
    (world, done)
}

#[test]
fn whichever_operation_fails_nothing_passes_that_is_not_on_record() {
    for era in ERAS {
        for (body, is_recorded) in asked() {
            let (world, done) = ask(era, &body, Fault::Nothing);
            let is_allowed = done.text.contains("hello");
            assert!(is_allowed || body.to_string().contains("write"), "{body}: {}", done.text);
            let n_operations = world.ports.operations.borrow().len();
            assert!(n_operations > 0 || !is_recorded, "{body}");
            for fault in (0..n_operations).map(Fault::At).chain([Fault::Everything]) {
                let (world, done) = ask(era, &body, fault);
                check(&world, &done, is_recorded, &format!("{body}, {fault:?}: {}", done.text));
                // And then all is well.
                world.ports.fails_at.set(None);
                world.ports.store_fails.set(None);
                let again = era(&Client::new(&world), &body);
                assert_eq!(again.text.contains("hello"), is_allowed, "{body}, {fault:?}: {}", again.text);
            }
        }
    }
}

fn check(world: &World, done: &Done, is_recorded: bool, case: &str) {
    let answer = done.json();
    assert_eq!(answer["jsonrpc"], "2.0", "{case}");
    assert!(!done.text.contains("injected"), "who asks learns nothing of the store: {case}");
    let (n_intents, n_outcomes, n_sent) = (intents(world).len(), world.outcomes().len(), sent(world).len());
    if done.text.contains("hello") {
        assert!(!is_recorded || (n_intents, n_outcomes) == (1, 1), "{case}");
        return;
    }
    let message = [&answer["error"]["message"], &answer["result"]["content"][0]["text"]];
    assert!(message.iter().any(|text| text.as_str().is_some_and(|text| !text.is_empty())), "{case}");
    if is_recorded && n_intents == 0 {
        assert_eq!(n_sent, 0, "{case}");
    }
    let log = world.ports.log.borrow().join("\n");
    let is_on_record = n_outcomes + refusals(world).len() > 0;
    assert!(is_on_record || log.contains("injected"), "nobody knows why: {case}\n{log}");
}
