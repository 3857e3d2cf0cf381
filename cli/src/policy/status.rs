//! `portcullis policy status`: what is in force, where it comes from, and what was pushed.

use http::Method;
use portcullis_identity::UnixSeconds;
use serde_json::Value;

use super::arguments::Status;
use crate::exit::Exit;
use crate::remote::{Body, Remote};
use crate::terminal;
use crate::trial::problem::Reader;
use crate::trial::time;

pub(super) async fn status(arguments: &Status) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let remote = Remote::find(&arguments.gateway).await?;
    let status = match remote.ask(Method::GET, "/api/policy", Body::None).await? {
        Ok(status) => status,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    match reader {
        Reader::Person => tell(&status),
        Reader::Script => terminal::line(&terminal::json(&status)),
    }
    Ok(Exit::Ok)
}

fn tell(status: &Value) {
    let text = |path: &str| status.pointer(path).and_then(Value::as_str).unwrap_or_default();
    terminal::line(&format!("in force  {}", text("/active/digest")));
    match status.pointer("/active/entry").filter(|entry| !entry.is_null()) {
        Some(entry) => terminal::line(&format!("          {}", line(entry))),
        None if text("/source") == "files" => {
            terminal::line("          the mounted files, whatever was pushed: the settings say so");
        }
        None => terminal::line("          the mounted files: nothing was pushed yet"),
    }
    if let Some(refused) = status.get("refused").and_then(Value::as_str) {
        terminal::line(&format!("refused   {refused}"));
    }
    let entries = status.get("entries").and_then(Value::as_array);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        let label = if index == 0 { "pushed" } else { "" };
        terminal::line(&format!("{label:9} {}", line(entry)));
    }
}

/// One entry in a line.
fn line(entry: &Value) -> String {
    let text = |member: &str| entry.get(member).and_then(Value::as_str);
    let serial = entry.get("serial").and_then(Value::as_u64).unwrap_or_default();
    if let Some(refused) = text("refused") {
        return format!("serial {serial}: {refused}");
    }
    let seconds = entry.get("at").and_then(Value::as_u64).unwrap_or_default() / 1000;
    let (digest, by, key) = (text("digest"), text("by"), text("key_id"));
    format!(
        "serial {serial}  {}  by {}, key {}, {}",
        digest.unwrap_or_default(),
        by.unwrap_or_default(),
        key.unwrap_or_default(),
        time::show(UnixSeconds(seconds))
    )
}
