//! Requests as reviewers see them: what is asked, of what kind, by whom, why it needs people, and what they said.
//!
//! Arguments and reasons were masked when they were stored. What else is the caller's own text is masked here. Who
//! somebody is is not: it is what reviewers decide on.

use std::borrow::Cow;

use portcullis_approval::{
    Approval, Authority, Case, Consent, Coverage, Definition, Expiry, Operation, Requester, Requirement,
    Seen, State, Subject, Voter,
};
use portcullis_identity::PrincipalKind;
use portcullis_ledger::UnixMillis;
use serde_json::{Map, Value, json};

use super::{Verb, definition, may_say, now};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// A request in short.
pub(super) fn line<P: Ports>(x: &Exchange<P>, case: &Case, now: UnixMillis) -> Map<String, Value> {
    let request = case.request();
    let mut told = state(case, now);
    let subject = match &request.asked.subject {
        Subject::Access(access) => {
            let seconds = request.asked.requirements.coverage().span().as_secs();
            json!({ "kind": "access", "group": access.group.as_str(), "for_s": seconds })
        }
        Subject::Call(Operation { connection, method, name, .. }) => json!({
            "kind": "call", "connection": connection.as_str(), "method": method, "name": masked(x, name),
        }),
        Subject::Definition(Definition { connection, kind, name, .. }) => json!({
            "kind": "definition", "connection": connection.as_str(), "defines": kind, "name": masked(x, name),
        }),
    };
    let rest = json!({
        "id": request.id.to_string(),
        "requester": requester(request.asked.subject.requester()),
        "created": request.created.0,
        "deadline": request.deadline().0,
        "labels": request.context.labels,
    });
    for members in [subject, rest] {
        add(&mut told, members);
    }
    told
}

/// Where a request stands.
pub(super) fn state(case: &Case, now: UnixMillis) -> Map<String, Value> {
    let state = case.state(now);
    let mut told = Map::new();
    told.insert("state".to_owned(), state.as_str().into());
    let more = match state {
        State::Approved(Approval { at, until, coverage, authority }) => json!({
            "approved_at": at.0, "covers": covers(coverage),
            "until": (coverage != Coverage::Lasting).then_some(until.0),
            "forced_by": match authority {
                Authority::Approvers => Value::Null,
                Authority::Force(by) => by.as_str().into(),
            },
        }),
        State::Expired(expiry) => json!({ "expiry": match expiry {
            Expiry::Ended => "ended",
            Expiry::Unanswered => "unanswered",
        }}),
        State::Pending(missing) => {
            let missing = missing.iter().map(|one| {
                json!({
                    "policy": one.policy.as_str(), "group": one.group.as_str(), "approved": one.approved,
                    "needed": one.needed,
                })
            });
            json!({ "missing": missing.collect::<Vec<_>>() })
        }
        State::Consumed | State::Rejected | State::Revoked => json!({}),
    };
    add(&mut told, more);
    told
}

/// All that a reviewer needs to decide on a request.
pub(super) fn whole<P: Ports>(x: &Exchange<P>, case: &Case, before: Value) -> Result<Value, Refusal> {
    let now = now(x);
    let request = case.request();
    let mut told = line(x, case, now);
    let definition = match &request.asked.subject {
        Subject::Access(_) => Value::Null,
        Subject::Call(operation) => definition::of_call(x, operation),
        Subject::Definition(held) => definition::held(x, held),
    };
    let context = &request.context;
    let arguments = &context.arguments;
    add(
        &mut told,
        json!({
            "digest": case.digest().to_string(),
            "arguments": { "text": arguments.text(), "n_omitted": arguments.n_omitted() },
            "definition": definition,
            "requirements": request.asked.requirements.iter().map(requirement).collect::<Vec<_>>(),
            "reasons": context.reasons,
            "note": context.note.as_ref().map(|note| masked(x, note.as_str())),
            "before": before,
            "said": said(case),
            "may": may(x, case, now)?,
        }),
    );
    Ok(Value::Object(told))
}

fn requester(requester: &Requester) -> Value {
    let actors = requester.actors.iter().map(|actor| {
        let issuer = actor.issuer.as_deref().map(|issuer| format!("{issuer}|")).unwrap_or_default();
        format!("{issuer}{}", actor.subject)
    });
    json!({
        "id": requester.id.as_str(),
        "kind": match requester.kind {
            PrincipalKind::User => "user",
            PrincipalKind::Workload => "workload",
        },
        "actors": actors.collect::<Vec<_>>(),
    })
}

fn requirement(one: &Requirement) -> Value {
    json!({
        "policy": one.policy.id.as_str(), "digest": one.policy.digest.to_string(), "group": one.group.as_str(),
        "approvers": one.approvers.get(), "open_s": one.ttl.as_secs(), "covers": covers(one.coverage),
    })
}

fn covers(coverage: Coverage) -> Value {
    match coverage {
        Coverage::Lasting => json!("all"),
        Coverage::Once => json!("once"),
        Coverage::Window(span) => json!({ "window_s": span.as_secs() }),
    }
}

/// What people have said, by time, and what became of it. Whether a vote counts is in the state.
fn said(case: &Case) -> Vec<Value> {
    let votes = case.votes().map(|vote| {
        let (what, groups) = match vote.consent() {
            Consent::Approve(groups) => ("approve", groups.iter().map(ToString::to_string).collect()),
            Consent::Force => ("force", Vec::new()),
        };
        let reason = vote.reason().map(|reason| reason.as_str());
        (vote.at(), json!({
            "what": what, "by": vote.voter().as_str(), "at": vote.at().0, "groups": groups, "reason": reason,
        }))
    });
    let rejections = case.rejections().map(|said| {
        let groups: Vec<String> = said.groups().iter().map(ToString::to_string).collect();
        (
            said.at(),
            json!({
                "what": "reject", "by": said.voter().as_str(), "at": said.at().0, "groups": groups,
                "reason": said.reason().as_str(),
            }),
        )
    });
    let revocations = case.revocations().map(|said| {
        (
            said.at,
            json!({
                "what": "revoke", "by": said.by.as_str(), "at": said.at.0, "reason": said.reason.as_str(),
            }),
        )
    });
    let uses = case
        .uses()
        .map(|used| (used.at, json!({ "what": "use", "at": used.at.0, "call": used.call.to_string() })));
    let mut all: Vec<(UnixMillis, Value)> = votes.chain(rejections).chain(revocations).chain(uses).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, said)| said).collect()
}

/// What the caller could say about it now.
fn may<P: Ports>(x: &Exchange<P>, case: &Case, now: UnixMillis) -> Result<Vec<&'static str>, Refusal> {
    let caller = x.caller()?;
    let voter = Voter::of(caller.principal()).ok();
    let seen = Seen { request: case.digest(), at: now };
    let is_open = matches!(case.state(now), State::Approved(_) | State::Pending(_));
    let is_pending = matches!(case.state(now), State::Pending(_));
    let could = |verb: Verb| match (verb, &voter) {
        (Verb::Revoke, _) => is_open,
        (Verb::Approve, Some(voter)) => case.approve(voter, seen, None).is_ok(),
        (Verb::Reject, Some(voter)) => {
            let is_asked = |group| case.request().asked.requirements.names(group);
            let is_own = case.request().asked.subject.requester().includes(voter.id());
            is_pending && !is_own && voter.groups().iter().any(is_asked)
        }
        (Verb::Force, Some(voter)) => {
            is_pending && !case.request().asked.subject.requester().includes(voter.id())
        }
        (Verb::Approve | Verb::Force | Verb::Reject, None) => false,
    };
    let may = |verb: &Verb| could(*verb) && may_say(x, case, *verb).is_ok();
    Ok(Verb::ALL.iter().filter(|verb| may(verb)).map(|verb| verb.as_str()).collect())
}

/// A text of somebody's own, as it may be shown to anybody.
pub(super) fn masked<P: Ports>(x: &Exchange<P>, text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    x.masker().text(&mut text);
    text.into_owned()
}

fn add(to: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        to.extend(more);
    }
}
