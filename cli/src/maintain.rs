//! `portcullis maintain`: has a running gateway do what has to be done now and then.
//!
//! Nothing in a gateway happens by itself, so a cron job calls this. What each duty came to is printed; what is wrong is in
//! the gateway's log. A request does a bounded part of what is due, so it is asked again as long as old records are left.

use clap::Args;
use http::Method;
use serde_json::Value;

use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote};
use crate::sessions::tell_problems;
use crate::terminal;
use crate::trial::problem::Reader;

/// `portcullis maintain`
#[derive(Debug, Args)]
pub(crate) struct Maintain {
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// How often the gateway is asked.
const ROUNDS: u32 = 64;
/// Where the gateway has it.
const PATH: &str = "/api/maintenance";

/// Does all that is due; exit code 2 if the policies do not let whoever asks.
pub(crate) async fn run(arguments: &Maintain) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let remote = Remote::find(&arguments.gateway).await?;
    let mut exit = Exit::Ok;
    for _ in 0..ROUNDS {
        let report = match remote.ask(Method::POST, PATH, Body::None).await? {
            Ok(report) => report,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        match reader {
            Reader::Person => lines(&report).iter().for_each(|line| terminal::line(line)),
            Reader::Script => terminal::line(&terminal::json(&report)),
        }
        let records = report.get("records").unwrap_or(&Value::Null);
        exit = if tell_problems(records) { Exit::Failure } else { Exit::Ok };
        if !has_more(records) {
            return Ok(exit);
        }
    }
    terminal::error("there is more to delete: ask again");
    Ok(exit)
}

/// Whether old records are left which another request deletes. One that has deleted nothing is not asked again: what keeps
/// it from that is told.
fn has_more(records: &Value) -> bool {
    let is_complete = records.get("complete").and_then(Value::as_bool).unwrap_or(true);
    !is_complete && records.get("deleted").and_then(Value::as_u64).unwrap_or_default() > 0
}

/// A line for each duty, with what it came to.
fn lines(report: &Value) -> Vec<String> {
    let duties = report.as_object().into_iter().flatten();
    let line = |(duty, came_to): (&String, &Value)| {
        // What is wrong comes after all of it.
        let parts = came_to.as_object().into_iter().flatten().filter(|(name, _)| *name != "problems");
        let parts: Vec<String> =
            parts.map(|(name, value)| format!("{} {}", name.replace('_', " "), shown(value))).collect();
        terminal::visible(&format!("{duty:10} {}", parts.join(", ")))
    };
    duties.map(line).collect()
}

/// A value, or the days of a list.
fn shown(value: &Value) -> String {
    let Some(days) = value.as_array() else { return value.to_string() };
    let day = |one: &Value| {
        let kept = one.get("kept").and_then(Value::as_u64).unwrap_or_default();
        let day = one.get("day")?.as_str()?;
        Some(if kept == 0 { day.to_owned() } else { format!("{day} but for {kept} on hold") })
    };
    let days: Vec<String> = days.iter().filter_map(day).collect();
    if days.is_empty() { "nothing".to_owned() } else { days.join(" and ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_duty_has_a_line() {
        let report = json!({
            "approvals": { "complete": true, "expired": 2 },
            "records": {
                "checkpoints": 1, "complete": false, "deleted": 9, "problems": ["x"],
                "pruned": [{ "day": "2027-01-15", "kept": 0 }, { "day": "2027-01-16", "kept": 2 }],
            },
            "webhooks": { "delivered": 3, "given_up": 0 },
        });
        let want = [
            "approvals  complete true, expired 2",
            "records    checkpoints 1, complete false, deleted 9, pruned 2027-01-15 and 2027-01-16 but for 2 on hold",
            "webhooks   delivered 3, given up 0",
        ];
        assert_eq!(lines(&report), want);
    }

    #[test]
    fn it_is_asked_again_while_something_is_deleted() {
        for (records, want) in [
            (json!({ "complete": true, "deleted": 9 }), false),
            (json!({ "complete": false, "deleted": 9 }), true),
            (json!({ "complete": false, "deleted": 0 }), false),
            (Value::Null, false),
        ] {
            assert_eq!(has_more(&records), want, "{records}");
        }
        assert_eq!(shown(&json!([])), "nothing");
    }
}
