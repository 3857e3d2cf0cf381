//! Where records come from: a file of JSON Lines, or a gateway.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, stdin};
use std::path::Path;

use anyhow::{Context as _, bail};
use http::Method;
use portcullis_ledger::Record;
use serde_json::Value;

use crate::judge::Judge;
use crate::remote::{Body, Remote, encoded, go_on, path};
use crate::replay::Replay;

/// The longest line, in bytes: two records in their longest form.
const LONGEST_LINE: u64 = 16 << 20;

/// Where the records were from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file of records in clear.
    File,
    /// A gateway, which checks what it reads.
    Gateway,
}

impl Source {
    /// Whether somebody has checked the signatures of the records.
    pub(super) const fn is_verified(self) -> bool {
        match self {
            Self::File => false,
            Self::Gateway => true,
        }
    }

    /// The same in a sentence.
    pub(super) const fn proof(self) -> &'static str {
        match self {
            Self::File => {
                "not verified: records in clear carry no signature; `portcullis verify` proves an export of the same days"
            }
            Self::Gateway => {
                "the gateway has checked the signatures of these recordings and that they follow each other"
            }
        }
    }
}

/// Reads a file; `-` is standard input.
pub(super) fn file(file: &Path, judge: &mut Judge<'_>) -> anyhow::Result<()> {
    let name = file.display().to_string();
    if name == "-" {
        return lines("standard input", stdin().lock(), judge);
    }
    let opened = File::open(file).with_context(|| format!("cannot read {name}"))?;
    lines(&name, BufReader::new(opened), judge)
}

fn lines(name: &str, mut reader: impl BufRead, judge: &mut Judge<'_>) -> anyhow::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let n_read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if n_read.with_context(|| format!("cannot read {name}"))? == 0 {
            break;
        }
        let place = || format!("{name}:{number}");
        if !line.ends_with(b"\n") && u64::try_from(line.len()).is_ok_and(|len| len >= LONGEST_LINE) {
            judge.problem(&place(), "the line is longer than any record");
            skip_line(&mut reader).with_context(|| format!("cannot read {name}"))?;
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match records(text) {
            Ok(records) => records.into_iter().for_each(|record| judge.take(record)),
            Err(_) if number == 1 && is_export(text) => bail!(
                "{name} is an export for `portcullis verify`: the records in it are encrypted; `portcullis records` prints \
                 those of a store in clear"
            ),
            Err(why) => judge.problem(&place(), &why),
        }
    }
    Ok(())
}

/// Reads on to the next line, and keeps nothing.
fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let n_used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(n_used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// The records of a line: one, as `portcullis records` prints them, or a call with its outcome, as `portcullis replay
/// --json` does.
fn records(text: &[u8]) -> Result<Vec<Record>, String> {
    let error = match Record::decode(text) {
        Ok(record) => return Ok(vec![record]),
        Err(error) => error.to_string(),
    };
    let Ok(Value::Object(event)) = serde_json::from_slice::<Value>(text) else { return Err(error) };
    let Some(record) = event.get("record") else { return Err(error) };
    let outcome = event.get("outcome").filter(|outcome| !outcome.is_null());
    [Some(record), outcome].into_iter().flatten().map(read).collect()
}

fn read(record: &Value) -> Result<Record, String> {
    Record::decode(record.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn is_export(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok_and(|line| line.get("line").is_some())
}

/// Reads one recording, or all that are asked for.
pub(super) async fn gateway(
    remote: &Remote,
    arguments: &Replay,
    judge: &mut Judge<'_>,
) -> anyhow::Result<()> {
    if let Some(recording) = &arguments.recording {
        return read_recording(remote, arguments, (recording, judge)).await;
    }
    let (mut cursor, mut known) = (None::<String>, BTreeSet::new());
    loop {
        let [day, from, to] = arguments.days.members();
        let (principal, connection) = (arguments.principal.as_deref(), arguments.connection.as_deref());
        let asked = [
            day,
            from,
            to,
            ("principal", principal),
            ("connection", connection),
            ("cursor", cursor.as_deref()),
        ];
        let page = match remote.ask(Method::GET, &path("/api/recordings", &asked), Body::None).await? {
            Ok(page) => page,
            Err(refused) => bail!("the recordings cannot be listed: {}", refused.message),
        };
        note_problems(&page, judge);
        let entries = page.get("recordings").and_then(Value::as_array).into_iter().flatten();
        for recording in entries.filter_map(|entry| entry.get("recording")?.as_str()) {
            // One that several instances have served has several entries.
            if known.insert(recording.to_owned()) {
                read_recording(remote, arguments, (recording, &mut *judge)).await?;
            }
        }
        if !go_on(&page, &mut cursor)? {
            return Ok(());
        }
    }
}

async fn read_recording(
    remote: &Remote,
    arguments: &Replay,
    (recording, judge): (&str, &mut Judge<'_>),
) -> anyhow::Result<()> {
    let place = format!("/api/recordings/{}", encoded(recording));
    let mut cursor = None::<String>;
    loop {
        let [day, from, to] = arguments.days.members();
        let asked = [day, from, to, ("cursor", cursor.as_deref())];
        let page = match remote.ask(Method::GET, &path(&place, &asked), Body::None).await? {
            Ok(page) => page,
            Err(refused) => {
                judge.problem(&format!("recording {recording}"), &refused.message);
                return Ok(());
            }
        };
        note_problems(&page, judge);
        if let Some(n @ 1..) = page.get("erased").and_then(Value::as_u64) {
            judge.problem(&format!("recording {recording}"), &format!("{n} records of it were erased"));
        }
        for record in page.get("records").and_then(Value::as_array).into_iter().flatten() {
            match read(record) {
                Ok(record) => judge.take(record),
                Err(why) => judge.problem(&format!("recording {recording}"), &why),
            }
        }
        if !go_on(&page, &mut cursor)? {
            return Ok(());
        }
    }
}

fn note_problems(page: &Value, judge: &mut Judge<'_>) {
    let problems = page.get("problems").and_then(Value::as_array).into_iter().flatten();
    problems.filter_map(Value::as_str).for_each(|problem| judge.problem("the gateway says", problem));
}
