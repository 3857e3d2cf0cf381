//! `portcullis verify`: whether an export is what the gateway has written, and all of it.
//!
//! It asks nobody and needs no secret: only the public key, which whoever runs the gateway gets from `--print-key`, and
//! checkpoints from where nobody who can write to the store could change them, such as the gateway's log.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use portcullis_identity::UnixSeconds;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{Checkpoint, Finding, Report, TrustedKeys, Verifier, VerifyingKey};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::PolicyKey;
use serde_json::{Value, json};

use crate::arguments::Records;
use crate::exit::Exit;
use crate::trial::time;
use crate::{records, terminal};

/// `portcullis verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The export, as `portcullis sessions export` writes it.
    #[arg(required_unless_present = "print_key")]
    file: Option<PathBuf>,
    /// A key that counts, as `--print-key` prints it, or a file of them; may be repeated.
    #[arg(long = "public-key", value_name = "NAME=KEY|FILE", required_unless_present = "print_key")]
    public_keys: Vec<String>,
    /// A checkpoint that was published, or a file that has some anywhere in it, such as a log; may be repeated.
    #[arg(long = "checkpoint", value_name = "TEXT|FILE")]
    checkpoints: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the public keys of the gateway's secret key, and of those before it, and verify nothing.
    #[arg(long, conflicts_with_all = ["file", "public_keys", "checkpoints"])]
    print_key: bool,
    #[command(flatten)]
    secrets: Records,
}

pub(crate) fn run(arguments: &Verify) -> anyhow::Result<Exit> {
    if arguments.print_key {
        return print_keys(&arguments.secrets);
    }
    let file = arguments.file.as_deref().context("no export is given")?;
    let trusted = keys(&arguments.public_keys)?;
    let checkpoints = checkpoints(&arguments.checkpoints)?;
    let n_published = checkpoints.len();
    let report = verify(file, Verifier::new(trusted, checkpoints))?;
    if arguments.json {
        terminal::line(&terminal::json(&to_json(&report)));
    } else {
        tell(file, &report, n_published);
    }
    Ok(if report.is_clean() { Exit::Ok } else { Exit::Failure })
}

fn print_keys(secrets: &Records) -> anyhow::Result<Exit> {
    let Some((current, previous)) = records::secrets(secrets)? else {
        terminal::error(
            "error: the public key comes from the gateway's secret key\n  give it in SPIN_VARIABLE_SECRET_KEY",
        );
        return Ok(Exit::Usage);
    };
    let keys = LedgerKeys::of(&Sealer::new(&current, &previous)).map_err(anyhow::Error::msg)?;
    for (id, key) in keys.trusted.iter() {
        terminal::line(&format!("{id}={}", PolicyKey::from(key.as_bytes())));
    }
    Ok(Exit::Ok)
}

fn keys(given: &[String]) -> anyhow::Result<TrustedKeys> {
    let mut lines = Vec::new();
    for given in given {
        match given.contains('=') {
            true => lines.push(given.clone()),
            false => {
                let text = fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?;
                lines.extend(
                    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned),
                );
            }
        }
    }
    lines.iter().map(|line| key(line)).collect()
}

fn key(line: &str) -> anyhow::Result<(portcullis_ledger::KeyId, VerifyingKey)> {
    let (name, key) = line.split_once('=').context("a public key is NAME=KEY")?;
    let key: PolicyKey = key.trim().parse().map_err(|error| anyhow!("the public key `{name}`: {error}"))?;
    let key = VerifyingKey::from_bytes(*key.as_bytes()).context("a public key is none that could be safe")?;
    Ok((name.trim().parse()?, key))
}

/// What was published, wherever in a text it is.
fn checkpoints(given: &[String]) -> anyhow::Result<Vec<Checkpoint>> {
    let mut found = Vec::new();
    for given in given {
        let text = match given.starts_with(Checkpoint::TEXT_PREFIX) {
            true => given.clone(),
            false => {
                let bytes = fs::read(given).with_context(|| format!("cannot read {given}"))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with(Checkpoint::TEXT_PREFIX));
        let n_before = found.len();
        for word in words {
            found.push(Checkpoint::parse(word).with_context(|| format!("a checkpoint in {given}"))?);
        }
        if found.len() == n_before {
            bail!("there is no checkpoint in {given}");
        }
    }
    Ok(found)
}

fn verify(file: &Path, mut verifier: Verifier) -> anyhow::Result<Report> {
    let cannot = || format!("cannot read {}", file.display());
    for line in BufReader::new(File::open(file).with_context(cannot)?).split(b'\n') {
        // What is no text is no line of an export either, and is found as that.
        verifier.line(&String::from_utf8_lossy(&line.with_context(cannot)?));
    }
    Ok(verifier.finish())
}

fn tell(file: &Path, report: &Report, n_published: usize) {
    for Finding { line, record, problem } in &report.findings {
        let record = record.map(|id| format!("record {id}: ")).unwrap_or_default();
        let problem = terminal::visible(&problem.to_string());
        terminal::line(&format!("{}:{line}: {record}{problem}", file.display()));
    }
    let n_shown = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.n_findings > n_shown {
        terminal::line(&format!("and {} more", report.n_findings - n_shown));
    }
    let Report { segments, records, .. } = report;
    let days = report.days.map_or_else(String::new, |(first, last)| format!(", of {first} to {last} only"));
    terminal::line(&format!("{segments} segments with {records} records{days}"));
    terminal::line(&match (report.vouched, n_published) {
        (Some(vouched), _) => format!(
            "nothing up to checkpoint {} of {} can be missing unnoticed; what came later may have been cut off at its end",
            vouched.serial,
            time::show(UnixSeconds(vouched.at.0 / 1000))
        ),
        (None, 0) => {
            "no published checkpoint was given: an end that was cut off would not be noticed".to_owned()
        }
        (None, _) => "no checkpoint that was published is in it: nothing vouches for its end".to_owned(),
    });
    terminal::line(if report.is_clean() { "nothing is wrong" } else { "something is WRONG" });
}

fn to_json(report: &Report) -> Value {
    let findings = report.findings.iter().map(|Finding { line, record, problem }| {
        json!({ "line": line, "record": record.map(|id| id.to_string()), "problem": problem.to_string() })
    });
    json!({
        "ok": report.is_clean(), "findings": findings.collect::<Vec<_>>(), "n_findings": report.n_findings,
        "segments": report.segments, "records": report.records, "never_begun": report.never_begun,
        "from": report.days.map(|(first, _)| first.to_string()), "to": report.days.map(|(_, last)| last.to_string()),
        "vouched": report.vouched.map(|vouched| json!({ "serial": vouched.serial, "at": vouched.at.0 })),
    })
}
