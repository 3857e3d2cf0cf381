use std::collections::BTreeSet;
use std::time::Duration;

use clap::Parser as _;

use super::arguments::{Command, State};
use super::*;
use crate::arguments::{Arguments, Command as Any};

fn parsed(words: &[&str]) -> Result<Command, String> {
    let words = ["portcullis", "approvals"].iter().chain(words);
    let parsed = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
    let Any::Approvals(approvals) = parsed.command else { return Err("another command".to_owned()) };
    Ok(approvals.command)
}

fn request() -> Value {
    json!({
        "id": "a5-1", "state": "pending", "kind": "call", "connection": "billing", "method": "tools/call",
        "name": "refund\u{1b}[2J", "created": 1_800_000_000_000_u64, "deadline": 1_800_000_900_000_u64,
        "requester": { "id": "demo|sam\u{202e}", "kind": "user", "actors": ["https://ci|bot"] },
        "labels": ["pii.card", "sql.destructive"],
        "arguments": { "text": r#"{"amount":100000000000000000000.10,"to":"a\u001b[31mb"}"#, "n_omitted": 0 },
        "definition": { "digest": "sha256:00", "pinned": { "description": "Refunds\nan invoice" } },
        "requirements": [
            { "policy": "refunds", "group": "demo:finance", "approvers": 2, "covers": { "window_s": 1800 } },
        ],
        "reasons": ["not\u{7}alone"], "note": null,
        "missing": [{ "policy": "refunds", "group": "demo:finance", "approved": 1, "needed": 2 }],
        "said": [{ "what": "approve", "by": "demo|mei", "at": 1_800_000_001_000_u64, "reason": "fine\nby me" }],
        "may": ["approve", "reject"],
    })
}

#[test]
fn a_request_is_shown_with_everything_that_is_known_of_it() {
    let lines = shown::whole(&request(), Style::of_output());
    let want = [
        "pending: billing/refund\\u{1b}[2J (tools/call)",
        "  request     a5-1",
        "  requester   demo|sam\\u{202e} (user)",
        "  acting      https://ci|bot",
        "  asked       2027-01-15T08:00:00Z, open until 2027-01-15T08:15:00Z",
        "  labels      pii.card, sql.destructive",
        "  arguments   amount: 100000000000000000000.10",
        "              to: \"a\\u001b[31mb\"",
        "  definition  sha256:00",
        "              Refunds\\u{a}an invoice",
        "  policy      refunds: 2 of demo:finance, for calls within 1800 s",
        "  because     not\\u{7}alone",
        "  missing     1 more of demo:finance (refunds)",
        "  said        2027-01-15T08:00:01Z approve demo|mei: fine\\u{a}by me",
        "  you may     approve, reject",
    ];
    assert_eq!(lines, want);
}

#[test]
fn a_definition_is_shown_with_what_it_differs_in() {
    let mut request = request();
    for (member, value) in [
        ("kind", json!("definition")),
        ("defines", json!("tool")),
        ("arguments", json!({ "text": r#"{"name":"refund","description":"Pays"}"#, "n_omitted": 0 })),
        ("reasons", json!(["description: \"Pays\" became \"Pays all\""])),
        (
            "definition",
            json!({
                "digest": "sha256:00", "differs_from": "sha256:11", "standing": "drifted",
                "pinned": { "description": "Pays" },
            }),
        ),
        ("requirements", json!([{ "policy": "p", "group": "demo:owners", "approvers": 1, "covers": "all" }])),
        ("until", Value::Null),
        ("covers", json!("all")),
    ] {
        request[member] = value;
    }
    let lines = shown::whole(&request, Style::of_output());
    for want in [
        "pending: billing/refund\\u{1b}[2J (definition of a tool)",
        "  defined     name: \"refund\"",
        "  definition  sha256:00",
        "              in place of sha256:11",
        "              something else is pinned",
        "  policy      p: 1 of demo:owners, for everybody",
        "  differs     description: \"Pays\" became \"Pays all\"",
        "  usable      for everybody, until it is taken back",
    ] {
        assert!(lines.iter().any(|line| line == want), "{want}\n{lines:#?}");
    }
}

#[test]
fn what_who_asks_did_before_is_shown_or_why_not() {
    let mut request = request();
    request["before"] = json!({
        "days": 7, "n_read": 30, "is_whole": false, "decisions": { "allow": 27, "deny": 2, "hold": 1 },
        "calls": [
            { "at": 1_800_000_000_000_u64, "method": "tools/call", "name": "pay\u{202e}", "decision": "allowed",
              "approval": "b6-1" },
            { "at": 1_800_000_000_000_u64, "method": "tools/list", "name": null, "decision": "denied" },
        ],
    });
    let lines = shown::whole(&request, Style::of_output()).join("\n");
    let want = "  before      30 in 7 days, and more that was not read: 27 allowed, 2 denied, 1 held\n\
        \x20             2027-01-15T08:00:00Z tools/call pay\\u{202e}: allowed, request b6-1\n\
        \x20             2027-01-15T08:00:00Z tools/list: denied\n";
    assert!(lines.contains(want), "{lines}");
    request["before"] = json!({ "unknown": "ask\u{7}" });
    assert!(shown::whole(&request, Style::of_output()).contains(&"  before      ask\\u{7}".to_owned()));
    request["definition"] = json!({ "digest": null, "pinned": null, "standing": "unpinned" });
    let lines = shown::whole(&request, Style::of_output());
    assert!(lines.contains(&"  definition  nothing is pinned under this name".to_owned()), "{lines:?}");
}

#[test]
fn whatever_a_gateway_sends_nothing_steers_the_terminal() {
    let mut request = request();
    request["arguments"] = json!({ "text": "{\"cut\":\"\u{9b}2J", "n_omitted": 7 });
    let lines = [shown::whole(&request, Style::of_output()), shown::outcome(&request)].concat();
    let line = shown::line(&request, Style::of_output());
    let all = lines.iter().flat_map(|line| line.chars()).chain(line.chars().filter(|c| *c != '\n'));
    assert!(all.into_iter().all(|c| !portcullis_pins::is_invisible(c)), "{lines:?} {line}");
    assert!(lines.iter().any(|line| line.contains("7 BYTES ARE MISSING HERE")), "{lines:?}");
    // What is not a request at all shows nothing, and breaks nothing.
    assert!(shown::whole(&json!([1]), Style::of_output()).len() > 2);
}

#[test]
fn what_is_asked_becomes_part_of_no_other_path() {
    for (words, is_fine) in [
        (vec!["list"], true),
        (vec!["list", "--state", "all", "--connection", "billing", "--cursor", "20833.7"], true),
        (vec!["list", "--state", "rejected"], false),
        (vec!["list", "--connection", "a&state=all"], false),
        (vec!["show", "a5-1"], true),
        (vec!["show"], false),
        (vec!["show", "a5-1/approve"], false),
        (vec!["show", "a5?x"], false),
        (vec!["approve", "a5-1"], true),
        (vec!["approve", "../policy"], false),
        (vec!["reject", "a5-1"], false),
        (vec!["reject", "a5-1", "--reason", "no"], true),
        (vec!["revoke", "a5-1"], false),
        (vec!["force", "a5-1"], false),
        (vec!["force", "a5-1", "--reason", "outage"], true),
        (vec!["watch", "--every", "0s"], false),
        (vec!["watch", "--every", "1m"], true),
    ] {
        assert_eq!(parsed(&words).is_ok(), is_fine, "{words:?}");
    }
    let Ok(Command::List(list)) = parsed(&["list"]) else { panic!("it is a list") };
    assert_eq!(list.state, State::Pending);
    let Ok(Command::Watch(watch)) = parsed(&["watch"]) else { panic!("it watches") };
    assert_eq!(watch.every, Duration::from_secs(2));
    assert_eq!(query("all", Some("crm"), Some("1.2")), "/api/approvals?state=all&connection=crm&cursor=1.2");
    assert_eq!(query("pending", None, None), "/api/approvals?state=pending");
}

#[test]
fn watching_tells_what_is_new_and_what_waits_no_more() {
    let named = |id: &str| json!({ "id": id, "state": "pending" });
    let before = BTreeSet::from(["a-1".to_owned(), "b-1".to_owned()]);
    // An id that could lead elsewhere is none.
    let (new, gone) = watch::changes(&before, &[named("b-1"), named("c-1"), named("../policy")]);
    assert_eq!((new, gone), (vec![named("c-1")], vec!["a-1".to_owned()]));
    assert_eq!(watch::changes(&before, &[named("a-1"), named("b-1")]), (vec![], vec![]));
}
