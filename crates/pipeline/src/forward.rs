//! Stage 7: what leaves for the upstream, and only with a permit.
//!
//! Headers come from an allow-list: the caller's credentials and cookies are never among them, the protocol's
//! own are rebuilt from the body that is sent, and the connection's credential is added last.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, Request};
use portcullis_mcp::era::{LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID};
use portcullis_policy::Permit;
use portcullis_settings::Connection;

use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::ports::Ports;
use crate::session::Session;
use crate::source::Pending;
use crate::spans::{self, Leg};
use crate::trace::Hop;

const ACCEPTED: &str = "application/json, text/event-stream";

/// A request that is ready to leave.
pub(crate) struct Outbound {
    method: HttpMethod,
    headers: HeaderMap,
    body: Bytes,
}

impl Outbound {
    /// A message. `headers` are the protocol's, built from the message.
    pub(crate) fn message(headers: HeaderMap, body: Vec<u8>, session: Option<&Session>) -> Self {
        let mut outbound = Self { method: HttpMethod::POST, headers, body: body.into() };
        outbound.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        outbound.add_session(session);
        outbound
    }

    /// The opening of a session's own stream, or the resumption of any of its streams after the upstream's event
    /// `last`.
    pub(crate) fn listen(session: &Session, last: Option<&str>) -> Self {
        let mut outbound = Self { method: HttpMethod::GET, headers: HeaderMap::new(), body: Bytes::new() };
        if let Some(last) = last.and_then(|last| HeaderValue::from_str(last).ok()) {
            outbound.headers.insert(LAST_EVENT_ID, last);
        }
        outbound.add_session(Some(session));
        outbound
    }

    /// The end of a session.
    pub(crate) fn close(session: &Session) -> Self {
        let mut outbound = Self { method: HttpMethod::DELETE, headers: HeaderMap::new(), body: Bytes::new() };
        outbound.add_session(Some(session));
        outbound
    }

    fn add_session(&mut self, session: Option<&Session>) {
        let Some(Session { upstream, revision }) = session else { return };
        if let Ok(id) = HeaderValue::from_str(upstream) {
            self.headers.insert(SESSION_ID, id);
        }
        // 2025-03-26 does not define the header; later revisions demand it after `initialize`.
        let defined = *revision > portcullis_mcp::revision::Revision::V2025_03_26;
        if defined && !self.headers.contains_key(PROTOCOL_VERSION) {
            self.headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(revision.as_str()));
        }
    }
}

/// What a request leaves through.
pub(crate) struct Way<P: Ports> {
    pub(crate) gateway: Rc<Gateway>,
    pub(crate) ports: Rc<P>,
    /// What it says of its trace.
    pub(crate) hop: Hop,
    /// How it is told, if anybody is.
    pub(crate) leg: Option<Leg<P>>,
}

impl<P: Ports> Way<P> {
    /// The same for a request of this method, which the gateway makes for itself.
    pub(crate) fn about(self, x: &Exchange<P>, method: &'static str) -> Self {
        Self { leg: self.leg.map(|leg| leg.about(x, method, None)), ..self }
    }
}

/// Sends what the permit is for, once the response is waited for. The permit is spent now.
pub(crate) fn pending<P: Ports>(
    permit: Permit,
    way: Way<P>,
    connection: &Connection,
    outbound: Outbound,
) -> Pending<P> {
    let Way { gateway, ports, hop, leg } = way;
    let (request, name) = (request(permit, connection, outbound, &hop), connection.name.clone());
    let (left, leg) = leg.map(Rc::new).map_or((None, None), |leg| (Some(Rc::clone(&leg)), Some(leg)));
    let place = left.as_ref().map(|_| spans::Place::of(connection, request.method()));
    let response = Box::pin(async move {
        let now = || Duration::from_micros(ports.monotonic());
        let pass = gateway.breakers.admit(&name, now())?;
        left.iter().zip(place).for_each(|(leg, place)| leg.leave(place));
        let answered = ports.fetch(request, gateway.settings().limits.response_time).await;
        gateway.breakers.ended(&name, pass, &answered, now());
        Ok(answered?)
    });
    Pending { response, leg }
}

fn request(_permit: Permit, connection: &Connection, outbound: Outbound, hop: &Hop) -> Request<Bytes> {
    let Outbound { method, headers, body } = outbound;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = connection.url.uri().clone();
    *request.headers_mut() = headers;
    let own = [
        (ACCEPT, ACCEPTED),
        // What cannot be read cannot be inspected.
        (ACCEPT_ENCODING, "identity"),
        (USER_AGENT, concat!("portcullis/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in own {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    hop.write_headers(request.headers_mut());
    if let Some(credential) = &connection.credential {
        request.headers_mut().insert(HeaderName::clone(credential.name()), credential.value().clone());
    }
    request
}
