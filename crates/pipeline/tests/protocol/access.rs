//! Groups that people grant for a time: who may ask, who has one, and until when.

mod faults;
mod tool;

use http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{self, Client, call_of, intents, legacy_result, refusals, sent, upstream, whole};
use crate::world::{Chunked, Done, NOW_MS, World, post, token_for};

const PLACES: [&str; 4] = [
    "https://gw.example.com/api",
    "https://gw.example.com/mcp",
    "https://gw.example.com/mcp/crm",
    "https://gw.example.com/mcp/photos",
];

const ACCESS: &str = r#"
[console]
issuers = ["idp"]
[access]
tool = true
[access.groups."idp:on-call"]
approvers = "idp:boss"
longest_minutes = 5
open_minutes = 2
[access.groups."idp:root"]
approvers = "idp:boss"
needed = 2
[access.groups."idp:closed"]
approvers = "idp:on-call"
"#;

/// Staff may ask to be on call, and who is on call may do more.
const POLICIES: &str = r#"
@id("look") permit (principal in Group::"idp:staff", action == Action::"crm/look", resource);
@id("ask") @reason("staff help out") permit (principal in Group::"idp:staff", action == Action::"request_access", resource == Group::"idp:on-call");
@id("ask-more") permit (principal in Group::"idp:on-call", action == Action::"request_access", resource == Group::"idp:on-call");
@id("ask-root") permit (principal in Group::"idp:on-call", action == Action::"request_access", resource == Group::"idp:root");
@id("restart") permit (principal in Group::"idp:on-call", action == Action::"crm/restart", resource);
@id("clear") permit (principal in Group::"idp:on-call", action == Action::"unmask", resource);
@id("review") permit (principal in Group::"idp:on-call", action in [Action::"review", Action::"approve"], resource);
@id("boss") permit (principal in Group::"idp:boss", action in [Action::"approve", Action::"review", Action::"revoke"], resource);
@id("guests") permit (principal in Group::"idp:guests", action == Action::"request_access", resource == Group::"idp:closed");
"#;

fn settings() -> String {
    format!("{}{ACCESS}", support::SETTINGS)
}

fn world() -> World {
    let world = World::of(&settings(), POLICIES);
    upstream(&world, |sent| whole(&sent.result(&legacy_result("done, ask ana@example.com"))));
    world
}

fn api(world: &World, method: Method, (name, group): (&str, &str), path: &str, body: &Value) -> Done {
    let mut request: Request<Chunked> =
        post("crm", Some(&token_for(name, group, &PLACES)), body.to_string().into_bytes());
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    world.control(request)
}

fn ask_as(world: &World, who: (&str, &str), body: &Value) -> Done {
    api(world, Method::POST, who, "/api/access-requests", body)
}

fn wish(time: &str) -> Value {
    json!({"group": "idp:on-call", "for": time, "reason": "the pager rang"})
}

/// Ada asks to be on call, and gets the id.
fn ask(world: &World, time: &str) -> String {
    let done = ask_as(world, ("ada", "staff"), &wish(time));
    let told = done.json();
    assert_eq!((done.status, &told["state"]), (200, &json!("pending")), "{told}");
    told["id"].as_str().unwrap().to_owned()
}

fn say(world: &World, who: (&str, &str), id: &str, verb: &str) -> Done {
    api(world, Method::POST, who, &format!("/api/approvals/{id}/{verb}"), &json!({"reason": "because"}))
}

fn approve(world: &World, id: &str) {
    let done = say(world, ("bob", "boss"), id, "approve");
    assert_eq!((done.status, &done.json()["state"]), (200, &json!("approved")), "{}", done.text);
}

/// What Ada sees of hers.
fn mine(world: &World) -> Vec<Value> {
    let done = api(world, Method::GET, ("ada", "staff"), "/api/access-requests", &Value::Null);
    done.json()["groups"].as_array().unwrap().clone()
}

/// What becomes of a call that needs the group.
fn restart(client: &Client<'_>) -> String {
    let message = client.send(&call_of(1, "restart")).json();
    message["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

fn later(world: &World, seconds: u64) {
    world.ports.now.set(world.ports.now.get() + seconds * 1000);
}

#[test]
fn a_group_that_people_grant_holds_from_the_next_call_on_until_its_time_is_over() {
    let world = world();
    let ada = Client::new(&world);
    assert_eq!(restart(&ada), "not allowed");
    let id = ask(&world, "2m");
    assert_eq!(ask(&world, "1m"), id, "asking again asks nobody");
    assert_eq!(restart(&ada), "not allowed");
    approve(&world, &id);
    assert_eq!(restart(&ada), "done, ask ana@example.com", "and what the group sees is seen in clear");
    let intent = intents(&world).pop().unwrap();
    let granted: Vec<(&str, &str)> = intent
        .principal
        .granted
        .iter()
        .map(|granted| (granted.group.as_str(), granted.request.as_str()))
        .collect();
    assert_eq!(granted, [("idp:on-call", id.as_str())]);
    assert_eq!(intent.principal.groups, ["idp:on-call", "idp:staff"]);
    // It is hers, wherever she is, and nobody else's.
    assert_eq!(restart(&Client::of(&world, "carl", "staff")), "not allowed");
    let beside = World::within(std::rc::Rc::clone(&world.ports), &settings(), POLICIES);
    assert_eq!(restart(&Client::new(&beside)), "done, ask ana@example.com");

    later(&world, 119);
    assert_eq!(restart(&ada), "done, ask ana@example.com");
    later(&world, 1);
    for world in [&world, &beside] {
        assert_eq!(restart(&Client::new(world)), "not allowed", "the token is remembered, and not the group");
    }
    assert!(refusals(&world).pop().unwrap().principal.unwrap().granted.is_empty());
    let next = ask(&world, "2m");
    assert_ne!(next, id);
    assert_eq!(sent(&world).len(), 3);
}

#[test]
fn revoking_a_group_ends_it_on_the_next_call() {
    let world = world();
    let ada = Client::new(&world);
    let id = ask(&world, "5m");
    approve(&world, &id);
    assert!(restart(&ada).starts_with("done"));
    let done = say(&world, ("bob", "boss"), &id, "revoke");
    assert_eq!((done.status, &done.json()["state"]), (200, &json!("revoked")));
    assert_eq!(restart(&ada), "not allowed");
}

#[test]
fn what_is_rejected_stays_so_until_it_could_have_been_answered() {
    let world = world();
    let id = ask(&world, "5m");
    assert_eq!(say(&world, ("bob", "boss"), &id, "reject").status, 200);
    let told = ask_as(&world, ("ada", "staff"), &wish("5m")).json();
    assert_eq!((&told["state"], &told["id"]), (&json!("rejected"), &json!(id)));
    assert_eq!(restart(&Client::new(&world)), "not allowed");
    later(&world, 120);
    assert_ne!(ask(&world, "5m"), id);
}

#[test]
fn what_nobody_answers_grants_nothing() {
    let world = world();
    let id = ask(&world, "5m");
    later(&world, 120);
    let done = say(&world, ("bob", "boss"), &id, "approve");
    assert_eq!((done.status, &done.json()["error"]), (410, &json!("expired")));
    assert_eq!(restart(&Client::new(&world)), "not allowed");
}

#[test]
fn nobody_grants_a_group_to_themselves_or_by_a_group_that_was_granted() {
    let world = world();
    let id = ask(&world, "5m");
    let own = say(&world, ("ada", "boss"), &id, "approve");
    assert_eq!((own.status, &own.json()["error"]), (403, &json!("own_request")));
    approve(&world, &id);
    // She may approve now as far as policy goes, but does not count among those who are asked.
    let guest = json!({"group": "idp:closed", "for": "1m", "reason": "let me in"});
    let id = ask_as(&world, ("gus", "guests"), &guest).json()["id"].as_str().unwrap().to_owned();
    let done = say(&world, ("ada", "staff"), &id, "approve");
    assert_eq!((done.status, &done.json()["error"]), (403, &json!("not_an_approver")), "{}", done.text);
    let done = say(&world, ("olga", "on-call"), &id, "approve");
    assert_eq!((done.status, &done.json()["state"]), (200, &json!("approved")), "{}", done.text);
}

#[test]
fn as_many_grant_it_as_the_settings_say() {
    let world = world();
    let root = json!({"group": "idp:root", "for": "1h", "reason": "disk"});
    let id = ask_as(&world, ("olga", "on-call"), &root).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(say(&world, ("bob", "boss"), &id, "approve").json()["state"], "pending");
    assert_eq!(say(&world, ("eve", "boss"), &id, "approve").json()["state"], "approved");
}

#[test]
fn what_cannot_be_asked_for_is_told_and_on_record() {
    let world = world();
    let (staff, on_call) = (("ada", "staff"), ("olga", "on-call"));
    let with = |group: &str, time: &str, reason: &str| json!({"group": group, "for": time, "reason": reason});
    let long = "x".repeat(1025);
    for (name, who, body, status, word) in [
        ("not listed", staff, with("idp:gods", "1m", "x"), 403, "denied"),
        ("not theirs", staff, with("idp:root", "1m", "x"), 403, "denied"),
        ("nobody's", ("eve", "others"), with("idp:on-call", "1m", "x"), 403, "denied"),
        ("no group", staff, with("on-call", "1m", "x"), 403, "denied"),
        ("too long", staff, with("idp:on-call", "301s", "x"), 400, "unfit_time"),
        ("no time", staff, with("idp:on-call", "0m", "x"), 400, "unfit_time"),
        ("no unit", staff, with("idp:on-call", "30", "x"), 400, "malformed"),
        ("no reason", staff, with("idp:on-call", "1m", " "), 400, "unfit_reason"),
        ("a long reason", staff, with("idp:on-call", "1m", &long), 400, "unfit_reason"),
        ("missing", staff, json!({"group": "idp:on-call", "for": "1m"}), 400, "malformed"),
        (
            "more",
            staff,
            json!({"group": "idp:on-call", "for": "1m", "reason": "x", "to": "bob"}),
            400,
            "malformed",
        ),
        ("a number", staff, json!({"group": "idp:on-call", "for": 60, "reason": "x"}), 400, "malformed"),
        ("no object", staff, json!(["idp:on-call"]), 400, "malformed"),
    ] {
        let before = refusals(&world).len();
        let done = ask_as(&world, who, &body);
        assert_eq!(
            (done.status, &done.json()["error"]),
            (status, &json!(word)),
            "case: {name}: {}",
            done.text
        );
        let refusal = refusals(&world).pop().unwrap();
        // The operator is told whether it was policy.
        let kind = if matches!(name, "not theirs" | "nobody's") { "denied" } else { "not_asked" };
        assert_eq!((refusals(&world).len(), refusal.kind.as_str()), (before + 1, kind), "case: {name}");
        assert_eq!(refusal.method.as_deref(), Some("access/request"), "case: {name}");
        // More than a few of them in a minute are not on record.
        later(&world, 10);
    }
    let texts = ["idp:gods", "idp:root"].map(|group| ask_as(&world, staff, &with(group, "1m", "x")).text);
    assert_eq!(texts[0], texts[1], "which groups are listed is not told");
    let done = ask_as(&world, on_call, &with("idp:on-call", "1m", "x"));
    assert_eq!((done.status, &done.json()["error"]), (409, &json!("already_in")));
    assert!(intents(&world).is_empty());
    let listed = api(&world, Method::GET, ("bob", "boss"), "/api/approvals?state=all", &Value::Null);
    assert_eq!(listed.json()["requests"], json!([]));
}

#[test]
fn reviewers_see_who_asks_for_what_for_how_long_and_why() {
    let world = world();
    let body = json!({"group": "idp:on-call", "for": "90s", "reason": "card 4111 1111 1111 1111 fails"});
    let told = ask_as(&world, ("ada", "staff"), &body).json();
    let id = told["id"].as_str().unwrap();
    assert_eq!(told["url"], json!(format!("https://gw.example.com/approve/{id}")));
    assert_eq!((&told["for_s"], &told["deadline"]), (&json!(90), &json!(NOW_MS + 120_000)));
    let shown =
        api(&world, Method::GET, ("bob", "boss"), &format!("/api/approvals/{id}"), &Value::Null).json();
    assert_eq!(
        (&shown["kind"], &shown["group"], &shown["for_s"]),
        (&json!("access"), &json!("idp:on-call"), &json!(90))
    );
    assert_eq!(
        (&shown["note"], &shown["reasons"]),
        (&json!("card [card] fails"), &json!(["staff help out"]))
    );
    assert_eq!(shown["requester"]["id"], "idp|ada");
    assert_eq!(shown["may"], json!(["approve", "reject", "revoke"]));
    let [intent] = intents(&world).try_into().unwrap();
    assert_eq!((intent.method.as_str(), intent.name.as_deref()), ("access/request", Some("idp:on-call")));
    assert_eq!(intent.decision.policies[0].id, "ask");
    assert!(!world.traces().contains("4111 1111"));
    let [outcome] = world.outcomes().try_into().unwrap();
    assert_eq!((outcome.id, outcome.text.text()), (intent.id, format!("pending {id}").as_str()));
}

#[test]
fn whoever_asked_is_told_how_it_stands() {
    let world = world();
    let [group] = mine(&world).try_into().unwrap();
    assert_eq!((&group["group"], &group["may_ask"]), (&json!("idp:on-call"), &json!(true)));
    assert_eq!((&group["request"], &group["longest_s"]), (&Value::Null, &json!(300)));
    let id = ask(&world, "5m");
    let [group] = mine(&world).try_into().unwrap();
    assert_eq!((&group["request"]["id"], &group["request"]["state"]), (&json!(id), &json!("pending")));
    approve(&world, &id);
    // Who is on call may ask for more.
    let [group, root] = mine(&world).try_into().unwrap();
    let request = &group["request"];
    assert_eq!((&request["state"], &request["until"]), (&json!("approved"), &json!(NOW_MS + 300_000)));
    assert_eq!((&group["is_in"], &root["group"]), (&json!(false), &json!("idp:root")), "not by her token");
    later(&world, 300);
    let [group] = mine(&world).try_into().unwrap();
    assert_eq!(group["request"], Value::Null);
}

/// What the group may do reaches `/api` as well: reviewing is its.
#[test]
fn a_group_counts_for_every_decision() {
    let world = world();
    let look =
        |world: &World| api(world, Method::GET, ("ada", "staff"), "/api/approvals", &Value::Null).status;
    let listed = |world: &World| {
        upstream(world, |sent| {
            let tools = json!([{"name": "look", "inputSchema": {}}, {"name": "restart", "inputSchema": {}}]);
            whole(&sent.result(&json!({"tools": tools})))
        });
        let done = Client::new(world).send(&support::request(1, "tools/list", json!({}))).json();
        let tools = done["result"]["tools"].as_array().unwrap().clone();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((look(&world), listed(&world)), (403, vec!["look".to_owned(), tool::NAME.to_owned()]));
    let id = ask(&world, "5m");
    approve(&world, &id);
    let all = ["look", "restart", tool::NAME].map(str::to_owned).to_vec();
    assert_eq!((look(&world), listed(&world)), (200, all));
}
