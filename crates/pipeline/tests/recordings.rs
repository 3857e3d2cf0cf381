//! Reading the ledger: what was called is listed, read, exported and verified, by those who may, whatever was damaged.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing test is its report"
)]

#[expect(dead_code, reason = "the other tests use more of it")]
mod world;

#[path = "recordings/following.rs"]
mod following;

use std::collections::BTreeSet;

use http::{Method, Request};
use portcullis_ledger::{Checkpoint, Record, Report, Verifier};
use serde_json::{Value, json};

use crate::world::{Chunked, Done, NOW_MS, SETTINGS, World, legacy_call, post, result, token, token_for};

const API: &str = "https://gw.example.com/api";
const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action in Action::"call", resource);
@id("no-pay") forbid (principal, action == Action::"crm/pay", resource);
@id("audit") permit (principal in Group::"idp:auditors", action in [Action::"audit", Action::"review"], resource);
@id("crm-audit") permit (principal in Group::"idp:crm", action in [Action::"audit", Action::"review"], resource == Connection::"crm");
@id("lister") permit (principal in Group::"idp:listers", action == Action::"audit", resource);
"#;
const MINUTE: u64 = 60_000;

fn settings() -> String {
    let pace =
        "depth = 16\nrequests_per_minute = 1000000\nrequest_burst = 1000000\naddress_request_burst = 1000000";
    let settings = SETTINGS.replace("depth = 16", pace);
    format!("{settings}[console]\nissuers = [\"idp\"]\n")
}

fn world() -> World {
    World::of(&settings(), POLICIES)
}

/// Another instance of the same gateway.
fn instance(world: &World) -> World {
    world.instance(&settings(), POLICIES)
}

fn call(world: &World, connection: &str, subject: &str, tool: &str) -> Done {
    world.upstream_answers_json(&result("hello"));
    world.send(post(connection, Some(&token(subject, "staff")), legacy_call(tool, &json!({ "a": 1 }))))
}

fn request(path: &str, token: Option<&str>) -> Request<Chunked> {
    let mut request = post("crm", token, "");
    *request.method_mut() = Method::GET;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    request
}

fn ask(world: &World, group: &str, path: &str) -> Done {
    world.control(request(path, Some(&token_for("audra", group, &[API]))))
}

fn list(world: &World, query: &str) -> Value {
    let done = ask(world, "auditors", &format!("/api/recordings{query}"));
    assert_eq!(done.status, 200, "{}", done.text);
    done.json()
}

/// What is said of recordings of callers; the gateway itself has some too.
fn members(list: &Value, member: &str) -> Vec<Value> {
    let entries = list["recordings"].as_array().unwrap().iter();
    entries.filter(|entry| !entry["principal"].is_null()).map(|entry| entry[member].clone()).collect()
}

/// The recording of what somebody did on a connection.
fn recording(world: &World, subject: &str, connection: &str) -> String {
    let found = list(world, &format!("?principal=idp%7C{subject}&connection={connection}"));
    found["recordings"][0]["recording"].as_str().unwrap().to_owned()
}

/// All lines of an export.
fn export(world: &World) -> Vec<String> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let done = ask(world, "auditors", &format!("/api/ledger/export?{cursor}"));
        assert_eq!(done.status, 200, "{}", done.text);
        let page = done.json();
        lines.extend(page["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("cursor={next}"),
            None => return lines,
        }
    }
}

/// What was published in the log.
fn published(world: &World) -> Vec<Checkpoint> {
    let log = world.ports.log.borrow();
    let texts = log.iter().filter_map(|line| line.split(' ').find(|word| word.starts_with("pcchk1.")));
    texts.map(|text| Checkpoint::parse(text).unwrap()).collect()
}

fn verify(world: &World, lines: &[String]) -> Report {
    let mut verifier = Verifier::new(world.gateway.ledger_keys().trusted.clone(), published(world));
    lines.iter().for_each(|line| verifier.line(line));
    verifier.finish()
}

/// The keys in the store with this part.
fn keys(world: &World, part: &str) -> Vec<String> {
    world.ports.store.borrow().keys().filter(|key| key.contains(part)).cloned().collect()
}

fn pass(world: &World, ms: u64) {
    world.ports.now.set(world.ports.now.get() + ms);
}

#[test]
fn calls_are_listed_by_whose_they_are_where_they_went_and_how_they_were_decided() {
    let world = world();
    call(&world, "crm", "ada", "read");
    call(&world, "crm", "ada", "pay");
    call(&world, "photos", "bo", "read");
    let all = list(&world, "");
    let pairs: BTreeSet<(String, String)> = all["recordings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| {
            Some((one["principal"].as_str()?.to_owned(), one["connection"].as_str()?.to_owned()))
        })
        .collect();
    let expected = [("idp|ada", "crm"), ("idp|bo", "photos")];
    assert_eq!(pairs, expected.map(|(who, place)| (who.to_owned(), place.to_owned())).into());
    assert_eq!((&all["problems"], &all["connections"]), (&json!([]), &json!(["crm", "photos"])));
    for (query, n, connection) in [
        ("?connection=photos", 1, Some("photos")),
        ("?principal=idp%7Cada", 1, Some("crm")),
        ("?principal=idp%7Cada&connection=photos", 0, None),
        ("?decision=deny", 1, Some("crm")),
        ("?decision=hold", 0, None),
        ("?day=2020-01-01", 0, None),
    ] {
        let found = list(&world, query);
        let connections = members(&found, "connection");
        assert_eq!(connections.len(), n, "{query}");
        assert_eq!(connections.first().and_then(Value::as_str), connection, "{query}");
    }
    for query in ["?day=yesterday", "?limit=0", "?who=ada", "?principal=ada", "?cursor=x", "?decision=no"] {
        let done = ask(&world, "auditors", &format!("/api/recordings{query}"));
        assert_eq!((done.status, &done.json()["error"]), (400, &json!("query")), "{query}");
    }
}

#[test]
fn a_cursor_goes_on_where_it_was_while_new_records_arrive() {
    let world = world();
    for n in 0..5 {
        call(&world, "crm", &format!("user{n}"), "read");
        pass(&world, 10);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&world, &format!("?connection=crm&limit=2{cursor}"));
        assert!(page["recordings"].as_array().unwrap().len() <= 2);
        seen.extend(members(&page, "principal"));
        // Somebody new, who is later than all that is still to come.
        call(&world, "crm", &format!("late{}", seen.len()), "read");
        pass(&world, 10);
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["idp|user4", "idp|user3", "idp|user2", "idp|user1", "idp|user0"]);
}

#[test]
fn one_recording_is_read_as_the_caller_saw_it_and_the_read_is_on_record_first() {
    let world = world();
    call(&world, "crm", "ada", "read");
    call(&world, "crm", "bo", "read");
    let id = recording(&world, "ada", "crm");
    let done = ask(&world, "auditors", &format!("/api/recordings/{id}"));
    let told = done.json();
    assert_eq!((done.status, &told["problems"], &told["next"]), (200, &json!([]), &json!(null)));
    let kinds: Vec<&Value> = told["records"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["intent", "outcome"]);
    let [intent, outcome] = &told["records"].as_array().unwrap()[..] else { panic!("two records") };
    assert_eq!(intent["principal"]["subject"], json!("ada"));
    assert!(outcome["body"].to_string().contains("hello"));
    let records = world.ports.records();
    let reads = records.iter().filter_map(|record| match record {
        Record::Intent(intent) if intent.method == "recordings/read" => Some(intent),
        Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
    });
    let [read] = reads.collect::<Vec<_>>().try_into().unwrap();
    let end = world.outcomes().pop().unwrap();
    assert_eq!((read.method.as_str(), read.name.as_deref()), ("recordings/read", Some(id.as_str())));
    assert_eq!((read.principal.subject.as_str(), read.id), ("audra", end.id));

    // If that cannot be recorded, nothing is told.
    world.ports.writes_left.set(0);
    let done = ask(&world, "auditors", &format!("/api/recordings/{id}"));
    assert_eq!((done.status, done.text.contains("hello")), (503, false));
}

#[test]
fn who_may_not_is_refused_and_on_record() {
    let world = world();
    call(&world, "crm", "ada", "read");
    call(&world, "photos", "ada", "read");
    let (crm, photos) = (recording(&world, "ada", "crm"), recording(&world, "ada", "photos"));
    for (group, path, status) in [
        ("staff", "/api/recordings".to_owned(), 403),
        ("staff", "/api/ledger/export".to_owned(), 403),
        ("staff", format!("/api/recordings/{crm}"), 403),
        ("listers", "/api/recordings".to_owned(), 200),
        ("listers", format!("/api/recordings/{crm}"), 403),
        ("crm", format!("/api/recordings/{crm}"), 200),
        ("crm", format!("/api/recordings/{photos}"), 403),
        ("crm", "/api/ledger/export".to_owned(), 403),
        ("auditors", format!("/api/recordings/{photos}"), 200),
        ("auditors", format!("/api/recordings/{}", "0".repeat(32)), 404),
        ("auditors", "/api/recordings/x".to_owned(), 404),
    ] {
        let before = world.ports.records().len();
        let done = ask(&world, group, &path);
        assert_eq!(done.status, status, "{group} {path} {}", done.text);
        if status == 403 {
            let records = world.ports.records();
            let Some(Record::Refusal(refusal)) = records.get(before) else { panic!("{group} {path}") };
            assert_eq!((refusal.kind.as_str(), records.len()), ("denied", before + 1));
        }
    }
    assert_eq!(world.control(request("/api/recordings", None)).status, 401);
    // Of connections that one may not audit, one does not even learn that they were used.
    let found = ask(&world, "crm", "/api/recordings").json();
    assert_eq!(members(&found, "connection"), ["crm"]);
}

#[test]
fn an_export_is_verified_and_what_was_done_to_the_store_is_named() {
    let world = world();
    for n in 0..3 {
        call(&world, "crm", &format!("user{n}"), "read");
    }
    // The list publishes a checkpoint.
    list(&world, "");
    assert_eq!(published(&world).len(), 1);
    let report = verify(&world, &export(&world));
    assert!(report.is_clean() && report.records >= 6, "{report:?}");
    assert_eq!(report.vouched.map(|vouched| vouched.serial), Some(1));
    assert!(report.days.is_some());

    // What somebody did to the export, or to the store before it.
    let lines = export(&world);
    let is_segment = |line: &String| line.contains(r#""line":"segment""#);
    let first = lines.iter().position(is_segment).unwrap();
    let problem = |change: &dyn Fn(&mut Vec<String>), part: &str| {
        let mut changed = lines.clone();
        change(&mut changed);
        changed.pop();
        changed.push(format!(r#"{{"line":"end","lines":{}}}"#, changed.len() + 1));
        let report = verify(&world, &changed);
        let found = report.findings.first().unwrap();
        let text = found.problem.to_string();
        assert!(text.contains(part), "`{part}` is not in `{text}`");
        found.record
    };
    let flipped = problem(
        &|lines| {
            let line = &mut lines[first + 1];
            let at = line.len() - 40;
            let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
            line.replace_range(at..=at, other);
        },
        "its signature is wrong",
    );
    assert!(flipped.is_some(), "the record is named");
    problem(&|lines| drop(lines.remove(first + 1)), "/1 is missing");
    problem(
        &|lines| {
            let value = |line: &str| line.split(r#""value":"#).nth(1).unwrap().to_owned();
            let (a, b) = (value(&lines[first]), value(&lines[first + 1]));
            lines[first] = lines[first].replace(&a, &b);
            lines[first + 1] = lines[first + 1].replace(&b, &a);
        },
        "segments were moved",
    );
    problem(&|lines| lines.retain(|line| !is_segment(line)), "checkpoint 1 has seen it");
    problem(&|lines| lines.truncate(first + 4), "ends after 3 segments, but checkpoint 1 has seen");
    let second = keys(&world, ":segment:").remove(1);
    world.ports.store.borrow_mut().remove(&second);
    let report = verify(&world, &export(&world));
    assert!(report.findings[0].problem.to_string().contains("/1 is missing"));
}

#[test]
fn what_is_damaged_is_told_to_whoever_reads() {
    let world = world();
    for _ in 0..3 {
        call(&world, "crm", "ada", "read");
    }
    let id = recording(&world, "ada", "crm");
    let path = format!("/api/recordings/{id}");
    let third = keys(&world, ":segment:").remove(2);
    let key = keys(&world, &format!(":key:{id}")).remove(0);
    // What is told while this lies at a key.
    let problems = |key: &str, value: Option<Vec<u8>>| -> Vec<String> {
        let before = world.ports.store.borrow_mut().remove(key).unwrap();
        world.ports.store.borrow_mut().extend(value.map(|value| (key.to_owned(), value)));
        let done = ask(&world, "auditors", &path);
        assert_eq!(done.status, 200, "{}", done.text);
        world.ports.store.borrow_mut().insert(key.to_owned(), before);
        let problems = done.json()["problems"].as_array().unwrap().clone();
        problems.iter().map(|problem| problem.as_str().unwrap().to_owned()).collect()
    };
    let stored = |key: &str| world.ports.store.borrow()[key].clone();
    assert_eq!(problems(&third, Some(stored(&third))), [""; 0]);
    for byte in 0..stored(&third).len() {
        if byte % 29 == 0 {
            let mut flipped = stored(&third);
            flipped[byte] ^= 1;
            assert!(!problems(&third, Some(flipped)).is_empty(), "byte {byte}");
        }
    }
    for (key, value, part) in [
        (&third, None, "/2 is missing"),
        (&third, Some(b"nothing".to_vec()), "malformed"),
        (&key, Some(vec![1, 1, 0, 0]), "the key of the recording is malformed"),
    ] {
        let found = problems(key, value);
        assert!(found.iter().any(|one| one.contains(part)), "{part} {found:?}");
    }
    // The list says so as well.
    world.ports.store.borrow_mut().insert(third, b"nothing".to_vec());
    assert_eq!(list(&world, "")["problems"].as_array().unwrap().len(), 1);
}

#[test]
fn readers_derive_the_index_and_derive_it_again_if_it_is_damaged() {
    let world = world();
    call(&world, "crm", "ada", "read");
    assert_eq!(keys(&world, ":leaf:"), [""; 0]);
    // Long after the chain has ended; what reads it writes to another one.
    pass(&world, 5 * MINUTE);
    let id = recording(&world, "ada", "crm");
    let [leaf] = keys(&world, ":leaf:").try_into().unwrap();
    let derived = world.ports.store.borrow()[&leaf].clone();
    for damaged in [b"x".to_vec(), derived[..derived.len() - 1].to_vec()] {
        world.ports.store.borrow_mut().insert(leaf.clone(), damaged);
        assert_eq!(recording(&world, "ada", "crm"), id);
        assert_eq!(world.ports.store.borrow()[&leaf], derived);
    }
    // An index that is gone is derived once more.
    world.ports.store.borrow_mut().remove(&leaf);
    assert_eq!(recording(&world, "ada", "crm"), id);
}

#[test]
fn checkpoints_follow_at_a_bounded_rate_and_only_if_there_is_something_new() {
    let world = world();
    call(&world, "crm", "ada", "read");
    (0..3).for_each(|_| drop(list(&world, "")));
    assert_eq!(published(&world).len(), 1);
    pass(&world, 2 * MINUTE);
    (0..3).for_each(|_| drop(list(&world, "")));
    assert_eq!(published(&world).len(), 1, "nothing has happened since");
    call(&world, "crm", "ada", "read");
    list(&world, "");
    assert_eq!(published(&world).len(), 2);
    assert!(verify(&world, &export(&world)).is_clean());
    assert!(world.ports.now.get() > NOW_MS);
}

#[test]
fn a_store_that_fails_anywhere_is_no_answer_and_no_panic() {
    let world = world();
    call(&world, "crm", "ada", "read");
    let id = recording(&world, "ada", "crm");
    for path in
        ["/api/recordings".to_owned(), "/api/ledger/export".to_owned(), format!("/api/recordings/{id}")]
    {
        for n in 0..60 {
            world.ports.until_fault.set(Some(n));
            let done = ask(&world, "auditors", &path);
            let is_whole = done.status == 200 && !done.json().is_null();
            assert!(is_whole || done.status == 503, "{path} {n} {} {}", done.status, done.text);
        }
        world.ports.until_fault.set(None);
        assert_eq!(ask(&world, "auditors", &path).status, 200);
    }
}
