//! Policies that are pushed while gateways run: who may push, what is put in force, and what stays when it is not.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod world;

use http::{HeaderValue, Method, Request};
use portcullis_identity::UnixSeconds;
use portcullis_ledger::{Intent, Record, Refusal};
use portcullis_policy::{Bundle, KeyId, Section, Serial, SignedBundle, SigningKey, Source};
use portcullis_settings::PolicyKey;
use serde_json::{Value, json};

use crate::world::{Chunked, Done, POLICIES, SETTINGS, World, legacy_call, post, result, token, token_for};

const API: &str = "https://gw.example.com/api";
/// What is pushed: `crm/read` is taken away from the staff, who may still configure.
const STRICT: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action in [Action::"configure", Action::"review"], resource);
@id("auditors") permit (principal in Group::"idp:auditors", action == Action::"audit", resource);"#;
/// What is pushed later: nobody may configure.
const CLOSED: &str =
    r#"@id("staff") permit (principal in Group::"idp:staff", action in Action::"call", resource);"#;

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn settings() -> String {
    let key = PolicyKey::from(signing_key(7).verifying_key().as_bytes());
    format!("{SETTINGS}[policy]\nkeys = {{ ops = \"{key}\" }}\n[console]\nissuers = [\"idp\"]\n")
}

fn bundle(text: &str) -> Bundle {
    Bundle::build(&[Source { file: "p.cedar", text }], &[]).unwrap()
}

fn hex_of(bundle: &Bundle) -> String {
    bundle.digest().to_string().trim_start_matches("sha256:").to_owned()
}

fn envelope(bundle: &Bundle, serial: u64) -> SignedBundle {
    signed(bundle, serial, "ops", 7)
}

fn signed(bundle: &Bundle, serial: u64, id: &str, seed: u8) -> SignedBundle {
    let id = KeyId::parse(id).unwrap();
    SignedBundle::sign(bundle, (Serial(serial), UnixSeconds(1)), (id, &signing_key(seed)))
}

fn writer() -> String {
    token_for("ada", "staff", &[API])
}

fn request(method: Method, path: &str, token: Option<&str>, kind: &str, body: Vec<u8>) -> Request<Chunked> {
    let mut request = post("crm", token, body);
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    request.headers_mut().insert("content-type", HeaderValue::from_str(kind).unwrap());
    request
}

fn push_of(token: Option<&str>, envelope: &str, bundle: &[u8]) -> Request<Chunked> {
    let body = [envelope.as_bytes(), b"\n", bundle].concat();
    request(Method::POST, "/api/policy", token, "application/octet-stream", body)
}

fn push(world: &World, text: &str, serial: u64) -> Done {
    let bundle = bundle(text);
    world.control(push_of(Some(&writer()), &envelope(&bundle, serial).to_json(), bundle.as_bytes()))
}

fn status(world: &World) -> Value {
    let request = request(Method::GET, "/api/policy", Some(&writer()), "text/plain", Vec::new());
    world.control(request).json()
}

/// `allowed` or `denied`, or the status if neither.
fn read(world: &World) -> String {
    world.upstream_answers_json(&result("hello"));
    let done = world.send(post("crm", Some(&token("ada", "staff")), legacy_call("read", &json!({}))));
    match (done.status, done.text.contains("hello"), done.text.contains("not allowed")) {
        (200, true, false) => "allowed".to_owned(),
        (200, false, true) => "denied".to_owned(),
        (status, ..) => status.to_string(),
    }
}

fn pass(world: &World, ms: u64) {
    world.ports.monotonic.set(world.ports.monotonic.get() + ms * 1000);
}

/// A gateway that something was pushed to, and the world with a console.
fn pushed() -> World {
    let world = World::of(&settings(), POLICIES);
    assert_eq!(push(&world, STRICT, 1).status, 200);
    world
}

fn intents(world: &World) -> Vec<Intent> {
    records(world)
        .into_iter()
        .filter_map(|record| match record {
            Record::Intent(intent) => Some(intent),
            Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        })
        .collect()
}

fn refusals(world: &World) -> Vec<Refusal> {
    records(world)
        .into_iter()
        .filter_map(|record| match record {
            Record::Refusal(refusal) => Some(refusal),
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) => None,
        })
        .collect()
}

fn records(world: &World) -> Vec<Record> {
    world.ports.records()
}

/// Who pushes policies does not write settings, and takes nothing away that they deny.
#[test]
fn rules_of_the_settings_hold_whatever_is_pushed() {
    let settings = format!("{}[[deny]]\nid = \"staff\"\ntools = [\"read\"]\n", settings());
    let world = World::of(&settings, POLICIES);
    assert_eq!(read(&world), "denied");
    // A policy of the same id is another one.
    let everything = r#"@id("staff") permit (principal, action, resource);"#;
    let done = push(&world, everything, 1).json();
    assert_eq!((&done["added"], &done["changed"]), (&json!([]), &json!(["staff"])));
    assert_eq!(status(&world)["active"]["digest"], bundle(everything).digest().to_string());
    let started = world.instance(&settings, POLICIES);
    for world in [&world, &started] {
        assert_eq!(read(world), "denied");
    }
    let decision = refusals(&world).pop().unwrap().decision.unwrap();
    assert_eq!(decision.bundle, Some(bundle(everything).digest().to_string()));
    assert_eq!(decision.policies.len(), 1);
    // Without the rule the same policies let it pass.
    assert_eq!(read(&world.instance(&self::settings(), POLICIES)), "allowed");
}

#[test]
fn what_is_pushed_holds_in_every_instance_within_a_second_and_so_does_a_rollback() {
    let console = World::of(&settings(), POLICIES);
    let gateway = console.instance(&settings(), POLICIES);
    assert_eq!(read(&gateway), "allowed", "nothing was pushed yet, so the mounted policies hold");
    let done = push(&console, STRICT, 1).json();
    assert_eq!(done["added"], json!(["auditors"]));
    assert_eq!(done["changed"], json!(["staff"]));
    assert_eq!(done["removed"], json!(["callers", "cheap", "errs", "held", "interns", "no-unmask"]));
    assert_eq!((&done["in_force"], &done["serial"]), (&json!(true), &json!(1)));

    assert_eq!(read(&gateway), "allowed", "it has looked a moment ago");
    pass(&gateway, 500);
    assert_eq!(read(&gateway), "denied");
    assert_eq!(read(&console.instance(&settings(), POLICIES)), "denied", "one that starts has it at once");
    let digest = bundle(STRICT).digest().to_string();
    let mut decided = refusals(&gateway).into_iter().filter_map(|refusal| refusal.decision?.bundle);
    assert!(decided.next_back().is_some_and(|last| last == digest), "the record names what has decided");

    assert_eq!(push(&console, POLICIES, 2).status, 200);
    pass(&gateway, 500);
    assert_eq!(read(&gateway), "allowed");
    let back = envelope(&bundle(STRICT), 3).to_json().into_bytes();
    let back = request(Method::POST, "/api/policy/rollback", Some(&writer()), "application/json", back);
    assert_eq!(console.control(back).status, 200);
    pass(&gateway, 500);
    assert_eq!(read(&gateway), "denied");
    let told = status(&console);
    assert_eq!(told["active"]["digest"], json!(digest));
    assert_eq!(told["active"]["entry"]["by"], json!("idp|ada"));
    assert_eq!((&told["next_serial"], &told["refused"]), (&json!(4), &json!(null)));
    let serials: Vec<&Value> =
        told["entries"].as_array().unwrap().iter().map(|entry| &entry["serial"]).collect();
    assert_eq!(serials, [3, 2, 1]);
}

#[test]
fn what_is_done_is_on_record_with_who_did_it_and_what_was_before() {
    let world = pushed();
    let [intent] = intents(&world).try_into().unwrap();
    let [outcome] = world.outcomes().try_into().unwrap();
    assert_eq!((intent.method.as_str(), intent.principal.subject.as_str()), ("policy/push", "ada"));
    assert_eq!(intent.id, outcome.id);
    let text = intent.arguments.text.text();
    let told: Value = serde_json::from_str(text).unwrap();
    assert_eq!(told["bundle"], json!(bundle(STRICT).digest().to_string()));
    assert_eq!((&told["serial"], &told["key_id"]), (&json!(1), &json!("ops")));
    let before = world.instance(SETTINGS, POLICIES);
    read(&before);
    let mut mounted = intents(&before).into_iter().filter(|intent| intent.method == "tools/call");
    let mounted = mounted.next_back().unwrap().decision.bundle.unwrap();
    assert_eq!(told["previous"]["digest"], json!(mounted), "the mounted policies have an address too");
    assert_eq!(intent.decision.bundle, Some(mounted), "what has let it pass");
    let ids: Vec<&str> = intent.decision.policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(ids, ["staff"]);
}

#[test]
fn policy_decides_who_may_push_and_look() {
    let (good, json) = (bundle(STRICT), "application/json");
    let pushed_by = |world: &World, token: Option<&str>, serial| {
        let done = world.control(push_of(token, &envelope(&good, serial).to_json(), good.as_bytes()));
        (done.status, done.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let looked_by = |world: &World, token: &str| {
        world.control(request(Method::GET, "/api/policy", Some(token), json, Vec::new())).status
    };
    let world = World::of(&settings(), POLICIES);
    let other_place = token("ada", "staff");
    for (name, token, want) in [
        ("nobody", None, (401, "unauthenticated")),
        ("a token for a connection", Some(other_place), (401, "unauthenticated")),
        ("an intern", Some(token_for("ivy", "interns", &[API])), (403, "denied")),
    ] {
        let (status, word) = pushed_by(&world, token.as_deref(), 1);
        assert_eq!((status, word.as_str()), want, "case: {name}");
        assert_eq!(refusals(&world).last().unwrap().method.as_deref(), Some("policy/push"), "case: {name}");
    }
    let challenge =
        world.control(push_of(None, "", b"")).headers["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("/.well-known/oauth-protected-resource/api\""), "{challenge}");
    assert!(intents(&world).is_empty(), "nothing was begun");
    assert_eq!(pushed_by(&world, Some(&writer()), 1), (200, String::new()));
    // Under what was pushed auditors may look, and nobody else but the staff may do anything.
    assert_eq!(looked_by(&world, &token_for("una", "auditors", &[API])), 200);
    assert_eq!(looked_by(&world, &token_for("ivy", "interns", &[API])), 403);
    assert_eq!(pushed_by(&world, Some(&token_for("una", "auditors", &[API])), 2).0, 403);
    // Who takes it away from everybody cannot give it back.
    assert_eq!(push(&world, CLOSED, 2).status, 200);
    assert_eq!(push(&world, STRICT, 3).status, 403);
    assert_eq!(looked_by(&world, &writer()), 403);
    // The way out.
    let files = settings().replace("[policy]\n", "[policy]\nsource = \"files\"\n");
    let out = world.instance(&files, POLICIES);
    assert_eq!(read(&out), "allowed");
    let done = push(&out, STRICT, 3).json();
    assert_eq!(done["in_force"], json!(false), "it says that the files are: {done}");
    assert_eq!(read(&world.instance(&settings(), POLICIES)), "denied");
}

#[test]
fn to_configure_is_needed_on_every_connection() {
    let some =
        r#"@id("some") permit (principal, action == Action::"configure", resource == Connection::"crm");"#;
    let world = World::of(&settings(), some);
    assert_eq!(push(&world, STRICT, 1).status, 403);
    let held = r#"@id("all") permit (principal, action, resource);
        @id("held") @approval("idp:boss") forbid (principal, action == Action::"configure", resource);"#;
    let done = push(&World::of(&settings(), held), STRICT, 1);
    assert_eq!((done.status, done.json()["error"].as_str()), (403, Some("needs_approval")));
    let no_programs = r#"@id("all") permit (principal is Workload, action, resource);"#;
    assert_eq!(push(&World::of(&settings(), no_programs), STRICT, 1).status, 403);
}

#[test]
fn what_is_not_put_in_force_says_why_and_leaves_what_is() {
    let (good, other) = (bundle(POLICIES), bundle(CLOSED));
    let text_of = |serial| envelope(&good, serial).to_json();
    let changed = |at: usize, to: u8| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] = to;
        bytes
    };
    let last = good.as_bytes().len() - 1;
    let unknown = Bundle::build(&[], &[Section { name: "stricter", bytes: b"x" }]).unwrap();
    let of_unknown = envelope(&unknown, 2).to_json();
    let stranger = signed(&good, 2, "eve", 7).to_json();
    let forged = signed(&good, 2, "ops", 8).to_json();
    let of_other = envelope(&other, 2).to_json();
    for (name, envelope, bytes, want) in [
        ("nothing", String::new(), Vec::new(), (400, "malformed")),
        ("unsigned", "{}".to_owned(), good.as_bytes().to_vec(), (400, "malformed")),
        ("unknown key", stranger, good.as_bytes().to_vec(), (403, "unknown_key")),
        ("wrong signature", forged, good.as_bytes().to_vec(), (403, "wrong_signature")),
        (
            "changed after signing",
            text_of(2).replace("\"serial\":2", "\"serial\":3"),
            Vec::new(),
            (403, "wrong_signature"),
        ),
        ("newer envelope", text_of(2).replace("\"format\":1", "\"format\":2"), Vec::new(), (400, "newer")),
        ("newer bundle", text_of(2), changed(8, 9), (400, "newer")),
        ("no bundle", text_of(2), b"PCBUNDL".to_vec(), (400, "damaged")),
        ("damaged head", text_of(2), changed(70, 0xff), (400, "damaged")),
        ("damaged text", text_of(2), changed(last, b'}'), (400, "damaged")),
        ("cut short", text_of(2), good.as_bytes()[..last].to_vec(), (400, "damaged")),
        ("another bundle", of_other, good.as_bytes().to_vec(), (400, "other_bundle")),
        ("unknown section", of_unknown, unknown.as_bytes().to_vec(), (400, "newer")),
        ("stale", text_of(1), good.as_bytes().to_vec(), (409, "stale")),
        ("too far", text_of(3), good.as_bytes().to_vec(), (409, "serial_taken")),
        ("for ever", text_of(u64::MAX), good.as_bytes().to_vec(), (409, "serial_taken")),
    ] {
        let world = pushed();
        let gateway = world.instance(&settings(), POLICIES);
        let done = world.control(push_of(Some(&writer()), &envelope, &bytes));
        let told = done.json();
        assert_eq!((done.status, told["error"].as_str().unwrap()), want, "case: {name}: {told}");
        assert!(told["message"].as_str().unwrap().contains(' '), "case: {name}");
        assert_eq!(refusals(&world).last().unwrap().kind, "not_pushed", "case: {name}");
        pass(&world, 500);
        assert_eq!(read(&gateway), "denied", "case: {name}");
        assert_eq!(status(&world)["active"]["entry"]["serial"], json!(1), "case: {name}");
    }
}

#[test]
fn the_edge_is_that_of_every_place() {
    let (good, token) = (bundle(STRICT), writer());
    let fine = || push_of(Some(&token), &envelope(&good, 1).to_json(), good.as_bytes());
    let with = |name: &'static str, value: &'static str| {
        let mut request = fine();
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        request
    };
    let mut elsewhere = fine();
    *elsewhere.uri_mut() = "https://gw.example.com/api/policies".parse().unwrap();
    let mut method = fine();
    *method.method_mut() = Method::PUT;
    let long = push_of(Some(&token), "{}", &vec![0; 17 << 20]);
    for (name, request, want) in [
        ("another host", with("host", "evil.example.com"), 403),
        ("a page", with("origin", "https://evil.example.com"), 403),
        ("a form", with("content-type", "application/x-www-form-urlencoded"), 415),
        ("packed", with("content-encoding", "gzip"), 415),
        ("another path", elsewhere, 404),
        ("another method", method, 405),
        ("too long", long, 413),
        ("fine", fine(), 200),
    ] {
        let world = World::of(&settings(), POLICIES);
        assert_eq!(world.control(request).status, want, "case: {name}");
    }
    let closed = World::of(&settings().replace("[console]\nissuers = [\"idp\"]\n", ""), POLICIES);
    assert_eq!(closed.control(fine()).status, 404, "without the table there is no such place");
}

#[test]
fn the_metadata_of_the_api_is_told_where_there_is_one() {
    let path = "/.well-known/oauth-protected-resource/api";
    let asked = |world: &World| world.send(request(Method::GET, path, None, "text/plain", Vec::new()));
    let done = asked(&World::of(&settings(), POLICIES));
    assert_eq!((done.status, &done.json()["resource"]), (200, &json!(API)));
    assert_eq!(asked(&World::new()).status, 404);
}

/// What can lie in the store where the next entry belongs, or its bundle.
#[test]
fn whatever_lies_in_the_store_an_instance_keeps_the_last_good_one_and_says_so_once() {
    let key = |part: &str, world: &World| {
        let store = world.ports.store.borrow();
        store.keys().rfind(|key| key.contains(part)).unwrap().clone()
    };
    let alter = |world: &World, part: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let key = key(part, world);
        change(world.ports.store.borrow_mut().get_mut(&key).unwrap());
    };
    let chunk = format!(":chunk:{}:0", hex_of(&bundle(POLICIES)));
    let replaced = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| *bytes = String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
    };
    type Change = Box<dyn Fn(&mut Vec<u8>)>;
    let cases: Vec<(&str, &str, Change, &str)> = vec![
        ("garbage", ":entry:", Box::new(|bytes| *bytes = b"garbage".to_vec()), "cannot be read"),
        ("newer entry", ":entry:", Box::new(replaced("\"v\":1", "\"v\":2")), "has version 2"),
        ("unknown key", ":entry:", Box::new(replaced("ops", "eve")), "the key `eve`"),
        (
            "another time",
            ":entry:",
            Box::new(replaced(r#"issued_at\":1"#, r#"issued_at\":2"#)),
            "signature of the policy is wrong",
        ),
        ("newer envelope", ":entry:", Box::new(replaced(r#"format\":1"#, r#"format\":7"#)), "has format 7"),
        ("missing part", &chunk, Box::new(|bytes| bytes.clear()), "not a policy bundle"),
        ("damaged head", &chunk, Box::new(|bytes| bytes[70] ^= 1), "is damaged"),
        ("damaged text", &chunk, Box::new(|bytes| *bytes.last_mut().unwrap() = b'}'), "is damaged"),
        ("newer bundle", &chunk, Box::new(|bytes| bytes[8] = 9), "has format 9"),
    ];
    for (name, part, change, want) in cases {
        let console = pushed();
        let gateway = console.instance(&settings(), POLICIES);
        assert_eq!(read(&gateway), "denied");
        assert_eq!(push(&console, POLICIES, 2).status, 200);
        alter(&console, part, &*change);
        console.ports.log.borrow_mut().clear();
        for _ in 0..3 {
            pass(&gateway, 500);
            assert_eq!(read(&gateway), "denied", "case: {name}: the last good one stays");
        }
        let log = console.ports.log.borrow().clone();
        let told = log.iter().filter(|line| line.starts_with("policies: ")).collect::<Vec<_>>();
        assert_eq!(told.len(), 1, "case: {name}: {log:?}");
        assert!(told[0].contains("serial 2") && told[0].contains(want), "case: {name}: {}", told[0]);
        // One that starts goes back, or finds the damaged text when it needs it, which denies.
        assert_eq!(read(&console.instance(&settings(), POLICIES)), "denied", "case: {name}");
    }
}

#[test]
fn a_missing_part_is_told_and_awaited() {
    let console = pushed();
    let gateway = console.instance(&settings(), POLICIES);
    assert_eq!(read(&gateway), "denied");
    assert_eq!(push(&console, POLICIES, 2).status, 200);
    let chunk = format!("pc1:portcullis:policy:chunk:{}:0", hex_of(&bundle(POLICIES)));
    let bytes = console.ports.store.borrow_mut().remove(&chunk).unwrap();
    pass(&gateway, 500);
    assert_eq!(read(&gateway), "denied");
    assert!(console.ports.log.borrow().iter().any(|line| line.contains("part 0")));
    console.ports.store.borrow_mut().insert(chunk, bytes);
    pass(&gateway, 500);
    assert_eq!(read(&gateway), "allowed", "a store may be late");
}

#[test]
fn where_no_pushed_policy_is_good_the_files_are_no_way_in() {
    let world = pushed();
    world.ports.store.borrow_mut().retain(|key, _| !key.contains(":chunk:"));
    let starts = world.instance(&settings(), POLICIES);
    assert_eq!(read(&starts), "503");
    assert_eq!(refusals(&starts).last().unwrap().kind, "no_policy");
    for _ in 0..3 {
        let ready = request(Method::GET, "/readyz", None, "text/plain", Vec::new());
        assert_eq!(starts.send(ready).status, 503, "however often it is asked");
    }
    assert_eq!(push(&starts, STRICT, 2).status, 503, "nobody may push either");
}

#[test]
fn a_store_that_does_not_answer_is_no_way_to_other_policies() {
    let world = pushed();
    let runs = world.instance(&settings(), POLICIES);
    assert_eq!(read(&runs), "denied");
    world.ports.store_fails.set(Some(":policy:"));
    world.ports.log.borrow_mut().clear();
    let starts = world.instance(&settings(), POLICIES);
    assert_eq!(read(&starts), "503", "one that starts knows nothing");
    for _ in 0..3 {
        pass(&runs, 500);
        assert_eq!(read(&runs), "denied", "one that runs goes on");
    }
    let told = |world: &World| {
        let log = world.ports.log.borrow();
        log.iter().filter(|line| line.starts_with("policies: what was pushed cannot be read")).count()
    };
    assert_eq!(told(&world), 2, "each says it once");
    world.ports.store_fails.set(None);
    pass(&runs, 500);
    assert_eq!((read(&starts), read(&runs)), ("denied".to_owned(), "denied".to_owned()));
}

#[test]
fn a_lower_serial_than_the_settings_allow_is_never_in_force() {
    let with =
        |minimum: u64| settings().replace("[policy]\n", &format!("[policy]\nminimum_serial = {minimum}\n"));
    let world = pushed();
    assert_eq!(read(&world.instance(&with(1), POLICIES)), "denied");
    assert_eq!(read(&world.instance(&with(2), POLICIES)), "503", "rolled back by who can write to the store");
    let empty = World::of(&with(2), POLICIES);
    assert_eq!(read(&empty), "503", "or emptied");
}

#[test]
fn wherever_the_store_fails_a_push_is_done_or_not_and_can_be_done_again() {
    let mut n_failed = 0;
    for fault in 0..40 {
        let console = pushed();
        let gateway = console.instance(&settings(), POLICIES);
        assert_eq!(read(&gateway), "denied");
        // The console's keys and policies are known by now, so every operation is one of the push.
        console.ports.until_fault.set(Some(fault));
        let done = push(&console, POLICIES, 2);
        let was_hit = console.ports.until_fault.take().is_none();
        n_failed += u32::from(was_hit);
        pass(&gateway, 500);
        let starts = read(&console.instance(&settings(), POLICIES));
        assert_eq!(read(&gateway), starts, "fault {fault}: all instances agree");
        if done.status == 200 {
            assert_eq!(starts, "allowed", "fault {fault}: what was promised holds");
        } else {
            assert!(was_hit && done.status == 503 || done.status == 409, "fault {fault}: {done:?}");
            let word = done.json()["error"].as_str().unwrap().to_owned();
            if starts == "allowed" {
                let known = ["unannounced", "unknown", "outcome_unrecorded"];
                assert!(known.contains(&word.as_str()), "fault {fault}: {word}");
            }
        }
        let next = status(&console)["next_serial"].as_u64().unwrap();
        assert_eq!(push(&console, CLOSED, next).status, 200, "fault {fault}: it can be done again");
        pass(&gateway, 500);
        assert_eq!(read(&gateway), "allowed", "fault {fault}");
        assert_eq!(read(&console.instance(&settings(), POLICIES)), "allowed", "fault {fault}");
        if !was_hit {
            assert!(n_failed > 8, "only {n_failed} operations");
            return;
        }
    }
    panic!("a push has more than 40 operations");
}

#[test]
fn nothing_is_forwarded_and_nothing_changes_without_a_record() {
    let world = World::of(&settings(), POLICIES);
    world.ports.writes_left.set(0);
    let done = push(&world, STRICT, 1);
    assert_eq!((done.status, done.json()["error"].as_str()), (503, Some("store_unavailable")));
    world.ports.writes_left.set(u64::MAX);
    assert_eq!(read(&world.instance(&settings(), POLICIES)), "allowed", "nothing was pushed");
    // The outcome cannot be written: it was done, and that is what is told. What was not written before comes first.
    world.ports.writes_left.set(2);
    let done = push(&world, STRICT, 1);
    assert_eq!((done.status, done.json()["error"].as_str()), (503, Some("outcome_unrecorded")));
    world.ports.writes_left.set(u64::MAX);
    assert_eq!(read(&world.instance(&settings(), POLICIES)), "denied");
}

#[test]
fn who_asks_too_often_is_refused_before_the_store_is_asked() {
    let settings = settings().replace("[limits]", "[limits]\nrequests_per_minute = 6\nrequest_burst = 2");
    let world = World::of(&settings, POLICIES);
    for _ in 0..2 {
        assert_eq!(status(&world)["error"], Value::Null);
    }
    let asked = || world.ports.operations.borrow().iter().filter(|done| done.starts_with("get")).count();
    let before = asked();
    let refused = request(Method::GET, "/api/policy", Some(&writer()), "text/plain", Vec::new());
    let refused = world.control(refused);
    assert_eq!((refused.status, &refused.json()["error"]), (429, &json!("too_many_requests")));
    assert_eq!(asked(), before);
    for _ in 0..40 {
        status(&world);
    }
    assert_eq!(refusals(&world).len(), 8);
    pass(&world, 10_000);
    assert_eq!(status(&world)["error"], Value::Null);
}
