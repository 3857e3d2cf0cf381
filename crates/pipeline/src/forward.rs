//! Stage 7: what leaves for the upstream, and only with a permit.
//!
//! Headers come from an allow-list: the caller's credentials and cookies are never among them, the protocol's
//! own are rebuilt from the body that is sent, and the connection's credential is added last.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, Request, Response};
use portcullis_mcp::ambiguity::spelling;
use portcullis_mcp::era::{
    Call, Era, LAST_EVENT_ID, META_CLIENT_CAPABILITIES, PROTOCOL_VERSION, Rejection, SESSION_ID,
};
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_policy::Permit;
use portcullis_settings::Connection;

use crate::ports::Ports;
use crate::refusal::Refusal;
use crate::session::Session;

/// Capabilities that would let the server ask the client for something. They are not offered, so a server that
/// keeps to the protocol does not ask.
const BACK_CHANNELS: [&str; 6] = ["elicitation", "experimental", "extensions", "roots", "sampling", "tasks"];
const ACCEPTED: &str = "application/json, text/event-stream";
const PARAM_PREFIX: &str = "mcp-param-";

/// A request that is ready to leave.
pub(crate) struct Outbound {
    method: HttpMethod,
    headers: HeaderMap,
    body: Bytes,
}

/// Takes the capabilities out of a call that open a channel back to the client.
pub(crate) fn close_back_channels(call: &mut Call<'_>) {
    let Some(params) = call.params.as_mut() else { return };
    let capabilities = match (call.method, call.era) {
        (Method::Initialize, _) => params.get_mut("capabilities"),
        (_, Era::Modern) => params
            .get_mut("_meta")
            .and_then(Json::as_object_mut)
            .and_then(|meta| meta.get_mut(META_CLIENT_CAPABILITIES)),
        (_, Era::Legacy(_)) => None,
    };
    if let Some(capabilities) = capabilities.and_then(Json::as_object_mut) {
        capabilities.retain(|name| !BACK_CHANNELS.contains(&spelling(name).as_str()));
    }
    // Tasks and the answers of multi-round requests are not served yet; what is not understood does not pass.
    remove_all(params, &["task", "inputResponses", "requestState"]);
}

fn remove_all(params: &mut Object<'_>, members: &[&str]) {
    for member in members {
        params.remove(member);
    }
}

impl Outbound {
    /// A message. `headers` are the protocol's, built from the message.
    pub(crate) fn message(headers: HeaderMap, body: Vec<u8>, session: Option<&Session>) -> Self {
        let mut outbound = Self { method: HttpMethod::POST, headers, body: body.into() };
        outbound.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        outbound.add_session(session);
        outbound
    }

    /// The opening or resumption of a session's own stream.
    pub(crate) fn listen(session: &Session, caller: &HeaderMap) -> Self {
        let mut outbound = Self { method: HttpMethod::GET, headers: HeaderMap::new(), body: Bytes::new() };
        if let Some(last) = caller.get(LAST_EVENT_ID) {
            outbound.headers.insert(LAST_EVENT_ID, last.clone());
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

    /// Repeats the caller's `Mcp-Param-*` headers, if each is there once and says what some argument says. Which
    /// argument, only the tool's schema could tell; the upstream, which has it, compares them once more.
    pub(crate) fn with_params(mut self, caller: &HeaderMap, call: &Call<'_>) -> Result<Self, Refusal> {
        for name in caller.keys().filter(|name| name.as_str().starts_with(PARAM_PREFIX)) {
            let mut values = caller.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(value), None) if call.has_argument(value) => {
                    self.headers.insert(name.clone(), value.clone());
                }
                _ => return Err(Rejection::HeaderMismatch(name.clone()).into()),
            }
        }
        Ok(self)
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

/// Sends what the permit is for. The permit is spent.
pub(crate) async fn send<P: Ports>(
    _permit: Permit,
    ports: &P,
    connection: &Connection,
    outbound: Outbound,
    timeout: Duration,
) -> Result<Response<P::Body>, Refusal> {
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
    if let Some(credential) = &connection.credential {
        request.headers_mut().insert(HeaderName::clone(credential.name()), credential.value().clone());
    }
    Ok(ports.fetch(request, timeout).await?)
}
