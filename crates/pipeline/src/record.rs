//! Stages 6 and 9: what is on record before anything leaves, and before its answer is released.
//!
//! Each is acknowledged by the store before what follows it happens. Arguments and answers are stored masked for everybody, whatever
//! the caller may see; originals only as keyed digests.

mod shelf;
mod tried;
mod who;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use portcullis_detect::Counts;
use portcullis_identity::seal::Purpose;
use portcullis_ledger::{
    Arguments, CallResult, DecisionSummary, Excerpt, Intent, Key, KeyedDigest, Outcome, PolicyRef, Record,
    RecordId, Refusal as RefusalRecord, Stage, UnixMillis, Verdict,
};
use portcullis_mcp::era::{
    Call, Era, META_CLIENT_CAPABILITIES, META_CLIENT_INFO, META_LOG_LEVEL, META_PROTOCOL_VERSION, SESSION_ID,
};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::revision::Revision;
use portcullis_policy::{Lifecycle, ObservedOutcome, Policy, Reasons};
use portcullis_settings::ClassName;

use crate::active::Active;
use crate::approvals::{Approved, task};
use crate::definitions::Basis;
use crate::detokenize::Restored;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::guard::{Guard, Masker};
use crate::ports::{Ports, StoreError, fresh};
use crate::refusal::Refusal;
use crate::reply::Delivery;
use crate::trace;

pub(crate) use shelf::Shelf;
pub(crate) use tried::{Tried, tried};
use who::who;

const ARGUMENTS: Purpose = Purpose::new("arguments");
/// What of `_meta` says how a request is meant, and nothing to the server's tools. None of it may be long (`client`,
/// `prepare`, `trace`), since it is not on record; of the trace its id is.
const KNOWN_META: [&str; 7] = [
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROTOCOL_VERSION,
    "progressToken",
    trace::PARENT,
    trace::STATE,
];
const SESSION: Purpose = Purpose::new("session-id");
/// What is kept of the end of a call that may be taken up again.
const ANSWERED: &[u8] = b"1 answered";
const UNANSWERED: &[u8] = b"1 unanswered";

/// A call whose intent is on record and whose outcome is not yet. Must be closed.
#[derive(Debug)]
#[must_use = "an intent without an outcome is shown as unknown"]
pub(crate) struct Open {
    id: RecordId,
    shelf: Shelf,
    timings: BTreeMap<Stage, u64>,
    /// When the intent was written, on the clock that only goes forward.
    since: u64,
}

/// What went to the caller.
#[derive(Debug, Default)]
struct Passed {
    status: Option<u16>,
    bytes: u64,
    frames: u64,
    findings: BTreeMap<String, u32>,
    masked: BTreeMap<String, u32>,
}

/// What is about to be done.
pub(crate) struct Deed<'d> {
    /// The method: the caller's, or that of the question which the caller answers.
    pub(crate) method: &'static str,
    /// The tool, prompt, URI or task.
    pub(crate) name: Option<&'d str>,
    /// The definition that it is done under, and who has approved it.
    pub(crate) basis: Basis,
    /// What people have approved, if they had to.
    pub(crate) approved: Option<&'d Approved>,
    /// What is given along: arguments, answers, what is listened to.
    pub(crate) given: Option<Json<'d>>,
    /// The same as the caller has sent it, where values were put in the place of tokens.
    pub(crate) sent: Option<Json<'d>>,
    /// What became of the tokens in it.
    pub(crate) restored: &'d Restored<'d>,
    pub(crate) revision: &'static str,
    pub(crate) labels: &'d BTreeSet<ClassName>,
}

/// How a call ended.
pub(crate) enum End<'a> {
    /// With an answer that goes to the caller.
    Answered {
        /// Whether the answer says that the call failed.
        failed: bool,
        /// The answer as it is stored, see [`answer`].
        text: String,
    },
    /// The caller left before the answer.
    Abandoned,
    /// There is no answer that could be passed on.
    Refused(&'a Refusal),
}

/// Writes what is about to be done.
pub(crate) async fn intent<P: Ports>(
    x: &Exchange<P>,
    deed: Deed<'_>,
    reasons: &Reasons,
) -> Result<Open, StoreError> {
    let Deed { method, name, basis, approved, given, sent, restored, revision, labels } = deed;
    let at = x.ports.now();
    let id = approved.map_or_else(|| record_id(&*x.ports, at), |approved| approved.call);
    let Some(token) = &x.token else { return Err(StoreError("no verified caller to record".to_owned())) };
    let mut masker = x.masker().keeping(restored.tokenizer.clone());
    let record = Intent {
        id,
        at: UnixMillis(at),
        principal: who(&mut masker, token),
        connection: x.connection.as_ref().map(ToString::to_string).unwrap_or_default(),
        revision: revision.to_owned(),
        session: session(x),
        method: method.to_owned(),
        name: name.map(|name| masked(&mut masker, name)),
        definition: basis.definition.map(|definition| definition.to_string()),
        // Of a call that needed both, its own.
        approval: approved
            .map(|approved| approved.request)
            .or(basis.approval)
            .map(|request| request.to_string()),
        arguments: arguments(&x.gateway, &mut masker, (given, sent), restored),
        labels: labels.iter().map(ToString::to_string).collect(),
        decision: decision(&x.active, Verdict::Allow, reasons),
        trace: Some(x.trace.id.to_string()),
        client_address: x.address.map(|address| address.to_string()),
        request_bytes: x.request_bytes,
    };
    open(x, record).await
}

/// Writes what is about to be done at `/api`. What it is done with was made here from values that were checked, so it
/// says nothing that would have to be masked.
pub(crate) async fn administrative<P: Ports>(
    x: &Exchange<P>,
    (method, name): (&'static str, &str),
    with: &serde_json::Value,
    reasons: &Reasons,
) -> Result<Open, StoreError> {
    let at = x.ports.now();
    let Some(token) = &x.token else { return Err(StoreError("no verified caller to record".to_owned())) };
    let text = with.to_string();
    let digest = KeyedDigest::new(x.gateway.sealer().digest(ARGUMENTS, text.as_bytes()));
    let record = Intent {
        id: record_id(&*x.ports, at),
        at: UnixMillis(at),
        principal: who(&mut x.masker(), token),
        connection: x.connection.as_ref().map(ToString::to_string).unwrap_or_default(),
        revision: String::new(),
        session: None,
        method: method.to_owned(),
        name: Some(name.to_owned()),
        definition: None,
        approval: None,
        arguments: Arguments { digest, text: Excerpt::whole(text), restored: BTreeMap::new() },
        labels: BTreeSet::new(),
        decision: decision(&x.active, Verdict::Allow, reasons),
        trace: Some(x.trace.id.to_string()),
        client_address: x.address.map(|address| address.to_string()),
        request_bytes: x.request_bytes,
    };
    open(x, record).await
}

async fn open<P: Ports>(x: &Exchange<P>, record: Intent) -> Result<Open, StoreError> {
    let (id, shelf) = (record.id, Shelf::of(x));
    x.serving.iter().for_each(|serving| serving.intended(&record));
    if let Err(error) = shelf.write(&x.gateway, &*x.ports, &Record::Intent(record)).await {
        shelf.note_nothing_done(x, id);
        return Err(error);
    }
    let mut timings = x.timings.clone();
    let since = x.ports.monotonic();
    timings.insert(Stage::Intent, since.saturating_sub(x.lapped));
    Ok(Open { id, shelf, timings, since })
}

/// Writes that a step of the protocol is about to be taken which has an effect and no arguments.
pub(crate) async fn step<P: Ports>(
    x: &Exchange<P>,
    step: Lifecycle,
    revision: &'static str,
) -> Result<Open, StoreError> {
    let labels = BTreeSet::new();
    let deed = Deed {
        method: step.as_str(),
        name: None,
        basis: Basis::default(),
        approved: None,
        given: None,
        sent: None,
        restored: &Restored::default(),
        revision,
        labels: &labels,
    };
    intent(x, deed, &Reasons::default()).await
}

impl Open {
    /// The record of a call that another request has begun, and whose answer this one brings; `None` if its answer
    /// is on record already and only comes once more.
    ///
    /// # Errors
    /// The store does not tell, or it says that the call has no answer: then none may follow.
    pub(crate) async fn resumed<P: Ports>(x: &Exchange<P>, id: RecordId) -> Result<Option<Self>, Refusal> {
        let Some(ended) = x.ports.get(Key::ended(x.gateway.app(), id).as_str()).await? else {
            let (timings, since) = (BTreeMap::new(), x.ports.monotonic());
            return Ok(Some(Self { id, shelf: Shelf::of(x), timings, since }));
        };
        match ended.as_slice() {
            ANSWERED => Ok(None),
            _ => Err(Refusal::Session("an event id of a call that has ended without an answer")),
        }
    }

    /// Notes for whoever comes back with an event id that the call has ended, and whether with an answer.
    pub(crate) async fn note_end<P: Ports>(
        &self,
        gateway: &Gateway,
        ports: &P,
        is_answered: bool,
    ) -> Result<(), StoreError> {
        let how = if is_answered { ANSWERED } else { UNANSWERED };
        ports.set(Key::ended(gateway.app(), self.id).as_str(), how).await
    }

    pub(crate) fn id(&self) -> RecordId {
        self.id
    }

    /// A delivery after which its outcome is written: `failed` if what is delivered is an error. It has no answer but
    /// a receipt.
    pub(crate) fn closed_after<P: Ports>(
        self,
        x: &Exchange<P>,
        delivery: Delivery,
        failed: bool,
    ) -> Delivery {
        let (ports, gateway) = (Rc::clone(&x.ports), Rc::clone(&x.gateway));
        Box::pin(async move {
            let receipt = delivery.await;
            let end = match &receipt {
                Ok(_) => End::Answered { failed, text: String::new() },
                Err(refusal) => End::Refused(refusal),
            };
            let written = self.write(&*ports, end, &gateway, &Passed::default()).await;
            written.map_err(Refusal::Withheld)?;
            receipt
        })
    }

    /// Writes how the call ended. Written twice, it is one record.
    pub(crate) async fn close<P: Ports>(
        &self,
        ports: &P,
        end: End<'_>,
        guard: &Guard,
    ) -> Result<(), StoreError> {
        let passed = Passed {
            status: guard.status(),
            bytes: guard.bytes_out(),
            frames: guard.frames(),
            findings: counts(guard.found()),
            masked: counts(guard.masked()),
        };
        self.write(ports, end, &guard.gateway(), &passed).await
    }

    /// Writes how something that was done here has ended.
    pub(crate) async fn close_here<P: Ports>(self, x: &Exchange<P>, end: End<'_>) -> Result<(), StoreError> {
        self.write(&*x.ports, end, &x.gateway, &Passed::default()).await
    }

    async fn write<P: Ports>(
        &self,
        ports: &P,
        end: End<'_>,
        gateway: &Rc<Gateway>,
        passed: &Passed,
    ) -> Result<(), StoreError> {
        let Self { id, shelf, timings, since } = self;
        let (id, mut timings) = (*id, timings.clone());
        timings.insert(Stage::Forward, ports.monotonic().saturating_sub(*since));
        let (result, text) = match end {
            End::Answered { failed, text } => (CallResult::Completed { is_error: failed }, text),
            End::Abandoned => (CallResult::Interrupted, String::new()),
            End::Refused(refusal) => {
                let mut masker = Masker::for_store(Rc::clone(gateway));
                let explanation = masked(&mut masker, &refusal.to_string());
                (CallResult::Failed { kind: refusal.kind().to_owned() }, explanation)
            }
        };
        let record = Outcome {
            id,
            at: UnixMillis(ports.now()),
            result,
            upstream_status: passed.status,
            bytes_out: passed.bytes,
            frames: passed.frames,
            findings: passed.findings.clone(),
            masked: passed.masked.clone(),
            text: Excerpt::whole(text),
            timings,
        };
        shelf.write(gateway, ports, &Record::Outcome(record)).await
    }
}

/// An answer as it is stored: masked value by value, as for callers, and for every class. In its text a detector would
/// not see where a value ends, nor what an escape stands for.
pub(crate) fn answer(guard: &Guard, mut answer: Json<'_>) -> String {
    task::hide(&mut answer);
    guard.masker_for_store().value(&mut answer);
    answer.to_string()
}

/// Writes why a request was not made.
pub(crate) async fn refusal<P: Ports>(x: &Exchange<P>, refusal: &Refusal) -> Result<(), StoreError> {
    let at = x.ports.now();
    let id = record_id(&*x.ports, at);
    let mut masker = x.masker();
    let record = RefusalRecord {
        id,
        at: UnixMillis(at),
        stage: refusal.stage(),
        kind: refusal.kind().to_owned(),
        explanation: Excerpt::whole(masked(&mut masker, &refusal.to_string())),
        principal: x.token.as_deref().map(|token| who(&mut masker, token)),
        connection: x.connection.as_ref().map(ToString::to_string),
        method: x.to.method.map(|method| method.as_str()).or(x.deed).map(ToOwned::to_owned),
        name: x.name.as_deref().map(|name| masked(&mut masker, name)),
        arguments: x.refused.as_ref().map(|tried| tried.arguments.clone()),
        labels: x.refused.as_ref().map(|tried| tried.labels.clone()).unwrap_or_default(),
        decision: refusal.decision().map(|(verdict, reasons)| decision(&x.active, verdict, reasons)),
        approval: refusal.approval().map(|request| request.to_string()),
        trace: Some(x.trace.id.to_string()),
        client_address: x.address.map(|address| address.to_string()),
        request_bytes: x.request_bytes,
    };
    x.serving.iter().for_each(|serving| serving.refused(&record));
    Shelf::of(x).write(&x.gateway, &*x.ports, &Record::Refusal(record)).await
}

pub(crate) fn record_id<P: Ports>(ports: &P, at: u64) -> RecordId {
    RecordId::new(UnixMillis(at), fresh(ports))
}

/// The revision that a request is in.
pub(crate) fn revision<P: Ports>(x: &Exchange<P>, era: Era) -> &'static str {
    match era {
        Era::Modern => Revision::V2026_07_28.as_str(),
        Era::Legacy(stated) => stated.or(x.negotiated).map_or("unstated", Revision::as_str),
    }
}

/// All of a call that could change what it does, but for its name: what an approval is bound to. Unlike [`given`] it
/// always has the members under their names, so that no member can be taken for another.
pub(crate) fn bound<'a>(call: &Call<'a>) -> Option<Json<'a>> {
    let rest = besides_its_name(call)?;
    (!rest.is_empty()).then(|| rest.into())
}

/// What a call gives along besides its name: arguments, answers or what is listened to as they are if there is no
/// more, else an object of all that goes to the server.
pub(crate) fn given<'a>(call: &Call<'a>) -> Option<Json<'a>> {
    let mut rest = besides_its_name(call)?;
    let whole = ["arguments", "inputResponses", "notifications"]
        .into_iter()
        .find(|member| rest.get(member).is_some());
    match (whole, rest.len()) {
        (_, 0) => None,
        (Some(only), 1) => rest.remove(only),
        (Some(_) | None, _) => Some(rest.into()),
    }
}

/// The parameters without what the call names, and without what in `_meta` only says how it is meant.
fn besides_its_name<'a>(call: &Call<'a>) -> Option<Object<'a>> {
    let mut rest = call.params.clone()?;
    let named = call.method.name_member().unwrap_or("uri");
    if rest.get_str(named).is_some() {
        rest.remove(named);
    }
    // The rest of `_meta` is the client's own text.
    let meta = rest.get_mut("_meta").and_then(Json::as_object_mut);
    let is_bare = meta.is_some_and(|meta| {
        meta.retain(|key| !KNOWN_META.contains(&key));
        meta.is_empty()
    });
    if is_bare {
        rest.remove("_meta");
    }
    Some(rest)
}

/// The sealed session id is a credential of the caller; its digest tells sessions apart.
fn session<P: Ports>(x: &Exchange<P>) -> Option<KeyedDigest> {
    let id = x.parts.headers.get(SESSION_ID)?;
    Some(KeyedDigest::new(x.gateway.sealer().digest(SESSION, id.as_bytes())))
}

/// The digest is of what is forwarded, the text of what the caller has sent.
fn arguments(
    gateway: &Gateway,
    masker: &mut Masker,
    (given, sent): (Option<Json<'_>>, Option<Json<'_>>),
    restored: &Restored<'_>,
) -> Arguments {
    let original = given.as_ref().map(ToString::to_string).unwrap_or_default();
    let digest = KeyedDigest::new(gateway.sealer().digest(ARGUMENTS, original.as_bytes()));
    let text = sent.or(given).map(|given| text(masker, given));
    let restored = restored.counts.iter().map(|(class, n)| (class.to_string(), *n)).collect();
    Arguments { digest, text: Excerpt::whole(text.unwrap_or_default()), restored }
}

/// What is given along, masked for everybody.
pub(crate) fn text(masker: &mut Masker, mut given: Json<'_>) -> String {
    masker.value(&mut given);
    given.to_string()
}

fn decision(active: &Active, outcome: Verdict, reasons: &Reasons) -> DecisionSummary {
    let observed = reasons.observed.iter().map(|observation| {
        let mut policy = reference(&observation.policy);
        policy.id = format!("{}:{}", policy.id, observed(&observation.outcome));
        policy
    });
    DecisionSummary {
        outcome,
        bundle: Some(active.policies().bundle_digest().to_string()),
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
