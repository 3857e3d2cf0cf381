//! `portcullis access`: asking a running gateway to be in a group for a time.
//!
//! Everything goes through `/api/access-requests`, with a token of whoever asks. Who decides does so with
//! `portcullis approvals`.

use clap::{Args, Subcommand};
use http::Method;
use portcullis_identity::UnixSeconds;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::remote::{Body, Gateway, Remote};
use crate::terminal::{self, Style, visible};
use crate::trial::problem::Reader;
use crate::trial::time;

/// Where the gateway takes them.
const PATH: &str = "/api/access-requests";

/// `portcullis access`
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the groups that you may ask for, and what of them you have.
    List(List),
    /// Ask to be in a group for a time.
    Request(Ask),
}

/// `portcullis access list`
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    gateway: Gateway,
}

/// `portcullis access request`
#[derive(Debug, Args)]
struct Ask {
    /// The group, as `issuer:group`.
    #[arg(value_name = "GROUP")]
    group: String,
    /// For how long, such as `30m`.
    #[arg(long = "for", value_name = "TIME")]
    duration: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    gateway: Gateway,
}

/// Does what is asked.
pub(crate) async fn run(arguments: Access) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List(List { gateway }) => {
            told(&gateway, (Method::GET, Body::None), |told| {
                let groups = told.get("groups").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                match groups {
                    [] => vec!["nothing".to_owned()],
                    groups => groups.iter().map(|group| line(group, Style::of_output())).collect(),
                }
            })
            .await
        }
        Command::Request(Ask { group, duration, reason, gateway }) => {
            let body = json!({ "group": group, "for": duration, "reason": reason });
            told(&gateway, (Method::POST, Body::Json(body.to_string())), standing).await
        }
    }
}

async fn told(
    gateway: &Gateway,
    (method, body): (Method, Body),
    shown: impl Fn(&Value) -> Vec<String>,
) -> anyhow::Result<Exit> {
    let remote = Remote::find(gateway).await?;
    match remote.ask(method, PATH, body).await? {
        Ok(told) if gateway.json => terminal::line(&terminal::json(&told)),
        Ok(told) => shown(&told).iter().for_each(|line| terminal::line(line)),
        Err(refused) => return Ok(refused.tell(Reader::of(gateway.json))),
    }
    Ok(Exit::Ok)
}

/// A group in one line, and what was asked of it in others.
fn line(group: &Value, style: Style) -> String {
    let flag = |member: &str| group.get(member).and_then(Value::as_bool).unwrap_or_default();
    let what = match (flag("is_in"), flag("may_ask")) {
        (true, _) => "you are in it".to_owned(),
        (false, true) => format!("you may ask for up to {} s", number(group, "longest_s")),
        (false, false) => "you may not ask for it any more".to_owned(),
    };
    let mut line = format!("{}  {what}", style.bold(&text(group, "group")));
    if let Some(request) = group.get("request").filter(|request| !request.is_null()) {
        for told in standing(request) {
            line.push_str(&format!("\n  {told}"));
        }
    }
    line
}

/// How a request stands.
fn standing(request: &Value) -> Vec<String> {
    let (state, group) = (text(request, "state"), text(request, "group"));
    let head = match state.as_str() {
        "approved" => format!("approved: you are in {group} until {}", at(request, "until")),
        "rejected" => format!("rejected: you can ask again after {}", at(request, "deadline")),
        _ => format!(
            "{state}: to be in {group} for {} s; people can answer until {}",
            number(request, "for_s"),
            at(request, "deadline")
        ),
    };
    vec![
        head,
        format!("  request     {}", text(request, "id")),
        format!("  page        {}", text(request, "url")),
    ]
}

fn at(of: &Value, member: &str) -> String {
    time::show(UnixSeconds(number(of, member) / 1000))
}

fn text(of: &Value, member: &str) -> String {
    visible(of.get(member).and_then(Value::as_str).unwrap_or_default())
}

fn number(of: &Value, member: &str) -> u64 {
    of.get(member).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_shown_in_plain_lines() {
        let request = |state: &str| {
            json!({
                "id": "ab-1", "group": "demo:on-call", "state": state, "for_s": 1800, "url": "https://gw/approve/ab-1",
                "until": 1_787_480_130_123_u64, "deadline": 1_787_480_130_123_u64,
            })
        };
        for (state, want) in [
            (
                "pending",
                "pending: to be in demo:on-call for 1800 s; people can answer until 2026-08-23T10:15:30Z",
            ),
            ("approved", "approved: you are in demo:on-call until 2026-08-23T10:15:30Z"),
            ("rejected", "rejected: you can ask again after 2026-08-23T10:15:30Z"),
        ] {
            let lines = standing(&request(state));
            assert_eq!(
                lines,
                [want, "  request     ab-1", "  page        https://gw/approve/ab-1"],
                "{state}"
            );
        }
        let group = json!({
            "group": "demo:on\u{1b}[2J", "longest_s": 60, "may_ask": true, "is_in": false, "request": null,
        });
        let shown = line(&group, Style::of_output());
        assert!(!shown.contains("\u{1b}[2J") && shown.ends_with("you may ask for up to 60 s"), "{shown}");
    }
}
