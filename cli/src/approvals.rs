//! `portcullis approvals`: what waits for people on a running gateway, and what they say about it.
//!
//! Everything goes through `/api/approvals`, with a token of whoever decides; whether they may is up to the gateway.

mod arguments;
mod shown;
mod watch;

use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};

pub(crate) use self::arguments::Approvals;

use self::arguments::{Command, Decide, List, Show};
use crate::exit::Exit;
use crate::remote::{Body, Gateway, Refused, Remote, next, path};
use crate::terminal::{self, Style};
use crate::trial::problem::Reader;

/// Where the gateway has them.
const PATH: &str = "/api/approvals";
/// How many pages without a request are passed over before somebody has to ask for more.
const PAGES: usize = 32;

/// Does what is asked.
pub(crate) async fn run(arguments: Approvals) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Approve(arguments) => {
            let (request, reason) = (&arguments.request, arguments.reason.as_deref());
            decide(("approve", request), reason, &arguments.gateway).await
        }
        Command::Force(arguments) => decided("force", &arguments).await,
        Command::List(arguments) => list(&arguments).await,
        Command::Reject(arguments) => decided("reject", &arguments).await,
        Command::Revoke(arguments) => decided("revoke", &arguments).await,
        Command::Show(arguments) => show(&arguments).await,
        Command::Watch(arguments) => watch::watch(&arguments).await,
    }
}

async fn list(arguments: &List) -> anyhow::Result<Exit> {
    let remote = Remote::find(&arguments.gateway).await?;
    let mut cursor = arguments.cursor.clone();
    let mut page = Value::Null;
    for _ in 0..PAGES {
        let query = query(arguments.state.as_str(), arguments.connection.as_deref(), cursor.as_deref());
        page = match remote.ask(Method::GET, &query, Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(refused.tell(Reader::of(arguments.gateway.json))),
        };
        cursor = next(&page);
        if cursor.is_none() || !requests(&page).is_empty() {
            break;
        }
    }
    if arguments.gateway.json {
        terminal::line(&terminal::json(&page));
        return Ok(Exit::Ok);
    }
    let requests = requests(&page);
    if requests.is_empty() && cursor.is_none() {
        terminal::line("nothing");
    }
    requests.iter().for_each(|request| terminal::line(&shown::line(request, Style::of_output())));
    if let Some(cursor) = cursor {
        terminal::line(&format!("more: --cursor {}", terminal::visible(&cursor)));
    }
    Ok(Exit::Ok)
}

async fn show(arguments: &Show) -> anyhow::Result<Exit> {
    let remote = Remote::find(&arguments.gateway).await?;
    match one(&remote, &arguments.request).await? {
        Ok(request) if arguments.gateway.json => terminal::line(&terminal::json(&request)),
        Ok(request) => {
            shown::whole(&request, Style::of_output()).iter().for_each(|line| terminal::line(line));
        }
        Err(refused) => return Ok(refused.tell(Reader::of(arguments.gateway.json))),
    }
    Ok(Exit::Ok)
}

async fn decided(verb: &str, arguments: &Decide) -> anyhow::Result<Exit> {
    let Decide { request, reason, gateway } = arguments;
    decide((verb, request), Some(reason), gateway).await
}

/// Says something about a request, as it is shown now.
async fn decide(
    (verb, request): (&str, &str),
    reason: Option<&str>,
    gateway: &Gateway,
) -> anyhow::Result<Exit> {
    let reader = Reader::of(gateway.json);
    let remote = Remote::find(gateway).await?;
    let seen = match one(&remote, request).await? {
        Ok(seen) => seen,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    let digest =
        seen.get("digest").and_then(Value::as_str).context("the gateway does not say what it shows")?;
    let body = Body::Json(json!({ "digest": digest, "reason": reason.unwrap_or_default() }).to_string());
    match remote.ask(Method::POST, &format!("{PATH}/{request}/{verb}"), body).await? {
        Ok(told) if gateway.json => terminal::line(&terminal::json(&told)),
        Ok(told) => shown::outcome(&told).iter().for_each(|line| terminal::line(line)),
        Err(refused) => return Ok(refused.tell(reader)),
    }
    Ok(Exit::Ok)
}

/// One request, whole.
async fn one(remote: &Remote, request: &str) -> anyhow::Result<Result<Value, Refused>> {
    remote.ask(Method::GET, &format!("{PATH}/{request}"), Body::None).await
}

fn query(state: &str, connection: Option<&str>, cursor: Option<&str>) -> String {
    path(PATH, &[("state", Some(state)), ("connection", connection), ("cursor", cursor)])
}

fn requests(page: &Value) -> &[Value] {
    page.get("requests").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
