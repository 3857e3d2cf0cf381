//! Decisions in words for people, and in JSON for scripts.

use portcullis_policy::{
    DenialKind, Effect, EvaluationFailure, Explanation, NearMiss, ObservedOutcome, Policy, Requirement,
    Verdict,
};
use serde_json::{Value, json};

/// The decision in one word.
pub(crate) const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny(_) => "deny",
        Verdict::Hold(_) => "hold",
    }
}

/// What the decision comes from, in one sentence for each thing.
pub(crate) fn why(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Allow => vec!["a permit matches and no forbid does".to_owned()],
        Verdict::Deny(DenialKind::EvaluationError(failures)) => {
            failures.iter().map(EvaluationFailure::to_string).collect()
        }
        Verdict::Deny(DenialKind::Forbidden) => vec!["a forbid matches".to_owned()],
        Verdict::Deny(DenialKind::NoPolicyAllows) => vec!["no permit matches".to_owned()],
        Verdict::Hold(requirements) => requirements.iter().map(requirement).collect(),
    }
}

fn requirement(Requirement { policy, rule }: &Requirement) -> String {
    format!("{} needs the approval of {} in {}", policy.id(), rule.approvers, rule.group)
}

/// `id (file:line)`.
pub(crate) fn place(policy: &Policy) -> String {
    format!("{} ({}:{})", policy.id(), policy.file(), policy.line())
}

/// What an observed policy would do.
pub(crate) fn observed(outcome: Option<&ObservedOutcome>) -> String {
    match outcome {
        Some(ObservedOutcome::Errs(error)) => format!("would deny, since it cannot be evaluated: {error}"),
        Some(ObservedOutcome::Forbids) => "would forbid it".to_owned(),
        Some(ObservedOutcome::Holds) => "would hold it for approval".to_owned(),
        Some(ObservedOutcome::Permits) => "would permit it".to_owned(),
        None => "does not match".to_owned(),
    }
}

/// What an explanation says, for scripts.
pub(crate) fn json(explanation: &Explanation) -> serde_json::Map<String, Value> {
    let Explanation { verdict, reasons, nearest } = explanation;
    let determining: Vec<Value> = reasons.determining.iter().map(|policy| policy_json(policy)).collect();
    let mut told = serde_json::Map::new();
    told.insert("decision".to_owned(), json!(word(verdict)));
    told.insert("why".to_owned(), json!(why(verdict)));
    told.insert("determining".to_owned(), json!(determining));
    told.insert("approvals".to_owned(), json!(approvals(verdict)));
    told.insert("nearest".to_owned(), nearest.iter().map(miss_json).collect());
    told
}

/// A policy by its name, its place and its content.
pub(crate) fn policy_json(policy: &Policy) -> Value {
    json!({
        "id": policy.id().as_str(),
        "effect": match policy.effect() {
            Effect::Forbid => "forbid",
            Effect::Permit => "permit",
        },
        "file": policy.file(),
        "line": policy.line(),
        "reason": policy.reason(),
        "digest": policy.digest().to_string(),
    })
}

fn approvals(verdict: &Verdict) -> Vec<Value> {
    let Verdict::Hold(requirements) = verdict else { return Vec::new() };
    let each = requirements.iter().map(|Requirement { policy, rule }| {
        json!({
            "policy": policy.id().as_str(),
            "group": rule.group.as_str(),
            "approvers": rule.approvers.get(),
            "ttl_seconds": rule.ttl.as_secs(),
        })
    });
    each.collect()
}

fn miss_json(miss: &NearMiss) -> Value {
    let differences: Vec<Value> = miss
        .differences
        .iter()
        .map(|difference| json!({ "kind": difference.kind(), "text": difference.to_string() }))
        .collect();
    json!({ "policy": policy_json(&miss.policy), "differences": differences, "text": miss.to_string() })
}
