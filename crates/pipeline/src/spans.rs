//! Spans of requests for a collector (`[telemetry]`), without anybody waiting for it.
//!
//! A request of a proven caller is one span, and each request to an upstream one below it. They say what the records say in
//! clear and lead to them: no argument, no answer, no principal, no session. They wait in the instance, a bounded number of
//! them, until a task after an answer sends them ([`send`]); what cannot be sent is lost and counted.
//!
//! | module | what it is about |
//! |---|---|
//! | `leg` | a request to an upstream |
//! | `send` | sending, and what waits to be sent |

mod leg;
mod send;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use http::{Method, Response, StatusCode};
use portcullis_ledger::{Intent, RecordId, Refusal as RefusalRecord, Stage, Verdict};
use portcullis_telemetry::{Kind, Span, SpanId, Value};

use crate::Answer;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::{Ports, fresh};
use crate::record;
use crate::trace::Trace;

pub(crate) use leg::{Left, Leg, Place};
pub(crate) use send::{Spans, has_work, send};

/// One request, as it is told.
pub(crate) struct Serving<P: Ports> {
    gateway: Rc<Gateway>,
    ports: Rc<P>,
    id: SpanId,
    clock: Clock,
    method: Method,
    facts: RefCell<Facts>,
    is_over: Cell<bool>,
}

/// When it came, on both clocks.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// In milliseconds since 1970-01-01T00:00:00Z.
    wall: u64,
    /// In microseconds.
    monotonic: u64,
}

/// What is known of it so far.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// The trace; none unless it is followed and the caller is proven.
    trace: Option<Trace>,
    method: Option<&'static str>,
    revision: Option<&'static str>,
    connection: Option<String>,
    /// The tool, prompt or URI, masked as in the records.
    name: Option<String>,
    record: Option<RecordId>,
    decision: Option<Verdict>,
    error: Option<String>,
    status: Option<StatusCode>,
    timings: BTreeMap<Stage, u64>,
}

impl Clock {
    /// In nanoseconds since 1970-01-01T00:00:00Z. The clock that only goes forward says how much later it is.
    fn nanos(self, monotonic: u64) -> u64 {
        let later = monotonic.saturating_sub(self.monotonic).saturating_mul(1000);
        self.wall.saturating_mul(1_000_000).saturating_add(later)
    }
}

impl<P: Ports> Serving<P> {
    /// A request that comes now; `None` if nobody is told of any.
    pub(crate) fn begin(gateway: &Rc<Gateway>, ports: &Rc<P>, method: &Method) -> Option<Rc<Self>> {
        gateway.settings().telemetry.collector.as_ref()?;
        Some(Rc::new(Self {
            id: SpanId::random(fresh(&**ports)),
            clock: Clock { wall: ports.now(), monotonic: ports.monotonic() },
            method: method.clone(),
            gateway: Rc::clone(gateway),
            ports: Rc::clone(ports),
            facts: RefCell::default(),
            is_over: Cell::new(false),
        }))
    }

    /// Takes in what is known when the request is served, or goes on as a stream.
    pub(crate) fn served(&self, x: &Exchange<P>) {
        let mut facts = self.facts.borrow_mut();
        // Strangers must not fill what is told.
        facts.trace = x.token.is_some().then(|| x.trace.clone()).filter(|trace| trace.sampled);
        facts.method = x.to.method.map(|method| method.as_str()).or(facts.method);
        facts.revision = x.to.era.map(|era| record::revision(x, era));
        facts.connection = x.connection.as_ref().map(ToString::to_string);
        facts.timings.clone_from(&x.timings);
    }

    /// Takes in what is on record of what is done.
    pub(crate) fn intended(&self, intent: &Intent) {
        let mut facts = self.facts.borrow_mut();
        facts.record = Some(intent.id);
        facts.name.clone_from(&intent.name);
        facts.decision = Some(intent.decision.outcome);
    }

    /// Takes in what is on record of what is not done.
    pub(crate) fn refused(&self, refusal: &RefusalRecord) {
        let mut facts = self.facts.borrow_mut();
        facts.record = Some(refusal.id);
        facts.name = refusal.name.clone().or(facts.name.take());
        facts.decision = refusal.decision.as_ref().map(|decision| decision.outcome).or(facts.decision);
    }

    /// It has failed, with this kind of failure.
    pub(crate) fn failed(&self, kind: &str) {
        self.facts.borrow_mut().error = Some(kind.to_owned());
    }

    /// The answer is on its way. It is over now, or with its stream.
    pub(crate) fn answered(self: Rc<Self>, response: &mut Response<Answer<P>>) {
        self.facts.borrow_mut().status = Some(response.status());
        match response.body_mut() {
            Answer::Full(_) => self.end(),
            Answer::Events(events) => events.watch(self),
        }
    }

    /// The request is over.
    pub(crate) fn end(&self) {
        if !self.is_over.replace(true)
            && let Some(span) = self.span()
        {
            self.gateway.spans.push(span);
        }
    }

    fn span(&self) -> Option<Span> {
        let facts = self.facts.borrow();
        let Facts { trace, method, revision, connection, name, record, decision, error, status, timings } =
            &*facts;
        let trace = trace.as_ref()?;
        let mut attributes: Vec<(&'static str, Value)> =
            vec![("http.request.method", self.method.as_str().into())];
        attributes
            .extend(status.map(|status| ("http.response.status_code", u64::from(status.as_u16()).into())));
        attributes.extend(what(*method, name.as_deref()));
        attributes.extend(revision.map(|revision| ("mcp.protocol.version", revision.into())));
        attributes.extend(connection.clone().map(|name| ("portcullis.connection", name.into())));
        attributes.extend(decision.map(|decision| ("portcullis.decision", verdict(decision).into())));
        attributes.extend(record.map(|id| ("portcullis.record.id", id.to_string().into())));
        attributes.extend(timings.iter().map(|(stage, micros)| (took(*stage), (*micros).into())));
        attributes.extend(error.clone().map(|kind| ("error.type", kind.into())));
        Some(Span {
            trace: trace.id,
            id: self.id,
            parent: trace.parent,
            kind: Kind::Server,
            name: called(*method, name.as_deref(), self.method.as_str()),
            began: self.clock.nanos(self.clock.monotonic),
            ended: self.clock.nanos(self.ports.monotonic()),
            attributes,
            events: Vec::new(),
            links: trace.other.into_iter().collect(),
            failed: error.is_some() || status.is_some_and(|status| status.is_server_error()),
        })
    }
}

/// What is asked for, in the words of OpenTelemetry's conventions for MCP. A URI may be about somebody, and the record has
/// it.
fn what(method: Option<&'static str>, name: Option<&str>) -> Vec<(&'static str, Value)> {
    let Some(method) = method else { return Vec::new() };
    let mut known = vec![("mcp.method.name", method.into())];
    match (method, name) {
        (TOOLS_CALL, name) => {
            known.push(("gen_ai.operation.name", "execute_tool".into()));
            known.extend(name.map(|name| ("gen_ai.tool.name", short(name).into())));
        }
        (PROMPTS_GET, Some(name)) => known.push(("gen_ai.prompt.name", short(name).into())),
        (_, _) => {}
    }
    known
}

/// What a span is called: the method, and what of it where there are few.
fn called(method: Option<&'static str>, name: Option<&str>, http: &str) -> String {
    match (method, name) {
        (Some(method @ (TOOLS_CALL | PROMPTS_GET)), Some(name)) => format!("{method} {}", short(name)),
        (Some(method), _) => method.to_owned(),
        (None, _) => http.to_owned(),
    }
}

/// A name may be what a caller has made up.
fn short(name: &str) -> &str {
    name.get(..name.floor_char_boundary(LONGEST_NAME)).unwrap_or_default()
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Hold => "hold",
    }
}

fn took(stage: Stage) -> &'static str {
    match stage {
        Stage::Edge => "portcullis.stage.edge.us",
        Stage::Authenticate => "portcullis.stage.authenticate.us",
        Stage::Parse => "portcullis.stage.parse.us",
        Stage::Detect => "portcullis.stage.detect.us",
        Stage::Decide => "portcullis.stage.decide.us",
        Stage::Intent => "portcullis.stage.intent.us",
        Stage::Forward => "portcullis.stage.forward.us",
        Stage::Guard => "portcullis.stage.guard.us",
        Stage::Outcome => "portcullis.stage.outcome.us",
    }
}

const TOOLS_CALL: &str = "tools/call";
const PROMPTS_GET: &str = "prompts/get";
/// In bytes.
const LONGEST_NAME: usize = 128;
