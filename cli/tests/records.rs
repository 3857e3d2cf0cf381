//! `portcullis records`: what a store holds, for whoever has the secret.
#![expect(clippy::expect_used, reason = "a failing test is its report")]

use std::path::Path;
use std::process::Command;

use portcullis_identity::seal::Sealer;
use portcullis_ledger::{
    Author, ChainId, ChainLimits, Excerpt, Item, Next, Put, Record, RecordId, RecordingId, Refusal, Stage,
    UnixMillis, Writer,
};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::Secret;
use rusqlite::Connection;
use serde_json::Value;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn refusal(n: u8) -> Record {
    Record::Refusal(Refusal {
        id: RecordId::new(UnixMillis(NOW.0 + u64::from(n)), [n; 10]),
        at: UnixMillis(NOW.0 + u64::from(n)),
        stage: Stage::Decide,
        kind: "denied".to_owned(),
        explanation: Excerpt::whole(format!("refusal {n}")),
        principal: None,
        connection: Some("billing".to_owned()),
        method: None,
        name: None,
        arguments: None,
        labels: std::collections::BTreeSet::new(),
        decision: None,
        approval: Some(format!("a5-{n}")),
        trace: None,
        client_address: None,
        request_bytes: 0,
    })
}

/// A store with two records, written as the gateway writes them.
fn store(file: &Path) {
    let keys = LedgerKeys::of(&Sealer::new(&Secret::new(SECRET.to_owned()), &[])).expect("keys");
    let mut writer = Writer::new(Author {
        app: "portcullis".parse().expect("a name"),
        signing: keys.signing.clone(),
        wrapping: keys.wrapping.clone(),
        limits: ChainLimits::default(),
    });
    for n in [2, 1] {
        let recording = RecordingId::of_nobody(&keys.names, None);
        let item = Item { recording, principal: None, connection: None, record: &refusal(n), fresh: [n; 32] };
        writer.push(item).expect("room");
    }
    let store = Connection::open(file).expect("a file");
    let table = "CREATE TABLE spin_key_value (store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key))";
    store.execute(table, ()).expect("a table");
    loop {
        let (id, puts) = match writer.step(NOW) {
            Next::Idle | Next::InFlight => return,
            Next::Claim { day, .. } => {
                writer.begin(ChainId { day, serial: 1 }, NOW);
                continue;
            }
            Next::Write(write) => (write.id, write.puts.clone()),
        };
        for Put { key, value } in puts {
            let row = ("default", key.as_str(), value);
            store.execute("INSERT INTO spin_key_value VALUES (?1, ?2, ?3)", row).expect("a row");
        }
        writer.acknowledged(id, NOW);
    }
}

fn records(file: &Path, secret: Option<&str>) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("records").arg("--store").arg(file).env_remove("SPIN_VARIABLE_SECRET_KEY");
    command.envs(secret.map(|secret| ("SPIN_VARIABLE_SECRET_KEY", secret)));
    let output = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn who_has_the_secret_reads_records_in_the_order_of_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key-value.db");
    store(&file);
    let rotated = format!("another-secret-of-32-characters-,{SECRET}");
    for secret in [SECRET, &rotated] {
        let (code, printed, said) = records(&file, Some(secret));
        assert_eq!((code, said.as_str()), (Some(0), ""));
        let told: Vec<Value> =
            printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let texts: Vec<&Value> = told.iter().map(|record| &record["explanation"]["text"]).collect();
        assert_eq!(texts, ["refusal 1", "refusal 2"], "{printed}");
        let approvals: Vec<&Value> = told.iter().map(|record| &record["approval"]).collect();
        assert_eq!(approvals, ["a5-1", "a5-2"], "{printed}");
    }
}

#[test]
fn who_has_not_reads_none_and_is_told_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key-value.db");
    store(&file);
    let (code, printed, said) = records(&file, None);
    assert_eq!((code, printed.as_str()), (Some(64), ""));
    assert!(said.contains("SPIN_VARIABLE_SECRET_KEY"), "{said}");
    let (code, printed, said) = records(&file, Some("another-secret-of-32-characters-"));
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(said.contains("a secret that is not known here"), "{said}");
    let (code, _, said) = records(&folder.path().join("none.db"), Some(SECRET));
    assert_eq!(code, Some(1));
    assert!(said.contains("none.db cannot be read"), "{said}");
}
