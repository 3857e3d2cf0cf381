//! What becomes of records: the old ones go, those on hold stay, an erased one is read by nobody, and whatever is left is
//! proved as before, also if the store fails in the middle.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failing test is its report")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod world;

use std::rc::Rc;

use http::{Method, Request};
use portcullis_ledger::{Checkpoint, Day, Record, Report, UnixMillis, Verifier};
use portcullis_pipeline::{deliver, has_work};
use serde_json::{Value, json};

use crate::world::{Chunked, Done, NOW_MS, SETTINGS, World, legacy_call, post, result, token_with};

const API: &str = "https://gw.example.com/api";
const POLICIES: &str = r#"
@id("staff") permit (principal in Group::"idp:staff", action in Action::"call", resource);
@id("ops") permit (principal in Group::"idp:ops", action == Action::"configure", resource);
@id("audit") permit (principal in Group::"idp:auditors", action in [Action::"audit", Action::"review"], resource);
@id("legal") permit (principal in Group::"idp:legal", action == Action::"legal_hold", resource);
@id("photos") permit (principal in Group::"idp:photos", action in [Action::"legal_hold", Action::"erase"], resource == Connection::"photos");
@id("privacy") permit (principal in Group::"idp:privacy", action == Action::"erase", resource);
"#;
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

fn settings(records: &str) -> String {
    let pace =
        "depth = 16\nrequests_per_minute = 1000000\nrequest_burst = 1000000\naddress_request_burst = 1000000";
    let settings = SETTINGS.replace("depth = 16", pace).replace("frame_bytes = 4096", "frame_bytes = 400000");
    format!("{settings}[console]\nissuers = [\"idp\"]\n{records}")
}

fn world(records: &str) -> World {
    World::of(&settings(records), POLICIES)
}

/// A token that is good now.
fn token(world: &World, subject: &str, group: &str, audience: &str) -> String {
    let expires = world.ports.now.get() / 1000 + 600;
    token_with(json!({ "sub": subject, "groups": [group], "aud": [audience], "exp": expires }))
}

fn call(world: &World, subject: &str, text: &str) {
    world.upstream_answers_json(&result(text));
    let token = token(world, subject, "staff", "https://gw.example.com/mcp/crm");
    let done = world.send(post("crm", Some(&token), legacy_call("read", &json!({ "a": 1 }))));
    assert_eq!(done.status, 200, "{}", done.text);
}

fn ask(world: &World, group: &str, method: Method, (path, body): (&str, &str)) -> Done {
    let token = token(world, "ola", group, API);
    let mut request: Request<Chunked> = post("crm", Some(&token), body);
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://gw.example.com{path}").parse().unwrap();
    world.control(request)
}

fn get(world: &World, path: &str) -> Done {
    ask(world, "auditors", Method::GET, (path, ""))
}

fn say(world: &World, group: &str, path: &str) -> Done {
    ask(world, group, Method::POST, (path, r#"{"reason": "case 7"}"#))
}

/// What maintenance says of records.
fn maintain(world: &World) -> Value {
    let done = ask(world, "ops", Method::POST, ("/api/maintenance", ""));
    assert_eq!(done.status, 200, "{}", done.text);
    done.json()["records"].clone()
}

fn pass(world: &World, ms: u64) {
    world.ports.now.set(world.ports.now.get() + ms);
}

/// The day this many days after the first one.
fn day(n: u64) -> Day {
    Day::of(UnixMillis(NOW_MS + n * DAY))
}

/// Ada and Bo call, each through an instance of their own, on so many days. It is the last of them afterwards.
fn days(records: &str, n_days: u64) -> World {
    let world = world(records);
    for n in 0..n_days {
        if n > 0 {
            pass(&world, DAY);
        }
        call(&world, "ada", &format!("to ada {n}"));
        call(&world.instance(&settings(records), POLICIES), "bo", &format!("to bo {n}"));
    }
    // The chains of the last day are over too.
    pass(&world, 10 * MINUTE);
    world
}

/// The keys in the store with this part.
fn keys(world: &World, part: &str) -> Vec<String> {
    world.ports.store.borrow().keys().filter(|key| key.contains(part)).cloned().collect()
}

/// How many segments there are of a day.
fn segments(world: &World, n: u64) -> usize {
    keys(world, &format!(":segment:{}:", day(n))).len()
}

/// The recording of somebody on a day.
fn recording(world: &World, subject: &str, n: u64) -> Option<String> {
    let done = get(world, &format!("/api/recordings?day={}&principal=idp%7C{subject}", day(n)));
    assert_eq!(done.status, 200, "{}", done.text);
    Some(done.json()["recordings"][0]["recording"].as_str()?.to_owned())
}

/// All lines of an export of the first days.
fn export(world: &World, n_days: u64) -> Vec<String> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/ledger/export?from={}&to={}{cursor}", day(0), day(n_days));
        let done = get(world, &path);
        assert_eq!(done.status, 200, "{}", done.text);
        let page = done.json();
        lines.extend(page["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
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

fn verified(world: &World) -> Report {
    let mut verifier = Verifier::new(world.gateway.ledger_keys().trusted.clone(), published(world));
    export(world, 9).iter().for_each(|line| verifier.line(line));
    verifier.finish()
}

fn assert_proved(world: &World) {
    let report = verified(world);
    assert!(report.is_clean(), "{report:?}");
}

fn pruned(report: &Value) -> Vec<(String, u64)> {
    let pruned = report["pruned"].as_array().unwrap().iter();
    pruned.map(|one| (one["day"].as_str().unwrap().to_owned(), one["kept"].as_u64().unwrap())).collect()
}

#[test]
fn what_is_too_old_goes_and_the_rest_is_proved_as_before() {
    let world = days("[records]\nkeep_days = 3\n", 6);
    assert_proved(&world);
    let old = recording(&world, "ada", 0).unwrap();
    let report = maintain(&world);
    assert_eq!((&report["problems"], &report["complete"]), (&json!([]), &json!(true)), "{report}");
    assert_eq!(pruned(&report), [(day(0).to_string(), 0), (day(1).to_string(), 0)]);
    assert_eq!([0, 1, 2, 3].map(|n| segments(&world, n) > 0), [false, false, true, true]);
    let left = ["leaf", "key", "node", "list", "pruning"].map(|kind| keys(&world, &format!(":{kind}:")));
    let of_old = |key: &String| key.contains(&format!(":{}", day(0)));
    assert!(!left.iter().flatten().any(of_old), "{left:?}");
    assert_proved(&world);
    assert_eq!((recording(&world, "ada", 0), recording(&world, "ada", 1)), (None, None));
    assert!(recording(&world, "ada", 2).is_some());
    assert_eq!(get(&world, &format!("/api/recordings/{old}?day={}", day(0))).status, 404);
    // It is on record, with the days.
    let outcomes = world.outcomes();
    let told = outcomes.iter().rev().find(|outcome| outcome.text.text().contains("\"pruned\"")).unwrap();
    assert!(told.text.text().contains(&day(1).to_string()));
    // Nothing is left to do, and nothing is looked at twice.
    let report = maintain(&world);
    assert_eq!((pruned(&report), &report["deleted"], &report["complete"]), (vec![], &json!(0), &json!(true)));
    // The next day another one goes, without those before it.
    pass(&world, DAY);
    world.ports.operations.borrow_mut().clear();
    assert_eq!(pruned(&maintain(&world)), [(day(2).to_string(), 0)]);
    assert_proved(&world);
}

#[test]
fn what_is_too_much_goes_from_the_oldest_day_on() {
    let records = "[records]\nkeep_megabytes = 1\n";
    let world = world(records);
    for n in 0..5 {
        if n > 0 {
            pass(&world, DAY);
        }
        (0..4).for_each(|_| call(&world, "ada", &"word ".repeat(20_000)));
    }
    pass(&world, 10 * MINUTE);
    let report = maintain(&world);
    assert_eq!((&report["problems"], &report["complete"]), (&json!([]), &json!(true)), "{report}");
    // 400 KB a day: two days and a half fit.
    assert_eq!(pruned(&report), [0, 1, 2].map(|n| (day(n).to_string(), 0)));
    assert_eq!([0, 1, 2, 3, 4].map(|n| segments(&world, n) > 0), [false, false, false, true, true]);
    assert_proved(&world);
    let report = maintain(&world);
    assert_eq!((pruned(&report), &report["complete"]), (vec![], &json!(true)));
}

#[test]
fn without_limits_nothing_is_deleted() {
    let world = days("", 5);
    let before = keys(&world, ":segment:").len();
    let report = maintain(&world);
    assert_eq!(
        (pruned(&report), &report["complete"], &report["problems"]),
        (vec![], &json!(true), &json!([]))
    );
    assert!(keys(&world, ":segment:").len() > before);
    assert_eq!(keys(&world, ":tombstone:"), [""; 0]);
    assert_proved(&world);
}

#[test]
fn wherever_it_is_stopped_the_ledger_is_proved_and_it_goes_on() {
    let world = days("[records]\nkeep_days = 2\n", 4);
    assert_proved(&world);
    let (stored, now) = (world.ports.stored(), world.ports.now.get());
    let mut n_faults = 0;
    for n in (0..).step_by(5) {
        world.ports.restore(stored.clone());
        // The instance that fails is over, and so is all that it knew.
        let broken = world.instance(&settings("[records]\nkeep_days = 2\n"), POLICIES);
        world.ports.until_fault.set(Some(n));
        let done = ask(&broken, "ops", Method::POST, ("/api/maintenance", ""));
        let is_over = world.ports.until_fault.get().is_some();
        world.ports.until_fault.set(None);
        assert!(matches!(done.status, 200 | 401 | 503), "{n} {}", done.text);
        pass(&world, 20 * MINUTE);
        let next = world.instance(&settings("[records]\nkeep_days = 2\n"), POLICIES);
        assert_proved(&next);
        assert_eq!(maintain(&next)["problems"], json!([]), "{n}");
        assert_eq!((segments(&next, 0), segments(&next, 1) > 0), (0, true), "{n}");
        assert_proved(&next);
        world.ports.now.set(now);
        world.ports.log.borrow_mut().clear();
        n_faults += 1;
        if is_over {
            break;
        }
    }
    assert!(n_faults > 15, "{n_faults}");
}

#[test]
fn a_held_recording_stays_until_it_is_released() {
    let world = days("[records]\nkeep_days = 2\n", 4);
    let (ada, bo) = (recording(&world, "ada", 0).unwrap(), recording(&world, "bo", 0).unwrap());
    let path = |id: &str, verb: &str| format!("/api/recordings/{id}/{verb}?day={}", day(0));
    let held = say(&world, "legal", &path(&ada, "hold"));
    assert_eq!((held.status, &held.json()["problems"]), (200, &json!([])), "{}", held.text);
    let listed = ask(&world, "legal", Method::GET, ("/api/holds", "")).json();
    assert_eq!(
        (&listed["holds"][0]["recording"], &listed["holds"][0]["reason"]),
        (&json!(ada), &json!("case 7"))
    );
    assert_eq!(listed["holds"][0]["by"], json!("idp|ola"));
    assert_eq!(pruned(&maintain(&world)), [(day(0).to_string(), 1)]);
    assert_proved(&world);
    let read = get(&world, &format!("/api/recordings/{ada}?day={}", day(0))).json();
    assert_eq!((read["records"].as_array().unwrap().len(), &read["problems"]), (2, &json!([])));
    assert_eq!(get(&world, &format!("/api/recordings/{bo}?day={}", day(0))).status, 404);
    assert_eq!(pruned(&maintain(&world)), []);
    // While it is held it is not erased, and what is gone cannot be held.
    let refused = say(&world, "privacy", &path(&ada, "erase"));
    assert_eq!((refused.status, &refused.json()["error"]), (409, &json!("on_hold")));
    assert_eq!(say(&world, "legal", &path(&ada, "hold")).json()["error"], json!("on_hold"));
    assert_eq!(say(&world, "legal", &path(&bo, "hold")).json()["error"], json!("no_recording"));

    assert_eq!(say(&world, "legal", &path(&ada, "release")).status, 200);
    assert_eq!(say(&world, "legal", &path(&ada, "release")).json()["error"], json!("not_on_hold"));
    pass(&world, 20 * MINUTE);
    assert_eq!(pruned(&maintain(&world)), [(day(0).to_string(), 0)]);
    assert_eq!(segments(&world, 0), 0);
    assert_proved(&world);
    let intents: Vec<String> = world
        .ports
        .records()
        .into_iter()
        .filter_map(|record| match record {
            Record::Intent(intent) if intent.name.as_deref() == Some(&ada) => Some(intent.method),
            Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
        })
        .collect();
    assert_eq!(intents, ["recordings/hold", "recordings/read", "recordings/release"]);
}

#[test]
fn a_hold_that_somebody_removes_from_the_store_stops_all_deleting_and_is_told() {
    let world = days("[records]\nkeep_days = 2\n", 4);
    let ada = recording(&world, "ada", 0).unwrap();
    let path = |verb: &str| format!("/api/recordings/{ada}/{verb}?day={}", day(0));
    assert_eq!(say(&world, "legal", &path("hold")).status, 200);
    let [key] = keys(&world, ":hold:").try_into().unwrap();
    let entry = world.ports.store.borrow_mut().remove(&key).unwrap();
    for value in [None, Some(b"x".to_vec())] {
        world.ports.store.borrow_mut().extend(value.map(|value| (key.clone(), value)));
        let report = maintain(&world);
        assert_eq!(pruned(&report), [], "{report}");
        assert!(report["problems"][0].as_str().unwrap().contains("entry 1 of the legal holds"), "{report}");
        let erased = say(&world, "privacy", &path("erase"));
        assert_eq!((erased.status, &erased.json()["error"]), (503, &json!("holds_unknown")));
    }
    // It counts where it was written, and nowhere else.
    world.ports.store.borrow_mut().insert(key.replace(":hold:1", ":hold:2"), entry.clone());
    *world.ports.counters.borrow_mut().get_mut("pc1:portcullis:l2:holds").unwrap() = 2;
    world.ports.store.borrow_mut().insert(key.clone(), entry);
    assert!(maintain(&world)["problems"][0].as_str().unwrap().contains("entry 2"));
    // Whoever next says something notes it, and it stays to be seen.
    assert_eq!(say(&world, "legal", &path("release")).status, 200);
    let listed = ask(&world, "legal", Method::GET, ("/api/holds", "")).json();
    assert_eq!((&listed["holds"], listed["problems"].as_array().unwrap().len()), (&json!([]), 1), "{listed}");
    assert_eq!(pruned(&maintain(&world)), [(day(0).to_string(), 0)]);
}

#[test]
fn an_erased_recording_is_read_by_nobody_and_the_ledger_is_proved() {
    let world = days("", 2);
    let (ada, bo) = (recording(&world, "ada", 0).unwrap(), recording(&world, "bo", 0).unwrap());
    let path = format!("/api/recordings/{ada}/erase?day={}", day(0));
    let done = say(&world, "privacy", &path);
    let more = json!([format!("it has records of {} too, which were not named", day(1))]);
    assert_eq!(
        (done.status, &done.json()["erased"], &done.json()["problems"]),
        (200, &json!(1), &more),
        "{}",
        done.text
    );
    let read = |id: &str| get(&world, &format!("/api/recordings/{id}?day={}", day(0))).json();
    assert_eq!((&read(&ada)["erased"], &read(&ada)["records"]), (&json!(2), &json!([])));
    assert_eq!((&read(&bo)["erased"], read(&bo)["records"].as_array().unwrap().len()), (&json!(0), 2));
    assert_proved(&world);
    // The other day is told apart: it has to be named.
    assert_eq!(get(&world, &format!("/api/recordings/{ada}?day={}", day(1))).json()["erased"], json!(0));
    let both = format!("/api/recordings/{ada}/erase?from={}&to={}", day(0), day(1));
    let done = say(&world, "privacy", &both).json();
    assert_eq!((&done["erased"], &done["problems"]), (&json!(1), &json!([])), "{done}");
    assert_proved(&world);
    // Once more does no harm, and there was nothing left.
    assert_eq!(say(&world, "privacy", &path).json()["erased"], json!(0));
    // It was on record first, with the reason.
    let records = world.ports.records();
    let erased = records.iter().find_map(|record| match record {
        Record::Intent(intent) if intent.method == "recordings/erase" => Some(intent),
        Record::Drift(_) | Record::Intent(_) | Record::Outcome(_) | Record::Refusal(_) => None,
    });
    let erased = erased.unwrap();
    assert_eq!(erased.name.as_deref(), Some(ada.as_str()));
    assert!(erased.arguments.text.text().contains("case 7"));
}

#[test]
fn who_may_not_and_what_cannot_be_is_refused() {
    let world = days("", 2);
    let ada = recording(&world, "ada", 0).unwrap();
    let nobody = "0".repeat(32);
    let reason = r#"{"reason": "case 7"}"#;
    let day = day(0);
    for (group, path, body, expected) in [
        ("auditors", format!("/api/recordings/{ada}/erase?day={day}"), reason, (403, "denied")),
        ("auditors", format!("/api/recordings/{ada}/hold?day={day}"), reason, (403, "denied")),
        ("legal", format!("/api/recordings/{ada}/erase?day={day}"), reason, (403, "denied")),
        ("privacy", format!("/api/recordings/{ada}/release?day={day}"), reason, (403, "denied")),
        ("photos", format!("/api/recordings/{ada}/erase?day={day}"), reason, (403, "denied")),
        ("photos", format!("/api/recordings/{ada}/hold?day={day}"), reason, (403, "denied")),
        ("photos", format!("/api/recordings/{ada}/release"), reason, (403, "denied")),
        ("privacy", format!("/api/recordings/{ada}/erase?day={day}"), "{}", (400, "reason_needed")),
        (
            "privacy",
            format!("/api/recordings/{ada}/erase?day={day}"),
            r#"{"reason": " "}"#,
            (400, "reason_needed"),
        ),
        ("privacy", format!("/api/recordings/{ada}/erase?day={day}"), r#"{"why": "x"}"#, (400, "malformed")),
        ("privacy", format!("/api/recordings/{ada}/erase?day={day}"), "erase it", (400, "malformed")),
        ("privacy", format!("/api/recordings/{ada}/erase?who=ada"), reason, (400, "query")),
        ("privacy", format!("/api/recordings/{nobody}/erase?day={day}"), reason, (404, "no_recording")),
        ("privacy", format!("/api/recordings/{ada}/erase?day=2020-01-01"), reason, (404, "no_recording")),
        ("privacy", format!("/api/recordings/{ada}/shred"), reason, (404, "not_found")),
        ("legal", format!("/api/recordings/{nobody}/hold?day={day}"), reason, (404, "no_recording")),
        ("legal", format!("/api/recordings/{ada}/release"), reason, (409, "not_on_hold")),
    ] {
        let done = ask(&world, group, Method::POST, (&path, body));
        assert_eq!(
            (done.status, &done.json()["error"]),
            (expected.0, &json!(expected.1)),
            "{group} {path} {}",
            done.text
        );
    }
    assert_eq!(ask(&world, "auditors", Method::GET, ("/api/holds", "")).status, 403);
    assert_eq!(
        ask(&world, "privacy", Method::GET, (&format!("/api/recordings/{ada}/erase"), "")).status,
        405
    );
    // What an instance may still write to keeps its keys.
    call(&world, "ada", "just now");
    let today = recording(&world, "ada", 1).unwrap();
    let done = say(&world, "privacy", &format!("/api/recordings/{today}/erase?day={}", self::day(1)));
    assert_eq!((done.status, &done.json()["error"]), (409, &json!("still_written")), "{}", done.text);
    assert_eq!(keys(&world, ":hold:"), [""; 0]);
    let read = get(&world, &format!("/api/recordings/{ada}?day={day}")).json();
    assert_eq!(read["erased"], json!(0));
}

#[test]
fn a_store_that_fails_anywhere_holds_and_erases_as_it_says() {
    let world = days("", 2);
    let ada = recording(&world, "ada", 0).unwrap();
    let path = |verb: &str| format!("/api/recordings/{ada}/{verb}?day={}", day(0));
    for verb in ["hold", "release", "erase"] {
        let group = if verb == "erase" { "privacy" } else { "legal" };
        for n in (0..60).step_by(4) {
            world.ports.until_fault.set(Some(n));
            let done = say(&world, group, &path(verb));
            world.ports.until_fault.set(None);
            let held = ask(&world, "legal", Method::GET, ("/api/holds", "")).json();
            let is_held = held["holds"].as_array().unwrap().len() == 1;
            match done.status {
                200 if verb == "erase" => {
                    assert_eq!(
                        get(&world, &format!("/api/recordings/{ada}?day={}", day(0))).json()["records"],
                        json!([])
                    );
                }
                200 => assert_eq!(is_held, verb == "hold", "{verb} {n} {held}"),
                409 => assert_eq!(is_held, verb == "hold", "it was done before: {verb} {n} {}", done.text),
                status => assert_eq!(status, 503, "{verb} {n} {}", done.text),
            }
        }
        let done = say(&world, group, &path(verb));
        assert!(matches!(done.status, 200 | 409), "{verb} {}", done.text);
    }
    assert_proved(&world);
}

#[test]
fn a_damaged_chain_keeps_its_day_and_is_told_while_others_go() {
    let world = days("[records]\nkeep_days = 2\n", 5);
    let damaged = keys(&world, &format!(":segment:{}:1:", day(0))).remove(0);
    world.ports.store.borrow_mut().insert(damaged, b"x".to_vec());
    let report = maintain(&world);
    assert_eq!(pruned(&report), [(day(1).to_string(), 0)], "{report}");
    let problem = report["problems"][0].as_str().unwrap();
    assert!(problem.contains(&format!("{} stays", day(0))) && problem.contains("damaged"), "{problem}");
    assert!(segments(&world, 0) > 0);
    assert_eq!(maintain(&world)["complete"], json!(true), "nobody has to ask again");
}

#[test]
fn a_tombstone_that_nobody_has_signed_prunes_nothing() {
    let world = days("[records]\nkeep_days = 2\n", 4);
    let key = format!("pc1:portcullis:l2:tombstone:{}", day(0));
    world.ports.store.borrow_mut().insert(key, b"pctom".to_vec());
    let report = maintain(&world);
    assert_eq!((pruned(&report), segments(&world, 0) > 0), (vec![], true), "{report}");
    assert!(report["problems"][0].as_str().unwrap().contains("not genuine"), "{report}");
    assert!(recording(&world, "ada", 0).is_some(), "it hides nothing");
}

#[test]
fn calls_bring_checkpoints_about_rarely_and_after_their_answers() {
    let world = world("");
    call(&world, "ada", "hello");
    assert_eq!(published(&world).len(), 0);
    let after = |world: &World| {
        assert!(has_work(&world.gateway, &*world.ports));
        pollster::block_on(deliver(Rc::clone(&world.gateway), Rc::clone(&world.ports)));
        assert!(!has_work(&world.gateway, &*world.ports));
    };
    after(&world);
    assert_eq!(published(&world).len(), 1);
    // Other instances look once, and one value is enough to know.
    call(&world, "ada", "hello");
    let other = world.instance(&settings(""), POLICIES);
    world.ports.operations.borrow_mut().clear();
    after(&other);
    assert_eq!(
        (published(&world).len(), world.ports.operations.borrow().as_slice()),
        (1, &["get l2".to_owned()][..])
    );
    pass(&world, 10 * MINUTE);
    after(&world.instance(&settings(""), POLICIES));
    assert_eq!(published(&world).len(), 2);
    // A note that somebody else has put there keeps nobody from it.
    call(&world, "ada", "hello");
    pass(&world, 10 * MINUTE);
    let note = "pc1:portcullis:l2:checked".to_owned();
    world.ports.store.borrow_mut().insert(note, world.ports.now.get().to_string().into_bytes());
    after(&world.instance(&settings(""), POLICIES));
    assert_eq!(published(&world).len(), 3);
    // A store that fails is told to the operator, and to nobody else.
    for n in 0..20 {
        let failing = world.instance(&settings(""), POLICIES);
        pass(&world, 20 * MINUTE);
        world.ports.until_fault.set(Some(n));
        after(&failing);
        world.ports.until_fault.set(None);
    }
    assert_proved(&world);
}
