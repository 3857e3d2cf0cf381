//! What who asks did before, in lines.

use serde_json::Value;

use super::{at, found, items, number, text};

/// In one line how much it was, and one for each of the last calls.
pub(super) fn lines(before: &Value) -> Vec<String> {
    if let Some(unknown) = found(before, "unknown") {
        return vec![unknown];
    }
    let calls = items(before, "calls");
    let of = |decision: &str| number(before, &format!("/decisions/{decision}"));
    let (n_read, days) = (number(before, "n_read"), number(before, "days"));
    let is_whole = before.get("is_whole").and_then(Value::as_bool) == Some(true);
    let more = if is_whole { "" } else { ", and more that was not read" };
    let mut lines = vec![match n_read {
        0 => format!("nothing in {days} days{more}"),
        n => format!(
            "{n} in {days} days{more}: {} allowed, {} denied, {} held",
            of("allow"),
            of("deny"),
            of("hold")
        ),
    }];
    lines.extend(calls.iter().map(|call| {
        let what = [text(call, "method"), text(call, "name")];
        let what: Vec<String> = what.into_iter().filter(|part| !part.is_empty()).collect();
        let asked = found(call, "approval").map(|id| format!(", request {id}")).unwrap_or_default();
        format!("{} {}: {}{asked}", at(call, "at"), what.join(" "), text(call, "decision"))
    }));
    lines
}
