//! What comes back: the head of the upstream's response is judged here, its frames by the guard.

use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use portcullis_mcp::era::{Call, SESSION_ID};
use portcullis_mcp::json::{self, Bounds};
use portcullis_mcp::message::Message;
use portcullis_mcp::method::Method;
use portcullis_policy::Permit;

use crate::exchange::Exchange;
use crate::forward::{self, Outbound};
use crate::guard::{Expected, Guard, Verdict};
use crate::ports::{FetchError, Ports, fresh};
use crate::record::{End, Open};
use crate::refusal::{Refusal, respond};
use crate::session::{self, Session};
use crate::stream::{self, EventStream};
use crate::{Answer, body};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Forwards a call and guards its answer.
pub(crate) async fn to_call<P: Ports>(
    x: &Exchange<P>,
    call: &Call<'_>,
    permit: Permit,
    outbound: Outbound,
    record: Option<Open>,
) -> Result<Response<Answer<P>>, Refusal> {
    let mut guard = guard(x, Some(expected(call)))?;
    let outcome = match send(x, permit, outbound).await {
        Ok((head, body)) if kind(&head) == EVENTS && head.status.is_success() => {
            guard.answered(head.status);
            let events = events(x, body, guard, record);
            if call.method == Method::Initialize {
                return initialized(x, &head, events).await;
            }
            return Ok(event_response(Answer::Events(Box::new(events)), StatusCode::OK));
        }
        Ok((head, body)) => whole(x, &mut guard, head, body).await,
        Err(refusal) => Err(refusal),
    };
    let end = match &outcome {
        Ok(answered) => End::Answered { failed: answered.failed, text: &answered.text },
        Err(refusal) => End::Refused(refusal),
    };
    if let Some(record) = record {
        record.close(&*x.ports, end, &guard).await.map_err(Refusal::Withheld)?;
    }
    let Answered { head, text, .. } = outcome?;
    let mut response = respond(status(head.status), JSON, text).map(Answer::Full);
    add_session(x, &head, &guard, response.headers_mut())?;
    Ok(response)
}

/// Forwards a notification or the answer to a ping.
pub(crate) async fn to_notice<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<Response<Answer<P>>, Refusal> {
    let (head, _) = send(x, permit, outbound).await?;
    match head.status {
        StatusCode::NOT_FOUND => Err(Refusal::Session("the upstream no longer knows it")),
        status if status.is_success() => Ok(empty(StatusCode::ACCEPTED)),
        status => Err(Refusal::Upstream(format!("answered a notification with {status}"))),
    }
}

/// The receipt of a message that nobody needs.
pub(crate) fn accepted<P: Ports>() -> Response<Answer<P>> {
    empty(StatusCode::ACCEPTED)
}

/// Opens the server's own stream.
pub(crate) async fn to_listen<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<Response<Answer<P>>, Refusal> {
    let (head, body) = send(x, permit, outbound).await?;
    match head.status {
        StatusCode::NOT_FOUND => Err(Refusal::Session("the upstream no longer knows it")),
        StatusCode::METHOD_NOT_ALLOWED => Err(Refusal::MethodNotAllowed { allow: "POST, DELETE" }),
        StatusCode::OK if kind(&head) == EVENTS => {
            let events = events(x, body, guard(x, None)?, None);
            Ok(event_response(Answer::Events(Box::new(events)), StatusCode::OK))
        }
        status => Err(Refusal::Upstream(format!("answered a request for its stream with {status}"))),
    }
}

/// Ends a session.
pub(crate) async fn to_close<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<Response<Answer<P>>, Refusal> {
    let (head, _) = send(x, permit, outbound).await?;
    match head.status {
        StatusCode::NOT_FOUND => Err(Refusal::Session("the upstream no longer knows it")),
        StatusCode::METHOD_NOT_ALLOWED => Err(Refusal::MethodNotAllowed { allow: "POST, GET" }),
        status if status.is_success() => Ok(empty(StatusCode::NO_CONTENT)),
        status => Err(Refusal::Upstream(format!("answered the end of a session with {status}"))),
    }
}

async fn send<P: Ports>(
    x: &Exchange<P>,
    permit: Permit,
    outbound: Outbound,
) -> Result<(Parts, P::Body), Refusal> {
    let timeout = x.gateway.settings().limits.response_time;
    let response = forward::send(permit, &*x.ports, x.connection()?, outbound, timeout).await?;
    let (head, body) = response.into_parts();
    let encoded = head.headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity");
    if encoded {
        return Err(Refusal::Upstream("its answer is encoded although none was asked for".to_owned()));
    }
    Ok((head, body))
}

/// An answer that is whole.
struct Answered {
    head: Parts,
    text: String,
    failed: bool,
}

async fn whole<P: Ports>(
    x: &Exchange<P>,
    guard: &mut Guard,
    head: Parts,
    mut body: P::Body,
) -> Result<Answered, Refusal> {
    guard.answered(head.status);
    let known =
        head.status.is_success() || matches!(head.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND);
    if !known || kind(&head) != JSON {
        return Err(match head.status {
            StatusCode::NOT_FOUND => Refusal::Session("the upstream no longer knows it"),
            status => Refusal::Upstream(format!("answered {status} with a body of type `{}`", kind(&head))),
        });
    }
    let limits = x.gateway.settings().limits;
    let bytes = body::read(&*x.ports, &mut body, limits.frame_bytes, limits.response_time)
        .await
        .map_err(|error| Refusal::Upstream(error.to_string()))?;
    let value = json::parse(&bytes, Bounds::answer(limits.depth))
        .map_err(|error| Refusal::Upstream(error.to_string()))?;
    let message = Message::try_from(value).map_err(|error| Refusal::Upstream(error.to_string()))?;
    match guard.frame(message) {
        Verdict::Final { message, failed } => {
            let text = message.into_json().to_string();
            guard.passed(text.len());
            Ok(Answered { head, text, failed })
        }
        Verdict::Pass(_) => Err(Refusal::Upstream("answered with something that is no answer".to_owned())),
        Verdict::Drop(reason) | Verdict::Violation(reason) => Err(Refusal::Upstream(reason.to_owned())),
    }
}

/// `initialize` over events: the sealed session id is part of the head and holds the negotiated revision, so
/// the head waits for the answer.
async fn initialized<P: Ports>(
    x: &Exchange<P>,
    head: &Parts,
    mut events: EventStream<P>,
) -> Result<Response<Answer<P>>, Refusal> {
    let limits = x.gateway.settings().limits;
    let mut whole = Vec::new();
    {
        let mut drained = pin!(async {
            while let Some(bytes) = events.next().await {
                whole.extend_from_slice(&bytes);
                if whole.len() > limits.frame_bytes {
                    return Err("too much before the answer to `initialize`");
                }
            }
            Ok(())
        });
        match select(drained.as_mut(), pin!(x.ports.sleep(limits.response_time))).await {
            Either::Left((drained, _)) => drained.map_err(|reason| Refusal::Upstream(reason.to_owned()))?,
            Either::Right(_) => return Err(Refusal::Fetch(FetchError::TimedOut)),
        }
    }
    let mut response = event_response(Answer::Full(whole.into()), StatusCode::OK);
    add_session(x, head, events.guard(), response.headers_mut())?;
    Ok(response)
}

/// Replaces the upstream's session id by a sealed one.
fn add_session<P: Ports>(
    x: &Exchange<P>,
    head: &Parts,
    guard: &Guard,
    headers: &mut http::HeaderMap,
) -> Result<(), Refusal> {
    let (Some(id), Some(revision)) = (head.headers.get(SESSION_ID), guard.negotiated()) else {
        return Ok(());
    };
    let unusable = || Refusal::Upstream("gave a session id that is not visible ASCII".to_owned());
    let session = Session { upstream: id.to_str().map_err(|_| unusable())?.to_owned(), revision };
    let nonce = fresh(&*x.ports);
    let caller = x.caller()?;
    let sealed =
        session::seal(x.gateway.sealer(), caller.principal(), x.connection_name()?, &session, x.now, nonce);
    let value = sealed.and_then(|sealed| HeaderValue::from_str(&sealed).ok()).ok_or_else(unusable)?;
    headers.insert(SESSION_ID, value);
    Ok(())
}

fn guard<P: Ports>(x: &Exchange<P>, call: Option<Expected>) -> Result<Guard, Refusal> {
    let principal = Rc::new(x.caller()?.principal().clone());
    Ok(Guard::new(Rc::clone(&x.gateway), principal, x.connection_name()?.clone(), x.now, call))
}

fn expected(call: &Call<'_>) -> Expected {
    Expected {
        id: call.id.clone().into_owned(),
        method: call.method,
        era: call.era,
        name: call.name().map(ToOwned::to_owned),
    }
}

fn events<P: Ports>(x: &Exchange<P>, body: P::Body, guard: Guard, record: Option<Open>) -> EventStream<P> {
    EventStream::new(stream::Parts {
        ports: Rc::clone(&x.ports),
        body,
        guard,
        record,
        to: x.to.clone(),
        limits: x.gateway.settings().limits,
        until: x.token.as_ref().map_or(x.now, |token| token.expires().0.saturating_mul(1000)),
    })
}

fn event_response<P: Ports>(answer: Answer<P>, status: StatusCode) -> Response<Answer<P>> {
    let mut response = Response::new(answer);
    *response.status_mut() = status;
    for (name, value) in
        [(CONTENT_TYPE, EVENTS), (CACHE_CONTROL, "no-cache, no-transform"), (ACCEL_BUFFERING, "no")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn empty<P: Ports>(status: StatusCode) -> Response<Answer<P>> {
    let mut response = Response::new(Answer::Full(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// Statuses that mean something to clients pass; any other success is a plain one.
fn status(upstream: StatusCode) -> StatusCode {
    if upstream.is_success() { StatusCode::OK } else { upstream }
}

fn kind(head: &Parts) -> &str {
    let value = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
