//! `portcullis replay --against`, over records in a file, as who changes policies uses it.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use portcullis_ledger::{
    Arguments, Attribute, CallResult, DecisionSummary, Excerpt, Intent, KeyedDigest, Outcome, PolicyRef,
    PrincipalKind, Record, RecordId, Refusal, Stage, UnixMillis, Verdict, Who,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const SETTINGS: &str = r#"
public_url = "{{ public_url }}"
secret_key = "{{ secret_key }}"
[issuers.okta]
issuer = "{{ okta }}"
attributes = ["team"]
[connections.billing]
url = "https://billing.example.com/mcp"
issuers = ["okta"]
"#;

/// 2026-08-23T10:15:30Z.
const NOON: u64 = 1_787_480_130_000;

const STAFF: &str = r#"@id("staff")
permit (principal in Group::"okta:staff", action in Action::"call", resource);
"#;

/// A folder with policies, and a file of records beside them.
fn folder(policies: &str, records: &[Record]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let candidate = folder.path().join("next");
    fs::create_dir(&candidate).expect("a folder");
    fs::write(candidate.join("portcullis.toml"), SETTINGS).expect("a file");
    fs::write(candidate.join("next.cedar"), policies).expect("a file");
    let lines: Vec<u8> =
        records.iter().flat_map(|record| [record.encode(), b"\n".to_vec()].concat()).collect();
    fs::write(folder.path().join("records.jsonl"), lines).expect("a file");
    folder
}

fn portcullis(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(folder).output().expect("the program runs")
}

const REPLAY: [&str; 5] = ["replay", "--records", "records.jsonl", "--against", "next"];

/// The exit code, and what is printed for people.
fn told(policies: &str, records: &[Record], more: &[&str]) -> (Option<i32>, String) {
    let folder = folder(policies, records);
    let output = portcullis(folder.path(), &[&REPLAY, more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// The calls that are told, and the summary.
fn judged(policies: &str, records: &[Record]) -> (Vec<Value>, Value) {
    let folder = folder(policies, records);
    let output = portcullis(folder.path(), &[&REPLAY, &["--json", "--all"][..]].concat());
    let lines = String::from_utf8(output.stdout).expect("a text");
    let mut lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON and nothing else")).collect();
    let summary = lines.pop().expect("a summary");
    (lines, summary.get("summary").expect("it is the last").clone())
}

fn id(n: u64) -> RecordId {
    let [a, b, c, d, e, f, g, h] = n.to_be_bytes();
    RecordId::new(UnixMillis(NOON + n), [0, 0, a, b, c, d, e, f, g, h])
}

fn ana() -> Who {
    Who {
        issuer: "okta".to_owned(),
        subject: "ana".to_owned(),
        kind: PrincipalKind::User,
        groups: vec!["okta:staff".to_owned()],
        granted: Vec::new(),
        attributes: Some(BTreeMap::new()),
        client: None,
        actors: Vec::new(),
        token_id: None,
    }
}

fn arguments(text: &str) -> Arguments {
    Arguments { digest: KeyedDigest::new([1; 32]), text: Excerpt::whole(text), restored: BTreeMap::new() }
}

fn decision(outcome: Verdict, policies: &[&str]) -> DecisionSummary {
    let policy = |id: &&str| PolicyRef { id: (*id).to_owned(), digest: "sha256:00".to_owned() };
    DecisionSummary {
        outcome,
        bundle: None,
        policies: policies.iter().map(policy).collect(),
        observed: Vec::new(),
    }
}

/// A call of a tool that was let through.
fn call(n: u64, tool: &str, text: &str) -> Intent {
    Intent {
        id: id(n),
        at: UnixMillis(NOON + n),
        principal: ana(),
        connection: "billing".to_owned(),
        revision: "2025-11-25".to_owned(),
        session: None,
        method: "tools/call".to_owned(),
        name: Some(tool.to_owned()),
        definition: None,
        approval: None,
        arguments: arguments(text),
        labels: BTreeSet::new(),
        decision: decision(Verdict::Allow, &["staff"]),
        trace: None,
        client_address: None,
        request_bytes: 1,
    }
}

fn outcome(n: u64, findings: &[(&str, u32)], masked: &[(&str, u32)]) -> Record {
    let counts = |counts: &[(&str, u32)]| counts.iter().map(|(class, n)| ((*class).to_owned(), *n)).collect();
    Record::Outcome(Outcome {
        id: id(n),
        at: UnixMillis(NOON + n),
        result: CallResult::Completed { is_error: false },
        upstream_status: Some(200),
        bytes_out: 1,
        frames: 1,
        findings: counts(findings),
        masked: counts(masked),
        text: Excerpt::whole("{}"),
        timings: BTreeMap::new(),
    })
}

/// A call that policy refused.
fn refusal(n: u64, tool: &str, text: Option<&str>, outcome: Verdict) -> Refusal {
    Refusal {
        id: id(n),
        at: UnixMillis(NOON + n),
        stage: Stage::Decide,
        kind: if outcome == Verdict::Deny { "denied" } else { "needs_approval" }.to_owned(),
        explanation: Excerpt::whole("why"),
        principal: Some(ana()),
        connection: Some("billing".to_owned()),
        method: Some("tools/call".to_owned()),
        name: Some(tool.to_owned()),
        arguments: text.map(arguments),
        labels: BTreeSet::new(),
        decision: Some(decision(outcome, &["old"])),
        approval: None,
        trace: None,
        client_address: None,
        request_bytes: 1,
    }
}

/// A decision then and now, and what it hangs on.
fn change(told: &Value) -> (String, Vec<String>) {
    let word = |place: &str| told.pointer(place).and_then(Value::as_str).expect("a word").to_owned();
    let doubts = told.get("approximate").and_then(Value::as_array).expect("a list");
    let doubts = doubts.iter().map(|doubt| doubt.as_str().expect("a text").to_owned());
    (format!("{} {}", word("/was/decision"), word("/now/decision")), doubts.collect())
}

#[test]
fn decisions_that_change_are_told_with_what_changes_them() {
    let policies = format!(
        "{STAFF}\n@id(\"no-big\") @reason(\"too much\") forbid (principal, action == Action::\"billing/refund\", resource)\n\
         when {{ context.input has amount && context.input.amount > 100 }};\n\
         @id(\"held\") @approval(\"okta:dba\") forbid (principal, action == Action::\"billing/wipe\", resource);"
    );
    let records = [
        Record::Intent(call(1, "refund", r#"{"amount":500}"#)),
        outcome(1, &[], &[]),
        Record::Intent(call(2, "refund", r#"{"amount":5}"#)),
        outcome(2, &[], &[]),
        Record::Intent(call(3, "wipe", "{}")),
        outcome(3, &[], &[]),
        Record::Refusal(refusal(4, "read", Some("{}"), Verdict::Deny)),
        Record::Refusal(refusal(5, "wipe", Some("{}"), Verdict::Hold)),
        Record::Refusal(refusal(6, "read", Some("{}"), Verdict::Hold)),
    ];
    let (calls, summary) = judged(&policies, &records);
    let changes: Vec<(String, Vec<String>)> = calls.iter().map(change).collect();
    let words: Vec<&str> = changes.iter().map(|(words, _)| words.as_str()).collect();
    assert_eq!(words, ["allow deny", "allow allow", "allow hold", "deny allow", "hold hold", "hold allow"]);
    assert!(changes.iter().all(|(_, doubts)| doubts.is_empty()), "{changes:?}");
    assert_eq!(calls[0]["now"]["policies"][0]["file"], "next/next.cedar");
    assert_eq!(
        (&summary["judged"], &summary["changed"], &summary["approximate"]),
        (&json!(6), &json!(4), &json!(0))
    );
    assert_eq!(
        summary["changes"],
        json!({ "allow → deny": 1, "allow → hold": 1, "deny → allow": 1, "hold → allow": 1 })
    );

    let (code, text) = told(&policies, &records, &[]);
    assert_eq!(code, Some(1), "{text}");
    for expected in [
        "2026-08-23T10:15:30Z  okta|ana  billing tools/call refund  allow → deny  by no-big (next/next.cedar:4): too much  was by staff (changed)",
        "deny → allow  by staff (next/next.cedar:1)  was by old (gone)",
        "6 calls judged of 9 records: 4 change, 2 do not",
        "       1  allow → hold",
        "       1  no-big (next/next.cedar:4)",
        "okta|ana  billing refund",
        "not verified",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("as before"), "{text}");
    assert!(told(&policies, &records, &["--all"]).1.contains("hold, as before"));
    // Nobody else's, and nothing of another connection.
    for nobody in [["--principal", "okta|bob"], ["--connection", "wiki"]] {
        assert_eq!(told(&policies, &records, &nobody).0, Some(2));
    }
    assert_eq!(told(&policies, &records, &["--principal", "okta|ana"]).0, Some(1));
}

#[test]
fn nothing_changes_where_policies_say_the_same() {
    let records =
        [Record::Intent(call(1, "refund", "{}")), outcome(1, &[("pii.email", 2)], &[("pii.email", 2)])];
    let (code, text) = told(STAFF, &records, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("1 calls judged of 2 records: 0 change, 1 do not"), "{text}");
}

#[test]
fn masks_that_change_are_told_by_class() {
    let policies = format!(
        "{STAFF}\n@id(\"see\") permit (principal in Group::\"okta:staff\", action == Action::\"unmask\", resource == DataClass::\"pii.email\");"
    );
    let counts = [("acme.ticket", 1), ("pii.card", 1), ("pii.email", 3), ("pii.iban", 2)];
    let masked = [("acme.ticket", 1), ("pii.card", 1), ("pii.email", 3)];
    let records = [Record::Intent(call(1, "read", "{}")), outcome(1, &counts, &masked)];
    let (calls, summary) = judged(&policies, &records);
    assert_eq!(
        calls[0]["masks"],
        json!([
            { "class": "acme.ticket", "was": "masked", "now": "not found", "values": 1 },
            { "class": "pii.email", "was": "masked", "now": "clear", "values": 3 },
            { "class": "pii.iban", "was": "clear", "now": "masked", "values": 2 },
        ])
    );
    assert_eq!(summary["changes"], json!({ "masks less": 1, "masks more": 1 }));
    let (code, text) = told(&policies, &records, &[]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("allow, as before  acme.ticket masked → not found (×1)  pii.email masked → clear (×3)"),
        "{text}"
    );
    // Who would not get the answer sees nothing of it.
    let denied = "@id(\"none\") permit (principal in Group::\"okta:x\", action, resource);";
    assert_eq!(judged(denied, &records).0[0]["masks"], json!([]));
}

#[test]
fn an_answer_is_approximate_only_if_policies_read_what_is_not_on_record() {
    let reads = |condition: &str| {
        format!("{STAFF}\n@id(\"no\") forbid (principal, action, resource) when {{ {condition} }};")
    };
    let masked = Intent {
        labels: BTreeSet::from(["pii.card".to_owned()]),
        ..call(1, "pay", r#"{"to":"[card]","n":1}"#)
    };
    let of_release_before =
        Intent { principal: Who { attributes: None, ..ana() }, ..call(1, "pay", r#"{"n":1}"#) };
    let long = Arguments { text: Excerpt::start_of(r#"{"n":1}"#, 3), ..arguments("") };
    let cut = Intent { arguments: long, ..call(1, "pay", "") };
    let with_meta = call(1, "pay", r#"{"arguments":{"n":1},"_meta":{"traceparent":"00-1-2-00"}}"#);
    let unsure = call(1, "pay", r#"{"arguments":{"n":1},"other":{"n":2}}"#);
    let known = BTreeMap::from([("team".to_owned(), Attribute::Text("docs".to_owned()))]);
    let known =
        Intent { principal: Who { attributes: Some(known), ..ana() }, ..call(1, "pay", r#"{"n":1}"#) };
    let to = "context.input has to && context.input.to == \"x\"";
    let n = "context.input has n && context.input.n == 1";
    let team = "principal.hasTag(\"team\") && principal.getTag(\"team\") == \"docs\"";
    for (record, condition, decision, doubts) in [
        (&masked, to, "allow allow", &["arguments.to is masked"][..]),
        (&masked, n, "allow deny", &[]),
        (&masked, "context.session.labels.contains(\"pii\")", "allow deny", &[]),
        (&cut, n, "allow allow", &["arguments are not on record"]),
        (&cut, "context.session.labels.contains(\"pii.card\")", "allow allow", &[]),
        (&with_meta, n, "allow deny", &[]),
        (&unsure, n, "allow deny", &["arguments are masked, or cannot be told from other parameters"]),
        (&unsure, "context.session.now < datetime(\"2026-08-24\")", "allow deny", &[]),
        (&of_release_before, team, "allow allow", &["attributes not on record"]),
        (&known, team, "allow deny", &[]),
        (&known, "context.session.usage.day.calls > 7", "allow allow", &["usage not on record"]),
    ] {
        let records = [Record::Intent(record.clone()), outcome(1, &[], &[])];
        let (calls, summary) = judged(&reads(condition), &records);
        let doubts: Vec<String> = doubts.iter().map(|doubt| (*doubt).to_owned()).collect();
        assert_eq!(change(&calls[0]), (decision.to_owned(), doubts.clone()), "{condition}");
        assert_eq!(summary["approximate"], u64::from(!doubts.is_empty()), "{condition}");
    }
    // Earlier releases kept nothing of what was refused but who wanted what.
    let bare = [Record::Refusal(refusal(1, "pay", None, Verdict::Deny))];
    assert_eq!(change(&judged(STAFF, &bare).0[0]), ("deny allow".to_owned(), Vec::new()));
    let labelled = reads("context.session.labels.contains(\"pii.card\")");
    assert_eq!(change(&judged(&labelled, &bare).0[0]).1, ["labels not on record"]);
}

#[test]
fn an_approval_is_compared_with_a_hold_and_covers_the_same_policies_only() {
    let held = "@id(\"held\") @approval(\"okta:dba\")\nforbid (principal, action == Action::\"billing/wipe\", resource);";
    let approved = |policies: &[&str]| {
        let decision = decision(Verdict::Allow, policies);
        let intent = Intent { approval: Some("a-1".to_owned()), decision, ..call(1, "wipe", "{}") };
        [Record::Intent(intent), outcome(1, &[], &[])]
    };
    let both = format!("{STAFF}{held}");
    let (calls, summary) = judged(&both, &approved(&["held", "staff"]));
    assert_eq!((change(&calls[0]).0.as_str(), &calls[0]["changed"]), ("hold hold", &json!(false)));
    // The digest on record is of another text.
    assert_eq!((&calls[0]["needs_new_approval"], &summary["new_approvals"]), (&json!(true), &json!(1)));
    assert_eq!(change(&judged(STAFF, &approved(&["held"])).0[0]).0, "hold allow");
    assert!(told(&both, &approved(&["held"]), &[]).1.contains("people had approved"));
}

#[test]
fn what_policy_does_not_decide_is_counted_apart() {
    let step = Intent { method: "tasks/get".to_owned(), ..call(1, "t", "{}") };
    let api = Intent { revision: String::new(), method: "policy/push".to_owned(), ..call(2, "p", "{}") };
    let early =
        Refusal { decision: None, kind: "protocol".to_owned(), ..refusal(3, "x", None, Verdict::Deny) };
    let elsewhere = Intent { connection: "old".to_owned(), ..call(4, "read", "{}") };
    let records = [step, api, elsewhere].map(Record::Intent);
    let records = [&records[..], &[Record::Refusal(early), outcome(1, &[], &[])]].concat();
    let (calls, summary) = judged(STAFF, &records);
    assert_eq!(
        summary["not_judged"],
        json!({
            "policy/push at /api": 1, "refused before policy was asked: protocol": 1,
            "tasks/get: no call that policy decides on": 1,
        })
    );
    // The settings would let nobody reach it.
    assert_eq!(change(&calls[0]).0, "allow deny");
    assert!(calls[0]["now"]["why"].as_str().is_some_and(|why| why.contains("no connection `old`")));
}

#[test]
fn damaged_records_are_named_and_nothing_is_made_of_them() {
    let folder = folder(STAFF, &[Record::Intent(call(1, "read", "{}"))]);
    let file = folder.path().join("records.jsonl");
    let good = fs::read_to_string(&file).expect("the file");
    let event = json!({ "record": serde_json::from_str::<Value>(&good).expect("JSON"), "outcome": null });
    let bad_id =
        Intent { principal: Who { subject: "a\u{1b}[2J".to_owned(), ..ana() }, ..call(8, "x", "{}") };
    let no_json = call(9, "x", "{\"a\":");
    let lines = [
        event.to_string(),
        String::new(),
        "{\"v\":1".to_owned(),
        good.replace("\"v\":1", "\"v\":7"),
        good.replace("\"at\":", "\"at\":-"),
        "\u{1b}[2J".to_owned(),
        "[".repeat(100_000),
        "x".repeat(17 << 20),
        String::from_utf8(Record::Intent(bad_id).encode()).expect("a text"),
        String::from_utf8(Record::Intent(no_json).encode()).expect("a text"),
        json!({ "record": 5 }).to_string(),
    ];
    let mut text = lines.map(|line| line.trim_end().to_owned()).join("\n").into_bytes();
    text.extend(b"\n\xff\xfe\n");
    fs::write(&file, text).expect("a file");
    let output = portcullis(folder.path(), &REPLAY);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("a text");
    assert_eq!(output.status.code(), Some(2), "{said}");
    for line in [3, 4, 5, 6, 7, 8, 11, 12] {
        assert!(said.contains(&format!("records.jsonl:{line}: ")), "{line}\n{said}");
    }
    assert!(said.contains("version 7") && said.contains("longer than any record"), "{said}");
    assert!(said.contains("its principal is none") && said.contains("its arguments are no JSON"), "{said}");
    assert!(said.contains("1 calls judged") && !said.contains('\u{1b}'), "{said}");

    fs::write(&file, "{\"line\":\"ledger\",\"v\":1,\"app\":\"portcullis\"}\n").expect("a file");
    let output = portcullis(folder.path(), &REPLAY);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("encrypted"));
    // A folder that is wrong is no answer either.
    fs::write(folder.path().join("next/next.cedar"), "permit").expect("a file");
    assert_eq!(portcullis(folder.path(), &REPLAY).status.code(), Some(3));
    assert_eq!(portcullis(folder.path(), &["replay"]).status.code(), Some(64));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test is of how long it takes")]
fn ten_thousand_calls_take_seconds() {
    const CALLS: u64 = 10_000;
    let mut policies = format!(
        "{STAFF}@id(\"no\") forbid (principal, action == Action::\"billing/refund\", resource)\n\
         when {{ context.input has n && context.input.n >= 9000 }};\n"
    );
    for n in 0..60 {
        let _ = writeln!(
            policies,
            "@id(\"x{n}\") permit (principal in Group::\"okta:g{n}\", action == Action::\"billing/t{n}\", resource);"
        );
    }
    let records: Vec<Record> = (0..CALLS)
        .flat_map(|n| {
            let tool = if n % 2 == 0 { "refund" } else { "read" };
            let text = format!(r#"{{"n":{n},"note":"[card]","more":["a","b","c"]}}"#);
            let labels = BTreeSet::from(["pii.card".to_owned()]);
            let principal = Who { subject: format!("u{}", n % 50), ..ana() };
            let intent = Intent { labels, principal, ..call(n, tool, &text) };
            [Record::Intent(intent), outcome(n, &[("pii.email", 3)], &[("pii.email", 3)])]
        })
        .collect();
    let folder = folder(&policies, &records);
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["replay", "--records", "-", "--against", "next", "--json"]).current_dir(folder.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
    let text = fs::read(folder.path().join("records.jsonl")).expect("the file");
    let mut stdin = child.stdin.take().expect("its input");
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it writes").expect("all is read");
    let took = begun.elapsed();
    println!("{CALLS} calls in {took:?}");
    let last = String::from_utf8(output.stdout).expect("a text");
    let summary: Value = serde_json::from_str(last.lines().last().expect("a line")).expect("JSON");
    let summary = &summary["summary"];
    assert_eq!(summary["judged"], CALLS);
    assert_eq!((&summary["changed"], &summary["approximate"]), (&json!(500), &json!(0)));
    // A machine that is busy with other things takes its time too.
    assert!(took < Duration::from_secs(300), "{took:?}");
}
