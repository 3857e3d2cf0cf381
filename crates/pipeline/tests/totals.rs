//! What calls add up to: told by day and connection to whom policy lets audit them, and to a monitoring system; and what is
//! missing is told.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod world;

use std::collections::BTreeMap;

use http::{Method, Request};
use portcullis_ledger::Record;
use serde_json::{Value, json};

use crate::world::{Chunked, Done, NOW_MS, SETTINGS, World, legacy_call, post, result, token, token_for};

const API: &str = "https://gw.example.com/api";
const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action in Action::"call", resource);
@id("no-pay") forbid (principal, action == Action::"crm/pay", resource);
@id("held") @approval("idp:boss") forbid (principal, action == Action::"crm/held", resource);
@id("audit") permit (principal in Group::"idp:auditors", action in [Action::"audit", Action::"review"], resource);
@id("crm-audit") permit (principal in Group::"idp:crm", action == Action::"audit", resource == Connection::"crm");
"#;
const MINUTE: u64 = 60_000;

fn settings() -> String {
    let pace =
        "depth = 16\nrequests_per_minute = 1000000\nrequest_burst = 1000000\naddress_request_burst = 1000000";
    format!("{}[console]\nissuers = [\"idp\"]\n", SETTINGS.replace("depth = 16", pace))
}

fn world() -> World {
    World::of(&settings(), POLICIES)
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

fn usage(world: &World, group: &str, query: &str) -> Value {
    let done = ask(world, group, &format!("/api/usage{query}"));
    assert_eq!(done.status, 200, "{}", done.text);
    done.json()
}

/// What is told of a connection on all days, without what depends on the length of records.
fn totals(usage: &Value, connection: &str) -> Option<Value> {
    let rows = usage["totals"].as_array().unwrap();
    let mut row = rows.iter().find(|row| row["connection"].as_str() == Some(connection))?.clone();
    assert!(row["bytes"].as_u64().unwrap() > 0);
    ["bytes", "connection", "connection_tag"].iter().for_each(|name| drop(row[*name].take()));
    row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Some(row)
}

/// The keys in the store with this part.
fn keys(world: &World, part: &str) -> Vec<String> {
    world.ports.store.borrow().keys().filter(|key| key.contains(part)).cloned().collect()
}

fn pass(world: &World, ms: u64) {
    world.ports.now.set(world.ports.now.get() + ms);
}

/// Two calls and a denial on one connection, a held call, and one call on the other.
fn busy() -> World {
    let world = world();
    call(&world, "crm", "ada", "read");
    call(&world, "crm", "bo", "read");
    call(&world, "crm", "ada", "pay");
    call(&world, "crm", "ada", "held");
    call(&world, "photos", "bo", "read");
    world
}

fn expected(calls: u64, (deny, hold): (u64, u64), (recordings, principals): (u64, u64)) -> Value {
    json!({
        "calls": calls, "outcomes": calls, "open": 0, "refusals": { "deny": deny, "hold": hold, "other": 0 },
        "drift": 0, "records": calls * 2 + deny + hold, "recordings": recordings, "principals": principals,
        "is_exact": true,
    })
}

#[test]
fn totals_are_told_by_day_and_connection_whatever_has_been_derived_of_them() {
    let world = busy();
    let (crm, photos) = (expected(2, (1, 1), (2, 2)), expected(1, (0, 0), (1, 1)));
    let check = |world: &World, query: &str| {
        let usage = usage(world, "auditors", query);
        assert_eq!(usage["problems"], json!([]));
        assert_eq!(
            (totals(&usage, "crm"), totals(&usage, "photos")),
            (Some(crm.clone()), Some(photos.clone()))
        );
        usage
    };
    let first = check(&world, "");
    let days = first["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[6]["day"]), (7, &json!("2027-01-15")));
    assert_eq!((&days[0]["connections"], &days[0]["all"]["records"]), (&json!([]), &json!(0)));
    assert_eq!((&days[6]["all"]["calls"], &days[6]["ledger"]["chains"]), (&json!(3), &json!(1)));
    assert_eq!(first["connections"], json!(["crm", "photos"]));
    // Once the chain has ended, its total is derived, and in the end that of the day.
    assert_eq!(keys(&world, ":sum:"), [""; 0]);
    pass(&world, 5 * MINUTE);
    check(&world, "?day=2027-01-15");
    assert_eq!((keys(&world, ":sum:").len(), keys(&world, ":total:").len()), (1, 0));
    pass(&world, 24 * 60 * MINUTE);
    let token = json!({"sub": "audra", "groups": ["auditors"], "aud": [API], "exp": NOW_MS / 1000 + 200_000});
    let later = |path: &str| world.control(request(path, Some(&world::token_with(token.clone()))));
    let settled = later("/api/usage?day=2027-01-15").json();
    assert_eq!(totals(&settled, "crm"), Some(crm.clone()));
    assert_eq!(keys(&world, ":total:"), ["pc1:portcullis:l2:total:2027-01-15"]);
    // After that, nothing of the day is read but it.
    world.ports.operations.borrow_mut().clear();
    assert_eq!(totals(&later("/api/usage?day=2027-01-15").json(), "crm"), Some(crm));
    let operations = world.ports.operations.borrow().clone();
    let of_day = operations.iter().filter(|one| ["get sum", "get leaf", "get total"].contains(&one.as_str()));
    assert!(of_day.count() <= 1, "{operations:?}");
}

#[test]
fn of_connections_that_one_may_not_audit_one_learns_nothing() {
    let world = busy();
    let all = usage(&world, "auditors", "");
    let some = usage(&world, "crm", "");
    assert_eq!(totals(&some, "crm"), totals(&all, "crm"));
    assert_eq!((totals(&some, "photos"), &some["connections"]), (None, &json!(["crm"])));
    assert_eq!(some["days"][6]["ledger"], Value::Null);
    assert_eq!(some["totals"].as_array().unwrap().len(), 1, "nor of what is of no connection");
    let none = usage(&world, "crm", "?connection=photos");
    assert_eq!((&none["totals"], &none["all"]["records"]), (&json!([]), &json!(0)));
    let one = usage(&world, "auditors", "?connection=photos");
    assert_eq!(
        (one["totals"].as_array().unwrap().len(), totals(&one, "photos")),
        (1, totals(&all, "photos"))
    );
    for path in ["/api/usage", "/api/metrics"] {
        assert_eq!(world.control(request(path, None)).status, 401);
        let before = world.ports.records().len();
        let done = ask(&world, "staff", path);
        assert_eq!((done.status, done.text.contains("`audit`")), (403, true), "{}", done.text);
        let Some(Record::Refusal(refusal)) = world.ports.records().pop() else { panic!("a refusal") };
        assert_eq!((refusal.kind.as_str(), world.ports.records().len()), ("denied", before + 1));
        let mut posted = request(path, Some(&token_for("audra", "auditors", &[API])));
        *posted.method_mut() = Method::POST;
        assert_eq!(world.control(posted).status, 405, "{path}");
    }
    for path in [
        "/api/usage?day=today",
        "/api/usage?from=2026-01-01",
        "/api/usage?who=ada",
        "/api/metrics?day=2027-01-15",
    ] {
        let done = ask(&world, "auditors", path);
        assert_eq!((done.status, &done.json()["error"]), (400, &json!("query")), "{path}");
    }
    // Looking at totals leaves no record: whoever scrapes would make some of what they count.
    let before = world.ports.records().len();
    usage(&world, "auditors", "");
    assert_eq!(ask(&world, "auditors", "/api/metrics").status, 200);
    assert_eq!(world.ports.records().len(), before);
}

#[test]
fn what_is_missing_in_totals_is_told() {
    let world = busy();
    let second = keys(&world, ":segment:").remove(1);
    let stored = world.ports.store.borrow_mut().remove(&second).unwrap();
    let told = usage(&world, "auditors", "");
    let problems = told["problems"].as_array().unwrap();
    assert!(
        problems[0].as_str().unwrap().contains("chain 2027-01-15/1 is missing or cannot be read"),
        "{problems:?}"
    );
    assert_eq!(told["days"][6]["ledger"]["damaged"], json!(1));
    let metrics = samples(&ask(&world, "auditors", "/api/metrics").text);
    assert_eq!(metrics["portcullis_ledger_damaged_chains"], 1);
    world.ports.store.borrow_mut().insert(second.clone(), stored);
    assert_eq!(usage(&world, "auditors", "")["problems"], json!([]));
    // What has been counted once stays counted, though it is not there any more; what was indexed and not counted is
    // missed.
    pass(&world, 5 * MINUTE);
    let whole = totals(&usage(&world, "auditors", ""), "crm");
    world.ports.store.borrow_mut().remove(&second);
    assert_eq!(totals(&usage(&world, "auditors", ""), "crm"), whole);
    keys(&world, ":sum:").iter().for_each(|key| drop(world.ports.store.borrow_mut().remove(key)));
    assert_eq!(usage(&world, "auditors", "")["problems"].as_array().unwrap().len(), 1);
    assert_eq!(keys(&world, ":sum:"), [""; 0]);
}

/// The exposition as a program reads it: every sample by its name and labels, after its help and type.
fn samples(text: &str) -> BTreeMap<String, u64> {
    let (mut samples, mut family) = (BTreeMap::new(), (String::new(), String::new()));
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family.0 = help.split_once(' ').unwrap().0.to_owned();
            assert!(!samples.keys().any(|name: &String| name.split('{').next() == Some(&family.0)), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, family.0);
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            family.1 = kind.to_owned();
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next(), Some(family.0.as_str()), "{line}");
            assert_eq!(samples.insert(name.to_owned(), value.parse().unwrap()), None, "{line}");
        }
    }
    samples
}

#[test]
fn metrics_are_what_prometheus_reads_and_begin_again_with_the_day() {
    let world = busy();
    let done = ask(&world, "auditors", "/api/metrics");
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let metrics = samples(&done.text);
    for (sample, value) in [
        (r#"portcullis_calls_total{connection="crm",decision="allow"}"#, 2),
        (r#"portcullis_calls_total{connection="crm",decision="deny"}"#, 1),
        (r#"portcullis_calls_total{connection="crm",decision="hold"}"#, 1),
        (r#"portcullis_calls_total{connection="photos",decision="allow"}"#, 1),
        (r#"portcullis_refusals_total{connection="crm",decision="deny"}"#, 1),
        (r#"portcullis_refusals_total{connection="crm",decision="none"}"#, 0),
        (r#"portcullis_outcomes_total{connection="crm"}"#, 2),
        (r#"portcullis_records_total{connection="crm"}"#, 6),
        (r#"portcullis_drift_total{connection="photos"}"#, 0),
        (r#"portcullis_principals{connection="crm"}"#, 2),
        (r#"portcullis_recordings{connection="photos"}"#, 1),
        (r#"portcullis_approvals_waiting{connection="crm"}"#, 1),
        (r#"portcullis_approvals_waiting{connection="photos"}"#, 0),
        ("portcullis_ledger_chains", 1),
        ("portcullis_ledger_open_chains", 1),
        ("portcullis_ledger_damaged_chains", 0),
        ("portcullis_checkpoint_serial", 1),
        ("portcullis_checkpoint_age_seconds", 0),
        ("portcullis_policy_serial", 0),
        ("portcullis_policy_push_refused", 0),
    ] {
        assert_eq!(metrics.get(sample), Some(&value), "{sample}");
    }
    assert!(metrics[r#"portcullis_record_bytes_total{connection="crm"}"#] > 1_000);
    let in_force = |name: &&String| name.starts_with("portcullis_policies_in_force{from=\"files\",digest=\"");
    assert_eq!(metrics.keys().filter(in_force).count(), 1);
    // Another instance says the same.
    let other = world.instance(&settings(), POLICIES);
    assert_eq!(ask(&other, "auditors", "/api/metrics").text, done.text);
    // Who may audit one connection sees that, and nothing from which the rest could be told.
    let some = samples(&ask(&world, "crm", "/api/metrics").text);
    assert!(some.keys().any(|name| name.contains("connection=\"crm\"")));
    let hidden = |name: &String| {
        name.contains("photos") || name.contains("ledger") || name.contains("connection=\"\"")
    };
    assert!(!some.keys().any(hidden), "{some:?}");
    // A counter grows, and begins again at midnight.
    call(&world, "crm", "ada", "read");
    let calls = r#"portcullis_calls_total{connection="crm",decision="allow"}"#;
    let count = |world: &World| {
        let claims =
            json!({"sub": "audra", "groups": ["auditors"], "aud": [API], "exp": NOW_MS / 1000 + 200_000});
        let done = world.control(request("/api/metrics", Some(&world::token_with(claims))));
        samples(&done.text)[calls]
    };
    assert_eq!(count(&world), 3);
    pass(&world, 4 * MINUTE);
    assert_eq!(count(&world), 3, "it is the same from its total");
    pass(&world, 24 * 60 * MINUTE);
    assert_eq!(count(&world), 0);
}

#[test]
fn a_store_that_fails_anywhere_is_no_smaller_number() {
    let world = busy();
    // A request that fails leaves a refusal itself, which is of no connection.
    let seen = |usage: &Value| ["crm", "photos"].map(|name| totals(usage, name));
    let of_connections = |text: &str| {
        let samples = samples(text).into_iter();
        samples.filter(|(name, _)| name.contains("crm") || name.contains("photos")).collect::<Vec<_>>()
    };
    let whole = seen(&usage(&world, "auditors", ""));
    let metrics = of_connections(&ask(&world, "auditors", "/api/metrics").text);
    for n in 0..80 {
        world.ports.until_fault.set(Some(n));
        let done = ask(&world, "auditors", "/api/usage");
        let is_whole = done.status == 200 && seen(&done.json()) == whole;
        assert!(is_whole || done.status == 503, "{n} {} {}", done.status, done.text);
        world.ports.until_fault.set(Some(n));
        let done = ask(&world, "auditors", "/api/metrics");
        let is_whole = done.status == 200 && of_connections(&done.text) == metrics;
        assert!(is_whole || done.status == 503, "{n} {}", done.text);
    }
}
