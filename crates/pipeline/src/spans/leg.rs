//! A request to an upstream, as it is told: from where it leaves to the end of its answer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use http::{Method, StatusCode};
use portcullis_ledger::RecordId;
use portcullis_settings::Connection;
use portcullis_telemetry::{Kind, Span, SpanId, TraceId, Value};

use super::{Clock, Serving, called, what};
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::trace::Hop;

/// A request that may leave for an upstream.
pub(crate) struct Leg<P: Ports> {
    gateway: Rc<Gateway>,
    ports: Rc<P>,
    trace: TraceId,
    id: SpanId,
    parent: SpanId,
    clock: Clock,
    method: Option<&'static str>,
    name: Option<String>,
    record: Option<RecordId>,
    left: Cell<Option<u64>>,
    facts: RefCell<Facts>,
    is_over: Cell<bool>,
}

/// A request that has been made, or will be.
pub(crate) type Left<P> = Option<Rc<Leg<P>>>;

#[derive(Clone, Debug, Default)]
struct Facts {
    place: Option<Place>,
    status: Option<StatusCode>,
    error: Option<String>,
}

impl<P: Ports> Leg<P> {
    /// A request of this exchange; `None` if its trace is not followed.
    pub(crate) fn of(x: &Exchange<P>, hop: &Hop) -> Option<Self> {
        let serving: &Serving<P> = x.serving.as_deref().filter(|_| x.trace.sampled)?;
        Some(Self {
            gateway: Rc::clone(&x.gateway),
            ports: Rc::clone(&x.ports),
            trace: hop.parent.trace,
            id: hop.parent.parent,
            parent: serving.id,
            clock: serving.clock,
            method: None,
            name: None,
            record: None,
            left: Cell::new(None),
            facts: RefCell::default(),
            is_over: Cell::new(false),
        })
    }

    /// What it is about.
    pub(crate) fn about(self, x: &Exchange<P>, method: &'static str, record: Option<RecordId>) -> Self {
        let known = x.serving.as_ref().map(|serving| serving.facts.borrow());
        let name = known.and_then(|facts| facts.name.clone()).filter(|_| record.is_some());
        Self { method: Some(method), name, record, ..self }
    }

    /// It leaves now.
    pub(crate) fn leave(&self, place: Place) {
        self.left.set(Some(self.ports.monotonic()));
        self.facts.borrow_mut().place = Some(place);
    }

    /// Its answer has begun.
    pub(crate) fn answered(&self, status: StatusCode) {
        self.facts.borrow_mut().status = Some(status);
    }

    /// It is over; `error` is what kind of failure it has ended with. What has not left is not told.
    pub(crate) fn end(&self, error: Option<&str>) {
        let Some(left) = self.left.get().filter(|_| !self.is_over.replace(true)) else { return };
        self.facts.borrow_mut().error = error.map(ToOwned::to_owned);
        self.gateway.spans.push(self.span(left));
    }

    fn span(&self, left: u64) -> Span {
        let Facts { place, status, error } = self.facts.borrow().clone();
        let mut attributes = what(self.method, self.name.as_deref());
        let http = place.as_ref().map_or("HTTP", |place| place.http).to_owned();
        attributes
            .extend(status.map(|status| ("http.response.status_code", u64::from(status.as_u16()).into())));
        if let Some(Place { connection, host, port, http }) = place {
            attributes.push(("http.request.method", http.into()));
            attributes.extend(host.map(|host| ("server.address", Value::from(host))));
            attributes.extend(port.map(|port| ("server.port", u64::from(port).into())));
            attributes.push(("portcullis.connection", connection.into()));
        }
        attributes.extend(self.record.map(|id| ("portcullis.record.id", id.to_string().into())));
        attributes.extend(error.clone().map(|kind| ("error.type", kind.into())));
        Span {
            trace: self.trace,
            id: self.id,
            parent: Some(self.parent),
            kind: Kind::Client,
            name: called(self.method, self.name.as_deref(), &http),
            began: self.clock.nanos(left),
            ended: self.clock.nanos(self.ports.monotonic()),
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            failed: error.is_some()
                || status.is_some_and(|status| status.is_client_error() || status.is_server_error()),
        }
    }
}

/// What is told of a connection, and of how it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    connection: String,
    host: Option<String>,
    port: Option<u16>,
    http: &'static str,
}

impl Place {
    pub(crate) fn of(connection: &Connection, method: &Method) -> Self {
        let uri = connection.url.uri();
        Self {
            connection: connection.name.to_string(),
            host: uri.host().map(ToOwned::to_owned),
            port: uri.port_u16(),
            http: match *method {
                Method::DELETE => "DELETE",
                Method::GET => "GET",
                _ => "POST",
            },
        }
    }
}
