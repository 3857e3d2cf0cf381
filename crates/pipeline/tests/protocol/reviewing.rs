//! Approvals from the reviewer's side: who may look and decide, what they are shown, and what is on record of it.

mod seen;

use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderValue, Method, Request};
use portcullis_approval::{
    Access, Asked, Consume, ContentDigest, Context, Coverage, Covered, Create, Creation, Find, Found,
    MaskedText, Operation, PolicyRef, Requester, Requirement, Requirements, Subject, Use,
};
use portcullis_identity::{Principal, PrincipalKind};
use portcullis_ledger::{RecordId, UnixMillis};
use portcullis_mcp::json::{self as wire, Bounds};
use portcullis_pins::{Approved, Kind, Pins};
use portcullis_pipeline::drive;
use serde_json::{Value, json};

use crate::support::{CARD, SETTINGS, intents, refusals};
use crate::world::{Chunked, Done, NOW_MS, World, legacy_call, post, result, token, token_for, token_with};

const API: &str = "https://gw.example.com/api";
/// What the tests' policy and the requests have in common: people of `boss` are asked.
const REVIEWERS: &str = r#"
@id("callers") permit (principal in Group::"idp:staff", action in Action::"call", resource);
@id("boss") permit (principal in Group::"idp:boss", action in [Action::"approve", Action::"review"], resource == Connection::"crm");
@id("others") permit (principal in Group::"idp:others", action in [Action::"approve", Action::"revoke"], resource);
@id("audit") permit (principal in Group::"idp:audit", action == Action::"review", resource == Connection::"crm");
@id("on-call") permit (principal in Group::"idp:on-call", action in [Action::"revoke", Action::"review"], resource);
@id("glass") permit (principal in Group::"idp:glass", action in [Action::"force_approve", Action::"review"], resource == Connection::"crm");
"#;
/// An id that no request has.
const NOBODY: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5-1";

fn settings() -> String {
    let workload = "jwks_url = \"https://idp.example.com/keys\"\nworkload_when = { claim = \"sub\", equals = \"robot\" }";
    let settings = SETTINGS.replace("jwks_url = \"https://idp.example.com/keys\"", workload);
    format!("{settings}[console]\nissuers = [\"idp\"]\n")
}

fn world() -> World {
    World::of(&settings(), REVIEWERS)
}

/// What somebody asks for, under a policy that wants `approvers` of `boss`.
#[derive(Clone, Debug)]
struct Wish {
    connection: &'static str,
    name: String,
    by: &'static str,
    approvers: u8,
    coverage: Coverage,
}

impl Wish {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { connection: "crm", name, by: "ada", approvers: 1, coverage: Coverage::Once }
    }

    fn requester(&self) -> Requester {
        Requester::of(&Principal::for_test("idp", self.by, PrincipalKind::User, &[])).unwrap()
    }

    fn asked(&self, world: &World, definition: Option<ContentDigest>) -> Asked {
        let arguments = wire::parse(br#"{"amount":500}"#, Bounds::request(8)).unwrap();
        let subject = Subject::Call(Operation {
            requester: self.requester(),
            connection: self.connection.parse().unwrap(),
            method: "tools/call".to_owned(),
            name: self.name.clone(),
            arguments: world.gateway.approvals().arguments(Some(&arguments)),
            definition,
        });
        self.of(subject)
    }

    fn of(&self, subject: Subject) -> Asked {
        let requirement = Requirement {
            policy: PolicyRef { id: "refunds".parse().unwrap(), digest: ContentDigest::from_bytes([1; 32]) },
            group: "idp:boss".parse().unwrap(),
            approvers: self.approvers.try_into().unwrap(),
            ttl: Duration::from_secs(60),
            coverage: self.coverage,
        };
        Asked { subject, requirements: Requirements::new(vec![requirement]).unwrap() }
    }
}

fn now(world: &World) -> UnixMillis {
    UnixMillis(world.ports.now.get())
}

fn look(world: &World, asked: Asked) -> Found {
    let mut find = Find::new(world.gateway.approvals(), asked, now(world));
    pollster::block_on(drive(&*world.ports, &mut find));
    find.finish().unwrap()
}

/// Asks people, and gives the id.
fn ask(world: &World, asked: &Asked) -> String {
    let Found::MustCreate { id, .. } = look(world, asked.clone()) else { panic!("it is asked already") };
    let context = Context {
        arguments: MaskedText::of(r#"{"amount":500,"card":"[card]"}"#),
        labels: ["sql.destructive".to_owned()].into(),
        reasons: vec!["Large refunds need the boss".to_owned()],
        note: Some("the customer called".parse().unwrap()),
    };
    let mut create =
        Create::new(world.gateway.approvals(), (id, asked.clone()), context, now(world)).unwrap();
    pollster::block_on(drive(&*world.ports, &mut create));
    assert!(matches!(create.finish(), Ok(Creation::Created(_))));
    id.to_string()
}

fn refund(world: &World) -> String {
    ask(world, &Wish::new("refund").asked(world, None))
}

/// Uses a grant for one call.
fn consume(world: &World, asked: Asked) {
    let Found::Granted { covered: Covered::Once(once), .. } = look(world, asked) else { panic!("no grant") };
    let used = Use { at: now(world), call: RecordId::new(now(world), [7; 10]) };
    let mut consume = Consume::new(world.gateway.approvals(), once, used).unwrap();
    pollster::block_on(drive(&*world.ports, &mut consume));
    let (_, trace) = consume.finish().unwrap();
    pollster::block_on(portcullis_pipeline::settle(&*world.ports, Some(trace)));
}

fn request(method: Method, path: &str, token: Option<&str>, body: &str) -> Request<Chunked> {
    let mut request = post("crm", token, body.as_bytes().to_vec());
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    request
}

/// `name` is a person of this group.
fn get(world: &World, (name, group): (&str, &str), path: &str) -> Done {
    world.control(request(Method::GET, path, Some(&token_for(name, group, &[API])), ""))
}

fn say(world: &World, who: (&str, &str), path: &str, body: &Value) -> Done {
    say_with(world, &token_for(who.0, who.1, &[API]), path, &body.to_string())
}

fn say_with(world: &World, token: &str, path: &str, body: &str) -> Done {
    world.control(request(Method::POST, &format!("/api/approvals/{path}"), Some(token), body))
}

fn show(world: &World, id: &str) -> Value {
    get(world, ("una", "audit"), &format!("/api/approvals/{id}")).json()
}

/// The status and the word of an answer.
fn told(done: &Done) -> (u16, String) {
    let told = done.json();
    let word = told["error"].as_str().or_else(|| told["state"].as_str()).unwrap_or_default();
    if done.status != 200 {
        assert!(told["message"].as_str().unwrap_or_default().contains(' '), "{told}");
    }
    (done.status, word.to_owned())
}

fn bob() -> (&'static str, &'static str) {
    ("bob", "boss")
}

#[test]
fn a_request_is_listed_shown_and_approved_by_as_many_as_are_needed() {
    let world = world();
    let wish = Wish { approvers: 2, ..Wish::new("refund") };
    let id = ask(&world, &wish.asked(&world, None));
    let listed = get(&world, bob(), "/api/approvals?state=pending").json();
    let [line] = listed["requests"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(
        (&line["id"], &line["name"], &line["connection"]),
        (&json!(id), &json!("refund"), &json!("crm"))
    );
    assert_eq!((&line["arguments"], &listed["next"]), (&Value::Null, &Value::Null));

    let shown = get(&world, bob(), &format!("/api/approvals/{id}")).json();
    assert_eq!(shown["arguments"], json!({"text": r#"{"amount":500,"card":"[card]"}"#, "n_omitted": 0}));
    assert_eq!(shown["requester"], json!({"id": "idp|ada", "kind": "user", "actors": []}));
    assert_eq!(shown["labels"], json!(["sql.destructive"]));
    assert_eq!(shown["reasons"], json!(["Large refunds need the boss"]));
    assert_eq!(shown["requirements"][0]["policy"], json!("refunds"));
    let missing = json!([{"policy": "refunds", "group": "idp:boss", "approved": 0, "needed": 2}]);
    assert_eq!((&shown["state"], &shown["missing"]), (&json!("pending"), &missing));
    assert_eq!(shown["deadline"], json!(NOW_MS + 60_000));
    assert_eq!((&shown["may"], &shown["said"]), (&json!(["approve", "reject"]), &json!([])));

    let seen = json!({"digest": shown["digest"], "reason": "looks right"});
    let once = say(&world, bob(), &format!("{id}/approve"), &seen);
    assert_eq!(told(&once), (200, "pending".to_owned()));
    assert_eq!(once.json()["missing"][0]["approved"], json!(1));
    let done = say(&world, ("cyd", "boss"), &format!("{id}/approve"), &json!({}));
    assert_eq!(told(&done), (200, "approved".to_owned()));
    assert!(matches!(look(&world, wish.asked(&world, None)), Found::Granted { settle: None, .. }));
    let shown = show(&world, &id);
    let said: Vec<(&Value, &Value)> =
        shown["said"].as_array().unwrap().iter().map(|one| (&one["by"], &one["reason"])).collect();
    assert!(said.contains(&(&json!("idp|bob"), &json!("looks right"))), "{shown}");
    assert!(said.contains(&(&json!("idp|cyd"), &Value::Null)) && said.len() == 2, "{shown}");
    assert_eq!((&shown["covers"], &shown["may"]), (&json!("once"), &json!([])));
    assert_eq!(get(&world, bob(), "/api/approvals").json()["requests"], json!([]));
}

#[test]
fn a_call_that_was_held_goes_on_once_it_was_approved_here() {
    let held =
        r#"@id("pay") @approval("idp:boss") forbid (principal, action == Action::"crm/pay", resource);"#;
    let world = World::of(&settings(), &format!("{REVIEWERS}{held}"));
    world.upstream_answers_json(&result("done"));
    let call = || {
        let body = legacy_call("pay", &json!({"amount": 500, "card": CARD}));
        world.send(post("crm", Some(&token("ada", "staff")), body)).text
    };
    let told_first = call();
    let listed = get(&world, bob(), "/api/approvals").json();
    let id = listed["requests"][0]["id"].as_str().unwrap().to_owned();
    assert!(told_first.contains(&format!("https://gw.example.com/approve/{id}")), "{told_first}");
    let shown = show(&world, &id);
    assert_eq!(shown["requirements"][0]["policy"], json!("pay"));
    let arguments = shown["arguments"]["text"].as_str().unwrap();
    assert!(arguments.contains("500") && arguments.contains("[card]"), "{arguments}");
    let done = say(&world, bob(), &format!("{id}/approve"), &json!({"digest": shown["digest"]}));
    assert_eq!(told(&done), (200, "approved".to_owned()));
    assert!(call().contains("done"));
    assert_eq!(show(&world, &id)["state"], json!("consumed"));
    assert!(!call().contains("done"), "it was for one call");
}

#[test]
fn what_is_said_is_on_record_with_who_said_it_why_and_under_which_policy() {
    let world = world();
    let id = refund(&world);
    say(&world, bob(), &format!("{id}/approve"), &json!({"reason": "fine"}));
    let [intent] = intents(&world).try_into().unwrap();
    let [outcome] = world.outcomes().try_into().unwrap();
    assert_eq!((intent.method.as_str(), intent.name.as_deref()), ("approval/approve", Some(id.as_str())));
    assert_eq!((intent.principal.subject.as_str(), intent.connection.as_str()), ("bob", "crm"));
    let ids: Vec<&str> = intent.decision.policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(ids, ["boss"]);
    let with: Value = serde_json::from_str(intent.arguments.text.text()).unwrap();
    assert_eq!((&with["requester"], &with["was"]), (&json!("idp|ada"), &json!("pending")));
    assert_eq!((&with["reason"], &with["about"]["name"]), (&json!("fine"), &json!("refund")));
    assert_eq!((outcome.id, outcome.text.text()), (intent.id, "approved"));
    assert!(refusals(&world).is_empty());
}

#[test]
fn forcing_is_a_right_of_its_own_and_loud() {
    let world = world();
    let wish = Wish { approvers: 3, ..Wish::new("refund") };
    let id = ask(&world, &wish.asked(&world, None));
    for who in [bob(), ("una", "audit"), ("oz", "on-call")] {
        let done = say(&world, who, &format!("{id}/force"), &json!({"reason": "x"}));
        assert_eq!(told(&done), (403, "denied".to_owned()), "{who:?}");
    }
    let own = say(&world, ("ada", "glass"), &format!("{id}/force"), &json!({"reason": "x"}));
    assert_eq!(told(&own), (403, "own_request".to_owned()));
    let done = say(&world, ("gil", "glass"), &format!("{id}/force"), &json!({"reason": "the site is down"}));
    assert_eq!(told(&done), (200, "approved".to_owned()));
    assert_eq!(done.json()["forced_by"], json!("idp|gil"));
    let [intent] = intents(&world).try_into().unwrap();
    assert_eq!(intent.method, "approval/force");
    let log = world.ports.log.borrow().join("\n");
    assert!(log.contains(&format!("FORCED: idp|gil approves the request {id} in place of")), "{log}");
}

#[test]
fn who_may_not_say_it_is_told_why_and_changes_nothing() {
    let (api, reason) = (json!([API]), json!({"reason": "no"}).to_string());
    let person = |name: &str, group: &str| token_for(name, group, &[API]);
    let program = token_with(json!({"sub": "robot", "groups": ["boss"], "aud": api}));
    let agent =
        token_with(json!({"sub": "bob", "groups": ["boss"], "aud": api, "act": {"sub": "assistant"}}));
    for (name, token, verb, want) in [
        (
            "a token for a connection",
            token_for("bob", "boss", &["https://gw.example.com/mcp/crm"]),
            "approve",
            (401, "unauthenticated"),
        ),
        ("somebody without a right", person("ivy", "interns"), "approve", (403, "denied")),
        ("who may only look", person("una", "audit"), "approve", (403, "denied")),
        ("who may only look, rejecting", person("una", "audit"), "reject", (403, "denied")),
        ("an approver, revoking", person("bob", "boss"), "revoke", (403, "denied")),
        ("who asks", person("ada", "boss"), "approve", (403, "own_request")),
        ("who asks, rejecting", person("ada", "boss"), "reject", (403, "own_request")),
        ("whom nobody asks", person("oda", "others"), "approve", (403, "not_an_approver")),
        ("whom nobody asks, rejecting", person("oda", "others"), "reject", (403, "not_an_approver")),
        ("a program", program, "approve", (403, "not_a_person")),
        ("an agent", agent.clone(), "approve", (403, "not_a_person")),
        ("an agent, rejecting", agent, "reject", (403, "not_a_person")),
    ] {
        let world = world();
        let id = refund(&world);
        let done = say_with(&world, &token, &format!("{id}/{verb}"), &reason);
        assert_eq!(told(&done), (want.0, want.1.to_owned()), "case: {name}");
        assert!(intents(&world).is_empty(), "case: {name}: nothing was begun");
        let [refusal] = refusals(&world).try_into().unwrap();
        assert_eq!(refusal.method, Some(format!("approval/{verb}")), "case: {name}");
        if want.0 == 403 {
            assert_eq!(refusal.name.as_deref(), Some(id.as_str()), "case: {name}");
        }
        let shown = show(&world, &id);
        assert_eq!((&shown["state"], &shown["said"]), (&json!("pending"), &json!([])), "case: {name}");
    }
}

/// What comes before somebody says something.
#[derive(Clone, Copy)]
enum Before {
    Approved,
    Later(u64),
    Rejected,
    Revoked,
}

impl Before {
    fn comes(self, world: &World, id: &str) {
        let (who, verb) = match self {
            Self::Later(seconds) => return world.ports.now.set(NOW_MS + seconds * 1000),
            Self::Approved => (bob(), "approve"),
            Self::Rejected => (bob(), "reject"),
            Self::Revoked => (("oz", "on-call"), "revoke"),
        };
        let done = say(world, who, &format!("{id}/{verb}"), &json!({"reason": "before"}));
        assert_eq!(done.status, 200, "{}", done.text);
    }
}

/// `bob` approves and rejects, `oz` revokes what needs as many people.
#[test]
fn what_cannot_be_said_any_more_has_a_clear_answer_and_a_record() {
    use Before::{Approved, Later, Rejected, Revoked};
    for (before, approvers, verb, status, word) in [
        (vec![Approved], 2, "approve", 409, "already_voted"),
        (vec![Approved], 2, "reject", 200, "rejected"),
        (vec![Approved], 1, "approve", 409, "approved"),
        (vec![Approved], 1, "reject", 409, "approved"),
        (vec![Approved], 1, "revoke", 200, "revoked"),
        (vec![], 1, "revoke", 200, "revoked"),
        (vec![Later(60)], 1, "approve", 410, "expired"),
        (vec![Later(61)], 1, "reject", 410, "expired"),
        (vec![Later(61)], 1, "revoke", 410, "expired"),
        (vec![Approved, Later(91)], 1, "revoke", 410, "expired"),
        (vec![Approved, Later(91)], 1, "approve", 410, "expired"),
        (vec![Rejected], 1, "approve", 409, "rejected"),
        (vec![Rejected], 1, "reject", 409, "rejected"),
        (vec![Revoked], 1, "approve", 409, "revoked"),
        (vec![Approved, Revoked], 1, "approve", 409, "revoked"),
        (vec![Revoked], 1, "revoke", 409, "revoked"),
    ] {
        let case = format!("{verb} with {approvers} after {} things: {status}", before.len());
        let world = world();
        let coverage = Coverage::Window(Duration::from_secs(90));
        let wish = Wish { approvers, coverage, ..Wish::new("refund") };
        let id = ask(&world, &wish.asked(&world, None));
        before.into_iter().for_each(|before| before.comes(&world, &id));
        let who = if verb == "revoke" { ("oz", "on-call") } else { bob() };
        let done = say(&world, who, &format!("{id}/{verb}"), &json!({"reason": "why"}));
        assert_eq!(told(&done), (status, word.to_owned()), "{case}");
        let refused = refusals(&world);
        assert_eq!(refused.len(), usize::from(status != 200), "{case}");
        for refusal in refused {
            let (kind, name) = (refusal.kind.as_str(), refusal.name.as_deref());
            assert_eq!((kind, name), ("not_decided", Some(id.as_str())), "{case}");
        }
    }
}

#[test]
fn a_grant_that_was_used_cannot_be_approved_or_taken_back() {
    let world = world();
    let asked = Wish::new("refund").asked(&world, None);
    let id = ask(&world, &asked);
    say(&world, bob(), &format!("{id}/approve"), &json!({}));
    consume(&world, asked);
    for (who, verb) in [(("cyd", "boss"), "approve"), (bob(), "reject"), (("oz", "on-call"), "revoke")] {
        let done = say(&world, who, &format!("{id}/{verb}"), &json!({"reason": "late"}));
        assert_eq!(told(&done), (409, "consumed".to_owned()), "{verb}");
    }
    assert_eq!(refusals(&world).len(), 3);
    let shown = show(&world, &id);
    assert_eq!(shown["said"][1]["what"], json!("use"), "{shown}");
}

#[test]
fn what_is_asked_in_another_way_is_refused() {
    let long = format!(r#"{{"reason":"{}"}}"#, "x".repeat(1025));
    let huge = format!(r#"{{"reason":"{}"}}"#, "x".repeat(9000));
    let other = format!(r#"{{"digest":"sha256:{}"}}"#, "00".repeat(32));
    for (name, verb, body, want) in [
        ("nothing", "approve", "", (400, "malformed")),
        ("no object", "approve", "[]", (400, "malformed")),
        ("another member", "approve", r#"{"reasons":"x"}"#, (400, "malformed")),
        ("a number", "approve", r#"{"reason":1}"#, (400, "malformed")),
        ("twice", "approve", r#"{"reason":"a","reason":"b"}"#, (400, "malformed")),
        ("more after it", "approve", "{} {}", (400, "malformed")),
        ("no digest", "approve", r#"{"digest":"x"}"#, (400, "malformed")),
        ("no reason", "reject", "{}", (400, "reason_needed")),
        ("an empty reason", "reject", r#"{"reason":"  "}"#, (400, "reason_needed")),
        ("a long reason", "approve", &long, (400, "unfit_reason")),
        ("a reason that steers terminals", "approve", r#"{"reason":"a\u001b[2J"}"#, (400, "unfit_reason")),
        ("a body without an end", "approve", &huge, (413, "body_too_large")),
        ("what they have not seen", "approve", &other, (409, "changed")),
    ] {
        let world = world();
        let id = refund(&world);
        let done = say_with(&world, &token_for("bob", "boss", &[API]), &format!("{id}/{verb}"), body);
        assert_eq!(told(&done), (want.0, want.1.to_owned()), "case: {name}");
        assert_eq!(refusals(&world).len(), 1, "case: {name}");
        assert_eq!(show(&world, &id)["state"], json!("pending"), "case: {name}");
    }
}

#[test]
fn other_places_methods_and_media_are_refused() {
    let world = world();
    let (id, token) = (refund(&world), token_for("bob", "boss", &[API]));
    let under = |rest: &str| format!("/api/approvals{rest}");
    for (method, path, want) in [
        (Method::GET, under(&format!("/{NOBODY}")), 404),
        (Method::POST, under(&format!("/{NOBODY}/approve")), 404),
        (Method::GET, under("/"), 404),
        (Method::GET, under("/x"), 404),
        (Method::GET, under(&format!("/{id}/")), 404),
        (Method::GET, under("x"), 404),
        (Method::POST, under(&format!("/{id}/accept")), 404),
        (Method::POST, under(&format!("/{id}/approve/x")), 404),
        (Method::GET, under(&format!("/{id}/approve")), 405),
        (Method::DELETE, under(&format!("/{id}")), 405),
        (Method::POST, under(""), 405),
        (Method::GET, under("?limit=5"), 400),
        (Method::GET, under("?cursor=x"), 400),
        (Method::GET, under("?connection=photos"), 403),
        (Method::GET, under("?connection=nowhere"), 403),
    ] {
        let done = world.control(request(method.clone(), &path, Some(&token), "{}"));
        assert_eq!(done.status, want, "{method} {path}: {}", done.text);
    }
    let with = |name: &'static str, value: &'static str| {
        let mut fine = request(Method::POST, &under(&format!("/{id}/approve")), Some(&token), "{}");
        fine.headers_mut().insert(name, HeaderValue::from_static(value));
        world.control(fine).status
    };
    assert_eq!(with("content-type", "text/plain"), 415);
    assert_eq!(with("origin", "https://evil.example.com"), 403);
    assert_eq!(with("host", "evil.example.com"), 403);
    assert_eq!(with("origin", "https://gw.example.com"), 200, "the page that we serve");
}

#[test]
fn a_list_has_what_its_reader_may_look_at_page_by_page() {
    let world = world();
    let mut all = BTreeSet::new();
    for number in 0..150 {
        let connection = if number % 3 == 0 { "photos" } else { "crm" };
        let id =
            ask(&world, &Wish { connection, ..Wish::new(&format!("tool-{number}")) }.asked(&world, None));
        if connection == "crm" {
            all.insert(id);
        }
    }
    let mut seen = Vec::new();
    let mut path = "/api/approvals?state=all".to_owned();
    for number in 0.. {
        let page = get(&world, bob(), &path).json();
        let requests = page["requests"].as_array().unwrap();
        assert!(requests.len() <= 82, "{}", requests.len());
        seen.extend(requests.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/approvals?state=all&cursor={next}");
        // What is asked meanwhile moves nothing.
        ask(&world, &Wish::new(&format!("new-{number}")).asked(&world, None));
    }
    assert_eq!(seen.len(), all.len(), "none twice");
    assert_eq!(BTreeSet::from_iter(seen), all);
    // Who may look at both connections can choose one.
    let page = get(&world, ("oz", "on-call"), "/api/approvals?connection=photos").json();
    let of: BTreeSet<&str> =
        page["requests"].as_array().unwrap().iter().map(|one| one["connection"].as_str().unwrap()).collect();
    assert_eq!(of, BTreeSet::from(["photos"]));
    assert_eq!(told(&get(&world, ("ivy", "interns"), "/api/approvals")), (403, "denied".to_owned()));
    assert_eq!(refusals(&world).last().unwrap().method.as_deref(), Some("approval/list"));
}

#[test]
fn a_request_is_shown_to_those_only_who_may_look_at_its_connection() {
    let world = world();
    let photos = ask(&world, &Wish { connection: "photos", ..Wish::new("scan") }.asked(&world, None));
    assert_eq!(told(&get(&world, bob(), &format!("/api/approvals/{photos}"))), (403, "denied".to_owned()));
    let done = say(&world, bob(), &format!("{photos}/approve"), &json!({}));
    assert_eq!(told(&done), (403, "denied".to_owned()), "they may approve on another connection");
    assert_eq!(refusals(&world).last().unwrap().connection.as_deref(), Some("photos"));
    assert_eq!(get(&world, ("oz", "on-call"), &format!("/api/approvals/{photos}")).status, 200);
    // A group is about every connection there is.
    let wish = Wish::new("");
    let access = Access { requester: wish.requester(), group: "idp:dba".parse().unwrap() };
    let group = ask(&world, &wish.of(Subject::Access(access)));
    assert_eq!(told(&get(&world, bob(), &format!("/api/approvals/{group}"))), (403, "denied".to_owned()));
    let shown = get(&world, ("oz", "on-call"), &format!("/api/approvals/{group}")).json();
    assert_eq!((&shown["kind"], &shown["group"]), (&json!("access"), &json!("idp:dba")));
    assert_eq!(shown["may"], json!(["revoke"]));
}

#[test]
fn the_definition_is_shown_only_if_it_is_the_one_that_the_request_is_about() {
    let tool = json!({"name": "refund", "description": "Refunds an invoice"});
    let connection = "crm".parse().unwrap();
    let file = json!({"version": 1, "connection": "crm", "tools": [tool]}).to_string();
    let approved = Approved::of(&[Pins::parse(&connection, &file).unwrap()]);
    let digest = approved.digest(&connection, Kind::Tool, "refund").unwrap().to_string();
    let world = World::approving(&settings(), REVIEWERS, approved);
    let same = ask(&world, &Wish::new("refund").asked(&world, Some(digest.parse().unwrap())));
    let other = ask(&world, &Wish::new("refund").asked(&world, Some(ContentDigest::from_bytes([3; 32]))));
    let shown = show(&world, &same);
    assert_eq!(shown["definition"]["digest"], json!(digest));
    assert_eq!(shown["definition"]["pinned"]["description"], json!("Refunds an invoice"));
    assert_eq!(shown["definition"]["standing"], json!("pinned"));
    let shown = show(&world, &other);
    assert_eq!(
        (&shown["definition"]["pinned"], &shown["definition"]["standing"]),
        (&Value::Null, &json!("drifted"))
    );
    // What nothing is pinned under says so.
    let unpinned = ask(&world, &Wish::new("else").asked(&world, None));
    let none = json!({"digest": null, "pinned": null, "standing": "unpinned"});
    assert_eq!(show(&world, &unpinned)["definition"], none);
}

#[test]
fn what_reviewers_write_is_masked_before_anybody_keeps_it() {
    let world = world();
    let id = ask(&world, &Wish::new(&format!("pay {CARD}")).asked(&world, None));
    let done = say(&world, bob(), &format!("{id}/reject"), &json!({"reason": format!("whose is {CARD}?")}));
    assert_eq!(told(&done), (200, "rejected".to_owned()));
    let shown = show(&world, &id);
    assert_eq!(shown["said"][0]["reason"], json!("whose is [card]?"));
    assert_eq!(shown["name"], json!("pay [card]"));
    assert!(!world.traces().contains(CARD) && !shown.to_string().contains(CARD));
}

#[test]
fn nothing_is_said_without_a_record() {
    let world = world();
    let id = refund(&world);
    world.ports.writes_left.set(0);
    let done = say(&world, bob(), &format!("{id}/approve"), &json!({}));
    assert_eq!(told(&done), (503, "store_unavailable".to_owned()));
    world.ports.writes_left.set(u64::MAX);
    assert_eq!(show(&world, &id)["state"], json!("pending"));
}

#[test]
fn wherever_the_store_fails_it_is_said_or_not_and_can_be_said_again() {
    let mut n_failed = 0;
    for fault in 0..60 {
        let world = world();
        let id = refund(&world);
        // Keys and policies are known by now.
        assert_eq!(show(&world, &id)["state"], json!("pending"));
        world.ports.until_fault.set(Some(fault));
        let done = say(&world, bob(), &format!("{id}/approve"), &json!({}));
        let was_hit = world.ports.until_fault.take().is_none();
        n_failed += u32::from(was_hit);
        let state = show(&world, &id)["state"].clone();
        let was_begun = intents(&world).iter().any(|intent| intent.method == "approval/approve");
        assert!(state == json!("pending") || was_begun, "fault {fault}: it was approved without a record");
        match done.status {
            200 => assert_eq!(state, json!("approved"), "fault {fault}: what was promised holds"),
            503 => assert!(was_hit, "fault {fault}"),
            other => panic!("fault {fault}: {other} {}", done.text),
        }
        let again = told(&say(&world, bob(), &format!("{id}/approve"), &json!({})));
        let want = if state == json!("pending") { 200 } else { 409 };
        assert_eq!(again, (want, "approved".to_owned()), "fault {fault}");
        if !was_hit {
            assert!(n_failed > 8, "only {n_failed} operations");
            return;
        }
    }
    panic!("an approval has more than 60 operations");
}

#[test]
fn the_page_runs_nothing_but_what_is_served_here() {
    let world = world();
    let page = world.control(request(Method::GET, &format!("/approve/{NOBODY}"), None, ""));
    assert_eq!(page.status, 200);
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(page.text.contains(&format!("portcullis approvals show {NOBODY}")), "{}", page.text);
    // Nothing inline, nothing from elsewhere, nothing that keeps or sends the token by itself.
    for wrong in
        ["http:", "https:", "//", "<style", " style=", "onclick", "onload", "javascript:", "action=", "{{"]
    {
        assert!(!page.text.contains(wrong), "`{wrong}` is in the page");
    }
    let script = world.control(request(Method::GET, "/approve/approve.js", None, ""));
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    let code = script.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    for wrong in [
        "innerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Storage",
        "cookie",
        "http:",
        "https:",
        "console.",
    ] {
        assert!(!code.contains(wrong), "`{wrong}` is in the script");
    }
    assert_eq!(world.control(request(Method::HEAD, "/approve/approve.css", None, "")).status, 200);
    assert!(world.ports.operations.borrow().is_empty(), "the store is not asked");
}

#[test]
fn the_page_is_only_where_it_should_be() {
    let world = world();
    let at = |path: &str| world.control(request(Method::GET, path, None, "")).status;
    for path in ["/approve/", "/approve", "/approve/x", "/approve/<script>", "/approve/approve.html"] {
        let path = path.replace('<', "%3C").replace('>', "%3E");
        assert_eq!(at(&path), 404, "{path}");
    }
    assert_eq!(at(&format!("/approve/{NOBODY}/x")), 404);
    assert_eq!(at(&format!("/approve/{}", NOBODY.to_uppercase())), 404);
    let posted = world.control(request(Method::POST, &format!("/approve/{NOBODY}"), None, ""));
    assert_eq!((posted.status, &posted.headers["allow"]), (405, &HeaderValue::from_static("GET, HEAD")));
    let mut elsewhere = request(Method::GET, &format!("/approve/{NOBODY}"), None, "");
    elsewhere.headers_mut().insert("host", HeaderValue::from_static("evil.example.com"));
    assert_eq!(world.control(elsewhere).status, 403);
    let closed = World::of(SETTINGS, REVIEWERS);
    let page = request(Method::GET, &format!("/approve/{NOBODY}"), None, "");
    assert_eq!(closed.control(page).status, 404, "without `[console]` there is none");
    assert!(intents(&world).is_empty());
}
