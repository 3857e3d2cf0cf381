//! What reviewers see besides the request: what who asks did before, and definitions that wait for their owners.

use super::*;
use crate::support::{Client, call_of, text_result, upstream, whole};

const HELD: &str = r#"
@id("pay") @approval("idp:boss") forbid (principal, action == Action::"crm/pay", resource);
@id("no") forbid (principal, action == Action::"crm/never", resource);
"#;

fn busy() -> World {
    let world = World::of(&settings(), &format!("{REVIEWERS}{HELD}"));
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    world
}

/// The request of a call of ada's that is held.
fn held(world: &World) -> String {
    Client::new(world).send_modern(&call_of(1, "pay"));
    let listed = get(world, bob(), "/api/approvals").json();
    listed["requests"][0]["id"].as_str().unwrap().to_owned()
}

fn later(world: &World) {
    world.ports.now.set(world.ports.now.get() + 1000);
}

#[test]
fn what_who_asks_did_before_is_shown_the_last_first() {
    let world = busy();
    let ada = Client::new(&world);
    for tool in ["first", "never", "second"] {
        ada.send_modern(&call_of(1, tool));
        later(&world);
    }
    // What others did, and what she did elsewhere, is not told.
    Client::of(&world, "bob", "staff").send_modern(&call_of(1, "of-bob"));
    Client::new(&world).on("photos").send_modern(&call_of(1, "elsewhere"));
    let id = held(&world);
    let before = &show(&world, &id)["before"];
    let calls: Vec<(&Value, &Value)> =
        before["calls"].as_array().unwrap().iter().map(|call| (&call["name"], &call["decision"])).collect();
    let want = [
        (json!("pay"), json!("needs_approval")),
        (json!("second"), json!("allowed")),
        (json!("never"), json!("denied")),
        (json!("first"), json!("allowed")),
    ];
    assert_eq!(calls, want.each_ref().map(|(name, decision)| (name, decision)), "{before}");
    assert_eq!(before["calls"][0]["approval"], json!(id));
    assert_eq!(before["calls"][1]["at"], json!(NOW_MS + 2000));
    assert_eq!(before["decisions"], json!({"allow": 2, "deny": 1, "hold": 1}));
    assert_eq!(
        (&before["days"], &before["n_read"], &before["is_whole"]),
        (&json!(7), &json!(4), &json!(true))
    );
}

#[test]
fn however_much_somebody_did_twenty_calls_of_the_last_days_are_told() {
    let world = busy();
    let ada = Client::new(&world);
    for n in 0..30 {
        ada.send_modern(&call_of(1, &format!("tool{n}")));
        later(&world);
    }
    let before = &show(&world, &held(&world))["before"];
    let calls = before["calls"].as_array().unwrap();
    assert_eq!((calls.len(), &before["n_read"]), (20, &json!(31)), "{before}");
    assert_eq!(calls[1]["name"], json!("tool29"));
}

#[test]
fn who_may_only_approve_is_told_that_they_may_not_see_it() {
    let world = busy();
    let id = held(&world);
    let shown = get(&world, ("oz", "others"), &format!("/api/approvals/{id}")).json();
    assert_eq!(shown["id"], json!(id), "{shown}");
    let why = shown["before"]["unknown"].as_str().unwrap();
    assert!(why.contains("`audit` or `review`"), "{shown}");
    assert_eq!(shown["before"]["calls"], Value::Null);
}

#[test]
fn a_request_is_shown_although_what_was_before_cannot_be_read() {
    let world = busy();
    let id = held(&world);
    world.ports.store_fails.set(Some(":l2:"));
    let shown = show(&world, &id);
    assert_eq!((&shown["id"], &shown["state"]), (&json!(id), &json!("pending")), "{shown}");
    assert!(shown["before"]["unknown"].as_str().unwrap().contains("the log says why"), "{shown}");
    let log = world.ports.log.borrow().join("\n");
    assert!(log.contains("what a requester did before is not told to a reviewer"), "{log}");
}

#[test]
fn a_definition_that_waits_is_shown_decided_on_and_taken_back_like_a_call() {
    let pinned = json!({"name": "search", "description": "Finds customers"});
    let file = json!({"version": 1, "connection": "crm", "tools": [pinned]}).to_string();
    let approved = Approved::of(&[Pins::parse(&"crm".parse().unwrap(), &file).unwrap()]);
    let held =
        settings().replacen("drift = \"log\"", "drift = \"hold\"\nowners = { group = \"idp:boss\" }", 1);
    let world = World::approving(&held, REVIEWERS, approved);
    upstream(&world, |sent| {
        let tools = json!([{"name": "search", "description": "Finds all"}]);
        let list = json!({"resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private"});
        let result = if sent.method() == "tools/list" { list } else { text_result("done") };
        whole(&sent.result(&result))
    });
    let call = || Client::new(&world).send_modern(&call_of(1, "search")).text;
    let told_first = call();
    let listed = get(&world, bob(), "/api/approvals").json();
    let line = &listed["requests"][0];
    let id = line["id"].as_str().unwrap_or_else(|| panic!("{told_first} {listed}"));
    assert!(told_first.contains(&format!("https://gw.example.com/approve/{id}")), "{told_first}");
    let of_line = [&line["kind"], &line["connection"], &line["defines"], &line["name"]];
    assert_eq!(of_line, [&json!("definition"), &json!("crm"), &json!("tool"), &json!("search")]);

    let shown = get(&world, bob(), &format!("/api/approvals/{id}")).json();
    assert_eq!(shown["arguments"]["text"], json!(r#"{"name":"search","description":"Finds all"}"#));
    assert_eq!(shown["reasons"], json!([r#"description: "Finds customers" became "Finds all""#]));
    assert_eq!(
        (&shown["definition"]["standing"], &shown["definition"]["pinned"]),
        (&json!("drifted"), &pinned)
    );
    assert_eq!(shown["requirements"][0]["covers"], json!("all"));
    assert_eq!((&shown["may"], &shown["before"]), (&json!(["approve", "reject"]), &Value::Null));

    // Who called first does not decide, whoever they are; nor does who is not of its owners.
    let own = say(&world, ("ada", "boss"), &format!("{id}/approve"), &json!({}));
    assert_eq!(told(&own), (403, "own_request".to_owned()));
    let other = say(&world, ("oz", "others"), &format!("{id}/approve"), &json!({}));
    assert_eq!(told(&other), (403, "not_an_approver".to_owned()));
    let done = say(&world, bob(), &format!("{id}/approve"), &json!({"digest": shown["digest"]}));
    assert_eq!(told(&done), (200, "approved".to_owned()));
    assert_eq!((&done.json()["covers"], &done.json()["until"]), (&json!("all"), &Value::Null));
    assert!(call().contains("done"));
    let intent = intents(&world).into_iter().find(|intent| intent.method == "approval/approve").unwrap();
    assert!(intent.arguments.text.text().contains("\"defines\":\"tool\""), "{intent:?}");

    let reason = json!({"reason": "it was a mistake"});
    let gone = say(&world, ("oz", "on-call"), &format!("{id}/revoke"), &reason);
    assert_eq!(told(&gone), (200, "revoked".to_owned()));
    assert!(!call().contains("done"));
}
