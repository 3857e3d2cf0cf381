//! Held calls as tasks (2026-07-28, tasks extension): what their client is told, and what happens once.

mod faults;
mod foreign;
mod odd;

use portcullis_approval::{Cast, PrincipalId, RequestId, State};
use portcullis_ledger::CallResult;
use serde_json::{Value, json};

use super::elicited::{PAGE, asked, patient};
use super::{
    Client, POLICIES, SETTINGS, approve, held, later, now, of, pay, person, read, reject, tool, world,
};
use crate::support::{CARD, intents, refusals, request, sent, text_result, upstream, whole};
use crate::world::{Done, World};

const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// A client that can do everything, tasks too.
fn able<'w>(world: &'w World, name: &str) -> Client<'w> {
    let capabilities =
        json!({"extensions": {EXTENSION: {}}, "elicitation": {"url": {}}, "sampling": {}, "roots": {}});
    Client::of(world, name, "staff").able(capabilities)
}

/// A world in which nobody sees anything in clear.
fn masking() -> World {
    patient(of(&format!(
        "{POLICIES}@id(\"mask\") forbid (principal, action == Action::\"unmask\", resource);"
    )))
}

fn about(method: &str, id: &str) -> Value {
    request("about", method, json!({"taskId": id}))
}

/// How a task stands.
fn get(client: &Client<'_>, id: &str) -> Value {
    let done = client.send_modern(&about("tasks/get", id));
    assert_eq!(done.status, 200, "{done:?}");
    let result = done.json()["result"].clone();
    assert_eq!((&result["resultType"], &result["taskId"]), (&json!("complete"), &json!(id)), "{done:?}");
    result
}

fn status(client: &Client<'_>, id: &str) -> String {
    get(client, id)["status"].as_str().unwrap().to_owned()
}

fn cancel(client: &Client<'_>, id: &str) {
    let done = client.send_modern(&about("tasks/cancel", id));
    assert_eq!(done.json()["result"], json!({"resultType": "complete"}), "{done:?}");
}

/// The request that a task waits for, as its message names it with its page.
fn waits_for(result: &Value) -> RequestId {
    assert_eq!(result["status"], "working", "{result}");
    let text = result["statusMessage"].as_str().unwrap_or_else(|| panic!("{result}"));
    let (_, rest) = text.split_once("(request ").unwrap_or_else(|| panic!("{text}"));
    let id = rest.split(')').next().unwrap();
    assert!(text.contains(&format!(" {PAGE}{id} ")), "{text}");
    id.parse().unwrap()
}

/// The task that a held call has become, and the request that it waits for.
fn created(done: &Done) -> (RequestId, String) {
    assert_eq!(done.status, 200, "{done:?}");
    let result = &done.json()["result"];
    assert_eq!(result["resultType"], "task", "{done:?}");
    (waits_for(result), result["taskId"].as_str().unwrap().to_owned())
}

fn revoke(world: &World, id: RequestId) {
    let case = read(world, id);
    let by = PrincipalId::of(&person("bob", &["boss"])).unwrap();
    let revocation = case.revoke(by, now(world), "no".parse().unwrap()).unwrap();
    let mut cast = Cast::revoke(world.gateway.approvals(), &case, revocation).unwrap();
    pollster::block_on(portcullis_pipeline::drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
}

#[test]
fn a_held_call_is_a_task_that_is_done_once_it_is_approved_and_then_told_again() {
    let world = masking();
    upstream(&world, |sent| whole(&sent.result(&text_result("for ada@example.com"))));
    let ada = able(&world, "ada");
    let mut call = pay(json!({"amount": 100, "card": CARD}));
    call["params"]["_meta"] = json!({"progressToken": 7, "own": "kept"});
    let done = ada.send_modern(&call);
    let (id, task) = created(&done);
    let mut created = done.json()["result"].clone();
    created
        .as_object_mut()
        .unwrap()
        .retain(|member, _| !["taskId", "statusMessage"].contains(&member.as_str()));
    let at = "2027-01-15T08:00:00.000Z";
    let want = json!({
        "resultType": "task", "status": "working", "createdAt": at, "lastUpdatedAt": at, "ttlMs": 600_000,
        "pollIntervalMs": 5_000,
    });
    assert_eq!(created, want);
    assert!(task.len() <= 4096);
    assert_eq!(refusals(&world).pop().unwrap().kind, "needs_approval");

    for _ in 0..3 {
        later(&world, 5);
        assert_eq!(waits_for(&get(&ada, &task)), id);
    }
    assert!(sent(&world).is_empty());
    assert_eq!((refusals(&world).len(), intents(&world).len()), (1, 0), "to ask leaves no record");

    approve(&world, id, "bob");
    later(&world, 5);
    world.events();
    let first = get(&ada, &task);
    assert_eq!((&first["status"], &first["result"]), (&json!("completed"), &text_result("for [email]")));
    assert_eq!(
        (&first["createdAt"], &first["lastUpdatedAt"]),
        (&json!(at), &json!("2027-01-15T08:00:20.000Z"))
    );
    assert_eq!(world.events(), ["intent", "fetch POST", "outcome"]);
    let received = sent(&world);
    assert_eq!(received.len(), 1);
    let params = &received[0].body["params"];
    assert_eq!((&params["name"], &params["arguments"]), (&json!("pay"), &call["params"]["arguments"]));
    let able = json!({
        "own": "kept", "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    assert_eq!(params["_meta"], able, "the server must answer at once");
    assert_eq!(received[0].header("mcp-name"), Some("pay"));
    let intent = intents(&world).pop().unwrap();
    assert_eq!((intent.method.as_str(), intent.name.as_deref()), ("tools/call", Some("pay")));
    assert_eq!(intent.approval, Some(id.to_string()));
    assert_eq!(read(&world, id).uses().map(|used| used.call).collect::<Vec<_>>(), [intent.id]);

    later(&world, 60);
    for _ in 0..2 {
        assert_eq!(get(&ada, &task), first, "it is told again as it was");
    }
    assert!(sent(&world).is_empty(), "and not made again");
    let methods: Vec<String> = intents(&world).into_iter().map(|intent| intent.method).collect();
    assert_eq!(methods, ["tools/call", "tasks/get", "tasks/get"], "what is given again is on record");
    assert_eq!(world.outcomes().len(), 3);
    let traces = world.traces();
    assert!(!traces.contains(CARD) && !traces.contains("ada@example.com"), "nothing is at rest unmasked");
    assert!(!traces.contains(&task), "nor is what could be opened");
}

#[test]
fn what_is_rejected_expired_revoked_or_used_fails_for_good() {
    for (name, code, state) in [
        ("rejected", 40303, "rejected"),
        ("expired", 40302, "over"),
        ("revoked", 40302, "over"),
        ("used", 40302, "over"),
    ] {
        let world = patient(world());
        let ada = able(&world, "ada");
        let call = pay(json!({"amount": 1}));
        let (id, task) = created(&ada.send_modern(&call));
        match name {
            "rejected" => reject(&world, id, "bob"),
            "expired" => later(&world, 301),
            "revoked" => revoke(&world, id),
            _ => {
                approve(&world, id, "bob");
                assert_eq!(Client::new(&world).send_modern(&call).json()["result"], text_result("done"));
                sent(&world);
            }
        }
        let failed = get(&ada, &task);
        assert_eq!(failed["status"], "failed", "{name}: {failed}");
        let error = &failed["error"];
        assert_eq!(
            (&error["code"], &error["data"]["approval"]["state"]),
            (&json!(code), &json!(state)),
            "{name}"
        );
        assert_eq!(refusals(&world).pop().unwrap().kind, format!("approval_{state}"), "{name}");
        // Somebody asks anew, and what they get is not for this task.
        later(&world, if name == "rejected" { 301 } else { 1 });
        let next = held(&Client::new(&world).send_modern(&call));
        assert_eq!(next, id.next(), "{name}");
        approve(&world, next, "bob");
        assert_eq!(get(&ada, &task), failed, "{name}");
        assert!(sent(&world).is_empty(), "{name}");
    }
}

#[test]
fn a_task_does_not_take_what_others_were_granted_since() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let call = pay(json!({"amount": 1}));
    let (id, first) = created(&ada.send_modern(&call));
    reject(&world, id, "bob");
    later(&world, 301);
    let (next, second) = created(&ada.send_modern(&call));
    assert_eq!(next, id.next());
    approve(&world, next, "bob");
    assert_eq!(status(&ada, &first), "failed", "nobody has asked about it since it was rejected");
    assert!(sent(&world).is_empty());
    assert_eq!(status(&ada, &second), "completed");
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn a_call_is_decided_anew_when_its_task_is_carried_out() {
    let denied =
        format!("{POLICIES}@id(\"no\") forbid (principal, action == Action::\"crm/pay\", resource);");
    let open = POLICIES.replace(r#"Action::"crm/pay""#, r#"Action::"crm/nothing""#);
    for (name, policies, want) in [("denied", &denied, "failed"), ("open", &open, "completed")] {
        let world = patient(world());
        let (id, task) = created(&able(&world, "ada").send_modern(&pay(json!({"amount": 1}))));
        approve(&world, id, "bob");
        let other = world.instance(SETTINGS, policies);
        let stands = get(&able(&other, "ada"), &task);
        assert_eq!(stands["status"], want, "{name}: {stands}");
        for world in [&world, &other] {
            assert_eq!(
                get(&able(world, "ada"), &task),
                stands,
                "{name}: and so it stays, whatever policy says later"
            );
        }
        assert_eq!(sent(&world).len(), usize::from(want == "completed"), "{name}");
        if name == "denied" {
            assert_eq!(stands["error"], json!({"code": 40301, "message": "not allowed"}));
            assert_eq!(refusals(&world).pop().unwrap().kind, "denied");
        }
    }
}

#[test]
fn a_rule_that_is_edited_meanwhile_asks_people_once_more() {
    let edited = POLICIES.replace("money is gone when it is gone", "money is money");
    for is_approved in [false, true] {
        let world = patient(world());
        let (id, task) = created(&able(&world, "ada").send_modern(&pay(json!({"amount": 1}))));
        if is_approved {
            approve(&world, id, "bob");
        }
        let other = world.instance(SETTINGS, &edited);
        let ada = able(&other, "ada");
        for _ in 0..3 {
            assert_eq!(waits_for(&get(&ada, &task)), id.next(), "with the page of the new request");
        }
        assert!(sent(&world).is_empty());
        assert_eq!(refusals(&world).len(), 2, "that people are asked is on record once for each time");
        approve(&world, id.next(), "bob");
        assert_eq!(status(&ada, &task), "completed");
        assert_eq!(sent(&world).len(), 1);
        assert_eq!(intents(&world).pop().unwrap().approval, Some(id.next().to_string()));
    }
}

#[test]
fn what_is_approved_for_a_time_is_done_once_by_each_task() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let call = tool("export", json!({}));
    let (id, first) = created(&ada.send_modern(&call));
    let (same, second) = created(&ada.send_modern(&call));
    assert_eq!((id, first == second), (same, false));
    approve(&world, id, "bob");
    assert_eq!(waits_for(&get(&ada, &first)), id, "two are needed");
    approve(&world, id, "eve");
    for task in [&first, &first, &second, &first, &second] {
        assert_eq!(status(&ada, task), "completed");
    }
    assert_eq!(sent(&world).len(), 2);
}

#[test]
fn of_many_who_ask_at_once_one_makes_the_call() {
    for (name, call) in [("once", pay(json!({"amount": 1}))), ("for a time", tool("export", json!({})))] {
        let world = patient(world());
        let other = world.instance(SETTINGS, POLICIES);
        let ada = able(&world, "ada");
        let (id, task) = created(&ada.send_modern(&call));
        approve(&world, id, "bob");
        if name != "once" {
            approve(&world, id, "eve");
        }
        world.ports.store_delay.set(3);
        let requests =
            |n: usize| (0..n).map(|_| ada.modern_request(&about("tasks/get", &task))).collect::<Vec<_>>();
        let done = pollster::block_on(async {
            let (mut one, two) =
                futures_util::future::join(world.serve_all(requests(20)), other.serve_all(requests(20)))
                    .await;
            one.extend(two);
            one
        });
        assert_eq!(sent(&world).len(), 1, "{name}");
        let completed =
            done.iter().filter(|done| done.json()["result"]["result"] == text_result("done")).count();
        let working = done.iter().filter(|done| done.json()["result"]["status"] == "working").count();
        assert!(completed >= 1 && completed + working == done.len(), "{name}: {completed}, {working}");
        assert_eq!(status(&ada, &task), "completed", "{name}");
        assert!(sent(&world).is_empty(), "{name}");
    }
}

#[test]
fn a_task_that_is_cancelled_is_never_carried_out() {
    let strict =
        format!("{POLICIES}@id(\"stay\") forbid (principal, action == Action::\"revoke\", resource);");
    for (name, policies) in [("taken back", POLICIES), ("not taken back", &strict)] {
        for is_approved in [false, true] {
            let world = patient(of(policies));
            let ada = able(&world, "ada");
            let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
            if is_approved {
                approve(&world, id, "bob");
            }
            cancel(&ada, &task);
            let was_taken_back = name == "taken back" && !is_approved;
            assert_eq!(read(&world, id).state(now(&world)) == State::Revoked, was_taken_back, "{name}");
            if !was_taken_back && !is_approved {
                approve(&world, id, "bob");
            }
            let stands = get(&ada, &task);
            assert_eq!(stands["status"], "cancelled", "{name}: {stands}");
            cancel(&ada, &task);
            assert_eq!(get(&ada, &task), stands, "{name}");
            assert!(sent(&world).is_empty(), "{name}");
            let intent = intents(&world).remove(0);
            assert_eq!(intent.method, "tasks/cancel");
            let outcome = world.outcomes().remove(0);
            assert!(matches!(outcome.result, CallResult::Completed { is_error: false }));
            assert!(outcome.text.text().contains(&id.to_string()), "{outcome:?}");
        }
    }
}

#[test]
fn what_is_done_cannot_be_cancelled_and_of_both_at_once_one_counts() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let (id, task) = created(&ada.send_modern(&pay(json!({"amount": 1}))));
    approve(&world, id, "bob");
    assert_eq!(status(&ada, &task), "completed");
    cancel(&ada, &task);
    assert_eq!(status(&ada, &task), "completed");
    sent(&world);
    for n in 0..6 {
        let (id, task) = created(&ada.send_modern(&pay(json!({"amount": n + 2}))));
        approve(&world, id, "bob");
        world.ports.store_delay.set(n % 3);
        let methods = if n < 3 { ["tasks/get", "tasks/cancel"] } else { ["tasks/cancel", "tasks/get"] };
        let both = methods.map(|method| ada.modern_request(&about(method, &task)));
        world.send_all(both.into());
        world.ports.store_delay.set(0);
        let wanted = match sent(&world).len() {
            0 => "cancelled",
            1 => "completed",
            more => panic!("{n}: {more}"),
        };
        assert_eq!(status(&ada, &task), wanted, "{n}");
        assert!(sent(&world).is_empty(), "{n}");
    }
}
