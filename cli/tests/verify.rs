//! `portcullis verify`: an export is proved with a public key and nothing else.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::fs;
use std::path::Path;
use std::process::Command;

use portcullis_identity::seal::Sealer;
use portcullis_ledger::{
    Author, ChainId, ChainLimits, CheckpointDraft, ContentHash, Day, Excerpt, Head, Item, Line, Next, Record,
    RecordId, RecordingId, Refusal, Segment, Stage, StoredCheckpoint, UnixMillis, Writer,
};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::Secret;
use serde_json::Value;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn refusal(n: u8) -> Record {
    Record::Refusal(Refusal {
        approval: None,
        id: RecordId::new(NOW, [n; 10]),
        at: NOW,
        stage: Stage::Decide,
        kind: "denied".to_owned(),
        explanation: Excerpt::whole("no"),
        principal: None,
        connection: None,
        method: None,
        name: None,
        arguments: None,
        labels: std::collections::BTreeSet::new(),
        decision: None,
        trace: None,
        client_address: None,
        request_bytes: 0,
    })
}

fn keys() -> LedgerKeys {
    LedgerKeys::of(&Sealer::new(&Secret::new(SECRET.to_owned()), &[])).expect("keys")
}

/// Three segments with a record each, and a checkpoint of all of them.
fn lines() -> (Vec<Line>, String) {
    let (keys, day) = (keys(), Day::of(NOW));
    let app = || "portcullis".parse().expect("a name");
    let (signing, wrapping) = (keys.signing.clone(), keys.wrapping.clone());
    let mut writer = Writer::new(Author { app: app(), signing, wrapping, limits: ChainLimits::default() });
    let mut segments = Vec::new();
    let mut hash = ContentHash::NOTHING;
    for n in 0..3 {
        let recording = RecordingId::of_nobody(&keys.names, None);
        let item = Item { recording, principal: None, connection: None, record: &refusal(n), fresh: [n; 32] };
        writer.push(item).expect("room");
        loop {
            match writer.step(NOW) {
                Next::Idle | Next::InFlight => break,
                Next::Claim { day, .. } => writer.begin(ChainId { day, serial: 1 }, NOW),
                Next::Write(write) => {
                    let (id, value) = (write.id, write.puts.first().expect("a segment").value.clone());
                    hash = Segment::parse(&value).expect("a segment").hash();
                    segments.push(Line::Segment { id, value });
                    writer.acknowledged(id, NOW);
                }
            }
        }
    }
    let head = Head { chain: ChainId { day, serial: 1 }, segments: 3, hash };
    let draft = CheckpointDraft {
        app: app(),
        serial: 1,
        at: NOW,
        previous: ContentHash::NOTHING,
        days: vec![(day, 1)],
        heads: vec![head],
    };
    let checkpoint = StoredCheckpoint::sign(draft, &keys.signing).expect("a checkpoint");
    let mut lines = vec![Line::Ledger(app()), Line::Days { first: day, last: day }];
    lines.push(Line::Checkpoint(checkpoint.encode()));
    lines.push(Line::Day { day, chains: 1 });
    lines.extend(segments);
    (lines, checkpoint.checkpoint().to_text())
}

fn write(file: &Path, lines: &[Line]) {
    let lines = lines.iter().map(Line::to_json);
    let n_lines = lines.len() + 1;
    let mut lines: Vec<String> = lines.collect();
    lines.push(format!(r#"{{"line":"end","lines":{n_lines}}}"#));
    fs::write(file, lines.join("\n") + "\n").expect("a file");
}

/// The exit code, and what is printed.
fn portcullis(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.env_remove("SPIN_VARIABLE_SECRET_KEY").current_dir(folder);
    let output = command.args(arguments).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn an_export_is_proved_with_the_printed_key_and_what_was_done_to_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, key) = portcullis(folder.path(), &["verify", "--print-key", "--secret-key", SECRET]);
    assert_eq!(code, Some(0));
    let public = keys().signing.verifying_key().as_bytes();
    let expected = format!("{}={}\n", keys().signing.id(), portcullis_settings::PolicyKey::from(public));
    assert_eq!(key, expected);
    fs::write(folder.path().join("ledger.pub"), &key).expect("a file");
    let (lines, checkpoint) = lines();
    fs::write(folder.path().join("log"), format!("some line\ncheckpoint 1: {checkpoint}\n")).expect("a file");
    let file = folder.path().join("ledger.jsonl");
    let verify = |lines: &[Line], more: &[&str]| {
        write(&file, lines);
        portcullis(folder.path(), &[&["verify", "ledger.jsonl", "--public-key", "ledger.pub"], more].concat())
    };

    let (code, said) = verify(&lines, &["--checkpoint", "log"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 segments with 3 records, of 2027-01-15 to 2027-01-15 only"), "{said}");
    assert!(said.contains("up to checkpoint 1 of 2027-01-15T08:00:00Z"), "{said}");
    let (code, said) = verify(&lines, &[]);
    assert!(code == Some(0) && said.contains("no published checkpoint was given"), "{said}");

    let mut flipped = lines.clone();
    if let Some(Line::Segment { value, .. }) = flipped.get_mut(5) {
        value.iter_mut().rev().take(100).for_each(|byte| *byte ^= 1);
    }
    let (code, said) = verify(&flipped, &[]);
    let record = RecordId::new(NOW, [1; 10]);
    assert!(code == Some(1) && said.starts_with(&format!("ledger.jsonl:6: record {record}: ")), "{said}");

    let cut = lines.get(..6).expect("lines");
    let (code, said) = verify(cut, &["--checkpoint", &checkpoint, "--json"]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &told["ok"]), (Some(1), &Value::Bool(false)));
    let problem = told["findings"][0]["problem"].as_str().expect("a text");
    assert_eq!(problem, "2027-01-15/1 ends after 2 segments, but checkpoint 1 has seen 3");

    // A key of another secret is not trusted.
    let (_, other) = portcullis(
        folder.path(),
        &["verify", "--print-key", "--secret-key", "abcdefgh01234567abcdefgh01234567"],
    );
    let (code, said) = portcullis(folder.path(), &["verify", "ledger.jsonl", "--public-key", other.trim()]);
    assert!(code == Some(1) && said.contains("not trusted"), "{said}");
}

#[test]
fn a_command_line_without_a_key_or_with_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(portcullis(folder.path(), &["verify", "ledger.jsonl"]).0, Some(64));
    assert_eq!(portcullis(folder.path(), &["verify", "--print-key"]).0, Some(64));
    fs::write(folder.path().join("ledger.jsonl"), "").expect("a file");
    for key in ["k=no", "missing", "k=ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        let (code, said) = portcullis(folder.path(), &["verify", "ledger.jsonl", "--public-key", key]);
        assert_eq!((code, said.as_str()), (Some(1), ""), "{key}");
    }
}
