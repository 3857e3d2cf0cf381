//! Records as events of the Open Cybersecurity Schema Framework (OCSF), which systems for security monitoring read.
//!
//! | record | class |
//! |---|---|
//! | a call: its intent, and its outcome if it is there | API Activity, 6003 |
//! | a refusal | API Activity, 6003, failed and denied |
//! | drift | Detection Finding, 2004 |
//!
//! All have the profile `security_control`. What the schema has no place for is in `unmapped`. Events of one call have
//! its id in `metadata.correlation_uid`. Answers of servers are not in events: the record has them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::drift::Drift;
use crate::excerpt::Excerpt;
use crate::id::{RecordId, UnixMillis};
use crate::intent::{Arguments, DecisionSummary, Intent, Verdict};
use crate::outcome::{CallResult, Outcome};
use crate::principal::{PrincipalKind, Who};
use crate::record::Record;
use crate::refusal::Refusal;

/// The version of the schema that events are of.
pub const OCSF_VERSION: &str = "1.3.0";

/// How many bytes of arguments and explanations are in an event.
const TEXT_BYTES: usize = 4_096;

const API_ACTIVITY: u64 = 6003;
const DETECTION_FINDING: u64 = 2004;

/// `severity_id`
#[derive(Clone, Copy)]
enum Severity {
    Informational,
    Low,
    Medium,
    High,
}

/// What was done with a request, as the profile `security_control` says it.
#[derive(Clone, Copy)]
enum Action {
    Allowed,
    /// With `disposition_id`, and its caption.
    Denied(u64, &'static str),
    /// It may pass, and is told.
    Logged,
}

const BLOCKED: Action = Action::Denied(2, "Blocked");
/// People are asked. The schema has no word for it.
const HELD: Action = Action::Denied(99, "Held");

/// The events of these records, in their order. An outcome whose intent comes before it becomes one event with it, in the
/// place of the outcome; either is an event of its own where the other is not among them.
#[must_use]
pub fn ocsf_events(records: &[Record]) -> Vec<Value> {
    let mut intents: BTreeMap<RecordId, (usize, &Intent)> = BTreeMap::new();
    let mut events: BTreeMap<usize, Value> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        match record {
            Record::Intent(intent) => _ = intents.insert(intent.id, (place, intent)),
            Record::Outcome(outcome) => {
                let intent = intents.remove(&outcome.id).map(|(_, intent)| intent);
                _ = events.insert(place, ended(intent, outcome));
            }
            Record::Refusal(refusal) => _ = events.insert(place, refused(refusal)),
            Record::Drift(drift) => _ = events.insert(place, drifted(drift)),
        }
    }
    events.extend(intents.into_values().map(|(place, intent)| (place, begun(intent))));
    events.into_values().map(pruned).collect()
}

/// A call of which nobody says here how it ended.
fn begun(intent: &Intent) -> Value {
    let status =
        json!({ "status_id": 0, "status": "Unknown", "status_detail": "no outcome is among these records" });
    let mut event = of_call(intent, intent.at, (Severity::Informational, Action::Allowed));
    add(&mut event, status);
    event
}

/// A call that has ended; of one whose beginning is not there, only what the outcome says.
fn ended(intent: Option<&Intent>, outcome: &Outcome) -> Value {
    let (has_failed, code) = match &outcome.result {
        CallResult::Completed { is_error } => (*is_error, "completed".to_owned()),
        CallResult::Failed { kind } => (true, kind.clone()),
        CallResult::Cancelled => (true, "cancelled".to_owned()),
        CallResult::Interrupted => (true, "interrupted".to_owned()),
    };
    let tone = (Severity::Informational, Action::Allowed);
    let mut event = match intent {
        Some(intent) => {
            let mut event = of_call(intent, outcome.at, tone);
            add(&mut event, json!({ "start_time": intent.at.0, "end_time": outcome.at.0 }));
            event
        }
        None => {
            let mut event = api_activity((outcome.id, outcome.at), 99, tone);
            // The event of the intent has who it was.
            add(&mut event, json!({ "actor": { "app_name": "unknown" }, "src_endpoint": endpoint(None) }));
            add(&mut event, json!({ "api": { "operation": "unknown" } }));
            event
        }
    };
    let (status_id, status) = if has_failed { (2, "Failure") } else { (1, "Success") };
    add(&mut event, json!({ "status_id": status_id, "status": status, "status_code": code }));
    within(&mut event, "api", response(outcome));
    let timings: BTreeMap<&str, u64> =
        outcome.timings.iter().map(|(stage, micros)| (stage.as_str(), *micros)).collect();
    let unmapped = json!({
        "bytes_out": outcome.bytes_out, "frames": outcome.frames, "findings": outcome.findings,
        "masked": outcome.masked, "timings_us": timings,
    });
    within(&mut event, "unmapped", unmapped);
    event
}

fn response(outcome: &Outcome) -> Value {
    let Some(code) = outcome.upstream_status else { return json!({}) };
    json!({ "response": { "code": code } })
}

fn of_call(intent: &Intent, at: UnixMillis, tone: (Severity, Action)) -> Value {
    let mut event = api_activity((intent.id, at), activity(&intent.method), tone);
    let called = (Some(intent.method.as_str()), intent.name.as_deref(), Some(intent.connection.as_str()));
    add(&mut event, api(called, intent.id));
    within(&mut event, "api", json!({ "version": intent.revision }));
    add(&mut event, json!({ "actor": actor(Some(&intent.principal), Some(&intent.decision)) }));
    if let Some(session) = &intent.session {
        within(&mut event, "actor", json!({ "session": { "uid": session.to_string() } }));
    }
    add(&mut event, json!({ "src_endpoint": endpoint(intent.client_address.as_deref()) }));
    let unmapped = json!({
        "labels": intent.labels, "definition": intent.definition,
        "approval": intent.approval, "trace_id": intent.trace, "bytes_in": intent.request_bytes,
    });
    within(&mut event, "unmapped", unmapped);
    within(&mut event, "unmapped", given(&intent.arguments));
    policies(
        &mut event,
        Some(&intent.decision),
        &intent.principal.granted.iter().map(|one| &one.request).collect::<Vec<_>>(),
    );
    event
}

fn refused(refusal: &Refusal) -> Value {
    let waits = refusal.decision.as_ref().is_some_and(|decision| decision.outcome == Verdict::Hold);
    let tone = match (waits, &refusal.principal) {
        (true, _) => (Severity::Low, HELD),
        (false, Some(_)) => (Severity::Medium, BLOCKED),
        (false, None) => (Severity::Low, BLOCKED),
    };
    let method = refusal.method.as_deref();
    let mut event = api_activity((refusal.id, refusal.at), activity(method.unwrap_or_default()), tone);
    add(&mut event, api((method, refusal.name.as_deref(), refusal.connection.as_deref()), refusal.id));
    add(&mut event, json!({ "actor": actor(refusal.principal.as_ref(), refusal.decision.as_ref()) }));
    add(&mut event, json!({ "src_endpoint": endpoint(refusal.client_address.as_deref()) }));
    let status = json!({
        "status_id": 2, "status": "Failure", "status_code": refusal.kind, "status_detail": text(&refusal.explanation),
    });
    add(&mut event, status);
    let unmapped = json!({
        "stage": refusal.stage.as_str(), "approval": refusal.approval, "trace_id": refusal.trace,
        "bytes_in": refusal.request_bytes, "labels": refusal.labels,
    });
    within(&mut event, "unmapped", unmapped);
    if let Some(arguments) = &refusal.arguments {
        within(&mut event, "unmapped", given(arguments));
    }
    policies(&mut event, refusal.decision.as_ref(), &[]);
    event
}

fn drifted(drift: &Drift) -> Value {
    let tone = match drift.setting.as_str() {
        "log" => (Severity::Medium, Action::Logged),
        "hold" => (Severity::High, HELD),
        _ => (Severity::High, BLOCKED),
    };
    let mut event = event((DETECTION_FINDING, 2), (drift.id, drift.at), (1, "Create"), tone);
    let Drift { connection, kind, name, pinned, live, setting, changed, approval, .. } = drift;
    let finding = json!({
        "uid": drift.id.to_string(), "title": "A definition is not the approved one", "types": ["definition drift"],
        "desc": format!("the {kind} {name} of {connection}"),
    });
    add(&mut event, json!({ "finding_info": finding, "status_id": 1, "status": "New" }));
    add(&mut event, json!({ "resources": [{ "name": name, "type": kind, "namespace": connection }] }));
    let unmapped = json!({
        "setting": setting, "pinned": pinned, "live": live, "changed": changed, "approval": approval,
    });
    within(&mut event, "unmapped", unmapped);
    event
}

fn api_activity(of: (RecordId, UnixMillis), activity: u64, tone: (Severity, Action)) -> Value {
    let name = match activity {
        1 => "Create",
        2 => "Read",
        3 => "Update",
        4 => "Delete",
        _ => "Other",
    };
    event((API_ACTIVITY, 6), of, (activity, name), tone)
}

/// What all events have.
fn event(
    (class, category): (u64, u64),
    (id, at): (RecordId, UnixMillis),
    (activity, activity_name): (u64, &str),
    (severity, action): (Severity, Action),
) -> Value {
    let (severity_id, severity) = match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    };
    let control = match action {
        Action::Allowed => {
            json!({ "action_id": 1, "action": "Allowed", "disposition_id": 1, "disposition": "Allowed" })
        }
        Action::Denied(id, name) => {
            json!({ "action_id": 2, "action": "Denied", "disposition_id": id, "disposition": name })
        }
        Action::Logged => {
            json!({ "action_id": 1, "action": "Allowed", "disposition_id": 17, "disposition": "Logged" })
        }
    };
    let metadata = json!({
        "version": OCSF_VERSION, "profiles": ["security_control"], "log_name": "ledger",
        "correlation_uid": id.to_string(),
        "product": { "name": "Portcullis", "vendor_name": "Portcullis", "version": env!("CARGO_PKG_VERSION") },
    });
    let mut event = json!({
        "class_uid": class, "category_uid": category, "activity_id": activity, "activity_name": activity_name,
        "type_uid": class * 100 + activity, "time": at.0, "severity_id": severity_id, "severity": severity,
        "metadata": metadata, "unmapped": {},
    });
    add(&mut event, control);
    event
}

/// `activity_id` of a method. What a call of a tool does, nobody can tell from here.
fn activity(method: &str) -> u64 {
    let reads = ["/list", "/read", "/get", "/export"];
    if reads.iter().any(|read| method.ends_with(read)) { 2 } else { 99 }
}

fn api((method, name, connection): (Option<&str>, Option<&str>, Option<&str>), id: RecordId) -> Value {
    let mut api = json!({ "operation": method.unwrap_or("unknown"), "request": { "uid": id.to_string() } });
    if let Some(connection) = connection {
        add(&mut api, json!({ "service": { "name": connection } }));
    }
    let mut all = json!({ "api": api });
    if let Some(name) = name {
        let kind = method.and_then(|method| method.split_once('/')).map(|(kind, _)| kind);
        add(&mut all, json!({ "resources": [{ "name": name, "type": kind, "namespace": connection }] }));
    }
    all
}

fn actor(who: Option<&Who>, decision: Option<&DecisionSummary>) -> Value {
    let Some(who) = who else { return json!({ "app_name": "unknown" }) };
    let Who { issuer, subject, kind, groups, granted: _, attributes: _, client, actors, token_id } = who;
    let (type_id, kind) = match kind {
        PrincipalKind::User => (1, "User"),
        PrincipalKind::Workload => (3, "System"),
    };
    let groups: Vec<Value> = groups.iter().map(|group| json!({ "name": group })).collect();
    let mut actor = json!({
        "user": {
            "uid": format!("{issuer}|{subject}"), "name": subject, "domain": issuer, "type_id": type_id, "type": kind,
            "groups": groups, "credential_uid": token_id,
        },
    });
    if let Some(client) = client {
        add(&mut actor, json!({ "app_name": client }));
    }
    if let Some(nearest) = actors.first() {
        add(&mut actor, json!({ "invoked_by": nearest }));
    }
    let decided = decision.map_or(&[][..], |decision| decision.policies.as_slice());
    if let (Some(decision), false) = (decision, decided.is_empty()) {
        let word = verdict(decision.outcome);
        let policy = |one: &crate::PolicyRef| json!({ "decision": word, "policy": { "name": one.id, "uid": one.digest } });
        add(&mut actor, json!({ "authorizations": decided.iter().map(policy).collect::<Vec<_>>() }));
    }
    actor
}

fn policies(event: &mut Value, decision: Option<&DecisionSummary>, granted: &[&String]) {
    let Some(decision) = decision else { return };
    if let Some(first) = decision.policies.first() {
        add(
            event,
            json!({ "policy": { "name": first.id, "uid": first.digest, "version": decision.bundle } }),
        );
    }
    let observed: Vec<&str> = decision.observed.iter().map(|one| one.id.as_str()).collect();
    let unmapped = json!({
        "decision": verdict(decision.outcome), "bundle": decision.bundle, "observed_policies": observed,
        "granted_by": granted,
    });
    within(event, "unmapped", unmapped);
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Hold => "hold",
    }
}

/// What a call was made with.
fn given(Arguments { digest, text: arguments, restored }: &Arguments) -> Value {
    json!({ "arguments": text(arguments), "arguments_digest": digest.to_string(), "restored": restored })
}

/// Where a request came from; the schema wants something there.
fn endpoint(address: Option<&str>) -> Value {
    match address {
        Some(address) => json!({ "ip": address }),
        None => json!({ "name": "unknown" }),
    }
}

/// The start of a text, and that it is only that.
fn text(excerpt: &Excerpt) -> String {
    let cut = Excerpt::start_of(excerpt.text(), TEXT_BYTES);
    let n_missing = excerpt.n_omitted().saturating_add(cut.n_omitted());
    if n_missing == 0 { cut.text().to_owned() } else { format!("{}… ({n_missing} bytes more)", cut.text()) }
}

/// Adds members.
fn add(to: &mut Value, members: Value) {
    if let (Value::Object(to), Value::Object(members)) = (to, members) {
        to.extend(members);
    }
}

/// Adds members to a member.
fn within(to: &mut Value, name: &str, members: Value) {
    if let Value::Object(to) = to {
        add(to.entry(name).or_insert_with(|| Value::Object(Map::new())), members);
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The same without what is `null` or empty.
fn pruned(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| is_something(value));
            Value::Object(members.map(|(name, value)| (name, pruned(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(pruned).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests;
