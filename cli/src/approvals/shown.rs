//! Requests as lines for a reviewer. Nothing in them is invisible or steers a terminal, wherever it comes from.

mod before;

use portcullis_identity::UnixSeconds;
use portcullis_mcp::json::{self, Bounds, Json};
use serde_json::Value;

use crate::terminal::{Style, visible};
use crate::trial::time;

/// How deep arguments can nest to be shown member by member.
const DEPTH: usize = 128;

/// A request in one line.
pub(super) fn line(request: &Value, style: Style) -> String {
    let when = at(request, "created");
    let state = style.bold(&format!("{:8}", text(request, "state")));
    let mut line = format!("{state}  {when}  {} by {}", what(request), text(request, "/requester/id"));
    if let Some(labels) = words(request, "labels") {
        line.push_str(&format!("  [{labels}]"));
    }
    line.push_str(&format!("\n          {}", style.accent(&text(request, "id"))));
    line
}

/// A request in all its parts.
pub(super) fn whole(request: &Value, style: Style) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    row("request", text(request, "id"));
    let kind = text(request, "/requester/kind");
    row("requester", format!("{} ({kind})", text(request, "/requester/id")));
    if let Some(actors) = words(request, "/requester/actors") {
        row("acting", actors);
    }
    row("asked", format!("{}, open until {}", at(request, "created"), at(request, "deadline")));
    if let Some(labels) = words(request, "labels") {
        row("labels", labels);
    }
    let kind = text(request, "kind");
    let head = if kind == "definition" { "defined" } else { "arguments" };
    for (index, argument) in arguments(request).into_iter().filter(|_| kind != "access").enumerate() {
        row(if index == 0 { head } else { "" }, argument);
    }
    let definition = request.get("definition").filter(|definition| !definition.is_null());
    for (index, line) in definition.into_iter().flat_map(|one| defined(one, kind == "definition")).enumerate()
    {
        row(if index > 0 { "" } else { "definition" }, line);
    }
    for one in items(request, "requirements") {
        let (policy, group) = (text(one, "policy"), text(one, "group"));
        row("policy", format!("{policy}: {} of {group}, for {}", number(one, "approvers"), covers(one)));
    }
    for reason in items(request, "reasons").iter().filter_map(Value::as_str) {
        row(if kind == "definition" { "differs" } else { "because" }, visible(reason));
    }
    if let Some(note) = found(request, "note") {
        row("note", note);
    }
    for one in items(request, "missing") {
        row("missing", missing(one));
    }
    if let Some(usable) = usable(request) {
        row("usable", usable);
    }
    if let Some(by) = found(request, "forced_by") {
        row("FORCED", format!("by {by}, in place of everybody who is asked"));
    }
    for one in items(request, "said") {
        row("said", said(one));
    }
    let before = request.get("before").filter(|before| !before.is_null());
    for (index, line) in before.into_iter().flat_map(before::lines).enumerate() {
        row(if index > 0 { "" } else { "before" }, line);
    }
    row("you may", words(request, "may").unwrap_or_else(|| "only look".to_owned()));
    let head = style.bold(&format!("{}: {}", text(request, "state"), what(request)));
    let rows = rows.into_iter().map(|(name, value)| format!("  {name:11} {value}"));
    std::iter::once(head).chain(rows).collect()
}

/// What came of saying something.
pub(super) fn outcome(told: &Value) -> Vec<String> {
    let mut lines = vec![format!("the request is {}", text(told, "state"))];
    lines.extend(items(told, "missing").iter().map(|one| format!("  missing     {}", missing(one))));
    lines.extend(usable(told).map(|usable| format!("  usable      {usable}")));
    lines
}

/// What is asked for.
fn what(request: &Value) -> String {
    match request.get("kind").and_then(Value::as_str) {
        Some("access") => format!("to be in {} for {} s", text(request, "group"), number(request, "for_s")),
        Some("definition") => {
            let (connection, name) = (text(request, "connection"), text(request, "name"));
            format!("{connection}/{name} (definition of a {})", text(request, "defines"))
        }
        Some(_) | None => {
            let (connection, name) = (text(request, "connection"), text(request, "name"));
            format!("{connection}/{name} ({})", text(request, "method"))
        }
    }
}

/// What is called, or is to be approved, and how it stands to what is pinned now.
fn defined(definition: &Value, is_definition: bool) -> Vec<String> {
    let mut lines = Vec::from_iter(found(definition, "digest"));
    if let Some(before) = found(definition, "differs_from") {
        lines.push(format!("in place of {before}"));
    }
    // Of a definition that waits, what is pinned is what it differs from.
    lines.extend(found(definition, "/pinned/description").filter(|_| !is_definition));
    let standing = text(definition, "standing");
    let standing = match (standing.as_str(), is_definition) {
        ("pinned", false) => None,
        // A gateway of an earlier release does not say.
        ("", false) if definition.pointer("/pinned/description").is_some() => None,
        ("pinned", true) => Some("pinned by now, so nothing waits for this"),
        ("drifted", false) => Some("NOT WHAT IS PINNED NOW"),
        ("drifted", true) => Some("something else is pinned"),
        ("unpinned", _) => Some("nothing is pinned under this name"),
        ("not_checked", _) => Some("nothing of its kind is pinned, so it is not checked"),
        (_, _) => Some("not approved now as it was when this was asked"),
    };
    lines.extend(standing.map(ToOwned::to_owned));
    lines
}

/// For what an approval is good, and until when.
fn usable(of: &Value) -> Option<String> {
    let until = of.get("until")?;
    Some(match until.is_u64() {
        true => format!("for {}, until {}", covers(of), at(of, "until")),
        false => format!("for {}, until it is taken back", covers(of)),
    })
}

/// Each argument in a line of its own, with its digits as they were written.
fn arguments(request: &Value) -> Vec<String> {
    let whole = request.pointer("/arguments/text").and_then(Value::as_str).unwrap_or_default();
    let omitted = number(request, "/arguments/n_omitted");
    let parsed = json::parse(whole.as_bytes(), Bounds::answer(DEPTH)).ok();
    let mut lines = match parsed {
        Some(Json::Object(members)) => {
            members.iter().map(|(name, value)| visible(&format!("{name}: {value}"))).collect()
        }
        Some(Json::Array(_) | Json::Bool(_) | Json::Null | Json::Number(_) | Json::String(_)) | None => {
            vec![visible(whole)]
        }
    };
    if lines.is_empty() || whole.is_empty() {
        lines = vec!["none".to_owned()];
    }
    if omitted > 0 {
        lines.push(format!("{omitted} BYTES ARE MISSING HERE: what you do not see, you do not review"));
    }
    lines
}

fn missing(one: &Value) -> String {
    let more = number(one, "needed").saturating_sub(number(one, "approved"));
    format!("{more} more of {} ({})", text(one, "group"), text(one, "policy"))
}

fn said(one: &Value) -> String {
    let mut line = format!("{} {} {}", at(one, "at"), text(one, "what"), text(one, "by"));
    if let Some(reason) = found(one, "reason") {
        line.push_str(&format!(": {reason}"));
    }
    line
}

fn covers(of: &Value) -> String {
    match of.pointer("/covers/window_s").and_then(Value::as_u64) {
        Some(seconds) => format!("calls within {seconds} s"),
        None if text(of, "covers") == "all" => "everybody".to_owned(),
        None => "one call".to_owned(),
    }
}

fn at(of: &Value, member: &str) -> String {
    time::show(UnixSeconds(number(of, member) / 1000))
}

/// A member, or one further down if it is written with a `/`.
fn member<'v>(of: &'v Value, path: &str) -> Option<&'v Value> {
    if path.starts_with('/') { of.pointer(path) } else { of.get(path) }
}

fn found(of: &Value, path: &str) -> Option<String> {
    member(of, path).and_then(Value::as_str).map(visible)
}

fn text(of: &Value, path: &str) -> String {
    found(of, path).unwrap_or_default()
}

fn number(of: &Value, path: &str) -> u64 {
    member(of, path).and_then(Value::as_u64).unwrap_or_default()
}

fn items<'v>(of: &'v Value, path: &str) -> &'v [Value] {
    member(of, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list of texts, if there are any.
fn words(of: &Value, path: &str) -> Option<String> {
    let words: Vec<String> = items(of, path).iter().filter_map(Value::as_str).map(visible).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
