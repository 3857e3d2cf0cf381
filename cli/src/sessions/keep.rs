//! `portcullis sessions hold`, `release`, `erase` and `holds`: what becomes of a recording.

use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::{Days, tell_problems};
use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote, encoded, path};
use crate::terminal;
use crate::trial::problem::Reader;

/// `portcullis sessions hold`, `release` and `erase`
#[derive(Debug, Args)]
pub(super) struct Keep {
    /// The recording, as `portcullis sessions` prints it.
    recording: String,
    /// Why; it is on record.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    days: Days,
    #[command(flatten)]
    gateway: Gateway,
}

/// `portcullis sessions release`: an entry about a recording says itself where it is.
#[derive(Debug, Args)]
pub(super) struct Release {
    /// The recording, as `portcullis sessions holds` prints it.
    recording: String,
    /// Why; it is on record.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    gateway: Gateway,
}

/// `portcullis sessions holds`
#[derive(Debug, Args)]
pub(super) struct Holds {
    #[command(flatten)]
    gateway: Gateway,
}

pub(super) async fn hold(arguments: &Keep) -> anyhow::Result<Exit> {
    let Keep { recording, reason, days, gateway } = arguments;
    say(gateway, &deed(recording, "hold", &days.members()), reason).await
}

pub(super) async fn erase(arguments: &Keep) -> anyhow::Result<Exit> {
    let Keep { recording, reason, days, gateway } = arguments;
    say(gateway, &deed(recording, "erase", &days.members()), reason).await
}

pub(super) async fn release(arguments: &Release) -> anyhow::Result<Exit> {
    let Release { recording, reason, gateway } = arguments;
    say(gateway, &deed(recording, "release", &[]), reason).await
}

fn deed(recording: &str, verb: &str, members: &[(&str, Option<&str>)]) -> String {
    path(&format!("/api/recordings/{}/{verb}", encoded(recording)), members)
}

async fn say(gateway: &Gateway, path: &str, reason: &str) -> anyhow::Result<Exit> {
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let body = Body::Json(json!({ "reason": reason }).to_string());
    let told = match remote.ask(Method::POST, path, body).await? {
        Ok(told) => told,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    match reader {
        Reader::Person => terminal::line(&said(&told)),
        Reader::Script => terminal::line(&terminal::json(&told)),
    }
    Ok(if tell_problems(&told) { Exit::Failure } else { Exit::Ok })
}

/// What was done, in a line.
fn said(told: &Value) -> String {
    let text = |member: &str| terminal::visible(told.get(member).and_then(Value::as_str).unwrap_or("-"));
    let recording = text("recording");
    match (told.get("held").and_then(Value::as_bool), told.get("erased").and_then(Value::as_u64)) {
        (Some(true), _) => {
            let n_chains = told.get("chains").and_then(Value::as_array).map_or(0, Vec::len);
            format!("{recording} is on hold; {n_chains} chains of it were found, and what comes is held too")
        }
        (Some(false), _) => format!("{recording} is no longer on hold"),
        (None, Some(0)) => format!("{recording} was erased before, from {} to {}", text("from"), text("to")),
        (None, erased) => {
            let n = erased.unwrap_or_default();
            format!("{recording} is erased for good, from {} to {}: {n} keys", text("from"), text("to"))
        }
    }
}

pub(super) async fn holds(arguments: &Holds) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let remote = Remote::find(&arguments.gateway).await?;
    let told = match remote.ask(Method::GET, "/api/holds", Body::None).await? {
        Ok(told) => told,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    let holds = told.get("holds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match reader {
        Reader::Script => terminal::line(&terminal::json(&told)),
        Reader::Person if holds.is_empty() => terminal::line("nothing is on hold"),
        Reader::Person => holds.iter().for_each(|held| terminal::line(&shown(held))),
    }
    Ok(if tell_problems(&told) { Exit::Failure } else { Exit::Ok })
}

fn shown(held: &Value) -> String {
    let text = |member: &str| terminal::visible(held.get(member).and_then(Value::as_str).unwrap_or("-"));
    format!("{:32}  {:24}  {}", text("recording"), text("by"), text("reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_a_line() {
        for (told, want) in [
            (
                json!({ "recording": "0a", "held": true, "chains": ["2027-01-15/1"] }),
                "0a is on hold; 1 chains of it were found, and what comes is held too",
            ),
            (json!({ "recording": "0a", "held": false }), "0a is no longer on hold"),
            (
                json!({ "recording": "0a", "erased": 2, "from": "2027-01-15", "to": "2027-01-16" }),
                "0a is erased for good, from 2027-01-15 to 2027-01-16: 2 keys",
            ),
            (
                json!({ "recording": "0a", "erased": 0, "from": "2027-01-15", "to": "2027-01-15" }),
                "0a was erased before, from 2027-01-15 to 2027-01-15",
            ),
        ] {
            assert_eq!(said(&told), want);
        }
        let held = json!({ "recording": "0a", "by": "okta|ana", "reason": "case \u{1b}[31m7" });
        assert!(!shown(&held).contains('\u{1b}'));
    }

    #[test]
    fn a_recording_is_part_of_the_path_and_cannot_change_it() {
        assert_eq!(
            deed("0a", "hold", &[("day", Some("2027-01-15"))]),
            "/api/recordings/0a/hold?day=2027-01-15"
        );
        assert_eq!(deed("../x?y", "erase", &[("day", None)]), "/api/recordings/..%2Fx%3Fy/erase");
    }
}
