//! Stages 6 and 9: what is on record before anything leaves, and before its answer is released.
//!
//! One write each, acknowledged by the store. Arguments and answers are stored masked for everybody, whatever
//! the caller may see; originals only as keyed digests.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use portcullis_detect::Counts;
use portcullis_identity::seal::Purpose;
use portcullis_identity::{self as identity, VerifiedToken};
use portcullis_ledger::{
    Arguments, CallResult, DecisionSummary, Excerpt, Intent, Key, KeyedDigest, Outcome, PolicyRef,
    PrincipalKind, RecordId, Refusal as RefusalRecord, Stage, UnixMillis, Verdict, Who,
};
use portcullis_mcp::era::{Call, Era, SESSION_ID};
use portcullis_mcp::revision::Revision;
use portcullis_policy::{ObservedOutcome, Policy, Reasons};
use portcullis_settings::ClassName;

use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::guard::{Guard, Masker};
use crate::ports::{Ports, StoreError, fresh};
use crate::refusal::Refusal;

const ARGUMENTS: Purpose = Purpose::new("arguments");
const SESSION: Purpose = Purpose::new("session-id");

/// A call whose intent is on record and whose outcome is not yet. Must be closed.
#[derive(Debug)]
#[must_use = "an intent without an outcome is shown as unknown"]
pub(crate) struct Open {
    id: RecordId,
    timings: BTreeMap<Stage, u64>,
    /// When the intent was written, on the clock that only goes forward.
    since: u64,
}

/// How a call ended.
pub(crate) enum End<'a> {
    /// With an answer that goes to the caller.
    Answered {
        /// Whether the answer says that the call failed.
        failed: bool,
        /// The answer as the caller sees it.
        text: &'a str,
    },
    /// The caller left before the answer.
    Abandoned,
    /// The upstream's stream broke off or broke the protocol.
    Broken(&'a str),
    /// There is no answer that could be passed on.
    Refused(&'a Refusal),
}

/// Writes what is about to be done.
pub(crate) async fn intent<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    labels: &BTreeSet<ClassName>,
    reasons: &Reasons,
) -> Result<Open, StoreError> {
    let at = x.ports.now();
    let id = record_id(&*x.ports, at);
    let Some(token) = &x.token else { return Err(StoreError("no verified caller to record".to_owned())) };
    let mut masker = Masker::for_store(Rc::clone(&x.gateway));
    let record = Intent {
        id,
        at: UnixMillis(at),
        principal: who(token),
        connection: x.connection.as_ref().map(ToString::to_string).unwrap_or_default(),
        revision: revision(x, call).to_owned(),
        session: session(x),
        method: call.method.as_str().to_owned(),
        name: call.subject().map(|name| masked(&mut masker, name)),
        arguments: arguments(&x.gateway, &mut masker, call),
        labels: labels.iter().map(ToString::to_string).collect(),
        decision: decision(&x.gateway, Verdict::Allow, reasons),
        trace: x.trace().map(ToOwned::to_owned),
        client_address: x.address.map(|address| address.to_string()),
        request_bytes: x.request_bytes,
    };
    x.ports.set(Key::intent(x.gateway.app(), id).as_str(), &record.encode()).await?;
    let mut timings = x.timings.clone();
    let since = x.ports.monotonic();
    timings.insert(Stage::Intent, since.saturating_sub(x.lapped));
    Ok(Open { id, timings, since })
}

impl Open {
    /// Writes how the call ended. Written twice, it is one record.
    pub(crate) async fn close<P: Ports>(
        &self,
        ports: &P,
        end: End<'_>,
        guard: &Guard,
    ) -> Result<(), StoreError> {
        let Self { id, timings, since } = self;
        let (id, mut timings) = (*id, timings.clone());
        timings.insert(Stage::Forward, ports.monotonic().saturating_sub(*since));
        let (result, text) = match end {
            End::Answered { failed, text } => (CallResult::Completed { is_error: failed }, text),
            End::Abandoned => (CallResult::Interrupted, ""),
            End::Broken(reason) => (CallResult::Failed { kind: "upstream_broken".to_owned() }, reason),
            End::Refused(refusal) => (CallResult::Failed { kind: refusal.kind().to_owned() }, ""),
        };
        let record = Outcome {
            id,
            at: UnixMillis(ports.now()),
            result,
            upstream_status: guard.status(),
            bytes_out: guard.bytes_out(),
            frames: guard.frames(),
            findings: counts(guard.found()),
            masked: counts(guard.masked()),
            text: Excerpt::whole(masked(&mut Masker::for_store(guard.gateway()), text)),
            timings,
        };
        ports.set(Key::outcome(guard.gateway().app(), id).as_str(), &record.encode()).await
    }
}

/// Writes why a request was not made.
pub(crate) async fn refusal<P: Ports>(x: &Exchange<P>, refusal: &Refusal) -> Result<(), StoreError> {
    let at = x.ports.now();
    let id = record_id(&*x.ports, at);
    let mut masker = Masker::for_store(Rc::clone(&x.gateway));
    let record = RefusalRecord {
        id,
        at: UnixMillis(at),
        stage: refusal.stage(),
        kind: refusal.kind().to_owned(),
        explanation: Excerpt::whole(masked(&mut masker, &refusal.to_string())),
        principal: x.token.as_deref().map(who),
        connection: x.connection.as_ref().map(ToString::to_string),
        method: x.to.method.map(|method| method.as_str().to_owned()),
        name: x.name.as_deref().map(|name| masked(&mut masker, name)),
        decision: refusal.decision().map(|(verdict, reasons)| decision(&x.gateway, verdict, reasons)),
        trace: x.trace().map(ToOwned::to_owned),
        client_address: x.address.map(|address| address.to_string()),
        request_bytes: x.request_bytes,
    };
    x.ports.set(Key::refusal(x.gateway.app(), id).as_str(), &record.encode()).await
}

fn record_id<P: Ports>(ports: &P, at: u64) -> RecordId {
    RecordId::new(UnixMillis(at), fresh(ports))
}

fn who(token: &VerifiedToken) -> Who {
    let principal = token.principal();
    Who {
        issuer: principal.issuer.to_string(),
        subject: principal.subject.to_string(),
        kind: match principal.kind {
            identity::PrincipalKind::User => PrincipalKind::User,
            identity::PrincipalKind::Workload => PrincipalKind::Workload,
        },
        groups: principal.groups.iter().map(ToString::to_string).collect(),
        client: principal.client.clone(),
        actors: principal.actors.iter().map(|actor| actor.subject.to_string()).collect(),
        token_id: token.token_id().map(ToOwned::to_owned),
    }
}

fn revision<P: Ports>(x: &Exchange<P>, call: &Call<'_>) -> &'static str {
    match call.era {
        Era::Modern => Revision::V2026_07_28.as_str(),
        Era::Legacy(stated) => stated.or(x.negotiated).map_or("unstated", Revision::as_str),
    }
}

/// The sealed session id is a credential of the caller; its digest tells sessions apart.
fn session<P: Ports>(x: &Exchange<P>) -> Option<KeyedDigest> {
    let id = x.parts.headers.get(SESSION_ID)?;
    Some(KeyedDigest::new(x.gateway.sealer().digest(SESSION, id.as_bytes())))
}

fn arguments(gateway: &Gateway, masker: &mut Masker, call: &Call<'_>) -> Arguments {
    let given = call.arguments();
    let original = given.map(ToString::to_string).unwrap_or_default();
    let digest = KeyedDigest::new(gateway.sealer().digest(ARGUMENTS, original.as_bytes()));
    let text = given.map(|given| {
        let mut copy = given.clone();
        masker.value(&mut copy);
        copy.to_string()
    });
    Arguments { digest, text: Excerpt::whole(text.unwrap_or_default()) }
}

fn decision(gateway: &Gateway, outcome: Verdict, reasons: &Reasons) -> DecisionSummary {
    let observed = reasons.observed.iter().map(|observation| {
        let mut policy = reference(&observation.policy);
        policy.id = format!("{}:{}", policy.id, observed(&observation.outcome));
        policy
    });
    DecisionSummary {
        outcome,
        bundle: Some(gateway.policies().digest().to_string()),
        policies: reasons.determining.iter().map(|policy| reference(policy)).collect(),
        observed: observed.collect(),
    }
}

fn observed(outcome: &ObservedOutcome) -> &'static str {
    match outcome {
        ObservedOutcome::Errs(_) => "errs",
        ObservedOutcome::Forbids => "forbids",
        ObservedOutcome::Holds => "holds",
        ObservedOutcome::Permits => "permits",
    }
}

fn reference(policy: &Policy) -> PolicyRef {
    PolicyRef { id: policy.id().to_string(), digest: policy.digest().to_string() }
}

fn counts(counts: &Counts) -> BTreeMap<String, u32> {
    counts.iter().map(|(class, count)| (class.to_string(), count)).collect()
}

fn masked(masker: &mut Masker, text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    masker.text(&mut text);
    text.into_owned()
}
