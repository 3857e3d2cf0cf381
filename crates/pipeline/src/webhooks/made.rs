//! Events of what happens here. What is a caller's or a server's own text is masked as in records.

use std::borrow::Cow;
use std::time::Duration;

use portcullis_approval::{Case, Definition, Operation, Reason, Request, Subject};
use portcullis_ledger::Drift as DriftRecord;
use portcullis_release::Entry;
use portcullis_settings::WebhookEvent;
use portcullis_webhook::{About, Decision, Event, Matter};

use super::{is_wanted, raise};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// Tells that people are asked.
pub(crate) async fn requested<P: Ports>(x: &Exchange<P>, request: &Request) {
    let event = Event::ApprovalRequested { matter: matter(x, request) };
    raise(&x.gateway, &*x.ports, &event).await;
}

/// Tells what somebody has said about a request: no decision is that it was revoked. Reasons are masked when they come.
pub(crate) async fn decided<P: Ports>(
    x: &Exchange<P>,
    case: &Case,
    decision: Option<Decision>,
    reason: Option<&Reason>,
) {
    let Some(by) = x.token.as_ref().map(|token| token.principal().id().to_string()) else { return };
    let matter = matter(x, case.request());
    let state = case.state(portcullis_ledger::UnixMillis(x.ports.now())).as_str().to_owned();
    let reason = reason.map(|reason| reason.as_str().to_owned());
    let event = match decision {
        Some(decision) => Event::ApprovalDecided { matter, by, decision, state, reason },
        None => Event::ApprovalRevoked { matter, by, state, reason },
    };
    raise(&x.gateway, &*x.ports, &event).await;
}

/// Tells that policy has denied a request, if that is what a refusal is, and not too often for one principal.
pub(crate) async fn of_refusal<P: Ports>(x: &Exchange<P>, refusal: &Refusal) {
    let Refusal::Denied(denial) = refusal else { return };
    let connection = x.connection.as_ref().map(ToString::to_string);
    let Some(token) = &x.token else { return };
    if !is_wanted(&x.gateway, WebhookEvent::CallDenied, connection.as_deref()) {
        return;
    }
    let principal = token.principal().id().to_string();
    let now = Duration::from_micros(x.ports.monotonic());
    if x.gateway.post.denials.borrow_mut().take(principal.clone(), now).is_err() {
        return;
    }
    let policies = denial.reasons().determining.iter().map(|policy| policy.id().to_string());
    let method = x.to.method.map(|method| method.as_str()).or(x.deed).unwrap_or_default();
    let event = Event::CallDenied {
        principal,
        connection,
        method: method.to_owned(),
        name: x.name.as_deref().map(|name| masked(x, name)),
        policies: policies.collect(),
    };
    raise(&x.gateway, &*x.ports, &event).await;
}

/// Tells of a definition that is not the approved one, as it is recorded.
pub(crate) async fn of_drift<P: Ports>(gateway: &Gateway, ports: &P, record: &DriftRecord) {
    let event = Event::DefinitionDrift {
        connection: record.connection.clone(),
        kind: record.kind.clone(),
        name: record.name.clone(),
        setting: record.setting.clone(),
        pinned: record.pinned.clone(),
        live: record.live.clone(),
        changed: record.changed.clone(),
    };
    raise(gateway, ports, &event).await;
}

/// Tells that policies were put in force.
pub(crate) async fn of_push<P: Ports>(x: &Exchange<P>, entry: &Entry) {
    let event = Event::PolicyPushed {
        by: entry.by.clone(),
        serial: entry.envelope.serial().0,
        bundle: entry.envelope.bundle().to_string(),
        key_id: entry.envelope.key_id().to_string(),
        is_rollback: x.deed == Some("policy/rollback"),
    };
    raise(&x.gateway, &*x.ports, &event).await;
}

/// A request as it is told.
pub(super) fn matter<P: Ports>(x: &Exchange<P>, request: &Request) -> Matter {
    let asked = &request.asked;
    let about = match &asked.subject {
        Subject::Access(access) => About::Access { group: access.group.as_str().to_owned() },
        Subject::Call(Operation { connection, method, name, .. }) => {
            About::Call { connection: connection.to_string(), method: method.clone(), name: masked(x, name) }
        }
        Subject::Definition(Definition { connection, kind, name, .. }) => About::Definition {
            connection: connection.to_string(),
            kind: kind.clone(),
            name: masked(x, name),
        },
    };
    Matter {
        request: request.id.to_string(),
        requester: asked.subject.requester().id.as_str().to_owned(),
        about,
        policies: asked.requirements.iter().map(|one| one.policy.id.as_str().to_owned()).collect(),
        url: x.gateway.settings().public_url.approval_page(request.id),
        created: request.created,
        deadline: request.deadline(),
    }
}

fn masked<P: Ports>(x: &Exchange<P>, text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    x.masker().text(&mut text);
    text.into_owned()
}
