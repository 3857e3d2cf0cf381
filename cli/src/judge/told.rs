//! A judged call in one line, for people and for scripts.

use portcullis_identity::UnixSeconds;
use portcullis_policy::Policy;
use serde_json::{Value, json};

use crate::judge::change::{Fate, Judged, Mask, Now};
use crate::terminal::{Style, visible};
use crate::trial::{time, told};

/// What a person reads.
pub(super) fn line(judged: &Judged, style: Style) -> String {
    let Judged { at, caller, connection, method, name, now, by, masks, withheld, doubts, .. } = judged;
    let at = time::show(UnixSeconds(at.0 / 1000));
    let what = [connection, method, name].map(|part| visible(part)).join(" ");
    let mut parts =
        vec![style.faint(&at), visible(caller), style.bold(what.trim_end()), decision(judged, style)];
    let reasons: Vec<String> = by.iter().map(|policy| by_policy(policy)).collect();
    match now {
        Now::Deny(why) if reasons.is_empty() => parts.push(format!("since {}", visible(why))),
        Now::Allow | Now::Deny(_) | Now::Hold(_) if judged.is_decided_otherwise() => {
            parts.push(format!("by {}", reasons.join(", ")));
        }
        Now::Allow | Now::Deny(_) | Now::Hold(_) => {}
    }
    let before = before(judged);
    if judged.is_decided_otherwise() && !before.is_empty() {
        parts.push(format!("was by {before}"));
    }
    parts.extend(masks.iter().map(mask));
    if !withheld.is_empty() {
        parts.push(format!("tokens of {} stay closed", visible(&withheld.join(", "))));
    }
    if judged.needs_new_approval {
        parts.push("its approval does not cover this".to_owned());
    }
    if !doubts.is_empty() {
        let doubts: Vec<String> = doubts.iter().map(|doubt| visible(doubt)).collect();
        parts.push(format!("approximate: {}", doubts.join("; ")));
    }
    parts.join("  ")
}

fn decision(judged: &Judged, style: Style) -> String {
    let (was, now) = (judged.was(), judged.now.word());
    let approved = if judged.was.is_approved { " (approved)" } else { "" };
    let painted = match judged.now {
        Now::Allow => style.added(now),
        Now::Deny(_) | Now::Hold(_) => style.removed(now),
    };
    match judged.is_decided_otherwise() {
        true => format!("{was}{approved} → {painted}"),
        false => format!("{now}{approved}, as before"),
    }
}

fn by_policy(policy: &Policy) -> String {
    let reason = policy.reason().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
    format!("{}{reason}", visible(&told::place(policy)))
}

/// The policies of then, and what became of them.
fn before(judged: &Judged) -> String {
    let policies = judged.was.policies.iter().zip(&judged.fates);
    let each = policies.map(|(policy, fate)| match fate {
        Fate::Same => visible(&policy.id),
        Fate::Changed | Fate::Gone => format!("{} ({})", visible(&policy.id), fate.as_str()),
    });
    each.collect::<Vec<_>>().join(", ")
}

fn mask(Mask { class, was, now, n_values }: &Mask) -> String {
    format!("{} {} → {} (×{n_values})", visible(class), was.as_str(), now.as_str())
}

/// The same for a script.
pub(super) fn json(judged: &Judged) -> Value {
    let Judged { id, at, caller, connection, method, name, was, now, by, masks, withheld, doubts, .. } =
        judged;
    let policies = was.policies.iter().zip(&judged.fates);
    let before = policies
        .map(|(policy, fate)| json!({ "id": policy.id, "digest": policy.digest, "now": fate.as_str() }));
    let why = match now {
        Now::Allow => None,
        Now::Deny(why) => Some(why.clone()),
        Now::Hold(requirements) => {
            Some(told::why(&portcullis_policy::Verdict::Hold(requirements.clone())).join("; "))
        }
    };
    let masks = masks.iter().map(|Mask { class, was, now, n_values }| {
        json!({ "class": class, "was": was.as_str(), "now": now.as_str(), "values": n_values })
    });
    json!({
        "id": id.to_string(), "at": at.0, "principal": caller, "connection": connection, "method": method,
        "name": name, "changed": judged.is_changed(),
        "was": { "decision": judged.was(), "approved": was.is_approved, "policies": before.collect::<Vec<_>>() },
        "now": {
            "decision": now.word(), "why": why,
            "policies": by.iter().map(|policy| told::policy_json(policy)).collect::<Vec<_>>(),
        },
        "masks": masks.collect::<Vec<_>>(), "tokens_closed": withheld,
        "needs_new_approval": judged.needs_new_approval, "approximate": doubts,
    })
}
