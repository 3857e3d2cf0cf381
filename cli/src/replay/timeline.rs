//! Records as events: a call with its outcome, a refusal, a drift.

use std::collections::BTreeMap;

use portcullis_identity::UnixSeconds;
use serde_json::{Value, json};

use crate::terminal::{Style, visible};
use crate::trial::time;

/// How much of arguments and answers is shown unless all is wanted, in characters.
const SHOWN: usize = 200;

/// The records of a recording, in any order.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    events: Vec<Event>,
    /// The outcomes of calls. The last one counts.
    outcomes: BTreeMap<String, Value>,
}

/// Records as they come: each is an event at once, and what has begun is known when it ends.
#[derive(Debug, Default)]
pub(super) struct Live {
    begun: BTreeMap<String, Value>,
}

/// Something that happened.
#[derive(Debug)]
pub(super) struct Event {
    record: Value,
    outcome: Option<Value>,
}

impl Timeline {
    pub(super) fn take(&mut self, record: &Value) {
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match record.get("kind").and_then(Value::as_str) {
            Some("outcome") => {
                self.outcomes.insert(id, record.clone());
            }
            Some(_) | None => self.events.push(Event { record: record.clone(), outcome: None }),
        }
    }

    /// What happened, the first first. An outcome whose call is not there is an event by itself.
    pub(super) fn events(mut self) -> Vec<Event> {
        for event in &mut self.events {
            if event.text("/kind") == "intent" {
                event.outcome = self.outcomes.remove(event.text("/id"));
            }
        }
        let rest = self.outcomes.into_values().map(|record| Event { record, outcome: None });
        self.events.extend(rest);
        self.events.sort_by_key(Event::at);
        self.events
    }
}

impl Live {
    /// What a record is: a call that begins, a call that has ended, or something else.
    pub(super) fn take(&mut self, record: Value) -> Event {
        let text = |member: &str| record.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, id) = (text("kind"), text("id"));
        match kind.as_str() {
            "intent" => {
                self.begun.insert(id, record.clone());
                Event { record, outcome: None }
            }
            "outcome" => match self.begun.remove(&id) {
                Some(intent) => Event { record: intent, outcome: Some(record) },
                None => Event { record, outcome: None },
            },
            _ => Event { record, outcome: None },
        }
    }
}

impl Event {
    /// Whether it is a call that has not ended.
    pub(super) fn is_begun(&self) -> bool {
        self.text("/kind") == "intent" && self.outcome.is_none()
    }

    /// When it happened, in milliseconds since 1970.
    pub(super) fn at(&self) -> u64 {
        self.record.get("at").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Whether it has a text in what it is found by.
    pub(super) fn has(&self, text: &str) -> bool {
        let places =
            ["/method", "/name", "/decision/outcome", "/error", "/approval"].map(|place| self.text(place));
        let policies = self.policies();
        places.iter().any(|place| place.contains(text))
            || policies.contains(text)
            || self.end().contains(text)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "record": self.record, "outcome": self.outcome, "outcome_unknown": self.is_begun() })
    }

    /// When, what, and what was decided.
    pub(super) fn head(&self, style: Style) -> String {
        let at = self.at();
        let time = time::show(UnixSeconds(at / 1000));
        let time = format!("{}.{:03}Z", time.trim_end_matches('Z'), at % 1000);
        let what = [self.text("/method"), self.text("/defines"), self.text("/name")];
        let what: Vec<String> =
            what.iter().filter(|part| !part.is_empty()).map(|part| visible(part)).collect();
        let (kind, decision) = (self.text("/kind"), self.text("/decision/outcome"));
        let decided = if decision.is_empty() { kind } else { decision };
        let decided = match decided {
            "allow" => style.added(decided),
            "intent" | "outcome" => decided.to_owned(),
            other => style.removed(&visible(other)),
        };
        let mut head = format!("{}  {}  {decided}", style.faint(&time), style.bold(&what.join(" ")));
        let policies = self.policies();
        if !policies.is_empty() {
            head.push_str(&format!("  [{}]", visible(&policies)));
        }
        head
    }

    /// What a person reads.
    pub(super) fn lines(&self, style: Style, is_full: bool) -> Vec<String> {
        let mut lines = vec![self.head(style)];
        let mut say = |label: &str, text: String| {
            if !text.is_empty() {
                lines.push(format!("    {label:9} {}", visible(&text)));
            }
        };
        say("by", self.who());
        say("labels", self.list("/labels"));
        say("with", self.excerpt("/arguments", is_full));
        say("why", self.excerpt("/explanation", is_full));
        say("changed", self.list("/changed"));
        say("approval", self.text("/approval").to_owned());
        say("end", self.end());
        if let Some(outcome) = self.ended() {
            say("found", counts(outcome.get("findings")));
            say("masked", counts(outcome.get("masked")));
            say("answer", excerpt(outcome.get("body"), is_full));
            say("took", timings(outcome.get("timings")));
        }
        lines
    }

    fn ended(&self) -> Option<&Value> {
        let is_outcome = self.text("/kind") == "outcome";
        self.outcome.as_ref().or(is_outcome.then_some(&self.record))
    }

    /// How it ended, and how much went to and fro.
    fn end(&self) -> String {
        let Some(outcome) = self.ended() else {
            let is_call = self.text("/kind") == "intent";
            return if is_call { "outcome unknown".to_owned() } else { visible(self.text("/error")) };
        };
        let text = |place: &str| outcome.pointer(place).and_then(Value::as_str).unwrap_or_default();
        let number = |place: &str| outcome.pointer(place).and_then(Value::as_u64);
        let mut end = text("/result/status").to_owned();
        if outcome.pointer("/result/is_error") == Some(&Value::Bool(true)) {
            end.push_str(" with an error");
        }
        if !text("/result/kind").is_empty() {
            end.push_str(&format!(" ({})", text("/result/kind")));
        }
        if let Some(status) = number("/upstream_status") {
            end.push_str(&format!(", upstream {status}"));
        }
        let sent = self.record.get("request_bytes").and_then(Value::as_u64).unwrap_or_default();
        let (bytes, frames) =
            (number("/bytes_out").unwrap_or_default(), number("/frames").unwrap_or_default());
        end.push_str(&format!(", {sent} B in, {bytes} B out in {frames} frames"));
        end
    }

    fn who(&self) -> String {
        let (issuer, subject) = (self.text("/principal/issuer"), self.text("/principal/subject"));
        if subject.is_empty() { String::new() } else { format!("{issuer}|{subject}") }
    }

    fn policies(&self) -> String {
        let policies = self.record.pointer("/decision/policies").and_then(Value::as_array);
        let ids = policies.into_iter().flatten().filter_map(|policy| policy.get("id")?.as_str());
        ids.collect::<Vec<_>>().join(", ")
    }

    fn list(&self, place: &str) -> String {
        let list = self.record.pointer(place).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    }

    fn excerpt(&self, place: &str, is_full: bool) -> String {
        excerpt(self.record.pointer(place), is_full)
    }

    fn text(&self, place: &str) -> &str {
        self.record.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A text that may be long, and how much of it is not there.
fn excerpt(value: Option<&Value>, is_full: bool) -> String {
    let text = value.and_then(|value| value.as_str().or_else(|| value.get("text")?.as_str()));
    let text = text.unwrap_or_default();
    let omitted = value.and_then(|value| value.get("omitted")?.as_u64());
    let mut shown: String = text.chars().take(if is_full { usize::MAX } else { SHOWN }).collect();
    if shown.len() < text.len() {
        shown.push_str(" …");
    }
    if let Some(omitted) = omitted {
        shown.push_str(&format!(" ({omitted} B are not on record)"));
    }
    shown
}

fn counts(value: Option<&Value>) -> String {
    let counts = value.and_then(Value::as_object).into_iter().flatten();
    counts.map(|(class, n)| format!("{class} ×{n}")).collect::<Vec<_>>().join(", ")
}

/// Microseconds as milliseconds.
fn timings(value: Option<&Value>) -> String {
    let timings = value.and_then(Value::as_object).into_iter().flatten();
    let shown = timings.filter_map(|(stage, micros)| {
        let micros = micros.as_u64()?;
        Some(format!("{stage} {}.{:03} ms", micros / 1000, micros % 1000))
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(id: &str, at: u64, name: &str) -> Value {
        json!({
            "kind": "intent", "id": id, "at": at, "method": "tools/call", "name": name, "request_bytes": 42,
            "principal": { "issuer": "okta", "subject": "ana" }, "labels": ["pii.card"],
            "arguments": { "digest": "-", "text": "{\"a\":1}" },
            "decision": { "outcome": "allow", "policies": [{ "id": "staff", "digest": "-" }] },
        })
    }

    fn outcome(id: &str, at: u64, status: &str) -> Value {
        json!({
            "kind": "outcome", "id": id, "at": at, "result": { "status": status, "is_error": false },
            "upstream_status": 200, "bytes_out": 7, "frames": 1, "findings": { "pii.card": 2 },
            "body": { "text": "x".repeat(300) }, "timings": { "edge": 1500 },
        })
    }

    fn events(records: &[Value]) -> Vec<Event> {
        let mut timeline = Timeline::default();
        records.iter().for_each(|record| timeline.take(record));
        timeline.events()
    }

    fn shown(event: &Event, is_full: bool) -> String {
        event.lines(Style::plain(), is_full).join("\n")
    }

    #[test]
    fn a_call_is_shown_with_its_last_outcome_and_all_that_is_known() {
        let records =
            [intent("1", 1_800_000_000_123, "read"), outcome("1", 2, "failed"), outcome("1", 3, "completed")];
        let events = events(&records);
        assert_eq!(events.len(), 1);
        let text = shown(&events[0], false);
        let expected = [
            "2027-01-15T08:00:00.123Z  tools/call read  allow  [staff]",
            "by        okta|ana",
            "labels    pii.card",
            r#"with      {"a":1}"#,
            "end       completed, upstream 200, 42 B in, 7 B out in 1 frames",
            "found     pii.card ×2",
            "took      edge 1.500 ms",
        ];
        for expected in expected {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(
            text.contains(&format!("answer    {} …", "x".repeat(200))) && !text.contains(&"x".repeat(201))
        );
        assert!(shown(&events[0], true).contains(&"x".repeat(300)));
        assert!(events[0].has("staff") && events[0].has("completed") && !events[0].has("deny"));
    }

    #[test]
    fn records_that_come_are_events_at_once_and_a_call_is_whole_when_it_has_ended() {
        let mut live = Live::default();
        let begun = live.take(intent("1", 1_800_000_000_123, "read"));
        assert!(begun.is_begun() && begun.head(Style::plain()).contains("tools/call read  allow  [staff]"));
        let ended = live.take(outcome("1", 1_800_000_000_456, "completed"));
        let text = shown(&ended, false);
        assert!(
            !ended.is_begun() && text.contains("tools/call read") && text.contains("completed"),
            "{text}"
        );
        let alone = live.take(outcome("1", 1_800_000_000_456, "completed"));
        assert!(!alone.is_begun() && shown(&alone, false).contains("completed"));
    }

    #[test]
    fn a_call_without_an_outcome_says_so_and_an_outcome_without_a_call_is_not_lost() {
        let events = events(&[intent("1", 20, "read"), outcome("2", 10, "completed")]);
        assert_eq!(events.len(), 2);
        assert!(shown(&events[0], false).contains("completed"));
        assert!(shown(&events[1], false).contains("outcome unknown"));
        assert_eq!(events[1].to_json()["outcome_unknown"], json!(true));
    }

    #[test]
    fn what_people_were_asked_is_named_with_what_was_held_and_what_went_on() {
        let mut went_on = intent("1", 20, "pay");
        went_on["approval"] = json!("a5-1");
        let held = json!({
            "kind": "refusal", "id": "2", "at": 10, "stage": "decide", "error": "needs_approval", "name": "pay",
            "approval": "a5-1",
        });
        let drift = json!({ "kind": "drift", "id": "3", "at": 30, "defines": "tool", "approval": "b6-1" });
        let events = events(&[went_on, held, drift, intent("4", 40, "read")]);
        let found: Vec<bool> = events.iter().map(|event| event.has("a5-1")).collect();
        assert_eq!(found, [true, true, false, false]);
        for (event, want) in events.iter().zip([Some("a5-1"), Some("a5-1"), Some("b6-1"), None]) {
            let text = shown(event, false);
            match want {
                Some(id) => assert!(text.contains(&format!("approval  {id}")), "{text}"),
                None => assert!(!text.contains("approval"), "{text}"),
            }
        }
    }

    #[test]
    fn nothing_of_a_record_steers_the_terminal() {
        let refusal = json!({
            "kind": "refusal", "id": "3", "at": 1, "stage": "decide", "error": "denied", "name": "a\u{1b}[2Jb",
            "explanation": { "text": "no\r\n\u{9b}31m" }, "decision": { "outcome": "deny", "policies": [] },
        });
        let text = shown(&events(&[refusal])[0], false);
        assert!(text.lines().flat_map(str::chars).all(|c| !c.is_control()), "{text:?}");
        assert!(text.contains("deny") && text.contains("end       denied"));
    }
}
