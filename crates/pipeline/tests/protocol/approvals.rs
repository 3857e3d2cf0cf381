//! Calls that people must approve: who is asked, who may go on, and what a caller is told.

mod driven;
mod elicited;
mod faults;
mod holds;
mod limit;
mod others;
mod tasked;
mod told;

use portcullis_approval::{CannotVote, Case, Cast, Read, RequestId, Seen, Voter};
use portcullis_identity::{Principal, PrincipalKind};
use portcullis_ledger::{UnixMillis, Verdict};
use portcullis_pipeline::{drive, settle};
use serde_json::{Value, json};

use crate::support::{CARD, Client, Sent, intents, legacy_result, refusals, request, sent, upstream, whole};
use crate::world::{Done, World};

/// Many may call at once.
const SETTINGS: &str = r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[limits]
request_burst = 1000
concurrent_requests = 1000
[issuers.idp]
issuer = "https://idp.example.com"
jwks_url = "https://idp.example.com/keys"
[connections.crm]
url = "https://crm.example.com/mcp"
issuers = ["idp"]
drift = "log"
"#;

const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action, resource);
@id("pay") @approval("idp:boss") @ttl("5m") @reason("money is gone when it is gone")
forbid (principal, action == Action::"crm/pay", resource);
@id("export") @approval("idp:boss") @approvers("2") @grant("5m")
forbid (principal, action == Action::"crm/export", resource);
@id("read") @approval("idp:boss") forbid (principal, action == Action::"read", resource == Resource::"crm/crm://secret");
@id("prompt") @approval("idp:boss") forbid (principal, action, resource == Prompt::"crm/held");
@id("other") forbid (principal, action == Action::"crm/never", resource);
"#;

fn world() -> World {
    of(POLICIES)
}

fn of(policies: &str) -> World {
    let world = World::of(SETTINGS, policies);
    upstream(&world, answer);
    world
}

fn answer(sent: &Sent) -> crate::world::Upstream {
    whole(&sent.result(&legacy_result("done")))
}

fn person(name: &str, groups: &[&str]) -> Principal {
    Principal::for_test("idp", name, PrincipalKind::User, groups)
}

fn now(world: &World) -> UnixMillis {
    UnixMillis(world.ports.now.get())
}

fn later(world: &World, seconds: u64) {
    world.ports.now.set(world.ports.now.get() + seconds * 1000);
}

fn pay(arguments: Value) -> Value {
    tool("pay", arguments)
}

fn tool(name: &str, arguments: Value) -> Value {
    request(1, "tools/call", json!({"name": name, "arguments": arguments}))
}

/// The text of a tool that failed, or the message of an error.
fn text(done: &Done) -> String {
    let message = done.json();
    let error = &message["error"];
    let text = if error.is_null() {
        assert_eq!(message["result"]["isError"], true, "{message}");
        &message["result"]["content"][0]["text"]
    } else {
        &error["message"]
    };
    text.as_str().unwrap().to_owned()
}

/// The request that a held call waits for, as its caller learns of it.
fn held(done: &Done) -> RequestId {
    assert_eq!(done.status, 200);
    let text = text(done);
    let (_, rest) = text.split_once("(request ").unwrap_or_else(|| panic!("not held: {text}"));
    rest.split(')').next().unwrap().parse().unwrap()
}

fn read(world: &World, id: RequestId) -> Case {
    let mut read = Read::new(world.gateway.approvals(), id);
    pollster::block_on(drive(&*world.ports, &mut read));
    let reading = read.finish(now(world)).unwrap().unwrap();
    pollster::block_on(settle(&*world.ports, reading.settle));
    reading.case
}

fn approve(world: &World, id: RequestId, name: &str) {
    let case = read(world, id);
    let seen = Seen { request: case.digest(), at: now(world) };
    let vote = case.approve(&Voter::of(&person(name, &["boss"])).unwrap(), seen, None).unwrap();
    let mut cast = Cast::vote(world.gateway.approvals(), &case, vote);
    pollster::block_on(drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
}

fn reject(world: &World, id: RequestId, name: &str) {
    let case = read(world, id);
    let seen = Seen { request: case.digest(), at: now(world) };
    let voter = Voter::of(&person(name, &["boss"])).unwrap();
    let rejection = case.reject(&voter, seen, "it is Friday".parse().unwrap()).unwrap();
    let mut cast = Cast::reject(world.gateway.approvals(), &case, rejection).unwrap();
    pollster::block_on(drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
}

#[test]
fn what_people_approve_once_happens_once() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 100, "card": CARD}));
    let id = held(&ada.send(&call));
    assert_eq!(held(&ada.send(&call)), id, "whoever asks again asks for the same");
    assert_eq!(sent(&world).len(), 0);
    let refusal = refusals(&world).pop().unwrap();
    assert_eq!((refusal.kind.as_str(), refusal.approval), ("needs_approval", Some(id.to_string())));
    assert_eq!(refusal.decision.unwrap().outcome, Verdict::Hold);
    let case = read(&world, id);
    let context = &case.request().context;
    assert_eq!(context.arguments.text(), r#"{"amount":100,"card":"[card]"}"#);
    assert!(context.labels.contains("pii.card"));
    assert_eq!(context.reasons, ["money is gone when it is gone"]);

    approve(&world, id, "bob");
    assert_eq!(ada.send(&call).json()["result"], legacy_result("done"));
    assert_eq!(sent(&world).len(), 1);
    let intent = intents(&world).pop().unwrap();
    assert_eq!(intent.approval, Some(id.to_string()));
    assert_eq!(intent.decision.outcome, Verdict::Allow);
    let uses: Vec<_> = read(&world, id).uses().map(|used| used.call).collect();
    assert_eq!(uses, [intent.id], "the trace of its use names the call's records");

    assert_eq!(held(&ada.send(&call)), id.next());
    assert_eq!(sent(&world).len(), 0);
}

#[test]
fn what_people_approve_for_a_time_happens_until_it_is_over() {
    let world = world();
    let ada = Client::new(&world);
    let call = tool("export", json!({}));
    let id = held(&ada.send(&call));
    approve(&world, id, "bob");
    assert_eq!(held(&ada.send(&call)), id, "two are needed");
    approve(&world, id, "eve");
    for _ in 0..3 {
        assert_eq!(ada.send(&call).json()["result"], legacy_result("done"));
    }
    assert_eq!(sent(&world).len(), 3);
    later(&world, 300);
    assert_eq!(held(&ada.send(&call)), id.next());
    assert_eq!(sent(&world).len(), 0);
}

#[test]
fn an_approval_is_for_one_call_however_it_is_written_and_for_no_other() {
    let world = world();
    let ada = Client::new(&world);
    let id = held(&ada.send(&pay(json!({"amount": 100, "to": {"a": 1, "b": 2}}))));
    for (name, params) in [
        ("order", r#"{"name":"pay","arguments":{"to":{"b":2,"a":1},"amount":100}}"#),
        ("spelling", r#"{"arguments":{"amount":1e2,"to":{"a":1.0,"b":2}},"name":"pay"}"#),
        (
            "progress",
            r#"{"name":"pay","arguments":{"amount":100,"to":{"a":1,"b":2}},"_meta":{"progressToken":7}}"#,
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        let mut request = ada.request(&Value::Null);
        *request.body_mut() = crate::world::Chunked::whole(body);
        assert_eq!(held(&world.send(request)), id, "{name}");
    }
    approve(&world, id, "bob");
    for (name, client, params) in [
        ("amount", &ada, json!({"name": "pay", "arguments": {"amount": 101, "to": {"a": 1, "b": 2}}})),
        (
            "more",
            &ada,
            json!({"name": "pay", "arguments": {"amount": 100, "to": {"a": 1, "b": 2}, "c": null}}),
        ),
        ("none", &ada, json!({"name": "pay"})),
        (
            "meta",
            &ada,
            json!({"name": "pay", "arguments": {"amount": 100, "to": {"a": 1, "b": 2}}, "_meta": {"x": 1}}),
        ),
        // An argument must not be taken for a member beside the arguments.
        (
            "nested",
            &ada,
            json!({"name": "pay", "arguments": {"arguments": {"amount": 100, "to": {"a": 1, "b": 2}}}}),
        ),
        (
            "caller",
            &Client::of(&world, "carl", "staff"),
            json!({"name": "pay", "arguments": {"amount": 100, "to": {"a": 1, "b": 2}}}),
        ),
    ] {
        let other = held(&client.send(&request(1, "tools/call", params)));
        assert_ne!(other.subject, id.subject, "{name}");
    }
    assert_eq!(sent(&world).len(), 0);
}

#[test]
fn of_two_hundred_who_race_for_one_grant_one_has_it() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 1}));
    let id = held(&ada.send(&call));
    approve(&world, id, "bob");
    world.ports.store_delay.set(3);
    // Whoever waits for the records of others looks again after a moment.
    world.ports.patience.set(std::time::Duration::from_millis(20));
    let other = world.instance(SETTINGS, POLICIES);
    let requests = |n: usize| (0..n).map(|_| ada.request(&call)).collect::<Vec<_>>();
    let done = pollster::block_on(async {
        let (mut one, two) =
            futures_util::future::join(world.serve_all(requests(100)), other.serve_all(requests(100))).await;
        one.extend(two);
        one
    });
    assert_eq!(sent(&world).len(), 1);
    let happened = |done: &&Done| done.json()["result"] == legacy_result("done");
    assert_eq!(done.iter().filter(happened).count(), 1);
    for waiting in done.iter().filter(|done| !happened(done)) {
        assert_eq!(held(waiting), id.next());
    }
}

#[test]
fn a_grant_lifts_the_policies_that_people_saw() {
    let edited = POLICIES.replace("money is gone when it is gone", "money is money");
    let unrelated = POLICIES.replace("crm/never", "crm/not-now");
    let denied =
        format!("{POLICIES}@id(\"no\") forbid (principal, action == Action::\"crm/pay\", resource);");
    let more = format!(
        "{POLICIES}@id(\"too\") @approval(\"idp:legal\") forbid (principal, action == Action::\"crm/pay\", resource);"
    );
    let fewer = POLICIES.replace(r#"Action::"crm/pay""#, r#"Action::"crm/nothing""#);
    for (name, policies, want) in [
        ("edited", &edited, "held"),
        ("one more", &more, "held"),
        ("unrelated", &unrelated, "done"),
        ("denied", &denied, "not allowed"),
        ("no longer there", &fewer, "done"),
    ] {
        let world = world();
        let call = pay(json!({"amount": 1}));
        let id = held(&Client::new(&world).send(&call));
        approve(&world, id, "bob");
        let later = world.instance(SETTINGS, policies);
        let done = Client::new(&later).send(&call);
        match want {
            "held" => assert_eq!(held(&done), id.next(), "{name}"),
            "done" => assert_eq!(done.json()["result"], legacy_result("done"), "{name}"),
            text => assert_eq!(self::text(&done), text, "{name}"),
        }
        assert_eq!(sent(&world).len(), usize::from(want == "done"), "{name}");
    }
}

#[test]
fn nobody_approves_their_own_call() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 1}));
    let id = held(&ada.send(&call));
    let case = read(&world, id);
    let seen = Seen { request: case.digest(), at: now(&world) };
    let herself = Voter::of(&person("ada", &["boss"])).unwrap();
    assert_eq!(case.approve(&herself, seen, None), Err(CannotVote::Requester));
    // What she may say of another's request counts for nothing here.
    let other = held(&Client::of(&world, "carl", "staff").send(&call));
    let others = read(&world, other);
    let vote = others.approve(&herself, Seen { request: others.digest(), at: now(&world) }, None).unwrap();
    let mut cast = Cast::vote(world.gateway.approvals(), &case, vote);
    pollster::block_on(drive(&*world.ports, &mut cast));
    cast.finish().unwrap();
    assert_eq!(held(&ada.send(&call)), id);
    assert_eq!(sent(&world).len(), 0);
}

#[test]
fn what_nobody_answers_in_time_is_asked_anew() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 1}));
    let id = held(&ada.send(&call));
    later(&world, 299);
    assert_eq!(held(&ada.send(&call)), id);
    later(&world, 1);
    assert_eq!(held(&ada.send(&call)), id.next());
    approve(&world, id.next(), "bob");
    later(&world, 299);
    assert_eq!(ada.send(&call).json()["result"], legacy_result("done"));
}

#[test]
fn a_grant_that_is_not_used_in_time_is_none() {
    let world = world();
    let ada = Client::new(&world);
    let call = pay(json!({"amount": 1}));
    let id = held(&ada.send(&call));
    approve(&world, id, "bob");
    later(&world, 300);
    assert_eq!(held(&ada.send(&call)), id.next());
    assert_eq!(sent(&world).len(), 0);
}
