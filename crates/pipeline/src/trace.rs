//! The trace of a request (W3C Trace Context): what it continues, what records call it by, and what upstreams get of it.
//!
//! A caller may name its trace in a header, and in `_meta` of its message (MCP SEP-414). The header counts if there is one: it
//! is what proxies and the platform have seen and continued, and there is one for the request. What `_meta` says beside it
//! becomes a link of the span that is told. Without any, a trace begins here.
//!
//! The gateway makes itself the parent of what it sends: the trace stays, the parent is a span of its own, and no text of the
//! caller passes but a short `tracestate` in which nothing was found. In `_meta` it is written only where the caller has
//! written it.

use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_settings::Sample;
use portcullis_telemetry::{SpanId, TraceId, TraceParent, TraceState};

use crate::ports::{Ports, fresh};

/// The names of a trace, in headers and in `_meta`.
pub(crate) const PARENT: &str = "traceparent";
pub(crate) const STATE: &str = "tracestate";

/// The trace of a request.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// The caller's span; none where the trace begins here.
    pub(crate) parent: Option<SpanId>,
    /// Whether the trace is followed. Never more than the caller says, if it does.
    pub(crate) sampled: bool,
    pub(crate) state: Option<TraceState>,
    /// What the caller has named too, and is not continued.
    pub(crate) other: Option<TraceParent>,
}

/// What goes to an upstream.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) parent: TraceParent,
    state: Option<TraceState>,
}

impl Trace {
    /// The trace that the headers name, or a new one.
    pub(crate) fn of_request<P: Ports>(ports: &P, headers: &HeaderMap, sample: Sample) -> Self {
        let mut parents = headers.get_all(PARENT).iter();
        let parent = parents.next().filter(|_| parents.next().is_none());
        let parent = parent.and_then(|value| TraceParent::parse(value.to_str().ok()?));
        let Some(parent) = parent else { return Self::begin(ports, sample) };
        // Several of them are one list (§3.3.1).
        let states: Option<Vec<&str>> =
            headers.get_all(STATE).iter().map(|value| value.to_str().ok()).collect();
        Self::after(parent, states.map(|states| states.join(",")).as_deref())
    }

    fn begin<P: Ports>(ports: &P, sample: Sample) -> Self {
        let id = TraceId::random(fresh(ports));
        Self { id, parent: None, sampled: id.is_among(sample.per_million()), state: None, other: None }
    }

    fn after(TraceParent { trace, parent, sampled }: TraceParent, state: Option<&str>) -> Self {
        let state = state.and_then(TraceState::parse);
        Self { id: trace, parent: Some(parent), sampled, state, other: None }
    }

    /// The trace of a call that came with this request.
    pub(crate) fn of_call(&self, call: &Call<'_>) -> Self {
        let meta = call.params.as_ref().and_then(|params| params.get("_meta")).and_then(Json::as_object);
        let Some((meta, named)) = meta.and_then(|meta| Some((meta, named(meta)?))) else {
            return self.clone();
        };
        if self.parent.is_none() {
            return Self::after(named, meta.get_str(STATE));
        }
        let is_same = named.trace == self.id;
        Self { other: (!is_same).then_some(named), ..self.clone() }
    }

    /// The next request to an upstream. `may_pass` says whether nothing is in a text that the upstream must not have.
    pub(crate) fn hop<P: Ports>(&self, ports: &P, may_pass: impl FnOnce(&str) -> bool) -> Hop {
        let parent = SpanId::random(fresh(ports));
        let state = self.state.clone().filter(|state| may_pass(state.as_str()));
        Hop { parent: TraceParent { trace: self.id, parent, sampled: self.sampled }, state }
    }
}

impl Hop {
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        let texts =
            [(PARENT, Some(self.parent.to_string())), (STATE, self.state.as_ref().map(ToString::to_string))];
        for (name, text) in texts {
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    /// Where the caller has named its trace in the message, the message names what the headers do.
    pub(crate) fn write_meta(&self, call: &mut Call<'_>) {
        let Some(meta) = meta_of(call).filter(|meta| meta.get(PARENT).is_some()) else { return };
        meta.insert(PARENT, self.parent.to_string());
        match &self.state {
            Some(state) => meta.insert(STATE, state.to_string()),
            None => _ = meta.remove(STATE),
        }
    }
}

/// Takes out of a call what does not name a trace in its form. Vendors' state belongs to a trace and is nothing without it.
pub(crate) fn keep_sound(meta: &mut Object<'_>) {
    if named(meta).is_none() {
        meta.remove(PARENT);
        meta.remove(STATE);
    }
}

fn named(meta: &Object<'_>) -> Option<TraceParent> {
    meta.get_str(PARENT).and_then(TraceParent::parse)
}

fn meta_of<'c, 'a>(call: &'c mut Call<'a>) -> Option<&'c mut Object<'a>> {
    call.params.as_mut().and_then(|params| params.get_mut("_meta")).and_then(Json::as_object_mut)
}
